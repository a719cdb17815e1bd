"""A step as work that can be shared: how to find what is due, and how to do one thing of it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """One thing that is due: its number, and the lock under which it is worked on."""

    number: int
    lock: str


@dataclass(frozen=True, slots=True)
class Work:
    """One step: ``find`` gives what is due, ``do`` does one of it; True when it did something."""

    find: Callable[[], Awaitable[Sequence[Job]]]
    do: Callable[[int], Awaitable[bool]]
