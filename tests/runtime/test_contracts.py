"""What clocks and dispatchers promise, held on the fake and on the real one."""

import asyncio
from datetime import UTC, timedelta

import pytest

from digestbot.runtime.clock import SystemClock
from digestbot.runtime.dispatch import InProcessDispatcher
from tests.fakes.clock import FakeClock
from tests.fakes.dispatch import FakeDispatcher


@pytest.fixture(params=[FakeClock, SystemClock])
def clock(request):
    """Return a clock, fake and real."""
    return request.param()


async def nothing() -> bool:
    """Do nothing."""
    return False


@pytest.fixture(params=["fake", "real"])
def dispatcher(request):
    """Return a dispatcher, fake and real."""
    return FakeDispatcher() if request.param == "fake" else InProcessDispatcher({"refresh": nothing})


async def test_a_clock_tells_utc_and_moves_while_sleeping(clock):
    """The time is aware and in UTC, and has passed after a sleep."""
    before = clock.now()
    assert before.tzinfo is UTC
    await clock.sleep(0.01)
    assert clock.now() - before >= timedelta(seconds=0.009)


async def test_a_dispatcher_takes_any_ring_at_once(dispatcher):
    """Ringing never waits for the work, and a step that nobody serves here is no error."""
    async with asyncio.timeout(1):
        for step in ("refresh", "refresh", "deliver"):
            await dispatcher.wake(step)
