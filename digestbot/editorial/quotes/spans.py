"""Finds what stands between quotation marks, by typography alone; knows nothing of speakers or meaning.

Pairing works paragraph by paragraph, so one forgotten mark spoils one paragraph at most. The cost is linear.
Sources: The Chicago Manual of Style 13.32 (a quotation over several paragraphs opens in each and closes in the
last); New Hart's Rules 9.2 (British single marks); Imprimerie nationale, Duden and JIS X 4051 for « », „ “, 「 」.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from digestbot.domain.news import CLOSING_MARKS, OPENING_MARKS

_LINE = re.compile(r"[^\r\n]+")
_DOUBLE = re.compile(r"[\"“”„«»‹›「」『』]")
_SINGLE = re.compile(r"['‘’‚]")
# Invisible characters that may stand between a mark and its neighbour.
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_ELISION = re.compile(
    r"['‘’](?:\d0?s?\b|(?:em|til|tis|twas|cause|bout|n|round|cuz|cos|am|im|er|neath)\b)", re.IGNORECASE
)
_BRITISH = re.compile(
    r"(?<![^\s(\[—–-])['‘](?=[^\W\d_])[^'‘’\"“”\r\n]{0,400}(?:’\w[^'‘’\"“”\r\n]{0,400})*[,.?!…]['’](?!\w)"
)
_QUOTED = re.compile(r"“[^“”\r\n]*”|(?<![^\s(\[—–-])\"[^\"\r\n]*\"|«[^«»\r\n]*»|„[^„“”\r\n]*[“”]")
_PAIRS = {
    "“": '”"“',
    '"': '"”',
    "”": "”",
    "„": '“”"',
    "«": "»",
    "»": "«",
    "‹": "›",
    "›": "‹",
    "「": "」",
    "『": "』",
    "‘": "’'",
    "'": "'’",
    "‚": "‘’",
}
_EXPLICIT_OPENERS = "“„「『‘‚"
_EXPLICIT_CLOSERS = "」』"
MAX_SPANS = 1000
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
    the paragraph before left open.
    """

    opened: int
    closed: int
    start: int
    end: int
    line: int
    pairing: Pairing = Pairing.CLOSED
    continues: bool = False


@dataclass(frozen=True, slots=True)
class _Raw:
    """Marks as paired within one paragraph; ``closed`` is None where the paragraph left it open."""

    opened: int
    closed: int | None


def find_spans(text: str) -> list[Marked]:
    """Return the outermost quoted spans of ``text`` in order; marks nested within them stay part of their words."""
    if sum(text.count(mark) for mark in _COUNTED) > _MARKS_A_SPAN * MAX_SPANS:
        return []
    spans = _paired(text)
    return _settled(spans, text) if len(spans) <= MAX_SPANS else []


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
        raws = _pair_line(text, begin, end, british=british)
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
    while position < end - 1 and (text[position].isspace() or text[position] in _INVISIBLE):
        position += 1
    return position


def _before(text: str, position: int, begin: int) -> str:
    """Return the visible character before a mark, or a blank at the line's start."""
    position -= 1
    while position >= begin and text[position] in _INVISIBLE:
        position -= 1
    return text[position] if position >= begin else " "


def _after(text: str, position: int, end: int) -> str:
    """Return the visible character after a mark, or a blank at the line's end."""
    position += 1
    while position < end and text[position] in _INVISIBLE:
        position += 1
    return text[position] if position < end else " "


def _pair_line(text: str, begin: int, end: int, *, british: bool) -> list[_Raw]:
    """Pair the marks of one line: the outer family first, then the other one in the gaps."""
    outer = _pair_singles if british else _pair_doubles
    inner = _pair_doubles if british else _pair_singles
    raws: list[_Raw] = []
    gap = begin
    for raw in outer(text, begin, end):
        raws.extend(inner(text, gap, raw.opened - 1, closed_only=True))
        raws.append(raw)
        gap = end if raw.closed is None else raw.closed + 1
    raws.extend(inner(text, gap, end, closed_only=bool(raws) and british))
    return raws


# ── double marks ─────────────────────────────────────────────────────────────


