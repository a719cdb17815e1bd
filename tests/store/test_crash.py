"""kill -9 at random points: what a writer said was written is there, nothing is half there, the file is whole."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from digestbot.ports import brief_key
from digestbot.store import open_store
from tests.rigs.store_writer import ARTICLES, PARTS, START, edition_of, keys_of

KILLS = int(os.environ.get("CHAOS_KILLS", "5"))
"""Kills a database; ``make chaos`` asks for more."""
ROOT = Path(__file__).resolve().parents[2]


class Writers:
    """Writer processes, one after another, each killed at a random moment."""

    def __init__(self, process, seed):
        self.process = process
        self.random = random.Random(seed)  # noqa: S311 - nothing secret hangs on when we kill

    async def line(self):
        """Return the next line told, as words and numbers."""
        line = await asyncio.wait_for(self.process.stdout.readline(), 30)
        return tuple(int(word) if word.isdigit() else word for word in line.decode().split())

    async def run(self, url, turn):
        """Start a writer, let it tell up to 30 steps and go on a little, kill it, and return what it told."""
        self.process.stdin.write(f"{url} {turn}\n".encode())
        steps, pid, told = self.random.randrange(30), 0, []
        while not pid or len(told) <= steps:
            words = await self.line()
            if words[0] == "pid":
                pid = words[1]
            else:
                told.append(words)
        await asyncio.sleep(self.random.uniform(0, 0.02))
        os.kill(pid, signal.SIGKILL)
        while (words := await self.line())[0] != "gone":
            told.append(words)
        return set(told) - {("open",)}


@pytest.fixture
async def writers():
    """Give a process that forks writers."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.rigs.store_writer",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    yield Writers(process, seed=6)
    process.stdin.close()
    await process.wait()


async def whole(store, turn):
    """Check that each turn up to ``turn`` is written whole up to some step; return what is there, as told."""
    found = set()
    feed = await store.feed_by_url("https://example.org/feed")
    if feed is None:
        return found
    seen = await store.seen(feed.id)
    stories = {
        a.key: s for s in await store.stories(START.replace(year=2000), START.replace(year=2100)) for a in s.articles
    }
    subscriptions = await store.subscriptions()
    for number in range(turn + 1):
        keys = set(keys_of(feed.id, number))
        marked, kept = keys & seen, keys & set(stories)
        assert marked == kept, "a mark without its article, or an article without its mark"
        assert len(kept) in (0, ARTICLES), "half a refresh"
        if not kept:
            continue
        found.add(("refreshed", feed.id, number))
        (story,) = {stories[key].id: stories[key] for key in kept}.values()
        assert set(await store.vectors([a.id for a in story.articles])) == {a.id for a in story.articles}
        brief = await store.brief(story.id, brief_key(story.sources_hash, "e", "medium"))
        assert brief is None or (len(brief.quotes) == 1 and brief.summary.sentences), "half a brief"
        found |= {("briefed", story.id)} if brief else set()
        for subscription in subscriptions:
            found |= await published(store, subscription, number)
    return found


async def published(store, subscription, number):
    """Check one edition with its delivery; return what is there, as told."""
    edition = edition_of(subscription.id, number)
    owed = [
        d
        for state in ("pending", "sending", "sent")
        for d in await store.deliveries(state, 10_000)
        if d.edition.at == edition.at
    ]
    shown = await store.posted_articles(subscription.channel)
    there = {number * 1000 + n for n in range(ARTICLES)} & set(shown)
    if await store.digest(edition) is None:
        assert not owed, "a delivery without its edition"
        assert not there, "a memory of what was never published"
        return set()
    (delivery,) = owed
    assert len(delivery.parts) == PARTS, "half a delivery"
    assert len(there) == ARTICLES, "half a memory"
    assert subscription.next_edition_at > edition.at, "an edition that would be due again"
    found = {("published", subscription.id, number, delivery.id)}
    for part in delivery.parts:
        if part.state in ("sending", "sent"):
            assert part.attempt == str(number)
            found.add(("sending", delivery.id, part.number))
        if part.state == "sent":
            assert part.receipt.message_id == f"m{delivery.id}-{part.number}"
            found.add(("sent", delivery.id, part.number))
    return found


@pytest.mark.slow
async def test_kill_9_loses_and_halves_nothing(url, writers):
    """However often a writer is killed, all it told is there, every step is whole, and the database is clean."""
    told, turn = set(), 0
    for _ in range(KILLS):
        told |= await writers.run(url, turn)
        turn = max([turn, *(words[2] + 1 for words in told if words[0] == "refreshed")])
        async with await open_store(url) as store:
            assert await store.integrity() == []
            found = await whole(store, turn)
            assert told <= found, f"told and not there: {sorted(map(str, told - found))}"
        turn += 1
    assert len([words for words in told if words[0] == "refreshed"]) >= KILLS // 2
