"""Refresh: a feed that is due → its new entries, their articles, the stories they join, and the next check.

Knows the ports and the rules of clustering; does not know HTTP, feedparser, models or SQL.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from weakref import WeakValueDictionary

import numpy as np

from digestbot.domain.errors import Defect, DigestbotError, FeedGone, InferenceError, NotFound, SourceError, StoreError
from digestbot.domain.news import Article, Entry, Feed
from digestbot.editorial.cluster import event_text
from digestbot.pipeline.defects import defects_told
from digestbot.pipeline.notices import Sign, maybe_edited, notice_of, sign_of
from digestbot.pipeline.record import OpenStories, Recorder, Taken
from digestbot.ports import (
    ArticleSource,
    Clock,
    Embedder,
    FeedSource,
    Fetched,
    Poll,
    Store,
    Vector,
)

DIMENSIONS = 384
"""The length of a sentence vector (see ``ports.Vector``)."""
REST = timedelta(minutes=5)
"""How long a feed is let be after the store could not take what it gave."""
REBUILD = timedelta(minutes=15)
"""How long the index of open stories serves before it is read anew."""
MOST_UNDER_WAY = 2_000
"""Feeds taken up at once, by however many rounds: those of slow hosts among them wait, at a few kilobytes each."""
MOST_REMEMBERED = 20_000
"""Edited articles of which is remembered that they were read again: a few megabytes."""
BEGUN_AT_ONCE = 50
"""Refreshes begun before the event loop has another turn: a millisecond or two."""
NEVER = datetime.min.replace(tzinfo=UTC)
Outcome = Literal["new", "unchanged", "baseline", "failed", "gone"]


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What one refresh did; ``unread`` are the pages that could not be read (their feed's summary stands in).

    ``edited`` counts articles stored before that their publisher has changed.
    """

    feed_id: int
    url: str
    outcome: Outcome
    stored: int = 0
    stories: tuple[int, ...] = ()
    error: DigestbotError | None = None
    unread: tuple[SourceError, ...] = ()
    edited: int = 0


