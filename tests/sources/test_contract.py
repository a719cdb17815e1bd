"""One contract for whatever gives feeds and articles: the fake in memory and the real sources over loopback."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest

from digestbot.domain.errors import FeedGone, NothingToRead, ServerError, SourceError
from digestbot.domain.news import Entry, Feed, Polling
from digestbot.ports import ArticleSource, FeedSource
from digestbot.sources.articles import WebArticleSource
from digestbot.sources.feeds import HttpFeedSource
from digestbot.sources.http import PoliteClient
from tests.fakes.sources import FakePublisher, entry
from tests.rigs.feeds import FeedServer, Reply, feed_server
from tests.sources.polling_rig import InlineSandbox, Now

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXT = (
    "The council voted on Monday to close the bridge for repairs, which will take until autumn. "
    "“We have no choice,” the mayor said. “Nobody wants it, but the bridge is tired.” "
    "Ferries will carry cars in the meantime, as they did before the bridge was built in 1962."
)


@dataclass
class World:
    """A publisher with one feed, as the contract's tests see it."""

    feeds: FeedSource
    articles: ArticleSource
    feed: Feed

    def publish(self, *numbers: int) -> None:
        """Put entries at the top of the feed."""
        raise NotImplementedError

    def page(self, number: int, text: str) -> None:
        """Put a text on an entry's page."""
        raise NotImplementedError

    def link(self, number: int) -> str:
        """Return where an entry's page is."""
        raise NotImplementedError

    def break_feed(self, *, gone: bool = False) -> None:
        """Let the feed fail, for now or for good."""
        raise NotImplementedError

    def mend(self) -> None:
        """Let it work again."""
        raise NotImplementedError

    def entry(self, number: int) -> Entry:
        """Return an entry as a caller holds it."""
        return replace(entry(number), link=self.link(number))


class InMemory(World):
    """The fake."""

    def __init__(self, publisher: FakePublisher) -> None:
        super().__init__(publisher, publisher, Feed(1, "https://news.example/feed", "The Example", Polling(NOW)))
        self._publisher = publisher

    def publish(self, *numbers: int) -> None:
        """Put entries at the top of the feed."""
        self._publisher.publish(self.feed.url, *(entry(number) for number in numbers))

    def page(self, number: int, text: str) -> None:
        """Put a text on an entry's page."""
        self._publisher.page(number, text)

    def link(self, number: int) -> str:
        """Return where an entry's page is."""
        return f"https://news.example/{number}"

    def break_feed(self, *, gone: bool = False) -> None:
        """Let the feed fail."""
        self._publisher.fail(FeedGone(self.feed.url) if gone else ServerError(self.feed.url))

    def mend(self) -> None:
        """Let it work again."""
        self._publisher.mend(self.feed.url)


class OverLoopback(World):
    """The real sources and a server."""

    def __init__(self, server: FeedServer, client: PoliteClient) -> None:
        sandbox = InlineSandbox()
        feeds, articles = HttpFeedSource(client, sandbox), WebArticleSource(client, sandbox)
        super().__init__(feeds, articles, Feed(1, server.url("/feed"), "The Example", Polling(NOW)))
        self._server = server
        self._numbers: list[int] = []
        self.mend()

    def publish(self, *numbers: int) -> None:
        """Put entries at the top of the feed."""
        self._numbers = [*numbers, *self._numbers]
        self.mend()

    def page(self, number: int, text: str) -> None:
        """Put a text on an entry's page."""
        body = f"<html lang='en'><body><article><h1>Page</h1><p>{escape(text)}</p></article></body></html>"
        self._server.says(f"/{number}", Reply(body.encode(), headers={"Content-Type": "text/html; charset=utf-8"}))

    def link(self, number: int) -> str:
        """Return where an entry's page is."""
        return self._server.url(f"/{number}")

    def break_feed(self, *, gone: bool = False) -> None:
        """Let the feed fail."""
        self._server.says("/feed", Reply(status=410 if gone else 500))

    def mend(self) -> None:
        """Serve the feed."""
        items = "".join(
            f"<item><guid isPermaLink='false'>e{n}</guid><title>Headline number {n}</title>"
            f"<link>{self.link(n)}</link></item>"
            for n in self._numbers
        )
        document = f"<rss version='2.0'><channel><title>The Example</title>{items}</channel></rss>"
        self._server.says("/feed", Reply(document.encode()))


@asynccontextmanager
async def over_loopback() -> AsyncIterator[World]:
    """Open the real thing."""
    async with feed_server(Now()) as server:
        client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0)
        yield OverLoopback(server, client)
        await client.close()


