"""Polling many feeds, beside the library ``reader``: cold, 304s, unchanged without validators, and 5 % changed.

Run: ``python -m bench.feeds [feeds] [hosts]``. Each host is an address of 127.0.0.0/8; by default every feed has one of
its own, and each poll opens a connection. With fewer hosts connections are kept, as with publishers of many feeds, and
the gap between requests to a host is left out. One server process plays all publishers, the same for all; what it costs
is printed, because it shares the machine. Our loops and its are uvloop's where it is installed. Three contenders are
measured one after the other on the same feeds, stage by stage:

- ``sources``: the client, the sandbox and the parser, with the polling state kept in memory;
- ``step``: the whole refresh step with its SQLite file, stories included (the sentence encoder is left out);
- ``reader``: ``reader`` with its SQLite file, in an environment of its own, ten workers.

Feeds per second are printed with their ratio to reader's, and for all the processor time a feed: the process's own, our
parsing workers' and the server's. For ours the longest time the event loop was held up follows, and the memory held.
Whatever else the machine does at the time is in all three speeds; processor time tells less of it. Last comes a bare
loop over aiohttp's client session that asks every feed and does nothing else: what the common client could reach here.
"""

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import aiohttp
import numpy as np

from digestbot.domain.news import Feed, Polling
from digestbot.pipeline.refresh import Refresher
from digestbot.ports import Vectors
from digestbot.runtime.garbage import startup_frozen
from digestbot.runtime.loops import loop_factory
from digestbot.sources.articles import WebArticleSource
from digestbot.sources.articles.language import language_of, warm
from digestbot.sources.feeds import HttpFeedSource
from digestbot.sources.http import PoliteClient
from digestbot.sources.sandbox import Sandbox
from digestbot.store import SqlStore, open_store

FEEDS = 1000
CONCURRENCY = 32
CHANGED = 20
"""Every 20th feed changes: 5 %."""
HOST_GAP = 1.0
WORKERS = 2
ROUNDS = 5
"""Of the stage that is over soonest the middle of so many rounds counts."""
PACKAGES = ("reader==3.26", "feedparser==6.0.14", "sgmllib3k", "requests")
WANTED = {
    "cold": 5.0,
    "304": 15.0,
    "unchanged, no validators": 60.0,
    "5 % changed": 20.0,
    "5 % changed, no validators": 20.0,
}
"""How many times reader's speed is aimed at."""


@dataclass
class Lag:
    """Watches how long the event loop is held up, in seconds."""

    worst: float = 0.0

    async def watch(self) -> None:
        """Measure until cancelled."""
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.005)
            self.worst = max(self.worst, time.perf_counter() - began - 0.005)


@dataclass
class Result:
    """One contender's stage; ``cpu`` is its process's time, ``workers`` its parsers', ``server`` the publishers'."""

    seconds: float
    feeds: int
    note: str = ""
    cpu: float = 0.0
    workers: float = 0.0
    server: float = 0.0

    @property
    def cost(self) -> str:
        """Return the processor time a feed."""
        parts = [f"{part / self.feeds * 1e6:.0f}" for part in (self.cpu, self.workers, self.server)]
        return f"{parts[0]} µs{f' + workers {parts[1]}' if self.workers else ''} + server {parts[2]}"

    @property
    def speed(self) -> float:
        """Return feeds per second."""
        return self.feeds / self.seconds


async def at_once(tasks: Sequence[Callable[[], Awaitable[None]]]) -> None:
    """Run tasks, ``CONCURRENCY`` at a time."""
    waiting = iter(tasks)

    async def work() -> None:
        for task in waiting:
            await task()

    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


async def timed(work: Callable[[], Awaitable[object]], feeds: int, sandbox: Sandbox) -> Result:
    """Run one stage of ours under the eye of the loop's watch."""
    lag, parsing = Lag(), await spent_by(sandbox)
    watch = asyncio.create_task(lag.watch())
    began, spent = time.perf_counter(), time.process_time()
    await work()
    seconds, cpu = time.perf_counter() - began, time.process_time() - spent
    watch.cancel()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    note = f"loop held {lag.worst * 1000:.0f} ms, peak {peak:.0f} MB"
    return Result(seconds, feeds, note, cpu, await spent_by(sandbox) - parsing)


async def spent_by(sandbox: Sandbox) -> float:
    """Return the processor time of a sandbox's workers, which are idle: asked at once, each answers."""
    return sum(await asyncio.gather(*(sandbox.run("bench", time.process_time) for _ in range(WORKERS))))


