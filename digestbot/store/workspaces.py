"""Workspaces with their settings, their feeds and their snoozes: whose things are whose."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Feed
from digestbot.domain.subscription import (
    OPERATOR,
    Channel,
    Filter,
    Platform,
    Subscription,
    Workspace,
    WorkspaceSettings,
)
from digestbot.ports.workspaces import Known, Snooze
from digestbot.store.columns import storable
from digestbot.store.database import insert_new, put
from digestbot.store.documents import filter_from_json, filter_to_json
from digestbot.store.rows import Role, channel_of, each, feed_of, subscription_of
from digestbot.store.tables import feeds, subscriptions
from digestbot.store.workspace_tables import owners, snoozes, workspaces

_HOURS = ("quiet_from", "quiet_to")
_OWN: tuple[ColumnElement[Any], ...] = (
    owners.c.settings.label("own"),
    owners.c.paused.label("own_paused"),
    owners.c.filter.label("own_filter"),
)
"""What an owner says of its feed."""


class SqlWorkspaces(Role):
    """The WorkspaceStore port's settings, feeds and snoozes on a database."""

    async def workspaces(self) -> Sequence[Known]:
        """Return every workspace that has used the bot, by platform and id."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(workspaces).order_by(workspaces.c.platform, workspaces.c.workspace))
            return [_known(row) for row in rows]

    async def workspace(self, home: Workspace) -> Known | None:
        """Return one workspace, or None where it has not used the bot yet."""
        statement = select(workspaces).where(workspaces.c.platform == home.platform, workspaces.c.workspace == home.id)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        return _known(row) if row else None

    async def save_workspace(self, home: Workspace, name: str, settings: WorkspaceSettings, now: datetime) -> None:
        """Keep a workspace's name and settings; an empty name leaves the one there is."""
        row = {"platform": home.platform, "workspace": home.id}
        async with self._database.write() as connection:
            await insert_new(
                connection, workspaces, [row | {"name": "", "settings": {}, "since": now}], "platform", "workspace"
            )
            given = {"settings": settings_to_json(settings)} | ({"name": name} if name else {})
            here = (workspaces.c.platform == home.platform) & (workspaces.c.workspace == home.id)
            await connection.execute(update(workspaces).where(here).values(given))

    async def count_workspaces(self, platform: Platform) -> int:
        """Return how many workspaces of a platform have used the bot."""
        statement = select(func.count()).select_from(workspaces).where(workspaces.c.platform == platform)
        async with self._database.read() as connection:
            return int((await connection.execute(statement)).scalar_one())

    async def subscriptions_of(self, home: Workspace) -> Sequence[Subscription]:
        """Return a workspace's subscriptions, by id."""
        mine = (subscriptions.c.platform == home.platform) & (subscriptions.c.workspace == home.id)
        async with self._database.read() as connection:
            rows = await connection.execute(select(subscriptions).where(mine).order_by(subscriptions.c.id))
            return [subscription_of(row) for row in rows]

    async def feeds_of(self, home: Workspace) -> Sequence[Feed]:
        """Return the feeds that are a workspace's own, by id, as they are there."""
        statement = (
            select(feeds, *_OWN)
            .join(owners, owners.c.feed_id == feeds.c.id)
            .where(owners.c.platform == home.platform, owners.c.workspace == home.id)
            .order_by(feeds.c.id)
        )
        async with self._database.read() as connection:
            return await each(await connection.execute(statement), lambda row: as_owned(feed_of(row), row, home))

    async def owners(self, feed_id: int) -> Sequence[Workspace]:
        """Return whose feed it is, by platform and id."""
        statement = select(owners).where(owners.c.feed_id == feed_id).order_by(owners.c.platform, owners.c.workspace)
        async with self._database.read() as connection:
            return [Workspace(row.platform, row.workspace) for row in await connection.execute(statement)]

    async def change_feed(self, feed_id: int, home: Workspace, feed: Feed) -> None:
        """Write what a workspace calls its feed, its topics and weight there."""
        given = {"title": feed.title, "topics": list(feed.topics), "weight": feed.weight}
        async with self._database.write() as connection:
            await _change(connection, feed_id, home, settings=given)

    async def filter_feed(self, feed_id: int, home: Workspace, rules: Filter) -> None:
        """Write what a workspace lets through of its feed; the operator may say so of every feed."""
        values = {"filter": filter_to_json(rules)}
        async with self._database.write() as connection:
            if home != OPERATOR:
                await _change(connection, feed_id, home, **values)
                return
            done = await connection.execute(update(feeds).where(feeds.c.id == feed_id).values(values))
            if not done.rowcount:
                raise NotFound("feed", feed_id)

    async def disown_feed(self, feed_id: int, home: Workspace) -> bool:
        """Take a feed away from a workspace; without owners it is removed."""
        async with self._database.write() as connection:
            await connection.execute(select(feeds.c.id).where(feeds.c.id == feed_id).with_for_update())
            done = await connection.execute(delete(owners).where(*_link(feed_id, home)))
            if not done.rowcount:
                raise NotFound("feed", feed_id)
            if home == OPERATOR:
                await connection.execute(update(feeds).where(feeds.c.id == feed_id).values(filter=None))
            return await remove_ownerless(connection, feed_id)

    async def pause_own(self, feed_id: int, home: Workspace, reason: str | None) -> None:
        """Pause a feed for a workspace, or (None) resume it."""
        async with self._database.write() as connection:
            await _change(connection, feed_id, home, paused=reason)

    async def snooze(self, channel: Channel, topic: str, until: datetime, made_by: str) -> Snooze:
        """Keep a topic out of a channel's digests until then; snoozing it again moves the time."""
        place = {"platform": channel.platform, "workspace": channel.workspace, "channel": channel.id, "topic": topic}
        async with self._database.write() as connection:
            await put(
                connection,
                snoozes,
                place | {"until": until, "made_by": made_by},
                *place,
            )
            same = [snoozes.c[name] == storable(value) for name, value in place.items()]
            return _snooze((await connection.execute(select(snoozes).where(*same))).one())

    async def snoozes(self, home: Workspace, now: datetime) -> Sequence[Snooze]:
        """Return a workspace's snoozes that are not over, the first to end first."""
        statement = (
            select(snoozes)
            .where(snoozes.c.platform == home.platform, snoozes.c.workspace == home.id, snoozes.c.until > now)
            .order_by(snoozes.c.until, snoozes.c.id)
        )
        async with self._database.read() as connection:
            return [_snooze(row) for row in await connection.execute(statement)]

    async def end_snooze(self, snooze_id: int) -> None:
        """End a snooze; one that is over already is none."""
        async with self._database.write() as connection:
            await connection.execute(delete(snoozes).where(snoozes.c.id == snooze_id))


