"""Procrastinate's job manager with more patience: its workers live on when the database restarts."""

import asyncio
from collections.abc import Iterable

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager, NotificationCallback

from digestbot.runtime.queue.failures import FAILURES, unavailable
from digestbot.telemetry import logger

TRIES = 20
"""How often the end of a job is tried to be written, a second apart: longer than a database takes to restart."""
LISTEN_AGAIN = 5.0
"""Seconds after which a lost connection that listens is opened again; until then workers look by themselves."""

log = logger("queue")


class PatientManager(JobManager):
    """Writes the end of a job again and again for a while, and goes on listening and giving signs of life.

    A job whose end is never written would look as if it ran for as long as its worker lives, and keep its lock. A
    worker whose sign of life fails once would never give another, and its jobs would be taken up while they run:
    Procrastinate stops looking after these tasks as soon as one of them ends, and without periodic jobs one ends at
    once.
    """

    async def update_heartbeat(self, worker_id: int) -> None:
        """Give a worker's sign of life; when that fails the next one is given in its turn."""
        try:
            await super().update_heartbeat(worker_id)
        except FAILURES as error:
            log.warning("no sign of life could be given; it is tried again", error=str(unavailable(error)))

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Listen until cancelled; when the connection is lost, listen again on another."""
        names, loop = list(queues or ()), asyncio.get_running_loop()
        while True:
            began = loop.time()
            try:
                await super().listen_for_jobs(on_notification=on_notification, queues=names or None)
            except FAILURES as error:
                # Of one outage it is told once, however often it is tried.
                say = log.warning if loop.time() - began > LISTEN_AGAIN else log.debug
                say("new jobs cannot be heard of; they are looked for", queues=names, error=str(unavailable(error)))
            await asyncio.sleep(LISTEN_AGAIN)

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Write how a job ended."""
        for attempt in range(1, TRIES + 1):
            try:
                return await super().finish_job(job, status, delete_job)
            except ConnectorException as error:
                if not await self._is_doing(job) or attempt == TRIES:
                    log.warning("the end of a job could not be written", job=job.id, error=str(error.__cause__))
                    return None
            await asyncio.sleep(1)
        return None

    async def _is_doing(self, job: Job) -> bool:
        """Tell whether the database still has the job as running, as far as it can be asked."""
        try:
            found = list(await self.list_jobs_async(id=job.id))
        except ConnectorException:
            return True
        return any(one.status == Status.DOING.value for one in found)
