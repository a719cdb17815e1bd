"""A digest as HTML and as plain text for feed readers: the plainest markup, every word escaped once."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from digestbot.domain.digest import (
    Actions,
    Block,
    Digest,
    Heading,
    Link,
    Moment,
    Named,
    Prose,
    Quotation,
    Rule,
    Sources,
    Span,
    Strong,
    Text,
)
from digestbot.web.preview.markup import escape, is_web, link


def as_html(digest: Digest, base: str) -> str:
    """Return a digest's stories as HTML; ``base`` is where readers find our pages."""
    return "".join(
        piece for card in digest.cards for block in card.blocks for piece in _html(block, card.story_id, base)
    )


def as_text(digest: Digest) -> str:
    """Return a digest's stories as text, a blank line between blocks."""
    return "\n\n".join(line for card in digest.cards for block in card.blocks for line in _text(block))


def _html(block: Block, story_id: int | None, base: str) -> Iterator[str]:
    match block:
        case Heading(_, 1) | Actions():
            pass
        case Heading(spans, level):
            inner = _spans(spans)
            yield f"<h{min(level, 4)}>{inner}</h{min(level, 4)}>"
        case Prose(spans, quiet):
            yield f"<p><small>{_spans(spans)}</small></p>" if quiet else f"<p>{_spans(spans)}</p>"
        case Quotation():
            yield f"<blockquote><p>“{escape(block.text)}”<br>— {_credit(block)}</p></blockquote>"
        case Sources(links):
            more = f' · <a href="{escape(base)}/story/{story_id}">side by side</a>' if story_id and is_web(base) else ""
            yield f"<p>{' · '.join(link(one.url, escape(one.text)) for one in links)}{more}</p>"
        case Rule():
            yield "<hr>"
        case _:
            assert_never(block)


def _credit(block: Quotation) -> str:
    note = f", {escape(block.note)}" if block.note else ""
    outlet = f" ({link(block.url, escape(block.outlet))})" if block.outlet else ""
    return f"<strong>{escape(block.speaker)}</strong>{note}{outlet}"


def _spans(spans: Sequence[Span]) -> str:
    return "".join(_span(span) for span in spans)


def _span(span: Span) -> str:
    match span:
        case Text(text):
            return escape(text)
        case Strong(text):
            return f"<strong>{escape(text)}</strong>"
        case Link(text, url):
            return link(url, escape(text))
        case Moment(at, fallback):
            return f'<time datetime="{at.isoformat()}">{escape(fallback)}</time>'
        case Named(_, name):
            return escape(name)
        case _:
            assert_never(span)


def words_of(spans: Sequence[Span]) -> str:
    """Return the characters of spans."""
    return "".join(_words(span) for span in spans)


def _words(span: Span) -> str:
    match span:
        case Moment():
            return span.fallback
        case Named():
            return span.id
        case Text() | Strong() | Link():
            return span.text


def _text(block: Block) -> Iterator[str]:
    match block:
        case Heading(_, 1) | Actions() | Rule():
            pass
        case Heading(spans) | Prose(spans):
            yield words_of(spans)
        case Quotation(text, speaker):
            yield f"“{text}” — {speaker}"
        case Sources(links):
            yield "Sources: " + ", ".join(one.text for one in links)
        case _:
            assert_never(block)
