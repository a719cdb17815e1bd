"""What somebody looks for, and where it stands in a text, case and accents aside; knows no database and no page."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from unicodedata import combining, normalize

_TERM = re.compile(r'["“”„]([^"“”„]+)["“”„]|(\S+)')
_WORD = re.compile(r"[^\W_]+")
# Thai, Lao, Burmese, Khmer, kana, Han, Hangul: no spaces part the words, or little words cling to them.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
EXCERPT = 160
"""Characters of an article that are shown around what was looked for."""
LONGEST = 300_000
"""Characters of a text in which an excerpt is looked for."""


def folded(value: str) -> list[str]:
    """Return the words of a text without case and accents."""
    plain = "".join(c for c in normalize("NFKD", value.casefold()) if not combining(c))
    return _WORD.findall(plain)


@dataclass(frozen=True, slots=True)
class Term:
    """A word or a phrase that must match: as typed, and its words without case and accents.

    ``begins``: the last word may go on (``corrig*``). ``anywhere``: it is of a script without spaces between words
    and is looked for character by character.
    """

    typed: str
    words: tuple[str, ...]
    begins: bool = False
    anywhere: bool = False

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where it stands in a text."""
        if self.anywhere:
            return [found.span() for found in re.finditer(re.escape(self.typed), text, re.IGNORECASE)]
        places = [(word, *found.span()) for found in _WORD.finditer(text) for word in folded(found[0])]
        length = len(self.words)
        stretches = (places[at : at + length] for at in range(len(places) - length + 1))
        return [(said[0][1], said[-1][2]) for said in stretches if self._is([word for word, *_ in said])]

    def _is(self, said: Sequence[str]) -> bool:
        if tuple(said[:-1]) != self.words[:-1]:
            return False
        return said[-1].startswith(self.words[-1]) if self.begins else said[-1] == self.words[-1]


def terms(words: str) -> list[Term]:
    """Return what must match, words and phrases; without those that hold nothing to look for."""
    found = [(phrase or word).strip() for phrase, word in _TERM.findall(words)]
    return [
        Term(typed.rstrip("*"), tuple(folded(typed)), typed.endswith("*"), bool(_UNSPACED.search(typed)))
        for typed in found
        if folded(typed)
    ]


def excerpt(text: str, wanted: Sequence[Term]) -> str:
    """Return the stretch of a text where the first of the terms stands that does, white space folded; else nothing."""
    text = text[:LONGEST]
    place = next((spans[0] for term in wanted if (spans := term.spans(text))), None)
    if place is None:
        return ""
    start, end = max(0, place[0] - EXCERPT // 3), min(len(text), max(place[1], place[0] + 2 * EXCERPT // 3))
    # Cut between words, where there are spaces to cut at.
    if start and (space := text.find(" ", start, place[0])) >= 0:
        start = space + 1
    if end < len(text) and (space := text.rfind(" ", place[1], end)) >= 0:
        end = space
    return f"{'… ' if start else ''}{' '.join(text[start:end].split())}{' …' if end < len(text) else ''}"
