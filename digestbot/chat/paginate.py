"""Split cards into messages within limits, between stories and never inside a quotation; pure, knows no platform.

The platform says what fits: ``Fits`` takes the cards of one message and tells whether they render within
every limit. A card that is too large even alone is made smaller in steps: long titles and paragraphs are
clipped first, and if that is not enough a quotation is left out whole. Its words are never cut.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from digestbot.chat.characters import clip
from digestbot.domain.digest import (
    Actions,
    Block,
    Card,
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

Fits = Callable[[Sequence[Card]], bool]

_STEPS = ((300, 1500, 120, 1000), (160, 700, 80, 500), (100, 300, 40, 300))
"""How a card shrinks: characters of a heading, of a paragraph and of a note, and of an address, step by step."""
_LAST = (80, 150, 30, 0)


def paginate(cards: Sequence[Card], fits: Fits) -> tuple[tuple[Card, ...], ...]:
    """Pack cards into pages in order, each as full as ``fits`` allows.

    The pages' cards, one after another, are the cards given; only a card that does not fit alone is replaced
    by a smaller one (see :func:`shrink`).
    """
    pages: list[tuple[Card, ...]] = []
    page: tuple[Card, ...] = ()
    for card in cards:
        if page and fits((*page, card)):
            page = (*page, card)
            continue
        if page:
            pages.append(page)
        page = (shrink(card, fits),)
    return (*pages, page) if page else tuple(pages)


def shrink(card: Card, fits: Fits) -> Card:
    """Return the largest form of a card that fits a message alone; every quotation in it is whole."""
    smallest = card
    for smaller in _forms(card):
        if fits((smaller,)):
            return smaller
        smallest = smaller
    return smallest


def headed(cards: Sequence[Card]) -> tuple[Card, ...]:
    """Put a quiet heading above each topic's first card when there are two topics or more.

    Cards that bring their own topic heading (level 2) are left as they are.
    """
    topics = {card.topic for card in cards if card.topic}
    if len(topics) < 2 or any(_has_topic_heading(card) for card in cards):  # noqa: PLR2004 - "two or more"
        return tuple(cards)
    return tuple(_headed(cards))


def compacted(card: Card) -> Card:
    """Return a story with its headline, summary, first quotation and sources; a head or foot as it is."""
    if card.story_id is None:
        return card
    first = next((block for block in card.blocks if isinstance(block, Quotation)), None)
    kept = tuple(block for block in card.blocks if not isinstance(block, Quotation) or block is first)
    return replace(card, blocks=tuple(b for b in kept if not isinstance(b, Rule)))


def characters(spans: Sequence[Span]) -> str:
    """Return the plain characters of spans, a moment by its fallback, what has a name by its id."""
    return "".join(_characters(span) for span in spans)


def _characters(span: Span) -> str:
    match span:
        case Moment():
            return span.fallback
        case Named():
            return span.id
        case Text() | Strong() | Link():
            return span.text


def _headed(cards: Sequence[Card]) -> Iterator[Card]:
    topic = ""
    for card in cards:
        if card.topic and card.topic != topic:
            topic = card.topic
            yield replace(card, blocks=(Heading((Text(topic),), level=2), *card.blocks))
        else:
            yield card


def _has_topic_heading(card: Card) -> bool:
    return any(isinstance(block, Heading) and block.level == 2 for block in card.blocks)  # noqa: PLR2004 - a level


# ── making one card smaller ──────────────────────────────────────────────────


def _forms(card: Card) -> Iterator[Card]:
    """Yield a card and ever smaller forms of it, the last of them a clipped headline alone."""
    yield card
    smaller = card
    for heading, prose, note, address in _STEPS:
        smaller = replace(card, blocks=tuple(_clipped(b, heading, prose, note, address) for b in card.blocks))
        yield smaller
    while (fewer := _without_last(smaller)) is not None:
        smaller = fewer
        yield smaller
    smaller = replace(smaller, blocks=tuple(_clipped(b, *_LAST) for b in smaller.blocks))
    yield smaller
    yield replace(card, blocks=tuple(b for b in smaller.blocks if isinstance(b, Heading | Prose))[:2])
    yield replace(card, blocks=smaller.blocks[:1])


def _without_last(card: Card) -> Card | None:
    """Return the card without its last quotation, or None when it has none."""
    for index in range(len(card.blocks) - 1, -1, -1):
        if isinstance(card.blocks[index], Quotation):
            return replace(card, blocks=card.blocks[:index] + card.blocks[index + 1 :])
    return None


def _clipped(block: Block, heading: int, prose: int, note: int, address: int) -> Block:
    """Return a block with its texts clipped and its over-long addresses dropped; a quotation's words stay."""
    match block:
        case Heading():
            return replace(block, spans=clip_spans(block.spans, heading, address))
        case Prose():
            return replace(block, spans=clip_spans(block.spans, prose, address))
        case Quotation():
            url = block.url if len(block.url) <= address else ""
            return replace(block, note=clip(block.note, note), outlet=clip(block.outlet, note), url=url)
        case Sources():
            links = (Link(clip(s.text, note), s.url) for s in block.links if len(s.url) <= address)
            return Sources(tuple(links)[:5])
        case Actions():
            return Actions(block.actions[:5])
        case Rule():
            return block


def clip_spans(spans: Sequence[Span], limit: int, address: int) -> tuple[Span, ...]:
    """Return spans of at most ``limit`` characters in all; a link longer than ``address`` becomes plain text."""
    kept: list[Span] = []
    for span in spans:
        room = limit - len(characters(kept))
        if room < 1:
            break
        kept.append(_clipped_span(span, room, address))
    return tuple(kept)


def _clipped_span(span: Span, limit: int, address: int) -> Span:
    match span:
        case Link() if len(span.url) > address:
            return Text(clip(span.text, limit))
        case Text() | Strong() | Link():
            return replace(span, text=clip(span.text, limit))
        case Named() if len(span.id) > limit:
            return Text(clip(span.id, limit))
        case Moment():
            return replace(span, fallback=clip(span.fallback, limit))
        case Named():
            return span
