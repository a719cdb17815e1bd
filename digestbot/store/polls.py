"""What watching feeds leaves behind: polls written many at once, notices, earlier versions, leases at hubs."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Row, Select, Table, Text, bindparam, cast, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Article, Polling
from digestbot.ports.watching import TAKEN, Lease, LostQuote, Notice, Poll
from digestbot.store.columns import stored_key
from digestbot.store.database import batches, put
from digestbot.store.documents import polling_from_json, polling_to_json
from digestbot.store.rows import Role, article_of
from digestbot.store.tables import articles, feeds, leases, lost_quotes, notices, versions

POLLED = ("polling", "next_check_at", "failures", "failing_since")
_POLLED = update(feeds).where(feeds.c.id == bindparam("b_id")).values({name: bindparam(f"b_{name}") for name in POLLED})
WAITS = 1000
"""How many feeds are made due in one transaction."""


class SqlWatching(Role):
    """The WatchStore port on a database."""

    async def record_polls(self, polls: Sequence[Poll], now: datetime) -> None:
        """Write polls that gave nothing new, all in one transaction; one of a feed that is gone is left out."""
        # In the order of their ids, so that two writers never wait for each other.
        rows = [_polled_row(poll.feed_id, poll.polling) for poll in sorted(polls, key=lambda poll: poll.feed_id)]
        told = [(poll.feed_id, poll.notice) for poll in polls if poll.notice]
        async with self._database.write() as connection:
            if rows:
                await connection.execute(_POLLED, rows)
            for poll in polls:
                if poll.paused is not None:
                    await connection.execute(update(feeds).where(feeds.c.id == poll.feed_id).values(paused=poll.paused))
            await note(connection, told, now)

    async def articles_of(self, feed_id: int, keys: Sequence[str]) -> Mapping[str, Article]:
        """Return the stored articles of a feed under those keys."""
        wanted = {stored_key(key): key for key in keys}
        found: dict[str, Article] = {}
        async with self._database.read() as connection:
            for batch in batches(list(wanted)):
                statement = select(articles).where(articles.c.feed_id == feed_id, articles.c.key.in_(batch))
                found.update({wanted[row.key]: article_of(row) for row in await connection.execute(statement)})
        return found

    async def versions(self, article_id: int) -> Sequence[Article]:
        """Return the earlier versions of an article that were quoted from, newest first."""
        statement = (
            select(articles, versions.c.title.label("was_title"), versions.c.text.label("was_text"))
            .join(versions, versions.c.article_id == articles.c.id)
            .where(articles.c.id == article_id)
            .order_by(versions.c.id.desc())
        )
        async with self._database.read() as connection:
            return [_as_it_was(row) for row in await connection.execute(statement)]

    async def lost_quotes(self, story_ids: Sequence[int] = (), limit: int = 100) -> Sequence[LostQuote]:
        """Return the quotations shown before that are gone from their articles, newest first; of those stories."""
        statement = select(lost_quotes, articles.c.story_id).join(articles).order_by(lost_quotes.c.id.desc())
        if story_ids:
            statement = statement.where(articles.c.story_id.in_(list(story_ids)))
        async with self._database.read() as connection:
            rows = await connection.execute(statement.limit(limit))
            return [LostQuote(row.story_id, row.article_id, row.text, row.speaker, row.at) for row in rows]

    async def notices(self, *, unsent: bool = False, limit: int = 50) -> Sequence[Notice]:
        """Return what people are to be told, newest first; ``unsent``: only what they have not been, oldest first."""
        statement = select(notices).order_by(notices.c.id if unsent else notices.c.id.desc()).limit(limit)
        if unsent:
            statement = statement.where(notices.c.sent_at.is_(None))
        async with self._database.read() as connection:
            return [_notice(row) for row in await connection.execute(statement)]

    async def take_notices(self, now: datetime, limit: int) -> Sequence[Notice]:
        """Return what people have not been told, oldest first, to whoever asks first; see the port."""
        until = notices.c.taken_until
        # One that is taken for longer was taken by a clock that has stepped back since.
        free = or_(until.is_(None), until <= now, until > now + TAKEN)
        wanted = select(notices).where(notices.c.sent_at.is_(None), free).order_by(notices.c.id).limit(limit)
        async with self._database.read() as connection:
            # Nearly always there is none, and nothing is to be written.
            if (await connection.execute(wanted.limit(1))).first() is None:
                return []
        async with self._database.write() as connection:
            rows = (await connection.execute(wanted.with_for_update(skip_locked=True))).all()
            mine = notices.c.id.in_([row.id for row in rows])
            await connection.execute(update(notices).where(mine).values(taken_until=now + TAKEN))
        return [_notice(row) for row in rows]

    async def notice_sent(self, notice_id: int, now: datetime) -> None:
        """Write that people have been told; the first time stays."""
        mine = (notices.c.id == notice_id) & notices.c.sent_at.is_(None)
        async with self._database.write() as connection:
            await connection.execute(update(notices).where(mine).values(sent_at=now))

    async def leases(self) -> Sequence[Lease]:
        """Return every lease at a hub, by feed."""
        async with self._database.read() as connection:
            return [_lease(row) for row in await connection.execute(select(leases).order_by(leases.c.feed_id))]

    async def save_lease(self, lease: Lease) -> None:
        """Keep a feed's lease in place of the one it had."""
        row = {name: getattr(lease, name) for name in lease.__slots__}
        async with self._database.write() as connection:
            held = select(feeds.c.id).where(feeds.c.id == lease.feed_id).with_for_update(key_share=True)
            if (await connection.execute(held)).first() is None:
                raise NotFound("feed", lease.feed_id)
            await put(connection, leases, row, "feed_id")

    async def remove_lease(self, feed_id: int) -> None:
        """Forget a feed's lease; forgetting twice is harmless."""
        async with self._database.write() as connection:
            await connection.execute(delete(leases).where(leases.c.feed_id == feed_id))

    async def make_due(self, feed_id: int, now: datetime) -> None:
        """Make a feed due at ``now`` if it is due later; a feed that is gone stays gone."""
        later = (feeds.c.id == feed_id) & (feeds.c.next_check_at > now)
        async with self._database.write() as connection:
            row = (await connection.execute(select(feeds.c.polling).where(later).with_for_update())).first()
            if row is not None:
                sooner = polling_to_json(polling_from_json(row.polling)) | {"next_check_at": now.isoformat()}
                await connection.execute(
                    update(feeds).where(feeds.c.id == feed_id).values(polling=sooner, next_check_at=now)
                )

    async def end_waits(self, now: datetime, beyond: datetime) -> int:
        """Make due at ``now`` every feed that waits until after ``beyond`` because a clock was ahead; see the port."""
        written = feeds.c.polling
        as_json = cast(written, JSON)["checked_at"].as_string()
        asked = func.json_extract(written, "$.checked_at", type_=Text) if self._database.is_sqlite else as_json
        # The first two are the index of what is due: of feeds that wait for less, none is looked at.
        late = feeds.c.paused.is_(None) & (feeds.c.next_check_at > beyond)
        # Moments in a document are all written alike, in UTC, so that their order is that of their texts.
        chosen = select(feeds.c.id, written).where(late, or_(asked.is_(None), asked > now.isoformat())).limit(WAITS)
        async with self._database.read() as connection:
            # Nearly always there is none, and nothing is to be written.
            if (await connection.execute(chosen.limit(1))).first() is None:
                return 0
        ended = 0
        while count := await self._end_waits(chosen, now):
            ended += count
        return ended

    async def _end_waits(self, chosen: Select[Any], now: datetime) -> int:
        """Make some of the feeds due at ``now``; other writers go in between."""
        async with self._database.write() as connection:
            found = (await connection.execute(chosen.with_for_update())).all()
            states = {row.id: set_back(polling_from_json(row.polling), now) for row in found}
            if states:
                await connection.execute(_POLLED, [_polled_row(id_, state) for id_, state in sorted(states.items())])
            return len(states)


