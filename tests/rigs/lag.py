"""Watches how long single callbacks hold an event loop, and which one held it longest.

Time is the thread's own processor time: on a machine that others use, the clock on the wall also counts when the whole
process was not running. Callbacks of other threads' loops are not counted.
"""

import asyncio
import asyncio.events
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Held:
    """What held the loop: the longest first."""

    spans: list[tuple[float, str]] = field(default_factory=list)

    @property
    def worst(self) -> float:
        """Return the longest time in seconds."""
        return max(self.spans, default=(0.0, ""))[0]

    def __str__(self) -> str:
        """Return the five longest with what ran."""
        return "; ".join(f"{seconds * 1000:.0f} ms {what[:300]}" for seconds, what in sorted(self.spans)[:-6:-1])


@contextmanager
def watched(least: float = 0.01) -> Iterator[Held]:
    """Note every callback of asyncio's own loop that takes at least that many seconds."""
    held, run, here = Held(), asyncio.events.Handle._run, threading.get_ident()

    def timed(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        if threading.get_ident() == here and (seconds := time.thread_time() - began) >= least:
            held.spans.append((seconds, repr(handle)))

    asyncio.events.Handle._run = timed
    try:
        yield held
    finally:
        asyncio.events.Handle._run = run
