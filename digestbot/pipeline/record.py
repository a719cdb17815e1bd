"""Writes what polls leave behind, many in one transaction; knows no feed's content.

Most polls give nothing new. A transaction each would cost more than asking did, so those that end while one
transaction is being written share the next (group commit). A poll is done only when its row is written: a crash in
between costs one more conditional request, as it always did.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from digestbot.domain.errors import StoreError
from digestbot.ports import Clock, Poll, WatchStore

MOST_AT_ONCE = 256
"""Polls in one transaction: it lasts some milliseconds, and other writers get their turn."""

Waiting = tuple[Poll, "asyncio.Future[None]"]


@dataclass(slots=True)
class PollRecorder:
    """Takes polls from all refreshes of a process."""

    store: WatchStore
    clock: Clock
    _waiting: list[Waiting] = field(default_factory=list)
    _writer: "asyncio.Task[None] | None" = None

    async def record(self, poll: Poll) -> None:
        """Return once the poll is written.

        Raises:
            StoreError: It could not be.

        """
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((poll, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write(), name="poll-recorder")
        await written

    async def _write(self) -> None:
        """Write until nobody waits."""
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST_AT_ONCE], self._waiting[MOST_AT_ONCE:]
            try:
                await self._write_batch(batch)
            finally:
                # Whatever broke this writer, nobody waits for it for ever.
                for _, written in batch:
                    written.cancel()

    async def _write_batch(self, batch: Sequence[Waiting]) -> None:
        """Write one batch and tell those who wait for it."""
        # Two polls of one feed in a batch: the later one stands.
        polls = list({poll.feed_id: poll for poll, _ in batch}.values())
        try:
            await self.store.record_polls(polls, self.clock.now())
        except StoreError as error:
            for _, written in batch:
                if not written.done():
                    written.set_exception(error)
            return
        for _, written in batch:
            if not written.done():
                written.set_result(None)
