"""What the web room is given to work with; plain values and functions, so that it knows no other room."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from aiohttp import web

from digestbot.domain.digest import Digest, Message
from digestbot.domain.news import Article, Quote
from digestbot.domain.subscription import Subscription
from digestbot.ports import Clock, Store

Screen = Literal["slack", "discord"]


@dataclass(frozen=True, slots=True)
class EngineFacts:
    """What the model engine is and does: its name, requests waiting, texts done, seconds spent on them.

    ``tokens`` are those that a writing model wrote, in ``writing`` seconds.
    """

    name: str
    waiting: int = 0
    items: int = 0
    seconds: float = 0.0
    starts: int = 0
    tokens: int = 0
    writing: float = 0.0


@dataclass(frozen=True, slots=True)
class Proofs:
    """A digest as each platform will show it; ``digest`` is None when there is nothing to say."""

    digest: Digest | None
    screens: Mapping[Screen, Sequence[Message]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything the pages need.

    Attributes:
        store: What is read; nothing is written by any page.
        clock: Tells the time.
        proofs: Makes a subscription's next digest as each platform will show it, and marks nothing as sent.
        quotes: Finds every quotation of an article; pure computing, run in a thread.
        engine: Tells how the model engine is.
        public_url: Where readers find the pages, for links in feeds; empty: where the request came to.
    """

    store: Store
    clock: Clock
    proofs: Callable[[Subscription], Awaitable[Proofs]]
    quotes: Callable[[Article], Sequence[Quote]]
    engine: Callable[[], EngineFacts]
    public_url: str = ""


DESK: web.AppKey[Desk] = web.AppKey("desk", Desk)
