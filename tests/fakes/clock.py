"""A clock that only moves when told."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 23, 7, 0, tzinfo=UTC)
"""A Monday."""


class FakeClock:
    """Stands still until ``tick``; sleeping moves it."""

    def __init__(self, now: datetime = START) -> None:
        self._now = now

    def now(self) -> datetime:
        """Return the time it shows."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.tick(seconds=seconds)

    def tick(self, **by: float) -> None:
        """Move on by a time, given as timedelta takes it."""
        self._now += timedelta(**by)
