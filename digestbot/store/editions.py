"""Subscriptions and their editions: who is owed what when, and what each channel has had."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Table, and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.digest import Delivery, Digest, Edition, Message, Part
from digestbot.domain.errors import Conflict, NotFound
from digestbot.domain.subscription import Channel, Schedule, Subscription, changed_since
from digestbot.store.database import batches, insert_new, insert_returning, new_id
from digestbot.store.documents import digest_from_json, digest_to_json, settings_to_json
from digestbot.store.rows import Role, subscription_of
from digestbot.store.tables import articles, deliveries, editions, parts, posted, subscriptions


class SqlEditions(Role):
    """The subscriptions' and editions' part of the EditionStore port on a database."""

    async def save_subscription(self, subscription: Subscription, before: Subscription | None = None) -> Subscription:
        """Add (``id`` 0) or change a subscription, writing what differs from ``before``; return it stored."""
        async with self._database.write() as connection:
            if subscription.id:
                there = subscription_of(await _row(connection, subscription.id, lock=True))
                subscription = changed_since(before, subscription, there) if before else subscription
            earlier = await _named(connection, subscription)
            if subscription.id and earlier and earlier.id != subscription.id:
                raise Conflict(f"another subscription here is named “{subscription.name}”", hint="choose another name")
            row = _columns(subscription)
            if not subscription.id and earlier:
                progress = ("paused", "next_edition_at", "window_from")
                row |= {name: getattr(earlier, name) for name in progress if row[name] is None}
            key = subscription.id or (earlier.id if earlier else 0)
            if not key:
                result = await connection.execute(insert(subscriptions).values(row))
                key = new_id(result)
            else:
                await connection.execute(update(subscriptions).where(subscriptions.c.id == key).values(row))
            return subscription_of(await _row(connection, key))

    async def remove_subscription(self, subscription_id: int) -> None:
        """Forget a subscription with its editions; what its channel had is remembered."""
        async with self._database.write() as connection:
            done = await connection.execute(delete(subscriptions).where(subscriptions.c.id == subscription_id))
            if not done.rowcount:
                raise NotFound("subscription", subscription_id)

    async def subscriptions(self) -> Sequence[Subscription]:
        """Return every subscription, by id."""
        async with self._database.read() as connection:
            rows = await connection.execute(select(subscriptions).order_by(subscriptions.c.id))
            return [subscription_of(row) for row in rows]

    async def subscription(self, subscription_id: int) -> Subscription:
        """Return one subscription."""
        async with self._database.read() as connection:
            return subscription_of(await _row(connection, subscription_id))

    async def due_subscriptions(self, now: datetime) -> Sequence[Subscription]:
        """Return the subscriptions whose edition time has come and that are not paused, the longest due first."""
        statement = (
            select(subscriptions)
            .where(subscriptions.c.paused.is_(None), subscriptions.c.next_edition_at <= now)
            .order_by(subscriptions.c.next_edition_at, subscriptions.c.id)
        )
        async with self._database.read() as connection:
            return [subscription_of(row) for row in await connection.execute(statement)]

    async def pause_subscription(self, subscription_id: int, reason: str | None) -> None:
        """Pause a subscription with a reason, or (None) resume it; its configuration is kept."""
        chosen = update(subscriptions).where(subscriptions.c.id == subscription_id)
        async with self._database.write() as connection:
            if not (await connection.execute(chosen.values(paused=reason))).rowcount:
                raise NotFound("subscription", subscription_id)

    async def posted_articles(self, channel: Channel) -> Mapping[int, int]:
        """Return, by article id, the story id under which it was posted to a channel in any digest."""
        here = _in(posted, channel)
        same = (
            select(articles.c.id, posted.c.story_id)
            .join(posted, (posted.c.url == articles.c.url) & (articles.c.url != ""))
            .where(here)
        )
        async with self._database.read() as connection:
            found = {row.id: row.story_id for row in await connection.execute(same.order_by(posted.c.article_id))}
            own = await connection.execute(select(posted.c.article_id, posted.c.story_id).where(here))
            return found | {row.article_id: row.story_id for row in own}

    async def publish(
        self,
        edition: Edition,
        *,
        channel: Channel,
        digest: Digest | None,
        messages: Sequence[Message],
        article_ids: Mapping[int, int],
        next_edition_at: datetime | None,
        window_from: datetime,
        known: Collection[int] | None = None,
        schedule: Schedule | None = None,
    ) -> Delivery | None:
        """Write an edition, its outbox row and the subscription's next due time in one transaction."""
        row = {
            "subscription_id": edition.subscription_id,
            "at": edition.at,
            "timezone": edition.timezone,
            "digest": digest_to_json(digest) if digest else None,
        }
        async with self._database.write() as connection:
            await _hold(connection, edition.subscription_id, channel)
            edition_id = await insert_returning(connection, editions, row, "subscription_id", "at")
            # One already written was written by a clock that was ahead: waiting for it would make it at every tick.
            passed = {"next_edition_at": next_edition_at} if await _waits(connection, edition, schedule) else {}
            mine = update(subscriptions).where(subscriptions.c.id == edition.subscription_id)
            if edition_id is None:
                if passed:
                    await connection.execute(mine.values(passed))
                return None
            if known is not None:
                await _require_untold(connection, channel, [key for key in article_ids if key not in known])
            await connection.execute(mine.values(passed | {"window_from": window_from}))
            await _remember(connection, channel, article_ids, edition.at)
            return await _owe(connection, edition_id, edition, channel, messages) if messages else None

    async def windows_after(self, beyond: datetime) -> Sequence[Subscription]:
        """Return, by id, the subscriptions whose window ends after ``beyond``, paused ones too."""
        late = select(subscriptions).where(subscriptions.c.window_from > beyond).order_by(subscriptions.c.id)
        async with self._database.read() as connection:
            return [subscription_of(row) for row in await connection.execute(late)]

    async def end_windows(self, next_at: Mapping[int, datetime | None], now: datetime, beyond: datetime) -> int:
        """End the windows of some subscriptions at ``now``, and let their next edition be due as ``next_at`` says."""
        count = 0
        async with self._database.write() as connection:
            for number, at in sorted(next_at.items()):
                late = (subscriptions.c.id == number) & (subscriptions.c.window_from > beyond)
                ended = update(subscriptions).where(late).values(window_from=now, next_edition_at=at)
                count += (await connection.execute(ended)).rowcount
        return count

    async def editions(self, subscription_id: int, limit: int = 20) -> Sequence[Digest]:
        """Return a subscription's latest digests, newest first."""
        statement = (
            select(editions.c.digest)
            .where(editions.c.subscription_id == subscription_id, editions.c.digest.is_not(None))
            .order_by(editions.c.at.desc())
            .limit(limit)
        )
        async with self._database.read() as connection:
            return [digest_from_json(document) for document in (await connection.execute(statement)).scalars()]

    async def digest(self, edition: Edition) -> Digest | None:
        """Return the digest of one edition, or None where there is none."""
        statement = select(editions.c.digest).where(
            editions.c.subscription_id == edition.subscription_id, editions.c.at == edition.at
        )
        async with self._database.read() as connection:
            document = (await connection.execute(statement)).scalar()
            return digest_from_json(document) if document else None


