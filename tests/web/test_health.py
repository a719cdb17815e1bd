"""What machines ask: whether it lives, whether it can work, and its numbers."""

import asyncio
import time
from dataclasses import replace

from prometheus_client.parser import text_string_to_metric_families

from digestbot.domain.errors import StoreUnavailable
from digestbot.telemetry import metric_rows, watch_loop
from digestbot.telemetry.metrics import LOOP_LAG
from digestbot.web.health import answers
from tests.fakes.store import MemoryStore
from tests.web.reader import client_of, read
from tests.web.world import TOKENS, World


class Down(MemoryStore):
    """A store whose database does not answer."""

    async def status(self, now):
        raise StoreUnavailable("the database is locked")


class Slow(MemoryStore):
    """A store whose database answers too late."""

    async def status(self, now):
        await asyncio.sleep(30)


async def test_it_lives_and_is_ready(client):
    """Both answer with 200 and a word, and are kept by nobody."""
    for path, word in (("/healthz", "ok\n"), ("/readyz", "ready\n")):
        answer = await client.get(path)
        assert (answer.status, await answer.text()) == (200, word)
        assert answer.headers["Cache-Control"] == "no-store"


async def test_without_its_database_it_lives_and_is_not_ready(small_world: World, monkeypatch):
    """A database that fails, or takes too long, makes it not ready; it lives all the same."""
    monkeypatch.setattr(answers, "PATIENCE", 0.05)
    for store in (Down(), Slow()):
        async with client_of(replace(small_world.desk, store=store)) as client:
            assert (await client.get("/readyz")).status == 503
            assert (await client.get("/healthz")).status == 200


async def test_a_page_says_when_the_database_does_not_answer(small_world: World):
    """A page that needs the database says so in a sentence, with 503."""
    async with client_of(replace(small_world.desk, store=Down())) as client:
        page = await read(client, "/status", status=503)
        assert "The database is locked; check that the database can be reached" in page.text


async def test_every_metric_is_scraped_as_documented(client):
    """What is scraped is what the table of metrics says: each name, type and meaning, and nothing else."""
    text = await (await client.get("/metrics")).text()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    documented = {name.removesuffix("_total"): (kind, meaning) for name, kind, _, meaning in metric_rows()}
    scraped = {name: (f.type, f.documentation) for name, f in families.items()}
    assert scraped == documented
    assert all(meaning.endswith(".") for _, meaning in documented.values())


async def test_the_database_is_measured_at_the_scrape(client):
    """Feeds by health, rows, deliveries by state, the queue and the engine are as the store and the engine say."""
    text = await (await client.get("/metrics")).text()
    for line in (
        'digestbot_feeds{health="failing"} 1.0',
        'digestbot_feeds{health="paused"} 1.0',
        'digestbot_stored{kind="articles"} 15.0',
        'digestbot_deliveries{state="undeliverable"} 1.0',
        'digestbot_deliveries{state="pending"} 1.0',
        'digestbot_due{step="refresh"} 1.0',
        'digestbot_oldest_due_seconds{step="refresh"} 2820.0',
        f"digestbot_engine_tokens {TOKENS:.1f}",
    ):
        assert line in text, line


async def test_requests_are_measured_by_route(client):
    """A page is counted under its route's pattern: however many stories there are, there is one series."""
    for number in (1, 2):
        await client.get(f"/story/{number}")
    await client.get("/no/such/page")
    text = await (await client.get("/metrics")).text()
    assert 'route="/story/{story}",status="200"' in text.replace('method="GET",', "")
    assert "/story/1" not in text
    assert 'route="none"' in text


async def test_the_lag_of_the_loop_is_measured(monkeypatch):
    """A loop that is held up for a while shows as lag."""
    monkeypatch.setattr("digestbot.telemetry.metrics.TICK", 0.01)
    watching = asyncio.create_task(watch_loop())
    await asyncio.sleep(0.03)
    time.sleep(0.15)  # noqa: ASYNC251 - holding up the loop is the test
    await asyncio.sleep(0.03)
    watching.cancel()
    await asyncio.wait({watching})
    assert 0.1 < LOOP_LAG._value.get() < 2
