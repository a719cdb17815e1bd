"""The sample newsroom over real HTTP, read back with the parsers that digestbot uses."""

import html
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import feedparser
import pytest
import trafilatura

from digestbot.domain.errors import ConfigError
from digestbot.web.newsroom import Newsroom, Paragraph, Piece, serve
from digestbot.web.newsroom.folder import paragraphs_of
from tests.shared import ROOT

DEMO = ROOT / "config" / "demo"
NOW = datetime(2031, 11, 24, 9, 0, tzinfo=UTC)
NEWSROOM = Newsroom.load(DEMO, NOW)
XML_OUTLETS = [outlet.slug for outlet in NEWSROOM.outlets if outlet.format != "json"]


def piece_id(piece: Piece) -> str:
    """Return a short name for a parametrised test."""
    return piece.slug


@pytest.fixture(name="base")
async def base_url() -> AsyncIterator[str]:
    """Serve the demo newsroom on a free loopback port."""
    runner, url = await serve(NEWSROOM)
    yield url
    await runner.cleanup()


@pytest.fixture(name="client")
async def http_client() -> AsyncIterator[aiohttp.ClientSession]:
    """Give a real HTTP client."""
    async with aiohttp.ClientSession() as session:
        yield session


async def body_of(client: aiohttp.ClientSession, url: str) -> bytes:
    """Return a 200's body."""
    async with client.get(url) as response:
        assert response.status == 200
        return await response.read()


@pytest.mark.parametrize("slug", XML_OUTLETS)
async def test_xml_feeds_give_every_piece_to_feedparser(client, base, slug):
    """An RSS, Atom or RDF feed parses cleanly and gives each piece with title, link, author, date, tags and summary."""
    outlet = NEWSROOM.outlet(slug)
    parsed = feedparser.parse(await body_of(client, base + outlet.feed_path))
    assert not parsed.bozo
    assert parsed.version == {"rss": "rss20", "atom": "atom10", "rdf": "rss10"}[outlet.format]
    assert parsed.feed.title == outlet.title
    assert parsed.feed.language == outlet.language
    pieces = NEWSROOM.published_by(slug)
    assert [entry.link for entry in parsed.entries] == [base + piece.path for piece in pieces]
    for entry, piece in zip(parsed.entries, pieces, strict=True):
        assert html.unescape(entry.title) == piece.title
        assert entry.author == piece.author
        assert html.unescape(entry.summary) == piece.summary
        assert {tag.term for tag in entry.tags} == set(piece.categories)
        stamp = entry.get("published_parsed") or entry.updated_parsed
        assert datetime(*stamp[:6], tzinfo=UTC) == piece.published


async def test_json_feed_has_what_the_format_demands(client, base):
    """The JSON feed names its version and gives each item an id, an address, a date and its summary."""
    outlet = NEWSROOM.outlet("ledger")
    async with client.get(base + outlet.feed_path) as response:
        assert response.content_type == "application/feed+json"
        feed = json.loads(await response.text())
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"] == base + outlet.feed_path
    pieces = NEWSROOM.published_by("ledger")
    assert len({item["id"] for item in feed["items"]}) == len(pieces)
    for item, piece in zip(feed["items"], pieces, strict=True):
        assert (item["title"], item["url"]) == (piece.title, base + piece.path)
        assert item["content_text"] == piece.summary
        assert datetime.fromisoformat(item["date_published"]) == piece.published


async def test_a_hostile_title_arrives_as_plain_characters(client, base):
    """A title with “@everyone”, “<!here>” and “](” comes through the feed and the page unchanged."""
    piece = NEWSROOM.piece("ledger", "ferry-chat-blunder")
    assert all(token in piece.title for token in ("@everyone", "<!here>", "]("))
    page = (await body_of(client, base + piece.path)).decode()
    headline = re.search(r"<h1>(.*?)</h1>", page)
    assert headline is not None
    assert html.unescape(headline[1]) == piece.title
    assert "<!here>" not in page


@pytest.mark.parametrize("slug", ["meridian", "touchline"])
async def test_full_text_feeds_carry_the_article_without_furniture(client, base, slug):
    """A feed that gives full text gives every paragraph, and neither captions nor bylines."""
    outlet = NEWSROOM.outlet(slug)
    parsed = feedparser.parse(await body_of(client, base + outlet.feed_path))
    for entry, piece in zip(parsed.entries, NEWSROOM.published_by(slug), strict=True):
        (content,) = entry.content
        words = html.unescape(re.sub(r"<[^>]+>", "", content.value))
        assert words.split() == piece.text.split()


@pytest.mark.parametrize("piece", NEWSROOM.pieces, ids=piece_id)
async def test_trafilatura_reads_the_article_and_loses_the_furniture(client, base, piece):
    """The page of each piece yields exactly its paragraphs: no caption, byline, link to more, menu or cookie notice."""
    page = (await body_of(client, base + piece.path)).decode()
    text = trafilatura.extract(page, include_comments=False, include_tables=False)
    assert text is not None
    assert text.split() == piece.text.split()


