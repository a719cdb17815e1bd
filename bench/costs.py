"""Unit costs: what one poll, one article, one brief and one delivery cost on this machine, written to a file.

Run: ``python -m bench.costs [--out digestbot/app/unit_costs.json] [--seq2seq]``. Times are milliseconds of processor
time, of this process and its children together, so that a busy neighbour changes them little; sizes are bytes.
``digestbot plan`` computes with what is written here.
"""

import argparse
import asyncio
import json
import os
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from bench.feeds import HOST_GAP, WholeStep, addresses, ours, publishers
from bench.inference import WORDS, random_distilbart
from bench.processor import descendants, seconds_of
from bench.scale import DAYS, SUBSCRIPTIONS, fill, measure, resident
from bench.workers import run as shared_rates
from digestbot.app.plan import COSTS, UnitCosts
from digestbot.domain.digest import Receipt
from digestbot.domain.news import Article, Polling, Story
from digestbot.editorial.quotes import find_quotes
from digestbot.editorial.text import sentences
from digestbot.inference import EncoderEmbedder, Engine, ExtractiveSummarizer
from digestbot.ports import NewArticle, RefreshRecord
from digestbot.sources.articles.extract import extract_article
from digestbot.store import open_store

NOW = datetime(2026, 4, 15, 8, tzinfo=UTC)
ROOT = Path(__file__).parent.parent


def processor_seconds() -> float:
    """Return the processor time this process and its living descendants have used."""
    return sum(seconds_of(number) for number in descendants(os.getpid()))


async def per_one(count: int, work: Callable[[], Awaitable[object]]) -> float:
    """Return milliseconds of processor time for each of ``count`` things that ``work`` does."""
    before = processor_seconds()
    await work()
    return max(1e-3, (processor_seconds() - before) * 1000 / count)


def articles() -> list[Article]:
    """Return the general news written for this project, as articles."""
    lines = (ROOT / "tests/data/quotes/general_fit.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(line)["text"] for line in lines if line.strip()]
    return [Article(n + 1, f"https://news.example/{n}", "Title", text, "Outlet") for n, text in enumerate(texts)]


async def polling(count: int) -> dict[str, float]:
    """Measure the whole refresh step: nothing new, and something new."""
    async with AsyncExitStack() as stack:
        server = publishers(count)
        stack.callback(server.process.communicate)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, step = await ours(stack, folder / "step.db", HOST_GAP)
        urls = addresses("v", count, server.port, count)
        await step.add(urls)
        await step.update(urls)
        unchanged = await _polls(step, urls)
        await server.asked("/change/1")
        return {"poll_unchanged": unchanged, "poll_changed": await _polls(step, urls)}


async def _polls(step: WholeStep, urls: Sequence[str]) -> float:
    await asyncio.sleep(1.2)  # A host is asked no sooner than its gap after the round before.
    count, server = len(urls), _server_seconds()
    cost = await per_one(count, lambda: step.update(urls))
    # The publishers are played by a child of ours, whose work is not the bot's.
    return max(1e-3, cost - (_server_seconds() - server) * 1000 / count)


def _server_seconds() -> float:
    own = [n for n in descendants(os.getpid()) if "feeds_server" in Path(f"/proc/{n}/cmdline").read_text()]
    return sum(seconds_of(number) for number in own)


async def reading() -> dict[str, float]:
    """Measure the quotes of an article, the extraction of a page, and an article's vectors with its brief."""
    found = articles()
    page = "<html><body><article>{}</article></body></html>"

    async def quotes() -> None:
        for article in found:
            find_quotes(article)

    async def pages() -> None:
        for article in found:
            body = "".join(f"<p>{part}</p>" for part in article.text.split("\n\n"))
            extract_article(page.format(body).encode(), article.url, NOW, "text/html; charset=utf-8")

    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engine = Engine(cache_dir=folder)
        stack.push_async_callback(engine.aclose)
        embedder = EncoderEmbedder(engine, remember=0)
        await embedder.embed(["warm"])
        some = found[:40]

        async def vectors() -> None:
            for article in some:
                await embedder.embed([article.text[a:b] for a, b in sentences(article.text)])

        async def briefs() -> None:
            summarizer = ExtractiveSummarizer(embedder)
            for article in some:
                await summarizer.summarize(Story(article.id, (article,), NOW, NOW))

        await quotes()
        await pages()
        return {
            "article": await per_one(len(found), quotes),
            "page": await per_one(len(found), pages),
            "vector": await per_one(len(some), vectors),
            "brief_extractive": await per_one(len(some), briefs),
            "memory_model": float(await engine.resident()),
        }


async def storing() -> dict[str, float]:
    """Measure what publishing and delivering cost, and what a feed, an article and a delivery weigh in SQLite."""
    small, large = 1000, 3000
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        async with await open_store(f"sqlite:///{one}/d.db", migrate=True) as store:
            await fill(store, small)
            size = _size(Path(one))
        async with await open_store(f"sqlite:///{other}/d.db", migrate=True) as store:
            await fill(store, large)
            feed = (_size(Path(other)) - size) / (large - small)
            publish = (await measure(store, large)).publish
            parts = [(d.id, part.number) for d in await store.due_deliveries(NOW, 200) for part in d.parts]

            async def deliver() -> None:
                for delivery, part in parts:
                    await store.mark_sending(delivery, part, "attempt", NOW)
                    await store.record_receipt(Receipt(delivery, part, "m1", NOW))

            delivered = await per_one(len(parts), deliver)
            first = await store.add_feed("https://one.example/rss", now=NOW)
            before = _size(Path(other))
            for number in range(500):
                await store.record_refresh(_record(first.id, number), NOW + timedelta(seconds=number))
            article = (_size(Path(other)) - before) / 500
    return {
        "publish": publish,
        "deliver": delivered,
        "row_article": article,
        "row_feed": feed,
        "row_delivery": (size - small * feed) / (SUBSCRIPTIONS * DAYS),
        "memory_process": resident() * 1e6,
    }


def _record(feed_id: int, number: int) -> RefreshRecord:
    vector = np.full(384, 384**-0.5, dtype=np.float32)
    article = Article(
        0,
        f"https://n.example/{number}",
        "A title of usual length for news",
        WORDS[0] * 1 + " ".join(WORDS) * 25,
        "Outlet",
        key=f"n{number}",
    )
    polling = Polling(NOW + timedelta(minutes=30), NOW)
    return RefreshRecord(feed_id, polling, seen=(article.key,), articles=(NewArticle(article, vector, None),))


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file())