def _pair_doubles(text: str, begin: int, end: int, *, closed_only: bool = False) -> list[_Raw]:
    """Pair “ ”, straight and angled marks between two positions."""
    marks = [match.start() for match in _DOUBLE.finditer(text, begin, end)]
    raws: list[_Raw] = []
    opened: int | None = None
    depth = 0
    closers_left = sum(text[mark] == "”" for mark in marks)
    for mark in marks:
        char = text[mark]
        closers_left -= char == "”"
        if opened is None:
            if _can_open(text, mark, begin, end):
                opened, depth = mark, 0
            continue
        if char == "“" and text[opened] == "“" and not _closes_by_mistake(text, mark, begin, end):
            if closers_left > depth + 1:
                depth += 1
            else:
                opened, depth = mark, 0  # the one before was never closed
        elif char == "“" and text[opened] == '"' and closers_left > depth:
            depth += 1
        elif char in _PAIRS.get(text[opened], ""):
            if depth and char == "”":
                depth -= 1
            elif _can_close(text, mark, begin, end):
                raws.append(_Raw(opened + 1, mark))
                opened = None
            elif char == '"' and text[opened] == '"':
                opened = mark  # looks like an opening mark: the one before was never closed
    if opened is not None and not closed_only:
        raws.append(_Raw(opened + 1, None))
    return raws


