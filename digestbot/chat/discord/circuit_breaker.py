"""Stops calling Discord before its ban: 10,000 answers of 401, 403 or 429 within ten minutes ban the address.

It counts every answer the client gets, also those the client retries by itself. Knows no message and no channel.
"""

from collections import deque
from collections.abc import Callable
from types import SimpleNamespace

import aiohttp

WINDOW = 600.0
"""Seconds over which Discord counts (discord.com/developers/docs, "Rate limits", invalid requests)."""
LIMIT = 2_000
"""Bad answers in a window after which we stop: a fifth of what bans, for other processes share the address."""
BAD = frozenset({401, 403, 429})


class Breaker:
    """Counts bad answers; ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float], limit: int = LIMIT) -> None:
        self._clock = clock
        self._limit = limit
        self._bad: deque[float] = deque()

    def count(self, status: int) -> None:
        """Take note of one answer."""
        if status in BAD:
            self._bad.append(self._clock())

    @property
    def wait(self) -> float:
        """Seconds until calls may go out again; 0 when they may now."""
        now = self._clock()
        while self._bad and self._bad[0] <= now - WINDOW:
            self._bad.popleft()
        return self._bad[-self._limit] + WINDOW - now if len(self._bad) >= self._limit else 0.0

    def trace(self) -> aiohttp.TraceConfig:
        """Return what lets an aiohttp session report its answers here."""
        config = aiohttp.TraceConfig()
        config.on_request_end.append(self._answered)
        return config

    async def _answered(
        self, _session: aiohttp.ClientSession, _context: SimpleNamespace, end: aiohttp.TraceRequestEndParams
    ) -> None:
        self.count(end.response.status)
