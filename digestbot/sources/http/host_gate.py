"""One connection and a minimum gap per host, across all workers of a process, or of many; knows no HTTP.

A host may also be shut for a while (429 or 503 with Retry-After): its turn still comes, and :meth:`HostGate.shut_for`
then says for how long nobody should ask it.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from time import monotonic
from types import TracebackType
from typing import Protocol

SWEEP = 1024
"""Idle hosts are forgotten once this many are remembered, or twice as many as were busy when it was last done.

Memory stays flat in the number of feeds, and looking at every host is spread over as many turns.
"""


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


@dataclass(slots=True)
class _Turn:
    """One turn at a host: its line, then its gap, then (``shared``) the line among processes."""

    slot: _Host
    gap: float
    shared: AbstractAsyncContextManager[None] | None

    async def __aenter__(self) -> None:
        slot = self.slot
        slot.waiting += 1
        try:
            await slot.lock.acquire()
        except BaseException:
            slot.waiting -= 1
            raise
        try:
            wait = slot.free_at - monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            if self.shared is not None:
                await self.shared.__aenter__()
        except BaseException:
            self._leave()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if self.shared is not None:
                await self.shared.__aexit__(kind, error, trace)
        finally:
            self.slot.free_at = max(self.slot.free_at, monotonic() + self.gap)
            self._leave()

    def _leave(self) -> None:
        self.slot.lock.release()
        self.slot.waiting -= 1


class HostGate:
    """Lets one request at a time through to each host, ``gap`` seconds apart."""

    def __init__(self, gap: float = 1.0, shared: SharedTurns | None = None) -> None:
        """Take the least time, in seconds, between the end of one request and the start of the next.

        With ``shared`` turns it holds for all the processes that share them.
        """
        self._gap, self._shared = gap, shared
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = SWEEP

    @property
    def gap(self) -> float:
        """The least time between two requests to one host, in seconds."""
        return self._gap

    def __len__(self) -> int:
        """Return how many hosts are remembered."""
        return len(self._hosts)

    def turn(self, host: str) -> AbstractAsyncContextManager[None]:
        """Wait for the host's turn, and hold it."""
        if len(self._hosts) >= self._sweep_at:
            self._sweep()
        slot = self._hosts.get(host)
        if slot is None:
            slot = self._hosts[host] = _Host()
        return _Turn(slot, self._gap, self._shared.turn(host, self._gap) if self._shared else None)

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
        self._sweep_at = max(SWEEP, 2 * len(self._hosts))
