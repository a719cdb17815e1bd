"""Group commit: nobody waits for others to come, nobody is written twice, nobody waits for ever."""

import asyncio

import pytest

from digestbot.domain.errors import Conflict, StoreError, StoreUnavailable
from digestbot.pipeline.group_commit import GroupCommit


class Writes:
    """Writes numbers as their squares, once it may; refuses groups with those in ``bad``."""

    def __init__(self, error=None):
        self.groups, self.bad, self.error = [], set(), error or Conflict("refused")
        self.may = asyncio.Event()
        self.may.set()

    async def __call__(self, group):
        self.groups.append(list(group))
        await self.may.wait()
        if self.bad & set(group):
            raise self.error
        return [item * item for item in group]


@pytest.fixture
def writes():
    """Return what writes."""
    return Writes()


async def all_of(commit, count):
    """Add so many numbers at once."""
    return await asyncio.gather(*(commit.add(number) for number in range(count)), return_exceptions=True)


async def test_one_alone_is_written_at_once(writes):
    """A single item waits for nobody."""
    assert await GroupCommit(writes, 10).add(3) == 9
    assert writes.groups == [[3]]


async def test_those_who_come_while_one_is_written_go_together(writes):
    """Each gets the result of its own item; no group is larger than asked."""
    commit = GroupCommit(writes, 4)
    writes.may.clear()
    first = asyncio.create_task(commit.add(7))
    await asyncio.sleep(0.01)
    rest = asyncio.create_task(all_of(commit, 6))
    await asyncio.sleep(0.01)
    writes.may.set()
    assert (await first, await rest) == (49, [0, 1, 4, 9, 16, 25])
    assert writes.groups == [[7], [0, 1, 2, 3], [4, 5]]


async def test_an_item_that_is_refused_fails_alone(writes):
    """A refused group is written one by one."""
    writes.bad = {1}
    results = await all_of(GroupCommit(writes, 10), 3)
    assert [results[0], results[2]] == [0, 4]
    assert isinstance(results[1], Conflict)


async def test_an_item_that_trips_us_up_fails_alone(writes):
    """So is a group in which one item meets a fault of ours, which its own caller is told with the cause."""
    writes.bad, writes.error = {1}, IndexError("a shape nobody thought of")
    zero, one, two = await all_of(GroupCommit(writes, 10), 3)
    assert (zero, two) == (0, 4)
    assert (one.code, type(one.__cause__)) == ("defect", IndexError)


async def test_when_the_store_is_away_all_fail_at_once():
    """Asking one by one would take a minute each."""
    writes = Writes(StoreUnavailable("away"))
    writes.bad = {1}
    assert [type(result) for result in await all_of(GroupCommit(writes, 10), 3)] == [StoreUnavailable] * 3
    assert len(writes.groups) == 1


async def test_a_broken_writer_leaves_nobody_waiting_and_the_next_group_is_written(writes):
    """Something ends the writer; those of its group are told, later ones are written."""
    commit = GroupCommit(writes, 10)
    writes.may.clear()
    waiting = asyncio.create_task(all_of(commit, 2))
    await asyncio.sleep(0.01)
    commit._writer.cancel()
    assert [type(result) for result in await asyncio.wait_for(waiting, 1)] == [StoreError] * 2
    writes.may.set()
    assert await asyncio.wait_for(commit.add(5), 1) == 25


async def test_one_who_stops_waiting_is_written_all_the_same(writes):
    """Its result is nobody's; the others have theirs."""
    commit = GroupCommit(writes, 10)
    writes.may.clear()
    one, other = (asyncio.create_task(commit.add(number)) for number in (2, 3))
    await asyncio.sleep(0.01)
    one.cancel()
    writes.may.set()
    assert await other == 9
    assert one.cancelled() or one.cancelling()
    assert writes.groups == [[2, 3]]
