"""The type that the rooms of the quote engine share: one way of naming a possible speaker; finds none."""

from collections.abc import Sequence
from dataclasses import dataclass

from digestbot.editorial.quotes.tokens import Token

_CONNECTORS = "de van von der den bin al la del di da dos du el ben ibn le ter ten te zu af e y"
CONNECTORS = frozenset(_CONNECTORS.split())
"""Particles within names."""
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
PRONOUNS = {
    "he": "m",
    "she": "f",
    "they": "p",
    "it": "n",
    "i": "u",
    "we": "p",
    "who": "u",
    "which": "n",
    "his": "m",
    "her": "f",
    "him": "m",
}


@dataclass(slots=True)
class Mention:
    """One way of naming a possible speaker.

    ``i``/``j`` bound its tokens, ``start``/``end`` its characters. ``kind``: ``P`` person, ``N`` some name, ``O``
    organisation, ``L`` place, ``R`` pronoun, ``D`` noun phrase. ``sex``: ``m`` ``f`` ``u`` unknown, ``p`` plural,
    ``n`` a thing; ``titled`` when a title tells it. ``role`` is the span of the title before a name, ``head`` the
    index of its main word. ``entity`` is its number in the cast, ``alias`` that of the one whom a definite noun
    phrase ("the judge") can only mean. ``inside`` tells that it is part of a longer noun phrase (``apposed``: by
    apposition to another),
    ``whole`` that a name whose first word is no known given name stands where a full name does.
    """

    i: int
    j: int
    start: int
    end: int
    text: str
    kind: str
    sex: str
    sentence: int
    line: int
    role: tuple[int, int] | None = None
    head: int = -1
    entity: int = -1
    alias: int = -1
    titled: bool = False
    inside: bool = False
    apposed: bool = False
    whole: bool = False

    @property
    def key(self) -> str:
        """The last word of the name in lower case, what a later surname alone would repeat."""
        parts = [part for part in self.text.lower().split() if part.strip(".,") not in _SUFFIXES]
        return parts[-1] if parts else ""


def first_token(tokens: Sequence[Token], name: Mention) -> int:
    """Return the token where a name's title begins, or the name itself where it has none."""
    first = name.i
    begin = name.role[0] if name.role else name.start
    while first > 0 and tokens[first - 1].start >= begin:
        first -= 1
    return first


def make_mention(text: str, tokens: Sequence[Token], i: int, j: int, *, kind: str, sex: str) -> Mention:
    """Build a mention from its tokens."""
    start, end = tokens[i].start, tokens[j - 1].end
    if tokens[j - 1].lower in _SUFFIXES and text[end : end + 1] == ".":
        end += 1
    return Mention(i, j, start, end, text[start:end], kind, sex, tokens[i].sentence, tokens[i].line, head=j - 1)