def _columns(subscription: Subscription) -> dict[str, Any]:
    return {
        "name": subscription.name,
        "platform": subscription.channel.platform,
        "workspace": subscription.channel.workspace,
        "channel": subscription.channel.id,
        "paused": subscription.paused,
        "next_edition_at": subscription.next_edition_at,
        "window_from": subscription.window_from,
        "settings": settings_to_json(subscription),
    }


async def _row(connection: AsyncConnection, subscription_id: int, *, lock: bool = False) -> Row[Any]:
    statement = select(subscriptions).where(subscriptions.c.id == subscription_id)
    row = (await connection.execute(statement.with_for_update() if lock else statement)).first()
    if row is None:
        raise NotFound("subscription", subscription_id)
    return row


def _in(table: Table, channel: Channel) -> ColumnElement[bool]:
    """Return the condition that a row is of a channel."""
    return and_(
        table.c.platform == channel.platform, table.c.workspace == channel.workspace, table.c.channel == channel.id
    )


async def _hold(connection: AsyncConnection, subscription_id: int, channel: Channel) -> None:
    """Lock a subscription and the others of the channel, in the order of their ids: one edition at a time is written.

    Raises:
        NotFound: The subscription is gone.

    """
    wanted = or_(subscriptions.c.id == subscription_id, _in(subscriptions, channel))
    statement = select(subscriptions.c.id).where(wanted).order_by(subscriptions.c.id).with_for_update()
    if subscription_id not in set((await connection.execute(statement)).scalars()):
        raise NotFound("subscription", subscription_id)