@dataclass(slots=True)
class Refresher:
    """Runs the refresh step.

    ``window`` is how long a story stays open for further articles; ``concurrency`` how many feeds are asked at once,
    and of how many the news are read at once; ``readers`` how many pages of one feed are read at once (a host is
    still asked one request at a time). Feeds of one host stand in line before they count: a host of many feeds, or a
    slow one, holds up nobody else.
    """

    store: Store
    feeds: FeedSource
    articles: ArticleSource
    embedder: Embedder
    clock: Clock
    window: timedelta = timedelta(hours=72)
    concurrency: int = 32
    readers: int = 4
    _rests: dict[int, datetime] = field(default_factory=dict)
    _read_again: dict[int, Sign] = field(default_factory=dict)
    _open: OpenStories | None = None
    _opened_at: datetime = NEVER
    _under_way: set[int] = field(default_factory=set)
    _lines: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)
    _asking: asyncio.Semaphore = field(init=False)
    _reading: asyncio.Semaphore = field(init=False)
    _recorder: Recorder = field(init=False)

    def __post_init__(self) -> None:
        """Make what bounds the work."""
        self._asking, self._reading = (asyncio.Semaphore(self.concurrency) for _ in range(2))
        self._recorder = Recorder(self.store, self.clock)

    async def run_due(self, limit: int = 500) -> Sequence[Refreshed]:
        """Refresh every feed whose next check has passed; one feed's failure touches no other.

        A round may be started while another waits for slow hosts: what that one has taken up is left to it.
        """
        # What ends while the store is asked may still stand there as due.
        taken, now = frozenset(self._under_way), self.clock.now()
        if len(taken) >= MOST_UNDER_WAY:
            return []
        due = await self.store.due_feeds(now, limit + len(taken))
        busy = taken | self._under_way
        ready = [feed for feed in due if feed.id not in busy and not self._rests_at(feed.id, now)][:limit]
        if not ready:
            return []
        ids = {feed.id for feed in ready}
        self._under_way |= ids
        try:
            open_stories = await self._open_stories()
            return await self._all(ready, open_stories)
        finally:
            self._under_way -= ids

    async def run_one(self, feed_id: int) -> Refreshed | None:
        """Refresh one feed if it is still due; None when it is not, is paused, or is gone."""
        now = self.clock.now()
        try:
            feed = await self.store.feed(feed_id)
        except NotFound:
            return None
        if feed.paused or feed.polling.next_check_at > now or self._rests_at(feed_id, now):
            return None
        return await self._guarded(feed, await self._open_stories())

    def _rests_at(self, feed_id: int, now: datetime) -> bool:
        """Tell whether a feed is let be; a rest that ends further ahead was begun by a clock that has stepped back."""
        return now < self._rests.get(feed_id, now) <= now + REST

    async def _all(self, feeds: Sequence[Feed], open_stories: OpenStories) -> Sequence[Refreshed]:
        """Refresh feeds side by side; they are begun some at a time, so that the loop is not held by all at once."""
        begun: list[asyncio.Task[Refreshed]] = []
        try:
            for feed in feeds:
                begun.append(asyncio.create_task(self._guarded(feed, open_stories)))
                if len(begun) % BEGUN_AT_ONCE == 0:
                    await asyncio.sleep(0)
            return await asyncio.gather(*begun)
        except asyncio.CancelledError:
            for task in begun:
                task.cancel()
            raise

    async def _guarded(self, feed: Feed, open_stories: OpenStories) -> Refreshed:
        """Refresh one feed; what goes wrong is an outcome.

        When the store cannot take what was fetched, or a fault of ours stops us, the row still says the feed is due. It
        is let rest here, or its publisher would be asked at every tick for as long as our disk is full.
        """
        try:
            return await defects_told(feed.url, self.refresh(feed, open_stories))
        except (StoreError, NotFound, Defect) as error:
            self._rests[feed.id] = self.clock.now() + REST
            return Refreshed(feed.id, feed.url, "failed", error=error)

    async def refresh(self, feed: Feed, open_stories: OpenStories | None = None) -> Refreshed:
        """Refresh one feed; doing it twice stores nothing twice.

        Raises:
            StoreError: The store could not be read or written; nothing of this refresh is kept.

        """
        now = self.clock.now()
        try:
            line = self._lines.setdefault(feed.url.partition("://")[2].partition("/")[0], asyncio.Lock())
            async with line, self._asking:
                fetched = await self.feeds.fetch(feed, now)
        except SourceError as error:
            return await self._failed(feed, error)
        if fetched.parsed is None and fetched.moved_to is None and feed.baseline_at:
            # Nothing is asked of the store but this: most polls end here.
            await self._recorder.poll(Poll(feed.id, fetched.polling, notice_of(feed, fetched.polling)))
            return Refreshed(feed.id, feed.url, "unchanged")
        async with self._reading:
            return await self._take(feed, fetched, open_stories)

    async def _take(self, feed: Feed, fetched: Fetched, open_stories: OpenStories | None) -> Refreshed:
        """Store what a feed gave: new entries as articles, edited ones in place of what they were."""
        # A new feed's entries are only marked, unless some are wanted: nothing is to be known of them.
        known = await self.store.seen(feed.id) if feed.baseline_at or feed.backfill else frozenset[str]()
        entries = _each_once(fetched.parsed.entries) if fetched.parsed else []
        fresh = [entry for entry in entries if known.isdisjoint(entry.keys)]
        wanted = fresh if feed.baseline_at else _latest(fresh, feed.backfill)
        # The feed's own title names the outlet from its first article on.
        named = replace(feed, title=feed.title or (fetched.parsed.title if fetched.parsed else ""))
        read, unread = await self._read_all(wanted, named)
        old = [entry for entry in entries if not known.isdisjoint(entry.keys)] if feed.baseline_at else []
        edits, asked = await self._edits(old, named, partial=fetched.partial)
        taken = Taken(feed, fetched, read, await self._vectors(read), edits)
        stories = await self._recorder.refresh(taken, open_stories or await self._open_stories())
        # Not before it is written: what the store did not take is read once more.
        self._remember(asked)
        outcome: Outcome = "baseline" if not feed.baseline_at and not read else "new" if read else "unchanged"
        told = tuple(sorted(set(stories)))
        return Refreshed(feed.id, feed.url, outcome, len(stories), told, unread=tuple(unread), edited=len(edits))

    async def _edits(
        self, entries: Sequence[Entry], feed: Feed, *, partial: bool
    ) -> tuple[list[Article], dict[int, Sign]]:
        """Return the articles that their publisher has changed since, read anew; one that cannot be read stays.

        With them, by article, the edits for which a page was asked for.
        """
        if not entries:
            return [], {}
        stored = await self.store.articles_of(feed.id, [key for entry in entries for key in entry.keys])
        since = self.clock.now() - self.window
        pairs = maybe_edited(entries, stored, since, partial=partial, read=self._read_again)
        gate, asked = asyncio.Semaphore(self.readers), {}

        async def one(entry: Entry, before: Article) -> Article | None:
            async with gate:
                try:
                    after = await self.articles.read(entry, feed, self.clock.now())
                except SourceError as error:
                    if not error.transient:
                        asked[before.id] = sign_of(entry)
                    return None
            asked[before.id] = sign_of(entry)
            same = replace(after, id=before.id, key=before.key, url=before.url, outlet=before.outlet)
            return None if same.hash == before.hash else same

        return [edit for edit in await asyncio.gather(*(one(*pair) for pair in pairs)) if edit], asked

    def _remember(self, asked: Mapping[int, Sign]) -> None:
        """Remember for which edits articles were read again: their items bear the signs for as long as they stand."""
        self._read_again |= asked
        while len(self._read_again) > MOST_REMEMBERED:
            del self._read_again[next(iter(self._read_again))]

    async def _open_stories(self) -> OpenStories:
        """Return the index of open stories, read anew from the store now and then.

        In between it learns what this process stores; a story that was merged meanwhile leads to the one it went
        to when the article is written. Building it takes a second for some thousand stories: never in the loop.
        """
        now = self.clock.now()
        if self._open is None or not timedelta(0) <= now - self._opened_at < REBUILD:
            stored = await self.store.open_stories(now - self.window)
            self._open = await asyncio.to_thread(OpenStories.of, stored, self.window)
            self._opened_at = now
        return self._open

    async def _failed(self, feed: Feed, error: SourceError) -> Refreshed:
        now = self.clock.now()
        gone = isinstance(error, FeedGone)
        after = self.feeds.failed(feed, error, now)
        notice = notice_of(feed, after, gone=gone)
        await self._recorder.poll(Poll(feed.id, after, notice, paused=str(error) if gone else None))
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

    async def _vectors(self, articles: Sequence[Article]) -> Sequence[Vector]:
        """Return the articles' vectors; zeros when there is no encoder: words and names then decide alone."""
        if not articles:
            return ()
        try:
            return tuple(await self.embedder.embed([event_text(a.title, a.text) for a in articles]))
        except InferenceError:
            return tuple(np.zeros((len(articles), DIMENSIONS), dtype=np.float32))


def _each_once(entries: Sequence[Entry]) -> list[Entry]:
    """Keep the first of entries that share a key: some feeds repeat a GUID."""
    return list({entry.key: entry for entry in reversed(entries)}.values())[::-1]


def _latest(entries: Sequence[Entry], count: int) -> list[Entry]:
    """Return the ``count`` newest entries, undated ones last, the feed's own order deciding between equals."""
    return sorted(entries, key=lambda entry: entry.published or NEVER, reverse=True)[:count]


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
