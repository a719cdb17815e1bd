"""The narrative of an article as tokens, each quoted span folded into one; knows no names and no verbs."""

import re
from collections.abc import Sequence

from digestbot.editorial.quotes.signatures import past_label
from digestbot.editorial.quotes.spans import Marked

_TOKEN = re.compile(
    r"\n"
    r"|(?:[A-Z]\.){1,5}(?:[A-Z](?![\w]))?"
    r"|@?\w+(?:[-’'&.](?=\w)(?![’']?s\b(?![-’'&]\w))\w+|\u00ad\w+)*"
    r"|[’']s?\b(?!\w)"
    r"|\.\.\.|[^\w\s]"
)
ABBREVIATIONS = frozenset(
    (
        *(
            "mr",
            "mrs",
            "ms",
            "mx",
            "dr",
            "prof",
            "assoc",
            "rev",
            "hon",
            "gov",
            "lt",
            "sgt",
            "cpl",
            "pvt",
            "capt",
            "cmdr",
            "col",
        ),
        *(
            "gen",
            "maj",
            "adm",
            "sen",
            "sens",
            "rep",
            "reps",
            "pres",
            "supt",
            "det",
            "insp",
            "st",
            "jr",
            "sr",
            "vs",
            "no",
        ),
        *("jan", "feb", "mar", "apr", "aug", "sept", "sep", "oct", "nov", "dec", "inc", "ltd", "co", "corp", "messrs"),
        *(
            "mme",
            "hr",
            "fr",
            "mt",
            "ft",
            "dept",
            "asst",
            "ariz",
            "calif",
            "conn",
            "fla",
            "mass",
            "mich",
            "minn",
            "tenn",
        ),
        *("tex", "wash", "wis", "pa", "va", "ill", "colo", "okla", "ga", "ala", "ark", "del", "ind", "kan", "ky", "la"),
    )
)
_ENDS = ".?!…"
_ARTICLED = re.compile(r"(?:a[a-z]|el|ben|bin|ibn|d|l|de|da|di)[-’'][A-Z]")
WORD, MARK, QUOTE, BREAK = 0, 1, 2, 3


class Token:
    """A word, a punctuation mark, a folded quote or a line's end, with its place in the article.

    ``quote`` is the number of the span a QUOTE token stands for, else -1. ``sentence`` and ``line`` count from 0.
    """

    __slots__ = ("end", "kind", "line", "lower", "quote", "sentence", "start", "text")

    def __init__(self, text: str, start: int, end: int, kind: int, quote: int = -1) -> None:
        self.text = text
        self.lower = text.lower()
        self.start = start
        self.end = end
        self.kind = kind
        self.quote = quote
        self.sentence = 0
        self.line = 0


def is_capitalised(token: Token) -> bool:
    """Tell whether a word is written like a name: with a capital, or with one after an article, as al-Mansouri is."""
    return token.kind == WORD and (token.text[0].isupper() or _ARTICLED.match(token.text) is not None)


def narrative(text: str, spans: Sequence[Marked]) -> list[Token]:
    """Return the tokens of ``text`` outside ``spans``, one QUOTE token for each span, sentences numbered."""
    tokens: list[Token] = []
    position = 0
    for number, span in enumerate(spans):
        _tokenize(text, position, span.opened - 1, tokens)
        begin = span.opened - 1
        if span.signed is not None and span.labelled:
            begin = past_label(text, span.signed[1])
            _tokenize(text, span.opened, begin, tokens)
        tokens.append(Token(_shape(text, span), begin, span.closed + 1, QUOTE, number))
        position = min(span.closed + 1, len(text))
        if span.closed < len(text) and text[span.closed] in "\r\n":
            position = span.closed
    _tokenize(text, position, len(text), tokens)
    _number(tokens, text, spans)
    return tokens


def _tokenize(text: str, begin: int, end: int, tokens: list[Token]) -> None:
    """Append the tokens between two positions."""
    for match in _TOKEN.finditer(text, begin, end):
        word = match.group()
        first = word[0]
        kind = WORD if first.isalnum() or first == "@" else BREAK if first == "\n" else MARK
        if kind == MARK and word in ("’s", "'s", "’", "'"):
            word = "'s"
        tokens.append(Token(word, match.start(), match.end(), kind))


def _shape(text: str, span: Marked) -> str:
    """Return the last visible character of a quote: it says whether the sentence around it ends there."""
    return text[span.end - 1]


def _number(tokens: list[Token], text: str, spans: Sequence[Marked]) -> None:
    """Give every token its sentence and its line; blank lines count for nothing, for house styles differ in them."""
    sentence = line = 0
    for index, token in enumerate(tokens):
        token.sentence = sentence
        token.line = line
        if token.kind == BREAK:
            if index == 0 or tokens[index - 1].kind != BREAK:
                line += 1
                sentence += 1
        elif index + 1 < len(tokens) and _ends_sentence(tokens, index, text, spans):
            sentence += 1


def _ends_sentence(tokens: Sequence[Token], index: int, text: str, spans: Sequence[Marked]) -> bool:
    """Tell whether a sentence ends with this token, which is not the last."""
    token, after = tokens[index], tokens[index + 1]
    if after.kind == BREAK:
        return False  # the line's end ends it
    if token.kind == MARK:
        return token.text[-1] in _ENDS and _starts(after) and not _abbreviates(tokens, index)
    if token.kind == QUOTE:
        return token.text in ".?!…" and (after.kind == QUOTE or (after.text[:1].isupper() and token.text == "."))
    if token.text[-1] != ".":
        return False
    if after.kind == QUOTE:
        return text[spans[after.quote].start].isupper()
    return after.lower in SENTENCE_STARTERS and after.text[0].isupper()


SENTENCE_STARTERS = frozenset(
    ("the", "he", "she", "it", "they", "in", "but", "and", "on", "a", "at", "this", "we", "i")
)


def _starts(token: Token) -> bool:
    """Tell whether a sentence can start with this token."""
    return token.kind in (QUOTE, BREAK) or token.text[0].isupper() or token.text[0].isdigit() or token.text in "([—–-"


def _abbreviates(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether the stop at ``index`` belongs to an abbreviation."""
    if index == 0 or tokens[index].text != ".":
        return False
    word = tokens[index - 1]
    if word.end != tokens[index].start:
        return False
    return word.lower in ABBREVIATIONS and not (index + 1 < len(tokens) and tokens[index + 1].kind == BREAK)
