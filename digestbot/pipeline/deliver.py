"""Deliver: a digest owed to a channel → its messages posted once each, in order, with a receipt for every one.

A part is marked "sending" before the call, and the call is given up for unknown within two thirds of a lease. A part
found "sending" may or may not be posted: once its lease is over, so that nobody can still be posting it, the platform
is asked, before anything is sent again. Knows the ports; does not know any platform.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal
from uuid import uuid4

from digestbot.domain.digest import LONGEST_WAIT, Delivery, Part, Receipt
from digestbot.domain.errors import (
    ChannelGone,
    Defect,
    DeliveryError,
    DigestbotError,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    RateLimited,
    StoreError,
)
from digestbot.domain.subscription import Channel, Platform
from digestbot.pipeline.defects import defects_told
from digestbot.pipeline.owners import Owners
from digestbot.ports import ChatAdapter, Clock, Store

FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(minutes=15)
ON_ITS_WAY = "a message may still be on its way; it is looked for before anything is sent again"
UNSENT = ("pending", "sending")
"""The states of a delivery that is still owed."""

Outcome = Literal["sent", "postponed", "undeliverable"]


@dataclass(frozen=True, slots=True)
class Delivered:
    """How far one delivery came; ``untold`` is why nobody could be told that its digest is paused now."""

    delivery_id: int
    channel: str
    outcome: Outcome
    posted: int
    error: DigestbotError | None = None
    untold: DigestbotError | None = None


@dataclass(slots=True)
class Deliverer:
    """Runs the deliver step over the adapters of the platforms that are switched on.

    ``lease`` is how long a part that is being sent is left to whoever began: a process that was killed may have a
    message on its way, one that was cut off from the database may still be posting. ``owners`` are told when a digest
    is paused.
    """

    store: Store
    adapters: Mapping[Platform, ChatAdapter]
    clock: Clock
    lease: timedelta = timedelta(seconds=30)
    owners: Owners | None = None
    _busy: set[Channel] = field(default_factory=set)

    async def run_due(self, limit: int = 50) -> Sequence[Delivered]:
        """Work on the earliest unsent delivery of each channel; a slow channel delays no other.

        Called again while it still runs, it leaves alone the channels that are being worked on.
        """
        # What ends while the store is asked may still stand there as due.
        taken = frozenset(self._busy)
        owed = await self.store.due_deliveries(self.clock.now(), limit + len(taken), platforms=tuple(self.adapters))
        due = [delivery for delivery in owed if delivery.channel not in taken | self._busy]
        self._busy.update(delivery.channel for delivery in due)
        return await asyncio.gather(*(self._alone(delivery) for delivery in due))

    async def _alone(self, delivery: Delivery) -> Delivered:
        """Deliver, and let go of the channel."""
        try:
            return await self._guarded(delivery)
        finally:
            self._busy.discard(delivery.channel)

    async def run_one(self, delivery_id: int) -> Delivered | None:
        """Work on one delivery if it is still due; None when it is sent, given up, put off, or gone."""
        try:
            delivery = await self.store.delivery(delivery_id)
        except NotFound:
            return None
        waits = delivery.waits(self.clock.now())
        if waits or delivery.state not in UNSENT or delivery.channel.platform not in self.adapters:
            return None
        return await self._guarded(delivery)

    async def _guarded(self, delivery: Delivery) -> Delivered:
        """Deliver; a store that fails, or a fault of ours, leaves this delivery as it is, and stops no other."""
        try:
            return await defects_told(f"delivery {delivery.id}", self.deliver(delivery))
        except (StoreError, NotFound, Defect) as error:
            return Delivered(delivery.id, str(delivery.channel), "postponed", 0, error)

    async def deliver(self, delivery: Delivery) -> Delivered:
        """Post the parts of one delivery that are not yet posted.

        Raises:
            StoreError: The store could not be written; the part in question stays "sending" and is settled first
                next time.

        """
        adapter = self.adapters[delivery.channel.platform]
        thread = next((part.receipt.message_id for part in delivery.parts[:1] if part.receipt), None)
        posted = 0
        for part in delivery.parts:
            if part.state == "sent":
                continue
            if wait := self._on_its_way(part):
                await self.store.postpone(delivery.id, self.clock.now() + wait, ON_ITS_WAY)
                return Delivered(delivery.id, str(delivery.channel), "postponed", posted)
            try:
                message_id = await self._post(adapter, delivery, part, thread)
            except DeliveryError as error:
                return await self._stopped(delivery, posted, error)
            await self.store.record_receipt(Receipt(delivery.id, part.number, message_id, self.clock.now()))
            thread = thread or message_id
            posted += 1
        return Delivered(delivery.id, str(delivery.channel), "sent", posted)

    async def _post(self, adapter: ChatAdapter, delivery: Delivery, part: Part, thread: str | None) -> str:
        """Post one part, or find that it already is; return the platform's id of the message."""
        key = delivery.key(part.number)
        reply_to = thread if part.message.reply else None
        if part.state == "sending" and part.attempted_at is not None:
            # A clock that was ahead when the attempt began must not hide the message it posted.
            since = min(part.attempted_at, self.clock.now())
            if found := await adapter.settle(delivery.channel, key, reply_to, since):
                return found
            await self.store.reset_part(delivery.id, part.number)
        # From before the mark: a process that stood still in between, or a slow store, has used up its time.
        until = asyncio.get_running_loop().time() + self.lease.total_seconds() * 2 / 3
        await self.store.mark_sending(delivery.id, part.number, uuid4().hex, self.clock.now())
        try:
            async with asyncio.timeout_at(until):
                await asyncio.sleep(0)  # where a time that is over already is noticed
                return await adapter.post(delivery.channel, part.message, key, reply_to)
        except TimeoutError as error:
            raise OutcomeUnknown(str(delivery.channel), "posting took too long") from error
        except (RateLimited, ChannelGone, NotPermitted):
            # The platform said no: nothing was posted, so there is nothing to settle next time.
            await self.store.reset_part(delivery.id, part.number)
            raise

    def _on_its_way(self, part: Part) -> timedelta | None:
        """Return how long whoever began to send a part may still be at it; None when nobody is.

        An attempt in the future was begun by a clock that has stepped back since: nothing is known then.
        """
        if part.state != "sending" or part.attempted_at is None:
            return None
        since = self.clock.now() - part.attempted_at
        return self.lease - since if timedelta(0) <= since < self.lease else None

    async def _stopped(self, delivery: Delivery, posted: int, error: DeliveryError) -> Delivered:
        """Put the delivery off, or keep it as undeliverable; a dead target pauses its subscription with the reason."""
        if error.transient or error.code == "outcome_unknown":
            wait = back_off(delivery.tries) if error.retry_after is None else _seconds(error.retry_after)
            await self.store.postpone(delivery.id, self.clock.now() + wait, str(error))
            return Delivered(delivery.id, str(delivery.channel), "postponed", posted, error)
        await self.store.give_up(delivery.id, str(error))
        untold = await self._pause(delivery, error) if isinstance(error, ChannelGone | NotPermitted) else None
        return Delivered(delivery.id, str(delivery.channel), "undeliverable", posted, error, untold)

    async def _pause(self, delivery: Delivery, error: DeliveryError) -> DeliveryError | None:
        """Pause a digest whose target is dead and tell its owners, once; return why they could not be told."""
        wanted = await self.store.subscription(delivery.edition.subscription_id)
        await self.store.pause_subscription(wanted.id, str(error))
        if self.owners is None or wanted.paused is not None:
            return None
        return await self.owners.tell_paused(wanted, error)


def _seconds(asked: float) -> timedelta:
    """Return the wait that a platform asks for, as far as it is granted."""
    return timedelta(seconds=min(asked, LONGEST_WAIT.total_seconds()))


def back_off(tries: int) -> timedelta:
    """Return the wait after the ``tries``-th failure: doubled each time, up to a quarter of an hour."""
    return min(LONGEST_BACKOFF, FIRST_BACKOFF * (1 << min(tries, 20)))
