"""Says who a speaker is in the article's own words: a title, an apposition, "for Oldane"; writes nothing itself.

What a reader sees behind a name is a slice of the article that stands right beside that name, cut where the phrase
ends. Where nothing plain stands there, nothing is said.
"""

import re

from digestbot.editorial.quotes.cast import Member
from digestbot.editorial.quotes.lexicon import Lexicon, is_trade
from digestbot.editorial.quotes.mentions import Mention

_REACH = 160
"""Characters beside a name in which its description must end."""
_MOST = 80
"""Characters of a description; a longer one is a story of its own."""
_MENTIONS = 6
"""Mentions of a person that are looked at: who somebody is is told early."""
_AGE = r"(?:\s\d{1,3},)?"
_WORDS = r"[^,.;:()\[\]“”\"«»„\n]"
_BEHIND = re.compile(rf",{_AGE}\s(?P<said>{_WORDS}{{4,140}}?)(?=[,.;:\n]|\s(?:who|that|which|whose|where)\b|$)")
_PHRASE = re.compile(rf"{_WORDS}{{4,140}}(?=,\s$)")
_OPENS = re.compile(r"\b(?:[Tt]he|[Aa]n?|[Oo]ne)\s|(?<![\w’'&-])[A-Z][\w-]*(?:\s(?:&\s)?[A-Z][\w-]*)*[’']s?\s")
_PROPER = r"[A-Z][\w’'&-]*(?:\s(?:(?:of|for|the|and|&)\s)*[A-Z][\w’'&-]*)*"
_HOUSE = rf"(?:the\s)?(?:[a-z]+\s)?{_PROPER}"
_FOR = re.compile(rf",\s(?P<said>(?:of|for|from|with)\s{_HOUSE})[,.]|\s(?P<of>of\s{_HOUSE})(?=[,.\s])")
_WHO = re.compile(rf",{_AGE}\s(?P<said>(?:who|whose)\s{_WORDS}{{5,60}}),")
_BARE = 4
"""Words before "of" of a role without an article: "chief executive of …"."""
_FIRM = frozenset(("of", "for", "at", "in", "from", "to", "with", "on", "and"))
"""Words at which the head of a noun phrase has been said."""
_LEANING = frozenset(("his", "her", "their", "its", "our", "my", "your"))
"""Openers that mean somebody named before: beside the name alone they mean nobody."""
_RANKS = frozenset(("former", "senior", "chief", "head", "deputy", "lead", "retired", "assistant", "acting", "local"))


def describe(text: str, member: Member, words: Lexicon) -> str:
    """Return who a person of the cast is, as a slice of ``text``, or the empty string where nothing plain says it.

    A title before the name comes first ("Mayor"), then an apposition ("the chair of the growers' cooperative"), a
    role before the name ("midfielder"), for whom somebody speaks ("for Oldane"), and a clause ("who chairs the
    Fishers' Association").
    """
    titles = (text[m.role[0] : m.role[1]] for m in member.mentions if m.role)
    title = next((said for said in titles if said.lower().rstrip(".") not in words["honorifics"]), "")
    if title and title.split()[0].lower() not in ("the", *_LEANING):
        return title
    near = member.mentions[:_MENTIONS]
    for look in (_apposition, _forerunner, _rank, _client, _clause):
        if said := next((said for mention in near if (said := look(text, mention, words))), ""):
            return said
    return ""


def _apposition(text: str, mention: Mention, words: Lexicon) -> str:
    """Return the role of "Marguerite Osei, the chair of the growers' cooperative that …"."""
    found = _BEHIND.match(text, mention.end, mention.end + _REACH)
    return found["said"] if found and _is_role(found["said"], words) else ""


def _forerunner(text: str, mention: Mention, words: Lexicon) -> str:
    """Return the role of "The cooperative's chair, Marguerite Osei, said …"."""
    if text[mention.end : mention.end + 1] not in ",.":
        return ""
    window = text[max(text.rfind("\n", 0, mention.start) + 1, mention.start - _REACH) : mention.start]
    phrase = _PHRASE.search(window)
    if phrase is None:
        return ""
    starts = (found.start() for found in _OPENS.finditer(phrase.group()))
    return next((said for start in starts if _is_role(said := phrase.group()[start:], words)), "")


def _rank(text: str, mention: Mention, words: Lexicon) -> str:
    """Return the role of "midfielder Tomasz Wieliczko", "Head coach Ana Lúcia Ferreira"."""
    window = text[max(text.rfind("\n", 0, mention.start) + 1, mention.start - _MOST) : mention.start]
    parts = re.findall(r"[\w’'-]+\s$|[\w’'-]+\s(?=(?:[\w’'-]+\s)*$)", window)
    taken: list[str] = []
    for part in reversed(parts):
        word = part.strip().lower()
        if not (_is_noun(word, words) or (taken and word in _RANKS)):
            break
        taken.insert(0, part)
    said = "".join(taken).strip()
    return said if said and said.split()[-1].lower() not in words["kin"] else ""


def _client(text: str, mention: Mention, _words: Lexicon) -> str:
    """Return for whom somebody speaks: "Alan Whitcombe, for Oldane, said …", "Leila Haddad of Northfield said …"."""
    found = _FOR.match(text, mention.end, mention.end + _REACH)
    return (found["said"] or found["of"]) if found else ""


def _clause(text: str, mention: Mention, words: Lexicon) -> str:
    """Return what a relative clause says of somebody; one that tells of speaking says nothing of who it is."""
    found = _WHO.match(text, mention.end, mention.end + _REACH)
    if not found or any(word in words.cues for word in found["said"].lower().split()):
        return ""
    return found["said"]


def _is_role(phrase: str, words: Lexicon) -> bool:
    """Tell whether a phrase says by itself what somebody is: its head is a noun for people, and nobody speaks in it."""
    parts = [part.strip("'") for part in phrase.lower().replace("’", "'").split()]
    core = parts[: next((n for n, part in enumerate(parts) if part in _FIRM), len(parts))]
    if not core or len(phrase) > _MOST or core[0] in _LEANING:
        return False
    opener = core[0]
    whole = opener in ("a", "an", "one") or opener.endswith(("'s", "s'"))
    whole = whole or (opener == "the" and core[-1] not in words["kin"])
    bare = opener != "the" and len(core) <= _BARE and len(core) < len(parts)
    spoken = any(part in words.cues for part in parts if part != core[-1])
    return (whole or bare) and not spoken and _is_noun(core[-1], words)


def _is_noun(word: str, words: Lexicon) -> bool:
    """Tell whether a word says what a person is or does."""
    if word in words["honorifics"] or word in words["documents"] or word in words["orgs"]:
        return False
    return word in words["titles"] or is_trade(word, words)
