"""Finds the quotes of one article, each cut out of it and nothing else."""

import re
from collections import Counter
from dataclasses import dataclass

from digestbot.domain.errors import NotVerbatim
from digestbot.domain.news import Article, Passage, Quote
from digestbot.editorial.quotes.attribution import Attributed, attribute
from digestbot.editorial.quotes.scene import lay_out
from digestbot.editorial.quotes.simple import LANGUAGES, attribute_simply
from digestbot.editorial.quotes.spans import is_crowded

_VENUE = re.compile(
    r"\b(?:on (?:X|Twitter|Facebook|Instagram|Truth Social|Telegram|TikTok|LinkedIn|Threads|Bluesky|YouTube)\b"
    r"|to reporters\b|in (?:a|an|the|her|his|its|their) (?:written |emailed |joint |televised |radio )*"
    r"(?:statement|interview|letter|email|e-mail|speech|press release|(?:news|press) conference|blog post|op-ed))"
)
_ATTRIBUTION_END = re.compile(r"[\r\n“”\"«»„;]|[.!?](?:\s|$)")
_VENUE_REACH = 120
_FEW = 3
"""Words up to which a quote needs a full stop to be a sentence."""


@dataclass(frozen=True, slots=True)
class Found:
    """The quotes of an article, and by reason how many quoted spans gave none.

    Reasons: ``not_speech`` (a title, a term, a sign, scare quotes), ``too_many_marks`` (more than an article has;
    counted once), and those of :class:`NotVerbatim`.
    """

    quotes: tuple[Quote, ...]
    dropped: Counter[str]


def find_quotes(article: Article) -> tuple[Quote, ...]:
    """Return every quoted span of speech of an article, one quote a span, its speaker resolved or None."""
    return examine(article).quotes


def examine(article: Article) -> Found:
    """Return what :func:`find_quotes` does, and count what was left out."""
    dropped: Counter[str] = Counter()
    language = article.language[:2].lower()
    if language in LANGUAGES:
        spans, found = attribute_simply(article.text, language)
    else:
        scene = lay_out(article.text)
        spans, found = len(scene.spans), attribute(scene)
    if not spans and is_crowded(article.text):
        dropped["too_many_marks"] += 1
    dropped["not_speech"] += spans - len(found)
    quotes = [quote for one in found if (quote := _cut(article, one, dropped)) is not None]
    return Found(tuple(quotes), +dropped)


def _cut(article: Article, found: Attributed, dropped: Counter[str]) -> Quote | None:
    """Cut one quote; where it would not stand in its article, count the reason."""
    span = found.span
    text = article.text
    passage = Passage(span.start, span.end, span.opened, span.closed)
    words = text.count(" ", span.start, span.end) + 1
    partial = not (text[span.start].isupper() and (words > _FEW or text[span.end - 1] in ".?!"))
    try:
        return Quote.cut(
            article,
            (passage,),
            found.speaker,
            confidence=found.probability,
            partial=partial,
            venue=_venue(text, span.closed) if found.speaker else "",
        )
    except NotVerbatim as error:
        dropped[error.reason] += 1
        return None


def _venue(text: str, closed: int) -> str:
    """Return where it was said, as the attribution right after the quote tells it, or nothing."""
    after = text[closed + 1 : closed + 1 + _VENUE_REACH]
    stop = _ATTRIBUTION_END.search(after)
    found = _VENUE.search(after[: stop.start()] if stop else after)
    return found.group() if found else ""
