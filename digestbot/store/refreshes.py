"""What refreshes leave behind, those of many feeds in one transaction: facts, marks, new articles, edits, moves.

A statement costs far more to put together and to hand to the database's thread than to run: each here serves every
record of the transaction, and those with a fixed shape are built once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.ports import RefreshRecord
from digestbot.store.articles import NewRow, edit_articles, store_articles
from digestbot.store.columns import stored_key
from digestbot.store.database import batches, insert_fresh
from digestbot.store.merging import merge_feed
from digestbot.store.polls import POLLED, note, polled
from digestbot.store.tables import feeds, seen

MARK_REFRESH = timedelta(days=1)
"""A seen mark is made young again at most this often: a write a day, not one a poll."""

Went = Mapping[str, int]
"""By the key of each article stored the story it went into."""

_FACTS = ("title", "link", "language", "paused")
_HELD = (
    select(feeds).where(feeds.c.id.in_(bindparam("b_ids", expanding=True))).order_by(feeds.c.id).with_for_update()
)  # fmt: skip
_TOLD = (
    update(feeds)
    .where(feeds.c.id == bindparam("b_id"))
    .values({name: bindparam(f"b_{name}") for name in (*POLLED, *_FACTS, "size", "baseline_at")})
)
_MADE_YOUNG = (
    update(seen)
    .where(seen.c.feed_id == bindparam("b_feed"), seen.c.key == bindparam("b_key"), seen.c.at < bindparam("b_old"))
    .values(at=bindparam("b_now"))
)


async def write_refreshes(
    connection: AsyncConnection, records: Sequence[RefreshRecord], now: datetime
) -> list[Went | None]:
    """Write records of different feeds; return for each where its articles went, None for a feed that is gone."""
    rows = await _held(connection, records)
    standing = [record for record in records if record.feed_id in rows]
    if standing:
        await connection.execute(_TOLD, [_facts(rows[record.feed_id], record) for record in standing])
    fresh = await _mark_seen(connection, standing, now)
    went = await store_articles(connection, _new_rows(standing, fresh), now)
    for record in standing:
        await edit_articles(connection, record, now)
    await note(connection, [(record.feed_id, record.notice) for record in standing if record.notice], now)
    for record in standing:
        await _move(connection, record)
    return [went.get(record.feed_id, {}) if record.feed_id in rows else None for record in records]


async def _held(connection: AsyncConnection, records: Sequence[RefreshRecord]) -> dict[int, Row[Any]]:
    """Lock the feeds, by id: two refreshes of one feed go one after the other, also on two machines."""
    # In the order of their ids, so that two writers never wait for each other.
    ids = sorted({record.feed_id for record in records})
    return {row.id: row for part in batches(ids) for row in await connection.execute(_HELD, {"b_ids": part})}


def _facts(row: Row[Any], record: RefreshRecord) -> dict[str, Any]:
    """Return the columns of a feed after a refresh, its address apart; None leaves a fact as it is."""
    facts = {name: getattr(record, name) for name in _FACTS}
    told = polled(record.polling) | {name: getattr(row, name) if v is None else v for name, v in facts.items()}
    told["size"] = max(row.size, len(set(record.seen)))
    told["baseline_at"] = record.baseline_at if row.baseline_at is None else row.baseline_at
    return {"b_id": row.id, **{f"b_{name}": value for name, value in told.items()}}


async def _mark_seen(
    connection: AsyncConnection, records: Sequence[RefreshRecord], now: datetime
) -> set[tuple[Any, ...]]:
    """Mark the records' keys as seen; return those that were not, each with its feed."""
    marks = list(dict.fromkeys((record.feed_id, stored_key(key)) for record in records for key in _keys(record)))
    rows = [{"feed_id": feed_id, "key": key, "at": now} for feed_id, key in marks]
    fresh = await insert_fresh(connection, seen, rows, "feed_id", "key")
    # Each is looked up by its whole key: SQLite reads the table from end to end for a list of pairs.
    known = [
        {"b_feed": feed_id, "b_key": key, "b_old": now - MARK_REFRESH, "b_now": now}
        for feed_id, key in marks
        if (feed_id, key) not in fresh
    ]
    if known:
        await connection.execute(_MADE_YOUNG, known)
    return fresh


def _keys(record: RefreshRecord) -> Sequence[str]:
    """Return the keys a record marks."""
    return (*record.seen, *(new.article.key for new in record.articles))


def _new_rows(records: Sequence[RefreshRecord], fresh: set[tuple[Any, ...]]) -> list[NewRow]:
    """Return the articles to store: of each feed and key the first, if the key was not seen before."""
    rows: dict[tuple[int, str], NewRow] = {}
    for record in records:
        for item in record.articles:
            mark = record.feed_id, stored_key(item.article.key)
            if mark in fresh:
                rows.setdefault(mark, NewRow(record.feed_id, mark[1], item))
    return list(rows.values())


async def _move(connection: AsyncConnection, record: RefreshRecord) -> None:
    """Give a feed its new address; where another feed has that one, the two become one."""
    if record.url is None:
        return
    there = (await connection.execute(select(feeds.c.id).where(feeds.c.url == record.url))).scalar()
    if there is None:
        await connection.execute(update(feeds).where(feeds.c.id == record.feed_id).values(url=record.url))
    elif there != record.feed_id:
        await merge_feed(connection, record.feed_id, there)
