"""Feeds and what has been seen of them: the part of the store that the refresh step reads and writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Feed, Polling
from digestbot.domain.subscription import OPERATOR, Workspace
from digestbot.ports import RefreshRecord
from digestbot.store.columns import storable
from digestbot.store.database import insert_new
from digestbot.store.polls import polled
from digestbot.store.refreshes import write_refreshes
from digestbot.store.rows import Role, each, feed_of
from digestbot.store.tables import feeds, seen
from digestbot.store.workspace_tables import owners
from digestbot.store.workspaces import own_feed, owned

_KEYS = select(seen.c.key).where(seen.c.feed_id == bindparam("b_feed"))


class SqlFeeds(Role):
    """The FeedStore port on a database."""

    async def add_feed(
        self,
        url: str,
        *,
        title: str = "",
        topics: Sequence[str] = (),
        weight: float = 1.0,
        backfill: int = 0,
        listed: bool = False,
        owner: Workspace = OPERATOR,
        now: datetime,
    ) -> Feed:
        """Return the feed at ``url``, made due at ``now`` if it is new; see the port."""
        given = {"name": title, "topics": list(topics), "weight": weight, "listed": listed}
        own = _own(title, topics, weight)
        if owner != OPERATOR:
            given = {"name": "", "topics": [], "weight": 1.0, "listed": False}
        async with self._database.write() as connection:
            there = select(feeds.c.id).where(feeds.c.url == url)
            if (await connection.execute(there)).first() is None:
                fresh = {"url": url, **given, "title": "", "link": "", "language": "", "backfill": backfill, "size": 0}
                await insert_new(connection, feeds, [fresh | polled(Polling(next_check_at=now))], "url")
            row = await _row(connection, feeds.c.url == storable(url), url)
            if feed_of(row).polling.checked_at is None:
                given["backfill"] = backfill
            if owner == OPERATOR:
                own = {}
                await connection.execute(update(feeds).where(feeds.c.id == row.id).values(given))
            await own_feed(connection, row.id, owner, own, now)
            feed = feed_of(await _row(connection, feeds.c.id == row.id, row.id))
            return await owned(connection, feed, owner)

    async def remove_feed(self, feed_id: int) -> None:
        """Forget a feed and its seen marks; its articles stay."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(feeds).where(feeds.c.id == feed_id))
            if not done.rowcount:
                raise NotFound("feed", feed_id)

    async def feeds(self, *, listed: bool = False) -> Sequence[Feed]:
        """Return every feed, by id; ``listed``: those that the settings file names, or named once."""
        statement = select(feeds).order_by(feeds.c.id)
        async with self._database.read() as connection:
            rows = await connection.execute(statement.where(feeds.c.listed) if listed else statement)
            return await each(rows, feed_of)

    async def addresses(self) -> Sequence[str]:
        """Return the addresses of the feeds that are not paused, in no order."""
        async with self._database.read() as connection:
            return list((await connection.execute(select(feeds.c.url).where(feeds.c.paused.is_(None)))).scalars())

    async def feed(self, feed_id: int) -> Feed:
        """Return one feed."""
        async with self._database.read() as connection:
            return feed_of(await _row(connection, feeds.c.id == feed_id, feed_id))

    async def feed_by_url(self, url: str) -> Feed | None:
        """Return the feed subscribed at exactly this address, or None."""
        async with self._database.read() as connection:
            row = (await connection.execute(select(feeds).where(feeds.c.url == url))).first()
            return feed_of(row) if row else None

    async def pause_feed(self, feed_id: int, reason: str | None) -> None:
        """Stop polling a feed for a reason, or (None) resume it."""
        async with self._database.write() as connection:
            done = await connection.execute(update(feeds).where(feeds.c.id == feed_id).values(paused=reason))
            if not done.rowcount:
                raise NotFound("feed", feed_id)

    async def failing_feeds(self, limit: int = 100) -> Sequence[Feed]:
        """Return the feeds whose last poll failed or that are paused, those failing longest first."""
        statement = (
            select(feeds)
            .where(or_(feeds.c.failures > 0, feeds.c.paused.is_not(None)))
            .order_by(feeds.c.failing_since.asc().nulls_last(), feeds.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [feed_of(row) for row in await connection.execute(statement)]

    async def due_feeds(self, now: datetime, limit: int = 100) -> Sequence[Feed]:
        """Return the feeds whose next check has passed and that are not paused, the longest due first."""
        wanted = exists().where(owners.c.feed_id == feeds.c.id, owners.c.paused.is_(None))
        statement = (
            select(feeds)
            .where(feeds.c.paused.is_(None), feeds.c.next_check_at <= now, wanted)
            .order_by(feeds.c.next_check_at, feeds.c.id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return await each(await connection.execute(statement), feed_of)

    async def seen(self, feed_id: int) -> frozenset[str]:
        """Return the keys of the entries seen in a feed."""
        async with self._database.read() as connection:
            return frozenset((await connection.execute(_KEYS, {"b_feed": feed_id})).scalars())

    async def record_refreshes(
        self, records: Sequence[RefreshRecord], now: datetime
    ) -> Sequence[Mapping[str, int] | None]:
        """Write refreshes of different feeds in one transaction; None for a feed that is gone."""
        async with self._database.write() as connection:
            return await write_refreshes(connection, records, now)

    async def record_refresh(self, record: RefreshRecord, now: datetime) -> Mapping[str, int]:
        """Write one refresh; return, by article key, the story of each stored article."""
        (went,) = await self.record_refreshes([record], now)
        if went is None:
            raise NotFound("feed", record.feed_id)
        return went


def _own(title: str, topics: Sequence[str], weight: float) -> dict[str, Any]:
    """Return what an owner says of a feed; what is not said is the feed's own."""
    own: dict[str, Any] = {"title": title} if title else {}
    own |= {"topics": list(topics)} if topics else {}
    return own | ({"weight": weight} if weight != 1.0 else {})


async def _row(connection: AsyncConnection, condition: Any, key: object) -> Row[Any]:
    row = (await connection.execute(select(feeds).where(condition))).first()
    if row is None:
        raise NotFound("feed", key)
    return row
