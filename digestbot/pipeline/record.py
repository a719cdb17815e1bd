"""Writes what refreshes leave behind, those of many feeds in one transaction: polls, articles and their stories."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Article, Feed
from digestbot.editorial.cluster import StoryIndex
from digestbot.pipeline.group_commit import GroupCommit
from digestbot.pipeline.notices import notice_of
from digestbot.ports import Clock, Fetched, NewArticle, OpenStory, Poll, RefreshRecord, Store, Vector

MOST_POLLS = 256
"""Polls in one transaction: it lasts some milliseconds, and other writers get their turn."""
MOST_REFRESHES = 32
"""Refreshes in one transaction: some ten milliseconds, when each brings an article."""


@dataclass(slots=True)
class OpenStories:
    """The index of open stories during one round of refreshes, new ones among them.

    A story that is not stored yet has a negative number; ``settled`` tells what the store made of it.
    """

    index: StoryIndex
    settled: dict[int, int] = field(default_factory=dict)
    _next: int = -1

    @classmethod
    def of(cls, stored: Sequence[OpenStory], window: timedelta) -> "OpenStories":
        """Return the index of those stories; a second for some thousand."""
        index = StoryIndex(window)
        for story in stored:
            index.load(story.id, story.centroid, story.members)
        return cls(index)

    def join(self, article: Article, vector: Vector) -> int:
        """Return the story an article joins, a new (negative) one where it joins none."""
        story = self.index.assign(article, vector)
        if story is None:
            story, self._next = self._next, self._next - 1
        self.index.add(story, article, vector)
        return story

    def settle(self, went: Mapping[int | None, int]) -> None:
        """Learn under which numbers new stories were stored."""
        self.settled.update({number: story for number, story in went.items() if number is not None and number < 0})


@dataclass(frozen=True, slots=True)
class Taken:
    """What a poll gave and its pages said: new articles with their vectors, and edited ones."""

    feed: Feed
    fetched: Fetched
    read: Sequence[Article] = ()
    vectors: Sequence[Vector] = ()
    edits: Sequence[Article] = ()


@dataclass(slots=True)
class _Joined:
    """What was taken, each new article with the story it joins in that index."""

    taken: Taken
    stories: OpenStories
    joins: Sequence[int] = ()

    def articles(self) -> tuple[NewArticle, ...]:
        """Return the new articles, each with the number its story has by now."""
        homes = [self.stories.settled.get(story, story) for story in self.joins]
        return tuple(map(NewArticle, self.taken.read, self.taken.vectors, homes))


class Recorder:
    """Takes polls and refreshes from all of a process; each is done only when its rows are written.

    A crash before that costs one more conditional request, as it always did.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take where they are written."""
        self._store, self._clock = store, clock
        self._polls = GroupCommit(self._write_polls, MOST_POLLS)
        self._refreshes = GroupCommit(self._write_refreshes, MOST_REFRESHES)

    async def poll(self, poll: Poll) -> None:
        """Return once a poll that gave nothing new is written.

        Raises:
            StoreError: It could not be.

        """
        await self._polls.add(poll)

    async def refresh(self, taken: Taken, stories: OpenStories) -> Sequence[int]:
        """Give each new article its story and write it all; return the stories of the articles stored.

        Raises:
            StoreError: It could not be written.
            NotFound: The feed is gone.

        """
        went = await self._refreshes.add(_Joined(taken, stories))
        if went is None:
            raise NotFound("feed", taken.feed.id)
        return list(went.values())

    async def _write_polls(self, polls: Sequence[Poll]) -> Sequence[None]:
        # Two polls of one feed in a group: the later one stands.
        await self._store.record_polls(list({poll.feed_id: poll for poll in polls}.values()), self._clock.now())
        return [None] * len(polls)

    async def _write_refreshes(self, group: Sequence[_Joined]) -> Sequence[Mapping[str, int] | None]:
        """Write refreshes, of one feed the first: a second one at the same time found the same.

        Only here is decided which stories articles join, one article after the other: two that each started a story
        for the same event at the same moment would part it. A group written again one by one keeps what was decided.
        """
        for one in group:
            if len(one.joins) != len(one.taken.read):
                one.joins = [one.stories.join(*pair) for pair in zip(one.taken.read, one.taken.vectors, strict=True)]
                await asyncio.sleep(0)
        now = self._clock.now()
        first = {one.taken.feed.id: one for one in reversed(group)}
        records = [_record(one, now) for one in first.values()]
        written = dict(zip(first, await self._store.record_refreshes(records, now), strict=True))
        for one in first.values():
            went = written[one.taken.feed.id] or {}
            keys = [article.key for article in one.taken.read]
            one.stories.settle({story: went[key] for story, key in zip(one.joins, keys, strict=True) if key in went})
        return [written[one.taken.feed.id] for one in group]


def _record(joined: _Joined, now: datetime) -> RefreshRecord:
    """Return all that a refresh changes."""
    feed, fetched = joined.taken.feed, joined.taken.fetched
    parsed = fetched.parsed
    return RefreshRecord(
        feed_id=feed.id,
        polling=fetched.polling,
        title=parsed.title if parsed else None,
        link=parsed.link if parsed else None,
        language=parsed.language if parsed else None,
        url=fetched.moved_to,
        baseline_at=None if feed.baseline_at else now,
        seen=tuple(key for entry in parsed.entries for key in entry.keys) if parsed else (),
        articles=joined.articles(),
        edits=tuple(joined.taken.edits),
        notice=notice_of(feed, fetched.polling),
    )
