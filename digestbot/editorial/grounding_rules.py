"""The rules of the grounding gate, one function a rule: a sentence and its sources in, what is wrong with it out.

Each rule answers a way in which small models are known to invent (Maynez et al. 2020; Pagnoni et al. 2021, FRANK).
They look at words alone: no model grades a model.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from digestbot.editorial.grounding_claim import Claim
from digestbot.editorial.grounding_people import anothers_words, wrong_sayer, wrong_subject
from digestbot.editorial.grounding_sources import Sources, plain
from digestbot.editorial.grounding_wiring import dropped_attribution, dropped_limit, misjoined, repeats, swapped
from digestbot.editorial.grounding_words import (
    DAYS,
    HEDGES,
    MONTHS,
    NEGATIONS,
    PLACES,
    SAYING,
    SOFT_HEDGES,
    Word,
    numbers,
    words_of,
)

PLACEHOLDER = "UNK"
"""What older models write for a word they do not know: a new word like any other, not a name.

So it costs a sentence what a new word costs, and the strict gate, behind which all engines stand, refuses it.
"""
MIN_RECALL = 0.5
"""The least share of a sentence's content words its two nearest source sentences must hold."""
MAX_RATE = 0.6
"""The most a sentence may jump, by content word (see grounding_sources); faithful abstracts stay under it."""
MAX_RATE_UNCASED = 0.22
"""The same for text without any capital letter: there names cannot be told from words, so it must lie closer."""
STRICT_RECALL = 0.7
STRICT_RATE = 0.3
"""The same two for what a model of our own wrote: refusing it costs nothing, the article's sentence stands in."""
_NEAR, _STRICT_NEAR = 5, 6
_RIGHT_BEFORE, _STRICT_RIGHT_BEFORE = 1, 2
_LEAST_QUOTED = 2
_MOSTLY = 0.5


# ── form ─────────────────────────────────────────────────────────────────────

_ENDS = re.compile(r"[.!?…。！？]['\"”’»)\]]*$|['\"”’»]$")
_BOILERPLATE = re.compile(
    r"\bclick here\b|\bread (?:more|full)\b|\bscroll down\b|\bfor confidential (?:help|support)|\bvisit www|"
    r"^(?:here(?:'s| is| are)|this is|the following is|below is) (?:a|an|the|my|your) .{0,30}summar|"
    r"^(?:sure|certainly|of course)[,!]|"
    r"^summary:|\bas an ai\b|\bthe (?:article|text|passage) (?:says|states|discusses|describes|is about)\b|"
    r"^by [A-Z]\w+ [A-Z]\w+\W*$|\bhttps?://|\bi (?:can|will|cannot|am unable to) (?:summari[sz]e|help|assist)|"
    r"\b(?:system prompt|previous instructions|these instructions)\b",
    re.IGNORECASE,
)


def unfinished(claim: Claim) -> Iterator[str]:
    """It stops in the middle."""
    if not _ENDS.search(claim.text.strip()):
        yield claim.text.strip()[-20:]


def boilerplate(claim: Claim) -> Iterator[str]:
    """It speaks of itself, of the page or of the task instead of the news."""
    if found := _BOILERPLATE.search(claim.text.strip()):
        yield found.group()


# ── names ────────────────────────────────────────────────────────────────────

_TITLES = (
    "mr mrs ms miss dr sir lord lady dame president prime minister secretary senator governor mayor judge police king "
    "queen prince princess pm mp"
)
_OPENERS = "the a an i in on at it he she they but and as for from when while after before"
_NOT_NAMES = frozenset(f"{_TITLES} {_OPENERS}".split())


def invented_name(claim: Claim) -> Iterator[str]:
    """A name is not in the sources, or its words do not stand there together."""
    for run in _name_runs(claim):
        absent = [word.raw for word in run if not claim.sources.stands(word) and not _initials(word, claim.sources)]
        if absent:
            yield " ".join(absent)
        elif not _stands_together(run, claim.sources):
            yield " ".join(word.raw for word in run)


