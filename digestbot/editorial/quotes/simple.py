"""Finds attributions of the kind "X said" by a cue table alone, for languages without a fitted ranker."""

from collections.abc import Sequence

from digestbot.domain.news import Speaker
from digestbot.editorial.quotes.attribution import Attributed
from digestbot.editorial.quotes.cast import gather
from digestbot.editorial.quotes.lexicon import Lexicon, lexicon
from digestbot.editorial.quotes.mentions import Mention, find_names
from digestbot.editorial.quotes.spans import find_spans
from digestbot.editorial.quotes.tokens import QUOTE, WORD, Token, narrative

LANGUAGES = frozenset(("de", "es", "fr"))
SURENESS = 0.8
"""Confidence of such an attribution: never measured, so below what is shown."""
_REACH = 12
_FEWEST_WORDS = 3


def attribute_simply(text: str, language: str) -> list[Attributed]:
    """Return the spans of speech of an article with the names that stand beside a verb of saying."""
    words = lexicon(language)
    spans = find_spans(text)
    tokens = narrative(text, spans)
    names = find_names(text, tokens, words)
    cast = gather([name for name in names if name.kind != "D"])
    covering = {k: name for name in names if name.entity >= 0 for k in range(name.i, name.j)}
    found: list[Attributed] = []
    for place, token in enumerate(tokens):
        if token.kind != QUOTE:
            continue
        span = spans[token.quote]
        name = _speaker(tokens, place, covering, words)
        if name is None and len(text[span.start : span.end].split()) < _FEWEST_WORDS:
            continue
        speaker = None
        if name is not None:
            member = cast[name.entity]
            speaker = Speaker(member.name, member.start, member.end, mention=(name.start, name.end))
        found.append(Attributed(span, place, speaker, SURENESS if speaker else 0.0, name))
    return found


def _speaker(tokens: Sequence[Token], place: int, covering: dict[int, Mention], words: Lexicon) -> Mention | None:
    """Return the name beside the verb of saying nearest to a quote: after it first, then before it."""
    for step in (1, -1):
        cue = _cue(tokens, place, step, words)
        if cue is not None:
            for distance in range(1, _REACH):
                for index in (cue + distance, cue - distance):
                    if index in covering and tokens[index].line == tokens[place].line and (index - place) * step > 0:
                        return covering[index]
    return None


def _cue(tokens: Sequence[Token], place: int, step: int, words: Lexicon) -> int | None:
    """Return the verb of saying (or "according to") nearest to a quote on one side, within its sentence."""
    given = words["given"]
    index = place + step
    while 0 <= index < len(tokens) and abs(index - place) < _REACH:
        token = tokens[index]
        if token.kind == QUOTE or token.line != tokens[place].line or token.text in ".!?":
            return None
        if token.kind == WORD and (token.lower in words.cues or token.lower in given):
            return index
        index += step
    return None
