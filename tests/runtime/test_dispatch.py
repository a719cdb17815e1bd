"""The dispatcher runs what is rung for, once, in any weather."""

import asyncio

import pytest

from digestbot.domain.errors import StoreUnavailable
from digestbot.runtime.dispatch import InProcessDispatcher


@pytest.fixture
async def serving():
    """Return a function that serves steps in the background until the test ends."""
    tasks = []

    def serve(steps, **more):
        dispatcher = InProcessDispatcher(steps, **more)
        tasks.append(asyncio.create_task(dispatcher.run()))
        return dispatcher

    yield serve
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def settle():
    """Let everything that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_two_rings_are_one_run_and_a_ring_while_running_is_one_more(serving):
    """Rings before a run fold into it; a ring during it runs the step once more."""
    gate, runs = asyncio.Event(), []

    async def refresh():
        runs.append(1)
        await gate.wait()
        return False

    dispatcher = serving({"refresh": refresh})
    await dispatcher.wake("refresh")
    await dispatcher.wake("refresh")
    await settle()
    assert len(runs) == 1
    await dispatcher.wake("refresh")
    await dispatcher.wake("refresh")
    gate.set()
    await settle()
    assert len(runs) == 2


async def test_work_done_wakes_the_next_step(serving):
    """A publish that did something wakes deliver; one that did nothing wakes nobody."""
    delivered, work = [], [True, False]

    async def publish():
        return work.pop(0)

    async def deliver():
        delivered.append(1)
        return False

    dispatcher = serving({"publish": publish, "deliver": deliver})
    for _ in range(2):
        await dispatcher.wake("publish")
        await settle()
    assert delivered == [1]


@pytest.mark.parametrize("fault", [StoreUnavailable("the disk is full"), RuntimeError("a fault of ours")])
async def test_a_failing_step_lives_on(serving, fault):
    """A step that fails, in a way we know or not, runs again at the next ring."""
    runs = []

    async def refresh():
        runs.append(1)
        raise fault

    dispatcher = serving({"refresh": refresh})
    for _ in range(2):
        await dispatcher.wake("refresh")
        await settle()
    assert len(runs) == 2


async def test_a_slow_run_keeps_an_overlapping_step_from_nothing(serving):
    """A step that overlaps runs again while an earlier run still waits; drain waits for both."""
    gate, runs = asyncio.Event(), []

    async def deliver():
        runs.append(1)
        await gate.wait()
        return False

    dispatcher = serving({"deliver": deliver}, overlapping=("deliver",))
    for _ in range(2):
        await dispatcher.wake("deliver")
        await settle()
    assert len(runs) == 2
    assert not await dispatcher.drain(0.01)
    gate.set()
    assert await dispatcher.drain(1)
