"""Who reads a feed, and who else is read from its host.

Publishers' servers count readers (in the User-Agent); a host with many feeds is gone round slowly.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from digestbot.domain.news import Feed
from digestbot.domain.subscription import OPERATOR, Subscription, Workspace
from digestbot.pipeline.text_thread import aside
from digestbot.ports import Store


@dataclass(slots=True)
class Audience:
    """Knows by feed how many subscriptions read it; :meth:`count` now and then, ask at every poll."""

    store: Store
    _readers: Mapping[int, int] = field(default_factory=dict)
    _on_host: Mapping[str, int] = field(default_factory=dict)

    def of(self, feed: Feed) -> int:
        """Return how many subscriptions read a feed, at least one: whoever polls, reads."""
        return max(1, self._readers.get(feed.id, 0))

    def on_host_of(self, feed: Feed) -> int:
        """Return how many feeds are polled from a feed's host, itself among them."""
        return max(1, self._on_host.get(_host(feed.url), 0))

    async def count(self) -> None:
        """Count anew.

        Raises:
            StoreError: The store could not be read.

        """
        subscriptions = [one for one in await self.store.subscriptions() if one.paused is None]
        shared = list(await self.store.feeds_of(OPERATOR))
        readers: Counter[int] = Counter()
        for home in {one.channel.home for one in subscriptions}:
            feeds = await self._visible(home, shared)
            readers.update(await aside(readers_of, feeds, [one for one in subscriptions if one.channel.home == home]))
        self._readers = readers
        addresses = await self.store.addresses()
        self._on_host = await aside(lambda: Counter(map(_host, addresses)))

    async def _visible(self, home: Workspace, shared: Sequence[Feed]) -> Sequence[Feed]:
        """Return the feeds a workspace may read: its own and the operator's; the operator reads all."""
        if home == OPERATOR:
            return await self.store.feeds()
        own = await self.store.feeds_of(home)
        return list({feed.id: feed for feed in (*shared, *own)}.values())


def _host(url: str) -> str:
    """Return the host of an address; what is none counts as its own."""
    try:
        return urlsplit(url).hostname or url
    except ValueError:
        return url


def readers_of(feeds: Sequence[Feed], subscriptions: Sequence[Subscription]) -> Mapping[int, int]:
    """Return, by id, how many of the subscriptions read each of the feeds, which they all may read."""
    choosing = [frozenset(one.topics) for one in subscriptions if not one.feeds]
    # Ten thousand feeds have a handful of sets of topics.
    wanting = {topics: sum(_wants(wanted, topics) for wanted in choosing) for topics in {feed.topics for feed in feeds}}
    named = Counter(feed_id for one in subscriptions for feed_id in set(one.feeds))
    return {feed.id: wanting[feed.topics] + named[feed.id] for feed in feeds}


def _wants(wanted: frozenset[str], topics: Sequence[str]) -> bool:
    """Tell whether who wants those topics, or all without any, reads a feed that has these, or none."""
    return not wanted or not topics or not wanted.isdisjoint(topics)
