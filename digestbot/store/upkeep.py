"""The store's own care: counts, what has outlived its time, forgetting, taking up a backup, integrity."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, text, tuple_, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.subscription import Platform, Workspace
from digestbot.domain.timekeeping import Timekeeping
from digestbot.ports import Pruned, Retention, Status
from digestbot.store.database import put
from digestbot.store.documents import leaps_from_json, leaps_to_json
from digestbot.store.moderation import forget_conduct, prune_conduct
from digestbot.store.outbox import UNSENT, give_up
from digestbot.store.polls import forget_notices
from digestbot.store.restored import count_as_posted, number_on
from digestbot.store.rows import Role
from digestbot.store.tables import (
    articles,
    briefs,
    deliveries,
    editions,
    feeds,
    parts,
    posted,
    quotes,
    seen,
    slack_bots,
    slack_installations,
    stories,
    subscriptions,
    timekeeping,
    vectors,
)
from digestbot.store.workspace_tables import owners
from digestbot.store.workspaces import forget_feeds

_INDEX_CHECKS = {
    "article_words": "INSERT INTO article_words (article_words, rank) VALUES ('integrity-check', 1)",
    "quote_words": "INSERT INTO quote_words (quote_words, rank) VALUES ('integrity-check', 1)",
}
"""Rank 1 compares an index with the table it is of, too (sqlite.org/fts5.html, 6.3)."""


class SqlUpkeep(Role):
    """The upkeep's part of the Store port on a database."""

    async def status(self, now: datetime, home: Workspace | None = None) -> Status:  # noqa: ARG002 - the port gives it
        """Return the counts of what is here, or of what is a workspace's own."""
        async with self._database.read() as connection:
            if home is not None:
                return await _status_of(connection, home)
            return Status(
                feeds=await _count(connection, feeds),
                failing=await _count(connection, feeds, feeds.c.failures > 0),
                paused=await _count(connection, feeds, feeds.c.paused.is_not(None)),
                articles=await _count(connection, articles),
                stories=await _count(connection, stories),
                briefs=await _count(connection, briefs),
                subscriptions=await _count(connection, subscriptions),
                deliveries_pending=await _count(connection, deliveries, deliveries.c.state.in_(UNSENT)),
                deliveries_sent=await _count(connection, deliveries, deliveries.c.state == "sent"),
                undeliverable=await _count(connection, deliveries, deliveries.c.state == "undeliverable"),
            )

    async def prune(self, retention: Retention, now: datetime) -> Pruned:
        """Remove what has outlived its time; see the port."""
        over = deliveries.c.state.not_in(UNSENT)
        unsent = select(deliveries.c.edition_id).where(~over)
        async with self._database.write() as connection:
            was = await _last_look(connection) or Timekeeping(now)
            clock = was.looked(now).within(retention.longest)
            await put(connection, timekeeping, {"id": 1, "at": now, "leaps": leaps_to_json(clock.leaps)}, "id")
            marks, receipts = clock.before(retention.marks), clock.before(retention.receipts)
            old_editions = select(editions.c.id).where(editions.c.at < receipts)
            old_stories = stories.c.last_seen < clock.before(retention.articles)
            gone = await _count(connection, articles, articles.c.story_id.in_(select(stories.c.id).where(old_stories)))
            pruned = Pruned(
                articles=gone,
                stories=await _delete(connection, stories, old_stories),
                briefs=await _prune_briefs(connection, clock.before(retention.briefs)),
                deliveries=await _delete(connection, deliveries, over & deliveries.c.edition_id.in_(old_editions)),
                seen=await _prune_seen(connection, marks),
                doubted=was.leap(now),
            )
            await prune_conduct(connection, retention, clock)
            past = editions.c.id.not_in(unsent)
            whole = editions.c.digest.is_not(None) & (editions.c.at < receipts)
            await connection.execute(update(editions).where(whole, past).values(digest=None))
            await _delete(connection, editions, (editions.c.at < marks) & past)
            await forget_notices(connection, receipts)
            await _delete(
                connection, posted, posted.c.at < marks, ~exists().where(articles.c.id == posted.c.article_id)
            )
            return pruned

    async def forget(self, platform: Platform, workspace: str) -> int:
        """Remove everything of a workspace; return how many subscriptions it had."""
        async with self._database.write() as connection:
            there = select(deliveries.c.edition_id).where(
                deliveries.c.platform == platform, deliveries.c.workspace == workspace
            )
            await _delete(connection, editions, editions.c.id.in_(there))
            await _delete(connection, posted, posted.c.platform == platform, posted.c.workspace == workspace)
            await forget_feeds(connection, Workspace(platform, workspace))
            await forget_conduct(connection, Workspace(platform, workspace))
            if platform == "slack":
                await _forget_installed(connection, workspace)
            return await _delete(
                connection,
                subscriptions,
                subscriptions.c.platform == platform,
                subscriptions.c.workspace == workspace,
            )

    async def settle_restored(self, now: datetime) -> None:
        """Make a store restored from a backup safe to run: nothing posted since is posted again."""
        async with self._database.write() as connection:
            unsent = await connection.execute(select(deliveries.c.id).where(deliveries.c.state.in_(UNSENT)))
            for delivery_id in unsent.scalars().all():
                await give_up(connection, delivery_id, "restored from a backup: it may have been posted since")
            await count_as_posted(connection, now)
            await connection.execute(update(subscriptions).values(window_from=now))
            await connection.execute(update(feeds).values(baseline_at=None, backfill=0))
            await number_on(connection)

    async def integrity(self) -> Sequence[str]:
        """Return what is wrong with the stored rows, one sentence each; empty when all is well."""
        wrong: list[str] = []
        if self._database.is_sqlite:
            wrong += await self._file_faults()
        async with self._database.read() as connection:
            for what, table, condition in _FAULTS:
                if count := await _count(connection, table, condition):
                    wrong.append(f"{count} {what}")
        return wrong

    async def _file_faults(self) -> list[str]:
        """Ask SQLite to check its pages, its references and its search indexes."""
        async with self._database.read() as connection:
            pages = (await connection.execute(text("PRAGMA integrity_check"))).scalars().all()
            dangling = (await connection.execute(text("PRAGMA foreign_key_check"))).all()
        wrong = [f"SQLite finds: {line}" for line in pages if line != "ok"]
        wrong += [f"a row of {row[0]} refers to a row of {row[2]} that is not there" for row in dangling]
        async with self._database.write() as connection:
            for index, check in _INDEX_CHECKS.items():
                try:
                    await connection.execute(text(check))
                except DatabaseError:
                    wrong.append(f"the search index {index} does not agree with its table")
        return wrong


