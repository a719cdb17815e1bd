"""Brief: a story whose brief is missing or stale → its summary and key quotes, each checked against its articles.

Knows the ports and the rules of quoting; does not know models, SQL or chat.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import numpy as np

from digestbot.domain.errors import Defect, InferenceError, NotFound
from digestbot.domain.news import Article, Brief, Quote, Story
from digestbot.domain.subscription import Length
from digestbot.editorial.edition import choose_headline
from digestbot.editorial.quotes import Found, choose, examine
from digestbot.pipeline.defects import defects_told
from digestbot.pipeline.text_thread import aside
from digestbot.ports import Clock, Embedder, Store, Summarizer, brief_key

MOST_QUOTES = 3
"""A story shows at most three key quotes (the project's digest guide)."""


@dataclass(frozen=True, slots=True)
class Briefed:
    """What one brief step did; ``refused`` names the rules by which the grounding gate kept sentences back."""

    story_id: int
    engine: str
    quotes: int
    cached: bool
    dropped: tuple[tuple[str, int], ...] = ()
    refused: tuple[str, ...] = ()
    error: InferenceError | Defect | None = None


@dataclass(slots=True)
class Briefer:
    """Runs the brief step; ``window`` is how far back stories are kept briefed, ``at_once`` how many are in hand.

    Several in hand let the engine run like requests together; what somebody waits for goes before them there.
    """

    store: Store
    summarizer: Summarizer
    embedder: Embedder
    clock: Clock
    window: timedelta = timedelta(hours=72)
    at_once: int = 4
    _tripped: set[str] = field(default_factory=set)
    """Keys of briefs that met a fault of ours: not tried again at every tick, only when somebody asks for them."""

    async def run_due(self, lengths: Sequence[Length] = ("medium",), limit: int = 20) -> Sequence[Briefed]:
        """Brief the stories without a fresh brief, the most covered first; one that cannot be stops no other."""
        done: list[Briefed] = []
        since = self.clock.now() - self.window
        for length in lengths:
            stale = await self.store.stale_stories(since, self.summarizer.name, length, limit)
            wanted = [story for story in stale if self._key(story, length) not in self._tripped]
            done += await self._guarded_all(wanted, length)
        return done

    async def _guarded_all(self, stories: Sequence[Story], length: Length) -> Sequence[Briefed]:
        """Brief stories, ``at_once`` in hand at any time; what each came to, in their order."""
        places = asyncio.Semaphore(self.at_once)

        async def one(story: Story) -> Briefed:
            async with places:
                return await self._guarded(story, length)

        tasks = [asyncio.create_task(one(story)) for story in stories]
        try:
            return await asyncio.gather(*tasks)
        finally:
            # After an error of the store the others are not to go on unseen.
            for task in tasks:
                task.cancel()

    async def run_one(self, story_id: int, length: Length = "medium", *, interactive: bool = False) -> Briefed | None:
        """Brief one story if it has no fresh brief; None when it has one, or is gone."""
        try:
            story = await self.store.story(story_id)
        except NotFound:
            return None
        key = self._key(story, length)
        if (key in self._tripped and not interactive) or await self.store.brief(story.id, key):
            return None
        return await self._guarded(story, length, interactive=interactive)

    async def _guarded(self, story: Story, length: Length, *, interactive: bool = False) -> Briefed:
        """Brief one story; a model that cannot, or a fault of ours, is an outcome."""
        try:
            brief = self.brief(story, length, interactive=interactive)
            return _done(await defects_told(f"story {story.id}", brief))
        except (InferenceError, Defect) as error:
            self._tripped |= {self._key(story, length)} if isinstance(error, Defect) else set()
            return Briefed(story.id, error.code, 0, cached=False, dropped=((error.code, 1),), error=error)

    async def brief(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Brief:
        """Return the story's brief, made anew only when its sources, the engine or the length changed.

        Raises:
            InferenceError: Not even the extractive engine could serve.
            StoreError: The store could not be read or written.

        """
        key = self._key(story, length)
        if story.id and (kept := await self.store.brief(story.id, key)):
            return kept
        brief = await self.make(story, length, interactive=interactive)
        if story.id:
            await self.store.save_brief(key, brief)
        return brief

    def _key(self, story: Story, length: Length) -> str:
        return brief_key(story.sources_hash, self.summarizer.name, length)

    async def make(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Brief:
        """Make a brief without keeping it.

        Raises:
            InferenceError: Not even the extractive engine could serve.

        """
        summary = await self.summarizer.summarize(story, length, interactive=interactive)
        found = await self._examined(story.articles)
        quotes = {number: one.quotes for number, one in found.items()}
        headline = await aside(choose_headline, story.articles)
        near = await self._centrality(story, quotes, interactive=interactive)
        chosen = await aside(choose, story.articles, quotes, limit=MOST_QUOTES, centrality=near)
        left_out = sum((one.dropped for one in found.values()), chosen.dropped)
        return Brief(
            story_id=story.id,
            sources_hash=story.sources_hash,
            headline=headline.title,
            headline_article_id=headline.id,
            summary=summary,
            quotes=chosen.quotes,
            made_at=self.clock.now(),
            dropped=tuple(sorted(left_out.items())),
        )

    async def quotes(self, articles: Sequence[Article]) -> dict[int, tuple[Quote, ...]]:
        """Return every quote of each article, by article id."""
        return {number: found.quotes for number, found in (await self._examined(articles)).items()}

    async def _examined(self, articles: Sequence[Article]) -> dict[int, Found]:
        """Return what quotes each article has and what was left out; found in one thread, as it is pure computing."""
        return await aside(lambda: {article.id: examine(article) for article in articles})

    async def _centrality(
        self, story: Story, quotes: Mapping[int, tuple[Quote, ...]], *, interactive: bool
    ) -> Callable[[Sequence[str]], Sequence[float]] | None:
        """Return how near a text is to the story's core: cosine to the mean of its headlines' vectors.

        None when there is no encoder: the other signs then decide alone.
        """
        texts = sorted({quote.text for found in quotes.values() for quote in found})
        if not texts:
            return None
        try:
            titles = [article.title for article in story.articles]
            vectors = await self.embedder.embed([*titles, *texts], interactive=interactive)
        except InferenceError:
            return None
        core = vectors[: len(story.articles)].mean(axis=0)
        near = dict(zip(texts, (vectors[len(story.articles) :] @ core / max(np.linalg.norm(core), 1e-9)), strict=True))
        return lambda asked: [float(near.get(text, 0.0)) for text in asked]


def _done(brief: Brief) -> Briefed:
    rules = tuple(rule for refusal in brief.summary.refused for rule in refusal.reasons)
    return Briefed(
        brief.story_id,
        brief.summary.engine,
        len(brief.quotes),
        cached=False,
        dropped=brief.dropped,
        refused=rules,
    )
