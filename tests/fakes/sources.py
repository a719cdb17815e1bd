"""Publishers in memory: feeds with entries, pages with text, and every way in which they fail."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256

from digestbot.domain.errors import NothingToRead, SourceError
from digestbot.domain.news import Article, Entry, Feed, ParsedFeed, Polling
from digestbot.ports import Fetched

INTERVAL = timedelta(minutes=30)


def entry(number: int, title: str = "", *, at: datetime | None = None, text: str = "", key: str = "") -> Entry:
    """Return an entry; its number gives its key and link."""
    return Entry(
        key=key or f"e{number}",
        guid=key or f"e{number}",
        link=f"https://news.example/{number}",
        title=title or f"Headline number {number}",
        summary=text,
        published=at,
    )


@dataclass
class FakePublisher:
    """Implements FeedSource and ArticleSource; ``publish`` puts entries into a feed, ``page`` a text on a page.

    ``fail`` lets a feed's or page's address fail until ``mend``.
    """

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    pages: dict[str, str] = field(default_factory=dict)
    faults: dict[str, SourceError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    moved: dict[str, str] = field(default_factory=dict)

    def publish(self, url: str, *entries: Entry) -> None:
        """Put entries at the top of a feed."""
        self.entries[url] = [*entries, *self.entries.get(url, [])]

    def page(self, number: int, text: str) -> None:
        """Put a text on an entry's page."""
        self.pages[f"https://news.example/{number}"] = text

    def fail(self, error: SourceError) -> None:
        """Let the error's address fail."""
        self.faults[error.url] = error

    def mend(self, url: str) -> None:
        """Let an address work again."""
        self.faults.pop(url, None)

    async def fetch(self, feed: Feed, now: datetime) -> Fetched:
        """Give the feed's entries; nothing where none has changed since the poll before."""
        self.asked.append(feed.url)
        if error := self.faults.get(feed.url):
            raise error
        found = tuple(self.entries.get(feed.url, ()))
        body = sha256(repr(found).encode()).hexdigest()
        polling = replace(
            feed.polling,
            checked_at=now,
            next_check_at=now + INTERVAL,
            failures=0,
            failing_since=None,
            alerted=False,
            body_hash=body,
        )
        if body == feed.polling.body_hash:
            return Fetched(polling, None, self.moved.get(feed.url), outcome="not_modified")
        parsed = ParsedFeed("The Example", "https://news.example", "en", found, "rss20")
        return Fetched(polling, parsed, self.moved.get(feed.url))

    def failed(self, feed: Feed, error: Exception, now: datetime) -> Polling:
        """Back off by the number of failures."""
        failures = feed.polling.failures + 1
        return replace(
            feed.polling,
            checked_at=now,
            next_check_at=now + INTERVAL * failures,
            failures=failures,
            failing_since=(since := feed.polling.failing_since or now),
            alerted=now - since >= timedelta(hours=24),
            last_error=str(error),
        )

    async def read(self, entry: Entry, feed: Feed, now: datetime) -> Article:
        """Give the page's text, or fail."""
        text = self._text(entry.link)
        return Article(
            id=0,
            url=entry.link,
            title=entry.title,
            text=text,
            outlet=feed.title,
            feed_id=feed.id,
            key=entry.key,
            published=entry.published,
            fetched_at=now,
        )

    async def read_url(self, url: str, now: datetime) -> Article:
        """Give the page's text, or fail."""
        return Article(id=0, url=url, title="", text=self._text(url), fetched_at=now)

    def _text(self, url: str) -> str:
        if error := self.faults.get(url):
            raise error
        if url not in self.pages:
            raise NothingToRead(url)
        return self.pages[url]


def numbered(numbers: Sequence[int], **kwargs: str) -> list[Entry]:
    """Return one entry a number."""
    return [entry(number, **kwargs) for number in numbers]
