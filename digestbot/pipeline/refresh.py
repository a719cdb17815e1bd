"""Refresh: a feed that is due → its new entries, their articles, the stories they join, and the next check.

Knows the ports and the rules of clustering; does not know HTTP, feedparser, models or SQL.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Literal

from digestbot.domain.errors import DigestbotError, FeedGone, SourceError
from digestbot.domain.news import Article, Entry, Feed
from digestbot.editorial.cluster import StoryIndex, event_text
from digestbot.ports import (
    ArticleSource,
    Clock,
    Embedder,
    FeedSource,
    Fetched,
    NewArticle,
    OpenStory,
    RefreshRecord,
    Store,
)

Outcome = Literal["new", "unchanged", "baseline", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh did; ``unread`` are the pages that could not be read (their feed's summary stands in)."""

    feed_id: int
    url: str
    outcome: Outcome
    stored: int = 0
    stories: tuple[int, ...] = ()
    error: DigestbotError | None = None
    unread: tuple[SourceError, ...] = ()


@dataclass(slots=True)
class Refresher:
    """Runs the refresh step.

    ``window`` is how long a story stays open for further articles; ``readers`` how many pages of one feed are
    read at once (a host is still asked one request at a time).
    """

    store: Store
    feeds: FeedSource
    articles: ArticleSource
    embedder: Embedder
    clock: Clock
    window: timedelta = timedelta(hours=72)
    concurrency: int = 32
    readers: int = 4
    _joining: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run_due(self, limit: int = 500) -> Sequence[Refreshed]:
        """Refresh every feed whose next check has passed; one feed's failure touches no other."""
        due = await self.store.due_feeds(self.clock.now(), limit)
        if not due:
            return ()
        index = await self._open_index()
        gate = asyncio.Semaphore(self.concurrency)

        async def one(feed: Feed) -> Refreshed:
            async with gate:
                return await self.refresh(feed, index)

        return await asyncio.gather(*(one(feed) for feed in due))

    async def refresh(self, feed: Feed, index: StoryIndex | None = None) -> Refreshed:
        """Refresh one feed; doing it twice stores nothing twice.

        Raises:
            StoreError: The store could not be read or written; nothing of this refresh is kept.

        """
        now = self.clock.now()
        known = await self.store.seen(feed.id)
        try:
            fetched = await self.feeds.fetch(feed, now, known)
        except SourceError as error:
            return await self._failed(feed, error)
        if fetched.parsed is None:
            await self.store.record_refresh(RefreshRecord(feed.id, fetched.polling, url=fetched.moved_to), now)
            return Refreshed(feed.id, feed.url, "unchanged")
        fresh = [entry for entry in _each_once(fetched.parsed.entries) if entry.key not in known]
        wanted = fresh if feed.baseline_at else _latest(fresh, feed.backfill)
        read, unread = await self._read_all(wanted, feed)
        stories = await self._store(feed, fetched, fresh, read, index or await self._open_index())
        outcome: Outcome = "baseline" if not feed.baseline_at and not read else "new" if read else "unchanged"
        return Refreshed(feed.id, feed.url, outcome, len(stories), tuple(sorted(set(stories))), unread=tuple(unread))

    async def _open_index(self) -> StoryIndex:
        index = StoryIndex()
        for story in await self.store.open_stories(self.clock.now() - self.window):
            _enter(index, story)
        return index

    async def _failed(self, feed: Feed, error: SourceError) -> Refreshed:
        now = self.clock.now()
        gone = isinstance(error, FeedGone)
        record = RefreshRecord(feed.id, self.feeds.failed(feed, error, now), paused=str(error) if gone else None)
        await self.store.record_refresh(record, now)
        return Refreshed(feed.id, feed.url, "gone" if gone else "failed", error=error)

    async def _read_all(self, entries: Sequence[Entry], feed: Feed) -> tuple[list[Article], list[SourceError]]:
        gate = asyncio.Semaphore(self.readers)
        unread: list[SourceError] = []

        async def one(entry: Entry) -> Article:
            async with gate:
                try:
                    return await self.articles.read(entry, feed, self.clock.now())
                except SourceError as error:
                    unread.append(error)
                    return _from_feed_alone(entry, feed, self.clock)

        return list(await asyncio.gather(*(one(entry) for entry in entries))), unread

    async def _store(
        self, feed: Feed, fetched: Fetched, fresh: Sequence[Entry], read: Sequence[Article], index: StoryIndex
    ) -> list[int]:
        """Give each article its story and write it all in one transaction.

        Only one refresh at a time decides which stories articles join: two that each started a story for the
        same event at the same moment would part it.
        """
        parsed, now = fetched.parsed, self.clock.now()
        vectors = await self.embedder.embed([event_text(a.title, a.text) for a in read]) if read else ()
        async with self._joining:
            joins = [NewArticle(a, v, index.assign(a, v)) for a, v in zip(read, vectors, strict=True)]
            record = RefreshRecord(
                feed_id=feed.id,
                polling=fetched.polling,
                title=parsed.title if parsed else None,
                link=parsed.link if parsed else None,
                language=parsed.language if parsed else None,
                url=fetched.moved_to,
                baseline_at=None if feed.baseline_at else now,
                seen=tuple(entry.key for entry in fresh),
                articles=tuple(joins),
            )
            stories = await self.store.record_refresh(record, now)
            for join in joins:
                if story := stories.get(join.article.key):
                    index.add(story, join.article, join.vector)
        return list(stories.values())


def _enter(index: StoryIndex, story: OpenStory) -> None:
    index.load(story.id, story.centroid, story.members)


def _each_once(entries: Sequence[Entry]) -> list[Entry]:
    """Keep the first of entries that share a key: some feeds repeat a GUID."""
    return list({entry.key: entry for entry in reversed(entries)}.values())[::-1]


def _latest(entries: Sequence[Entry], count: int) -> list[Entry]:
    """Return the ``count`` newest entries, undated ones last, the feed's own order deciding between equals."""
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(entries, key=lambda entry: entry.published or never, reverse=True)[:count]


def _from_feed_alone(entry: Entry, feed: Feed, clock: Clock) -> Article:
    """Make an article of what the feed itself says, for a page that cannot be read."""
    return Article(
        id=0,
        url=entry.link,
        title=entry.title,
        text=entry.content or entry.summary,
        outlet=feed.title,
        feed_id=feed.id,
        key=entry.key,
        authors=entry.authors,
        categories=entry.categories,
        published=entry.published,
        fetched_at=clock.now(),
        language=feed.language,
    )
