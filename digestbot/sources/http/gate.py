"""One connection and a minimum gap per host, across all workers of a process, or of many; knows no HTTP.

A host may also be shut for a while (429 or 503 with Retry-After): its turn still comes, and :meth:`HostGate.shut_for`
then says for how long nobody should ask it.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from time import monotonic
from typing import Protocol

SWEEP = 1024
"""Idle hosts are forgotten once this many are remembered: memory stays flat in the number of feeds."""


class SharedTurns(Protocol):
    """Hosts' turns that several processes share; a turn that ends is followed by the gap, wherever the next one is."""

    def turn(self, host: str, gap: float) -> AbstractAsyncContextManager[None]:
        """Wait for the host's turn, and hold it; ``gap`` is in seconds."""
        ...


@dataclass(slots=True)
class _Host:
    """What is known of one host; times are of the monotonic clock."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    free_at: float = 0.0
    shut_until: float = 0.0
    waiting: int = 0


class HostGate:
    """Lets one request at a time through to each host, ``gap`` seconds apart."""

    def __init__(self, gap: float = 1.0, shared: SharedTurns | None = None) -> None:
        """Take the least time, in seconds, between the end of one request and the start of the next.

        With ``shared`` turns it holds for all the processes that share them.
        """
        self._gap, self._shared = gap, shared
        self._hosts: dict[str, _Host] = {}

    @property
    def gap(self) -> float:
        """The least time between two requests to one host, in seconds."""
        return self._gap

    def __len__(self) -> int:
        """Return how many hosts are remembered."""
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for the host's turn, and hold it."""
        if len(self._hosts) >= SWEEP:
            self._sweep()
        slot = self._hosts.setdefault(host, _Host())
        slot.waiting += 1
        try:
            async with slot.lock:
                wait = slot.free_at - monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
                try:
                    async with self._shared.turn(host, self._gap) if self._shared else nullcontext():
                        yield
                finally:
                    slot.free_at = max(slot.free_at, monotonic() + self._gap)
        finally:
            slot.waiting -= 1

    def shut(self, host: str, seconds: float) -> None:
        """Note that a host asked to be left alone for a while."""
        slot = self._hosts.setdefault(host, _Host())
        slot.shut_until = max(slot.shut_until, monotonic() + seconds)

    def shut_for(self, host: str) -> float:
        """Return for how many seconds more a host is shut; 0 when it is open."""
        slot = self._hosts.get(host)
        return max(0.0, slot.shut_until - monotonic()) if slot else 0.0

    def _sweep(self) -> None:
        """Forget the hosts nobody uses and whose gap and shut time have passed."""
        now = monotonic()
        idle = [
            name for name, slot in self._hosts.items() if not slot.waiting and max(slot.free_at, slot.shut_until) <= now
        ]
        for host in idle:
            del self._hosts[host]