def _name_runs(claim: Claim) -> Iterator[tuple[Word, ...]]:
    """Return the names of a sentence: runs of capitals, and of words the sources write with a capital only."""
    run: list[Word] = []
    for i, word in enumerate(claim.words):
        glued = bool(run) and _goes_on(run, word, claim.words[0])
        if _is_name(word, claim, first=i == 0):
            if run and not glued:
                yield tuple(run)
                run = []
            run.append(word)
        elif run:
            yield tuple(run)
            run = []
    if run:
        yield tuple(run)


def _goes_on(run: Sequence[Word], word: Word, first: Word) -> bool:
    """Tell whether a word next to a name belongs to it: same case, no possessive between ("Labour's Burnham")."""
    same_case = run[-1].capital == word.capital or run[-1] is first
    return same_case and word.start - run[-1].end == 1 and not run[-1].raw.endswith(("'s", "’s"))


def _is_name(word: Word, claim: Claim, *, first: bool) -> bool:
    """Tell whether a word is (part of) a name."""
    if word.number or not word.content or word.lower in _NOT_NAMES or (claim.uncased and word.raw == PLACEHOLDER):
        return False
    if not word.capital:
        return word.stem in claim.sources.names and word.lower not in MONTHS | DAYS
    # A sentence's first word has its capital from there: it is a name only where the sources say so,
    # or where they do not have it at all and a name follows.
    follows = first and len(claim.words) > 1 and claim.words[1].capital and claim.words[1].start - word.end == 1
    return not first or word.stem in claim.sources.names or (follows and word.stem not in claim.sources.places)


def _stands_together(run: Sequence[Word], sources: Sources) -> bool:
    """Tell whether a name's words follow each other in the sources; one word may be left out ("President Trump")."""
    pairs = pairwise(run)
    return all(sources.adjacent(a.stem, b.stem, gap=3) or PLACES.get(a.lower) or PLACES.get(b.lower) for a, b in pairs)


def _initials(word: Word, sources: Sources) -> bool:
    """Tell whether an abbreviation's letters begin words that follow each other in the sources ("EU")."""
    letters = word.lower
    if not word.raw.replace(".", "").isupper() or not 2 <= len(letters) <= 6:  # noqa: PLR2004
        return False
    heads = "".join(w.raw[0].lower() if w.capital else " " for w in sources.words)
    return letters in heads


# ── numbers and dates ────────────────────────────────────────────────────────


_ALSO_VERBS = frozenset({"may", "march"})
_MONTH_WORDS = "in on by until till since of from to next last this late early mid during before after through"
_BEFORE_MONTHS = frozenset(_MONTH_WORDS.split())


def invented_number(claim: Claim) -> Iterator[str]:
    """A number, month or day is not in the sources."""
    for value, word in numbers(claim.words):
        if word.lower == "one" or (
            word.lower in {"first", "second", "once"} and not claim.sources.places.get(word.stem)
        ):
            continue
        if value not in claim.sources.values:
            yield word.raw
    for word in claim.words:
        if (word.lower in DAYS | MONTHS - _ALSO_VERBS or _is_month(claim.words, word)) and not _dated(
            word, claim.sources
        ):
            yield word.raw


def _is_month(words: Sequence[Word], word: Word) -> bool:
    """Tell whether a "May" or "March" is the month: a capital after "in" and the like, or beside a number."""
    if word.lower not in _ALSO_VERBS or not word.capital:
        return False
    at = words.index(word)
    near = words[max(0, at - 1) : at + 2]
    return (at > 0 and words[at - 1].lower in _BEFORE_MONTHS) or any(one.number for one in near)


