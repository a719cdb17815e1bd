"""Finds the capitalised names of the narrative that could be a speaker; ranks none of them."""

from collections.abc import Sequence

from digestbot.editorial.quotes.lexicon import Lexicon, given_names, given_sex, is_trade
from digestbot.editorial.quotes.mentions import CONNECTORS, PRONOUNS, Mention, make_mention
from digestbot.editorial.quotes.tokens import QUOTE, WORD, Token, is_capitalised

_LEADING = CONNECTORS - {"der", "den", "la", "ben", "le", "te", "zu", "af", "e", "y"}
"""Particles with which a surname can begin; the others only follow these."""
_MOST_PARTICLES = 3
_DRAWN_IN = frozenset(("s", "d", "re", "ve", "ll", "m", "t"))
_LONGEST_NAME = 12
_LONGEST_NICKNAME = 16
"""Characters of a nickname with its marks."""
_ARTICLE = 2
"""Letters of an Arabic article before a name's hyphen."""
_LONGEST_ACRONYM = 5
_FULL = 2
"""Words of a full name."""
_SETTINGS = frozenset(("old", "based", "born", "winner", "winning", "nominated", "trained", "staff"))
"""What ends a word in front of a name that tells about its bearer: "Texas-based Matt Lee"."""
_WEEKDAYS = frozenset(("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
_NEVER_GIVEN = frozenset(("the", "a", "an", "this", "that", "his", "her", "its", "their", "our", "my", "and", "no"))
_BEFORE_SURNAMES = frozenset(
    ("unlike", "besides", "absent", "top", "longtime", "whereas", "half", "team", "candidate", "only", "even")
)
"""What a sentence can begin with before a surname."""
TOLD_OF = frozenset(("is", "was", "has", "had"))
_CONTRACTED = ("it’", "it'", "i’", "i'", "that’")


def find_names(text: str, tokens: Sequence[Token], words: Lexicon) -> list[Mention]:
    """Return the capitalised names of the narrative in order."""
    found: list[Mention] = []
    position, count = 0, len(tokens)
    lowered = {token.text for token in tokens if token.kind == WORD and token.text[0].islower()}
    while position < count:
        token = tokens[position]
        if is_capitalised(token) and not _is_function(token.lower, words):
            end = _run(tokens, position, words["bodies"])
            mention = _name(text, tokens, position, end, words)
            if mention is not None and not _is_plain_start(tokens, mention, lowered, words):
                found.append(_with_particles(text, tokens, mention))
                position = mention.j
            else:
                position = end
        else:
            position += 1
    return found


def _is_function(low: str, words: Lexicon) -> bool:
    """Tell whether a word is a pronoun, or a common word with its verb drawn in: "She’d", "That’s"."""
    base, mark, rest = low.replace("’", "'").partition("'")
    return low in PRONOUNS or (bool(mark) and rest in _DRAWN_IN and (base in PRONOUNS or base in words["common"]))


def _is_plain_start(tokens: Sequence[Token], mention: Mention, lowered: set[str], words: Lexicon) -> bool:
    """Tell whether a "name" is only the capital at a sentence's start ("Audiences", "Specifically")."""
    if mention.j - mention.i != 1 or mention.kind != "N":
        return False
    if mention.i and tokens[mention.i - 1].sentence == mention.sentence and tokens[mention.i - 1].kind == WORD:
        return False
    low = mention.text.lower()
    if low in lowered or low.rstrip("s") in lowered:
        return True
    return (low.endswith(("ly", "ing")) or low.rstrip("s") in words["heads"]) and not mention.sex


def _run(tokens: Sequence[Token], begin: int, bodies: frozenset[str]) -> int:
    """Return the end of the run of capitalised words that starts at ``begin``: "the Court of Appeal for Sport"."""
    end, count = begin + 1, len(tokens)
    while end < count and end - begin < _LONGEST_NAME:
        token = tokens[end]
        previous = tokens[end - 1]
        if is_capitalised(token) or (
            token.text == "." and _is_short(previous) and _capital_at(tokens, end + 1) and token.start == previous.end
        ):
            end += 1
        elif (
            (token.text == "&" and _capital_at(tokens, end + 1))
            or (token.lower == "of" and _capital_at(tokens, end + 1))
            or (
                token.lower == "for"
                and _capital_at(tokens, end + 1)
                and any(t.lower in bodies for t in tokens[begin:end])
            )
        ) or _is_nickname(tokens, end):
            end += 2
        elif past := _past_connectors(tokens, begin, end):
            end = past
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
        *(
            "rep",
            "reps",
            "sens",
            "det",
            "insp",
            "jr",
            "sr",
            "st",
            "hon",
            "atty",
            "supt",
            "pres",
            "fr",
            "mme",
            "cmdr",
            "assoc",
        ),
    )
)


