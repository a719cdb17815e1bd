"""The digest as a document: cards of blocks of spans, the same for every platform; text is text, never markup."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from digestbot.domain.subscription import Channel, Style

MomentStyle = Literal["time", "date", "datetime", "relative"]
NamedKind = Literal["channel", "person", "role"]
DeliveryState = Literal["pending", "sending", "sent", "undeliverable"]

LONGEST_WAIT = timedelta(days=1)
"""How far a delivery is put off at most, whatever a platform asks for."""


# ── spans ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Text:
    """Plain characters."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Characters that stand out."""

    text: str


@dataclass(frozen=True, slots=True)
class Link:
    """Characters that lead to an http(s) address."""

    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time that each reader sees in their own zone; ``fallback`` serves where that cannot be."""

    at: datetime
    fallback: str
    style: MomentStyle = "datetime"


@dataclass(frozen=True, slots=True)
class Named:
    """A channel, person or role of a platform, by its id there: readers see its name, and nobody is notified."""

    kind: NamedKind
    id: str


Span = Text | Strong | Link | Moment | Named


# ── blocks ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Heading:
    """A line above what follows; level 1 is the digest, 2 a topic, 3 a story."""

    spans: tuple[Span, ...]
    level: int = 3


@dataclass(frozen=True, slots=True)
class Prose:
    """A paragraph; ``quiet`` ones are set small (counts, times)."""

    spans: tuple[Span, ...]
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Quotation:
    """A verbatim quotation on a line of its own.

    ``text`` is exactly ``Quote.text``, without marks around it; ``note`` says who the speaker is and where it
    was said; ``outlet`` who reported it.
    """

    text: str
    speaker: str
    note: str = ""
    outlet: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """The outlets of a story, each linked to its article."""

    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """A button; ``invocation`` is the command line it runs (``sources story=17``)."""

    label: str
    invocation: str


@dataclass(frozen=True, slots=True)
class Actions:
    """A row of buttons."""

    actions: tuple[Action, ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A line between parts."""


Block = Heading | Prose | Quotation | Sources | Actions | Rule


@dataclass(frozen=True, slots=True)
class Card:
    """The unit that is never split between messages: one story, or the digest's head or foot.

    ``story_id`` is None for the head and the foot. ``topic`` groups cards under quiet headings.
    """

    blocks: tuple[Block, ...]
    story_id: int | None = None
    topic: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One digest at one time for one subscription; the pair is its identity."""

    subscription_id: int
    at: datetime
    timezone: str = "UTC"

    @property
    def key(self) -> str:
        """The idempotency key of the publish step."""
        return f"publish:{self.subscription_id}:{self.at.isoformat()}"


@dataclass(frozen=True, slots=True)
class Digest:
    """The document: a head card, one card a story, perhaps a foot."""

    title: str
    edition: Edition
    cards: tuple[Card, ...]
    style: Style = "full"
    mention: str = ""


# ── delivery ─────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Message:
    """One message as a platform takes it: ``payload`` is JSON-able, ``text`` the plain text a notification shows.

    ``story_id`` is the story it carries, if it carries one alone. ``reply`` says that it goes into the thread
    of the delivery's first message.
    """

    payload: dict[str, object]
    text: str
    story_id: int | None = None
    reply: bool = False


@dataclass(frozen=True, slots=True)
class Receipt:
    """The proof that one part of a delivery is posted: the platform's id of the message."""

    delivery_id: int
    part: int
    message_id: str
    posted_at: datetime


@dataclass(frozen=True, slots=True)
class Part:
    """One message of a delivery and how far it has come; ``attempt`` is set before each send."""

    number: int
    message: Message
    state: DeliveryState = "pending"
    attempt: str = ""
    attempted_at: datetime | None = None
    receipt: Receipt | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A digest owed to a channel: the outbox row with its parts in order.

    ``not_before`` is when it may be tried again.
    """

    id: int
    edition: Edition
    channel: Channel
    parts: tuple[Part, ...]
    state: DeliveryState = "pending"
    not_before: datetime | None = None
    tries: int = 0

    def key(self, part: int) -> str:
        """The idempotency key of one part, stable over restarts."""
        return f"deliver:{self.id}:{part}"

    def waits(self, now: datetime) -> bool:
        """Tell whether it is put off; what is put off further than it can be was so by a clock that was ahead."""
        return self.not_before is not None and now < self.not_before <= now + LONGEST_WAIT