def _dated(word: Word, sources: Sources) -> bool:
    """Tell whether the sources name that month or day, in full or in short."""
    if word.lower in _ALSO_VERBS:
        return any(_is_month(s.words, w) for s in sources.sentences for w in s.words if w.lower == word.lower)
    return word.stem in sources.places or word.lower[:3] in sources.places or word.lower[:4] in sources.places


# ── quotations ───────────────────────────────────────────────────────────────

_QUOTED = re.compile(r"“([^”]+)”|\"([^\"]+)\"|«([^»]+)»|(?<!\w)[‘`]([^’'`]+(?:['’]\w[^’'`]*)*)[’'](?!\w)")


def altered_quotation(claim: Claim) -> Iterator[str]:
    """Words in quotation marks are not verbatim in the sources, or are given to somebody else."""
    for found in _QUOTED.finditer(claim.text):
        inside = next(group for group in found.groups() if group is not None)
        quoted = plain(inside)
        if len(quoted.split()) >= _LEAST_QUOTED and quoted not in claim.sources.plain:
            yield inside
        elif wrong := _wrong_speaker(quoted, claim):
            yield wrong


def wrong_speaker(claim: Claim) -> Iterator[str]:
    """Words of somebody's quotation, with or without the marks, are given to somebody else."""
    where = [claim.sources.words[place] for _, place in claim.laid.path]
    articles = {claim.sources.sentences[n].article_id for n in claim.nearest}
    for quote in claim.quotes:
        if quote.article_id in articles and quote.speaker:
            inside = sum(any(p.start <= w.start < p.end for p in quote.passages) for w in where)
            if inside >= _MOSTLY * len(where) and (wrong := _other_name(claim, {quote.speaker.name})):
                yield wrong


def _wrong_speaker(quoted: str, claim: Claim) -> str:
    """Return the name a quotation is given to when the quote engine knows that another said it, else ''."""
    speakers = {q.speaker.name for q in claim.quotes if q.speaker and quoted in plain(q.text)}
    return _other_name(claim, speakers) if speakers else ""


def _other_name(claim: Claim, speakers: set[str]) -> str:
    """Return the name beside the sentence's verb of saying when it is none of the speakers', else ''."""
    right = {word.stem for name in speakers for word in words_of(name)}
    for i, word in enumerate(claim.words):
        if word.lower in SAYING:
            around = [w for w in claim.words[max(0, i - 3) : i + 4] if w.stem in claim.sources.names]
            if around and not any(w.stem in right for w in around):
                return " ".join(w.raw for w in around)
    return ""


# ── negation and modality ────────────────────────────────────────────────────


def dropped_negation(claim: Claim) -> Iterator[str]:
    """The source's sentence denies, the summary's does not (or the other way round)."""
    ours = _has(claim.words, NEGATIONS)
    theirs = _near_path(claim, NEGATIONS)
    if theirs and not ours:
        yield theirs
    elif ours and not any(_has(claim.sources.sentences[n].words, NEGATIONS) for n in claim.nearest):
        yield ours


def dropped_hedge(claim: Claim) -> Iterator[str]:
    """The source's sentence says "would", "may" or "if", the summary's states it as a fact."""
    theirs = _near_path(claim, HEDGES)
    if theirs and not _has(claim.words, SOFT_HEDGES):
        yield theirs


def _has(words: Sequence[Word], kinds: frozenset[str]) -> str:
    """Return the first word of a kind, '' when there is none."""
    return next((w.raw for w, after in zip(words, (*words[1:], None), strict=False) if _is(w, after, kinds)), "")


def _is(word: Word, following: Word | None, kinds: frozenset[str]) -> bool:
    """Tell whether a word is of a kind; "didn't" counts as "not", "No" before a number does not count."""
    lower = word.raw.lower().replace("’", "'")
    if lower == "no" and following is not None and following.number:
        return False
    return word.lower in kinds or ("not" in kinds and lower.endswith("n't"))