def _capital_at(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether a capitalised word stands at ``index``."""
    return index < len(tokens) and is_capitalised(tokens[index])


def _is_nickname(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether a nickname between marks stands within a name: “William ‘Buck’ Tarrant”."""
    token, before = tokens[index], tokens[index - 1]
    short = token.kind == QUOTE and token.end - token.start <= _LONGEST_NICKNAME and token.start == before.end + 1
    return short and _capital_at(tokens, index + 1) and tokens[index + 1].start == token.end + 1


def _past_connectors(tokens: Sequence[Token], first: int, begin: int) -> int:
    """Return the index after the capitalised word that particles at ``begin`` lead to ("van der Hoeven"), else 0.

    Behind a whole name two particles tell where its bearer belongs: "Peter Wagner von der Wasserwacht".
    """
    end = begin
    while end < len(tokens) and end - begin < _MOST_PARTICLES and tokens[end].lower in CONNECTORS:
        end += 1
    named = sum(len(token.text) > 1 and token.lower not in _ABBREVIATED for token in tokens[first:begin])
    leads = end == begin + 1 or (end > begin and named < _FULL)
    return end + 1 if leads and _capital_at(tokens, end) else 0


def _with_particles(text: str, tokens: Sequence[Token], mention: Mention) -> Mention:
    """Take the particles in front of a surname that stands alone into the mention: "said van der Hoeven"."""
    first = mention.i
    if mention.kind not in "PN" or mention.role is not None or mention.j - first != 1:
        return mention
    while first > 0 and mention.i - first < _MOST_PARTICLES and tokens[first - 1].text in CONNECTORS:
        first -= 1
    if first == mention.i or tokens[first].lower not in _LEADING:
        return mention
    mention.i, mention.start = first, tokens[first].start
    mention.text = text[mention.start : mention.end]
    return mention


def _name(text: str, tokens: Sequence[Token], i: int, j: int, words: Lexicon) -> Mention | None:
    """Make a mention of a run of capitalised words, its titles and a sentence's first word taken off."""
    i, j = _stripped(tokens, i, j, words)
    if i >= j:
        return None
    lows = [token.lower for token in tokens[i:j]]
    orgs = words["orgs"]
    says = j < len(tokens) and words.cues.get(tokens[j].lower) == "C"
    lows = _without_home(lows, words, says=says)
    j = i + len(lows)
    role = _role_before(lows, words)
    if role and (lows[-1] not in orgs or len(lows) - role == _FULL):
        return _titled(text, tokens, (i, i + role, j), words)
    if lows[-1] in orgs or any(
        join in lows and any(low in bodies for low in lows[: lows.index(join)])
        for join, bodies in (("of", orgs), ("for", words["bodies"]))
    ):
        return make_mention(text, tokens, i, j, kind="O", sex="n")
    cut = _after_titles(lows[:-1] if _ends_in_surname(lows, words["titles"]) else lows, words["titles"])
    if cut == len(lows) or (cut and lows[cut] in ("of", "the")):
        return make_mention(
            text, tokens, i, j, kind="D", sex=_sex_of_title(lows, words) or ("u" if cut < len(lows) else "")
        )
    if cut:
        return _titled(text, tokens, (i, i + cut, j), words)
    kind, sex = _kind(tokens, i, lows, words)
    mention = make_mention(text, tokens, i, j, kind=kind, sex=sex)
    mention.whole = kind == "N" and len(lows) > 1 and _is_whole(tokens, mention, words)
    return mention


def _is_whole(tokens: Sequence[Token], mention: Mention, words: Lexicon) -> bool:
    """Tell whether two capitals are a full name, and not a surname with a word before it: "Absent Trump"."""
    low = tokens[mention.i].lower
    if (
        "-" in low
        or tokens[mention.j - 1].lower in words["things"]
        or any(low in words[name] for name in ("places", "heads", "orgs", "titles", "times", "roles"))
    ):
        return False
    before = tokens[mention.i - 1] if mention.i else None
    within = before is not None and before.sentence == mention.sentence and before.text.islower()
    after = tokens[mention.j] if mention.j < len(tokens) else None
    if within or after is None or low in _BEFORE_SURNAMES or low.endswith(("ing", "ed", "ly")):
        return within
    return after.text == "," or words.cues.get(after.lower) == "C" or after.lower in TOLD_OF


def _without_home(lows: list[str], words: Lexicon, *, says: bool) -> list[str]:
    """Take off where a person belongs: "Stephen Vladeck of the University of Texas", "Dr. Yuki Tanabe of the …"."""
    if "of" not in lows:
        return lows
    orgs, cut = words["orgs"], lows.index("of")
    titles = _after_titles(lows[:cut], words["titles"])
    name = lows[titles:cut]
    if len(name) < _FULL or any(low in orgs or low in words["heads"] for low in name):
        return lows
    known = says or titles > 0 or given_sex(name[0]) != "" or any(low in orgs for low in lows[cut:])
    return lows[:cut] if known else lows


def _role_before(lows: Sequence[str], words: Lexicon) -> int:
    """Return how many words of a run say what somebody is, before a full name: "Union Secretary-Treasurer Gary Lee"."""
    names = given_names()
    for k in range(1, len(lows) - 1):
        last = lows[k - 1].rstrip(".").rpartition("-")[2]
        is_role = last in words["titles"] or is_trade(last, words) or last in _SETTINGS
        known = lows[k] in names or (
            k == 1
            and len(lows) == 1 + _FULL
            and lows[k][0].isalpha()
            and lows[-1] not in words["heads"] | words["orgs"]
        )
        if is_role and known and lows[k] not in words["titles"] and lows[k] not in words["common"]:
            return k
    return 0


def _stripped(tokens: Sequence[Token], i: int, j: int, words: Lexicon) -> tuple[int, int]:
    """Take common words off a run's beginning, weekdays and stops off its end; an empty run is no name."""
    while i < j and (tokens[i].lower.replace("’", "'") in words["common"] or tokens[i].lower.startswith(_CONTRACTED)):
        if j - i == _FULL and is_within(tokens, i) and _is_no_word(tokens, i, words):
            break  # "said Will Lee": no sentence begins here
        if tokens[i].text == "New" and i + 1 < j and tokens[i + 1].lower in words["places"]:
            break  # "New York"
        i += 1
    while j - i > 1 and tokens[i].lower in _WEEKDAYS:
        i += 1  # "on Monday Rasmus Ekholm poured"
    while j > i and (tokens[j - 1].lower in words["times"] or tokens[j - 1].text == "."):
        j -= 1
    return (i, i) if i < j and tokens[i].lower in words["times"] else (i, j)


def is_within(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether no sentence begins at a token."""
    return i > 0 and tokens[i - 1].sentence == tokens[i].sentence


def _is_no_word(tokens: Sequence[Token], i: int, words: Lexicon) -> bool:
    """Tell whether a common word with a capital is a given name, by a list or by where it stands: ", Per Ahlgren,"."""
    if tokens[i].lower in given_names():
        return True
    plain = tokens[i - 1].text == "," or words.cues.get(tokens[i - 1].text) == "C"
    return plain and tokens[i + 1].lower not in words["common"] and tokens[i].lower not in _NEVER_GIVEN


def _titled(text: str, tokens: Sequence[Token], bounds: tuple[int, int, int], words: Lexicon) -> Mention:
    """Make a mention of a name with a title before it; ``bounds`` are the title's, the name's and the run's end."""
    begin, i, j = bounds
    j = next((k for k in range(i + 1, j) if tokens[k].lower == "of"), j)  # "Sen. Brian Schatz of Hawaii"
    role = (tokens[begin].start, tokens[i - 1].end)
    while i < j - 1 and tokens[i].lower in words["common"]:
        i += 1
    told = _sex_of_title([token.lower for token in tokens[begin:i]], words)
    sex = given_sex(tokens[i].lower) if j - i > 1 else ""
    mention = make_mention(text, tokens, i, j, kind="P", sex=told or sex)
    mention.role = role
    mention.titled = bool(told)
    return mention


def _ends_in_surname(lows: Sequence[str], titles: frozenset[str]) -> bool:
    """Tell whether the title at a run's end is a surname, as a given name before it says: "Howard Dean"."""
    if len(lows) < 2 or lows[-1].rstrip(".") not in titles:  # noqa: PLR2004 a given name and a surname
        return False
    before = next((low for low in reversed(lows[:-1]) if len(low.rstrip(".")) > 1), "")
    return given_names().get(before, "u") != "u" and before not in titles


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


def _kind(tokens: Sequence[Token], i: int, lows: Sequence[str], words: Lexicon) -> tuple[str, str]:
    """Return kind and sex of a name that has no title."""
    orgs = words["orgs"]
    first, _, second = tokens[i].text.partition("-")
    joined = second[:1].isupper() and len(first) > _ARTICLE
    sex = given_sex(lows[0]) or (given_sex(first.lower()) if joined else "")
    if lows[-1] in words["places"]:
        return "L", "n"
    if len(lows) == 1:
        word = tokens[i].text
        return ("O", "n") if word.isupper() and 1 < len(word) <= _LONGEST_ACRONYM else ("N", sex)
    if _is_family_first(tokens, i, lows, words):
        return "P", ""
    if len(lows) > _FULL and lows[-1] in words["things"]:
        return "N", ""
    if (sex or _is_told_of(tokens, i + len(lows))) and "of" not in lows:
        return "P", sex
    return ("O", "n") if "of" in lows or any(low in orgs for low in lows) else ("N", "")


def _is_family_first(tokens: Sequence[Token], i: int, lows: Sequence[str], words: Lexicon) -> bool:
    """Tell whether a name has its surname first: "Zhang Wenhao", "Park Seo-yeon"."""
    if lows[0] not in words["family_first"] or len(lows) > _FULL or lows[-1] in words["orgs"]:
        return False
    _, hyphen, second = tokens[i + 1].text.partition("-")
    return (bool(hyphen) and second[:1].islower()) or not (lows[0] in given_names() or lows[1] in given_names())


def _is_told_of(tokens: Sequence[Token], after: int) -> bool:
    """Tell whether what only people have follows a name: an age, "Rasmus Ekholm, 58,", or "who"."""
    if after + 1 >= len(tokens) or tokens[after].text != ",":
        return False
    told = tokens[after + 1]
    return told.lower in ("who", "whose") or (told.text.isdigit() and 1 < len(told.text) < 4)  # noqa: PLR2004 years
