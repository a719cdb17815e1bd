"""A month of news on a fake clock: feeds that fail, re-date and rename their items, and readers in twelve zones.

Every event has an invented name that stands in each headline on it, so that what a channel got can be told from its
messages alone, without asking the program under test.
"""

import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta

import numpy as np

from digestbot.domain.digest import Receipt
from digestbot.domain.errors import FetchTimeout, StoreUnavailable
from digestbot.domain.news import (
    Article,
    Entry,
    Evidence,
    Feed,
    ParsedFeed,
    Polling,
    Story,
    Summary,
    SummarySentence,
)
from digestbot.domain.subscription import Channel, Length, Schedule, Subscription
from digestbot.editorial.text import sentences, words
from digestbot.ports import Fetched, Vectors
from tests.fakes.store import MemoryStore

START = datetime(2026, 10, 9, 0, 0, tzinfo=UTC)
DAYS = 30
"""Clocks change in Europe on 25 October, in America on 1 November, in Chile and Paraguay before and within."""
FEEDS, OUTLETS, SUBSCRIPTIONS = 100, 60, 40
EVENTS_A_DAY = 24
SHARED = 37
"""From this subscription on all post to one channel, from the same feeds."""
HOUR = timedelta(hours=1)
ZONES = (
    "Europe/Berlin", "Europe/London", "America/New_York", "America/Los_Angeles", "America/St_Johns", "Asia/Kolkata",
    "Asia/Tokyo", "Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "America/Sao_Paulo", "Africa/Cairo",
)  # fmt: skip
SUBJECTS = (
    ("ferry", "sinks in the harbour", "ran aground at dawn and went down", "divers raise the wreck"),
    ("bridge", "closes after cracks are found", "was shut when inspectors saw cracks", "engineers blame rusted cables"),
    ("mine", "floods and traps eleven workers", "filled with water overnight", "rescuers reach all eleven alive"),
    ("hospital", "opens the first burns ward", "welcomed its first patients", "nurses walk out over pay"),
    ("museum", "recovers a stolen portrait", "has its portrait back after nine years", "thief is sentenced to prison"),
    ("school", "bans phones in lessons", "will lock phones away from Monday", "parents win a court order against it"),
    ("factory", "recalls forty thousand heaters", "asked owners to return heaters", "minister orders an inquiry there"),
    ("airport", "halts flights over a strike", "stood still as crews walked out", "unions accept the new contract"),
)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happens, with a name that nothing else has; ``feeds`` tell it, some again the next day."""

    name: str
    at: datetime
    feeds: tuple[int, ...]
    subject: int
    place: str
    follow_up: bool

    def items(self) -> Iterator[tuple[int, "Item"]]:
        """Yield each telling with the number of its feed."""
        noun, happens, happened, _ = SUBJECTS[self.subject]
        titles = (
            f"{self.name} {noun} in {self.place} {happens}",
            f"{self.place}: {self.name} {noun} {happens}, officials say",
            f"In {self.place}, the {self.name} {noun} {happens}",
        )
        for number, feed in enumerate(self.feeds):
            at = self.at + number * timedelta(minutes=25)
            text = f"The {self.name} {noun} in {self.place} {happened}, the authorities told outlet {feed}."
            yield feed, Item(self, at, titles[number % 3], text, second=False)
        if self.follow_up:
            yield self.feeds[0], self._later()

    def _later(self) -> "Item":
        noun, _, happened, later = SUBJECTS[self.subject]
        title = f"{self.name} {noun} in {self.place}: {later}"
        who = self.name[::-1].title()
        text = f"A day after the {self.name} {noun} in {self.place} {happened}, {later}, said inspector {who}."
        return Item(self, self.at + timedelta(hours=26), title, text, second=True)


@dataclass(frozen=True, slots=True)
class Item:
    """One telling of an event in one feed."""

    event: Event
    at: datetime
    title: str
    text: str
    second: bool

    def entry(self, feed: int, now: datetime, mood: random.Random) -> Entry:
        """Return it as its feed gives it now: sometimes re-dated, sometimes under a new GUID."""
        key = f"{self.event.name}-{'b' if self.second else 'a'}-{feed}"
        link = f"https://outlet{feed % OUTLETS}.example/{feed}/{key}"
        guid = f"{'https' if mood.random() < 0.05 else 'http'}://guid.example/{key}"
        dated = now if mood.random() < 0.03 else self.at
        return Entry(guid, guid, link, self.title, content=self.text, published=dated, aliases=(link,))


def events(seed: int = 2026) -> list[Event]:
    """Return the month's events; 24 a day, each told by one to four of the hundred feeds."""
    rng, found, taken = random.Random(seed), [], set[str]()  # noqa: S311 — news, not secrets

    def name() -> str:
        """Return a name that nothing else has."""
        while True:
            made = "".join(
                rng.choice(s) for s in ("BCDFGKLMNPRTVZ", "aeiou", "bdfgklmnprtvz", "aeiou", "bdgklnrt", "aeo")
            )
            if made not in taken:
                taken.add(made)
                return made

    for number in range(DAYS * EVENTS_A_DAY):
        at = START + timedelta(days=number / EVENTS_A_DAY, minutes=rng.uniform(0, 50))
        feeds = tuple(rng.sample(range(1, FEEDS + 1), rng.choice((1, 1, 2, 3, 4))))
        found.append(Event(name(), at, feeds, number % len(SUBJECTS), name(), rng.random() < 0.15))
    return found


