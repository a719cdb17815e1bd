"""Measures how long an event loop stands still, and how much of that the machine, not the program, is to blame for."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
TICK = 0.005
_TASKS = Path("/proc/self/task")


class LoopWatch:
    """Ticks every 5 ms while work is done, and keeps how late the ticks came, in seconds.

    ``worst`` is the longest stillness. ``own`` is the longest after taking off the time that a thread of this process
    was ready to run and got no processor (/proc/*/schedstat): on a machine that others load, that is not ours.
    """

    def __init__(self) -> None:
        self.worst = 0.0
        self.own = 0.0

    async def during(self, work: Awaitable[T]) -> T:
        """Return what ``work`` returns, having watched the loop meanwhile."""
        watching = asyncio.create_task(self._watch())
        try:
            return await work
        finally:
            await asyncio.sleep(2 * TICK)
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching

    async def _watch(self) -> None:
        while True:
            before, waits = time.perf_counter(), _waits()
            await asyncio.sleep(TICK)
            late = time.perf_counter() - before - TICK
            now = _waits()
            self.worst = max(self.worst, late)
            self.own = max(self.own, late - max((now[n] - waits.get(n, 0.0) for n in now), default=0.0))


def _waits() -> dict[str, float]:
    """Return, for each thread, the seconds it has waited for a processor so far; nothing where nobody counts."""
    waits = {}
    for task in _TASKS.iterdir() if _TASKS.is_dir() else ():
        with contextlib.suppress(OSError, IndexError, ValueError):
            waits[task.name] = int((task / "schedstat").read_text("ascii").split()[1]) / 1e9
    return waits
