"""RSS and JSON Feed out of every digest: what our own reader and the standards say of them."""

import json
from xml.etree import ElementTree as ET

from digestbot.domain.digest import Quotation
from digestbot.sources.feeds import parse_feed
from tests.web.reader import Page
from tests.web.world import World


async def body(client, path: str) -> bytes:
    """Return the bytes of a feed."""
    answer = await client.get(path)
    assert answer.status == 200
    return await answer.read()


async def test_our_own_reader_reads_the_rss(client):
    """The RSS feed has an item an edition, newest first, each with a lasting identity and the edition's page."""
    answer = await client.get("/feed/1.rss")
    assert answer.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    feed = parse_feed(await answer.read(), "http://127.0.0.1/feed/1.rss", "application/rss+xml")
    assert feed.title == "Morning brief"
    assert len(feed.entries) == 5
    assert feed.entries[0].guid == "publish:1:2026-11-23T06:55:00+00:00"
    assert feed.entries[0].link.endswith("/edition/1/20261123T065500Z")
    assert len({entry.guid for entry in feed.entries}) == 5
    times = [entry.published for entry in feed.entries]
    assert times == sorted(times, reverse=True)


async def test_the_same_as_json(client):
    """The JSON Feed has the version's required keys, and tells the same items as the RSS."""
    document = json.loads(await body(client, "/feed/1.json"))
    assert document["version"] == "https://jsonfeed.org/version/1.1"
    assert document["title"] == "Morning brief"
    assert document["feed_url"].endswith("/feed/1.json")
    rss = ET.fromstring((await body(client, "/feed/1.rss")).decode())  # noqa: S314 - our own
    assert [item["id"] for item in document["items"]] == [item.findtext("guid") for item in rss.iter("item")]
    for item in document["items"]:
        assert {"id", "url", "title", "content_html", "content_text", "date_published"} <= item.keys()
    feed = parse_feed(json.dumps(document).encode(), "http://x/f", "application/feed+json")
    assert len(feed.entries) == 5


async def test_every_quotation_is_in_the_feed_word_for_word(client, small_world: World):
    """A feed's reader sees every quotation and speaker of the digest, and only http(s) links."""
    (digest, *_) = await small_world.store.archive(subscription_id=1)
    rss = ET.fromstring((await body(client, "/feed/1.rss")).decode())  # noqa: S314 - our own
    html = next(rss.iter("item")).findtext("{http://purl.org/rss/1.0/modules/content/}encoded") or ""
    page = Page(html)
    assert page.open == []
    assert page.crossed == []
    for card in digest.cards:
        for block in card.blocks:
            if isinstance(block, Quotation):
                assert f"“{block.text}”" in page.text
                assert block.speaker in page.text
    assert all(link.startswith(("http://", "https://")) for link in page.links())


async def test_a_feed_is_not_sent_twice(client):
    """A reader that has the feed gets 304."""
    first = await client.get("/feed/1.rss")
    again = await client.get("/feed/1.rss", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    assert first.headers["Last-Modified"] == "Mon, 23 Nov 2026 06:55:00 GMT"
