"""How often somebody may ask: the same thing once within two seconds, the news so many times a minute; pure."""

from collections import deque
from collections.abc import Callable, Hashable

Clock = Callable[[], float]
"""Seconds that never go back."""

TWICE = 2.0
"""Seconds in which asking for the same again does nothing."""
MINUTE = 60.0


class Manners:
    """Remembers who has just asked for what.

    Args:
        clock: Tells the time.
        a_minute: How often one person may ask for news within a minute.

    """

    def __init__(self, clock: Clock, a_minute: int) -> None:
        self._clock, self._a_minute = clock, a_minute
        self._asked: dict[Hashable, float] = {}
        self._uses: dict[int, deque[float]] = {}

    def again(self, key: Hashable) -> bool:
        """Tell whether the same was asked for a moment ago, and remember it."""
        now = self._clock()
        while self._asked and next(iter(self._asked.values())) <= now - TWICE:
            del self._asked[next(iter(self._asked))]
        if key in self._asked:
            return True
        self._asked[key] = now
        return False

    def wait(self, user: int) -> float:
        """Return the seconds until somebody may ask for news again, 0 when they may now, which is then counted."""
        now = self._clock()
        for idle in [one for one, uses in self._uses.items() if uses[-1] <= now - MINUTE]:
            del self._uses[idle]
        uses = self._uses.setdefault(user, deque(maxlen=self._a_minute))
        if len(uses) == self._a_minute and uses[0] > now - MINUTE:
            return uses[0] + MINUTE - now
        uses.append(now)
        return 0.0