def _can_open(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a double mark can open a quotation where it stands."""
    char = text[mark]
    if char in _EXPLICIT_OPENERS or char in "«‹":
        return not _after(text, mark, end).isspace() or char in "«‹" or _before(text, mark, begin).isspace()
    if char in _EXPLICIT_CLOSERS:
        return False
    before, after = _before(text, mark, begin), _after(text, mark, end)
    if char in "»›”":
        return (before.isspace() or before in "([—–") and not after.isspace() and after not in ",.;:!?"
    if before.isdigit() and not after.isalpha():
        return False  # inches, seconds
    if before.isspace() or before in "([{—–-/:…'‘“.,":
        return not after.isspace() or before.isspace()
    return after.isupper() and before.islower()


def _can_close(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a mark can close the quotation that is open."""
    if text[mark] in "”»«›‹」』":
        return True
    before, after = _before(text, mark, begin), _after(text, mark, end)
    if text[mark] == "“":
        return not before.isspace()
    if before.isspace() or before in "([{":
        return after.isspace() or after in ",.;:!?)]—–" or before in "([{"
    return True


def _closes_by_mistake(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether an opening mark stands where only a closing one makes sense (“like this,“ he said)."""
    before, after = _before(text, mark, begin), _after(text, mark, end)
    return not before.isspace() and before not in "([{—–-" and (after.isspace() or after in ",.;:!?)")


# ── single marks ─────────────────────────────────────────────────────────────


def _pair_singles(text: str, begin: int, end: int, *, closed_only: bool = False) -> list[_Raw]:
    """Pair ‘ ’ and straight single marks between two positions, apostrophes apart."""
    raws: list[_Raw] = []
    opened: int | None = None
    tentative: int | None = None
    for match in _SINGLE.finditer(text, begin, end):
        mark = match.start()
        if opened is None:
            if _single_opens(text, mark, begin, end):
                opened, tentative = mark, None
        elif _single_opens(text, mark, begin, end):
            if tentative is not None:
                raws.append(_Raw(opened + 1, tentative))
                opened, tentative = mark, None
        elif text[mark] in _PAIRS[text[opened]] and _single_closes(text, mark, begin, end):
            if _is_plural_possessive(text, mark, end):
                tentative = mark if tentative is None else tentative
            else:
                raws.append(_Raw(opened + 1, mark))
                opened = None
    if opened is not None and tentative is not None:
        raws.append(_Raw(opened + 1, tentative))
    elif opened is not None and not closed_only and text[opened] == "‘":
        raws.append(_Raw(opened + 1, None))
    return raws


def _single_opens(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a single mark opens: a blank before it, a letter after it, and no elision (’em, ’90s)."""
    before, after = _before(text, mark, begin), _after(text, mark, end)
    if not (before.isspace() or before in '([{—–-“"') or after.isspace() or text[mark] == "’":
        return False
    return (after.isalnum() or after in '[(“"…$£€¿¡') and not _ELISION.match(text, mark)


def _single_closes(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a single mark can close: no blank before it, no letter after it."""
    before, after = _before(text, mark, begin), _after(text, mark, end)
    return not before.isspace() and not after.isalnum() and before not in "([{"


def _is_plural_possessive(text: str, mark: int, end: int) -> bool:
    """Tell whether the mark may be the apostrophe of ‘the workers’ union’."""
    return (
        text[mark - 1] in "sS"
        and text[mark + 1 : mark + 2] == " "
        and text[mark + 2 : mark + 3].islower()
        and mark + 2 < end
    )


# ── over paragraphs ──────────────────────────────────────────────────────────


def _stray_closer(text: str, opened: int, begin: int, end: int) -> int | None:
    """Return the mark in a line that closes a quotation left open above, if it comes before any opening one."""
    family = _PAIRS.get(text[opened - 1], "")
    finder = _SINGLE if text[opened - 1] in "'‘‚" else _DOUBLE
    for match in finder.finditer(text, begin, end):
        mark = match.start()
        before, after = _before(text, mark, begin), _after(text, mark, end)
        if finder is _SINGLE and not _single_closes(text, mark, begin, end):
            continue
        if text[mark] not in family or before.isspace():
            return None
        return mark if not after.isalnum() else None
    return None


def _extend_carried(text: str, spans: list[Marked], opened: int, closer: int, line: int) -> None:
    """Let the quotation left open at ``opened`` end at ``closer``, some paragraphs on."""
    for index in range(len(spans) - 1, -1, -1):
        if spans[index].opened == opened:
            start, end = _trim(text, opened, closer)
            spans[index] = Marked(
                opened, closer, start, end, spans[index].line, Pairing.CARRIED, spans[index].continues
            )
            return
        if spans[index].line < line - _CARRY_LIMIT - 1:
            return


def _confirm_continued(spans: list[Marked], line: int) -> None:
    """Turn the open span before this paragraph into a continued one: this paragraph goes on with it."""
    for index in range(len(spans) - 1, max(-1, len(spans) - 60), -1):
        span = spans[index]
        if span.line < line and span.pairing is Pairing.OPEN:
            spans[index] = Marked(
                span.opened, span.closed, span.start, span.end, span.line, Pairing.CONTINUED, span.continues
            )
            return


def _append(spans: list[Marked], text: str, raw: _Raw, line_end: int, line: int, *, continues: bool) -> None:
    """Add a pair unless nothing visible stands between its marks."""
    closed = line_end if raw.closed is None else raw.closed
    start, end = _trim(text, raw.opened, closed)
    if start < end:
        pairing = Pairing.OPEN if raw.closed is None else Pairing.CLOSED
        spans.append(Marked(raw.opened, closed, start, end, line, pairing, continues))


def _trim(text: str, start: int, end: int) -> tuple[int, int]:
    """Shrink a span to what can be seen."""
    while start < end and (text[start].isspace() or text[start] in _INVISIBLE):
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in _INVISIBLE):
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
            if text[before : span.opened - 1].strip(_INVISIBLE + " \t\u00a0\r"):
                continue
            if inner := _within(text, span):
                kept.extend(inner)
                continue
        if span.opened >= 1 and text[span.opened - 1] in OPENING_MARKS and _closes_well(text, span.closed):
            kept.append(span)
    return kept


def _within(text: str, span: Marked) -> list[Marked]:
    """Return the closed quotations inside one that was never closed: its own mark was the slip."""
    found: list[Marked] = []
    for raw in _pair_doubles(text, span.opened, span.closed, closed_only=True):
        _append(found, text, raw, span.closed, span.line, continues=False)
    return found


def _closes_well(text: str, closed: int) -> bool:
    """Tell whether a mark or the end of a paragraph stands at ``closed``."""
    return closed >= len(text) or text[closed] in CLOSING_MARKS or text[closed] in "\r\n"
