"""The scheduler rings every step at once and then at its interval, and is silent once stopped."""

import asyncio
from datetime import timedelta

from digestbot.runtime.scheduler import TICKS, Scheduler
from tests.fakes.dispatch import FakeDispatcher


async def test_every_step_is_rung_at_once_and_again():
    """A step whose interval passes is rung again; one with a long interval has been rung once."""
    dispatcher = FakeDispatcher()
    ticks = {"refresh": timedelta(seconds=0.05), "deliver": timedelta(hours=1)}
    scheduler = Scheduler(dispatcher, ticks)
    await scheduler.start()
    await asyncio.sleep(0.4)
    scheduler.stop()
    assert dispatcher.rung["refresh"] >= 3
    assert dispatcher.rung["deliver"] == 1
    rung = dispatcher.rung["refresh"]
    await asyncio.sleep(0.15)
    assert dispatcher.rung["refresh"] <= rung + 1


async def test_stopping_twice_is_harmless():
    """A scheduler that never ran or was stopped before can be stopped."""
    scheduler = Scheduler(FakeDispatcher())
    scheduler.stop()
    await scheduler.start()
    scheduler.stop()
    scheduler.stop()


def test_every_step_has_a_tick():
    """No step waits for another's ring alone: a lost wake-up is made good within half a minute."""
    assert set(TICKS) == {"refresh", "brief", "publish", "deliver"}
    assert max(TICKS.values()) <= timedelta(seconds=30)


async def test_a_bell_that_is_broken_off_at_the_end_is_no_fault(caplog):
    """A tick that waits for the database when the bot is told to stop ends with it, without a traceback in the log."""

    class Waiting:
        """Rings until it is broken off, but for the first bells."""

        rung, broken = 0, 0

        async def wake(self, _step):
            self.rung += 1
            if self.rung > 4:
                try:
                    await asyncio.sleep(60)
                except asyncio.CancelledError:
                    self.broken += 1
                    raise

    dispatcher = Waiting()
    scheduler = Scheduler(dispatcher, dict.fromkeys(TICKS, timedelta(seconds=0.02)))
    await scheduler.start()
    await asyncio.sleep(0.1)
    scheduler.stop()
    await asyncio.sleep(0.05)
    assert dispatcher.broken > 0
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []
