"""What the core needs from the world, as Protocols; an adapter has the shape, it does not inherit.

Every port has a fake in ``tests/fakes`` and one contract suite that runs on the fake and on the real thing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from digestbot.domain.digest import Delivery, DeliveryState, Digest, Edition, Message, Receipt
from digestbot.domain.news import Article, Brief, Entry, Feed, ParsedFeed, Polling, Story, Summary
from digestbot.domain.subscription import Channel, Length, Platform, Subscription

Vector = NDArray[np.float32]
"""A sentence vector: shape (384,) for the embedded encoder, unit length."""
Vectors = NDArray[np.float32]
"""Sentence vectors: shape (n, 384), each row of unit length."""


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        ...


# ── sources ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fetched:
    """What one poll of a feed gave.

    ``parsed`` is None when nothing changed (304, or the same body). ``polling`` is the feed's state after the
    poll, ``next_check_at`` included. ``moved_to`` is set once a permanent redirect has been confirmed.
    ``outcome`` says what the poll met: new items, 304, the same body, or a body whose items are all known.
    """

    polling: Polling
    parsed: ParsedFeed | None = None
    moved_to: str | None = None
    bytes_read: int = 0
    outcome: Literal["items", "not_modified", "same_body", "same_items"] = "items"


class FeedSource(Protocol):
    """Polls feeds politely: validators, back-off and the next check are its business."""

    async def fetch(self, feed: Feed, now: datetime, known: frozenset[str] = frozenset()) -> Fetched:
        """Poll one feed.

        ``known`` holds the keys of entries seen before: the source may leave those out of ``parsed``.

        Raises:
            SourceError: The feed could not be had or read; the caller backs off with :meth:`failed`.

        """
        ...

    def failed(self, feed: Feed, error: Exception, now: datetime) -> Polling:
        """Return the feed's state after a failed poll, its next check backed off."""
        ...


class ArticleSource(Protocol):
    """Reads the text behind an entry."""

    async def read(self, entry: Entry, feed: Feed, now: datetime) -> Article:
        """Return the article: the feed's own text where that is whole, else the page's.

        Raises:
            SourceError: The page could not be had, or holds no article.

        """
        ...

    async def read_url(self, url: str, now: datetime) -> Article:
        """Return the article at an address somebody gave.

        Raises:
            SourceError: The page could not be had, or holds no article.

        """
        ...


# ── inference ────────────────────────────────────────────────────────────────


