"""How often one person may ask: a bucket of tokens that fills again by time; knows no platform and no clock."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from digestbot.domain.errors import TooOften

DEAR = frozenset(
    {"now", "summarize", "story", "more", "sources", "recheck", "schedule preview", "schedule run", "test", "doctor"}
)
"""Commands that make a brief or ask the network: they cost more."""
DEAR_COST = 3.0
MOST_PEOPLE = 10_000
"""People remembered; of more, those who have asked least lately are forgotten: their buckets are full by then."""


@dataclass(slots=True)
class Limits:
    """Tokens by person: ``most`` at once, ``a_second`` new ones; dear commands cost three.

    The defaults let somebody press buttons as fast as people do, and stop a script.
    """

    most: float = 60.0
    a_second: float = 1.0
    _left: dict[str, tuple[float, datetime]] = field(default_factory=dict)

    def take(self, person: str, command: str, now: datetime) -> None:
        """Take a command's tokens from a person's bucket.

        Raises:
            TooOften: There are not enough; says when there will be.

        """
        left, at = self._left.pop(person, (self.most, now))
        left = min(self.most, left + max(0.0, (now - at).total_seconds()) * self.a_second)
        cost = DEAR_COST if command in DEAR else 1.0
        if left < cost:
            self._left[person] = (left, now)
            raise TooOften(f"“{command}”", (cost - left) / self.a_second)
        self._left[person] = (left - cost, now)
        while len(self._left) > MOST_PEOPLE:
            del self._left[next(iter(self._left))]


@dataclass(slots=True)
class Lately:
    """Remembers keys for some seconds: what was run a moment ago."""

    seconds: float = 600.0
    _at: dict[str, datetime] = field(default_factory=dict)

    def first(self, key: str, now: datetime) -> bool:
        """Tell whether a key is met for the first time, and remember it."""
        self._forget(lambda at: (now - at).total_seconds() >= self.seconds)
        if key in self._at:
            return False
        self._at[key] = now
        return True

    def _forget(self, old: Callable[[datetime], bool]) -> None:
        while self._at and old(next(iter(self._at.values()))):
            del self._at[next(iter(self._at))]