@pytest.fixture(params=["memory", "loopback"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    """Open one publisher after the other."""
    if request.param == "memory":
        yield InMemory(FakePublisher())
    else:
        async with over_loopback() as real:
            yield real


async def test_entries_come_in_the_feeds_order(world: World):
    """A first poll gives every entry with key, title and link, the newest first, and plans the next check."""
    world.publish(2, 1)
    fetched = await world.feeds.fetch(world.feed, NOW)
    assert fetched.parsed is not None
    assert [e.title for e in fetched.parsed.entries] == ["Headline number 2", "Headline number 1"]
    assert [e.link for e in fetched.parsed.entries] == [world.link(2), world.link(1)]
    assert len({e.key for e in fetched.parsed.entries}) == 2
    assert fetched.polling.checked_at == NOW < fetched.polling.next_check_at
    assert (fetched.outcome, fetched.moved_to) == ("items", None)


async def test_a_second_poll_gives_no_known_entry_as_new(world: World):
    """What is known and unchanged costs nothing; a new entry comes, and the same one has the same key."""
    world.publish(1)
    first = await world.feeds.fetch(world.feed, NOW)
    known = frozenset(key for e in first.parsed.entries for key in e.keys)
    feed = replace(world.feed, polling=first.polling, baseline_at=NOW)
    again = await world.feeds.fetch(feed, first.polling.next_check_at)
    assert again.parsed is None
    assert again.outcome != "items"
    world.publish(2)
    third = await world.feeds.fetch(replace(feed, polling=again.polling), again.polling.next_check_at)
    fresh = [e for e in third.parsed.entries if known.isdisjoint(e.keys)]
    assert [e.title for e in fresh] == ["Headline number 2"]


async def test_an_empty_feed_is_a_feed(world: World):
    """No entries are no error."""
    fetched = await world.feeds.fetch(world.feed, NOW)
    assert fetched.parsed is not None
    assert fetched.parsed.entries == ()


async def test_a_failure_is_typed_and_backs_off(world: World):
    """A failing feed raises a transient SourceError that names it, and is counted until it works again."""
    world.break_feed()
    with pytest.raises(ServerError) as caught:
        await world.feeds.fetch(world.feed, NOW)
    assert (caught.value.url, caught.value.transient) == (world.feed.url, True)
    once = world.feeds.failed(world.feed, caught.value, NOW)
    twice = world.feeds.failed(replace(world.feed, polling=once), caught.value, once.next_check_at)
    assert (once.failures, twice.failures, twice.failing_since) == (1, 2, NOW)
    assert twice.next_check_at - once.next_check_at > once.next_check_at - NOW
    assert world.feed.url in (twice.last_error or "")
    world.mend()
    after = await world.feeds.fetch(replace(world.feed, polling=twice), twice.next_check_at)
    assert (after.polling.failures, after.polling.failing_since) == (0, None)


async def test_a_feed_gone_for_good_is_told(world: World):
    """410 is FeedGone, which is not transient."""
    world.break_feed(gone=True)
    with pytest.raises(FeedGone) as caught:
        await world.feeds.fetch(world.feed, NOW)
    assert not caught.value.transient


async def test_an_article_is_the_pages_text(world: World):
    """The page's text stands verbatim under the entry's title, key and feed."""
    world.page(1, TEXT)
    article = await world.articles.read(world.entry(1), world.feed, NOW)
    assert article.text == TEXT
    assert (article.id, article.url, article.title) == (0, world.link(1), "Headline number 1")
    assert (article.feed_id, article.key, article.outlet, article.fetched_at) == (1, "e1", "The Example", NOW)


async def test_an_article_at_an_address(world: World):
    """An address alone gives its text."""
    world.page(1, TEXT)
    article = await world.articles.read_url(world.link(1), NOW)
    assert (article.text, article.url, article.fetched_at) == (TEXT, world.link(1), NOW)


async def test_a_page_without_text_is_told(world: World):
    """A page that is not there is a SourceError that names its address, whoever asks."""
    with pytest.raises(SourceError) as asked:
        await world.articles.read_url(world.link(9), NOW)
    assert asked.value.url == world.link(9)
    with pytest.raises(SourceError):
        await world.articles.read(world.entry(9), world.feed, NOW)


async def test_an_empty_page_is_nothing_to_read(world: World):
    """A page with no article on it is NothingToRead."""
    if isinstance(world, OverLoopback):
        world.page(1, "")
    with pytest.raises(NothingToRead):
        await world.articles.read(world.entry(1), world.feed, NOW)