def as_owned(feed: Feed, row: Row[Any], home: Workspace) -> Feed:
    """Return a feed as one of its owners has it; its filter is never another's, not even the operator's."""
    own: dict[str, Any] = row.own
    return replace(
        feed,
        title=own.get("title") or feed.title,
        topics=tuple(own["topics"]) if "topics" in own else feed.topics,
        weight=own.get("weight", feed.weight),
        filter=feed.filter if home == OPERATOR else filter_from_json(row.own_filter),
        paused=row.own_paused or feed.paused,
    )


async def own_feed(
    connection: AsyncConnection, feed_id: int, home: Workspace, own: dict[str, Any], now: datetime
) -> None:
    """Make a feed a workspace's own; where it is so already, what it is called there is written anew."""
    row = {"feed_id": feed_id, "platform": home.platform, "workspace": home.id, "since": now}
    there = await connection.execute(select(owners.c.feed_id).where(*_link(feed_id, home)))
    if there.first() is None:
        await insert_new(connection, owners, [row | {"settings": own}], "feed_id", "platform", "workspace")
    elif own:
        await _change(connection, feed_id, home, settings=own)


async def owned(connection: AsyncConnection, feed: Feed, home: Workspace) -> Feed:
    """Return a feed as one of its owners has it, asking what that owner says of it."""
    return as_owned(feed, (await connection.execute(select(*_OWN).where(*_link(feed.id, home)))).one(), home)


async def remove_ownerless(connection: AsyncConnection, feed_id: int) -> bool:
    """Remove a feed that nobody has any more; tell whether it was so."""
    if (await connection.execute(select(owners.c.feed_id).where(owners.c.feed_id == feed_id).limit(1))).first():
        return False
    await connection.execute(delete(feeds).where(feeds.c.id == feed_id))
    return True


async def forget_feeds(connection: AsyncConnection, home: Workspace) -> None:
    """Take every feed away from a workspace; those that nobody else has are removed."""
    here = (owners.c.platform == home.platform) & (owners.c.workspace == home.id)
    mine = (await connection.execute(select(owners.c.feed_id).where(here))).scalars().all()
    await connection.execute(delete(owners).where(here))
    for feed_id in mine:
        await remove_ownerless(connection, feed_id)


def _link(feed_id: int, home: Workspace) -> tuple[Any, Any, Any]:
    return owners.c.feed_id == feed_id, owners.c.platform == home.platform, owners.c.workspace == home.id


async def _change(connection: AsyncConnection, feed_id: int, home: Workspace, **values: Any) -> None:
    done = await connection.execute(update(owners).where(*_link(feed_id, home)).values(values))
    if not done.rowcount:
        raise NotFound("feed", feed_id)


def _snooze(row: Row[Any]) -> Snooze:
    return Snooze(row.id, channel_of(row), row.topic, row.until, row.made_by)


def _known(row: Row[Any]) -> Known:
    return Known(Workspace(row.platform, row.workspace), row.name, settings_from_json(row.settings), row.since)


def settings_to_json(settings: WorkspaceSettings) -> dict[str, Any]:
    """Return a workspace's settings as a JSON document."""
    written = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return written | {name: written[name].isoformat() if written[name] else None for name in _HOURS}


def settings_from_json(document: dict[str, Any]) -> WorkspaceSettings:
    """Return the settings of a document, whichever fields the version that wrote it knew."""
    names = {field.name for field in fields(WorkspaceSettings)}
    kept = {name: value for name, value in document.items() if name in names}
    return WorkspaceSettings(**kept | {name: time.fromisoformat(kept[name]) for name in _HOURS if kept.get(name)})
