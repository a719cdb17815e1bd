"""The real feed source end to end: a server, the client and the sandbox, against feeds made to hurt."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest

from digestbot.domain.errors import FeedGone, NotAFeed, ServerError, SourceError, TooLarge
from digestbot.domain.news import Feed, Polling
from digestbot.sources.feeds import HttpFeedSource
from digestbot.sources.feeds.source import MOST_GUESSES
from digestbot.sources.http import PoliteClient
from digestbot.sources.sandbox import Limits, Sandbox
from tests.rigs.feeds import FeedServer, Reply, feed_server, rss
from tests.sources.polling_rig import START, InlineSandbox, Now

CPU_SECONDS = 5.0
FEED = Reply(rss(("1", "One"), ("2", "Two")))


@dataclass
class Desk:
    """A server and a source that polls it."""

    server: FeedServer
    source: HttpFeedSource
    feed: Feed


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """Open a desk that parses in this process."""
    async with feed_server(Now()) as server:
        client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0)
        source = HttpFeedSource(client, InlineSandbox(), subscribers=lambda feed: feed.id)
        yield Desk(server, source, Feed(7, server.url("/feed"), "The Example", Polling(START)))
        await source.close()


@pytest.fixture
async def walled(desk: Desk) -> AsyncIterator[Desk]:
    """Open a desk whose parser runs in the sandbox."""
    sandbox = Sandbox(workers=1, limits=Limits(cpu_seconds=CPU_SECONDS))
    client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0)
    yield replace(desk, source=HttpFeedSource(client, sandbox))
    await client.close()
    await sandbox.close()


def item(text: str) -> bytes:
    """Return a feed of one item with a text as it stands in XML."""
    return f"<rss version='2.0'><channel><item><title>One</title>{text}</item></channel></rss>".encode()


LAUGHS = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))
KILLERS = {
    "attributes": item("<x " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>"),
    "attributes in markup": item("<description><![CDATA[<a " + "b='c' " * 100_000 + ">]]></description>"),
    "comment openers": item("<description><![CDATA[" + "<!--" * 50_000 + "]]></description>"),
    "deep nesting": item("<description>" + "<div>" * 50_000 + "</div>" * 50_000 + "</description>"),
    "deep nesting in markup": item("<description><![CDATA[" + "<div>" * 50_000 + "]]></description>"),
    "deep nesting in atom": b"<feed xmlns='http://www.w3.org/2005/Atom'><entry><content type='xhtml'>"
    + b"<div>" * 50_000,
    "billion laughs": f"<!DOCTYPE rss [<!ENTITY l0 'lol'>{LAUGHS}]>".encode() + item("<link>&l11;</link>"),
    "quadratic blow-up": f"<!DOCTYPE rss [<!ENTITY a '{'a' * 50_000}'>]>".encode() + item("<link>" + "&a;" * 50_000),
    "thousands of items": rss(*((str(n), f"Item {n}") for n in range(5_000))),
    "thousands of broken items": rss(*((str(n), f"Item {n}") for n in range(5_000)))[:-40],
    "open brackets": item("<description>" + "<" * 50_000),
    "open instructions": b"<?" * 500_000,
    "open quotes": b"<rss a='" + b"<item b='" * 200_000,
    "entities without end": item("<title>" + "&a" * 50_000 + "</title>"),
    "json in json": b'{"version":"https://jsonfeed.org/version/1.1","items":' + b"[" * 500_000,
    "json of digits": b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":' + b"9" * 2_000_000 + b"}]}",
    "json of commas": b'{"version":"https://jsonfeed.org/version/1.1","items":[' + b"{}," * 1_000_000 + b"{}]}",
    "nothing but spaces": b"<rss>" + b" " * 5_000_000,
    "dates": item("<pubDate>" + "1" * 1_000_000 + "</pubDate>"),
    "doctype": b"<!DOCTYPE rss [" + b"<!ENTITY a 'b'>" * 50_000 + b"]>" + item(""),
}


async def test_known_killers_end_in_time(walled: Desk):
    """Feeds made to hurt give entries or a typed error within their deadline, and the loop stays free."""
    worst, endings = 0.0, {}

    async def watch() -> None:
        nonlocal worst
        while True:
            before = time.monotonic()
            await asyncio.sleep(0.01)
            worst = max(worst, time.monotonic() - before)

    watching = asyncio.create_task(watch())
    for name, body in KILLERS.items():
        walled.server.says("/feed", Reply(body))
        began = time.monotonic()
        try:
            fetched = await walled.source.fetch(walled.feed, START)
        except (TooLarge, NotAFeed) as error:
            endings[name] = (time.monotonic() - began, error.code)
        else:
            endings[name] = (time.monotonic() - began, len(fetched.parsed.entries))
    watching.cancel()
    # The machine is shared: deadlines count CPU time, these only tell that nothing runs away.
    assert [one for one in endings.items() if one[1][0] > 6 * CPU_SECONDS] == []
    assert worst < 1.0
    assert [one for one in endings.items() if isinstance(one[1][1], int) and one[1][1] > 500] == []
    # Those that no feed needs are refused before any parser sees them.
    assert {endings[name][1] for name in ("attributes", "deep nesting")} == {"too_large"}
    walled.server.says("/feed", FEED)
    assert len((await walled.source.fetch(walled.feed, START)).parsed.entries) == 2


async def test_a_gzip_bomb_stops_at_the_cap(walled: Desk):
    """A hundred kilobytes that unpack to a hundred megabytes are given up at ten."""
    bomb = gzip.compress(bytes(100 * 1024 * 1024), 9)
    assert len(bomb) < 110_000
    walled.server.says("/feed", Reply(bomb, headers={"Content-Encoding": "gzip"}))
    with pytest.raises(TooLarge):
        await walled.source.fetch(walled.feed, START)


@pytest.mark.parametrize(
    ("status", "error", "transient"),
    [
        (400, SourceError, False),
        (401, SourceError, False),
        (403, SourceError, False),
        (404, SourceError, False),
        (408, ServerError, True),
        (410, FeedGone, False),
        (418, SourceError, False),
        (425, ServerError, True),
        (429, ServerError, True),
        (451, SourceError, False),
        (500, ServerError, True),
        (502, ServerError, True),
        (503, ServerError, True),
        (599, ServerError, True),
    ],
)
async def test_every_status_has_its_error(desk: Desk, status: int, error: type[SourceError], transient: bool):
    """Each refusal is a typed error that names the feed, says its status and whether waiting helps."""
    desk.server.says("/feed", Reply(status=status))
    with pytest.raises(error) as caught:
        await desk.source.fetch(desk.feed, START)
    assert caught.value.transient is transient
    assert caught.value.url == desk.feed.url
    assert str(status) in str(caught.value)
    assert caught.value.hint


async def test_publishers_see_who_reads(desk: Desk):
    """The User-Agent tells how many channels read the feed."""
    desk.server.says("/feed", FEED)
    await desk.source.fetch(desk.feed, START)
    assert desk.server.log[0].headers["User-Agent"].endswith("; 7 subscribers)")


async def test_a_lost_record_loses_no_entries(desk: Desk):
    """Hashes of items that were never marked as seen (no baseline yet) are not believed: everything is parsed again."""
    desk.server.says("/feed", FEED)
    first = await desk.source.fetch(desk.feed, START)
    changed = Reply(rss(("3", "Three"), ("1", "One"), ("2", "Two")))
    desk.server.says("/feed", changed)
    again = await desk.source.fetch(replace(desk.feed, polling=first.polling), START)
    assert [e.title for e in again.parsed.entries] == ["Three", "One", "Two"]


async def test_looking_keeps_nothing(desk: Desk):
    """Looking at a feed gives what it has now, or a typed error."""
    desk.server.says("/feed", FEED)
    assert [e.title for e in (await desk.source.look(desk.feed.url)).entries] == ["One", "Two"]
    with pytest.raises(SourceError):
        await desk.source.look(desk.server.url("/nothing"))
    desk.server.says("/down", Reply(status=503))
    for asked in (desk.source.look, desk.source.discover):
        with pytest.raises(ServerError, match="try again in a while"):
            await asked(desk.server.url("/down"))


async def test_a_feed_discovers_itself(desk: Desk):
    """The address of a feed gives that feed."""
    desk.server.says("/feed", FEED)
    assert await desk.source.discover(desk.feed.url) == [desk.feed.url]


async def test_a_page_names_its_feeds(desk: Desk):
    """A site's page gives the feeds it names, none of them asked for yet."""
    page = b"<html><head><link rel=alternate type='application/rss+xml' href='/news.xml'></head></html>"
    desk.server.says("/", Reply(page))
    assert await desk.source.discover(desk.server.url("/")) == [desk.server.url("/news.xml")]
    assert len(desk.server.log) == 1


async def test_a_page_that_names_none_has_the_usual_places_tried(desk: Desk):
    """Where a feed usually lies is looked at, a few places and no more."""
    desk.server.says("/", Reply(b"<html><body>Hi</body></html>"))
    desk.server.says("/rss", FEED)
    assert await desk.source.discover(desk.server.url("/")) == [desk.server.url("/rss")]
    assert len(desk.server.log) == 1 + MOST_GUESSES
