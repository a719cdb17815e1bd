"""One request at a time to each host across all processes, with a gap: one row a host; knows no HTTP.

Times are the database's own, so the clocks of the machines need not agree. A turn is a lease that is renewed while it
is held: a process that dies with it blocks its host no longer than the lease.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

import psycopg
from psycopg_pool import AsyncConnectionPool

from digestbot.domain.errors import StoreUnavailable
from digestbot.runtime.queue.connection import Queue
from digestbot.runtime.queue.failures import FAILURES, unavailable

LOOK_AGAIN = 0.25
"""Seconds after which a host that is taken is looked at again."""
TAKE = """
INSERT INTO digestbot_host_turns AS turn (host, holder, free_at)
VALUES (%(host)s, %(holder)s, clock_timestamp() + make_interval(secs => %(lease)s))
ON CONFLICT (host) DO UPDATE SET holder = excluded.holder, free_at = excluded.free_at
WHERE turn.free_at <= clock_timestamp()
RETURNING 1
"""
GIVE = """
UPDATE digestbot_host_turns SET free_at = clock_timestamp() + make_interval(secs => %(gap)s)
WHERE host = %(host)s AND holder = %(holder)s
"""
KEEP = """
UPDATE digestbot_host_turns SET free_at = clock_timestamp() + make_interval(secs => %(lease)s)
WHERE host = %(host)s AND holder = %(holder)s
"""
SWEEP = "DELETE FROM digestbot_host_turns WHERE free_at < clock_timestamp() - interval '1 hour'"


class PostgresTurns:
    """The hosts' turns as every process of this database sees them."""

    def __init__(self, queue: Queue) -> None:
        """Take the open queue, whose connections are used."""
        self._lease = queue.stalled_after
        self._pool: AsyncConnectionPool[psycopg.AsyncConnection[tuple[object, ...]]] = queue.pool

    @asynccontextmanager
    async def turn(self, host: str, gap: float) -> AsyncIterator[None]:
        """Wait for the host's turn and hold it; nobody gets the next one before ``gap`` seconds after its end.

        Raises:
            StoreUnavailable: The database cannot be asked.

        """
        holder = uuid4().hex
        while not await self._ask(TAKE, host=host, holder=holder, lease=self._lease):  # noqa: ASYNC110 - others are elsewhere
            await asyncio.sleep(LOOK_AGAIN)
        keeping = asyncio.create_task(self._keep(host, holder))
        try:
            yield
        finally:
            keeping.cancel()
            # A renewal that is on its way would come after the turn is given back, and hold the host for a lease more.
            await asyncio.wait([keeping])
            await self._ask(GIVE, host=host, holder=holder, gap=gap)

    async def _keep(self, host: str, holder: str) -> None:
        """Renew a lease for as long as it is held; a renewal that fails is tried again, or the lease runs out."""
        while True:
            await asyncio.sleep(self._lease / 3)
            with suppress(StoreUnavailable):
                await self._ask(KEEP, host=host, holder=holder, lease=self._lease)

    async def sweep(self) -> None:
        """Forget the hosts that nobody has asked for an hour."""
        await self._ask(SWEEP)

    async def _ask(self, statement: str, **values: object) -> int:
        try:
            async with self._pool.connection() as connection:
                return (await connection.execute(statement.encode(), values)).rowcount
        except FAILURES as error:
            raise unavailable(error) from error
