"""Finds what stands between quotation marks, by typography alone; knows nothing of speakers or meaning.

Pairing works paragraph by paragraph, so one forgotten mark spoils one paragraph at most. The cost is linear.
Source: The Chicago Manual of Style 13.32 (a quotation over several paragraphs opens in each and closes in the
last).
"""

import re
from dataclasses import dataclass, replace
from enum import IntEnum

from digestbot.domain.news import CLOSING_MARKS, OPENING_MARKS
from digestbot.editorial.quotes.marks import (
    CLOSERS,
    DOUBLE,
    INVISIBLE,
    MOST_PAIRS,
    SINGLE,
    Pair,
    after_mark,
    before_mark,
    pair_doubles,
    pair_line,
    single_closes,
)
from digestbot.editorial.quotes.signatures import dashed, find_label, names_within, pull_quote

_LINE = re.compile(r"[^\r\n]+")
_BRITISH = re.compile(
    r"(?<![^\s(\[—–-])['‘](?=[^\W\d_])[^'‘’\"“”\r\n]{0,400}(?:’\w[^'‘’\"“”\r\n]{0,400})*[,.?!…]['’](?!\w)"
)
_QUOTED = re.compile(r"“[^“”\r\n]*”|(?<![^\s(\[—–-])\"[^\"\r\n]*\"|«[^«»\r\n]*»|„[^„“”\r\n]*[“”]")
MAX_SPANS = MOST_PAIRS
"""The most spans an article has; a page with more marks is no article, gives none, and so costs little."""
_COUNTED = '“”"„«»‘'
_MARKS_A_SPAN = 4
_LONGEST_RUN = 30
"""Paragraphs one quotation may open again and again without closing; a longer run is a page of stray marks."""
_CARRY_LIMIT = 3
"""Paragraphs a quotation may run on with no mark of its own before its opening is taken for a slip."""


class Pairing(IntEnum):
    """How surely the marks of a span belong together."""

    CLOSED = 0
    CONTINUED = 1
    CARRIED = 2
    OPEN = 3


@dataclass(frozen=True, slots=True)
class Marked:
    """One quoted span: ``opened``/``closed`` bound the inside of the marks, ``start``/``end`` its visible words.

    ``line`` is the number of its paragraph, from 0. ``continues`` tells that it goes on with the quotation which
    the paragraph before left open. ``signed`` is where a line or a label stands that signs it with a name.
    """

    opened: int
    closed: int
    start: int
    end: int
    line: int
    pairing: Pairing = Pairing.CLOSED
    continues: bool = False
    signed: tuple[int, int] | None = None

    @property
    def labelled(self) -> bool:
        """Tell whether the name that signs it stands between its marks, before its words."""
        return self.signed is not None and self.signed[0] < self.end


def find_spans(text: str) -> list[Marked]:
    """Return the outermost quoted spans of ``text`` in order; marks nested within them stay part of their words."""
    if _has_stray_marks(text):
        return []
    spans = _paired(text)
    return _labelled(_settled(spans, text), text) if len(spans) <= MAX_SPANS else []


def is_crowded(text: str) -> bool:
    """Tell whether a page has more quotations or marks than any article: it is none, and gives no spans."""
    return _has_stray_marks(text) or len(_paired(text)) > MAX_SPANS


def _has_stray_marks(text: str) -> bool:
    return sum(text.count(mark) for mark in _COUNTED) > _MARKS_A_SPAN * MAX_SPANS


def _paired(text: str) -> list[Marked]:
    """Pair the marks of every paragraph; stops once there are more than an article has."""
    british = _is_british(text)
    spans: list[Marked] = []
    carried: tuple[int, int] | None = None  # where an open quotation began, and how many paragraphs ago
    number = -1
    for line in _LINE.finditer(text):
        if len(spans) > MAX_SPANS:
            break
        if not line.group().strip():
            continue
        number += 1
        begin, end = line.span()
        first = _first_visible(text, begin, end)
        goes_on = carried is not None and text[first] == text[carried[0] - 1]
        if carried is not None and not goes_on:
            closer = _stray_closer(text, carried[0], begin, end)
            if closer is not None:
                _extend_carried(text, spans, carried[0], closer, number)
                begin, carried = closer + 1, None
            elif carried[1] >= _CARRY_LIMIT:
                carried = None
        raws = pair_line(text, begin, end, british=british)
        left_open = raws[-1].opened if raws and raws[-1].closed is None else None
        for index, raw in enumerate(raws):
            continues = goes_on and index == 0 and raw.opened == first + 1
            _append(spans, text, raw, line.end(), number, continues=continues)
        if goes_on:
            _confirm_continued(spans, number)
        if left_open is not None:
            carried = (left_open, 0)
        elif raws or goes_on:
            carried = None
        elif carried is not None:
            carried = (carried[0], carried[1] + 1)
    return spans