class Newsrooms:
    """The FeedSource and ArticleSource ports over the events; ``down`` are feeds and when they cannot be had."""

    def __init__(self, told: Sequence[Event], down: dict[int, tuple[datetime, datetime]]) -> None:
        """Sort the items by feed."""
        self.items: dict[int, list[Item]] = {number: [] for number in range(1, FEEDS + 1)}
        for event in told:
            for feed, item in event.items():
                self.items[feed].append(item)
        for items in self.items.values():
            items.sort(key=lambda item: item.at)
        self.down = down
        self.first_stored: dict[tuple[str, int], datetime] = {}
        self._mood = random.Random(7)  # noqa: S311 — moods, not secrets
        self._polls = dict.fromkeys(self.items, 0)

    async def fetch(self, feed: Feed, now: datetime, known: frozenset[str] = frozenset()) -> Fetched:
        """Give the feed's latest twenty items, hourly; now and then nothing, or one item alone."""
        begins, ends = self.down.get(feed.id, (now + HOUR, now))
        if begins <= now < ends:
            raise FetchTimeout(feed.url)
        polling = replace(feed.polling, next_check_at=now + HOUR, checked_at=now, failures=0)
        shown = [item for item in self.items[feed.id] if item.at <= now][-20:]
        self._polls[feed.id] += 1
        if self._polls[feed.id] % 17 == 0:
            shown = shown[-1:]
        entries = tuple(item.entry(feed.id, now, self._mood) for item in reversed(shown))
        if feed.baseline_at and all(not known.isdisjoint(entry.keys) for entry in entries):
            return Fetched(polling, outcome="same_items")
        return Fetched(polling, ParsedFeed(f"Feed {feed.id}", "", "en", entries))

    def failed(self, feed: Feed, error: Exception, now: datetime) -> Polling:
        """Back off for two hours."""
        return replace(feed.polling, next_check_at=now + 2 * HOUR, failures=feed.polling.failures + 1)

    async def read(self, entry: Entry, feed: Feed, now: datetime) -> Article:
        """Give the entry's own text, and note when the event first came in by this feed."""
        self.first_stored.setdefault((entry.link.rsplit("/", 1)[1], feed.id), now)
        return Article(
            0,
            entry.link,
            entry.title,
            entry.content,
            outlet=f"Outlet {feed.id % OUTLETS}",
            feed_id=feed.id,
            key=entry.key,
            published=entry.published,
            fetched_at=now,
            language="en",
        )

    async def read_url(self, url: str, now: datetime) -> Article:
        """Nobody asks for single addresses in this month."""
        raise FetchTimeout(url)


