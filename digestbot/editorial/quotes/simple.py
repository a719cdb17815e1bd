"""Finds attributions of the kind "X said" by a cue table alone, for languages without a fitted ranker.

Two grades are told apart. A *plain* one has the verb (or "according to") right beside the quote and, past nothing but
the words of a role, the name as its subject: « …, a déclaré la ministre Anne Morel ». Whatever else is found is
*loose*: the name nearest to the nearest verb. A pronoun as the subject is never guessed at. How often each grade is
right was counted on sentences written for this (bench/languages.py); the confidence is Laplace's rule of succession.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from digestbot.domain.news import Speaker
from digestbot.editorial.quotes.attribution import Attributed
from digestbot.editorial.quotes.cast import Member, gather
from digestbot.editorial.quotes.lexicon import DATA, Lexicon, given_names, lexicon
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.names import find_names
from digestbot.editorial.quotes.spans import find_spans
from digestbot.editorial.quotes.surnames import find_surnames
from digestbot.editorial.quotes.tokens import QUOTE, WORD, Token, narrative

LANGUAGES = frozenset(("de", "es", "fr"))
COUNTS = DATA / "languages.json"
"""By language and grade, how many attributions were right and how many there were (made by bench/languages.py)."""
_REACH = 12
_NEXT = 2
"""Tokens from a quote to a word that tells the speaker only right beside it: „…“, so Berger."""
_ROLE = 9
"""Words a role may have before its bearer's name."""
_FEWEST_WORDS = 3
_HARDLY = 0.5
_FULL = 2
"""Words of a full name."""


@dataclass(frozen=True, slots=True)
class _Read:
    """What stands beside one quote: the name, its cue's token, and whether the attribution is plain."""

    name: Mention
    cue: int
    plain: bool


@dataclass(frozen=True, slots=True)
class _Page:
    """An article's tokens with the names on them, by token."""

    tokens: Sequence[Token]
    covering: dict[int, Mention]
    words: Lexicon


def attribute_simply(text: str, language: str) -> tuple[int, list[Attributed]]:
    """Return how many quoted spans an article has, and those of speech with the names beside a verb of saying."""
    words = lexicon(language)
    spans = find_spans(text)
    tokens = narrative(text, spans)
    names = [
        _bare(text, tokens, name, language)
        for name in find_surnames(text, tokens, find_names(text, tokens, words), words)
    ]
    cast = gather([name for name in names if name.kind != "D"])
    page = _Page(tokens, {k: n for n in names if n.entity >= 0 for k in range(n.i, n.j)}, words)
    found: list[Attributed] = []
    for place, token in enumerate(tokens):
        if token.kind != QUOTE:
            continue
        span = spans[token.quote]
        read = _read(page, place)
        if read is None:
            if len(text[span.start : span.end].split()) >= _FEWEST_WORDS:
                found.append(Attributed(span, place, None, 0.0, None))
            continue
        member = cast[read.name.entity]
        plain = read.plain and _is_person(member, language)
        sure = sureness(language, plain=plain)
        found.append(Attributed(span, place, _speaker(page, read, member), sure, read.name, plain))
    return len(spans), found


def sureness(language: str, *, plain: bool) -> float:
    """Return the probability that an attribution of a grade is right: (right + 1) / (all + 2)."""
    right, count = _counts().get(language, {}).get("plain" if plain else "loose", (0, 0))
    return (right + 1) / (count + 2) if count else _HARDLY


@cache
def _counts() -> dict[str, dict[str, tuple[int, int]]]:
    """Return the counts by language and grade; none where they have not been made."""
    if not COUNTS.exists():
        return {}
    loaded: dict[str, dict[str, tuple[int, int]]] = json.loads(COUNTS.read_text(encoding="utf-8"))
    return loaded


def _speaker(page: _Page, read: _Read, member: Member) -> Speaker:
    """Return the speaker under the full form of the name."""
    cue = page.tokens[read.cue]
    beside = (read.name.start, read.name.end)
    return Speaker(member.name, member.start, member.end, mention=beside, cue=(cue.start, cue.end))


def _is_person(member: Member, language: str) -> bool:
    """Tell whether a name is surely a full one of a person: it begins with a given name."""
    return member.words >= _FULL and _is_given(member.first, language)


def _is_given(low: str, language: str) -> bool:
    """Tell whether a word is a given name in a language, or one common in English."""
    return low in lexicon(language)["names"] or low in given_names() or low.partition("-")[0] in given_names()


def _bare(text: str, tokens: Sequence[Token], name: Mention, language: str) -> Mention:
    """Return a German name without the nouns around it: "Parteichefin Jana Kühn", "Jana Kühn der Zeitung"."""
    if language != "de" or name.kind == "D":
        return name
    j = next((k for k in range(name.i + 1, name.j) if _is_genitive(tokens, k)), name.j)
    i = next((k for k in range(name.i, j - 1) if _is_given(tokens[k].lower, language)), name.i)
    start, end = tokens[i].start, tokens[j - 1].end
    return replace(name, i=i, j=j, start=start, end=end, text=text[start:end], head=j - 1)


def _is_genitive(tokens: Sequence[Token], index: int) -> bool:
    """Tell whether a word in a name is an article and not part of it, as in "von der Leyen"."""
    return tokens[index].lower in ("der", "des") and tokens[index - 1].lower not in ("von", "van", "zu")


