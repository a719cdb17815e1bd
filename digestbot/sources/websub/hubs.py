"""Asks hubs for pushes: subscribes, renews before a lease ends, unsubscribes; knows no callback's server."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from digestbot.domain.errors import NotFound, SourceError
from digestbot.domain.news import Feed
from digestbot.ports import Lease, WatchStore
from digestbot.sources.http import PoliteClient
from digestbot.sources.websub.callback import PATH

WANTED = timedelta(days=10)
"""The lease asked for; what the hub grants stands in its verification."""
RENEW = timedelta(days=2)
"""A lease is renewed that long before it ends, or after half of it where it is shorter than twice that."""
AGAIN = timedelta(hours=6)
"""A hub that did not take or did not verify a subscription is asked again after that long."""
AT_ONCE = 50
"""Requests to hubs in one round: a thousand new feeds of one hub are no burst."""


@dataclass(slots=True)
class Hubs:
    """Keeps the leases of all feeds that name a hub; ``base`` is where the callback is reached, without a final slash.

    ``holds`` is for the poller: a feed whose pushes come may be polled slowly.
    """

    store: WatchStore
    client: PoliteClient
    base: str
    _held: dict[int, datetime] = field(default_factory=dict)

    def holds(self, feed: Feed, now: datetime) -> bool:
        """Tell whether a feed's pushes come."""
        until = self._held.get(feed.id)
        return until is not None and until > now

    async def tend(self, feeds: Sequence[Feed], now: datetime) -> Sequence[SourceError]:
        """Ask for what is to be asked; return what went wrong, each to be tried again later.

        Raises:
            StoreError: The leases could not be read or written.

        """
        leases = {lease.feed_id: lease for lease in await self.store.leases()}
        self._held = {id_: lease.until for id_, lease in leases.items() if lease.state == "held" and lease.until}
        faults: list[SourceError] = []
        left = AT_ONCE
        for feed in feeds:
            lease = leases.get(feed.id)
            if left and (wanted := _next_lease(feed, lease, now)):
                left -= 1
                faults += await self._ask(wanted, "subscribe")
        wanting = {feed.id for feed in feeds if _wants(feed)}
        for lease in leases.values():
            if lease.feed_id not in wanting and lease.state != "leaving" and left:
                left -= 1
                faults += await self._ask(replace(lease, state="leaving", asked_at=now), "unsubscribe")
            elif lease.state == "leaving" and lease.asked_at < now - AGAIN:
                # The hub did not confirm: what it still sends is answered with 410, which ends it too.
                await self.store.remove_lease(lease.feed_id)
        return faults

    async def _ask(self, lease: Lease, mode: str) -> Sequence[SourceError]:
        """Write the lease, then ask its hub: the hub may verify before it answers."""
        try:
            await self.store.save_lease(lease)
        except NotFound:
            return ()
        fields = {
            "hub.mode": mode,
            "hub.topic": lease.topic,
            "hub.callback": f"{self.base}{PATH}{lease.token}",
            "hub.lease_seconds": str(int(WANTED.total_seconds())),
            "hub.secret": lease.secret,
        }
        try:
            answer = await self.client.post(lease.hub, fields)
        except SourceError as error:
            return (error,)
        if not 200 <= answer.status < 300:  # noqa: PLR2004 - success
            return (SourceError(lease.hub, f"does not take the subscription ({answer.status})"),)
        return ()


def _wants(feed: Feed) -> bool:
    return bool(feed.polling.hub) and not feed.paused


def _next_lease(feed: Feed, lease: Lease | None, now: datetime) -> Lease | None:
    """Return the lease to ask for now, or None while the one there is will do."""
    hub = feed.polling.hub
    if not hub or not _wants(feed):
        return None
    topic = feed.polling.topic or feed.url
    if lease is None or (lease.hub, lease.topic) != (hub, topic):
        return Lease(feed.id, hub, topic, secrets.token_urlsafe(24), secrets.token_urlsafe(32), now)
    # Asked for in a time to come: by a clock that has stepped back since, so that nobody knows when it ends.
    ahead = lease.asked_at > now + AGAIN
    if not ahead and lease.asked_at > now - AGAIN:
        return None
    if not ahead and lease.state == "held" and lease.until:
        margin = min(RENEW, (lease.until - lease.asked_at) / 2)
        return replace(lease, asked_at=now) if now >= lease.until - margin else None
    return replace(lease, state="asked", until=None, asked_at=now)
