"""The status page: every feed's health with the reason, deliveries, the queue, the model, and its charts in words."""

from datetime import timedelta

from digestbot.domain.news import Feed, Polling
from digestbot.web.control.charts import HEIGHT, WIDTH, bars_over_time, shares
from digestbot.web.control.status import feed_row
from tests.fakes.clock import START
from tests.web.reader import client_of, read
from tests.web.world import TOKENS

HOUR = timedelta(hours=1)


def feed(number: int, polling: Polling, **rest) -> Feed:
    return Feed(number, f"https://x.example/{number}", f"Feed {number}", polling, **rest)


def test_why_a_feed_is_as_it_is():
    """A feed's row says how late its poll is, and the reason: why it is paused, what failed, or what it waits for."""
    late = Polling(START - HOUR, failures=2, last_error="it timed out", why="hourly")
    assert feed_row(feed(1, late), "failing", START).why == "it timed out"
    assert feed_row(feed(1, late), "failing", START).lag == HOUR
    paused = feed_row(feed(1, late, paused="gone (410)"), "paused", START)
    assert (paused.why, paused.lag) == ("gone (410)", None)
    assert feed_row(feed(1, Polling(START + HOUR, why="hourly")), "well", START).why == "hourly"
    assert feed_row(feed(1, Polling(START + HOUR)), "new", START).why == "it has not been seen yet"


async def test_everything_that_went_wrong_is_told(client):
    """Failing, paused and late feeds, lost and waiting deliveries, paused subscriptions stand there with reasons."""
    page = await read(client, "/status")
    for words in (
        "did not answer in time",
        "is gone (410)",
        "7 times",
        "47 min",
        "1 of 7 posted; lost: 2, 3, 4, 5, 6, 7",
        "the channel is gone or archived",
        "the platform asks us to wait",
        "it is no longer in the settings file",
    ):
        assert words in " ".join(page.text.split()), words


async def test_the_model_and_the_checks_are_told(client):
    """The engine's name, its tokens a second, quotes shown and dropped by reason, refusals by rule."""
    page = await read(client, "/status")
    text = " ".join(page.text.split())
    assert "extractive-1" in text
    assert f"{TOKENS / 60:,.1f}" in text
    assert "less telling than the quotes shown" in text
    assert "it has a name that the sources do not have" in text


async def test_feeds_can_be_looked_at_by_health(client):
    """One health alone, and no other feed."""
    page = await read(client, "/status?health=failing")
    assert "The Coastal Echo" in page.text
    assert "Meridian Wire" not in page.text


async def test_many_feeds_are_shown_by_the_page(small_world):
    """Ten thousand feeds are listed fifty at a time."""
    from dataclasses import replace  # noqa: PLC0415

    from tests.fakes.store import MemoryStore  # noqa: PLC0415

    store = MemoryStore()
    for number in range(120):
        await store.add_feed(f"https://x.example/{number}", title=f"Feed {number:03}", now=START)
    async with client_of(replace(small_world.desk, store=store)) as client:
        first, last = await read(client, "/status"), await read(client, "/status?page=2")
        assert "Feed 049" in first.text
        assert "Feed 050" not in first.text
        assert "101–120 of 120" in last.text
        assert "Feed 119" in last.text


async def test_every_chart_is_told_in_words_and_numbers(client):
    """Each chart has a sentence as its name, and the numbers behind it in a table."""
    page = await read(client, "/status")
    pictures = page.all("svg", role="img")
    assert [picture["aria-label"].partition(":")[0] for picture in pictures] == [
        "Articles read an hour",
        "Deliveries a day",
    ]
    assert "15 articles, most at 23 November, 04:00: 3." in pictures[0]["aria-label"]
    assert "6 deliveries (4 sent, 1 pending, 1 undeliverable)" in pictures[1]["aria-label"]
    assert page.text.count("The numbers") == 2


def test_bars_stand_within_the_chart():
    """Bars are as high as their numbers, stacked without gaps, within the view box; empty slots are empty."""
    found = {START - HOUR: {"a": 3, "b": 1}, START: {"a": 2}}
    chart = bars_over_time("T", found, ("a", "b"), until=START, slots=4, step=HOUR, form="%H", noun=("thing", "things"))
    assert [row.numbers for row in chart.rows] == [(0, 0), (0, 0), (3, 1), (2, 0)]
    assert [(bar.kind, bar.y, bar.height) for bar in chart.bars] == [
        ("a", 30.0, 90.0),
        ("b", 0.0, 30.0),
        ("a", 60.0, 60.0),
    ]
    assert all(bar.x >= 0 and bar.x + bar.width <= WIDTH and bar.y + bar.height <= HEIGHT for bar in chart.bars)
    assert chart.sentence == "6 things (5 a, 1 b), most at 06: 4."
    empty = bars_over_time("T", {}, ("a",), until=START, slots=4, step=HOUR, form="%H", noun=("thing", "things"))
    one = bars_over_time(
        "T", {START: {"a": 1}}, ("a",), until=START, slots=4, step=HOUR, form="%H", noun=("thing", "things")
    )
    assert one.sentence == "1 thing, most at 07: 1."
    assert (empty.bars, empty.sentence) == ([], "No things in this time.")


def test_shares_are_as_long_as_their_numbers():
    """The largest line is whole, the others are in proportion; nothing at all is no fault."""
    assert [line.width for line in shares([("a", 10), ("b", 5), ("c", 0)])] == [100.0, 50.0, 0.0]
    assert [line.width for line in shares([("a", 0)])] == [0.0]