async def _status_of(connection: AsyncConnection, home: Workspace) -> Status:
    """Return the counts of a workspace's own feeds, their news, and its digests."""
    mine = (owners.c.platform == home.platform) & (owners.c.workspace == home.id)
    own = feeds.c.id.in_(select(owners.c.feed_id).where(mine))
    resting = feeds.c.id.in_(select(owners.c.feed_id).where(mine, owners.c.paused.is_not(None)))
    read = articles.c.feed_id.in_(select(owners.c.feed_id).where(mine))
    told = select(articles.c.story_id).where(read)
    here = (deliveries.c.platform == home.platform) & (deliveries.c.workspace == home.id)
    return Status(
        feeds=await _count(connection, feeds, own),
        failing=await _count(connection, feeds, own, feeds.c.failures > 0),
        paused=await _count(connection, feeds, own & (feeds.c.paused.is_not(None) | resting)),
        articles=await _count(connection, articles, read),
        stories=await _count(connection, stories, stories.c.id.in_(told)),
        briefs=await _count(connection, briefs, briefs.c.story_id.in_(told)),
        subscriptions=await _count(
            connection,
            subscriptions,
            subscriptions.c.platform == home.platform,
            subscriptions.c.workspace == home.id,
        ),
        deliveries_pending=await _count(connection, deliveries, here, deliveries.c.state.in_(UNSENT)),
        deliveries_sent=await _count(connection, deliveries, here, deliveries.c.state == "sent"),
        undeliverable=await _count(connection, deliveries, here, deliveries.c.state == "undeliverable"),
    )


