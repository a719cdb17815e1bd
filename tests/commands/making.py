"""A desk with a store in memory, three stories and a feed, and people who ask."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from digestbot.commands import Asker, Desk, Reply
from digestbot.commands.limits import Limits
from digestbot.domain.digest import Actions, Heading, Prose, Quotation, Sources
from digestbot.domain.errors import NothingToRead, SourceError
from digestbot.domain.news import Article, Entry, Feed, ParsedFeed, Polling
from digestbot.domain.subscription import Channel
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.publish import Publisher
from digestbot.ports import ChatAdapter, NewArticle, RefreshRecord
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.fakes.inference import FakeEmbedder, FakeSummarizer
from tests.fakes.store import MemoryStore

HERE = Channel("slack", "C1", "T1")
READER = Asker("U1", HERE)
MANAGER = Asker("U2", HERE, manager=True, timezone="Europe/Berlin")
STRANGER = Asker("U3", Channel("slack", "C7", "T7"), manager=True)
SAID = "We are ready to build the barrier and we will not wait for the spring."
TEXTS = {
    "barrier": f"The council approved the tidal barrier on Monday. “{SAID}” said Ana Reyes, the mayor, after the vote.",
    "ferry": "A ferry company apologised on Monday for a chat robot that sold tickets for a ship that was scrapped.",
    "volcano": "Scientists heard an undersea volcano through a telephone cable, they reported on Monday in a journal.",
}


@dataclass
class FakeArticles:
    """Gives the articles it was given, by address."""

    pages: dict[str, Article] = field(default_factory=dict)

    async def read(self, entry: Entry, feed: Feed, now: datetime) -> Article:
        """Return the page behind an entry."""
        return await self.read_url(entry.link, now)

    async def read_url(self, url: str, now: datetime) -> Article:
        """Return a page, fetched now.

        Raises:
            NothingToRead: There is none.

        """
        if url not in self.pages:
            raise NothingToRead(url)
        return self.pages[url]


@dataclass
class FakeFeeds:
    """Gives the feeds it was given, by address."""

    parsed: dict[str, ParsedFeed] = field(default_factory=dict)

    async def look(self, url: str) -> ParsedFeed:
        """Return a feed.

        Raises:
            SourceError: There is none.

        """
        if url not in self.parsed:
            raise SourceError(url)
        return self.parsed[url]


def article(key: str, title: str = "") -> Article:
    """Return an article as a source gives it."""
    url = f"https://ledger.example/{key}"
    return Article(0, url, title or f"News of the {key}", TEXTS[key], "The Ledger", key=key, language="en")


async def a_desk(chat: ChatAdapter | None = None, store: MemoryStore | None = None) -> Desk:
    """Return a desk whose store holds the feed 1 and three stories an hour old."""
    store, clock = store or MemoryStore(), FakeClock()
    chat = chat or FakeChat()
    briefer = Briefer(store, FakeSummarizer(), FakeEmbedder(), clock)
    publisher = Publisher(store, briefer, {chat.platform: chat}, clock)
    feeds = FakeFeeds(
        {"https://ledger.example/feed.xml": ParsedFeed("The Ledger", "https://ledger.example", "en", (), "rss")}
    )
    feed = await store.add_feed("https://ledger.example/old.xml", title="The Ledger", now=clock.now())
    await store.add_feed("https://ledger.example/old.xml", owner=HERE.home, now=clock.now())
    articles = tuple(
        NewArticle(article(key), np.eye(384, dtype=np.float32)[number], None) for number, key in enumerate(TEXTS)
    )
    polling = Polling(clock.now())
    await store.record_refresh(RefreshRecord(feed.id, polling, articles=articles), clock.now())
    clock.tick(hours=1)
    return Desk(store, briefer, publisher, FakeArticles(), feeds, clock, limits=Limits(1e6))


def shown(reply: Reply) -> str:
    """Return what a reply says, a line a block."""
    lines = []
    for one in reply.cards:
        for block in one.blocks:
            match block:
                case Heading() | Prose():
                    lines.append(
                        "".join(getattr(s, "text", getattr(s, "fallback", getattr(s, "id", ""))) for s in block.spans)
                    )
                case Quotation():
                    lines.append(f"“{block.text}” {block.speaker}")
                case Sources():
                    lines.append(" · ".join(link.text for link in block.links))
                case _:
                    pass
    return "\n".join(lines)


def buttons(reply: Reply) -> Mapping[str, str]:
    """Return a reply's buttons: label and command line."""
    rows = [block for one in reply.cards for block in one.blocks if isinstance(block, Actions)]
    return {action.label: action.invocation for row in rows for action in row.actions}
