"""The strict gate's rules on how a sentence is put together: what small models wire wrongly with words that all stand.

A sentence laid over its sources falls into segments, each from one source sentence. Where two segments meet there
must be a joint (a comma, an "and", a "who"), and the second must be about what the sentence is about; within a
segment the words keep the source's order. Who said a thing, and "at least" before a number, may not be lost.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from digestbot.editorial.grounding_claim import Claim
from digestbot.editorial.grounding_words import DAYS, MONTHS, SAYING
from digestbot.editorial.summary_signs import leans, leans_on_topic

_JOINT = re.compile(
    r"[,;:—–(]|\b(?:and|but|while|as|after|before|when|because|who|which|that|where|although|though|since|until)\b"
)
_NEW_CLAUSE = re.compile(r"[;:]|\b(?:and|but|while|as|after|before|when|because|although|though|since|until)\b")
_SUBJECT = re.compile(r"\b(?:the|a|an|its|his|her|their|some|all|both|no|another)\s*$", re.IGNORECASE)
_TURNED = re.compile(r"[,;:—–()]|\b(?:by|and|or|with|of|from)\b")
_MARK = re.compile(r"[,;:—–()]| - ")
_SKIP = 10
"""Words left out in one place of which a sentence must show that they stood apart, between commas."""
_EDGE = 3
_LEAST = 2
"""Words of a source sentence that make a claim."""
_BACK = 4
"""Words a sentence may step back in its source: "Brandt, the minister" for "the minister Brandt"."""
_ANTECEDENTS = 3
_OPENING_MARKS = ("“", '"', "‘", "«", "„")
_MORE_SAYING = "according tells asked shared confirmed believes believed thinks argues argued puts estimates"
SAID = SAYING.union(_MORE_SAYING.split())
"""Words by which somebody is made to say or think something."""
_LIMITS = (
    "at least|more than|less than|fewer than|no more than|up to|as many as|almost|nearly|around|roughly|approximately|"
    "an estimated"
)
_WHOLE = frozenset({"all", "every", "always", "entire", "everybody", "everyone"})
_ONLY = frozenset({"only", "merely"})
_LIMITED = re.compile(rf"\b({_LIMITS})\s+$", re.IGNORECASE)
_ANY_LIMIT = re.compile(rf"\b(?:{_LIMITS}|over|about|some|under|minimum|maximum|most)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Segment:
    """Words of a claim from one sentence of its sources: their numbers in the claim, and their places there."""

    sentence: int
    words: tuple[int, ...]
    places: tuple[int, ...]


def segments(claim: Claim) -> list[Segment]:
    """Return a claim's words by the source sentence they stand in, in the claim's order; days and months are let be."""
    found: list[Segment] = []
    for number, place in claim.laid.path:
        if claim.words[number].lower in DAYS | MONTHS:
            continue
        sentence = claim.sources.sentence_of[place]
        if found and found[-1].sentence == sentence:
            last = found[-1]
            found[-1] = Segment(sentence, (*last.words, number), (*last.places, place))
        else:
            found.append(Segment(sentence, (number,), (place,)))
    return found


def misjoined(claim: Claim) -> Iterator[str]:
    """Words of two source sentences meet where no clause ends, or in another order than the source has them."""
    parts = segments(claim)
    for index, (before, after) in enumerate(pairwise(parts)):
        first, last = claim.words[after.words[0]], claim.words[before.words[-1]]
        gap = claim.text[last.end : first.start]
        joint = _JOINT.search(gap) is not None
        own = joint and _NEW_CLAUSE.search(gap) is not None and (_SUBJECT.search(gap) is not None or first.capital)
        subject = index == 0 and all(claim.words[n].stem in claim.sources.names for n in before.words)
        if not own and not ((joint or subject) and _is_about(claim, after.sentence, before)):
            yield f"{last.raw} … {first.raw}"
    for part in parts:
        yield from _disordered(claim, part)


def _is_about(claim: Claim, sentence: int, before: Segment) -> bool:
    """Tell whether a source sentence is about what a claim's words so far name: it has them, or leans on them."""
    subject = [claim.words[n] for n in before.words if claim.words[n].stem in claim.sources.names] or [
        claim.words[before.words[0]]
    ]
    stems = leans_on_names(claim, sentence)
    return any(word.stem in stems for word in subject)


def leans_on_names(claim: Claim, sentence: int) -> set[str]:
    """Return the stems of a source sentence, and of those before it where it leans on them."""
    held = claim.sources.sentences[sentence]
    stems = {word.stem for word in held.words}
    text = _text(claim, sentence)
    if leans(text) or leans_on_topic(text) or text[:1] in _OPENING_MARKS:
        for earlier in claim.sources.sentences[max(0, sentence - _ANTECEDENTS) : sentence]:
            if earlier.article_id == held.article_id:
                stems |= {word.stem for word in earlier.words}
    return stems