async def _last_look(connection: AsyncConnection) -> Timekeeping | None:
    """Return what the last look at the clock showed; nobody else looks until this transaction ends."""
    row = (await connection.execute(select(timekeeping).with_for_update())).first()
    return Timekeeping(row.at, leaps_from_json(row.leaps)) if row else None


async def _count(connection: AsyncConnection, table: Table, *conditions: ColumnElement[bool]) -> int:
    statement = select(func.count()).select_from(table).where(*conditions)
    return int((await connection.execute(statement)).scalar_one())


async def _delete(connection: AsyncConnection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return int((await connection.execute(delete(table).where(*conditions))).rowcount)


async def _prune_briefs(connection: AsyncConnection, before: datetime) -> int:
    """Delete old briefs with their quotes."""
    old = select(briefs.c.story_id, briefs.c.key).where(briefs.c.made_at < before)
    named = exists().where(
        briefs.c.story_id == quotes.c.story_id, briefs.c.key == quotes.c.brief_key, briefs.c.made_at < before
    )
    if not (await connection.execute(old.limit(1))).first():
        return 0
    await _delete(connection, quotes, named)
    return await _delete(connection, briefs, briefs.c.made_at < before)


async def _prune_seen(connection: AsyncConnection, before: datetime) -> int:
    """Delete old marks, never the newest of a feed (twice as many as it has held), never a stored article's."""
    place = func.row_number().over(partition_by=seen.c.feed_id, order_by=(seen.c.at.desc(), seen.c.key)).label("place")
    aging = select(seen.c.feed_id).where(seen.c.at < before)
    ranked = select(seen.c.feed_id, seen.c.key, seen.c.at, place).where(seen.c.feed_id.in_(aging)).subquery()
    old = (
        select(ranked.c.feed_id, ranked.c.key)
        .join(feeds, feeds.c.id == ranked.c.feed_id)
        .where(
            ranked.c.at < before,
            ranked.c.place > 2 * feeds.c.size,
            ~exists().where(articles.c.feed_id == ranked.c.feed_id, articles.c.key == ranked.c.key),
        )
    )
    return await _delete(connection, seen, tuple_(seen.c.feed_id, seen.c.key).in_(old))


_FAULTS: Sequence[tuple[str, Table, ColumnElement[Any]]] = (
    ("stories have no article", stories, ~exists().where(articles.c.story_id == stories.c.id)),
    ("articles have no vector", articles, ~exists().where(vectors.c.article_id == articles.c.id)),
    (
        "articles of a feed have no seen mark",
        articles,
        and_(
            articles.c.feed_id.is_not(None),
            ~exists().where(seen.c.feed_id == articles.c.feed_id, seen.c.key == articles.c.key),
        ),
    ),
    (
        "quotes have no brief",
        quotes,
        ~exists().where(briefs.c.story_id == quotes.c.story_id, briefs.c.key == quotes.c.brief_key),
    ),
    ("deliveries have no part", deliveries, ~exists().where(parts.c.delivery_id == deliveries.c.id)),
    (
        "deliveries are called sent with parts unsent",
        deliveries,
        and_(
            deliveries.c.state == "sent",
            exists().where(parts.c.delivery_id == deliveries.c.id, parts.c.state != "sent"),
        ),
    ),
    (
        "deliveries are called unsent with every part sent or given up",
        deliveries,
        and_(
            deliveries.c.state.in_(UNSENT),
            ~exists().where(parts.c.delivery_id == deliveries.c.id, parts.c.state.in_(UNSENT)),
        ),
    ),
    (
        "sent parts have no receipt",
        parts,
        and_(parts.c.state == "sent", or_(parts.c.message_id.is_(None), parts.c.posted_at.is_(None))),
    ),
)


async def _forget_installed(connection: AsyncConnection, team: str) -> None:
    """Remove the tokens that a Slack workspace's installation left; an organization's own serve others too."""
    for table in (slack_bots, slack_installations):
        await connection.execute(delete(table).where(table.c.team_id == team, table.c.is_enterprise_install.is_(False)))
