"""Gathers the people and bodies an article names, each under its first full form; knows nothing of quotes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from digestbot.editorial.quotes.mentions import CONNECTORS, Mention
from digestbot.editorial.quotes.tokens import Token

_WHERE = frozenset(("in", "at", "near"))
_MOST_NAMESAKES = 50
_FULL = 2
"""Words of a full form."""


@dataclass(slots=True)
class Member:
    """One person or body.

    ``name`` is the first full form with its offsets, ``mentions`` are all of them in order.
    ``titled`` tells that the sex is known from a title (Mr., spokeswoman), not guessed from a given name, ``learnt``
    that it was learnt from the article's pronouns. ``roles`` are the words that may take it up ("governor").
    """

    name: str
    start: int
    end: int
    kind: str
    sex: str
    first: str
    last: str
    words: int
    mentions: list[Mention] = field(default_factory=list)
    titled: bool = False
    learnt: bool = False
    roles: set[str] = field(default_factory=set)


class _Register:
    """The cast so far, its numbers found by the first, the middle and the last words of their names."""

    def __init__(self) -> None:
        self.cast: list[Member] = []
        self.last: dict[str, list[int]] = {}
        self.first: dict[str, list[int]] = {}
        self.middle: dict[str, list[int]] = {}

    def add_full(self, mention: Mention, parts: Sequence[str]) -> None:
        """Let a full form name its member, or a new one."""
        namesakes = self.last.get(parts[-1], ())
        number = _same(self.cast, namesakes, parts)
        if number is None:
            number = _ending_in(self.cast, namesakes, parts)
        if number is None:
            number = self._enter(mention, parts)
            if mention.kind == "P" or mention.whole:
                _note(self.first, parts[0], number)
                for middle in parts[1:-1]:
                    _note(self.middle, middle, number)
        _join(self.cast, number, mention)

    def add_single(self, mention: Mention, parts: Sequence[str]) -> None:
        """Let a single name mean the bearer of this surname, of this given or middle name, or somebody new."""
        number = _bearer(self.cast, self.last.get(parts[-1], ()), mention)
        if len(parts) == 1:
            for register in (self.first, self.middle):
                if number is None:
                    number = _bearer(self.cast, register.get(parts[0], ()), mention)
        if number is None:
            number = self._enter(mention, parts)
        _join(self.cast, number, mention)

    def _enter(self, mention: Mention, parts: Sequence[str]) -> int:
        """Add a member under this form of the name."""
        sex = "" if mention.sex == "u" else mention.sex
        self.cast.append(
            Member(mention.text, mention.start, mention.end, mention.kind, sex, parts[0], parts[-1], len(parts))
        )
        number = len(self.cast) - 1
        _note(self.last, parts[-1], number)
        return number


def _note(register: dict[str, list[int]], word: str, number: int) -> None:
    """Enter a member under a word of its name, unless more bear it than in any article: each is looked through."""
    known = register.setdefault(word, [])
    if len(known) < _MOST_NAMESAKES:
        known.append(number)


def gather(names: Sequence[Mention]) -> list[Member]:
    """Return the cast of an article and set each name's ``entity`` to its number there."""
    register = _Register()
    singles: list[tuple[Mention, list[str]]] = []
    lasts = {mention.key for mention in names}
    surnames = {mention.key for mention in names if mention.kind == "P" and " " in mention.text}
    for mention in names:
        parts = _parts(mention)
        # "Oscar-winner Sarandon", "Wisconsin Trump": a surname with something before it
        described = mention.kind == "N" and parts[-1] in surnames and not mention.whole
        if len(parts) < _FULL or mention.kind == "L" or described:
            singles.append((mention, parts))
        else:
            register.add_full(mention, parts)
    for mention, parts in singles:
        if mention.kind == "N" and mention.key.endswith("s") and mention.key.removesuffix("s") in lasts:
            mention.sex = "p"  # "the Ebelings"
        register.add_single(mention, parts)
    for member in register.cast:
        member.mentions.sort(key=lambda mention: mention.i)
    return register.cast


def mark_places(cast: Sequence[Member], tokens: Sequence[Token]) -> None:
    """Take names that only ever stand after "in", "at" or "near" for those of places: "a candidate in Oban"."""
    for member in cast:
        if member.kind == "N" and all(m.i and tokens[m.i - 1].text in _WHERE for m in member.mentions):
            member.kind, member.sex = "L", "n"
            for mention in member.mentions:
                mention.kind, mention.sex = "L", "n"


def _parts(mention: Mention) -> list[str]:
    """Return the words of a name in lower case, suffixes and the particles of a surname alone apart."""
    words = mention.text.replace("’", "'").split()
    while len(words) > 1 and words[0] in CONNECTORS:
        words.pop(0)
    words = [word.lower() for word in words]
    while len(words) > 1 and words[-1].strip(".,") in ("jr", "sr", "ii", "iii", "iv"):
        words.pop()
    return words


def _same(cast: Sequence[Member], numbers: Sequence[int], parts: Sequence[str]) -> int | None:
    """Return the member whom a full form names again."""
    for number in numbers:
        member = cast[number]
        a, b = member.first.rstrip("."), parts[0].rstrip(".")
        if a == b or (member.words > 1 and (a.startswith(b) or b.startswith(a) or a[:3] == b[:3])):
            return number
    return None


def _ending_in(cast: Sequence[Member], numbers: Sequence[int], parts: Sequence[str]) -> int | None:
    """Return the person whose full form ends in these words: "Ortiz Lagos" is María Fernanda Ortiz Lagos."""
    for number in numbers:
        whole = cast[number].name.lower().split()
        if cast[number].kind in "PN" and len(whole) > len(parts) and whole[-len(parts) :] == list(parts):
            return number
    return None


def _bearer(cast: Sequence[Member], numbers: Sequence[int], mention: Mention) -> int | None:
    """Return the member whom a single name means: the first of the fitting sex, as later ones keep their full names."""
    sex = mention.sex if mention.titled else ""
    fitting = [n for n in numbers if not sex or cast[n].sex in ("", "u", sex) or not cast[n].titled]
    if not fitting:
        return None
    return min(fitting)


def _join(cast: list[Member], number: int, mention: Mention) -> None:
    """Let a mention name a member, and the member learn sex and kind from it."""
    member = cast[number]
    mention.entity = number
    member.mentions.append(mention)
    if mention.titled and mention.sex in ("m", "f"):
        member.sex = mention.sex
        member.titled = True
    if mention.kind == "P" and member.kind == "N":
        member.kind = "P"