async def _waits(connection: AsyncConnection, edition: Edition, schedule: Schedule | None) -> bool:
    """Tell whether a subscription, which is held, waits for an edition, or for none yet.

    Raises:
        Conflict: It does, and has another schedule by now.

    """
    there = subscription_of(await _row(connection, edition.subscription_id))
    if there.next_edition_at is not None and there.next_edition_at > edition.at:
        return False
    if schedule not in {None, there.schedule}:
        raise Conflict(f"“{there.name}” has another schedule by now", hint="the edition is made anew")
    return True


async def _require_untold(connection: AsyncConnection, channel: Channel, article_ids: Sequence[int]) -> None:
    """Do nothing while a channel has none of these articles, neither by number nor by address.

    Raises:
        Conflict: It has got one.

    """
    for batch in batches(article_ids):
        addresses = select(articles.c.url).where(articles.c.id.in_(batch), articles.c.url != "")
        same = or_(posted.c.article_id.in_(batch), posted.c.url.in_(addresses))
        if (await connection.execute(select(posted.c.article_id).where(_in(posted, channel), same).limit(1))).first():
            raise Conflict(f"{channel} has got one of these articles meanwhile", hint="the edition is made anew")


async def _named(connection: AsyncConnection, subscription: Subscription) -> Row[Any] | None:
    """Return the subscription of that name in the workspace, held against other writers."""
    channel = subscription.channel
    statement = select(subscriptions).where(
        subscriptions.c.platform == channel.platform,
        subscriptions.c.workspace == channel.workspace,
        subscriptions.c.name == subscription.name,
    )
    return (await connection.execute(statement.with_for_update())).first()


async def _remember(
    connection: AsyncConnection, channel: Channel, article_ids: Mapping[int, int], at: datetime
) -> None:
    """Write which articles a channel gets; the first time stays."""
    place = {"platform": channel.platform, "workspace": channel.workspace, "channel": channel.id, "at": at}
    for batch in batches(list(article_ids)):
        found = await connection.execute(select(articles.c.id, articles.c.url).where(articles.c.id.in_(batch)))
        urls = {row.id: row.url for row in found}
        rows = [place | {"article_id": key, "story_id": article_ids[key], "url": urls.get(key, "")} for key in batch]
        await insert_new(connection, posted, rows, "platform", "workspace", "channel", "article_id")


async def _owe(
    connection: AsyncConnection, edition_id: int, edition: Edition, channel: Channel, messages: Sequence[Message]
) -> Delivery:
    """Write the outbox row of an edition with one part a message."""
    row = {
        "edition_id": edition_id,
        "platform": channel.platform,
        "workspace": channel.workspace,
        "channel": channel.id,
        "state": "pending",
        "tries": 0,
        "error": "",
    }
    result = await connection.execute(insert(deliveries).values(row))
    delivery_id = new_id(result)
    rows = [
        {
            "delivery_id": delivery_id,
            "number": number,
            "payload": message.payload,
            "text": message.text,
            "story_id": message.story_id,
            "reply": message.reply,
            "state": "pending",
            "attempt": "",
            "error": "",
        }
        for number, message in enumerate(messages)
    ]
    await connection.execute(insert(parts), rows)
    return Delivery(delivery_id, edition, channel, tuple(Part(number, m) for number, m in enumerate(messages)))
