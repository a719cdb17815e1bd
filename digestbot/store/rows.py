"""From a row to the domain's own thing, one function each; asks the database nothing."""

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy import Result, Row

from digestbot.domain.digest import Delivery, Edition, Message, Part, Receipt
from digestbot.domain.news import Article, Feed
from digestbot.domain.subscription import Channel, Subscription
from digestbot.store.database import Database
from digestbot.store.documents import filter_from_json, polling_from_json, subscription_from_json

T = TypeVar("T")
PORTION = 200
"""Rows read and made into things at one turn of the event loop: some milliseconds."""


class Role:
    """What every part of the store has: its database, and calls that are never broken off midway.

    A call on SQLite runs in a thread that a cancelled caller cannot stop: broken off, it would leave a transaction
    open behind the caller's back, and the file locked for everybody. So each public call goes on to its end, a few
    milliseconds, before its caller is cancelled. PostgreSQL's driver cancels on the server.
    """

    def __init__(self, database: Database) -> None:
        """Take an open database."""
        self._database = database

    def __init_subclass__(cls) -> None:
        """Make the public calls of a part unbroken."""
        for name, call in list(vars(cls).items()):
            if inspect.iscoroutinefunction(call) and not name.startswith("_"):
                setattr(cls, name, _unbroken(call))


def _unbroken(call: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    @wraps(call)
    async def unbroken(self: Role, *arguments: Any, **options: Any) -> Any:
        if not self._database.is_sqlite:
            return await call(self, *arguments, **options)
        task = asyncio.ensure_future(call(self, *arguments, **options))
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            while not task.done():
                with suppress(asyncio.CancelledError):
                    await asyncio.wait([task])
            if not task.cancelled():
                # Looked at, so that nobody is told of an error that nobody waits for.
                task.exception()
            raise

    return unbroken


async def each(rows: Result[Any], make: Callable[[Row[Any]], T]) -> list[T]:
    """Return what ``make`` makes of each of many rows; the event loop has its turn between portions of them."""
    made: list[T] = []
    for portion in rows.partitions(PORTION):
        made += [make(row) for row in portion]
        await asyncio.sleep(0)
    return made


def feed_of(row: Row[Any]) -> Feed:
    """Return the feed of a row of ``feeds``."""
    return Feed(
        id=row.id,
        url=row.url,
        title=row.name or row.title,
        polling=polling_from_json(row.polling),
        link=row.link,
        language=row.language,
        topics=tuple(row.topics),
        weight=row.weight,
        filter=filter_from_json(row.filter),
        backfill=row.backfill,
        listed=row.listed,
        baseline_at=row.baseline_at,
        paused=row.paused,
    )


def article_of(row: Row[Any]) -> Article:
    """Return the article of a row of ``articles``; ``feed_id`` is 0 when its feed is removed."""
    return Article(
        id=row.id,
        url=row.url,
        title=row.title,
        text=row.text,
        outlet=row.outlet,
        feed_id=row.feed_id or 0,
        key=row.key,
        authors=tuple(row.authors),
        categories=tuple(row.categories),
        published=row.published,
        fetched_at=row.fetched_at,
        language=row.language,
    )


def channel_of(row: Row[Any]) -> Channel:
    """Return the channel named by a row's three columns."""
    return Channel(row.platform, row.channel, row.workspace)


def subscription_of(row: Row[Any]) -> Subscription:
    """Return the subscription of a row of ``subscriptions``."""
    columns = {
        "id": row.id,
        "name": row.name,
        "paused": row.paused,
        "next_edition_at": row.next_edition_at,
        "window_from": row.window_from,
    }
    return subscription_from_json(row.settings, channel_of(row), columns)


def part_of(row: Row[Any]) -> Part:
    """Return the part of a row of ``parts``."""
    receipt = None
    if row.message_id is not None:
        receipt = Receipt(row.delivery_id, row.number, row.message_id, row.posted_at)
    message = Message(payload=row.payload, text=row.text, story_id=row.story_id, reply=row.reply)
    return Part(row.number, message, row.state, row.attempt, row.attempted_at, receipt, row.error)


def delivery_of(row: Row[Any], parts: tuple[Part, ...]) -> Delivery:
    """Return the delivery of a row of ``deliveries`` joined with its edition's."""
    edition = Edition(row.subscription_id, row.at, row.timezone)
    return Delivery(row.id, edition, channel_of(row), parts, row.state, row.not_before, row.tries)
