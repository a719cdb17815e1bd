"""Two feeds that turn out to be one: what the one that moved has goes to the other, and nothing is news again."""

from typing import Any

from sqlalchemy import ColumnElement, Table, delete, func, literal, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.store.tables import articles, feeds, seen, subscriptions
from digestbot.store.workspace_tables import owners


async def merge_feed(connection: AsyncConnection, moved_id: int, into_id: int) -> None:
    """Give a feed's marks, articles, workspaces and subscriptions to another one, and remove it.

    Where both have an article under one key, both stay, as what a removed feed leaves behind does. What the
    operator lets through of the one that moved holds for the other, unless that has rules of its own.
    """
    await _carry(connection, seen, moved_id, into_id, "key")
    await _carry(connection, owners, moved_id, into_id, "platform", "workspace")
    theirs = select(articles.c.key).where(articles.c.feed_id == into_id)
    mine = (articles.c.feed_id == moved_id) & articles.c.key.not_in(theirs)
    await connection.execute(update(articles).where(mine).values(feed_id=into_id))
    await _follow(connection, moved_id, into_id)
    kept = ("baseline_at", "filter")
    before = {name: select(feeds.c[name]).where(feeds.c.id == moved_id).scalar_subquery() for name in kept}
    values = {name: func.coalesce(feeds.c[name], before[name]) for name in kept}
    await connection.execute(update(feeds).where(feeds.c.id == into_id).values(values))
    await connection.execute(delete(feeds).where(feeds.c.id == moved_id))


async def _carry(connection: AsyncConnection, table: Table, moved_id: int, into_id: int, *keys: str) -> None:
    """Copy a feed's rows of a table to the other feed, where it has none under those keys."""
    there = table.alias()
    same: list[ColumnElement[bool]] = [there.c.feed_id == into_id, *(there.c[key] == table.c[key] for key in keys)]
    missing = ~select(there.c.feed_id).where(*same).correlate(table).exists()
    columns: dict[str, Any] = {column.name: column for column in table.c} | {"feed_id": literal(into_id)}
    rows = select(*columns.values()).where(table.c.feed_id == moved_id, missing)
    await connection.execute(table.insert().from_select(list(columns), rows))


async def _follow(connection: AsyncConnection, moved_id: int, into_id: int) -> None:
    """Let the subscriptions that name a feed name the other one."""
    for row in (await connection.execute(select(subscriptions.c.id, subscriptions.c.settings))).all():
        named = row.settings.get("feeds") or []
        if moved_id in named:
            followed = list(dict.fromkeys(into_id if number == moved_id else number for number in named))
            settings = {**row.settings, "feeds": followed}
            await connection.execute(
                update(subscriptions).where(subscriptions.c.id == row.id).values(settings=settings)
            )
