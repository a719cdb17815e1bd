"""What the core needs of clocks, publishers, models, chat platforms and the dispatcher."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from digestbot.domain.digest import Digest, Message
from digestbot.domain.news import Article, Entry, Feed, ParsedFeed, Polling, Story, Summary
from digestbot.domain.subscription import Channel, Length, Platform

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
    ``partial`` says that entries which did not change since the poll before were left out: a known one was edited.
    """

    polling: Polling
    parsed: ParsedFeed | None = None
    moved_to: str | None = None
    bytes_read: int = 0
    outcome: Literal["items", "not_modified", "same_body", "same_items"] = "items"
    partial: bool = False


class FeedSource(Protocol):
    """Polls feeds politely: validators, back-off and the next check are its business."""

    async def fetch(self, feed: Feed, now: datetime) -> Fetched:
        """Poll one feed.

        Once a feed has its baseline, entries that did not change since the poll that ``feed.polling`` tells of may be
        left out of ``parsed``. At the first sight of a feed that wants no backfill, entries may come without their
        texts: they are only marked as seen.

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

    async def embed(self, texts: Sequence[str], *, interactive: bool = False) -> Vectors:
        """Return one unit vector a text, shape (len(texts), 384); ``interactive`` goes before batch work.

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


@runtime_checkable
class Correcting(Protocol):
    """An adapter that can change what it has posted."""

    async def correct(self, channel: Channel, message_id: str, message: Message, thread: str | None) -> None:
        """Put ``message`` in the place of the one posted as ``message_id``; doing so twice is the same as once.

        ``message`` comes from :meth:`ChatAdapter.render` and says visibly that it is a correction. ``thread`` is the id
        of the delivery's first message where the posted one stands in its thread, as for :meth:`ChatAdapter.post`.
        Nobody is notified.

        Raises:
            DeliveryError: It was not changed; ChannelGone where the message is no longer there.

        """
        ...


@runtime_checkable
class Examining(Protocol):
    """An adapter that can look at its own platform: token, scopes, intents, what it may do in each channel."""

    async def examine(self, channels: Sequence[Channel]) -> Sequence[tuple[str, bool, str, str]]:
        """Return findings as (name, well, what was seen, what to do), one for each thing that is missing.

        ``name`` is "slack" or "discord" for the token, scopes and intents, else the channel's id.
        """
        ...


# ── the wake-up call ─────────────────────────────────────────────────────────


class Dispatcher(Protocol):
    """Has the pipeline's due steps run, here or elsewhere; losing a call loses nothing."""

    async def wake(self, step: Literal["refresh", "brief", "publish", "deliver"]) -> None:
        """Ask for one step's due work to be done soon; asking twice is the same as asking once."""
        ...
