"""Runs the pipeline's steps in this process: one worker a step, woken by a bell; losing a call loses nothing.

Knows nothing of what the steps do: it is given one coroutine function a step. Its loop is one of the two places
where ``except Exception`` stands.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal

from digestbot.domain.errors import DigestbotError
from digestbot.telemetry import STEP_SECONDS, logger

StepName = Literal["refresh", "brief", "publish", "deliver"]
Step = Callable[[], Awaitable[bool]]
"""Does what is due; True when it did something, so that the steps after it are woken."""

NEXT_STEP: dict[StepName, tuple[StepName, ...]] = {
    "refresh": ("brief", "publish"),
    "brief": (),
    "publish": ("deliver",),
    "deliver": (),
}

log = logger("dispatch")


class InProcessDispatcher:
    """The Dispatcher port for one process: a step asked for while it runs runs once more afterwards."""

    def __init__(self, steps: Mapping[StepName, Step]) -> None:
        """Take one coroutine function a step."""
        self._steps = steps
        self._bells: dict[StepName, asyncio.Event] = {name: asyncio.Event() for name in steps}
        self._busy: set[StepName] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._closing = False

    async def wake(self, step: StepName) -> None:
        """Ring a step's bell; ringing it twice before it is heard is ringing it once."""
        if step in self._bells:
            self._bells[step].set()

    async def run(self) -> None:
        """Serve all the bells until cancelled."""
        async with asyncio.TaskGroup() as group:
            for name in self._steps:
                group.create_task(self._serve(name), name=f"step-{name}")

    async def drain(self, seconds: float) -> bool:
        """Begin nothing new and give steps under way that long to end; tell whether they all did."""
        self._closing = True
        try:
            await asyncio.wait_for(self._idle.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _serve(self, name: StepName) -> None:
        bell = self._bells[name]
        while True:
            await bell.wait()
            bell.clear()
            if self._closing:
                continue
            with self._under_way(name):
                did_something = await self._run_step(name)
            for following in NEXT_STEP[name] if did_something else ():
                await self.wake(following)

    @contextmanager
    def _under_way(self, name: StepName) -> Iterator[None]:
        self._busy.add(name)
        self._idle.clear()
        try:
            yield
        finally:
            self._busy.discard(name)
            if not self._busy:
                self._idle.set()

    async def _run_step(self, name: StepName) -> bool:
        try:
            with STEP_SECONDS.labels(step=name).time():
                return await self._steps[name]()
        except DigestbotError as error:
            log.warning("step failed", step=name, code=error.code, error=str(error))
        except Exception:
            # The worker's loop outlives a fault of ours: the rows still say what is due, the next tick tries again.
            log.exception("step crashed", step=name)
        return False
