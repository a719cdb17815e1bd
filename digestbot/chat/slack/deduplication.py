"""Remembers what was done a moment ago: Slack delivers events again, and people press twice."""

from collections.abc import Callable


class Once:
    """Tells the first of equal keys from those that follow within ``seconds``.

    Args:
        seconds: How long a key is remembered.
        clock: Seconds that only grow.

    """

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds, self._clock = seconds, clock
        self._seen: dict[str, float] = {}

    def first(self, key: str) -> bool:
        """Tell whether a key is met for the first time, and remember it."""
        now = self._clock()
        while self._seen and next(iter(self._seen.values())) <= now:
            del self._seen[next(iter(self._seen))]
        if key in self._seen:
            return False
        self._seen[key] = now + self._seconds
        return True
