"""Measures how long an event loop stands still, and how much of that the program, not the machine, is to blame for."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable
from typing import TypeVar

T = TypeVar("T")
TICK = 0.005


class LoopWatch:
    """Ticks every 5 ms while work is done, and keeps how late the ticks came, in seconds.

    ``worst`` is the longest stillness. ``own`` is the longest that this process spent computing within one stillness,
    all its threads together: they share one lock, so more than that their work cannot have held the loop up. The rest
    is the machine's: on one that others load, a process that is ready to run has to wait for a processor.
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
            before, computed = time.perf_counter(), time.process_time()
            await asyncio.sleep(TICK)
            late = time.perf_counter() - before - TICK
            self.worst = max(self.worst, late)
            self.own = max(self.own, min(late, time.process_time() - computed))
