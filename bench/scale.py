"""How the store behaves at 1,000 and 10,000 feeds: what a tick costs, what a refresh costs, what it weighs.

Run: ``python bench/scale.py [--url postgresql://…]``. Without an address it uses a SQLite file in a temporary
folder. The database is filled by bulk inserts (days of history), then only the store's own methods are timed.
"""

import argparse
import asyncio
import json
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
from sqlalchemy import insert

from digestbot.domain.digest import Edition, Message
from digestbot.domain.news import Article, Polling
from digestbot.domain.subscription import Channel, Schedule, Subscription
from digestbot.ports import NewArticle, RefreshRecord
from digestbot.store import SqlStore, open_store
from digestbot.store.documents import polling_to_json, settings_to_json
from digestbot.store.tables import deliveries, editions, feeds, parts, posted, seen, subscriptions
from digestbot.store.workspace_tables import owners

NOW = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)
SUBSCRIPTIONS = 1000
DAYS = 30
SEEN = 20
TICK_LIMIT = 0.1
"""Seconds a tick may take to find what is due, with 10,000 feeds and 1,000 subscriptions."""
LIVE_LIMIT = 300
"""Megabytes of memory the process may hold."""


@dataclass(frozen=True)
class Figures:
    """What was measured at one size; times in milliseconds, memory in megabytes."""

    feeds: int
    tick: float
    tick_worst: float
    all_due: float
    refresh_unchanged: float
    refresh_new: float
    publish: float
    status: float
    memory: float


async def fill(store: SqlStore, count: int) -> None:
    """Put in feeds with marks, subscriptions with a month of sent editions, and what each channel had."""
    async with store._database.write() as connection:  # noqa: SLF001 - filling is not what is measured
        for start in range(0, count, 500):
            await connection.execute(insert(feeds), [feed_row(n) for n in range(start, min(start + 500, count))])
            held = [owner_row(n + 1) for n in range(start, min(start + 500, count))]
            await connection.execute(insert(owners), held)
        for start in range(1, count + 1, 500):
            numbers = range(start, min(start + 500, count + 1))
            marks = [{"feed_id": n, "key": f"https://{n}.example/{k}", "at": NOW} for n in numbers for k in range(SEEN)]
            await connection.execute(insert(seen), marks)
        await connection.execute(insert(subscriptions), [subscription_row(n) for n in range(SUBSCRIPTIONS)])
        for day in range(1, DAYS + 1):
            base = (day - 1) * SUBSCRIPTIONS
            at = NOW - timedelta(days=day)
            all_of_them = range(1, SUBSCRIPTIONS + 1)
            rows = [{"subscription_id": n, "at": at, "timezone": "UTC", "digest": {"title": "t"}} for n in all_of_them]
            await connection.execute(insert(editions), rows)
            await connection.execute(insert(deliveries), [delivery_row(base + n, n) for n in all_of_them])
            await connection.execute(insert(parts), [part_row(base + n, at) for n in all_of_them])
            shown = [
                place(n) | {"article_id": day * 10 + k, "story_id": day, "url": "", "at": at}
                for n in all_of_them
                for k in range(5)
            ]
            await connection.execute(insert(posted), shown)


def feed_row(number: int) -> dict[str, object]:
    """Return the row of a feed; one in a hundred is due."""
    due = NOW - timedelta(seconds=number % 60) if number % 100 == 0 else NOW + timedelta(seconds=60 + number % 1800)
    items = " ".join(sha256(f"{number}/{k}".encode()).hexdigest()[:8] for k in range(SEEN))
    polling = Polling(due, NOW, f"https://{number}.example/rss", '"etag"', body_hash="ab" * 32, items=items)
    return {
        "url": f"https://{number}.example/rss",
        "name": "",
        "title": f"Feed {number}",
        "link": "",
        "language": "en",
        "topics": ["world"],
        "weight": 1.0,
        "backfill": 0,
        "listed": True,
        "baseline_at": NOW,
        "next_check_at": due,
        "failures": 0,
        "polling": polling_to_json(polling),
        "size": SEEN,
    }


def owner_row(number: int) -> dict[str, object]:
    """Return the row that says a workspace wants a feed; without one it is not polled."""
    return {"feed_id": number, "platform": "slack", "workspace": f"T{number % 50}", "settings": {}}


def place(number: int) -> dict[str, object]:
    """Return the columns of a subscription's channel."""
    return {"platform": "slack", "workspace": f"T{number % 50}", "channel": f"C{number}"}


def subscription_row(number: int) -> dict[str, object]:
    """Return the row of a subscription; one in fifty is due."""
    due = NOW if number % 50 == 0 else NOW + timedelta(minutes=1 + number)
    plain = Subscription(0, f"s{number}", Channel("slack", "C"), schedule=Schedule(), feeds=tuple(range(1, 30)))
    row = {"name": plain.name, "next_edition_at": due, "window_from": NOW, "settings": settings_to_json(plain)}
    return place(number + 1) | row


def delivery_row(key: int, number: int) -> dict[str, object]:
    """Return the row of a sent delivery; one in a hundred of the last day is unsent."""
    state = "pending" if key <= SUBSCRIPTIONS and number % 100 == 0 else "sent"
    return place(number) | {"edition_id": key, "state": state, "tries": 0, "error": ""}


