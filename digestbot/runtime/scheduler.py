"""Decides when the pipeline looks for work: APScheduler rings the Dispatcher's bells and does nothing else.

What is due is a question to the store; these intervals only bound how late the answer comes. So a missed tick, a
restart or a clock step loses nothing.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from digestbot.ports import Dispatcher
from digestbot.runtime.dispatch import StepName

TICKS: dict[StepName, timedelta] = {
    "refresh": timedelta(seconds=10),
    "brief": timedelta(seconds=30),
    "publish": timedelta(seconds=5),
    "deliver": timedelta(seconds=5),
}
"""How often each step is asked what is due."""


class Scheduler:
    """Rings each step's bell at its interval, beginning at once."""

    def __init__(self, dispatcher: Dispatcher, ticks: dict[StepName, timedelta] | None = None) -> None:
        """Take the dispatcher to wake, and other intervals than the usual ones."""
        self._dispatcher = dispatcher
        self._ticks = ticks or TICKS
        self._scheduler = AsyncIOScheduler(timezone="UTC")

    async def start(self) -> None:
        """Begin to tick; every step is woken once at once."""
        for step, interval in self._ticks.items():
            self._scheduler.add_job(
                self._ring,
                IntervalTrigger(seconds=interval.total_seconds(), timezone="UTC"),
                args=[step],
                id=step,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=None,
            )
            await self._dispatcher.wake(step)
        self._scheduler.start()

    async def _ring(self, step: StepName) -> None:
        """Wake a step; a bell that is broken off when the scheduler stops is no fault, and not to be logged as one."""
        with suppress(asyncio.CancelledError):
            await self._dispatcher.wake(step)

    def stop(self) -> None:
        """Stop ticking; steps under way are the dispatcher's business."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
