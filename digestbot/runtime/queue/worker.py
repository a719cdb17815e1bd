"""Runs the jobs of the queue in this process until it is told to stop, and takes up those of workers that died."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import UTC, datetime

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status

from digestbot.domain.errors import DigestbotError
from digestbot.runtime.dispatch import StepName
from digestbot.runtime.queue.connection import QUEUE_NAMES, Queue
from digestbot.runtime.queue.failures import FAILURES, unavailable
from digestbot.runtime.queue.host_turns import PostgresTurns
from digestbot.runtime.queue.jobs import JobBook, QueueDispatcher
from digestbot.runtime.work import Work
from digestbot.telemetry import logger

URGENT, BRIEFS = 16, 2
"""Urgent jobs (looks, editions, deliveries, what somebody waits for) and briefs that a process runs at once."""
RING = 0.5
"""Seconds between two looks for what follows from work that was done."""
REST = 1.0
"""Seconds between the end of a worker (its database went away) and its next start."""
RESCUER = 0x6469_6772
"""The key of the advisory lock that lets one process at a time take up the jobs of dead workers ("digr")."""
SWEEPS = 360
"""Rounds of rescuing between two sweeps of the hosts' turns."""
AT_ONCE = datetime.fromtimestamp(0, UTC)
"""When a job is to be taken up again: a moment that is past by the database's clock, whatever this machine's says."""

log = logger("queue")


class Workers:
    """One worker a queue, so that slow publishers and slow models keep no message waiting.

    Args:
        queue: The open queue.
        work: The steps this process runs.
        refreshes: How many feeds it refreshes at once.
        asked: Briefs one story for somebody who waits.
        grace: Seconds that jobs under way are given to end when it is stopped.

    """

    def __init__(
        self,
        queue: Queue,
        work: Mapping[StepName, Work],
        *,
        refreshes: int = 32,
        asked: Callable[[int, str], Awaitable[bool]] | None = None,
        grace: float = 3.0,
    ) -> None:
        self._queue, self._grace = queue, grace
        self._book = JobBook(queue, work, asked)
        self._dispatcher = QueueDispatcher(queue)
        self._sizes = dict(zip(QUEUE_NAMES, (URGENT, BRIEFS, refreshes), strict=True))

    async def run(self) -> None:
        """Serve the queues until cancelled; then end what is under way within the grace."""
        tasks = [
            asyncio.create_task(self._keep(name, size), name=f"queue-{name}") for name, size in self._sizes.items()
        ]
        beside: tuple[Coroutine[object, object, None], ...] = (self._ring(), self._rescue())
        tasks += [asyncio.create_task(one) for one in beside]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            # Once: a worker that is cancelled lets its jobs end, and a second time would break that off.
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in ended:
            task.result()

    async def _keep(self, name: str, size: int) -> None:
        """Run one queue's worker; when its database goes away it ends, and is started again."""
        while True:
            try:
                await self._queue.app.run_worker_async(
                    queues=[name],
                    name=name,
                    concurrency=size,
                    delete_jobs="always",
                    install_signal_handlers=False,
                    fetch_job_polling_interval=2.0,
                    shutdown_graceful_timeout=self._grace,
                    update_heartbeat_interval=self._queue.stalled_after / 3,
                    stalled_worker_timeout=self._queue.stalled_after,
                )
            except FAILURES as error:
                log.warning("worker ended; it starts again", queue=name, error=str(unavailable(error)))
            await asyncio.sleep(REST)

    async def _ring(self) -> None:
        """Have looked for what follows, at most twice a second however many jobs were done."""
        while True:
            await asyncio.sleep(RING)
            rung = sorted(self._book.rung)
            self._book.rung.clear()
            for step in rung:
                await self._dispatcher.wake(step)

    async def _rescue(self) -> None:
        """Take up, now and then, the jobs whose worker has died."""
        turns, rounds = PostgresTurns(self._queue), 0
        while True:
            await asyncio.sleep(self._queue.stalled_after / 3)
            rounds += 1
            try:
                await self.rescue()
                if rounds % SWEEPS == 0:
                    await turns.sweep()
            except FAILURES as error:
                log.warning("stalled jobs not looked for", error=str(unavailable(error)))
            except DigestbotError as error:
                log.warning("hosts not swept", code=error.code, error=str(error))

    async def rescue(self) -> int:
        """Put the jobs of workers without a heartbeat back into the queue; return how many there were.

        One process at a time does so: a job taken up twice could run twice at once.
        """
        manager, taken = self._queue.app.job_manager, 0
        async with self._queue.pool.connection() as connection, connection.transaction():
            got = await (await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (RESCUER,))).fetchone()
            if got is None or not got[0]:
                return 0
            await manager.prune_stalled_workers(self._queue.stalled_after)
            for job in await manager.get_stalled_jobs(seconds_since_heartbeat=self._queue.stalled_after):
                await self._take_up(job)
                taken += 1
        if taken:
            log.info("jobs of dead workers taken up", jobs=taken)
        return taken

    async def _take_up(self, job: Job) -> None:
        """Put one job back; where the same thing waits in the queue anyway, only let go of its lock."""
        manager = self._queue.app.job_manager
        try:
            await manager.retry_job(job, retry_at=AT_ONCE)
        except ConnectorException:
            await manager.finish_job(job, Status.FAILED, delete_job=True)
