"""The gate's rules on who did and who said it: a deed or a saying of one person's may not become another's.

They look at names alone: whom a sentence names first, who stands beside the source's verb of saying, and whose
quotation the words are. A source sentence that leans on those before it ("he said") is about whom they name.
"""

from collections.abc import Iterator, Sequence

from digestbot.editorial.grounding_claim import Claim
from digestbot.editorial.grounding_wiring import SAID, Segment, leans_on_names, segments
from digestbot.editorial.grounding_words import Word, words_of

_BESIDE = 3
"""Words between a name and its verb of saying: "Calder, the mayor, said"."""
_MOSTLY = 0.5
_LEAST = 3


def wrong_subject(claim: Claim) -> Iterator[str]:
    """It begins with a name of whom the source sentence it mostly rests on does not speak."""
    parts = segments(claim)
    named = _first_name(claim)
    if not parts or named is None:
        return
    main = max(parts, key=lambda part: len(part.words))
    if len(main.words) >= _LEAST and named.stem not in leans_on_names(claim, main.sentence):
        yield named.raw


def _first_name(claim: Claim) -> Word | None:
    """Return the last word of the name a sentence begins with (a surname), None when it begins otherwise."""
    found: Word | None = None
    for word in claim.words:
        if word.content and word.stem in claim.sources.names:
            found = word
        elif found or word.content:
            break
    return found


def wrong_sayer(claim: Claim) -> Iterator[str]:
    """Somebody is made to say what, in the source sentence, somebody else says."""
    parts = segments(claim)
    for at, word in enumerate(claim.words):
        if word.lower not in SAID:
            continue
        ours = _beside(claim, claim.words, at)
        content = next((part for part in parts if part.words[-1] > at and len(part.words) >= _LEAST), None)
        if ours and content:
            theirs = _sayers(claim, content)
            if theirs and not {w.stem for w in ours} & theirs:
                yield " ".join(w.raw for w in ours)


def _sayers(claim: Claim, part: Segment) -> set[str]:
    """Return the stems of the names beside the verbs of saying in a segment's source sentence."""
    words = claim.sources.sentences[part.sentence].words
    return {w.stem for n, word in enumerate(words) if word.lower in SAID for w in _beside(claim, words, n)}


def _beside(claim: Claim, words: Sequence[Word], at: int) -> list[Word]:
    """Return the names beside a verb: those before it, or where none is there those after."""
    names = claim.sources.names
    before = [word for word in words[max(0, at - _BESIDE) : at] if word.stem in names]
    return before or [word for word in words[at + 1 : at + 1 + _BESIDE] if word.stem in names]


def anothers_words(claim: Claim) -> Iterator[str]:
    """Words of somebody's quotation become what somebody else does or is."""
    named = [word for word in claim.words if word.stem in claim.sources.names]
    places = [place for _, place in claim.laid.path]
    where = [(claim.sources.words[p], claim.sources.sentences[claim.sources.sentence_of[p]].article_id) for p in places]
    for quote in claim.quotes:
        if not quote.speaker or not named:
            continue
        inside = sum(
            article == quote.article_id and any(p.start <= w.start < p.end for p in quote.passages)
            for w, article in where
        )
        speaker = {word.stem for word in words_of(quote.speaker.name)}
        if inside >= _LEAST and inside >= _MOSTLY * len(where) and not speaker & {word.stem for word in named}:
            yield named[0].raw
