"""Gives each token of the narrative a coarse class, the nearest thing to grammar the ranker needs; resolves nothing.

Classes, one character each: ``C`` says, ``R`` reports, ``G`` saying, ``A`` according, ``b`` be/have/do/modal,
``p`` preposition, ``i`` to, ``t`` that, ``w`` who/which, ``c`` and/or/but, ``k`` because/while/when, ``d``
determiner, ``a`` adverb, ``P`` personal pronoun, ``o`` object pronoun, ``m`` possessive pronoun, ``s`` the possessive
mark, ``T`` a weekday or month, ``n`` number, ``v`` another word in -ed, ``u`` capitalised word, ``x`` other word,
``Q`` a folded quote, ``|`` a line's end, and ``, : ; - . ( )`` as they are.
"""

from collections.abc import Sequence

from digestbot.editorial.quotes.lexicon import Lexicon
from digestbot.editorial.quotes.tokens import BREAK, QUOTE, WORD, Token, is_capitalised

_WORDS = {
    "b": "is are was were be been being am has have had having do does did will would shall should can could "
    "may might must "
    "isn't wasn't aren't weren't won't wouldn't can't couldn't didn't doesn't don't hasn't haven't hadn't "
    "isn’t wasn’t aren’t weren’t won’t wouldn’t can’t couldn’t didn’t doesn’t don’t hasn’t haven’t hadn’t gets got",
    "p": "of in on at by for with from about into over after before during under against between through as among like "
    "without within toward towards upon via amid since despite near outside inside behind around across per",
    "i": "to",
    "t": "that",
    "w": "who which whom whose where",
    "c": "and or but nor yet plus",
    "k": "because while when although though if whether until unless once so than why how what",
    "d": "the a an this these those some one another each every any several many two three four five both all no",
    "P": "he she they i we it you",
    "o": "him them me us himself herself themselves itself",
    "m": "his her their its my our your",
    "a": "also then later once now still just even never always often only again too earlier recently soon ago not "
    "sometimes instead back here there further meanwhile perhaps simply first already yesterday today",
}
_FUNCTION = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_ARTICLES = frozenset(("the", "a", "an"))
_NEVER_NOUNS = frozenset(("said", "says", "told", "tells", "wrote", "writes", "added", "asked", "asks"))
_NOUNS_IN_LY = frozenset(
    (
        *("family", "ally", "rally", "reply", "supply", "assembly", "anomaly", "monopoly", "bully", "belly", "fly"),
        *("jelly", "lily", "homily", "panoply"),
    )
)
_IRREGULAR = frozenset(
    (
        *("came", "went", "took", "gave", "got", "met", "sat", "stood", "ran", "fell", "rose", "held"),
        *("kept", "broke", "brought", "bought", "built", "chose", "drew", "drove", "ate", "flew", "forgot"),
        *("grew", "hid", "laid", "led", "lay", "lost", "paid", "rode", "rang", "sank", "sent", "shook"),
        *("slept", "spent", "stole", "struck", "swam", "taught", "threw", "wore", "won", "woke", "became"),
        *("stuck", "sold", "swore", "tore", "beat", "blew", "caught", "dealt", "dug", "fed", "fled", "hung"),
        *("lent", "lit", "sought", "shone", "slid", "swept", "swung", "withdrew", "set", "cut", "shut"),
        *("quit", "spread"),
    )
)
"""Past forms that do not end in -ed, of verbs that say nothing."""
_GOING_ON = ("continu", "beg")
_PHRASE = 3
"""Words of a phrase before the noun that ends it, its article apart."""
_CONTRACTED = ("’s", "'s", "’re", "'re", "’d", "'d", "’ll", "'ll", "’ve", "'ve", "’m", "'m")
_PRONOUN_STARTS = ("he", "sh", "it", "th", "i’", "i'", "we")
_MARKS = {
    ",": ",",
    ":": ":",
    ";": ";",
    "-": "-",
    "–": "-",
    "—": "-",
    "―": "-",
    ".": ".",
    "!": ".",
    "?": ".",
    "…": "-",
    "...": "-",
    "(": "(",
    "[": "(",
    ")": ")",
    "]": ")",
    "'s": "s",
}


def classify(tokens: Sequence[Token], words: Lexicon) -> list[str]:
    """Return one class a token."""
    cues, times = words.cues, words["times"]
    classes = [_classify(token, cues, times) for token in tokens]
    for index in range(1, len(classes)):
        # "his offer", "the claim": a verb's form after a possessive or an article is a noun.
        is_after = classes[index - 1] == "m" or tokens[index - 1].lower in _ARTICLES
        if is_after and classes[index] in "CRGv" and tokens[index].lower not in _NEVER_NOUNS:
            classes[index] = "x"
        elif classes[index] == "C" and tokens[index].lower.startswith(_GOING_ON):
            if classes[index + 1 : index + 2] == ["i"]:
                classes[index] = "v"  # "Trump continued to hurt his cause"
        elif classes[index] in "CR" and _is_noun(tokens, classes, index, words):
            classes[index] = "x"
    return classes


def _is_noun(tokens: Sequence[Token], classes: Sequence[str], index: int, words: Lexicon) -> bool:
    """Tell whether what may be a verb is a noun: "amid claims", "speeches and promises", "his plain message"."""
    low, before = tokens[index].lower, tokens[index - 1].lower
    if low in _NEVER_NOUNS:
        return False
    if classes[index - 1] == "s":
        return low in words.bases or low.endswith("s")  # "the party's state committee"
    if low.endswith("s"):
        joined = classes[index - 1] == "c" and index > 1 and classes[index - 2] == "x"
        return classes[index - 1] == "p" or (joined and tokens[index - 2].lower.endswith("s"))
    first = index - 1
    while first > 0 and index - first <= _PHRASE and classes[first] in "xu":
        first -= 1
    phrase = first < index - 1 and classes[first] in "dms"
    return low in words.bases and phrase and not before.endswith("s")


def _classify(token: Token, cues: dict[str, str], times: frozenset[str]) -> str:
    """Return the class of one token."""
    if token.kind != WORD:
        return "Q" if token.kind == QUOTE else "|" if token.kind == BREAK else _MARKS.get(token.text, "-")
    lower = token.lower
    if token.text == "May":
        return "T"
    kind = _FUNCTION.get(lower) or ("A" if lower == "according" else None)
    if kind is None and is_capitalised(token):
        kind = "T" if lower in times else "u"
    return kind or cues.get(lower) or _by_shape(lower)


def _by_shape(lower: str) -> str:
    """Return the class of a word in lower case that no list knows."""
    if lower[0].isdigit():
        return "n"
    if lower.endswith("ly"):
        return "x" if lower in _NOUNS_IN_LY else "a"
    if lower.endswith("ed") or lower in _IRREGULAR:
        return "v"
    return "P" if lower.endswith(_CONTRACTED) and lower[:2] in _PRONOUN_STARTS else "x"
