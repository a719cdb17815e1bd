"""A dispatcher that only remembers what was rung."""

from collections import Counter

from digestbot.runtime.dispatch import StepName


class FakeDispatcher:
    """Counts the rings of each step."""

    def __init__(self) -> None:
        self.rung: Counter[StepName] = Counter()

    async def wake(self, step: StepName) -> None:
        """Remember a ring."""
        self.rung[step] += 1
