"""Finds noun phrases that can be sources ("a campaign spokesman", "the report"); ranks none of them."""

import re
from collections.abc import Sequence

from digestbot.editorial.quotes.lexicon import Lexicon, is_trade
from digestbot.editorial.quotes.mentions import Mention, first_token, make_mention
from digestbot.editorial.quotes.tokens import WORD, Token

_LONGEST_NOMINAL = 14
_LONGEST_RELATIVE = 18
"""Words of a noun phrase with the clause that tells it from others: "a person who invested in the second round"."""
_LONGEST_FRAMED = 10
_PARTICIPLES = frozenset(("sent", "written", "seen", "held", "led", "run", "known", "made", "given", "built", "set"))
"""Irregular verbs that a noun phrase can go on with: "a letter sent to every nurse"."""
AGED = "-year-old"
_LEFT_REACH = 8
_STANDS_ALONE = re.compile(r"[CRbQw.|]|,[wQ]")
"""What follows "another" where it is somebody, and no part of "another holdout"."""
_TIMES = frozenset(("week", "weekend", "month", "year", "day", "morning", "night", "today", "yesterday", "ago", "time"))
"""What ends a phrase that tells when, and is nobody."""
_JOINS = ("of", "for", "with", "in", "from", "at", "by")
"""What joins a further part to a noun phrase; the last to a document alone: "a report by the board"."""


def find_nominals(
    text: str, tokens: Sequence[Token], classes: Sequence[str], names: Sequence[Mention], words: Lexicon
) -> list[Mention]:
    """Return noun phrases that can be sources: "a campaign spokesman", "the report", "the company"."""
    heads = words["heads"]
    taken = {k for name in names for k in range(first_token(tokens, name), name.j)}
    found: list[Mention] = []
    covered = -1
    for index, token in enumerate(tokens):
        if index <= covered or index in taken or token.kind != WORD or classes[index] in "PQ":
            continue
        if not (token.lower in heads or is_trade(token.lower, words) or token.lower.endswith(AGED)) or not _can_be_noun(
            classes, index
        ):
            continue
        j = index + 1
        while j < len(tokens) and tokens[j].lower in heads and classes[j] not in "bp" and j not in taken:
            j += 1
        if token.lower == "another" and not _STANDS_ALONE.match("".join(classes[index + 1 : index + 3])):
            continue
        if token.lower == "one" and classes[index + 1 : index + 2] in (["x"], ["u"]):
            j = _phrase_end(tokens, classes, j, index)
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
    while (i > limit and classes[i - 1] in "xunsamRTv") or (
        i > limit and classes[i - 1] == "-" and tokens[i - 1].text == "-"
    ):
        if classes[i - 1] == "m":
            return i - 1
        i -= 1
    while i < head and classes[i] in ("sa-R" if i and classes[i - 1] == "d" else "sa-Rv"):
        i += 1
    if i < head and tokens[i].text[0].isupper() and tokens[i].lower.endswith("ing"):
        i += 1  # "Reprising one of her lines": a sentence that begins with what somebody does
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
        person = low in words["person_heads"] or is_trade(low, words) or low.endswith(AGED)
        sex = "p" if low.endswith("s") and low not in words["orgs"] else "u" if person else "n"
    end = _grown(tokens, classes, (i, j), words, joins=_JOINS if low in words["documents"] else _JOINS[:-1])
    mention = make_mention(text, tokens, i, end, kind="D", sex=sex)
    mention.head = head
    return mention


def _grown(
    tokens: Sequence[Token], classes: Sequence[str], core: tuple[int, int], words: Lexicon, *, joins: Sequence[str]
) -> int:
    """Return the end of a noun phrase with its prepositional parts and the clause that tells it from others."""
    i, end = core
    count = len(tokens)
    while end < count and end - i < _LONGEST_NOMINAL:
        low = tokens[end].lower
        if classes[end] == "p" and low in joins:
            inner = _phrase_end(tokens, classes, end + 1, i)
            if not _belongs(tokens, classes, (end, inner), words):
                break
            end = inner
        elif low in ("close", "familiar", "briefed", "involved") and end + 1 < count:
            end = _phrase_end(tokens, classes, end + 2, i)
        else:
            break
    return _past_clause(tokens, classes, i, end) if _opens_clause(tokens, classes, end) else end


