"""Procrastinate's job manager with more patience: what a job came to is written even when the database restarts."""

import asyncio

from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from digestbot.telemetry import logger

TRIES = 20
"""How often the end of a job is tried to be written, a second apart: longer than a database takes to restart."""

log = logger("queue")


class PatientManager(JobManager):
    """Writes the end of a job again and again for a while.

    A job whose end is never written would look as if it ran for as long as its worker lives, and keep its lock.
    """

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