def _is_british(text: str) -> bool:
    """Tell whether single marks hold the speech of this text and double ones what is nested in it."""
    bare, doubles = _QUOTED.subn(" ", text[:40_000])
    return len(_BRITISH.findall(bare)) > doubles


def _first_visible(text: str, begin: int, end: int) -> int:
    """Return the first position of the line that shows anything."""
    position = begin
    while position < end - 1 and (text[position].isspace() or text[position] in INVISIBLE):
        position += 1
    return position


# ── over paragraphs ──────────────────────────────────────────────────────────


def _stray_closer(text: str, opened: int, begin: int, end: int) -> int | None:
    """Return the mark in a line that closes a quotation left open above, if it comes before any opening one."""
    family = CLOSERS.get(text[opened - 1], "")
    finder = SINGLE if text[opened - 1] in "'‘‚" else DOUBLE
    for match in finder.finditer(text, begin, end):
        mark = match.start()
        before, after = before_mark(text, mark, begin), after_mark(text, mark, end)
        if finder is SINGLE and not single_closes(text, mark, begin, end):
            continue
        if text[mark] not in family or before.isspace():
            return None
        return mark if not after.isalnum() else None
    return None


def _extend_carried(text: str, spans: list[Marked], opened: int, closer: int, line: int) -> None:
    """Let the quotation left open at ``opened`` end at ``closer``, some paragraphs on."""
    for index in range(len(spans) - 1, -1, -1):
        if spans[index].opened == opened:
            pulled = pull_quote(text, opened, closer)
            closed, signed = pulled or (closer, None)
            start, end = _trim(text, opened, closed)
            spans[index] = replace(
                spans[index], closed=closed, start=start, end=end, pairing=Pairing.CARRIED, signed=signed
            )
            return
        if spans[index].line < line - _CARRY_LIMIT - 1:
            return


def _confirm_continued(spans: list[Marked], line: int) -> None:
    """Turn the open span before this paragraph into a continued one: this paragraph goes on with it."""
    for index in range(len(spans) - 1, max(-1, len(spans) - 60), -1):
        span = spans[index]
        if span.line < line and span.pairing is Pairing.OPEN:
            spans[index] = replace(span, pairing=Pairing.CONTINUED)
            return


def _append(spans: list[Marked], text: str, raw: Pair, line_end: int, line: int, *, continues: bool) -> None:
    """Add a pair unless nothing visible stands between its marks."""
    closed = line_end if raw.closed is None else raw.closed
    start, end = _trim(text, raw.opened, closed)
    if start < end:
        pairing = Pairing.OPEN if raw.closed is None else Pairing.CLOSED
        signed = None if raw.closed is None else dashed(text, raw.opened, closed)
        spans.append(Marked(raw.opened, closed, start, end, line, pairing, continues, signed))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Shrink a span to what can be seen."""
    while start < end and (text[start].isspace() or text[start] in INVISIBLE):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in INVISIBLE):
        end -= 1
    return start, end


def _settled(spans: list[Marked], text: str) -> list[Marked]:
    """Drop spans that were never closed, unless they open their paragraph and so are all of it."""
    kept: list[Marked] = []
    run = 0
    for span in spans:
        run = run + 1 if span.pairing is Pairing.CONTINUED else 0
        if run > _LONGEST_RUN:
            continue
        if span.pairing is Pairing.OPEN:
            before = text.rfind("\n", 0, span.opened) + 1
            if text[before : span.opened - 1].strip(INVISIBLE + " \t\u00a0\r"):
                continue
            if inner := _within(text, span):
                kept.extend(inner)
                continue
        if span.opened >= 1 and text[span.opened - 1] in OPENING_MARKS and _closes_well(text, span.closed):
            kept.append(span)
    return kept


def _labelled(spans: list[Marked], text: str) -> list[Marked]:
    """Sign the spans that open with a transcript's labels: it is one where the article names a bearer elsewhere."""
    labels = {k: found for k, span in enumerate(spans) if (found := find_label(text, span.start, span.end))}
    names = names_within(text) if labels else frozenset()
    if any(text[slice(*name)].rsplit(maxsplit=1)[-1].lower() in names for name in labels.values()):
        for k, name in labels.items():
            spans[k] = replace(spans[k], signed=name)
    return spans


def _within(text: str, span: Marked) -> list[Marked]:
    """Return the closed quotations inside one that was never closed: its own mark was the slip."""
    found: list[Marked] = []
    for raw in pair_doubles(text, span.opened, span.closed, closed_only=True):
        _append(found, text, raw, span.closed, span.line, continues=False)
    return found


def _closes_well(text: str, closed: int) -> bool:
    """Tell whether a mark or the end of a paragraph stands at ``closed``."""
    return closed >= len(text) or text[closed] in CLOSING_MARKS or text[closed] in "\r\n"
