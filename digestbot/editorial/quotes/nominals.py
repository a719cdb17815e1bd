"""Finds noun phrases that can be sources ("a campaign spokesman", "the report"); ranks none of them."""

from collections.abc import Sequence

from digestbot.editorial.quotes.lexicon import Lexicon
from digestbot.editorial.quotes.mentions import Mention, make_mention
from digestbot.editorial.quotes.tokens import WORD, Token

_LONGEST_NOMINAL = 14
_LONGEST_FRAMED = 10
_LEFT_REACH = 8
_JOINS = ("of", "for", "with", "in", "from", "at", "by")
"""What joins a further part to a noun phrase; the last to a document alone: "a report by the board"."""


def find_nominals(
    text: str, tokens: Sequence[Token], classes: Sequence[str], names: Sequence[Mention], words: Lexicon
) -> list[Mention]:
    """Return noun phrases that can be sources: "a campaign spokesman", "the report", "the company"."""
    heads = words["heads"]
    taken = {k for name in names for k in range(name.i, name.j)}
    found: list[Mention] = []
    covered = -1
    for index, token in enumerate(tokens):
        if index <= covered or index in taken or token.kind != WORD or classes[index] in "PQ":
            continue
        if token.lower not in heads or not _can_be_noun(classes, index):
            continue
        j = index + 1
        while j < len(tokens) and tokens[j].lower in heads and classes[j] not in "bp" and j not in taken:
            j += 1
        i = _left_edge(tokens, classes, index)
        covered = j - 1
        if j < len(tokens) and j in taken and tokens[j].line == token.line:
            continue  # "spokesman Josh Earnest": the name speaks
        found.append(_nominal(text, tokens, classes, (i, j), words))
    return found


def _can_be_noun(classes: Sequence[str], index: int) -> bool:
    """Tell whether a word that is also a verb (report, state, post) is a noun here."""
    if classes[index] not in "CR":
        return True
    before = classes[index - 1] if index else "|"
    return before in "dmsunx"


def _left_edge(tokens: Sequence[Token], classes: Sequence[str], head: int) -> int:
    """Return where the noun phrase with this head begins."""
    i = head
    limit = max(0, head - _LEFT_REACH)
    while (i > limit and classes[i - 1] in "xunsamRT") or (
        i > limit and classes[i - 1] == "-" and tokens[i - 1].text == "-"
    ):
        if classes[i - 1] == "m":
            return i - 1
        i -= 1
    while i < head and (classes[i] in "sa-" or classes[i] == "R"):
        i += 1
    if i > 0 and classes[i - 1] == "d":
        i -= 1
    return i


def _nominal(
    text: str, tokens: Sequence[Token], classes: Sequence[str], core: tuple[int, int], words: Lexicon
) -> Mention:
    """Build a noun phrase, grown over what belongs to it ("of the campaign", "close to him", "familiar with …")."""
    i, j = core
    head = j - 1
    low = tokens[head].lower
    sex = "f" if low in words["female"] else "m" if low in words["male"] else ""
    if not sex:
        sex = "p" if low.endswith("s") and low not in words["orgs"] else "u" if low in words["person_heads"] else "n"
    end = _grown(tokens, classes, j, i, joins=_JOINS if low in words["documents"] else _JOINS[:-1])
    mention = make_mention(text, tokens, i, end, kind="D", sex=sex)
    mention.head = head
    return mention


def _grown(tokens: Sequence[Token], classes: Sequence[str], j: int, i: int, *, joins: Sequence[str]) -> int:
    """Return the end of a noun phrase with its prepositional parts."""
    end, count = j, len(tokens)
    while end < count and end - i < _LONGEST_NOMINAL:
        if classes[end] == "p" and tokens[end].lower in joins:
            if tokens[end].lower not in ("of", "for") and end > j:
                break
            inner = end + 1
            while inner < count and classes[inner] in "dmnxus" and inner - i < _LONGEST_NOMINAL:
                inner += 1
            if inner == end + 1 or (inner < count and classes[inner] == "G"):
                break
            end = inner
        elif tokens[end].lower in ("close", "familiar", "briefed", "involved") and end + 1 < count:
            end += 2
            while end < count and classes[end] in "dmnxus" and end - i < _LONGEST_NOMINAL:
                end += 1
        else:
            break
    return end


def find_framed(
    text: str, tokens: Sequence[Token], classes: Sequence[str], mentions: Sequence[Mention]
) -> list[Mention]:
    """Return noun phrases that an attribution makes a source whatever their words: "…," the baker said."""
    ends = {mention.j for mention in mentions}
    starts = {mention.i for mention in mentions}
    inside = {k for mention in mentions for k in range(mention.i, mention.j)}
    found = []
    for q, token in enumerate(tokens):
        if token.quote < 0:
            continue
        for i, j in (_before_cue(classes, q), _after_cue(classes, q), _subject_before(classes, q)):
            if i < j and classes[j - 1] in "xus" and j not in ends and i not in starts and (j - 1) not in inside:
                found.append(make_mention(text, tokens, i, j, kind="D", sex="u"))
                ends.add(j)
                starts.add(i)
    return found


def _before_cue(classes: Sequence[str], q: int) -> tuple[int, int]:
    """Return the phrase of `Q, the baker said`."""
    i = q + 1
    if i < len(classes) and classes[i] == ",":
        i += 1
    j = i
    while j < len(classes) and j - i < _LONGEST_FRAMED and (classes[j] in "dmxuns" or (classes[j] == "p" and j > i)):
        j += 1
    return (i, j) if j < len(classes) and classes[j] == "C" and j > i else (0, 0)


def _after_cue(classes: Sequence[str], q: int) -> tuple[int, int]:
    """Return the phrase of `Q, said the baker`."""
    i = q + 1
    if i < len(classes) and classes[i] == ",":
        i += 1
    if i >= len(classes) or classes[i] != "C":
        return (0, 0)
    i += 1
    j = i
    while j < len(classes) and j - i < _LONGEST_FRAMED and classes[j] in "dmxuns":
        j += 1
    return (i, j)


def _subject_before(classes: Sequence[str], q: int) -> tuple[int, int]:
    """Return the phrase of `the baker said: Q`."""
    c = q - 1
    while c >= 0 and q - c < _LONGEST_FRAMED and classes[c] not in "CR.|Q":
        c -= 1
    if c <= 0 or classes[c] not in "CR":
        return (0, 0)
    j = c
    while j > 0 and classes[j - 1] in "ab":
        j -= 1
    i = j
    while i > 0 and j - i < _LONGEST_FRAMED and classes[i - 1] in "xuns":
        i -= 1
    if i > 0 and classes[i - 1] in "dm":
        i -= 1
    return (i, j)
