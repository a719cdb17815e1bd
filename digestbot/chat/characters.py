"""Care for single characters: what may not reach a screen, and where a text may be cut; knows no platform."""

import re
import unicodedata

ELLIPSIS = "…"

_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters, among them the terminal's escape
    "\u202a-\u202e\u2066-\u2069]"  # embeddings, overrides and isolates could reorder the speaker's line
)
_BREAKS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_JOINERS = frozenset("\u200d\ufe0e\ufe0f\u20e3")
_SKIN_TONES = range(0x1F3FB, 0x1F400)
_REGIONAL = range(0x1F1E6, 0x1F200)
_TAGS = range(0xE0020, 0xE0080)
"""They spell the flags of Scotland, Wales and others after a black flag."""
_JAMO = range(0x1160, 0x1200)
"""Hangul vowels and finals: they stand inside a syllable that a lead consonant has begun."""
_VIRAMA = 9
"""Combining class of the sign that ties a consonant to the next one (Unicode, UAX 44)."""
_NEAR = 30
"""How far back from the limit a space is looked for, in characters: a longer way would lose too much text."""


def clean(text: str) -> str:
    """Return ``text`` without characters that no reader sees but a screen obeys; words stay as they are.

    Control characters and bidirectional overrides go, half surrogates become U+FFFD, tabs become spaces and
    every kind of line break becomes a newline.
    """
    return _SURROGATE.sub("\ufffd", _FORBIDDEN.sub("", _BREAKS.sub("\n", text.replace("\t", " "))))


def one_line(text: str) -> str:
    """Return ``text`` cleaned, with every run of white space folded into one space."""
    return re.sub(r"\s+", " ", clean(re.sub(r"\s+", " ", text)))


def units(text: str) -> int:
    """Count UTF-16 code units: the largest of the ways in which platforms count characters."""
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)  # noqa: PLR2004 - the last code point of one unit


def clip(text: str, limit: int) -> str:
    """Return ``text``, or its beginning with an ellipsis, within ``limit`` characters.

    It is cut at a space where one is near, and never inside a grapheme (an accent, a flag, a family emoji).
    """
    if len(text) <= limit:
        return text
    if limit < 1:
        return ""
    end = limit - 1
    space = text.rfind(" ", max(0, end - _NEAR), end + 1)
    end = space if space > 0 else _boundary(text, end)
    return text[:end].rstrip() + ELLIPSIS


def _boundary(text: str, end: int) -> int:
    """Return the last place at or before ``end`` that is not inside a grapheme."""
    while end > 0 and _joined(text, end):
        end -= 1
    return end


def _joined(text: str, at: int) -> bool:
    """Tell whether the characters on both sides of ``at`` belong to one grapheme."""
    left, right = text[at - 1], text[at]
    if right in _JOINERS or left == "\u200d" or ord(right) in _SKIN_TONES or ord(right) in _TAGS:
        return True
    if unicodedata.category(right).startswith("M") or ord(right) in _JAMO:
        return True
    if unicodedata.combining(left) == _VIRAMA and right.isalpha():
        return True
    if ord(left) not in _REGIONAL or ord(right) not in _REGIONAL:
        return False
    run = 1
    while at - run > 0 and ord(text[at - run - 1]) in _REGIONAL:
        run += 1
    return run % 2 == 1
