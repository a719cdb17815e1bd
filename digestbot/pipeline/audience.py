"""Who reads a feed: how many subscriptions, as publishers' servers count readers (in the User-Agent)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from digestbot.domain.news import Feed
from digestbot.domain.subscription import OPERATOR, Subscription, Workspace
from digestbot.ports import Store


@dataclass(slots=True)
class Audience:
    """Knows by feed how many subscriptions read it; :meth:`count` now and then, ask at every poll."""

    store: Store
    _readers: Mapping[int, int] = field(default_factory=dict)

    def of(self, feed: Feed) -> int:
        """Return how many subscriptions read a feed, at least one: whoever polls, reads."""
        return max(1, self._readers.get(feed.id, 0))

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
            for one in subscriptions:
                if one.channel.home == home:
                    readers.update(feed.id for feed in feeds if reads(one, feed))
        self._readers = readers

    async def _visible(self, home: Workspace, shared: Sequence[Feed]) -> Sequence[Feed]:
        """Return the feeds a workspace may read: its own and the operator's; the operator reads all."""
        if home == OPERATOR:
            return await self.store.feeds()
        own = await self.store.feeds_of(home)
        return list({feed.id: feed for feed in (*shared, *own)}.values())


def reads(subscription: Subscription, feed: Feed) -> bool:
    """Tell whether a subscription reads a feed that it may read."""
    if subscription.feeds:
        return feed.id in subscription.feeds
    return not subscription.topics or not feed.topics or not set(subscription.topics).isdisjoint(feed.topics)
