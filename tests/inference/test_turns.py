"""Who goes first: somebody who waits before a digest of forty stories, and the event loop before all of them."""

import asyncio
import time
from dataclasses import replace

import pytest

from digestbot.inference import Engine, ExtractiveSummarizer, Remembering, Seq2SeqSummarizer
from digestbot.pipeline.brief import Briefer
from tests.fakes.clock import FakeClock
from tests.fakes.inference import FakeEmbedder
from tests.fakes.store import MemoryStore
from tests.inference.loop import LoopWatch
from tests.inference.standin import PROGRAM, STEP
from tests.inference.stories import BRIDGE, FERRY, NOW, story

FORTY = [replace(story(f"Notice {n}. " + FERRY + f"This was edition {n} of the paper.\n"), id=0) for n in range(40)]


@pytest.fixture
async def briefer():
    """A brief step whose model takes STEP seconds a batch."""
    engine = Engine(program=PROGRAM)
    plain = ExtractiveSummarizer(FakeEmbedder())
    summarizer = Remembering(Seq2SeqSummarizer(engine, plain, FakeEmbedder(), model="steps"))
    made = Briefer(MemoryStore(), summarizer, FakeEmbedder(), FakeClock(NOW), at_once=40)
    await made.make(story(BRIDGE))
    yield made
    await engine.aclose()


async def test_somebody_who_waits_goes_before_a_digest_of_forty(briefer):
    """A new article's summary starts after the batch that runs, not after the digest; asked again it is there at once.

    Meanwhile the event loop never stands still for 50 ms.
    """
    watch = LoopWatch()

    async def ask():
        digest = [asyncio.create_task(briefer.make(told)) for told in FORTY]
        await asyncio.sleep(0.5)
        began = time.monotonic()
        brief = await briefer.make(story(FERRY), interactive=True)
        took, running = time.monotonic() - began, sum(not task.done() for task in digest)
        began = time.monotonic()
        assert await briefer.make(story(FERRY), interactive=True) == brief
        again = time.monotonic() - began
        for task in digest:
            task.cancel()
        return brief, took, running, again

    brief, took, running, again = await watch.during(ask())
    assert brief.summary.engine.startswith("seq2seq:steps")
    assert running >= 20
    assert took < 4 * STEP
    assert again < 0.2
    assert watch.own < 0.05
