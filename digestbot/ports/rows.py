"""What goes into the store and comes out of it beside the domain's own things."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from digestbot.domain.news import Article, Polling
from digestbot.domain.subscription import Length
from digestbot.ports.world import Vector


@dataclass(frozen=True, slots=True)
class NewArticle:
    """An article to store with its seen mark, its vector and the story it joins (None: it starts one).

    A negative ``story_id`` starts a story too: articles written together that have the same negative number share it.
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
    """All that one refresh changes; kept whole or not at all.

    ``seen`` are the entry keys of the feed to mark as seen, new articles' among them; naming those already seen
    keeps their marks young. ``edits`` are found by id, or by feed and key where the id is 0. ``notice`` is a sentence
    for the people who run the bot, or empty.
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
    notice: str = ""


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
    when the article it stands in was fetched, ``outlet`` and ``url`` are that article's. ``excerpt`` is, for a
    headline, the stretch of its article that has what was looked for, or empty where the headline alone has it; it is
    no part of what the hit is.
    """

    story_id: int
    kind: SearchKind
    text: str
    at: datetime
    speaker: str = ""
    excerpt: str = field(default="", compare=False)
    outlet: str = ""
    url: str = ""


def brief_key(sources_hash: str, engine: str, length: Length) -> str:
    """Return the key a brief is kept under: what it was made from, by what, how long."""
    return f"{sources_hash}:{engine}:{length}"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long rows are kept after they were last of use; ``audit`` is for the audit log and closed reports.

    Seen marks outlive articles: whatever ``seen`` says, a mark is kept for 90 days, for as long as articles are,
    and while it is among the newest of its feed, twice as many as the feed has ever held. ``held`` is for what waits
    for a yes, snoozes that are over, and the ids of invocations.
    """

    articles: timedelta = timedelta(days=90)
    briefs: timedelta = timedelta(days=30)
    receipts: timedelta = timedelta(days=90)
    seen: timedelta = timedelta(days=180)
    audit: timedelta = timedelta(days=365)
    held: timedelta = timedelta(days=1)

    @property
    def marks(self) -> timedelta:
        """How long seen marks, and what was posted where, are kept at least."""
        return max(self.seen, self.articles, timedelta(days=90))

    @property
    def longest(self) -> timedelta:
        """The longest of all."""
        return max(self.marks, self.briefs, self.receipts, self.audit, self.held)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each kind a clean-up removed; ``doubted`` is how far the clock had leapt since the last one."""

    articles: int = 0
    stories: int = 0
    briefs: int = 0
    deliveries: int = 0
    seen: int = 0
    doubted: timedelta = timedelta(0)