def _opens_clause(tokens: Sequence[Token], classes: Sequence[str], who: int) -> bool:
    """Tell whether what tells somebody from others may begin at a token: "who inspected it", "taped to the lift"."""
    if who + 1 >= len(tokens):
        return False
    if tokens[who].lower in ("who", "that"):
        return True
    participle = classes[who] == "v" or tokens[who].lower in _PARTICIPLES
    whom = classes[who + 1] == "i" and who + 2 < len(tokens) and classes[who + 2] in "dmuno"
    return participle and (classes[who + 1] == "p" or whom)  # not "the spokesman refused to answer"


def _phrase_end(tokens: Sequence[Token], classes: Sequence[str], begin: int, i: int) -> int:
    """Return the end of the plain noun phrase that begins at ``begin``; ``i`` is where the whole began."""
    end = begin
    while end < len(tokens) and end - i < _LONGEST_NOMINAL:
        counted = classes[end] == "R" and end > begin and classes[end - 1] == "n"  # "340 names"
        noun = classes[end] == "R" and end > begin and "".join(classes[end + 1 : end + 2]) in ("C", "R", "b")
        if classes[end] == "o" and end == begin:
            return end + 1  # "one of them"
        named = classes[end] == "a" and tokens[end].text[0].isupper()  # "the National First Ladies Library"
        if not (classes[end] in "dmnxus" or tokens[end].text == "&" or counted or noun or named):
            break
        end += 1
    return end


def _belongs(tokens: Sequence[Token], classes: Sequence[str], part: tuple[int, int], words: Lexicon) -> bool:
    """Tell whether a preposition and what follows it belong to a noun phrase: no time, no place of saying."""
    begin, end = part
    if end == begin + 1 or (end < len(classes) and classes[end] == "G"):
        return False
    inner = tokens[begin + 1 : end]
    if all(kind in "nTd" for kind in classes[begin + 1 : end]):
        return False
    said = inner[-1].lower in words["speech_nouns"] and tokens[begin].lower in ("in", "with", "at", "from")
    return not said


def _past_clause(tokens: Sequence[Token], classes: Sequence[str], i: int, who: int) -> int:
    """Return the end of "a person who invested in the second round", or ``who`` where no such clause ends plainly."""
    end = who + 2
    while end < len(tokens) and end - i < _LONGEST_RELATIVE and classes[end] not in ".|Q,;:(-":
        if classes[end] == "C" and classes[end - 1] not in "ti":
            verb = end
            while classes[verb - 1] in "ab":
                verb -= 1
            if verb > who + 2:
                return verb
        end += 1
    return end if end < len(tokens) and classes[end] == "," and tokens[who].lower == "who" else who


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
        before = (_subject_before(classes, q, "C"), _subject_before(classes, q, "CR"))
        for i, j in (_before_cue(classes, q), _after_cue(classes, q), *before):
            owned = "s" in classes[i:j]  # "the company's own inquiry" begins where "the company" does
            taken = j in ends or (i in starts and not owned) or (j - 1) in inside
            if i < j and classes[j - 1] in "xu" and tokens[j - 1].lower not in _TIMES and not taken:
                found.append(make_mention(text, tokens, i, j, kind="D", sex="u"))
                ends.add(j)
                starts.add(i)
    return found


def mark_inside(mentions: Sequence[Mention], classes: Sequence[str]) -> None:
    """Mark the mentions that are part of a longer noun phrase: the family in "a lawyer for the family".

    What stands in apposition to a noun phrase is part of it: "the printer, a family firm".

    ``mentions`` are in order of their tokens, the longer first where two begin together.
    """
    reach = last = -1
    for mention in mentions:
        mention.apposed = (
            mention.kind == "D"
            and mention.i == last + 1
            and (classes[last] == "," or (classes[last] == "c" and classes[mention.i] not in "dm"))
        )
        mention.inside = mention.j <= reach or mention.apposed
        if mention.kind == "D":
            reach, last = max(reach, mention.j), mention.j


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


def _subject_before(classes: Sequence[str], q: int, verbs: str) -> tuple[int, int]:
    """Return the phrase of `the baker said: Q`; ``verbs`` are the classes of the verb looked for."""
    c = q - 1
    while c >= 0 and q - c < _LONGEST_FRAMED and classes[c] not in ".|Q" and classes[c] not in verbs:
        c -= 1
    if c <= 0 or classes[c] not in verbs:
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
