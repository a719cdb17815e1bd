"""Words as the grounding gate compares them: stems, numbers by value, countries and their people; knows no article.

The stemmer is deliberately small: it only has to bring "deported", "deporting" and "deports" together, and the
same rule is applied to both sides.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple


def _set(words: str) -> frozenset[str]:
    """Return the words of a line."""
    return frozenset(words.split())


FUNCTION_WORDS = _set(
    "a an the and or but nor of to in on at by for with from as into onto over under after before during since until "
    "about against between among through than then that this these those it its he him his she her hers they them "
    "their theirs we us our you your i me my who whom whose which what when where why how is are was were be been "
    "being am has have had having do does did doing will would can could may might shall should must not no if while "
    "because so also there here up down out off just very more most such other some any all both each only own same "
    "too s t"
)
NEGATIONS = _set(
    "not no never none nobody nothing neither nor without cannot denied denies deny failed "
    "nicht kein keine keinen keinem keiner nie niemals ohne weder jamais aucun aucune sans nunca ningún ninguna sin "
    "mai nessun nessuna senza não sem niet geen"
)
"""Words that deny: English, and those of German, French, Spanish, Italian, Portuguese and Dutch no English text has."""
HEDGES = _set(
    "would could may might if whether should alleged allegedly reportedly possibly perhaps potentially likely unlikely "
    "suspected claimed claims unless considering proposed "
    "könnte könnten würde würden dürfte möglicherweise angeblich mutmaßlich vielleicht falls pourrait pourraient "
    "serait aurait podría podrían sería habría quizás potrebbe potrebbero sarebbe forse poderia seria talvez zou zouden"
)
SOFT_HEDGES = HEDGES | _set(
    "can believes believe believed thinks think thought expects expect expected hopes hope hoping wants want wanted "
    "plans plan planned planning set says asked asks questioned questions accused charged suspect suspects vowed "
    "needs calls called demands offers offered"
)
"""Words that keep a summary's sentence from stating as a fact what its source only raises."""
MONTHS = _set("january february march april may june july august september october november december")
DAYS = _set("monday tuesday wednesday thursday friday saturday sunday")
SAYING = _set(
    "said says say saying told tells added adds wrote writes announced claimed claims insisted insists stated states "
    "tweeted declared warned explained argued admitted"
)

_TOKEN = re.compile(
    r"(?:[^\W\d_]\.){2,}|[^\W\d_]\d+s?\b|[£$€#]?\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’](?:s|t|re|ve|ll|d|m)\b)?"
)
_SUFFIXES = ("ingly", "edly", "ing", "ied", "ies", "ed", "es", "ly", "s", "e")

_UNITS = {
    "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5,
    "six": 6, "seven": 7, "eight": 8, "nine": 9, "dozen": 12,
}  # fmt: skip
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
    "tenth": 10, "eleventh": 11, "twelfth": 12, "once": 1, "twice": 2,
}  # fmt: skip
_SCALES = {
    "hundred": 1e2, "thousand": 1e3, "k": 1e3, "million": 1e6, "m": 1e6, "mn": 1e6, "billion": 1e9, "bn": 1e9,
    "b": 1e9, "trillion": 1e12, "tn": 1e12,
}  # fmt: skip

_SAME_PLACE = (
    "us usa america american americans", "uk britain british briton britons", "eu european europe europeans",
    "un nations", "france french", "germany german germans", "spain spanish spaniard", "italy italian italians",
    "russia russian russians", "china chinese", "japan japanese", "india indian indians", "israel israeli israelis",
    "iran iranian iranians", "iraq iraqi iraqis", "syria syrian syrians", "turkey turkish turk turks",
    "ukraine ukrainian ukrainians", "poland polish", "sweden swedish swede", "norway norwegian", "denmark danish",
    "finland finnish", "netherlands dutch holland", "belgium belgian", "switzerland swiss", "austria austrian",
    "greece greek greeks", "ireland irish", "scotland scottish scots", "wales welsh", "england english",
    "canada canadian canadians", "mexico mexican mexicans", "brazil brazilian brazilians",
    "argentina argentine argentinian",
    "chile chilean", "colombia colombian", "venezuela venezuelan", "cuba cuban", "salvador salvadoran",
    "australia australian australians", "zealand zealander", "egypt egyptian egyptians", "libya libyan",
    "nigeria nigerian nigerians", "kenya kenyan", "somalia somali", "africa african africans", "asia asian asians",
    "pakistan pakistani pakistanis", "afghanistan afghan afghans", "korea korean koreans", "vietnam vietnamese",
    "thailand thai", "indonesia indonesian", "philippines philippine filipino", "saudi arabia", "yemen yemeni",
    "lebanon lebanese", "jordan jordanian", "palestine palestinian palestinians", "hungary hungarian",
    "romania romanian", "serbia serbian serb", "croatia croatian", "czech", "portugal portuguese", "nepal nepalese",
    "islam islamic muslim muslims", "jew jewish jews", "christian christians christianity", "catholic catholics",
)  # fmt: skip
PLACES = {word: group.split()[0] for group in _SAME_PLACE for word in group.split()}
"""Names of countries and their peoples, each to one name for all: "American" stands where the source has "U.S."."""