@dataclass
class SourcesAlone:
    """Polls with the state in memory."""

    source: HttpFeedSource
    sandbox: Sandbox
    now: datetime = datetime(2026, 3, 3, tzinfo=UTC)
    feeds: dict[str, Feed] = field(default_factory=dict)
    outcomes: dict[str, int] = field(default_factory=dict)

    def add(self, urls: Sequence[str]) -> None:
        """Subscribe."""
        for number, url in enumerate(urls):
            self.feeds[url] = Feed(number, url, "", Polling(self.now))

    async def update(self, urls: Sequence[str]) -> Result:
        """Poll each once."""
        self.now += timedelta(days=2)
        self.outcomes = {}
        return await timed(lambda: at_once([partial(self._poll, url) for url in urls]), len(urls), self.sandbox)

    async def _poll(self, url: str) -> None:
        feed = self.feeds[url]
        fetched = await self.source.fetch(feed, self.now)
        self.outcomes[fetched.outcome] = self.outcomes.get(fetched.outcome, 0) + 1
        self.feeds[url] = replace(feed, polling=fetched.polling, baseline_at=self.now)


class NoEncoder:
    """Gives every text a direction of its own at no cost: the encoder is not what is measured."""

    async def embed(self, texts: Sequence[str], *, interactive: bool = False) -> Vectors:  # noqa: ARG002  # the port has it
        """Return unit vectors."""
        vectors = np.random.default_rng(len(texts)).normal(size=(len(texts), 384)).astype(np.float32)
        unit: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        return unit


@dataclass
class BenchClock:
    """A clock that jumps over the days between checks."""

    at: datetime = datetime(2026, 3, 3, tzinfo=UTC)

    def now(self) -> datetime:
        """Return the time."""
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass
class WholeStep:
    """Runs the refresh step on a store."""

    store: SqlStore
    refresher: Refresher
    clock: BenchClock
    sandbox: Sandbox
    outcomes: Counter[str] = field(default_factory=Counter)

    async def add(self, urls: Sequence[str]) -> None:
        """Subscribe."""
        for url in urls:
            await self.store.add_feed(url, now=self.clock.now())

    async def update(self, urls: Sequence[str]) -> Result:
        """Refresh what is due, which is everything: two days have passed."""
        self.clock.at += timedelta(days=2)
        self.outcomes = Counter()
        result = await timed(self._until_nothing_is_due, len(urls), self.sandbox)
        if self.outcomes.total() != len(urls):
            raise RuntimeError(f"{self.outcomes} is not {len(urls)} feeds")
        return result

    async def _until_nothing_is_due(self) -> None:
        while done := await self.refresher.run_due():
            for one in done:
                if one.error is not None:
                    raise one.error
                self.outcomes[one.outcome] += 1


