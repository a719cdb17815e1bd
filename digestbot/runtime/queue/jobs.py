"""What becomes a job, under which locks and how urgent: looks that find work, and one job for each thing found.

Two locks do the work. A *queueing lock* lets a thing be in the queue once: the second tick is a no-op. A *lock* lets
one job of a kind run at a time: one feed of a host, one delivery of a channel.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from procrastinate import jobs
from procrastinate.exceptions import AlreadyEnqueued

from digestbot.domain.errors import DigestbotError
from digestbot.runtime.dispatch import NEXT_STEP, StepName, run_step
from digestbot.runtime.queue.connection import Queue
from digestbot.runtime.queue.failures import FAILURES, unavailable
from digestbot.runtime.work import Job, Work
from digestbot.telemetry import logger

PRIORITY: Mapping[str, int] = {"asked": 10, "look": 8, "deliver": 6, "publish": 5, "brief": 1, "refresh": 0}
"""Somebody waiting goes before batch work; owed messages go before new ones."""
QUEUES: Mapping[str, str] = {"refresh": "refresh", "brief": "brief"} | dict.fromkeys(
    ("look", "asked", "deliver", "publish"), "urgent"
)
"""Slow publishers and slow models have workers of their own: they keep no message waiting."""
ENOUGH = 500
"""Jobs of one step waiting in the queue beyond which a look adds none."""
BATCH = 200
"""Jobs written in one statement."""
WAITING = """
SELECT queueing_lock FROM procrastinate_jobs WHERE task_name = %(step)s AND status IN ('todo', 'doing')
"""

log = logger("queue")


class QueueDispatcher:
    """The Dispatcher port on the queue: a step asked for is looked at by whichever worker is free."""

    def __init__(self, queue: Queue) -> None:
        """Take the open queue."""
        self._app = queue.app
        self._down = False

    async def wake(self, step: StepName) -> None:
        """Have a step's due work looked for; while such a look waits in the queue another one is a no-op.

        A database that is away is logged once: the next tick tries again.
        """
        if await self._put("look", f"look:{step}", step=step):
            self._down = False

    async def ask_for_brief(self, story_id: int, length: str) -> bool:
        """Have one story briefed before all batch work, because somebody waits; tell whether that was written."""
        return await self._put("asked", f"asked:{story_id}:{length}", story_id=story_id, length=length)

    async def _put(self, task: str, queueing_lock: str, **arguments: Any) -> bool:
        deferrer = self._app.configure_task(
            task, queue=QUEUES[task], queueing_lock=queueing_lock, priority=PRIORITY[task]
        )
        try:
            await deferrer.defer_async(**arguments)
        except AlreadyEnqueued:
            return True
        except FAILURES as error:
            if not self._down:
                log.warning("the queue cannot be written", error=str(unavailable(error)))
            self._down = True
            return False
        return True


class JobBook:
    """The tasks that workers run; its looks turn due rows into jobs."""

    def __init__(
        self,
        queue: Queue,
        work: Mapping[StepName, Work],
        asked: Callable[[int, str], Awaitable[bool]] | None = None,
    ) -> None:
        """Take the steps, and what briefs one story when somebody asks; register the tasks."""
        self._app, self._connector, self._work = queue.app, queue.connector, work
        self._asked = asked
        self.rung: set[StepName] = set()
        self._app.task(name="look")(self._look)
        self._app.task(name="asked")(self._brief_asked)
        for step in work:
            self._app.task(name=step)(self._doing(step))

    async def _look(self, step: StepName) -> None:
        """Put what is due of a step into the queue, but for what is there already; when it fails the next tick does."""
        if step not in self._work:
            return
        try:
            await self._put_due(step)
        except FAILURES as error:
            log.warning("what is due was not put into the queue", step=step, error=str(unavailable(error)))
        except DigestbotError as error:
            log.warning("step failed", step=step, code=error.code, error=str(error))

    async def _put_due(self, step: StepName) -> None:
        waiting = {row["queueing_lock"] for row in await self._connector.execute_query_all_async(WAITING, step=step)}
        if len(waiting) > ENOUGH:
            return
        fresh = [self._job(step, job) for job in await self._work[step].find() if f"{step}:{job.number}" not in waiting]
        for start in range(0, len(fresh), BATCH):
            await self._defer(fresh[start : start + BATCH])

    async def _defer(self, batch: Sequence[jobs.Job]) -> None:
        """Write jobs in one statement; where another look was faster with one of them, one by one."""
        try:
            await self._app.job_manager.batch_defer_jobs_async(list(batch))
        except AlreadyEnqueued:
            for job in batch:
                try:
                    await self._app.job_manager.defer_job_async(job)
                except AlreadyEnqueued:
                    continue

    @staticmethod
    def _job(step: StepName, job: Job) -> jobs.Job:
        return jobs.Job(
            queue=QUEUES[step],
            lock=job.lock,
            queueing_lock=f"{step}:{job.number}",
            task_name=step,
            task_kwargs={"number": job.number},
            priority=PRIORITY[step],
        )

    def _doing(self, step: StepName) -> Callable[[int], Awaitable[None]]:
        async def do(number: int) -> None:
            self.rung.add(step)
            if await run_step(step, lambda: self._work[step].do(number), number=number):
                self.rung.update(NEXT_STEP[step])

        return do

    async def _brief_asked(self, story_id: int, length: str) -> None:
        """Brief one story for somebody who waits; when it fails they are told by who asked."""
        if self._asked is None:
            return
        try:
            await self._asked(story_id, length)
        except DigestbotError as error:
            log.warning("a story asked for is not briefed", story=story_id, code=error.code, error=str(error))