class Word(NamedTuple):
    """A word as it stands (``raw``) and its offsets, with the forms it is compared by.

    ``lower`` is the word in lower case, its possessive taken off; ``content`` says whether it carries meaning of
    its own, ``capital`` whether it begins with a capital, ``number`` whether it is written in digits.
    """

    raw: str
    start: int
    end: int
    lower: str
    stem: str
    content: bool
    capital: bool
    number: bool


def words_of(text: str, offset: int = 0) -> list[Word]:
    """Return the words of a text; offsets count from ``offset``."""
    return [Word(m.group(), offset + m.start(), offset + m.end(), *_forms(m.group())) for m in _TOKEN.finditer(text)]


@lru_cache(maxsize=1 << 15)
def _forms(raw: str) -> tuple[str, str, bool, bool, bool]:
    """Return a word's forms, in the order of Word's fields."""
    lower = _bare(raw)
    return lower, stem(raw), lower not in FUNCTION_WORDS, raw[0].isupper(), raw[0].isdecimal() or raw[0] in "£$€#"


_IRREGULAR = {
    "said": "say", "told": "tell", "made": "make", "went": "go", "gone": "go", "took": "take", "taken": "take",
    "gave": "give", "given": "give", "won": "win", "lost": "lose", "found": "find", "held": "hold", "met": "meet",
    "left": "leave", "led": "lead", "wrote": "write", "written": "write", "began": "begin", "begun": "begin",
    "fell": "fall", "fallen": "fall", "sent": "send", "brought": "bring", "bought": "buy", "died": "die",
    "dead": "die", "death": "die", "men": "man", "women": "woman", "children": "child", "people": "person",
}  # fmt: skip


def stem(word: str) -> str:
    """Return the form under which a word is compared."""
    if word in {"US", "U.S.", "USA", "U.S.A."}:
        return "usa"
    lower = _bare(word)
    lower = _IRREGULAR.get(lower, lower)
    for suffix in _SUFFIXES:
        if lower.endswith(suffix) and len(lower) - len(suffix) >= 3:  # noqa: PLR2004  # leave a word to compare
            lower = lower[: -len(suffix)]
            break
    if len(lower) > 3 and lower[-1] == lower[-2]:  # noqa: PLR2004
        lower = lower[:-1]
    return lower[:-1] + "i" if lower.endswith("y") else lower


def _bare(word: str) -> str:
    """Return a word in lower case, without possessive and without the stops of an abbreviation."""
    lower = word.lower().replace("’", "'").removesuffix("'s").rstrip("'")
    return lower.replace(".", "") if re.fullmatch(r"(?:[^\W\d_]\.)+", lower) else lower


# ── numbers ──────────────────────────────────────────────────────────────────


def numbers(words: Sequence[Word]) -> list[tuple[float, Word]]:
    """Return the numbers written in a text, by value, each with the word it starts at.

    "1.5m", "1,500,000" and "one and a half million" need not be the same; "1.5 million" and "1.5m" are.
    """
    found: list[tuple[float, Word]] = []
    i = 0
    while i < len(words):
        value, used = _number_at(words, i)
        if value is None:
            i += 1
            continue
        found.append((value, words[i]))
        i += used
    return found


def _number_at(words: Sequence[Word], i: int) -> tuple[float | None, int]:
    """Return the number that starts at word ``i`` and how many words it takes, or (None, 0)."""
    word = words[i]
    if word.number:
        value, used = _digits(word.raw), 1
    elif word.lower in _ORDINALS:
        return float(_ORDINALS[word.lower]), 1
    elif word.lower in _TENS:
        value, used = float(_TENS[word.lower]), 1
        if i + 1 < len(words) and words[i + 1].lower in _UNITS and words[i + 1].start - word.end == 1:
            value, used = value + _UNITS[words[i + 1].lower], 2
    elif word.lower in _UNITS:
        value, used = float(_UNITS[word.lower]), 1
    else:
        return None, 0
    if value is None:
        return None, 0
    while i + used < len(words) and words[i + used].lower in _SCALES:
        following = words[i + used]
        if following.start - words[i + used - 1].end > 1:
            break
        value, used = value * _SCALES[following.lower], used + 1
    return value, used


def _digits(raw: str) -> float | None:
    """Return the value of digits with separators; a time or score ("10:30") keeps its parts apart by 1/1000."""
    text = raw.lstrip("£$€#")
    if ":" in text:
        hours, minutes = text.split(":")[:2]
        return float(hours.replace(",", "").replace(".", "") or 0) + float(re.sub(r"\D", "", minutes) or 0) / 1000
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?", text):
        return float(text.replace(",", ""))
    text = text.replace(",", ".")
    if text.count(".") > 1:
        text = text.replace(".", "")
    return float(text)


def values(words: Iterable[Word]) -> frozenset[float]:
    """Return the values of the numbers in a text, each digit group by itself as well as with its scale."""
    listed = list(words)
    plain = {float(v) for word in listed if word.number and (v := _digits(word.raw)) is not None}
    return frozenset(plain | {value for value, _ in numbers(listed)})
