"""Feeds and what has been seen of them: the part of the store that the refresh step reads and writes."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Feed, Polling
from digestbot.domain.subscription import OPERATOR, Workspace
from digestbot.ports import RefreshRecord
from digestbot.store.articles import edit_articles, store_articles
from digestbot.store.columns import storable, stored_key
from digestbot.store.database import batches, insert_new
from digestbot.store.merging import merge_feed
from digestbot.store.polls import note, polled
from digestbot.store.rows import Role, feed_of
from digestbot.store.tables import feeds, seen
from digestbot.store.workspace_tables import owners
from digestbot.store.workspaces import own_feed, owned

MARK_REFRESH = timedelta(days=1)
"""A seen mark is made young again at most this often: a write a day, not one a poll."""
# Built once: putting a statement together costs more than SQLite takes to run it.
_KEYS = select(seen.c.key).where(seen.c.feed_id == bindparam("b_feed"))
_OF_THESE = (seen.c.feed_id == bindparam("b_feed")) & seen.c.key.in_(bindparam("b_keys", expanding=True))
_KNOWN = select(seen.c.key, seen.c.at).where(_OF_THESE)
_MADE_YOUNG = update(seen).where(_OF_THESE).values(at=bindparam("b_now"))
_MARKED = insert(seen)


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

    async def feeds(self) -> Sequence[Feed]:
        """Return every feed, by id."""
        async with self._database.read() as connection:
            return [feed_of(row) for row in await connection.execute(select(feeds).order_by(feeds.c.id))]

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
            return [feed_of(row) for row in await connection.execute(statement)]

    async def seen(self, feed_id: int) -> frozenset[str]:
        """Return the keys of the entries seen in a feed."""
        async with self._database.read() as connection:
            return frozenset((await connection.execute(_KEYS, {"b_feed": feed_id})).scalars())

    async def record_refresh(self, record: RefreshRecord, now: datetime) -> Mapping[str, int]:
        """Write a refresh in one transaction; return, by article key, the story of each stored article."""
        async with self._database.write() as connection:
            # Two refreshes of one feed go one after the other, also on two machines.
            row = await _row(connection, feeds.c.id == record.feed_id, record.feed_id, lock=True)
            there = await _at(connection, record.url)
            facts = _facts(row, record) | ({"url": record.url} if record.url is not None and there is None else {})
            await connection.execute(update(feeds).where(feeds.c.id == row.id).values(facts))
            fresh = await _mark_seen(connection, record, now)
            stored = await store_articles(connection, record, fresh, now)
            await edit_articles(connection, record, now)
            await note(connection, [(row.id, record.notice)] if record.notice else [], now)
            if there is not None and there != row.id:
                await merge_feed(connection, row.id, there)
            return stored


def _own(title: str, topics: Sequence[str], weight: float) -> dict[str, Any]:
    """Return what an owner says of a feed; what is not said is the feed's own."""
    own: dict[str, Any] = {"title": title} if title else {}
    own |= {"topics": list(topics)} if topics else {}
    return own | ({"weight": weight} if weight != 1.0 else {})


async def _row(connection: AsyncConnection, condition: Any, key: object, *, lock: bool = False) -> Row[Any]:
    statement = select(feeds).where(condition)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise NotFound("feed", key)
    return row


async def _at(connection: AsyncConnection, url: str | None) -> int | None:
    """Return the feed at an address, or None."""
    if url is None:
        return None
    found: int | None = (await connection.execute(select(feeds.c.id).where(feeds.c.url == url))).scalar()
    return found


def _facts(row: Row[Any], record: RefreshRecord) -> dict[str, Any]:
    """Return the columns of a feed that a refresh changes, its address apart."""
    told = {"title": record.title, "link": record.link, "language": record.language, "paused": record.paused}
    facts = polled(record.polling) | {name: value for name, value in told.items() if value is not None}
    facts["size"] = max(row.size, len(set(record.seen)))
    if row.baseline_at is None and record.baseline_at is not None:
        facts["baseline_at"] = record.baseline_at
    return facts


async def _mark_seen(connection: AsyncConnection, record: RefreshRecord, now: datetime) -> set[str]:
    """Mark the record's keys as seen; return those that were not."""
    keys = [stored_key(key) for key in dict.fromkeys((*record.seen, *(new.article.key for new in record.articles)))]
    known: set[str] = set()
    for batch in batches(keys):
        marks = (await connection.execute(_KNOWN, {"b_feed": record.feed_id, "b_keys": batch})).all()
        known.update(mark.key for mark in marks)
        if old := [mark.key for mark in marks if mark.at < now - MARK_REFRESH]:
            await connection.execute(_MADE_YOUNG, {"b_feed": record.feed_id, "b_keys": old, "b_now": now})
    fresh = [key for key in dict.fromkeys(keys) if key not in known]
    if fresh:
        rows = [{"feed_id": record.feed_id, "key": key, "at": now} for key in fresh]
        await connection.execute(_MARKED, rows)
    return set(fresh)
