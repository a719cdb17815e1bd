"""Takes names apart that a headline runs together with the words around them; knows nothing of quotes.

In a line Set Like This every word has a capital, so "Carly Fiorina Endorses Ted Cruz" looks like one name. What the
article names elsewhere, in lines set plainly, is what such a run is cut into.
"""

from collections.abc import Sequence

from digestbot.editorial.quotes.mentions import Mention, make_mention
from digestbot.editorial.quotes.tokens import WORD, Token

_FEWEST_WORDS = 4
_CAPITALS = 0.75
_SMALL = frozenset(
    ("a", "an", "the", "of", "in", "on", "at", "by", "for", "to", "and", "or", "but", "as", "with", "from", "is", "s")
)
_FULL = 2


def headline_lines(tokens: Sequence[Token]) -> frozenset[int]:
    """Return the numbers of the lines in which nearly every word has a capital."""
    capitals: dict[int, int] = {}
    counted: dict[int, int] = {}
    for token in tokens:
        if token.kind == WORD and token.lower not in _SMALL and not token.text[0].isdigit():
            counted[token.line] = counted.get(token.line, 0) + 1
            capitals[token.line] = capitals.get(token.line, 0) + token.text[0].isupper()
    return frozenset(
        line for line, count in counted.items() if count >= _FEWEST_WORDS and capitals[line] >= _CAPITALS * count
    )


def take_apart(text: str, tokens: Sequence[Token], names: Sequence[Mention]) -> list[Mention]:
    """Return the names with those of headlines cut into names that the article has elsewhere; the rest as they are."""
    lines = headline_lines(tokens)
    if not lines:
        return list(names)
    known = {name.text: name for name in names if name.line not in lines and name.kind in "PNO"}
    surnames = {name.key: name for name in known.values() if name.kind in "PN"}
    found: list[Mention] = []
    for name in names:
        if name.line in lines and name.text not in known and name.j - name.i > 1 and name.kind in "PNO":
            found.extend(_parts(text, tokens, name, known, surnames) or [name])
        else:
            found.append(name)
    return found


def _parts(
    text: str,
    tokens: Sequence[Token],
    name: Mention,
    known: dict[str, Mention],
    surnames: dict[str, Mention],
) -> list[Mention]:
    """Return the known names within a run of capitals, the longest first, then single surnames."""
    found: list[Mention] = []
    i = name.i
    while i < name.j:
        for j in range(name.j, i, -1):
            said = text[tokens[i].start : tokens[j - 1].end]
            like = known.get(said) or (surnames.get(said.lower()) if j - i == 1 else None)
            if like is not None:
                kind, sex = (like.kind, like.sex) if j - i >= _FULL or said in known else ("N", "")
                found.append(make_mention(text, tokens, i, j, kind=kind, sex=sex))
                i = j
                break
        else:
            i += 1
    return found