class Embedder(Protocol):
    """Turns sentences into vectors."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """Return one unit vector a text, shape (len(texts), 384).

        Raises:
            InferenceError: The model is missing or its files are wrong.

        """
        ...


class Summarizer(Protocol):
    """Condenses a story; every sentence it returns is grounded or an article's own."""

    @property
    def name(self) -> str:
        """The engine with its model and revision: part of a brief's cache key."""
        ...

    async def summarize(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Summary:
        """Summarize a story; ``interactive`` goes before batch work.

        Raises:
            InferenceError: Not even the extractive engine could serve.

        """
        ...


# ── chat ─────────────────────────────────────────────────────────────────────


class ChatAdapter(Protocol):
    """One platform: renders a digest into messages and posts them one by one."""

    @property
    def platform(self) -> Platform:
        """The platform it serves."""
        ...

    def render(self, digest: Digest) -> Sequence[Message]:
        """Return the digest as messages within the platform's limits, in order; pure and deterministic."""
        ...

    def visible(self, message: Message) -> str:
        """Return the characters a reader of the message sees, escaping undone: what the promise is checked on."""
        ...

    async def post(self, channel: Channel, message: Message, key: str, thread: str | None) -> str:
        """Post one message and return the platform's id for it.

        ``key`` is stable over restarts: a platform that knows it returns the earlier message. ``thread`` is the
        id of the delivery's first message when ``message.reply`` is set.

        Raises:
            DeliveryError: It was not posted, or (OutcomeUnknown) nobody knows whether it was.

        """
        ...

    async def settle(self, channel: Channel, key: str, thread: str | None, since: datetime) -> str | None:
        """Look for a message sent under ``key`` since then; return its id, or None when it never arrived.

        Raises:
            DeliveryError: The platform could not be asked.

        """
        ...


# ── the store ────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article to store with its seen mark, its vector and the story it joins (None: it starts one).

    A negative ``story_id`` starts a story too: articles of one record with the same negative number share it.
    """

    article: Article
    vector: Vector
    story_id: int | None


@dataclass(frozen=True, slots=True)
class OpenStory:
    """What clustering needs of a story that may still grow; ``centroid`` has shape (384,), unit length."""

    id: int
    centroid: Vector
    members: tuple[Article, ...]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class RefreshRecord:
    """All that one refresh changes, written in one transaction.

    ``seen`` are the entry keys of the feed to mark as seen, new articles' among them; naming those already seen
    keeps their marks young. ``edits`` are found by id, or by feed and key where the id is 0.
    """

    feed_id: int
    polling: Polling
    title: str | None = None
    link: str | None = None
    language: str | None = None
    url: str | None = None
    baseline_at: datetime | None = None
    paused: str | None = None
    seen: tuple[str, ...] = ()
    articles: tuple[NewArticle, ...] = ()
    edits: tuple[Article, ...] = ()


@dataclass(frozen=True, slots=True)
class Status:
    """Counts for ``digestbot status``."""

    feeds: int
    failing: int
    paused: int
    articles: int
    stories: int
    briefs: int
    subscriptions: int
    deliveries_pending: int
    deliveries_sent: int
    undeliverable: int


SearchKind = Literal["story", "quote", "person"]


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: the story, and the line of it that matched.

    ``text`` is a headline, the exact words of a quotation (``speaker`` said them), or a person's name. ``at`` is
    when the article it stands in was fetched.
    """

    story_id: int
    kind: SearchKind
    text: str
    at: datetime
    speaker: str = ""


def brief_key(sources_hash: str, engine: str, length: Length) -> str:
    """Return the key a brief is kept under: what it was made from, by what, how long."""
    return f"{sources_hash}:{engine}:{length}"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept after they were last of use.

    Seen marks outlive articles: whatever ``seen`` says, a mark is kept for 90 days, for as long as articles are,
    and while it is among the newest of its feed, twice as many as the feed has ever held.
    """

    articles: timedelta = timedelta(days=90)
    briefs: timedelta = timedelta(days=30)
    receipts: timedelta = timedelta(days=90)
    seen: timedelta = timedelta(days=180)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind a clean-up removed."""

    articles: int = 0
    stories: int = 0
    briefs: int = 0
    deliveries: int = 0
    seen: int = 0


class FeedStore(Protocol):
    """Feeds and what has been seen of them."""

    async def add_feed(
        self,
        url: str,
        *,
        title: str = "",
        topics: Sequence[str] = (),
        weight: float = 1.0,
        backfill: int = 0,
        now: datetime,
    ) -> Feed:
        """Return the feed at ``url``, made due at ``now`` if it is new; its settings are updated if it is not.

        An empty ``title`` leaves the feed's own. ``backfill`` has a meaning for the first poll alone: it is left as
        it is once the feed has been polled.
        """
        ...

    async def remove_feed(self, feed_id: int) -> None:
        """Forget a feed and its seen marks; its articles stay.

        Raises:
            NotFound: There is no such feed.

        """
        ...

    async def feeds(self) -> Sequence[Feed]:
        """Return every feed, by id."""
        ...

    async def feed(self, feed_id: int) -> Feed:
        """Return one feed.

        Raises:
            NotFound: There is no such feed.

        """
        ...

    async def feed_by_url(self, url: str) -> Feed | None:
        """Return the feed subscribed at exactly this address, or None."""
        ...

    async def pause_feed(self, feed_id: int, reason: str | None) -> None:
        """Stop polling a feed for a reason, or (None) resume it.

        Raises:
            NotFound: There is no such feed.

        """
        ...

    async def failing_feeds(self, limit: int = 100) -> Sequence[Feed]:
        """Return the feeds whose last poll failed or that are paused, those failing longest first."""
        ...

    async def due_feeds(self, now: datetime, limit: int = 100) -> Sequence[Feed]:
        """Return the feeds whose next check has passed and that are not paused, the longest due first."""
        ...

    async def seen(self, feed_id: int) -> frozenset[str]:
        """Return the keys of the entries seen in a feed."""
        ...

    async def record_refresh(self, record: RefreshRecord, now: datetime) -> Mapping[str, int]:
        """Write a refresh in one transaction; return, by article key, the story each stored article went into.

        An article whose key is already seen is left out: writing the same record twice changes nothing. ``now`` is
        read just before the call: a stored article counts as fetched then, so that no edition's window closes
        between the reading of an article and its being stored. An edit keeps the time its article was fetched.
        A story that is gone is replaced by the one it was merged into, else by a new one.

        Raises:
            NotFound: The feed is gone.
            Conflict: The feed's new address belongs to another feed.

        """
        ...


class NewsStore(Protocol):
    """Articles, stories and briefs."""

    async def open_stories(self, since: datetime) -> Sequence[OpenStory]:
        """Return the stories with an article since then, by id."""
        ...

    async def story(self, story_id: int) -> Story:
        """Return one story with its articles; a story merged into another by a manager gives that one.

        Raises:
            NotFound: There is no such story.

        """
        ...

    async def stories(self, since: datetime, until: datetime, feeds: Sequence[int] = ()) -> Sequence[Story]:
        """Return the stories with an article fetched in ``(since, until]``, by id; of those feeds when given."""
        ...

    async def article_by_url(self, url: str) -> Article | None:
        """Return the stored article at an address, or None."""
        ...

    async def vectors(self, article_ids: Sequence[int]) -> Mapping[int, Vector]:
        """Return the stored vectors of articles."""
        ...

    async def move_articles(self, article_ids: Sequence[int], story_id: int | None) -> int:
        """Move articles into a story (None: a new one) and return its id; a manager's decision, which sticks.

        A story left without articles is gone and its number leads to the one they went to. Stories parted so are
        :meth:`kept_apart`.

        Raises:
            NotFound: There is no such article or story.

        """
        ...

    async def kept_apart(self, story_ids: Sequence[int]) -> frozenset[tuple[int, int]]:
        """Return the pairs among these stories, lower id first, that a manager split: they may not be merged again."""
        ...

    async def brief(self, story_id: int, key: str) -> Brief | None:
        """Return the brief of a story made under ``key`` (see :func:`brief_key`), or None.

        Each quotation is cut from its article anew; one that no longer stands is left out and counted as dropped.
        """
        ...

    async def save_brief(self, key: str, brief: Brief) -> None:
        """Keep a brief under its key; saving the same key again replaces it.

        Raises:
            NotFound: The story is gone.

        """
        ...

    async def stale_stories(self, since: datetime, engine: str, length: Length, limit: int = 50) -> Sequence[Story]:
        """Return stories since then without a brief under their present :func:`brief_key`, most outlets first."""
        ...

    async def search(self, words: str, *, since: datetime | None = None, limit: int = 20) -> Sequence[Hit]:
        """Return what matches all the words, newest first, over stories, quotes and people.

        Words between double quotation marks are a phrase. Case and accents make no difference.
        """
        ...


class EditionStore(Protocol):
    """Subscriptions, editions and the outbox."""

    async def save_subscription(self, subscription: Subscription) -> Subscription:
        """Add (``id`` 0) or change a subscription; return it stored.

        A name is unique within a platform's workspace: saving with ``id`` 0 under a name that exists updates the
        earlier one, which keeps its pause, due time and window wherever the new one gives None.

        Raises:
            NotFound: There is no subscription of that id.
            Conflict: Another one of the workspace has that name.

        """
        ...

    async def remove_subscription(self, subscription_id: int) -> None:
        """Forget a subscription.

        Raises:
            NotFound: There is no such subscription.

        """
        ...

    async def subscriptions(self) -> Sequence[Subscription]:
        """Return every subscription, by id."""
        ...

    async def subscription(self, subscription_id: int) -> Subscription:
        """Return one subscription.

        Raises:
            NotFound: There is no such subscription.

        """
        ...

    async def due_subscriptions(self, now: datetime) -> Sequence[Subscription]:
        """Return the subscriptions whose edition time has come and that are not paused, the longest due first."""
        ...

    async def posted_articles(self, channel: Channel) -> Mapping[int, int]:
        """Return, by article id, the story id under which it was posted to a channel in any digest.

        An article at the same address as one that was posted counts as posted.
        """
        ...

    async def publish(
        self,
        edition: Edition,
        *,
        channel: Channel,
        digest: Digest | None,
        messages: Sequence[Message],
        article_ids: Mapping[int, int],
        next_edition_at: datetime | None,
        window_from: datetime,
    ) -> Delivery | None:
        """Write an edition, its outbox row and the subscription's next due time in one transaction.

        ``digest`` is None when there was nothing to say. ``article_ids`` are the articles shown, with their
        story. An edition already written is left as it is, and None is returned; so it is without messages.

        Raises:
            NotFound: The subscription is gone.

        """
        ...

    async def editions(self, subscription_id: int, limit: int = 20) -> Sequence[Digest]:
        """Return a subscription's latest digests, newest first."""
        ...

    async def due_deliveries(self, now: datetime, limit: int = 50) -> Sequence[Delivery]:
        """Return the deliveries to work on, oldest first, at most one a channel: its earliest unsent."""
        ...

    async def digest(self, edition: Edition) -> Digest | None:
        """Return the digest of one edition, or None where there is none."""
        ...

    async def deliveries(self, state: DeliveryState, limit: int = 100) -> Sequence[Delivery]:
        """Return the deliveries in one state, newest first."""
        ...

    async def delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery.

        Raises:
            NotFound: There is no such delivery.

        """
        ...

    async def mark_sending(self, delivery_id: int, part: int, attempt: str, now: datetime) -> None:
        """Write, before the send, that a part is being sent; the same attempt may say so twice.

        Raises:
            NotFound: There is no such part.
            Conflict: The part is already sent or given up, or another attempt took it.

        """
        ...

    async def record_receipt(self, receipt: Receipt) -> None:
        """Write that a part is posted; the delivery is sent when its last part is. The first receipt stays."""
        ...

    async def postpone(self, delivery_id: int, not_before: datetime, error: str) -> None:
        """Put a delivery off and count a try; parts left sending stay so, to be settled first."""
        ...

    async def reset_part(self, delivery_id: int, part: int) -> None:
        """Write that a part in doubt was looked for and never arrived: it is pending again."""
        ...

    async def give_up(self, delivery_id: int, error: str) -> None:
        """Keep the unsent parts as undeliverable with the reason."""
        ...

    async def pause_subscription(self, subscription_id: int, reason: str | None) -> None:
        """Pause a subscription with a reason, or (None) resume it; its configuration is kept."""
        ...


class Store(FeedStore, NewsStore, EditionStore, Protocol):
    """The rows that are the truth."""

    async def status(self, now: datetime) -> Status:
        """Return the counts of what is here."""
        ...

    async def prune(self, retention: Retention, now: datetime) -> Pruned:
        """Remove what has outlived its time.

        Stories go whole, once no article has joined them for that long; what was posted where is remembered for as
        long as seen marks are; unsent deliveries stay.
        """
        ...

    async def forget(self, platform: Platform, workspace: str) -> int:
        """Remove everything of a workspace; return how many subscriptions it had. Feeds belong to no workspace."""
        ...

    async def settle_restored(self, now: datetime) -> None:
        """Make a store restored from a backup safe to run: nothing posted since the backup is posted again.

        Unsent deliveries are given up, windows start at ``now``, and every feed is taken up by a silent baseline.
        """
        ...

    async def integrity(self) -> Sequence[str]:
        """Return what is wrong with the stored rows, one sentence each; empty when all is well."""
        ...

    async def close(self) -> None:
        """Let go of the database; closing twice is harmless."""
        ...


# ── the wake-up call ─────────────────────────────────────────────────────────


class Dispatcher(Protocol):
    """Has the pipeline's due steps run, here or elsewhere; losing a call loses nothing."""

    async def wake(self, step: Literal["refresh", "brief", "publish", "deliver"]) -> None:
        """Ask for one step's due work to be done soon; asking twice is the same as asking once."""
        ...