class Reader:
    """The library in its own process."""

    def __init__(self, python: Path, database: Path) -> None:
        script = Path(__file__).with_name("feeds_reader.py")
        self._process = subprocess.Popen(
            [python, script, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def add(self, urls: Sequence[str]) -> None:
        """Subscribe."""
        self._ask(f"add {' '.join(urls)}")

    def update(self) -> Result:
        """Update all."""
        told = self._ask("update")
        note = f"{told['entries']} entries, {told['failed']} failed"
        return Result(told["seconds"], int(told["done"]), note, told["cpu"])

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, command: str) -> dict[str, float]:
        stdin, stdout = pipes(self._process)
        stdin.write(command + "\n")
        stdin.flush()
        answer: dict[str, float] = json.loads(stdout.readline())
        return answer


def pipes(process: "subprocess.Popen[str]") -> tuple[IO[str], IO[str]]:
    """Return a process's pipes."""
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the process has no pipes")
    return process.stdin, process.stdout


def environment_of_reader() -> Path:
    """Return the Python of an environment with reader, made when it is not there yet."""
    home = Path(tempfile.gettempdir()) / "digestbot-bench-reader"
    python = home / "bin" / "python"
    if not (home / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        (home / "ready").touch()
    return python


@dataclass
class Publishers:
    """The server's process and where it listens."""

    process: "subprocess.Popen[str]"
    port: int

    async def asked(self, path: str) -> float:
        """Ask for one of its own pages; each answers with the processor time spent."""
        answer = await asyncio.to_thread(lambda: urlopen(f"http://127.0.0.1:{self.port}{path}").read())
        return float(answer)

    async def under(self, stage: Awaitable[Result]) -> Result:
        """Run a stage and note what it cost the server."""
        before = await self.asked("/spent/0")
        result = await stage
        result.server = await self.asked("/spent/0") - before
        return result


def publishers(count: int) -> Publishers:
    """Start the process that plays every publisher."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.feeds_server", str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    return Publishers(process, int(pipes(process)[1].readline()))


def addresses(kind: str, count: int, port: int, hosts: int) -> list[str]:
    """Return the feeds' addresses, spread over so many hosts."""
    return [f"http://127.1.{n % hosts // 250}.{n % hosts % 250 + 1}:{port}/{kind}/{n}" for n in range(count)]


async def ours(stack: AsyncExitStack, database: Path, gap: float) -> tuple[SourcesAlone, WholeStep]:
    """Open our two contenders; each has a client and a sandbox of its own, its workers running."""
    made: list[tuple[PoliteClient, Sandbox]] = []
    for _ in range(2):
        client = PoliteClient(allow_private_hosts=["127.0.0.0/8"], host_gap=gap)
        sandbox = Sandbox(workers=WORKERS, prepare=[warm])
        stack.push_async_callback(client.close)
        stack.push_async_callback(sandbox.close)
        await asyncio.gather(*(sandbox.run("warm", language_of, "A few words", "en") for _ in range(WORKERS)))
        made.append((client, sandbox))
    store = await open_store(f"sqlite:///{database}")
    stack.push_async_callback(store.close)
    clock = BenchClock()
    articles = WebArticleSource(*made[1])
    refresher = Refresher(store, HttpFeedSource(*made[1]), articles, NoEncoder(), clock, concurrency=CONCURRENCY)
    return SourcesAlone(HttpFeedSource(*made[0]), made[0][1]), WholeStep(store, refresher, clock, made[1][1])


async def bare(alone: SourcesAlone) -> Result:
    """Ask every feed over aiohttp's client session with its validators, read the answer, and do nothing else."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:

        async def ask(feed: Feed) -> None:
            headers = {"If-None-Match": feed.polling.etag} if feed.polling.etag else {}
            async with session.get(feed.url, headers=headers) as response:
                await response.read()

        return await timed(
            lambda: at_once([partial(ask, feed) for feed in alone.feeds.values()]),
            len(alone.feeds),
            alone.sandbox,
        )


@dataclass
class Match:
    """The contenders on one kind of feeds."""

    urls: list[str]
    server: Publishers
    alone: SourcesAlone
    step: WholeStep
    reader: Reader

    async def stage(self, name: str, rounds: int = 1) -> None:
        """Have each contender update everything, in turns, and print the line of the middle round of each."""
        done: tuple[list[Result], ...] = ([], [], [])
        for _ in range(rounds):
            # Hosts are asked no sooner than their gap after the round before.
            await asyncio.sleep(HOST_GAP)
            done[0].append(await self.server.under(self.alone.update(self.urls)))
            done[1].append(await self.server.under(self.step.update(self.urls)))
            done[2].append(await self.server.under(asyncio.to_thread(self.reader.update)))
        alone, step, theirs = (sorted(results, key=lambda r: r.seconds)[rounds // 2] for results in done)
        print(
            f"{name:28} reader {theirs.speed:7.1f}/s | sources {alone.speed:7.1f}/s {alone.speed / theirs.speed:6.1f}× "
            f"| step {step.speed:7.1f}/s {step.speed / theirs.speed:6.1f}× | aim {WANTED[name]:.0f}×"
        )
        own, whole = theirs.cpu / step.cpu, (theirs.cpu + theirs.workers) / (step.cpu + step.workers)
        print(f"{'':28} processor a feed: reader {theirs.cost}; sources {alone.cost}; step {step.cost}")
        print(f"{'':28} reader's processor time is {own:.1f} times the step's own, {whole:.1f} times all of it")
        print(f"{'':28} sources: {alone.note}, {self.alone.outcomes}; step: {step.note}; reader: {theirs.note}")

    async def floor(self, name: str) -> None:
        """Print what a bare loop over the common client reaches."""
        await asyncio.sleep(HOST_GAP)
        result = await self.server.under(bare(self.alone))
        print(f"{f'aiohttp alone, {name}':28} {result.speed:.1f}/s, {result.cost} a feed", flush=True)


async def main(count: int, hosts: int) -> None:
    """Measure and print."""
    python = environment_of_reader()
    async with AsyncExitStack() as stack:
        server = publishers(count)
        stack.callback(server.process.communicate)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        matches = []
        for kind in ("v", "p"):
            alone, step = await ours(stack, folder / f"digestbot-{kind}.db", HOST_GAP if hosts == count else 0.0)
            reader = Reader(python, folder / f"reader-{kind}.db")
            stack.callback(reader.close)
            match = Match(addresses(kind, count, server.port, hosts), server, alone, step, reader)
            alone.add(match.urls)
            await step.add(match.urls)
            reader.add(match.urls)
            matches.append(match)
        stack.enter_context(startup_frozen())
        loop = type(asyncio.get_running_loop()).__module__
        print(f"{count} feeds of 30 items on loopback, on {hosts} hosts; loops of {loop.partition('.')[0]}")
        with_validators, without = matches
        await with_validators.stage("cold")
        await with_validators.stage("304", ROUNDS)
        await with_validators.floor("304")
        await without.stage("cold")
        await without.stage("unchanged, no validators")
        await without.floor("whole bodies")
        await server.asked(f"/change/{CHANGED}")
        await with_validators.stage("5 % changed")
        await without.stage("5 % changed, no validators")


if __name__ == "__main__":
    feeds_wanted = int(sys.argv[1]) if len(sys.argv) > 1 else FEEDS
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(feeds_wanted, int(sys.argv[2]) if len(sys.argv) > 2 else feeds_wanted))
