"""Links noun phrases to the names they stand beside ("the company, Quillon Logistics,"); ranks nobody."""

from collections.abc import Sequence

from digestbot.editorial.quotes.cast import Member
from digestbot.editorial.quotes.lexicon import Lexicon, is_trade
from digestbot.editorial.quotes.mentions import Mention, first_token
from digestbot.editorial.quotes.roles import gather_roles, take_up
from digestbot.editorial.quotes.tokens import QUOTE, Token

_CALLED_REACH = 8


def link(
    mentions: Sequence[Mention], tokens: Sequence[Token], classes: Sequence[str], cast: Sequence[Member], words: Lexicon
) -> None:
    """Give noun phrases in apposition the name's place in the cast, and definite ones the one they can only mean.

    ``mentions`` are in order of their tokens.
    """
    starts = {first_token(tokens, m): m for m in mentions if m.entity >= 0 and m.kind in "PNOL"}
    ends = {m.j: m for m in mentions if m.entity >= 0 and m.kind in "PN"}
    for named in ends.values():
        _learn_from_kin(named, tokens, classes, cast, words)
    for mention in mentions:
        if mention.kind != "D" or mention.entity >= 0:
            continue
        low = tokens[mention.head].lower
        if low in words["documents"]:
            continue
        name = (
            _appended(mention, starts, classes)
            or _prepended(mention, ends, tokens, classes, words)
            or _called(mention, starts, tokens)
            or _predicated(mention, ends, tokens, words)
        )
        if name is not None:
            mention.entity = name.entity
            member = cast[name.entity]
            if mention.sex in ("m", "f") and member.sex in ("", "u"):
                member.sex = mention.sex
    gather_roles(mentions, cast, tokens, words)
    take_up(mentions, cast, tokens, words)


def _learn_from_kin(
    name: Mention, tokens: Sequence[Token], classes: Sequence[str], cast: Sequence[Member], words: Lexicon
) -> None:
    """Let a name learn its sex from the noun before it: "her sister Augusta", "spokeswoman Lee"."""
    noun = name.i - 1 if name.role is None else first_token(tokens, name) - 1
    if noun < 1 or classes[noun] != "x":
        return
    low, member = tokens[noun].lower, cast[name.entity]
    sex = "f" if low in words["female"] else "m" if low in words["male"] else ""
    if sex and not member.titled and (classes[noun - 1] in "ms" or low not in words["kin"]):
        member.sex, member.titled = sex, True


def _appended(mention: Mention, starts: dict[int, Mention], classes: Sequence[str]) -> Mention | None:
    """Return the name of "the company, Quillon Logistics,"."""
    j = mention.j
    if j + 1 >= len(classes) or classes[j] != ",":
        return None
    name = starts.get(j + 1)
    if name is None or (name.j < len(classes) and classes[name.j] not in ",.|;Q(-"):
        return None
    return name


def _prepended(
    mention: Mention, ends: dict[int, Mention], tokens: Sequence[Token], classes: Sequence[str], words: Lexicon
) -> Mention | None:
    """Return the name of "Jamal Petrossian, a forklift driver"."""
    i = mention.i
    if i and classes[i - 1] == "d":
        i -= 1  # "Wilcox, an Orlando Republican": a title's phrase begins without its article
    if (
        i == 0
        or classes[i - 1] != ","
        or not (tokens[mention.head].lower in words["person_heads"] or is_trade(tokens[mention.head].lower, words))
    ):
        return None
    if "".join(classes[mention.j : mention.j + 1]) in ("C", "R", "b", "v", "s"):
        return None  # "asked by Lee, the governor paused", "Lee, the governor's wife"
    name = ends.get(i - 1)
    bare = classes[i] not in "dm"  # "Carl Anthony, historian at the library,"
    return (
        name if name is not None and mention.sex != "p" and (not bare or name.kind == "P" or " " in name.text) else None
    )


def _predicated(mention: Mention, ends: dict[int, Mention], tokens: Sequence[Token], words: Lexicon) -> Mention | None:
    """Return the name of "Ruta Grinbaum, who is 40, is a vet": a name, what tells of it, and what it is."""
    verb = mention.i - 1
    head = tokens[mention.head].lower
    plain = tokens[mention.i].lower in ("a", "an", "the") and mention.sex != "p"
    if verb < 1 or not plain or tokens[verb].lower not in ("is", "was"):
        return None
    name = ends.get(verb) or (ends.get(verb - 1) if tokens[verb - 1].text == "," else None)
    return name if head in words["person_heads"] or is_trade(head, words) else None


def _called(mention: Mention, starts: dict[int, Mention], tokens: Sequence[Token]) -> Mention | None:
    """Return the name of "a plumber named Fitz Oyama", "a woman who gave her name only as Bex"."""
    for index in range(mention.j, min(mention.j + _CALLED_REACH, len(tokens))):
        token = tokens[index]
        if token.sentence != mention.sentence or token.kind == QUOTE:
            return None
        if token.lower in ("named", "called") or (token.lower == "as" and _gives_name(tokens, index)):
            return starts.get(index + 1)
    return None


def _gives_name(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether "as" at ``index`` tells a name: "gave her name only as", "identified himself as", "known as"."""
    return any(token.lower in ("name", "identified", "known") for token in tokens[max(0, index - 3) : index])
