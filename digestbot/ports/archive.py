"""The store as its readers need it: past editions, who said what, and how the bot has been doing; writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from digestbot.domain.digest import DeliveryState, Digest
from digestbot.domain.news import Article, Brief, Feed, Quote

FeedHealth = Literal["failing", "paused", "late", "new", "well"]
"""How a feed is, the first that holds: paused (whatever else), failing (its last poll), late (its next poll is long
past), new (not seen yet), well."""


@dataclass(frozen=True, slots=True)
class Saying:
    """A quotation with the article it was cut from and the story that article belongs to."""

    story_id: int
    article: Article
    quote: Quote


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker's name, how many of their quotations are kept, and when the newest was read."""

    name: str
    quotes: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Tally:
    """What briefs made in some time came to.

    ``dropped`` counts, by reason, quotations that are not shown; ``refused``, by rule, sentences of a model that the
    gate kept back; ``engines`` the briefs by what wrote them. Each is sorted, the most frequent first.
    """

    briefs: int = 0
    quotes: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    refused: tuple[tuple[str, int], ...] = ()
    engines: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """How much of one step is due and not done, and since when the longest; ``oldest`` is None when nothing is."""

    count: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is due and not done, by step: feeds to poll, stories to brief, editions to make, deliveries to post."""

    refresh: Due = Due()
    brief: Due = Due()
    publish: Due = Due()
    deliver: Due = Due()


class ArchiveStore(Protocol):
    """What has been, for those who look back."""

    async def archive(
        self,
        *,
        subscription_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
    ) -> Sequence[Digest]:
        """Return digests of editions in ``[since, until)``, newest first; of one subscription or of all."""
        ...

    async def briefs(self, story_id: int) -> Sequence[Brief]:
        """Return every brief that is kept of a story, newest first, each quotation cut anew."""
        ...

    async def said_by(self, name: str, limit: int = 50) -> Sequence[Saying]:
        """Return the quotations of one speaker that briefs show, newest article first, each once."""
        ...

    async def voices(self, since: datetime, limit: int = 50) -> Sequence[Voice]:
        """Return who is quoted in briefs of articles read since then, the most quoted first, then by name."""
        ...

    async def tally(self, since: datetime) -> Tally:
        """Return what the briefs made since then came to."""
        ...

    async def articles_by_hour(self, since: datetime) -> Sequence[tuple[datetime, int]]:
        """Return how many articles were stored in each hour since then that had any, oldest first."""
        ...

    async def deliveries_by_day(self, since: datetime) -> Sequence[tuple[datetime, DeliveryState, int]]:
        """Return how many deliveries of each day's editions (UTC) are in each state, oldest first, then by state."""
        ...

    async def feed_healths(self, now: datetime, late: timedelta) -> Mapping[FeedHealth, int]:
        """Return how many feeds are of each health that any has; a poll counts as late that long after its time."""
        ...

    async def feeds_by_health(
        self,
        now: datetime,
        late: timedelta,
        *,
        health: FeedHealth | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Sequence[tuple[Feed, FeedHealth]]:
        """Return feeds with their health, in the order of :data:`FeedHealth`, then by id; of one health or of all."""
        ...

    async def backlog(self, now: datetime, since: datetime) -> Backlog:
        """Return what is due now; stories count when they have an article since ``since`` and no fresh brief."""
        ...
