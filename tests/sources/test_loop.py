"""The event loop answers chat while feeds are refreshed: nothing holds it for 50 ms, not even a body of 10 MB."""

import gzip
from contextlib import asynccontextmanager

from digestbot.pipeline.refresh import Refresher
from digestbot.sources.articles import WebArticleSource
from digestbot.sources.articles.language import warm
from digestbot.sources.feeds import HttpFeedSource
from digestbot.sources.http import PoliteClient
from digestbot.sources.sandbox import Sandbox
from digestbot.store import open_store
from tests.fakes.clock import FakeClock
from tests.fakes.inference import FakeEmbedder
from tests.rigs.feeds import Reply, feed_server, rss
from tests.rigs.lag import watched

LONGEST = 0.05
"""Seconds that one callback may hold the loop."""
TRIES = 3
"""The machine may take the processor away at any moment: the best of some rounds counts."""
FEEDS = 40


def large(number: int, size: int = 10_300_000) -> bytes:
    """Return a feed of just under 10 MB: 400 items of 25 KB, one of them new in each round."""
    text = "<![CDATA[" + "<p>Words of some length, one after the other.</p>" * (size // 400 // 50) + "]]>"
    items = "".join(
        f"<item><guid>g{n}</guid><title>Item {n}</title><link>https://news.example/{n}</link>"
        f"<description>{text}</description></item>"
        for n in range(-number, 400 - number)
    )
    return f"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title>{items}</channel></rss>".encode()


def script(server, round_number):
    """Let the server answer in every way: 304, unchanged, changed, failing, and two bodies of 10 MB, one packed."""
    for n in range(FEEDS):
        path, body = f"/{n}", rss(*((f"{n}-{k}", f"Item {n} {k}") for k in range(30)))
        changed = rss((f"{n}-new{round_number}", f"New {n}"), *((f"{n}-{k}", f"Item {n} {k}") for k in range(30)))
        match n % 4:
            case 0:
                server.says(path, Reply(body, headers={"ETag": f'"{n}"'}))
            case 1:
                server.says(path, Reply(body))
            case 2:
                server.says(path, Reply(changed))
            case _:
                server.says(path, Reply(status=500))
    body = large(round_number)
    assert 9_000_000 < len(body) < 10 * 1024 * 1024
    server.says("/large", Reply(body))
    server.says("/packed", Reply(gzip.compress(body, 1), headers={"Content-Encoding": "gzip"}))


@asynccontextmanager
async def closing(client):
    """Close the client at the end."""
    try:
        yield
    finally:
        await client.close()


async def test_nothing_holds_the_loop_for_long(tmp_path):
    """Polling, unpacking, hashing, parsing, storing and starting workers leave the loop free."""
    clock, found = FakeClock(), []
    client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0.0)
    async with (
        closing(client),
        feed_server(clock.now) as server,
        await open_store(f"sqlite:///{tmp_path / 'x.db'}") as store,
    ):
        for path in (*(f"/{n}" for n in range(FEEDS)), "/large", "/packed"):
            await store.add_feed(server.url(path), now=clock.now())
        for round_number in range(TRIES):
            script(server, round_number)
            sandbox = Sandbox(workers=2, prepare=[warm])
            source, articles = HttpFeedSource(client, sandbox), WebArticleSource(client, sandbox)
            refresher = Refresher(store, source, articles, FakeEmbedder(), clock)
            with watched() as held:
                done = await refresher.run_due()
            await sandbox.close()
            assert len(done) == FEEDS + 2
            assert {one.outcome for one in done if "large" in one.url or "packed" in one.url} <= {"baseline", "new"}
            found.append(held)
            if held.worst < LONGEST:
                break
            clock.tick(days=2)
    assert found[-1].worst < LONGEST, "\n".join(map(str, found))
