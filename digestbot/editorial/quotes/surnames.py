"""Finds the surnames that look like something else where the article has their bearers in full; names nobody new."""

from collections.abc import Sequence

from digestbot.editorial.quotes.lexicon import Lexicon
from digestbot.editorial.quotes.mentions import Mention, make_mention
from digestbot.editorial.quotes.names import TOLD_OF, is_within
from digestbot.editorial.quotes.tokens import Token, is_capitalised

_DETERMINERS = frozenset(("the", "a", "an", "his", "her", "their", "its", "our", "my"))


def find_surnames(text: str, tokens: Sequence[Token], names: Sequence[Mention], words: Lexicon) -> list[Mention]:
    """Return ``names`` in order with the surnames among titles ("Dean") and common words ("Small") taken for names."""
    surnames = {name.key for name in names if name.kind == "P" and " " in name.text}
    for name in names:
        if name.kind == "D" and name.j - name.i == 1 and name.key in surnames:
            before = tokens[name.i - 1] if name.i else None
            if before is None or before.lower not in _DETERMINERS:
                name.kind, name.sex = "N", ""
    surnames &= words["common"] | words["heads"]
    return sorted([*names, *_alone(text, tokens, names, surnames, words)], key=lambda name: name.i)


def _alone(
    text: str, tokens: Sequence[Token], names: Sequence[Mention], surnames: frozenset[str] | set[str], words: Lexicon
) -> list[Mention]:
    """Return the capitalised words that are one of these surnames and part of no name."""
    if not surnames:
        return []
    taken = {k for name in names for k in range(name.i, name.j)}
    found = []
    for k, token in enumerate(tokens[:-1]):
        if token.lower in surnames and is_capitalised(token) and k not in taken:
            after = tokens[k + 1]
            tells = after.text in (",", "'s") or after.lower in TOLD_OF or words.cues.get(after.lower) == "C"
            if tells or (is_within(tokens, k) and not is_capitalised(after) and tokens[k - 1].text.islower()):
                found.append(make_mention(text, tokens, k, k + 1, kind="N", sex=""))
    return found
