"""The outbox: deliveries and their parts, from pending to posted; each change is one transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Select, UnaryExpression, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.digest import LONGEST_WAIT, Delivery, DeliveryState, Receipt
from digestbot.domain.errors import Conflict, NotFound
from digestbot.domain.subscription import Platform
from digestbot.store.rows import Role, delivery_of, part_of
from digestbot.store.tables import deliveries, editions, parts

UNSENT: tuple[DeliveryState, ...] = ("pending", "sending")


class SqlOutbox(Role):
    """The deliveries' part of the EditionStore port on a database."""

    async def due_deliveries(
        self, now: datetime, limit: int = 50, *, platforms: Collection[Platform] | None = None
    ) -> Sequence[Delivery]:
        """Return the deliveries to work on, oldest first, at most one a channel: its earliest unsent."""
        served = true() if platforms is None else deliveries.c.platform.in_(platforms)
        earliest = (
            select(func.min(deliveries.c.id))
            .where(deliveries.c.state.in_(UNSENT), served)
            .group_by(deliveries.c.platform, deliveries.c.workspace, deliveries.c.channel)
        )
        until = deliveries.c.not_before
        ready = or_(until.is_(None), until <= now, until > now + LONGEST_WAIT)
        async with self._database.read() as connection:
            return await load_deliveries(
                connection, deliveries.c.id.in_(earliest) & ready, deliveries.c.id.asc(), limit
            )

    async def deliveries(self, state: DeliveryState, limit: int = 100) -> Sequence[Delivery]:
        """Return the deliveries in one state, newest first."""
        async with self._database.read() as connection:
            return await load_deliveries(connection, deliveries.c.state == state, deliveries.c.id.desc(), limit)

    async def delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery."""
        async with self._database.read() as connection:
            for found in await load_deliveries(connection, deliveries.c.id == delivery_id, deliveries.c.id.asc(), 1):
                return found
        raise NotFound("delivery", delivery_id)

    async def mark_sending(self, delivery_id: int, part: int, attempt: str, now: datetime) -> None:
        """Write, before the send, that a part is being sent; the same attempt may say so twice."""
        async with self._database.write() as connection:
            await _hold(connection, delivery_id)
            row = (await connection.execute(_part(delivery_id, part))).first()
            if row is None:
                raise NotFound("part", f"{delivery_id}:{part}")
            if row.state == "sending" and row.attempt == attempt:
                return
            if row.state != "pending":
                raise Conflict(f"part {part} of delivery {delivery_id} is {row.state} already")
            await _change(connection, delivery_id, part, state="sending", attempt=attempt, attempted_at=now)
            await _settle(connection, delivery_id)

    async def record_receipt(self, receipt: Receipt) -> None:
        """Write that a part is posted; the delivery is sent when its last part is. The first receipt stays."""
        async with self._database.write() as connection:
            await _hold(connection, receipt.delivery_id)
            row = (await connection.execute(_part(receipt.delivery_id, receipt.part))).first()
            if row is None:
                raise NotFound("part", f"{receipt.delivery_id}:{receipt.part}")
            if row.state == "sent":
                return
            proof = {"message_id": receipt.message_id, "posted_at": receipt.posted_at, "error": ""}
            await _change(connection, receipt.delivery_id, receipt.part, state="sent", **proof)
            await _settle(connection, receipt.delivery_id)

    async def postpone(self, delivery_id: int, not_before: datetime, error: str) -> None:
        """Put a delivery off and count a try; parts left sending stay so, to be settled first."""
        async with self._database.write() as connection:
            await _hold(connection, delivery_id)
            later = {"not_before": not_before, "tries": deliveries.c.tries + 1, "error": error}
            await connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(later))
            unsent = select(func.min(parts.c.number)).where(
                parts.c.delivery_id == delivery_id, parts.c.state.in_(UNSENT)
            )
            number = (await connection.execute(unsent)).scalar()
            if number is not None:
                await _change(connection, delivery_id, number, error=error)

    async def reset_part(self, delivery_id: int, part: int) -> None:
        """Write that a part in doubt was looked for and never arrived: it is pending again."""
        async with self._database.write() as connection:
            await _hold(connection, delivery_id)
            row = (await connection.execute(_part(delivery_id, part))).first()
            if row is None:
                raise NotFound("part", f"{delivery_id}:{part}")
            if row.state == "sending":
                await _change(connection, delivery_id, part, state="pending", attempt="", attempted_at=None)
                await _settle(connection, delivery_id)

    async def give_up(self, delivery_id: int, error: str) -> None:
        """Keep the unsent parts as undeliverable with the reason."""
        async with self._database.write() as connection:
            await _hold(connection, delivery_id)
            await give_up(connection, delivery_id, error)


async def give_up(connection: AsyncConnection, delivery_id: int, error: str) -> None:
    """Mark the unsent parts of a held delivery as undeliverable."""
    unsent = (parts.c.delivery_id == delivery_id) & parts.c.state.in_(UNSENT)
    done = await connection.execute(update(parts).where(unsent).values(state="undeliverable", error=error))
    if done.rowcount:
        await connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(error=error))
    await _settle(connection, delivery_id)


async def _hold(connection: AsyncConnection, delivery_id: int) -> None:
    """Lock a delivery against other writers."""
    held = select(deliveries.c.id).where(deliveries.c.id == delivery_id).with_for_update()
    if (await connection.execute(held)).first() is None:
        raise NotFound("delivery", delivery_id)


def _part(delivery_id: int, number: int) -> Select[Any]:
    return select(parts).where(parts.c.delivery_id == delivery_id, parts.c.number == number)


async def _change(connection: AsyncConnection, delivery_id: int, number: int, **values: Any) -> None:
    chosen = update(parts).where(parts.c.delivery_id == delivery_id, parts.c.number == number)
    await connection.execute(chosen.values(values))


def overall(states: set[DeliveryState]) -> DeliveryState:
    """Return a delivery's state from those of its parts."""
    if states & set(UNSENT):
        return "sending" if "sending" in states else "pending"
    return "undeliverable" if "undeliverable" in states else "sent"


async def _settle(connection: AsyncConnection, delivery_id: int) -> None:
    """Write the delivery's state as its parts have it."""
    states = set((await connection.execute(select(parts.c.state).where(parts.c.delivery_id == delivery_id))).scalars())
    await connection.execute(update(deliveries).where(deliveries.c.id == delivery_id).values(state=overall(states)))


async def load_deliveries(
    connection: AsyncConnection, condition: ColumnElement[bool], order: UnaryExpression[int], limit: int
) -> Sequence[Delivery]:
    """Return the deliveries of a condition with their parts."""
    statement = (
        select(deliveries, editions.c.subscription_id, editions.c.at, editions.c.timezone)
        .join(editions)
        .where(condition)
        .order_by(order)
        .limit(limit)
    )
    rows = (await connection.execute(statement)).all()
    mine = select(parts).where(parts.c.delivery_id.in_([row.id for row in rows]))
    found = (await connection.execute(mine.order_by(parts.c.delivery_id, parts.c.number))).all()
    of = {key: tuple(part_of(row) for row in group) for key, group in groupby(found, lambda row: row.delivery_id)}
    return [delivery_of(row, of.get(row.id, ())) for row in rows]
