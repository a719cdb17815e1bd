"""What has outlived its time is removed by the running bot, and a store that fails does not end it."""

import asyncio
from types import SimpleNamespace

from digestbot.app.bot import FIRST_UPKEEP, UPKEEP, _upkeep
from digestbot.config import Settings
from digestbot.domain.errors import StoreUnavailable
from tests.fakes.clock import START, FakeClock
from tests.fakes.store import MemoryStore


class PausingClock(FakeClock):
    """A clock whose sleeps let others run, a few times, and then end the sleeper."""

    def __init__(self, sleeps: int) -> None:
        super().__init__()
        self.left = sleeps

    async def sleep(self, seconds: float) -> None:
        """Move on, or end."""
        if not self.left:
            raise asyncio.CancelledError
        self.left -= 1
        self.tick(seconds=seconds)


async def test_the_store_is_tidied_every_few_hours_whatever_happens(monkeypatch):
    """Each time the store is asked to prune at the present time; a failure is logged and tried again."""
    store, asked = MemoryStore(), []
    prune = store.prune

    async def sometimes(retention, now):
        asked.append(now)
        if len(asked) == 1:
            raise StoreUnavailable("the disk is full")
        return await prune(retention, now)

    monkeypatch.setattr(store, "prune", sometimes)
    rooms = SimpleNamespace(clock=PausingClock(3), store=store, settings=Settings())
    done = await asyncio.gather(_upkeep(rooms), return_exceptions=True)
    assert isinstance(done[0], asyncio.CancelledError)
    assert [(now - START).total_seconds() for now in asked] == [
        FIRST_UPKEEP,
        FIRST_UPKEEP + UPKEEP,
        FIRST_UPKEEP + 2 * UPKEEP,
    ]
