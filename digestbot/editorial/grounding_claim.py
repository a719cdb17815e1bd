"""A summary's sentence as the gate's rules see it: laid over its sources; knows no rule."""

from collections.abc import Sequence
from dataclasses import dataclass

from digestbot.domain.news import Quote
from digestbot.editorial.grounding_sources import Laid, Sources
from digestbot.editorial.grounding_words import Word, words_of


@dataclass(frozen=True, slots=True)
class Claim:
    """A summary's sentence, ready to be judged: laid over its sources, ``nearest`` the best two sentences there."""

    text: str
    words: tuple[Word, ...]
    laid: Laid
    nearest: tuple[int, ...]
    uncased: bool
    strict: bool
    wary: bool
    sources: Sources
    quotes: tuple[Quote, ...]

    @classmethod
    def of(
        cls, text: str, sources: Sources, quotes: Sequence[Quote], *, uncased: bool, strict: bool, wary: bool = False
    ) -> "Claim":
        """Lay a sentence over its sources."""
        words = tuple(words_of(text))
        return cls(
            text,
            words,
            sources.lay(words),
            tuple(sources.nearest(words)),
            uncased,
            strict,
            wary,
            sources,
            tuple(quotes),
        )
