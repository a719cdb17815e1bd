"""Lays marks over an article's text: which characters are a quotation, its cue, its speaker, a summary's support.

Pure computing on offsets; knows no HTML.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from digestbot.domain.news import Quote

Kind = Literal["quote", "shown", "cue", "named", "rests"]
FOLD = 2
"""Paragraphs without any mark, side by side, that are folded away."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Characters ``start`` to ``end`` of a text and what they are; ``anchor`` names where it begins, for links."""

    start: int
    end: int
    kind: Kind
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A number after a quotation and the anchor of the line that says who said it."""

    number: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that have the same marks all through."""

    text: str
    kinds: frozenset[Kind] = frozenset()
    anchors: tuple[str, ...] = ()
    note: Note | None = None

    @property
    def classes(self) -> str:
        """The kinds as a style sheet names them."""
        return " ".join(sorted(self.kinds))


@dataclass(frozen=True, slots=True)
class Group:
    """Paragraphs, each a row of pieces; ``folded`` when nothing in them is marked."""

    paragraphs: tuple[tuple[Piece, ...], ...]
    folded: bool = False


def whole(quote: Quote) -> tuple[tuple[int, int], ...]:
    """Return where a quotation stands in its article, its marks included: one span a pair of marks, in order."""
    spans = {(p.opened - 1, p.closed + 1): None for p in quote.passages}
    return tuple(spans)


def marks_of(quote: Quote, length: int, *, shown: bool) -> list[Mark]:
    """Return the marks of a quotation, its speaker and its cue in a text of ``length`` characters."""
    marks = [Mark(start, min(end, length), "quote") for start, end in whole(quote)]
    if shown:
        marks += [Mark(mark.start, mark.end, "shown") for mark in marks]
    speaker = quote.speaker
    if speaker is not None:
        named = speaker.mention or ((speaker.start, speaker.end) if speaker.end is not None else None)
        if named is not None and named[0] is not None:
            marks.append(Mark(named[0], named[1], "named"))
        if speaker.cue is not None:
            marks.append(Mark(*speaker.cue, "cue"))
    return [mark for mark in marks if 0 <= mark.start < mark.end <= length]


def pieces(text: str, marks: Sequence[Mark], start: int, end: int, notes: dict[int, Note] | None = None) -> list[Piece]:
    """Cut a stretch of a text wherever a mark begins or ends; joined, the pieces are the stretch.

    Args:
        text: The article's text.
        marks: Every mark on it.
        start: Where the stretch starts.
        end: Where it ends.
        notes: By the place where a quotation ends, the number that follows it.

    """
    here = [mark for mark in marks if mark.start < end and mark.end > start]
    notes = {at: note for at, note in (notes or {}).items() if start < at <= end}
    cuts = {start, end, *notes}
    cuts |= {at for mark in here for at in (mark.start, mark.end) if start < at < end}
    made = []
    for left, right in pairwise(sorted(cuts)):
        over = [mark for mark in here if mark.start <= left and mark.end >= right]
        anchors = tuple(dict.fromkeys(mark.anchor for mark in here if mark.anchor and mark.start == left))
        made.append(Piece(text[left:right], frozenset(mark.kind for mark in over), anchors, notes.get(right)))
    return made


def paragraphs(text: str) -> Iterable[tuple[int, int]]:
    """Yield where each paragraph that has words starts and ends."""
    at = 0
    for line in text.split("\n"):
        if line.strip():
            yield at, at + len(line)
        at += len(line) + 1


def groups(text: str, marks: Sequence[Mark], notes: dict[int, Note]) -> list[Group]:
    """Return a text's paragraphs in order, runs without any mark folded; the first paragraph never is."""
    made: list[Group] = []
    plain: list[tuple[Piece, ...]] = []

    def end_run() -> None:
        if plain:
            made.append(Group(tuple(plain), folded=len(plain) >= FOLD and bool(made)))
            plain.clear()

    for start, end in paragraphs(text):
        row = tuple(pieces(text, marks, start, end, notes))
        if made and not any(piece.kinds or piece.note for piece in row):
            plain.append(row)
            continue
        end_run()
        made.append(Group((row,)))
    end_run()
    return made


def sentence_around(
    text: str, sentences: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int]]
) -> tuple[int, int]:
    """Return the stretch of whole sentences that spans stand in."""
    start, end = min(s for s, _ in spans), max(e for _, e in spans)
    touched = [(s, e) for s, e in sentences if s < end and e > start]
    return (
        min([start, *(s for s, _ in touched)]),
        min(len(text), max([end, *(e for _, e in touched)])),
    )