def _near_path(claim: Claim, kinds: frozenset[str]) -> str:
    """Return a word of a kind that stands just before a word the sentence took from the source, else ''."""
    words, sentence_of = claim.sources.words, claim.sources.sentence_of
    places = [place for _, place in claim.laid.path]
    taken = set(places)
    near, right = (_STRICT_NEAR, _STRICT_RIGHT_BEFORE) if claim.strict else (_NEAR, _RIGHT_BEFORE)
    for before, place in pairwise(places):
        jumps = sentence_of[before] != sentence_of[place] or place <= before
        if jumps and not claim.strict:
            continue
        # Of a longer stretch left out, only what stands right before the word goes with it: "potentially sending".
        close = not jumps and place - before <= near
        for p in range(before + 1 if close else max(0, place - right), place):
            counts = close or claim.strict or words[p].lower.endswith("ly")
            if (
                counts
                and sentence_of[p] == sentence_of[place]
                and p not in taken
                and _is(words[p], words[p + 1], kinds)
            ):
                return words[p].raw
    return ""


# ── wiring ───────────────────────────────────────────────────────────────────


def cross_wired(claim: Claim) -> Iterator[str]:
    """Its words stand in the sources, but not together: it says of one thing what they say of another."""
    limit = MAX_RATE_UNCASED if claim.uncased else STRICT_RATE if claim.strict else MAX_RATE
    if claim.laid.rate > limit:
        yield f"{claim.laid.rate:.2f}"
    if claim.strict:
        yield from _strays(claim)


def _strays(claim: Claim) -> Iterator[str]:
    """Return the names put between words of another source sentence: they do or suffer what another does there."""
    sentence_of, path = claim.sources.sentence_of, claim.laid.path
    for (_, before), (number, place), (_, after) in zip(path, path[1:], path[2:], strict=False):
        home = sentence_of[place]
        if claim.words[number].stem in claim.sources.names and home not in {sentence_of[before], sentence_of[after]}:
            yield claim.words[number].raw


def unsupported(claim: Claim) -> Iterator[str]:
    """No two sentences of the sources hold enough of its words."""
    held = claim.sources.recall(claim.words, claim.nearest)
    if held < (STRICT_RECALL if claim.strict else MIN_RECALL):
        yield f"{held:.2f}"


def new_word(claim: Claim) -> Iterator[str]:
    """A word of meaning stands nowhere in the sources, saying aside: asked of our own models' sentences only."""
    if claim.strict:
        yield from (word.raw for word in claim.laid.new if word.lower not in SAYING)


Rule = Callable[[Claim], Iterator[str]]


def strictly(rule: Rule) -> Rule:
    """Return a rule that is asked of our own models' sentences only."""
    return lambda claim: rule(claim) if claim.strict else iter(())


def warily(rule: Rule) -> Rule:
    """Return a rule that is asked only of what a chat model wrote."""
    return lambda claim: rule(claim) if claim.wary else iter(())


RULES: tuple[tuple[str, Rule], ...] = (
    ("unfinished", unfinished),
    ("boilerplate", boilerplate),
    ("name", invented_name),
    ("number", invented_number),
    ("quotation", altered_quotation),
    ("speaker", wrong_speaker),
    ("negation", dropped_negation),
    ("hedge", dropped_hedge),
    ("wiring", cross_wired),
    ("unsupported", unsupported),
    ("new word", new_word),
    ("attribution", strictly(dropped_attribution)),
    ("limit", strictly(dropped_limit)),
    ("order", strictly(swapped)),
    ("subject", strictly(wrong_subject)),
    ("sayer", strictly(wrong_sayer)),
    ("sayer", strictly(anothers_words)),
    ("joint", warily(misjoined)),
    ("repetition", warily(repeats)),
)
"""Every rule under the reason it is counted by."""
FORM = frozenset({"unfinished", "boilerplate"})
"""Reasons that are about a sentence's form, not about its truth."""
