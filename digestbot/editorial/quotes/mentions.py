"""Finds who could be speaking: names, organisations, pronouns and noun phrases of the narrative; ranks none of them."""

from collections.abc import Sequence
from dataclasses import dataclass

from digestbot.editorial.quotes.lexicon import Lexicon, given_names
from digestbot.editorial.quotes.tokens import WORD, Token

CONNECTORS = frozenset(
    [
        "de",
        "van",
        "von",
        "der",
        "den",
        "bin",
        "al",
        "la",
        "del",
        "di",
        "da",
        "dos",
        "du",
        "el",
        "ben",
        "ibn",
        "le",
        "ter",
        "ten",
        "te",
        "zu",
        "af",
    ]
)
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_PRONOUNS = {
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
_LONGEST_NAME = 8
_LONGEST_NOMINAL = 14


@dataclass(slots=True)
class Mention:
    """One way of naming a possible speaker.

    ``i``/``j`` bound its tokens, ``start``/``end`` its characters. ``kind``: ``P`` person, ``N`` some name, ``O``
    organisation, ``L`` place, ``R`` pronoun, ``D`` noun phrase. ``entity`` is its number in the cast,
    ``alias`` that of the one a definite noun phrase ("the judge") can only mean. ``sex``: ``m`` ``f`` ``u`` unknown, ``p`` plural,
    ``n`` a thing. ``role`` is the span of the title before a name. ``head`` is the index of its main word.
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

    @property
    def key(self) -> str:
        """The last word of the name in lower case, what a later surname alone would repeat."""
        parts = [part for part in self.text.lower().split() if part.strip(".,") not in _SUFFIXES]
        return parts[-1] if parts else ""


def find_names(text: str, tokens: Sequence[Token], words: Lexicon) -> list[Mention]:
    """Return the capitalised names of the narrative in order."""
    found: list[Mention] = []
    position, count = 0, len(tokens)
    lowered = {token.text for token in tokens if token.kind == WORD and token.text[0].islower()}
    while position < count:
        token = tokens[position]
        if token.kind == WORD and token.text[0].isupper() and token.lower not in _PRONOUNS:
            end = _run(tokens, position)
            mention = _name(text, tokens, position, end, words)
            if mention is not None and not _is_plain_start(tokens, mention, lowered):
                found.append(mention)
                position = mention.j
            else:
                position = end
        else:
            position += 1
    return found


def _is_plain_start(tokens: Sequence[Token], mention: Mention, lowered: set[str]) -> bool:
    """Tell whether a "name" is only the capital at a sentence's start ("Audiences", "Specifically")."""
    if mention.j - mention.i != 1 or mention.kind != "N":
        return False
    if mention.i and tokens[mention.i - 1].sentence == mention.sentence and tokens[mention.i - 1].kind == WORD:
        return False
    low = mention.text.lower()
    return low in lowered or low.rstrip("s") in lowered or (low.endswith(("ly", "ing")) and not mention.sex)


def _run(tokens: Sequence[Token], begin: int) -> int:
    """Return the end of the run of capitalised words that starts at ``begin``."""
    end, count = begin + 1, len(tokens)
    while end < count and end - begin < _LONGEST_NAME:
        token = tokens[end]
        previous = tokens[end - 1]
        if (token.kind == WORD and token.text[0].isupper()) or (
            token.text == "." and _is_short(previous) and _capital_at(tokens, end + 1) and token.start == previous.end
        ):
            end += 1
        elif (
            (token.text == "&" and _capital_at(tokens, end + 1))
            or (token.lower in CONNECTORS and _capital_at(tokens, end + 1))
            or (token.lower == "of" and _capital_at(tokens, end + 1))
        ):
            end += 2
        elif (
            token.lower == "of" and end + 1 < count and tokens[end + 1].lower == "the" and _capital_at(tokens, end + 2)
        ):
            end += 3
        else:
            break
    return min(end, count)


def _is_short(token: Token) -> bool:
    """Tell whether the word before a stop is one that is written with it (Sen., Jr., J.)."""
    return token.kind == WORD and (token.lower in _ABBREVIATED or (len(token.text) == 1 and token.text.isupper()))


_ABBREVIATED = frozenset(
    (
        *("mr", "mrs", "ms", "dr", "prof", "rev", "gov", "lt", "sgt", "cpl", "capt", "col", "gen", "maj", "adm", "sen"),
        *("rep", "reps", "sens", "det", "insp", "jr", "sr", "st", "hon", "atty", "supt", "pres", "fr", "mme", "cmdr"),
    )
)


def _capital_at(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether a capitalised word stands at ``index``."""
    return index < len(tokens) and tokens[index].kind == WORD and tokens[index].text[0].isupper()


def _name(text: str, tokens: Sequence[Token], i: int, j: int, words: Lexicon) -> Mention | None:
    """Make a mention of a run of capitalised words, its titles and a sentence's first word taken off."""
    common, titles, orgs, places = words["common"], words["titles"], words["orgs"], words["places"]
    while i < j and (tokens[i].lower in common or tokens[i].lower.startswith(("it’", "it'", "i’", "i'", "that’"))):
        i += 1
    while j > i and (tokens[j - 1].lower in words["times"] or tokens[j - 1].text == "."):
        j -= 1
    if i >= j:
        return None
    lows = [tokens[k].lower for k in range(i, j)]
    if lows[0] in words["times"]:
        return None
    if "of" in lows[2:] and lows[0] in given_names() and lows[0] not in orgs:
        lows = lows[: lows.index("of")]  # "Stephen Vladeck of the University of Texas"
        j = i + len(lows)
    is_org = lows[-1] in orgs or ("of" in lows and any(low in orgs for low in lows[: lows.index("of")]))
    role = None
    if not is_org:
        cut = _after_titles(lows, titles)
        if 0 < cut < len(lows) and lows[cut] in ("of", "the"):
            return _mention(text, tokens, i, j, "D", _sex_of_title(lows, words) or "u")
        if 0 < cut < len(lows):
            role = (tokens[i].start, tokens[i + cut - 1].end)
            i += cut
            while i < j - 1 and tokens[i].lower in common:
                i += 1
            lows = [tokens[k].lower for k in range(i, j)]
        elif cut == len(lows):
            return _mention(text, tokens, i, j, "D", _sex_of_title(lows, words))
    kind, sex = _kind(tokens, i, lows, orgs, places, is_org=is_org, titled=role is not None)
    told = ""
    if role is not None:
        told = _sex_of_title(text[role[0] : role[1]].lower().replace(".", " ").split(), words)
    mention = _mention(text, tokens, i, j, kind, told or sex)
    mention.role = role
    mention.titled = bool(told)
    return mention


def _after_titles(lows: Sequence[str], titles: frozenset[str]) -> int:
    """Return how many words at the beginning are titles (with the places and parties among them)."""
    last = -1
    for index, low in enumerate(lows):
        if low.rstrip(".") in titles:
            last = index
    cut = last + 1
    while cut < len(lows) and lows[cut] == ".":
        cut += 1
    return cut


def _sex_of_title(lows: Sequence[str], words: Lexicon) -> str:
    """Return the sex a title tells, or nothing."""
    for low in lows:
        if low in words["female"]:
            return "f"
        if low in words["male"]:
            return "m"
    return ""


def _kind(
    tokens: Sequence[Token],
    i: int,
    lows: Sequence[str],
    orgs: frozenset[str],
    places: frozenset[str],
    *,
    is_org: bool,
    titled: bool,
) -> tuple[str, str]:
    """Return kind and sex of a name."""
    sex = given_names().get(lows[0], "") or given_names().get(lows[0].partition("-")[0], "")
    if titled:
        return "P", sex if len(lows) > 1 else ""
    if is_org:
        return "O", "n"
    if lows[-1] in places:
        return "L", "n"
    if len(lows) > 1 and (sex or _has_age(tokens, i + len(lows))) and "of" not in lows:
        return "P", sex
    if len(lows) == 1:
        word = tokens[i].text
        if word.isupper() and 1 < len(word) < 6:
            return "O", "n"
        return "N", sex
    return ("O", "n") if "of" in lows or any(low in orgs for low in lows) else ("N", "")


def _has_age(tokens: Sequence[Token], after: int) -> bool:
    """Tell whether an age between commas follows a name: "Rasmus Ekholm, 58,"."""
    return (
        after + 1 < len(tokens)
        and tokens[after].text == ","
        and tokens[after + 1].text.isdigit()
        and 1 < len(tokens[after + 1].text) < 4  # noqa: PLR2004 nobody is older
    )


def _mention(text: str, tokens: Sequence[Token], i: int, j: int, kind: str, sex: str) -> Mention:
    """Build a mention from its tokens."""
    start, end = tokens[i].start, tokens[j - 1].end
    return Mention(i, j, start, end, text[start:end], kind, sex, tokens[i].sentence, tokens[i].line, head=j - 1)


def find_pronouns(tokens: Sequence[Token]) -> list[Mention]:
    """Return the pronouns that can stand for a speaker."""
    found = []
    for index, token in enumerate(tokens):
        if token.kind != WORD:
            continue
        sex = _PRONOUNS.get(token.lower)
        if sex is None and token.lower[:2] in ("he", "sh", "th", "it"):
            base = token.lower.replace("’", "'").split("'")
            sex = _PRONOUNS.get(base[0]) if len(base) > 1 else None
        if sex is not None and not (token.lower == "it" and _is_empty(tokens, index)):
            found.append(
                Mention(
                    index,
                    index + 1,
                    token.start,
                    token.end,
                    token.text,
                    "R",
                    sex,
                    token.sentence,
                    token.line,
                    head=index,
                )
            )
    return found


def _is_empty(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether an "it" stands for nothing: "it is", "it's" at least half of the time."""
    return index + 1 < len(tokens) and tokens[index + 1].lower in ("is", "was", "'s", "would", "will")


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
        if token.lower not in heads or not _can_be_noun(tokens, classes, index):
            continue
        j = index + 1
        while j < len(tokens) and tokens[j].lower in heads and classes[j] not in "bp" and j not in taken:
            j += 1
        i = _left_edge(tokens, classes, index)
        covered = j - 1
        if j < len(tokens) and j in taken and tokens[j].line == token.line:
            continue  # "spokesman Josh Earnest": the name speaks
        found.append(_nominal(text, tokens, classes, i, j, words))
    return found


def _can_be_noun(tokens: Sequence[Token], classes: Sequence[str], index: int) -> bool:
    """Tell whether a word that is also a verb (report, state, post) is a noun here."""
    if classes[index] not in "CR":
        return True
    before = classes[index - 1] if index else "|"
    return before in "dmsunx" and classes[index - 1] not in "P"


def _left_edge(tokens: Sequence[Token], classes: Sequence[str], head: int) -> int:
    """Return where the noun phrase with this head begins."""
    i = head
    limit = max(0, head - 8)
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


def _nominal(text: str, tokens: Sequence[Token], classes: Sequence[str], i: int, j: int, words: Lexicon) -> Mention:
    """Build a noun phrase, grown over what belongs to it ("of the campaign", "close to him", "familiar with …")."""
    head = j - 1
    low = tokens[head].lower
    sex = "f" if low in words["female"] else "m" if low in words["male"] else ""
    if not sex:
        sex = "p" if low.endswith("s") and low not in words["orgs"] else "u" if low in words["person_heads"] else "n"
    end = _grown(tokens, classes, j, i)
    mention = _mention(text, tokens, i, end, "D", sex)
    mention.head = head
    return mention


def _grown(tokens: Sequence[Token], classes: Sequence[str], j: int, i: int) -> int:
    """Return the end of a noun phrase with its prepositional parts."""
    end, count = j, len(tokens)
    while end < count and end - i < _LONGEST_NOMINAL:
        if classes[end] == "p" and tokens[end].lower in ("of", "for", "with", "in", "from", "at"):
            if tokens[end].lower in ("in", "at", "from", "with") and end > j:
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
            if i < j and j not in ends and i not in starts and (j - 1) not in inside:
                found.append(_mention(text, tokens, i, j, "D", "u"))
                ends.add(j)
                starts.add(i)
    return found


_PHRASE = "dmxunsa"


def _before_cue(classes: Sequence[str], q: int) -> tuple[int, int]:
    """Return the phrase of `Q, the baker said`."""
    i = q + 1
    if i < len(classes) and classes[i] == ",":
        i += 1
    j = i
    while j < len(classes) and j - i < 10 and (classes[j] in "dmxuns" or (classes[j] == "p" and j > i)):
        j += 1
    return (i, j) if j < len(classes) and classes[j] in "C" and j > i else (0, 0)


def _after_cue(classes: Sequence[str], q: int) -> tuple[int, int]:
    """Return the phrase of `Q, said the baker`."""
    i = q + 1
    if i < len(classes) and classes[i] == ",":
        i += 1
    if i >= len(classes) or classes[i] != "C":
        return (0, 0)
    i += 1
    j = i
    while j < len(classes) and j - i < 8 and classes[j] in "dmxuns":
        j += 1
    return (i, j)


def _subject_before(classes: Sequence[str], q: int) -> tuple[int, int]:
    """Return the phrase of `the baker said: Q`."""
    c = q - 1
    while c >= 0 and q - c < 8 and classes[c] not in "CR.|Q":
        c -= 1
    if c <= 0 or classes[c] not in "CR":
        return (0, 0)
    j = c
    while j > 0 and classes[j - 1] in "ab":
        j -= 1
    i = j
    while i > 0 and j - i < 8 and classes[i - 1] in "xuns":
        i -= 1
    if i > 0 and classes[i - 1] in "dm":
        i -= 1
    return (i, j)
