"""Gathers the people and bodies an article names, each under its first full form; knows nothing of quotes."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from digestbot.editorial.quotes.mentions import Mention


@dataclass(slots=True)
class Member:
    """One person or body.

    ``name`` is the first full form with its offsets, ``mentions`` are all of them in order.
    ``titled`` tells that the sex is known from a title (Mr., spokeswoman), not guessed from a given name.
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


def gather(names: Sequence[Mention]) -> list[Member]:
    """Return the cast of an article and set each name's ``entity`` to its number there."""
    cast: list[Member] = []
    by_last: dict[str, list[int]] = {}
    by_first: dict[str, list[int]] = {}
    singles: list[Mention] = []
    surnames = {mention.key for mention in names if mention.kind == "P" and " " in mention.text}
    for mention in names:
        parts = _parts(mention)
        if len(parts) < 2 or mention.kind == "L":  # noqa: PLR2004 a full form has two words
            singles.append(mention)
            continue
        if mention.kind == "N" and parts[-1] in surnames:
            singles.append(mention)  # "Oscar-winner Sarandon", "Wisconsin Trump": a surname with something before it
            continue
        number = _same(cast, by_last.get(parts[-1], ()), parts)
        if number is None:
            number = _enter(cast, mention, parts)
            by_last.setdefault(parts[-1], []).append(number)
            if mention.kind == "P":
                by_first.setdefault(parts[0], []).append(number)
        _join(cast, number, mention)
    for mention in singles:
        parts = _parts(mention)
        number = _bearer(cast, by_last.get(parts[-1], ()), mention)
        if number is None and len(parts) == 1:
            number = _bearer(cast, by_first.get(parts[0], ()), mention)
        if number is None:
            number = _enter(cast, mention, parts)
            by_last.setdefault(parts[-1], []).append(number)
        _join(cast, number, mention)
    for member in cast:
        member.mentions.sort(key=lambda mention: mention.i)
    return cast


def _parts(mention: Mention) -> list[str]:
    """Return the words of a name in lower case, suffixes apart."""
    words = mention.text.lower().replace("’", "'").split()
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


def _bearer(cast: Sequence[Member], numbers: Sequence[int], mention: Mention) -> int | None:
    """Return the member whom a single name means: of the fitting sex, then the one spoken of most, then the first."""
    sex = mention.sex if mention.titled else ""
    fitting = [n for n in numbers if not sex or cast[n].sex in ("", "u", sex) or not cast[n].titled]
    if not fitting:
        return None
    return max(fitting, key=lambda n: (len(cast[n].mentions), -n))


def _enter(cast: list[Member], mention: Mention, parts: Sequence[str]) -> int:
    """Add a member under this form of the name."""
    sex = "" if mention.sex == "u" else mention.sex
    cast.append(Member(mention.text, mention.start, mention.end, mention.kind, sex, parts[0], parts[-1], len(parts)))
    return len(cast) - 1


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
