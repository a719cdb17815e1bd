"""What readers look back at: past editions, who said what, counts over time; reads only."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

from sqlalchemy import (
    ColumnElement,
    String,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.digest import DeliveryState, Digest
from digestbot.domain.news import Brief, Feed
from digestbot.ports.archive import Backlog, Due, FeedHealth, Saying, Tally, Voice
from digestbot.store.briefs import brief_of
from digestbot.store.columns import Instant
from digestbot.store.documents import digest_from_json
from digestbot.store.outbox import UNSENT
from digestbot.store.quotes import cut_again
from digestbot.store.rows import Role, article_of, feed_of
from digestbot.store.tables import articles, briefs, deliveries, editions, feeds, quotes, stories, subscriptions

_HOUR, _DAY = "hour", "day"
HEALTHS: tuple[FeedHealth, ...] = get_args(FeedHealth)


class SqlArchive(Role):
    """The ArchiveStore port on a database."""

    async def archive(
        self,
        *,
        subscription_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
    ) -> Sequence[Digest]:
        """Return digests of editions in ``[since, until)``, newest first."""
        wanted: list[ColumnElement[bool]] = [editions.c.digest.is_not(None)]
        wanted += [editions.c.subscription_id == subscription_id] if subscription_id is not None else []
        wanted += [editions.c.at >= since] if since is not None else []
        wanted += [editions.c.at < until] if until is not None else []
        statement = (
            select(editions.c.digest)
            .where(*wanted)
            .order_by(editions.c.at.desc(), editions.c.subscription_id)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [digest_from_json(document) for document in (await connection.execute(statement)).scalars()]

    async def briefs(self, story_id: int) -> Sequence[Brief]:
        """Return every brief that is kept of a story, newest first."""
        statement = select(briefs).where(briefs.c.story_id == story_id)
        async with self._database.read() as connection:
            rows = (await connection.execute(statement.order_by(briefs.c.made_at.desc(), briefs.c.key))).all()
            return [await brief_of(connection, row) for row in rows]

    async def said_by(self, name: str, limit: int = 50) -> Sequence[Saying]:
        """Return the quotations of one speaker that briefs show, newest article first, each once."""
        statement = (
            _told(articles, quotes.c.cut)
            .where(quotes.c.speaker == name)
            .order_by(articles.c.fetched_at.desc(), articles.c.id.desc(), quotes.c.number, quotes.c.id)
        )
        found: dict[object, Saying] = {}
        async with self._database.read() as connection:
            for row in await connection.execute(statement):
                article = article_of(row)
                for quote in cut_again(article, row.cut):
                    if quote.speaker is not None and quote.speaker.name == name:
                        found.setdefault((article.id, quote.passages), Saying(row.story_id, article, quote))
                if len(found) >= limit:
                    break
        return list(found.values())[:limit]

    async def voices(self, since: datetime, limit: int = 50) -> Sequence[Voice]:
        """Return who is quoted in briefs of articles read since then, the most quoted first."""
        said = func.count(quotes.c.text.distinct())
        statement = (
            _told(quotes.c.speaker, said.label("said"), func.max(articles.c.fetched_at).label("last"))
            .where(articles.c.fetched_at >= since, quotes.c.speaker != "")
            .group_by(quotes.c.speaker)
            .order_by(said.desc(), quotes.c.speaker)
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [Voice(row.speaker, row.said, row.last) for row in await connection.execute(statement)]

    async def tally(self, since: datetime) -> Tally:
        """Return what the briefs made since then came to."""
        made = briefs.c.made_at >= since
        shown = select(func.count()).select_from(
            quotes.join(briefs, and_(briefs.c.story_id == quotes.c.story_id, briefs.c.key == quotes.c.brief_key))
        )
        documents = select(type_coerce(briefs.c.dropped, Text), type_coerce(briefs.c.summary, Text)).where(made)
        async with self._database.read() as connection:
            rows = [(row[0], row[1]) for row in await connection.execute(documents)]
            number = (await connection.execute(shown.where(made))).scalar_one()
        # A week of a large bot is some thousand documents: read in a thread, they hold up nobody.
        return await asyncio.to_thread(_tallied, rows, number)

    async def articles_by_hour(self, since: datetime) -> Sequence[tuple[datetime, int]]:
        """Return how many articles were stored in each hour since then."""
        async with self._database.read() as connection:
            hour = _bucket(connection, articles.c.fetched_at, _HOUR)
            statement = select(hour.label("hour"), func.count().label("stored")).where(articles.c.fetched_at >= since)
            rows = await connection.execute(statement.group_by(hour).order_by(hour))
            return [(_instant(row.hour), row.stored) for row in rows]

    async def deliveries_by_day(self, since: datetime) -> Sequence[tuple[datetime, DeliveryState, int]]:
        """Return how many deliveries of each day's editions are in each state."""
        async with self._database.read() as connection:
            day = _bucket(connection, editions.c.at, _DAY)
            statement = (
                select(day.label("day"), deliveries.c.state, func.count().label("owed"))
                .join(editions, editions.c.id == deliveries.c.edition_id)
                .where(editions.c.at >= since)
                .group_by(day, deliveries.c.state)
                .order_by(day, deliveries.c.state)
            )
            return [(_instant(row.day), row.state, row.owed) for row in await connection.execute(statement)]

    async def feed_healths(self, now: datetime, late: timedelta) -> Mapping[FeedHealth, int]:
        """Return how many feeds are of each health that any has."""
        rank = _rank(now - late)
        async with self._database.read() as connection:
            rows = await connection.execute(select(rank.label("rank"), func.count().label("feeds")).group_by(rank))
            return {HEALTHS[row.rank]: row.feeds for row in rows}

    async def feeds_by_health(
        self,
        now: datetime,
        late: timedelta,
        *,
        health: FeedHealth | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Sequence[tuple[Feed, FeedHealth]]:
        """Return feeds with their health, those that need a look first."""
        rank = _rank(now - late)
        statement = select(feeds, rank.label("rank")).order_by(rank, feeds.c.id).limit(limit).offset(offset)
        if health is not None:
            statement = statement.where(rank == HEALTHS.index(health))
        async with self._database.read() as connection:
            return [(feed_of(row), HEALTHS[row.rank]) for row in await connection.execute(statement)]

    async def backlog(self, now: datetime, since: datetime) -> Backlog:
        """Return what is due now."""
        fresh = exists().where(briefs.c.story_id == stories.c.id, briefs.c.sources_hash == stories.c.sources_hash)
        ready = deliveries.c.state.in_(UNSENT)
        async with self._database.read() as connection:
            return Backlog(
                refresh=await _due(
                    connection, feeds.c.next_check_at, feeds.c.next_check_at <= now, feeds.c.paused.is_(None)
                ),
                brief=await _due(connection, stories.c.last_seen, stories.c.last_seen >= since, ~fresh),
                publish=await _due(
                    connection,
                    subscriptions.c.next_edition_at,
                    subscriptions.c.next_edition_at <= now,
                    subscriptions.c.paused.is_(None),
                ),
                deliver=await _due(connection, editions.c.at, deliveries.c.edition_id == editions.c.id, ready),
            )


def _tallied(rows: Sequence[tuple[str, str]], quotes_shown: int) -> Tally:
    """Count what briefs' documents say: what was dropped, what the gate refused, and what wrote them."""
    dropped, refused, engines = Counter[str](), Counter[str](), Counter[str]()
    for lost, document in rows:
        summary = json.loads(document)
        dropped.update({reason: int(count) for reason, count in json.loads(lost)})
        refused.update(rule for refusal in summary.get("refused", ()) for rule in refusal["reasons"])
        engines[summary["engine"]] += 1
    return Tally(len(rows), quotes_shown, ranked(dropped), ranked(refused), ranked(engines))


def ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Return counts with the most frequent first, equal ones by name."""
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def _rank(late: datetime) -> ColumnElement[int]:
    """Return the place of a feed's health in the order of ``FeedHealth``; a poll due before ``late`` is late.

    Written into the statement as they are, the numbers make it the same expression wherever it stands.
    """
    return case(
        (feeds.c.paused.is_not(None), literal_column("1")),
        (feeds.c.failures > literal_column("0"), literal_column("0")),
        (feeds.c.next_check_at < bindparam("late", late, Instant), literal_column("2")),
        (feeds.c.baseline_at.is_(None), literal_column("3")),
        else_=literal_column("4"),
    )


def _told(*columns: Any) -> Any:
    """Select of quotations and the articles they stand in; one whose article left the story is not told."""
    return select(*columns).join_from(
        quotes, articles, (articles.c.id == quotes.c.article_id) & (articles.c.story_id == quotes.c.story_id)
    )


async def _due(connection: AsyncConnection, since: ColumnElement[Any], *conditions: ColumnElement[bool]) -> Due:
    row = (await connection.execute(select(func.count(), func.min(since)).where(*conditions))).one()
    return Due(row[0], row[1])


def _bucket(connection: AsyncConnection, at: ColumnElement[Any], unit: str) -> ColumnElement[Any]:
    """Return the hour or day (UTC) an instant lies in, as text that begins as ISO 8601 does."""
    length = {_HOUR: 13, _DAY: 10}[unit]
    if connection.dialect.name == "sqlite":
        return func.substr(type_coerce(at, String), 1, length)
    return func.to_char(func.timezone("UTC", at), {_HOUR: "YYYY-MM-DD HH24", _DAY: "YYYY-MM-DD"}[unit])


def _instant(bucket: str) -> datetime:
    return datetime.fromisoformat(bucket if len(bucket) == 10 else f"{bucket}:00").replace(tzinfo=UTC)  # noqa: PLR2004
