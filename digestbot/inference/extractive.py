"""The summarizer that needs no download: a story's own sentences, chosen by position and by the encoder.

It is the summary of last resort for every other engine, so it serves without the encoder too: then shared words
take the place of vectors, and the summary's ``engine`` says so.
"""

from collections.abc import Sequence

from digestbot.domain.errors import InferenceError, InputTooLong
from digestbot.domain.news import Article, Story, Summary
from digestbot.domain.subscription import LENGTH_WORDS, Length
from digestbot.editorial.summary import Candidate, Vectors, candidates, choose, word_vectors
from digestbot.pipeline.text_thread import aside
from digestbot.ports import Embedder

NAME = "extractive"
VERSION = "2"
"""Changes when the same story would be summarized otherwise: it is part of a brief's cache key."""
_MOST_SENTENCES = 1_500


class ExtractiveSummarizer:
    """Chooses two or three whole sentences of a story's articles."""

    def __init__(self, embedder: Embedder) -> None:
        """Take what turns sentences into vectors."""
        self._embedder = embedder

    @property
    def name(self) -> str:
        """The engine and its version."""
        return f"{NAME}-{VERSION}"

    async def summarize(
        self,
        story: Story,
        length: Length = "medium",
        *,
        interactive: bool = False,
        because: str = "",
    ) -> Summary:
        """Summarize a story with its own sentences.

        Args:
            story: What to summarize.
            length: How many words.
            interactive: Whether somebody waits.
            because: Why another engine could not serve; told in the summary's ``engine``.

        Raises:
            InputTooLong: The story holds no sentence at all.

        """
        found = await aside(_readable, story.articles)
        if not found:
            raise InputTooLong("the story has no sentence to show", hint="give an article with text in it")
        vectors, fault = await self._vectors(found, interactive=interactive)
        headlines = [article.title for article in story.articles]
        chosen = await aside(choose, found, vectors, LENGTH_WORDS[length], headlines)
        why = because or fault
        return Summary(tuple(c.cut(story.articles) for c in chosen), f"{NAME}: {why}" if why else NAME)

    async def _vectors(self, found: Sequence[Candidate], *, interactive: bool) -> tuple[Vectors, str]:
        """Return the sentences' vectors, and what kept the encoder from giving them, if anything did."""
        texts = [c.text for c in found]
        try:
            return await self._embedder.embed(texts, interactive=interactive), ""
        except InferenceError as error:
            return await aside(word_vectors, texts), error.code


def _readable(articles: Sequence[Article]) -> list[Candidate]:
    """Return the sentences of the articles, no more than can be encoded in good time: each article's first ones."""
    found = candidates(articles)
    if len(found) <= _MOST_SENTENCES:
        return found
    share = max(1, _MOST_SENTENCES // len(articles))
    return [c for c in found if c.number < share]
