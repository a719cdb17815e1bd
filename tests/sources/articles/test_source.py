"""Reading the article behind an entry: the feed's own text first, robots.txt before any page."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest

from digestbot.domain.errors import BlockedAddress, NothingToRead, ServerError, SourceError
from digestbot.domain.news import Entry, Feed, Polling
from digestbot.sources.articles import WebArticleSource
from digestbot.sources.http import PoliteClient
from tests.rigs.feeds import FeedServer, Reply, feed_server
from tests.sources.articles.test_extract import LEAD, NOW, PARAGRAPHS, page, paragraphs
from tests.sources.polling_rig import InlineSandbox, Now

PAGE = Reply(page(paragraphs(*PARAGRAPHS)), headers={"Content-Type": "text/html; charset=utf-8"})


class Reader:
    """A server with pages and a source that reads them."""

    def __init__(self, server: FeedServer) -> None:
        self.server = server
        self.client = PoliteClient(
            version="1", contact="https://ops.example", allow_private_hosts=["127.0.0.1"], host_gap=0
        )
        self.source = WebArticleSource(self.client, InlineSandbox())
        self.feed = Feed(7, server.url("/feed"), "The Paper", Polling(NOW), language="en")
        self.entry = Entry(
            "k", "g", server.url("/a"), "The feed's title", "Short.", authors=("Jane Doe",), published=NOW
        )

    @property
    def asked(self) -> list[str]:
        """The paths asked for."""
        return [one.path for one in self.server.log]


@pytest.fixture
async def reader() -> AsyncIterator[Reader]:
    """Open a reader."""
    async with feed_server(Now()) as server:
        one = Reader(server)
        one.server.says("/a", PAGE)
        yield one
        await one.source.close()


async def test_a_whole_text_in_the_feed_needs_no_page(reader: Reader):
    """A feed that gives the full text is believed, and nobody is asked."""
    entry = replace(reader.entry, content="\n\n".join(PARAGRAPHS * 4))
    article = await reader.source.read(entry, reader.feed, NOW)
    assert reader.asked == []
    assert article.text.startswith(LEAD)
    assert (article.feed_id, article.key, article.outlet, article.language) == (7, "k", "The Paper", "en")


async def test_a_short_text_has_its_page_read(reader: Reader):
    """The page's text under the feed's title, authors and time."""
    article = await reader.source.read(reader.entry, reader.feed, NOW)
    assert reader.asked == ["/robots.txt", "/a"]
    assert article.text == "\n\n".join(PARAGRAPHS)
    assert (article.title, article.published, article.authors) == ("The feed's title", NOW, ("Jane Doe",))


async def test_a_text_that_breaks_off_has_its_page_read(reader: Reader):
    """However long, a text that ends in an ellipsis is not whole."""
    await reader.source.read(replace(reader.entry, content="\n\n".join(PARAGRAPHS * 4) + " …"), reader.feed, NOW)
    assert "/a" in reader.asked


async def test_robots_txt_is_honoured(reader: Reader):
    """A page its site shuts for programs is not fetched; the rules are asked for once a day."""
    rules = b"User-agent: *\nDisallow: /private\n\nUser-agent: digestbot\nDisallow: /a\n"
    reader.server.says("/robots.txt", Reply(rules))
    for _ in range(2):
        with pytest.raises(NothingToRead, match=r"robots\.txt"):
            await reader.source.read_url(reader.server.url("/a"), NOW)
    assert reader.asked == ["/robots.txt"]
    with pytest.raises(NothingToRead):
        await reader.source.read_url(reader.server.url("/a"), NOW + timedelta(hours=25))
    assert reader.asked == ["/robots.txt"] * 2


@pytest.mark.parametrize(("status", "allowed"), [(404, True), (403, True), (500, False), (503, False), (429, False)])
async def test_missing_rules_allow_and_trouble_forbids(reader: Reader, status: int, allowed: bool):
    """RFC 9309: no robots.txt allows all, a server in trouble allows nothing."""
    reader.server.says("/robots.txt", Reply(status=status))
    if allowed:
        assert (await reader.source.read_url(reader.server.url("/a"), NOW)).text
    else:
        with pytest.raises(ServerError, match=rf"/a cannot be read now: its site is in trouble \({status}\)"):
            await reader.source.read_url(reader.server.url("/a"), NOW)


async def test_a_site_that_cannot_be_had_is_not_called_closed_to_programs(reader: Reader):
    """A host that is not known or not up is said to be that, by the address that was asked for, and may come back."""
    for url, what in (
        ("https://nowhere.invalid/a", "cannot be found: its host name is not known"),
        ("http://127.0.0.1:9/a", "cannot be reached"),
    ):
        for _ in range(2):  # the second answer comes from what is kept of the first
            with pytest.raises(ServerError) as caught:
                await reader.source.read_url(url, NOW)
            assert str(caught.value) == f"{url} {what}; try again in a while"
    with pytest.raises(BlockedAddress, match=r"http://10\.0\.0\.1/a points to a private"):
        await reader.source.read_url("http://10.0.0.1/a", NOW)


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        (Reply(status=404), SourceError),
        (Reply(status=403), NothingToRead),
        (Reply(status=503, headers={"Retry-After": "60"}), ServerError),
        (Reply(b"%PDF", headers={"Content-Type": "application/pdf"}), NothingToRead),
        (Reply(b"", headers={"Content-Type": "text/html"}), NothingToRead),
    ],
)
async def test_what_is_no_page_is_told(reader: Reader, reply: Reply, error: type[SourceError]):
    """Every other answer is a typed error that names the address."""
    reader.server.says("/a", reply)
    with pytest.raises(error, match="/a"):
        await reader.source.read_url(reader.server.url("/a"), NOW)


async def test_an_entry_without_link_and_text_is_told(reader: Reader):
    """An entry that is only a title is nothing to read; one with a text is read from the feed."""
    bare = replace(reader.entry, link="", summary="", content="")
    with pytest.raises(NothingToRead):
        await reader.source.read(bare, reader.feed, NOW)
    assert (await reader.source.read(replace(bare, summary=LEAD), reader.feed, NOW)).text == LEAD
