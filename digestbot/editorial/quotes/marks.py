"""Pairs the quotation marks of one line, double ones and single ones; knows nothing of paragraphs or meaning.

Sources: New Hart's Rules 9.2 (British single marks); Imprimerie nationale, Duden and JIS X 4051 for « », „ “, 「 」.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

DOUBLE = re.compile(r"[\"“”„«»‹›「」『』]")
SINGLE = re.compile(r"['‘’‚]")
# Invisible characters that may stand between a mark and its neighbour.
INVISIBLE = "\u00ad\u200b\u200c\u200d\u2060\ufeff"
_ELISION = re.compile(
    r"['‘’](?:\d0?s?\b|(?:em|til|tis|twas|cause|bout|n|round|cuz|cos|am|im|er|neath)\b)", re.IGNORECASE
)
CLOSERS = {
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
MOST_PAIRS = 1000
"""The most quoted spans an article has."""
_EXPLICIT_OPENERS = "“„「『‘‚"
_EXPLICIT_CLOSERS = "」』"


@dataclass(frozen=True, slots=True)
class Pair:
    """Marks as paired within one paragraph; ``closed`` is None where the paragraph left it open."""

    opened: int
    closed: int | None


def before_mark(text: str, position: int, begin: int) -> str:
    """Return the visible character before a mark, or a blank at the line's start."""
    position -= 1
    while position >= begin and text[position] in INVISIBLE:
        position -= 1
    return text[position] if position >= begin else " "


def after_mark(text: str, position: int, end: int) -> str:
    """Return the visible character after a mark, or a blank at the line's end."""
    position += 1
    while position < end and text[position] in INVISIBLE:
        position += 1
    return text[position] if position < end else " "


def pair_line(text: str, begin: int, end: int, *, british: bool) -> list[Pair]:
    """Pair the marks of one line: the outer family first, then the other one in the gaps."""
    outer = _pair_singles if british else pair_doubles
    inner = pair_doubles if british else _pair_singles
    raws: list[Pair] = []
    gap = begin
    for raw in outer(text, begin, end):
        raws.extend(inner(text, gap, raw.opened - 1, closed_only=True))
        raws.append(raw)
        gap = end if raw.closed is None else raw.closed + 1
    raws.extend(inner(text, gap, end, closed_only=bool(raws) and british))
    return raws


# ── double marks ─────────────────────────────────────────────────────────────


def pair_doubles(text: str, begin: int, end: int, *, closed_only: bool = False) -> list[Pair]:
    """Pair “ ”, straight and angled marks between two positions."""
    marks = [match.start() for match in DOUBLE.finditer(text, begin, end)]
    surplus = _surplus(text, marks, begin, end)
    raws: list[Pair] = []
    opened: int | None = None
    depth = 0
    closers_left = sum(text[mark] == "”" for mark in marks)
    for mark in marks:
        closers_left -= text[mark] == "”"
        if opened is None:
            if _can_open(text, mark, begin, end) and not _wraps(text, mark, begin, end):
                opened, depth = mark, 0
        elif text[mark] == "“" and text[opened] in '“"' and not _closes_by_mistake(text, mark, begin, end):
            if closers_left > depth + (text[opened] == "“"):
                depth += 1
            elif text[opened] == "“":
                opened, depth = mark, 0  # the one before was never closed
        elif text[mark] not in CLOSERS.get(text[opened], ""):
            continue
        elif not _can_close(text, mark, begin, end):
            opened, depth = _reopened(text, mark, opened, depth, surplus)
        elif depth and text[mark] in '”"':
            depth -= 1
        else:
            raws.append(Pair(opened + 1, mark))
            opened = None
    if opened is not None and not closed_only:
        raws.append(Pair(opened + 1, None))
    return raws


def _reopened(text: str, mark: int, opened: int, depth: int, surplus: dict[int, int]) -> tuple[int, int]:
    """Return the opening mark and the depth after a mark that seems to open within a quotation already open."""
    straight = text[opened] == '"'
    if text[mark] != '"':
        return opened, depth
    if surplus[mark] > straight:
        return opened, depth + 1  # "He told me "no" and left"
    return (mark, 0) if straight else (opened, depth)  # the one before was never closed