def _disordered(claim: Claim, part: Segment) -> Iterator[str]:
    """Return where a segment steps back in its source, or leaves out much that does not stand apart there."""
    for (number, place), (following, there) in pairwise(zip(part.words, part.places, strict=True)):
        gap = claim.text[claim.words[number].end : claim.words[following].start]
        # "Calder said the line will close" for "the line will close, Calder said" turns nothing.
        moved = claim.words[number].lower in SAID or _NEW_CLAUSE.search(gap)
        back = there < place - _BACK and not moved
        far = there - place > _SKIP and not _JOINT.search(gap) and not _stood_apart(claim, place, there)
        if back or far:
            yield f"{claim.words[number].raw} … {claim.words[following].raw}"


def swapped(claim: Claim) -> Iterator[str]:
    """Two names of one source sentence stand in the other order: who did it to whom is turned."""
    names = claim.sources.names
    for part in segments(claim):
        path = [(n, p) for n, p in zip(part.words, part.places, strict=True) if claim.words[n].stem in names]
        for (number, place), (following, there) in pairwise(path):
            gap = claim.text[claim.words[number].end : claim.words[following].start]
            if there < place - 1 and not _TURNED.search(gap):
                yield f"{claim.words[number].raw} … {claim.words[following].raw}"


def _stood_apart(claim: Claim, place: int, there: int) -> bool:
    """Tell whether what stands between two places of a source sentence is set off by marks at both its ends."""
    sentence = claim.sources.sentence_of[place]
    start, text = claim.sources.sentences[sentence].start, _text(claim, sentence)
    words = claim.sources.words
    edges = ((place, min(place + _EDGE, there)), (max(there - _EDGE, place), there))
    return all(_MARK.search(text[words[a].end - start : words[b].start - start]) for a, b in edges)


def _text(claim: Claim, sentence: int) -> str:
    """Return the text of a numbered source sentence."""
    held = claim.sources.sentences[sentence]
    return next((a.text[held.start : held.end] for a in claim.sources.articles if a.id == held.article_id), "")


def dropped_attribution(claim: Claim) -> Iterator[str]:
    """What follows a "said" in the source, or stands in its quotation marks, is stated as a fact."""
    before = 0
    for part in segments(claim):
        held = claim.sources.sentences[part.sentence]
        begins, before = min(before, max(0, part.words[0] - _EDGE)), part.words[-1]
        said = [
            word
            for word in held.words
            if word.lower in SAID and word.end <= claim.sources.words[max(part.places)].start
        ]
        if held.headline or len(part.words) < _LEAST or not said:
            continue
        ours = claim.words[begins : part.words[-1] + 1 + _EDGE]
        if not any(word.lower in SAID for word in ours):
            yield said[-1].raw


def dropped_limit(claim: Claim) -> Iterator[str]:
    """The source says "at least 214" or "only volunteers", the sentence "214", "volunteers" or "all volunteers"."""
    nearest = {word.lower for n in claim.nearest for word in claim.sources.sentences[n].words}
    yield from (word.raw for word in claim.words if word.lower in _WHOLE and word.lower not in nearest)
    if not any(word.lower in _ONLY for word in claim.words):
        yield from _between_taken(claim, _ONLY)
    for number, place in claim.laid.path:
        word = claim.words[number]
        if not word.number:
            continue
        held = claim.sources.sentences[claim.sources.sentence_of[place]]
        text, there = _text(claim, claim.sources.sentence_of[place]), claim.sources.words[place]
        limit = None if held.headline else _LIMITED.search(text[: there.start - held.start])
        if limit and not _ANY_LIMIT.search(claim.text[: word.start]):
            yield limit.group(1)


def _between_taken(claim: Claim, kinds: frozenset[str]) -> Iterator[str]:
    """Return words of a kind that stand in the source between two words the sentence took from near each other."""
    for part in segments(claim):
        for place, there in pairwise(part.places):
            if place < there <= place + _BACK:
                yield from (w.raw for w in claim.sources.words[place + 1 : there] if w.lower in kinds)


def repeats(claim: Claim) -> Iterator[str]:
    """It says a thing twice, as a model that runs in a circle does."""
    counts = Counter(word.stem for word in claim.words if word.content)
    often = [stem for stem, count in counts.items() if count > 1]
    pairs = Counter((a.stem, b.stem) for a, b in pairwise(w for w in claim.words if w.content))
    twice = [" ".join(pair) for pair, count in pairs.items() if count > 1]
    if twice or len(often) > 1:
        yield (twice or often)[0]
