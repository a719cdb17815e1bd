"""Refresh with 1, 2 and 4 worker processes on PostgreSQL and publishers that take 200 ms to answer.

Run: ``python -m bench.workers``. Each worker refreshes eight feeds at once. The publisher's server judges: how many
feeds a second, whether one was asked twice in a round, and whether a host ever saw two requests at once. What a poll
costs is processor time, of the workers and of PostgreSQL, above what both use while nothing is due.
"""

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiohttp import web

from bench.processor import descendants, seconds_of
from digestbot.domain.news import Polling
from digestbot.ports import RefreshRecord
from digestbot.store import open_store
from tests.rigs.chaos import feeds_due
from tests.rigs.postgresql import PostgreSQL
from tests.rigs.process import BotProcess

HOSTS, FEEDS, ANSWER, AT_ONCE = 240, 480, 0.2, 8
IDLE = 5.0
"""Seconds in which it is measured what is used while nothing is due."""
ENOUGH = 1.8
"""How much faster two workers must be than one."""
SETTINGS = """
[log]
level = "warning"
[database]
url = "{url}"
[sources]
min_gap = 0
concurrency = {at_once}
allow_private_hosts = [{hosts}]
"""


@dataclass(frozen=True)
class Rate:
    """Feeds a second, and the processor milliseconds of a poll: the workers' and the database's."""

    feeds: float
    worker: float
    database: float


class Publisher:
    """A slow server under many addresses that says "not modified" and counts."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.running: Counter[str] = Counter()
        self.at_once = 0
        self.last = 0.0
        self.port = 0
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on every loopback address."""
        app = web.Application()
        app.router.add_get("/{name}", self._answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "0.0.0.0", 0, backlog=1024).start()  # noqa: S104 - many loopback addresses
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        self.asked[request.path] += 1
        self.running[request.host] += 1
        self.at_once = max(self.at_once, self.running[request.host])
        await asyncio.sleep(ANSWER)
        self.running[request.host] -= 1
        self.last = time.monotonic()
        return web.Response(status=304)

    def host(self, number: int) -> str:
        """Return one of its addresses."""
        return f"127.0.1.{number % HOSTS + 1}:{self.port}"


async def fill(url: str, publisher: Publisher) -> None:
    """Put in feeds that have been polled before; none is due."""
    now = datetime.now(UTC)
    async with await open_store(url) as store:
        for number in range(FEEDS):
            address = f"http://{publisher.host(number)}/{number}"
            feed = await store.add_feed(address, title=f"Feed {number}", now=now)
            polling = Polling(now + timedelta(days=1), now, address, '"etag"', body_hash="ab" * 32)
            await store.record_refresh(RefreshRecord(feed.id, polling, baseline_at=now), now)


class Meter:
    """Reads how much processor time the workers and the server have used; :meth:`lap` is since the last reading."""

    def __init__(self, workers: list[BotProcess], server: PostgreSQL) -> None:
        self._roots = ([bot.process.pid for bot in workers], [server.pid])
        self._before, self._at = self._read(), time.monotonic()

    def _read(self) -> tuple[float, float]:
        workers, server = (sum(seconds_of(one) for root in roots for one in descendants(root)) for roots in self._roots)
        return workers, server

    def lap(self) -> tuple[float, float, float]:
        """Return seconds that have passed, and of the workers' and the server's processor time."""
        (workers, server), now = self._read(), time.monotonic()
        lap = now - self._at, workers - self._before[0], server - self._before[1]
        self._before, self._at = (workers, server), now
        return lap


async def measure(server: PostgreSQL, folder: Path, workers: int) -> Rate:
    """Return how many feeds a second so many workers refresh, and what a poll costs them."""
    url, publisher = server.url(server.new_database()), Publisher()
    await publisher.start()
    hosts = ", ".join(f'"{publisher.host(number)}"' for number in range(HOSTS))
    text = SETTINGS.format(url=url, hosts=hosts, at_once=AT_ONCE)
    migration = BotProcess(folder / f"m{workers}", text, arguments=("migrate",))
    migration.start()
    await migration.ended(60)
    await fill(url, publisher)
    text = text.replace('"warning"', '"info"')
    bots = [BotProcess(folder / f"s{workers}", text, arguments=("run", "--role", "scheduler"))]
    bots += [BotProcess(folder / f"w{workers}{n}", text, arguments=("run", "--role", "worker")) for n in range(workers)]
    try:
        # The scheduler takes up what the settings list: nothing here, so the feeds stay as they are.
        for bot in bots:
            bot.start()
        for bot in bots:
            await bot.until('"running"', 90)
        meter = Meter(bots[1:], server)
        await asyncio.sleep(IDLE)
        idle, *used = meter.lap()
        async with await open_store(url) as store:
            await feeds_due(store, datetime.now(UTC))
        began = await _first(publisher)
        while len(publisher.asked) < FEEDS:  # noqa: ASYNC110 - others are elsewhere
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)
        took, *busy = meter.lap()
    finally:
        for bot in bots:
            bot.kill()
        await publisher.stop()
    if max(publisher.asked.values()) > 1 or publisher.at_once > 1:
        raise SystemExit(f"asked twice: {publisher.asked.most_common(3)}; at once on a host: {publisher.at_once}")
    costs = (max(0.0, more - rest / idle * took) * 1000 / FEEDS for more, rest in zip(busy, used, strict=True))
    return Rate(FEEDS / (publisher.last - began), *costs)


async def _first(publisher: Publisher) -> float:
    """Wait for the first request and return when it came."""
    while not publisher.asked:  # noqa: ASYNC110 - others are elsewhere
        await asyncio.sleep(0.01)
    return time.monotonic()


async def run(counts: list[int], folder: Path) -> list[Rate]:
    """Measure each number of workers on one server."""
    server = PostgreSQL()
    server.start()
    try:
        return [await measure(server, folder, count) for count in counts]
    finally:
        server.remove()


def main() -> None:
    """Print the table; fail when two workers are not enough faster than one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    counts = parser.parse_args().workers
    with tempfile.TemporaryDirectory() as folder:
        rates = asyncio.run(run(counts, Path(folder)))
    print(f"{FEEDS} feeds on {HOSTS} hosts, {ANSWER * 1000:.0f} ms an answer, {AT_ONCE} at once a worker; "
          f"load {os.getloadavg()[0]:.1f}")  # fmt: skip
    for count, rate in zip(counts, rates, strict=True):
        cost = f"a poll {rate.worker:.1f} ms of a worker's core, {rate.database:.1f} ms of the database's"
        print(f"{count} workers {rate.feeds:8.1f} feeds/s   x{rate.feeds / rates[0].feeds:.2f}   {cost}")
    print("none asked twice, one at once a host")
    if len(rates) > 1 and rates[1].feeds < ENOUGH * rates[0].feeds:
        sys.exit(f"two workers are only {rates[1].feeds / rates[0].feeds:.2f} times as fast as one")


if __name__ == "__main__":
    main()
