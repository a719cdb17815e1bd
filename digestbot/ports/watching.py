"""What watching feeds leaves behind beside their news: polls, notices, earlier versions, lost quotations, leases."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from digestbot.domain.news import Article, Polling

LeaseState = Literal["asked", "held", "leaving"]


@dataclass(frozen=True, slots=True)
class Poll:
    """A poll that gave nothing new: the feed's state after it; ``notice`` is for people, ``paused`` a reason."""

    feed_id: int
    polling: Polling
    notice: str = ""
    paused: str | None = None


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the people who run the bot; ``sent_at`` is None until they have been told."""

    id: int
    feed_id: int
    text: str
    at: datetime
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LostQuote:
    """A quotation that readers were shown and that its publisher has since taken out of the article."""

    story_id: int
    article_id: int
    text: str
    speaker: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """A subscription at a WebSub hub (W3C Recommendation of 23 January 2018).

    ``token`` ends the callback's address, ``secret`` signs what the hub sends. ``until`` is when the lease ends, None
    until the hub has verified it.
    """

    feed_id: int
    hub: str
    topic: str
    token: str
    secret: str
    asked_at: datetime
    state: LeaseState = "asked"
    until: datetime | None = None


TAKEN = timedelta(minutes=5)
"""How long whoever took a notice has to tell it: longer than a platform takes, however slow."""


class WatchStore(Protocol):
    """What watching feeds writes and asks."""

    async def record_polls(self, polls: Sequence[Poll], now: datetime) -> None:
        """Write polls that gave nothing new, all in one transaction; one of a feed that is gone is left out."""
        ...

    async def articles_of(self, feed_id: int, keys: Sequence[str]) -> Mapping[str, Article]:
        """Return the stored articles of a feed under those keys."""
        ...

    async def versions(self, article_id: int) -> Sequence[Article]:
        """Return the earlier versions of an article that were quoted from, newest first, under the article's id."""
        ...

    async def lost_quotes(self, story_ids: Sequence[int] = (), limit: int = 100) -> Sequence[LostQuote]:
        """Return the quotations shown before that are gone from their articles, newest first; of those stories."""
        ...

    async def notices(self, *, unsent: bool = False, limit: int = 50) -> Sequence[Notice]:
        """Return what people are to be told, newest first; ``unsent``: only what they have not been, oldest first."""
        ...

    async def take_notices(self, now: datetime, limit: int) -> Sequence[Notice]:
        """Return what people have not been told, oldest first, to whoever asks first.

        For ``TAKEN`` nobody else is given it: several processes look for what is to be told.
        """
        ...

    async def notice_sent(self, notice_id: int, now: datetime) -> None:
        """Write that people have been told; the first time stays."""
        ...

    async def leases(self) -> Sequence[Lease]:
        """Return every lease at a hub, by feed."""
        ...

    async def save_lease(self, lease: Lease) -> None:
        """Keep a feed's lease in place of the one it had.

        Raises:
            NotFound: The feed is gone.

        """
        ...

    async def remove_lease(self, feed_id: int) -> None:
        """Forget a feed's lease; forgetting twice is harmless."""
        ...

    async def make_due(self, feed_id: int, now: datetime) -> None:
        """Make a feed due at ``now`` if it is due later; a feed that is gone stays gone."""
        ...

    async def end_waits(self, now: datetime, beyond: datetime) -> int:
        """Make due at ``now`` every feed that waits until after ``beyond`` because a clock was ahead; return how many.

        A clock was ahead when the feed was last asked at a time to come, or never. A failure that begins in a time to
        come begins now. A paused feed waits for nobody; its wait is ended once it goes on.
        """
        ...
