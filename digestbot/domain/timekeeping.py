"""How long ago something surely was, by a clock that may be far ahead; knows nothing of what is removed by it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

BELIEVED = timedelta(days=2)
"""So much of the time between two looks at the clock is believed to have passed: a night, a weekend nearly."""


@dataclass(frozen=True, slots=True)
class Leap:
    """A stretch of the clock's time, from ``begin`` to ``end``, that may never have passed: nobody saw it go by."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Timekeeping:
    """What looking at the clock now and then has shown: when the last look was, and the leaps, oldest first.

    A clock that runs on by more than ``BELIEVED`` between two looks was set, or nothing ran meanwhile. Nobody here can
    tell which, so that time does not count: what is older by the clock alone is not old. A clock that goes back takes
    back the leaps it had made.
    """

    at: datetime
    leaps: tuple[Leap, ...] = ()

    def leap(self, now: datetime) -> timedelta:
        """Return how much of the time since the last look is not believed to have passed."""
        return max(now - self.at - BELIEVED, timedelta(0))

    def looked(self, now: datetime) -> "Timekeeping":
        """Return what one more look shows."""
        if doubted := self.leap(now):
            return Timekeeping(now, (*self.leaps, Leap(now - doubted, now)))
        return Timekeeping(now, tuple(Leap(leap.begin, min(leap.end, now)) for leap in self.leaps if leap.begin < now))

    def before(self, age: timedelta) -> datetime:
        """Return the moment such that what the clock dates before it is at least ``age`` old, leaps not counted."""
        moment = self.at - age
        for leap in reversed(self.leaps):
            if moment >= leap.end:
                break
            moment -= leap.end - leap.begin
        return moment

    def within(self, age: timedelta) -> "Timekeeping":
        """Return this without the leaps that are of no more use when nothing younger than ``age`` is asked about."""
        moment = self.before(age)
        return Timekeeping(self.at, tuple(leap for leap in self.leaps if leap.end > moment))
