"""The engine: what waits, what goes first, and what becomes of a request when the child does not answer."""

import asyncio
import sys
import time

import numpy as np
import pytest

from digestbot.domain.errors import Busy, DeadlinePassed, EngineCrashed, InferenceError, ModelMissing, OutOfMemory
from digestbot.inference.engine import BATCH, INTERACTIVE, Engine
from tests.inference.standin import PROGRAM

STRANGE = """
import sys
from digestbot.inference.wire import pack
sys.stdout.buffer.write(pack({}))
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
async def engine():
    made = Engine(program=PROGRAM, patience=0.2)
    yield made
    await made.aclose()


def ask(engine, model, items=("a",), **options):
    """Send a request to a stand-in model."""
    extra = {"options": options.pop("options")} if "options" in options else {}
    return engine.run("seq2seq", {"model": model, **extra}, list(items), **options)


async def test_one_result_an_item_in_order(engine):
    """Slices of a request are put together again in the order they were given."""
    rows = await ask(engine, "lengths", ["a", "bb", "ccc", "dddd", "eeeee"], most=2)
    assert rows.shape == (5, 2)
    assert rows[:, 0].tolist() == [1, 2, 3, 4, 5]
    assert rows.dtype == np.float32


async def test_like_requests_share_a_batch(engine):
    """Requests with the same settings that wait together run together, up to the batch's size."""
    blocker = asyncio.create_task(ask(engine, "sleeps", options={"seconds": 0.3}))
    await asyncio.sleep(0.05)
    answers = await asyncio.gather(*(ask(engine, "log", most=4) for _ in range(6)))
    await blocker
    assert sorted(answer[0].split()[1] for answer in answers) == ["2", "2", "4", "4", "4", "4"]


async def test_interactive_before_batch(engine):
    """What somebody waits for starts after the running batch, ahead of forty batch requests that came before it."""
    blocker = asyncio.create_task(ask(engine, "sleeps", options={"seconds": 0.3}))
    await asyncio.sleep(0.05)
    batch = [asyncio.create_task(ask(engine, "log", [str(i)], rank=BATCH, most=1)) for i in range(40)]
    await asyncio.sleep(0)
    mine = float((await ask(engine, "log", rank=INTERACTIVE))[0].split()[0])
    others = [float(answer[0].split()[0]) for answer in await asyncio.gather(*batch)]
    await blocker
    assert mine < min(others)


async def test_a_full_queue_is_busy_with_a_time(engine):
    """A full queue refuses batch work with a time to come back, and still takes interactive work."""
    small = Engine(program=PROGRAM, queue_size=4, patience=0.1)
    waiting = [asyncio.create_task(ask(small, "sleeps", options={"seconds": 0.2})) for _ in range(3)]
    await asyncio.sleep(0.05)
    with pytest.raises(Busy) as busy:
        await ask(small, "log")
    assert busy.value.retry_after >= 1
    assert await ask(small, "log", rank=INTERACTIVE)
    await asyncio.gather(*waiting)
    await small.aclose()


async def test_a_deadline_is_kept(engine):
    """A request past its deadline fails at once; the child is ended and the next request served by a new one."""
    began = time.monotonic()
    with pytest.raises(DeadlinePassed):
        await ask(engine, "sleeps", deadline=0.2)
    assert time.monotonic() - began < 1.5
    assert await ask(engine, "log", deadline=10)


async def test_a_crash_is_told_and_mended(engine):
    """A child that ends in the middle fails its batch; the next request starts a new child."""
    with pytest.raises(EngineCrashed):
        await ask(engine, "crashes")
    assert await ask(engine, "log")
    assert engine.status.starts == 2


async def test_a_memory_limit_is_kept():
    """A child that grows over its limit is ended and the error says memory."""
    engine = Engine(program=PROGRAM, memory_limit=400 << 20)
    with pytest.raises(OutOfMemory):
        await ask(engine, "hogs")
    assert await ask(engine, "log")
    await engine.aclose()


async def test_faults_of_a_model_are_errors_of_ours(engine):
    """A missing model and a failing one arrive as typed errors, and the child lives on."""
    with pytest.raises(ModelMissing) as missing:
        await ask(engine, "nowhere")
    assert missing.value.model == "nowhere"
    with pytest.raises(InferenceError, match="bad input"):
        await ask(engine, "fails")
    assert engine.status.starts == 1


async def test_closing_fails_what_waits(engine):
    """Closing the engine ends its child and fails the requests that wait."""
    waiting = asyncio.create_task(ask(engine, "sleeps"))
    await asyncio.sleep(0.3)
    await engine.aclose()
    with pytest.raises(EngineCrashed):
        await waiting
    assert engine.pid is None


async def test_a_cancelled_request_is_not_computed(engine):
    """A request nobody waits for any more is left out of the next batch."""
    blocker = asyncio.create_task(ask(engine, "sleeps", options={"seconds": 0.3}))
    await asyncio.sleep(0.05)
    gone = asyncio.create_task(ask(engine, "crashes"))
    await asyncio.sleep(0)
    gone.cancel()
    assert await ask(engine, "log")
    await blocker
    assert engine.status.starts == 1


async def test_a_child_that_reads_nothing_is_ended():
    """A child that takes no bytes, however many there are, is ended like one that does not answer."""
    silent = Engine(program=(sys.executable, "-c", "import time; time.sleep(60)"), patience=0.2)
    for deadline in (0.2, 3.0):
        with pytest.raises(DeadlinePassed):
            await ask(silent, "log", ["a" * (1 << 21)], deadline=deadline)
    assert silent.status.starts == 2
    await silent.aclose()


async def test_an_answer_that_is_none_is_a_crash():
    """A child whose answer makes no sense fails the request, and does not leave it waiting for ever."""
    strange = Engine(program=(sys.executable, "-c", STRANGE), patience=0.2)
    async with asyncio.timeout(10):
        with pytest.raises(EngineCrashed):
            await ask(strange, "log")
        with pytest.raises(EngineCrashed):
            await ask(strange, "log")
    assert strange.status.starts == 2
    await strange.aclose()
