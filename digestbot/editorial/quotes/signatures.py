"""Reads the words that sign a quotation set apart from the text; knows nothing of speakers.

Three ways of setting one are known: a pull quote, whose closing mark stands after the name on a line of its own; a
paragraph that is one quotation, with "— Name" on the next line; and a transcript between marks, each paragraph of
which opens with the speaker's name in capitals.
"""

import re

from digestbot.domain.news import CLOSING_MARKS

_MOST_WORDS = 12
_MOST_IN_NAME = 6
_ENDS = ".?!…" + "".join(sorted(CLOSING_MARKS))
_DASHED = re.compile(
    r"[”\"»“’'][ \t\u00a0]*[\r\n]+[ \t\u00a0]*(?:--|[-–—―])[ \t\u00a0]?([^\r\n]{2,100}?)[ \t\u00a0]*(?=[\r\n]|$)"
)
_REACH = 130
_LABEL = re.compile(r"((?:[A-Z][A-Z.’'-]+ ){0,3}(?:Ma?c)?[A-Z][A-Z.’'-]+)(?: ?\([^()\r\n]{1,40}\))?:[ \t\u00a0]+(?=\S)")
_NAME_WITHIN = re.compile(r"(?<=[a-z,.] )[A-Z][\w’'-]*[a-z]\b")


def pull_quote(text: str, opened: int, closed: int) -> tuple[int, tuple[int, int]] | None:
    """Return where the words of a pull quote end and where its signature stands, or None where it is none.

    ``opened`` and ``closed`` bound the inside of the marks; the signature is the last line between them.
    """
    turn = max(text.rfind("\n", opened, closed), text.rfind("\r", opened, closed))
    if turn < 0 or not _is_line_end(text, closed + 1) or not _is_line_start(text, opened - 1):
        return None
    end = turn
    while end > opened and text[end - 1].isspace():
        end -= 1
    start = turn + 1
    while start < closed and text[start].isspace():
        start += 1
    if end == opened or text[end - 1] not in _ENDS or not is_signature(text[start:closed]):
        return None
    return end, (start, closed)


def dashed(text: str, opened: int, closed: int) -> tuple[int, int] | None:
    """Return where the signature of a paragraph that is one quotation stands: "— Name" on the next line."""
    if not _is_line_start(text, opened - 1):
        return None
    found = _DASHED.match(text, closed, closed + _REACH)
    return found.span(1) if found and is_signature(found[1]) else None


def find_label(text: str, start: int, end: int) -> tuple[int, int] | None:
    """Return where the name in a transcript's label stands, which opens the words between its marks: "LEE: I was"."""
    found = _LABEL.match(text, start, end)
    return found.span(1) if found else None


def past_label(text: str, name_end: int) -> int:
    """Return where the words after a transcript's label begin; ``name_end`` is where the name in it ends."""
    start = text.index(":", name_end) + 1
    while text[start].isspace():
        start += 1
    return start


def names_within(text: str) -> frozenset[str]:
    """Return in lower case the words that have a capital within a line: so "LEE:" is told from "WARNING:"."""
    return frozenset(name.lower() for name in _NAME_WITHIN.findall(text))


def is_signature(line: str) -> bool:
    """Tell whether a line is a name, with or without words about its bearer: "Bo Lind, mayor of Dunmore."."""
    line = line.rstrip(". \u00a0")
    words = line.split()
    if not words or len(words) > _MOST_WORDS or line[-1] in "-–—:!?":
        return False
    name = line.split(",")[0].split()
    capitals = sum(word[0].isupper() for word in name)
    return name[0][0].isupper() and len(name) <= _MOST_IN_NAME and capitals * 2 > len(name)


def _is_line_end(text: str, position: int) -> bool:
    """Tell whether nothing visible follows on the line."""
    while position < len(text) and text[position] not in "\r\n":
        if not text[position].isspace():
            return False
        position += 1
    return True


def _is_line_start(text: str, position: int) -> bool:
    """Tell whether nothing visible comes before on the line."""
    while position > 0 and text[position - 1] not in "\r\n":
        if not text[position - 1].isspace():
            return False
        position -= 1
    return True