async def sharing() -> dict[str, float]:
    """Measure a poll that comes through the queue: the turns, the job and the rows on PostgreSQL."""
    with tempfile.TemporaryDirectory() as folder:
        (rate,) = await shared_rates([1], Path(folder))
    return {"poll_shared": rate.worker, "poll_database": rate.database}


async def seq2seq() -> float:
    """Return the cost of a summary by a model of distilbart-cnn-12-6's shape, int8, in batches of four."""
    texts = [" ".join(WORDS * 33)] * 4
    with tempfile.TemporaryDirectory() as scratch:
        model = Path(scratch) / "distilbart"
        model.mkdir()
        await asyncio.to_thread(random_distilbart, model)
        engine = Engine(cache_dir=Path(scratch))
        options = {"max_tokens": 56, "min_tokens": 56, "beam": 4}
        settings = {"model": str(model), "backend": "ctranslate2", "options": options}
        await engine.run("seq2seq", {**settings, "options": {"max_tokens": 2, "min_tokens": 1, "beam": 1}}, ["warm"])
        cost = await per_one(4, lambda: engine.run("seq2seq", settings, texts, most=4))
        await engine.aclose()
    return cost


async def measured(*, with_seq2seq: bool, known: dict[str, float]) -> UnitCosts:
    """Measure everything; the model that takes minutes to make is left at what is known, unless wanted."""
    found = await storing() | await polling(200) | await sharing() | await reading()
    found["brief_seq2seq"] = await seq2seq() if with_seq2seq else known["brief_seq2seq"]
    return UnitCosts(**found)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=COSTS)
    parser.add_argument("--seq2seq", action="store_true", help="also make and measure a model of distilbart's shape")
    options = parser.parse_args()
    known = json.loads(COSTS.read_text("utf-8"))["costs"] if COSTS.exists() else {}
    costs = asdict(asyncio.run(measured(with_seq2seq=options.seq2seq or not known, known=known)))
    rounded = {name: float(f"{value:.3g}") for name, value in costs.items()}
    about = {
        "made_by": "make bench-costs",
        "at": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}",
    }
    options.out.write_text(json.dumps(about | {"costs": rounded}, indent=1) + "\n", "utf-8")
    for name, value in rounded.items():
        print(f"{name:18} {value:>14,.3f} {'bytes' if name.startswith(('row', 'memory')) else 'ms of one core'}")


if __name__ == "__main__":
    main()