def _surplus(text: str, marks: Sequence[int], begin: int, end: int) -> dict[int, int]:
    """Return by straight mark how many more of those after it close than open."""
    surplus: dict[int, int] = {}
    count = 0
    for mark in reversed(marks):
        if text[mark] == '"':
            surplus[mark] = count
            count += 1 if _can_close(text, mark, begin, end) else -1
    return surplus


def _can_open(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a double mark can open a quotation where it stands."""
    char = text[mark]
    if char in _EXPLICIT_OPENERS or char in "«‹":
        return not after_mark(text, mark, end).isspace() or char in "«‹" or before_mark(text, mark, begin).isspace()
    if char in _EXPLICIT_CLOSERS:
        return False
    before, after = before_mark(text, mark, begin), after_mark(text, mark, end)
    if char in "»›”":
        return (before.isspace() or before in "([—–") and not after.isspace() and after not in ",.;:!?"
    if before.isdigit() and not after.isalpha():
        return False  # inches, seconds
    if before.isspace() or before in "([{—–-/:…'‘“.,":
        return not after.isspace() or before.isspace()
    return after.isupper() and before.islower()


def _wraps(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a straight mark only frames a whole paragraph, narrative and all: "“So,” he said. “No.”"."""
    if text[mark : mark + 2] != '"“' or text[begin:mark].strip():
        return False
    inner = text.find("”", mark + 2, end)
    return inner > 0 and text[inner - 1] in ",.?!" and '"' not in text[inner + 1 : end].rstrip()[:-1]


def _can_close(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a mark can close the quotation that is open."""
    if text[mark] in "”»«›‹」』":
        return True
    before, after = before_mark(text, mark, begin), after_mark(text, mark, end)
    if text[mark] == "“":
        return not before.isspace()
    if before.isspace() or before in "([{":
        return after.isspace() or after in ",.;:!?)]—–" or before in "([{"
    return True


def _closes_by_mistake(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether an opening mark stands where only a closing one makes sense (“like this,“ he said)."""
    before, after = before_mark(text, mark, begin), after_mark(text, mark, end)
    return not before.isspace() and before not in "([{—–-" and (after.isspace() or after in ",.;:!?)")


# ── single marks ─────────────────────────────────────────────────────────────


def _pair_singles(text: str, begin: int, end: int, *, closed_only: bool = False) -> list[Pair]:
    """Pair ‘ ’ and straight single marks between two positions, apostrophes apart."""
    raws: list[Pair] = []
    opened: int | None = None
    tentative: int | None = None
    for match in SINGLE.finditer(text, begin, end):
        if len(raws) > MOST_PAIRS:
            break  # no article's line: the page is given up as a whole
        mark = match.start()
        if opened is None:
            if _single_opens(text, mark, begin, end):
                opened, tentative = mark, None
        elif _single_opens(text, mark, begin, end):
            if tentative is not None:
                raws.append(Pair(opened + 1, tentative))
                opened, tentative = mark, None
        elif text[mark] in CLOSERS[text[opened]] and single_closes(text, mark, begin, end):
            if _is_plural_possessive(text, mark, end):
                tentative = mark if tentative is None else tentative
            else:
                raws.append(Pair(opened + 1, mark))
                opened = None
    if opened is not None and tentative is not None:
        raws.append(Pair(opened + 1, tentative))
    elif opened is not None and not closed_only and text[opened] == "‘":
        raws.append(Pair(opened + 1, None))
    return raws


def _single_opens(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a single mark opens: a blank before it, a letter after it, and no elision (’em, ’90s)."""
    before, after = before_mark(text, mark, begin), after_mark(text, mark, end)
    if not (before.isspace() or before in '([{—–-“"') or after.isspace() or text[mark] == "’":
        return False
    return (after.isalnum() or after in '[(“"…$£€¿¡') and not _ELISION.match(text, mark)


def single_closes(text: str, mark: int, begin: int, end: int) -> bool:
    """Tell whether a single mark can close: no blank before it, no letter after it."""
    before, after = before_mark(text, mark, begin), after_mark(text, mark, end)
    return not before.isspace() and not after.isalnum() and before not in "([{"


def _is_plural_possessive(text: str, mark: int, end: int) -> bool:
    """Tell whether the mark may be the apostrophe of ‘the workers’ union’."""
    return (
        text[mark - 1] in "sS"
        and text[mark + 1 : mark + 2] == " "
        and text[mark + 2 : mark + 3].islower()
        and mark + 2 < end
    )
