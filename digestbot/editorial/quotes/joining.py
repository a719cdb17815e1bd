"""Joins the spans of one quotation and shortens it at sentence ends; never changes a word."""

from collections import Counter
from collections.abc import Sequence

from digestbot.domain.errors import NotVerbatim
from digestbot.domain.news import Article, Passage, Quote, Speaker
from digestbot.editorial.quotes.signatures import past_label
from digestbot.editorial.text import sentences

LONGEST = 40
"""Words a quotation may show; a longer one is cut at a sentence's end with […] (the digest's design)."""
_LEADING_ON = ",;:–—- \u00a0"
"""What stands before a closing mark for the narrative's sake; the words end before it."""
_NEAR = 160
"""Characters of narrative between two parts of one quotation; more of it is another statement."""


def join(article: Article, quotes: Sequence[Quote]) -> list[list[Quote]]:
    """Group the quotes of one article into quotations: split by their attribution, or over several paragraphs."""
    groups: list[list[Quote]] = []
    for quote in quotes:
        if groups and _belongs(article.text, groups[-1][-1], quote):
            groups[-1].append(quote)
        else:
            groups.append([quote])
    return groups


def _belongs(text: str, before: Quote, quote: Quote) -> bool:
    """Tell whether a quote goes on with the one before it."""
    if before.speaker is None or quote.speaker is None or before.speaker.name != quote.speaker.name:
        return False
    between = text[before.end : quote.start]
    if before.passages[-1].closed < len(text) and text[before.passages[-1].closed] in "\r\n":
        return not any(char.isalnum() for char in between)
    if "\n" in between or len(between) > _NEAR or before.partial:
        return False
    return before.speaker.mention == quote.speaker.mention and not quote.partial | _starts_low(text, before, quote)


def _starts_low(text: str, before: Quote, quote: Quote) -> bool:
    """Tell whether a quote that starts in lower case is no continuation: the one before ended its sentence."""
    return text[quote.start].islower() and text[before.end - 1] in ".?!"


def fit(article: Article, quotes: Sequence[Quote], longest: int = LONGEST) -> tuple[Passage, ...]:
    """Return passages of at most ``longest`` words out of one quotation: whole sentences from its beginning.

    Nothing is returned where not even one sentence fits.
    """
    chosen: list[Passage] = []
    room = longest
    for quote in quotes:
        for whole in quote.passages:
            passage = _unlabelled(article.text, whole, quote.speaker)
            end, used = _fitting(article.text, passage, room)
            if end is None:
                return tuple(chosen)
            chosen.append(
                Passage(passage.start, _bare(article.text, passage.start, end), passage.opened, passage.closed)
            )
            room -= used
            if end < passage.end:
                return tuple(chosen)
    return tuple(chosen)


def _unlabelled(text: str, passage: Passage, speaker: Speaker | None) -> Passage:
    """Return a passage without the label that names its speaker in a transcript: "LEE: I was not there"."""
    if speaker is None or speaker.mention is None or not passage.start <= speaker.mention[0] < passage.end:
        return passage
    return Passage(past_label(text, speaker.mention[1]), passage.end, passage.opened, passage.closed)


def _bare(text: str, start: int, end: int) -> int:
    """Return where a passage ends without the comma or dash that led to its attribution: “I am glad,” she said."""
    while end > start + 1 and text[end - 1] in _LEADING_ON:
        end -= 1
    return end


def _fitting(text: str, passage: Passage, room: int) -> tuple[int | None, int]:
    """Return where the last whole sentence within ``room`` words ends, and the words up to there."""
    count = len(text[passage.start : passage.end].split())
    if count <= room:
        return passage.end, count
    end, used = None, 0
    for begin, stop in sentences(text[passage.start : passage.end]):
        words = len(text[passage.start + begin : passage.start + stop].split())
        if used + words > room:
            break
        used += words
        end = passage.start + stop
    return end, used


def recut(
    article: Article, passages: Sequence[Passage], like: Quote, *, key: bool, dropped: Counter[str]
) -> Quote | None:
    """Cut a quotation out of its article once more; where it would not stand there, count why."""
    try:
        return Quote.cut(
            article,
            passages,
            like.speaker,
            confidence=like.confidence,
            key=key,
            partial=like.partial,
            venue=like.venue,
        )
    except NotVerbatim as error:
        dropped[error.reason] += 1
        return None