# ── reading what stands beside a quote ───────────────────────────────────────


def _read(page: _Page, place: int) -> _Read | None:
    """Return the attribution of the quote at ``place``: after it first, then before it."""
    for step in (1, -1):
        cue = _cue(page, place, step)
        if cue is None or (step > 0 and _goes_on(page, place)):
            continue
        if _has_pronoun(page, cue, place):
            return None
        name = _subject(page, cue, place, step)
        if name is not None:
            return _Read(name, cue, plain=True)
        loose = _nearest(page, cue, place, step)
        if loose is not None:
            return _Read(loose, cue, plain=False)
    return None


def _goes_on(page: _Page, place: int) -> bool:
    """Tell whether the sentence goes on past a quote as if it were one of its words: a title, a term."""
    after = page.tokens[place + 1] if place + 1 < len(page.tokens) else None
    if after is None or after.kind != WORD:
        return False
    low, words = after.lower, page.words
    return not (_says(words, low) or low in words["given"] or low in words["beside"] or low in words["helping"])


def _cue(page: _Page, place: int, step: int) -> int | None:
    """Return the verb of saying (or "according to") nearest to a quote on one side, within its sentence."""
    tokens, given = page.tokens, page.words["given"]
    index = place + step
    while 0 <= index < len(tokens) and abs(index - place) < _REACH:
        token = tokens[index]
        if token.kind == QUOTE or token.line != tokens[place].line or token.text in ".!?":
            return None
        if token.kind == WORD and (_says(page.words, token.lower) or token.lower in given):
            return index
        if token.lower in page.words["beside"] and abs(index - place) <= _NEXT:
            return index
        index += step
    return None


def _says(words: Lexicon, low: str) -> bool:
    """Tell whether a word is a verb of saying, with or without its pronoun: "explique", "explique-t-il"."""
    return low in words.cues or ("-" in low and low.partition("-")[0] in words.cues)


def _has_pronoun(page: _Page, cue: int, place: int) -> bool:
    """Tell whether a pronoun is the subject: "dit-elle", "a-t-il déclaré", "sagte er", "dijo ella"."""
    pronouns = page.words["pronouns"]
    near = page.tokens[max(0, cue - 2) : cue + 2]
    return any(
        token.lower in pronouns or token.lower.rpartition("-")[2] in pronouns
        for token in near
        if token.kind == WORD and token.sentence == page.tokens[place].sentence
    )


def _subject(page: _Page, cue: int, place: int, step: int) -> Mention | None:
    """Return the name that is plainly the subject of the cue, or the one after "according to"."""
    tokens, words = page.tokens, page.words
    given = tokens[cue].lower in words["given"] or tokens[cue].lower in words["beside"]
    if given or step > 0:
        if not given and not _is_beside(page, cue, place):
            return None
        after = _past_role(page, cue + 1)
        if after is not None or not tokens[cue].lower.startswith("zufolge"):
            return after
        return page.covering.get(cue - 1)
    return _before_cue(page, cue, place)


def _is_beside(page: _Page, cue: int, place: int) -> bool:
    """Tell whether nothing but marks, helping verbs and adverbs stands between a quote and its cue."""
    low, high = min(cue, place) + 1, max(cue, place)
    helping = page.words["helping"]
    return all(token.kind != WORD or token.lower in helping for token in page.tokens[low:high])


def _past_role(page: _Page, index: int) -> Mention | None:
    """Return the full name, or the known surname, that follows past the words of a role."""
    tokens, stops = page.tokens, page.words["stops"]
    last: Mention | None = None
    for k in range(index, min(index + _ROLE, len(tokens))):
        token = tokens[k]
        if token.kind == QUOTE or token.sentence != tokens[index].sentence or token.lower in stops:
            break
        name = page.covering.get(k)
        if name is not None:
            if " " in name.text or k == index:
                return name
            last = name
        elif (token.kind != WORD and (token.text != "," or last is not None)) or token.lower in page.words.cues:
            break
    return None


def _before_cue(page: _Page, cue: int, place: int) -> Mention | None:
    """Return the name right before a cue that leads to its quote: "Karl Moser sagte: „…“"."""
    tokens, words = page.tokens, page.words
    between = tokens[cue + 1 : place]
    if any(token.kind == WORD and token.lower not in words["helping"] for token in between):
        return None
    k = cue - 1
    while k >= 0 and tokens[k].lower in words["helping"]:
        k -= 1
    name = page.covering.get(k)
    if name is None or name.sentence != tokens[cue].sentence:
        return None
    first = name.i
    while first > 0 and tokens[first - 1].sentence == name.sentence and tokens[first - 1].text != ",":
        first -= 1
        if tokens[first].lower in words["stops"] or tokens[first].lower in words.cues:
            return None
    return name


def _nearest(page: _Page, cue: int, place: int, step: int) -> Mention | None:
    """Return the name nearest to a cue on the quote's side of it."""
    for distance in range(1, _REACH):
        for index in (cue + distance, cue - distance):
            name = page.covering.get(index)
            if name is not None and page.tokens[index].line == page.tokens[place].line and (index - place) * step > 0:
                return name
    return None