@pytest.mark.parametrize("path", ["/meridian/feed.atom", "/ledger/feed.json", "/kestrel/nineteen-gates.html"])
async def test_validators_are_answered_with_304(client, base, path):
    """A reader that sends back the ETag or the date gets 304 without a body; one with another ETag gets it all."""
    async with client.get(base + path) as first:
        etag, date = first.headers["ETag"], first.headers["Last-Modified"]
    async with client.get(base + path, headers={"If-None-Match": etag}) as again:
        assert again.status == 304
        assert again.headers["ETag"] == etag
        assert await again.read() == b""
    async with client.get(base + path, headers={"If-Modified-Since": date}) as dated:
        assert dated.status == 304
    stale = {"If-None-Match": '"another"', "If-Modified-Since": date}
    async with client.get(base + path, headers=stale) as other:
        assert other.status == 200


async def test_front_pages_lead_to_the_feeds(client, base):
    """The index names every outlet, and an outlet's front page declares its feed for discovery."""
    index = (await body_of(client, base + "/")).decode()
    for outlet in NEWSROOM.outlets:
        assert outlet.feed_path in index
        home = (await body_of(client, f"{base}/{outlet.slug}/")).decode()
        assert re.search(rf'<link rel="alternate" type="[^"]+" [^>]*href="{outlet.feed_path}"', home)


def test_the_demo_is_news_of_today_from_several_outlets():
    """Each article is of the last day, 180 to 450 words long, and four events are told by two to four outlets."""
    assert len(NEWSROOM.outlets) == 6
    assert {outlet.format for outlet in NEWSROOM.outlets} == {"rss", "atom", "rdf", "json"}
    for piece in NEWSROOM.pieces:
        assert timedelta(0) < NOW - piece.published < timedelta(days=1)
        assert 180 <= len(piece.text.split()) <= 450
        assert all(piece.furniture(kind) for kind in ("byline", "caption"))
        assert "{" not in piece.text
    told = [sum(word in piece.text for piece in NEWSROOM.pieces) for word in ("Corrigan", "Oldane", "Tanabe", "Nouri")]
    assert told == [4, 3, 2, 2]


def test_the_day_is_named_in_the_text():
    """The placeholders for the day become the names of today and of yesterday."""
    monday = NEWSROOM.now.strftime("%A")
    assert f"on {monday}" in NEWSROOM.piece("meridian", "oldane-ruling").text
    sunday = (NEWSROOM.now - timedelta(days=1)).strftime("%A")
    assert f"late on {sunday}" in NEWSROOM.piece("harbour-courier", "tidal-barrier-vote").text


def test_one_article_speaks_to_machines():
    """One article holds a prompt injection, in its text, so that the digest can be seen to ignore it."""
    hostile = [piece.slug for piece in NEWSROOM.pieces if "ignore previous instructions" in piece.text]
    assert hostile == ["boil-water-lifted"]


def test_paragraphs_are_told_apart_by_their_markers():
    """A marker at a paragraph's start makes it furniture; any other bracket leaves it text."""
    assert paragraphs_of("[caption] A weir.\n\nIt rained\nall day.\n\n[sic] stays") == (
        Paragraph("caption", "A weir."),
        Paragraph("text", "It rained all day."),
        Paragraph("text", "[sic] stays"),
    )


def test_every_fault_of_a_folder_is_named_at_once(tmp_path: Path):
    """Wrong keys, unknown outlets and missing texts are all named in one error."""
    row = 'slug = "a"\nname = "A"\nlanguage = "en"\ntitle = "A"\ndescription = "A"\n'
    piece = 'slug = "x"\ntitle = "X"\nauthor = "Y"\nminutes_ago = 1\ncategories = []\nsummary = "s"\n'
    (tmp_path / "newsroom.toml").write_text(
        f'[[outlets]]\nformat = "rss"\n{row}[[outlets]]\nformat = "gopher"\n{row}colour = "red"\n'
        f'[[articles]]\noutlet = "b"\nfull_text_in_feed = true\n{piece}[[articles]]\noutlet = "a"\n{piece}',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        Newsroom.load(tmp_path, NOW)
    faults = "\n".join(caught.value.faults)
    assert "outlets[1].format: must be one of rss, atom, rdf, json" in faults
    assert "outlets[1].colour: is not a key" in faults
    assert "articles[1].full_text_in_feed: must be a bool" in faults
    assert "there is no outlet 'b'" in faults
    assert "b--x.txt: is missing" in faults


def test_a_missing_folder_is_a_config_error(tmp_path: Path):
    """A folder without an index gives one fault that names the file."""
    with pytest.raises(ConfigError, match=r"newsroom\.toml: cannot be read"):
        Newsroom.load(tmp_path, NOW)