def part_row(key: int, at: datetime) -> dict[str, object]:
    """Return the row of a delivery's one part."""
    state = "pending" if key <= SUBSCRIPTIONS and key % 100 == 0 else "sent"
    return {
        "delivery_id": key,
        "number": 0,
        "payload": {"text": "x"},
        "text": "x",
        "reply": False,
        "state": state,
        "attempt": "",
        "message_id": "m" if state == "sent" else None,
        "posted_at": at if state == "sent" else None,
        "error": "",
    }


async def timed(times: int, call: Callable[[int], Awaitable[object]]) -> list[float]:
    """Return what each of ``times`` calls took, in milliseconds; the first two warm up and do not count."""
    took = []
    for number in range(times + 2):
        start = time.perf_counter()
        await call(number)
        took.append((time.perf_counter() - start) * 1000)
    return took[2:]


async def measure(store: SqlStore, count: int) -> Figures:
    """Time a tick, refreshes, a publication and the status at one size."""
    known = await store.feeds()
    vector = np.full(384, 384**-0.5, dtype=np.float32)

    async def tick(_: int) -> None:
        found = await store.due_feeds(NOW), await store.due_subscriptions(NOW), await store.due_deliveries(NOW)
        if not all(found):
            raise RuntimeError("nothing was due")

    async def unchanged(number: int) -> None:
        feed = known[number * 97 % count]
        await store.seen(feed.id)
        await store.record_refresh(RefreshRecord(feed.id, feed.polling), NOW)

    async def with_news(number: int) -> None:
        feed = known[number * 89 % count]
        article = Article(
            0, f"https://new.example/{number}", "Title", "A sentence of news. " * 200, "Outlet", key=f"n{number}"
        )
        new = NewArticle(article, vector, None)
        await store.record_refresh(RefreshRecord(feed.id, feed.polling, seen=(article.key,), articles=(new,)), NOW)

    async def publish(number: int) -> None:
        await store.publish(
            Edition(number % SUBSCRIPTIONS + 1, NOW + timedelta(days=1)),
            channel=Channel("slack", f"C{number + 1}", f"T{(number + 1) % 50}"),
            digest=None,
            messages=[Message({"text": "x"}, "x")] * 3,
            article_ids={k: k for k in range(5)},
            next_edition_at=NOW + timedelta(days=2),
            window_from=NOW,
        )

    ticks = await timed(30, tick)
    return Figures(
        feeds=count,
        tick=statistics.median(ticks),
        tick_worst=max(ticks),
        all_due=statistics.median(await timed(5, lambda _: store.due_feeds(NOW + timedelta(days=9), limit=500))),
        refresh_unchanged=statistics.median(await timed(60, unchanged)),
        refresh_new=statistics.median(await timed(60, with_news)),
        publish=statistics.median(await timed(60, publish)),
        status=statistics.median(await timed(5, lambda _: store.status(NOW))),
        memory=resident(),
    )


def resident() -> float:
    """Return the memory this process holds at present, in megabytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def at_size(url: str, count: int) -> Figures:
    """Fill an empty database and measure it."""
    async with await open_store(url, migrate=True) as store:
        await fill(store, count)
        return await measure(store, count)


def table(figures: list[Figures]) -> None:
    """Print the figures, one line a kind."""
    names = {
        "tick": "a tick finds what is due, median ms",
        "tick_worst": "the same, worst of 30",
        "all_due": "500 of all feeds due, ms",
        "refresh_unchanged": "refresh, nothing new, ms",
        "refresh_new": "refresh, one article, ms",
        "publish": "publish, three parts, ms",
        "status": "status, ms",
        "memory": "memory, MB",
    }
    print(f"{'feeds':38}" + "".join(f"{f.feeds:>12,}" for f in figures))
    for name, words in names.items():
        print(f"{words:38}" + "".join(f"{getattr(f, name):>12.1f}" for f in figures))


def main() -> None:
    """Measure both sizes, print the table, and fail when a limit is passed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="an empty PostgreSQL database; it is filled with 10,000 feeds")
    parser.add_argument("--json", type=Path, help="write the figures to this file, for “digestbot plan”")
    options = parser.parse_args()
    if options.url:
        figures = [asyncio.run(at_size(options.url, 10_000))]
    else:
        with tempfile.TemporaryDirectory() as folder:
            figures = [asyncio.run(at_size(f"sqlite:///{folder}/{n}.db", n)) for n in (1000, 10_000)]
    print(f"{SUBSCRIPTIONS:,} subscriptions, {DAYS * SUBSCRIPTIONS:,} sent editions; load {os.getloadavg()[0]:.1f}")
    table(figures)
    if options.json:
        options.json.write_text(json.dumps([asdict(f) for f in figures], indent=1))
    last = figures[-1]
    if last.tick > TICK_LIMIT * 1000 or last.memory > LIVE_LIMIT:
        raise SystemExit(f"a limit is passed: tick {TICK_LIMIT * 1000:.0f} ms, memory {LIVE_LIMIT} MB")


if __name__ == "__main__":
    main()
