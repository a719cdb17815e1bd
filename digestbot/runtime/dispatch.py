"""Runs the pipeline's steps in this process: one worker a step, woken by a bell; losing a call loses nothing.

Knows nothing of what the steps do: it is given one coroutine function a step. Its loop is one of the three places
where ``except Exception`` stands.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Literal

from digestbot.domain.errors import DigestbotError
from digestbot.telemetry import STEP_SECONDS, logger, traced

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


async def run_step(name: str, step: Step, **about: object) -> bool:
    """Run a step once; what goes wrong is logged, with what it was ``about``, and is "did nothing"."""
    log.debug("step begins", step=name, **about)
    try:
        with STEP_SECONDS.labels(step=name).time(), traced(name):
            return await step()
    except DigestbotError as error:
        log.warning("step failed", step=name, code=error.code, error=str(error), **about)
    except Exception:
        # The worker's loop outlives a fault of ours: the rows still say what is due, the next tick tries again.
        log.exception("step crashed", step=name, **about)
    finally:
        log.debug("step ended", step=name, **about)
    return False


class InProcessDispatcher:
    """The Dispatcher port for one process: a step asked for while it runs runs once more afterwards."""

    def __init__(self, steps: Mapping[StepName, Step], *, overlapping: Collection[StepName] = ()) -> None:
        """Take one coroutine function a step.

        A step that is ``overlapping`` is not waited for when it is woken again: it sees to it that what one run works
        on is left alone by the next, and one slow channel keeps no other waiting.
        """
        self._steps = steps
        self._bells: dict[StepName, asyncio.Event] = {name: asyncio.Event() for name in steps}
        self._overlapping = frozenset(overlapping)
        self._under_way: set[asyncio.Task[None]] = set()
        self._closing = False

    async def wake(self, step: StepName) -> None:
        """Ring a step's bell; ringing it twice before it is heard is ringing it once."""
        if step in self._bells:
            self._bells[step].set()

    async def run(self) -> None:
        """Serve all the bells until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                for name in self._steps:
                    group.create_task(self._serve(name), name=f"step-{name}")
        finally:
            under_way = list(self._under_way)
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    async def drain(self, seconds: float) -> bool:
        """Begin nothing new and give steps under way that long to end; tell whether they all did."""
        self._closing = True
        if not self._under_way:
            return True
        _, still = await asyncio.wait(self._under_way, timeout=seconds)
        return not still

    async def _serve(self, name: StepName) -> None:
        bell = self._bells[name]
        while True:
            await bell.wait()
            bell.clear()
            if self._closing:
                continue
            task = asyncio.create_task(self._once(name), name=f"once-{name}")
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            if name not in self._overlapping:
                await task

    async def _once(self, name: StepName) -> None:
        if await run_step(name, self._steps[name]):
            for following in NEXT_STEP[name]:
                await self.wake(following)