def set_back(polling: Polling, now: datetime) -> Polling:
    """Return a polling state that a clock wrote which was ahead, as it is by the right one: due now."""
    since = polling.failing_since
    return replace(polling, next_check_at=now, failing_since=since and min(since, now))


def _polled_row(feed_id: int, polling: Polling) -> dict[str, Any]:
    """Return the values that write one feed's polling state."""
    return {"b_id": feed_id, **{f"b_{name}": value for name, value in polled(polling).items()}}


def polled(polling: Polling) -> dict[str, Any]:
    """Return the columns that hold a feed's polling state."""
    return {
        "polling": polling_to_json(polling),
        "next_check_at": polling.next_check_at,
        "failures": polling.failures,
        "failing_since": polling.failing_since,
    }


async def note(connection: AsyncConnection, told: Sequence[tuple[int, str]], now: datetime) -> None:
    """Write down what people are to be told of feeds."""
    if told:
        await connection.execute(
            insert(notices), [{"feed_id": feed_id, "text": text, "at": now} for feed_id, text in told]
        )


async def forget_notices(connection: AsyncConnection, before: datetime) -> None:
    """Remove the notices older than that."""
    table: Table = notices
    await connection.execute(delete(table).where(table.c.at < before))


def _notice(row: Row[Any]) -> Notice:
    return Notice(row.id, row.feed_id, row.text, row.at, row.sent_at)


def _as_it_was(row: Row[Any]) -> Article:
    now = article_of(row)
    return Article(
        id=now.id,
        url=now.url,
        title=row.was_title,
        text=row.was_text,
        outlet=now.outlet,
        feed_id=now.feed_id,
        key=now.key,
        authors=now.authors,
        categories=now.categories,
        published=now.published,
        fetched_at=now.fetched_at,
        language=now.language,
    )


def _lease(row: Row[Any]) -> Lease:
    return Lease(row.feed_id, row.hub, row.topic, row.token, row.secret, row.asked_at, row.state, row.until)