class HashedWords:
    """The Embedder port without a model: texts that share words are near."""

    def __init__(self) -> None:
        """Remember texts seen."""
        self._known: dict[str, np.ndarray] = {}

    async def embed(self, texts: Sequence[str], *, interactive: bool = False) -> Vectors:
        """Return unit vectors of hashed words."""
        return np.stack([self._known.setdefault(text, _hashed(text)) for text in texts])


def _hashed(text: str) -> np.ndarray:
    """Return the unit vector of a text's words; a text without any points all ways alike."""
    counts = np.zeros(384, dtype=np.float32)
    for word in words(text.lower()):
        counts[zlib.crc32(word.encode()) % 384] += len(word) > 3
    return counts / np.linalg.norm(counts) if counts.any() else np.full(384, 384**-0.5, dtype=np.float32)


class FirstSentences:
    """The Summarizer port without a model: each article's first sentence, each once."""

    name = "first-sentences"

    async def summarize(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Summary:
        """Return the first sentence of every article."""
        told: dict[str, Evidence] = {}
        for article in story.articles:
            start, end = sentences(article.text)[0]
            told.setdefault(article.text[start:end], Evidence(article.id, start, end))
        return Summary(tuple(SummarySentence(text, (evidence,)) for text, evidence in told.items()), self.name)


@dataclass
class Crashes:
    """Says when the process dies; counts how often it did."""

    every: int
    asked: int = 0
    died: int = 0
    on: bool = field(default=True)

    def now(self) -> None:
        """Die at every so-manieth chance.

        Raises:
            StoreUnavailable: The database is gone in the middle of it all.

        """
        self.asked += 1
        if self.on and self.asked % self.every == 0:
            self.died += 1
            raise StoreUnavailable("the process was killed here")


class MonthStore(MemoryStore):
    """The store in memory, quick enough for a month, and killed before or after what it writes."""

    def __init__(self, crashes: Crashes) -> None:
        """Die where ``crashes`` says."""
        super().__init__()
        self.crashes = crashes

    def _all(self) -> list[Story]:
        """Return every story in one pass over the articles."""
        members: dict[int, list[Article]] = {}
        for key, home in self._home.items():
            members.setdefault(home, []).append(self._articles[key])
        found = []
        for story_id in sorted(self._stories):
            mine = sorted(members[story_id], key=lambda a: (a.fetched_at or START, a.id))
            times = [a.fetched_at for a in mine if a.fetched_at]
            found.append(Story(story_id, tuple(mine), min(times), max(times)))
        return found

    async def publish(self, *args: object, **kwargs: object) -> object:
        """Write an edition, or die before or after it is written."""
        self.crashes.now()
        written = await super().publish(*args, **kwargs)  # type: ignore[arg-type] # passed on as they came
        self.crashes.now()
        return written

    async def record_receipt(self, receipt: Receipt) -> None:
        """Write a receipt, or die when the message is posted and nobody knows."""
        self.crashes.now()
        await super().record_receipt(receipt)


def subscriptions() -> list[Subscription]:
    """Return forty subscriptions, each of some feeds, in twelve zones, on every kind of schedule."""
    rng, made = random.Random(11), []  # noqa: S311 — subscriptions, not secrets
    for number in range(SUBSCRIPTIONS):
        zone = ZONES[number % len(ZONES)]
        wall = time(rng.choice((2, 6, 7, 8, 18)), rng.choice((0, 15, 30)))
        kinds = (
            Schedule("daily", zone, at=(wall,)),
            Schedule("daily", zone, at=(time(2, 30), time(17, 45))),
            Schedule("weekdays", zone, at=(wall,)),
            Schedule("hourly", zone, every_hours=6),
            Schedule("cron", zone, cron="15 1,2,13 * * *"),
            Schedule("daily", zone, at=(time(23, 30), time(4)), quiet_from=time(22), quiet_to=time(6, 45)),
        )
        made.append(
            Subscription(
                0,
                f"Desk {number:02}",
                Channel("slack", f"C{min(number, SHARED):02}"),
                kinds[number % len(kinds)],
                feeds=(1, 2, 3, 4, 5) if number >= SHARED else tuple(sorted(rng.sample(range(1, FEEDS + 1), 5))),
                stories=10,
                per_feed=0,
                empty="note" if number % 2 else "skip",
            )
        )
    return made
