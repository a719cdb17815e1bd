"""Makes what store tests put in: feeds, articles, vectors, briefs, digests; each by a short verb."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import numpy as np

from digestbot.domain.digest import Card, Digest, Edition, Heading, Message, Text
from digestbot.domain.news import (
    Article,
    Brief,
    Evidence,
    Feed,
    Passage,
    Quote,
    Speaker,
    Story,
    Summary,
    SummarySentence,
)
from digestbot.domain.subscription import Channel, Subscription
from digestbot.ports import NewArticle, RefreshRecord, Store, Vector

NOW = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
HERE = Channel("slack", "C1", "T1")
TEXT = "Officials spoke on Monday. “We are willing to take in only convicted criminals,” said Nayib Bukele."


def vector(seed: str) -> Vector:
    """Return a unit vector that depends on ``seed`` alone, shape (8,)."""
    numbers = np.frombuffer(sha256(seed.encode()).digest(), dtype=np.uint32).astype(np.float32) - 2.0**31
    return np.asarray(numbers / np.linalg.norm(numbers), dtype=np.float32)


def article(key: str, *, title: str = "", text: str = TEXT, outlet: str = "Outlet", url: str | None = None) -> Article:
    """Return an article as a source gives it."""
    return Article(
        id=0,
        url=f"https://example.org/{key}" if url is None else url,
        title=title or f"Title of {key}",
        text=text,
        outlet=outlet,
        key=key,
        authors=("A. Writer",),
        categories=("World",),
        published=NOW - HOUR,
        language="en",
    )


def new(key: str, story_id: int | None = None, **rest: str) -> NewArticle:
    """Return an article to store, with its vector."""
    return NewArticle(article(key, **rest), vector(key), story_id)


def record(feed: Feed, *articles: NewArticle, seen: Sequence[str] = (), **rest: object) -> RefreshRecord:
    """Return what a refresh of a feed found."""
    keys = tuple(dict.fromkeys((*seen, *(item.article.key for item in articles))))
    return RefreshRecord(feed.id, feed.polling, seen=keys, articles=articles, **rest)  # type: ignore[arg-type] # any field


async def stored(store: Store, *keys: str, now: datetime = NOW, url: str = "https://example.org/feed") -> list[Story]:
    """Store one article a key, each with a story of its own, and return the stories."""
    feed = await store.add_feed(url, now=now)
    homes = await store.record_refresh(record(feed, *map(new, keys)), now)
    return [await store.story(homes[key]) for key in keys]


def quote(of: Article, *, venue: str = "") -> Quote:
    """Return the quotation of the standard text, with its speaker."""
    start, end = of.text.index("“") + 1, of.text.index(",”")
    name = of.text.index("Nayib Bukele")
    speaker = Speaker("Nayib Bukele", name, name + 12, mention=(name, name + 12), cue=(name - 5, name - 1))
    passage = Passage(start, end, start, of.text.index("”"))
    return Quote.cut(of, [passage], speaker, confidence=0.9, key=True, venue=venue)


def brief(of: Story, *, engine: str = "extractive", quoted: bool = True) -> Brief:
    """Return a brief of a story: its first article's headline, one sentence, one quotation."""
    first = of.articles[0]
    sentence = SummarySentence("Officials spoke on Monday.", (Evidence(first.id, 0, 26),))
    quotes = (quote(first),) if quoted else ()
    return Brief(
        of.id, of.sources_hash, first.title, first.id, Summary((sentence,), engine), quotes, NOW, (("no_speaker", 2),)
    )


def subscription(name: str = "Morning brief", channel: Channel = HERE, *, due: datetime | None = NOW) -> Subscription:
    """Return a subscription that is not stored yet."""
    return Subscription(0, name, channel, next_edition_at=due, topics=("world",))


def digest(edition: Edition, title: str = "Morning brief") -> Digest:
    """Return a small digest."""
    return Digest(title, edition, (Card((Heading((Text(title),), level=1),)),))


def messages(count: int) -> list[Message]:
    """Return messages as a renderer gives them."""
    return [
        Message({"text": f"part {n}", "blocks": [{"n": n}]}, f"part {n}", story_id=n, reply=n > 0) for n in range(count)
    ]
