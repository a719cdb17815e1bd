"""The web room put together: what the pages are given, and serving them beside the bot."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from digestbot.app.compose import Rooms
from digestbot.domain.digest import Digest, Message
from digestbot.domain.errors import NotPermitted
from digestbot.domain.subscription import Channel, Platform, Subscription
from digestbot.editorial.quotes import find_quotes
from digestbot.pipeline.publish import Publisher, render_checked
from digestbot.telemetry import logger

if TYPE_CHECKING:
    from digestbot.web.desk import Desk, EngineFacts, Proofs

PATIENCE = 8.0
"""Seconds a reader waits for briefs of a preview; what is not made by then says so, and is made all the same."""

log = logger("web")


@dataclass(frozen=True, slots=True)
class Paper:
    """The ChatAdapter port on paper: renders as the platform would, and posts nothing."""

    platform: Platform
    renderer: Callable[[Digest], Sequence[Message]]
    reader: Callable[[Message], str]

    def render(self, digest: Digest) -> Sequence[Message]:
        """Return the digest as the platform's messages."""
        return self.renderer(digest)

    def visible(self, message: Message) -> str:
        """Return what a reader of the message sees."""
        return self.reader(message)

    async def post(self, channel: Channel, message: Message, key: str, thread: str | None) -> str:  # noqa: ARG002
        """Refuse: a preview is never posted.

        Raises:
            NotPermitted: Always.

        """
        raise NotPermitted(str(channel), "a preview is not posted")

    async def settle(self, channel: Channel, key: str, thread: str | None, since: datetime) -> str | None:  # noqa: ARG002
        """Say that nothing was posted."""
        return None


def papers() -> dict[Platform, Paper]:
    """Return an adapter on paper for each platform."""
    from digestbot.chat.console import ConsoleAdapter
    from digestbot.chat.discord import components
    from digestbot.chat.slack import blocks, visible_text

    console = ConsoleAdapter()
    return {
        "console": Paper("console", console.render, console.visible),
        "slack": Paper("slack", blocks.render, visible_text.visible),
        "discord": Paper("discord", components.render, components.visible),
    }


class Proofing:
    """Makes a subscription's next digest as each platform will show it; the store keeps no trace but cached briefs."""

    def __init__(self, rooms: Rooms) -> None:
        """Take the rooms; the bot's own publisher is left alone."""
        self._papers = papers()
        self._clock = rooms.clock
        self._publisher: Publisher = replace(rooms.publisher, adapters=self._papers)

    async def __call__(self, subscription: Subscription) -> "Proofs":
        """Return the proofs of an edition made now for its next time.

        Raises:
            UserError: The subscription's schedule or filter cannot be used.
            StoreError: The store could not be read.

        """
        from digestbot.web.desk import Proofs

        now = self._clock.now()
        at = max(now, subscription.next_edition_at or now)
        draft = await self._publisher.draft(subscription, at, now, patience=PATIENCE)
        if draft.digest is None:
            return Proofs(None)
        slack, discord = (tuple(render_checked(draft.digest, self._papers[p])[1]) for p in ("slack", "discord"))
        return Proofs(draft.digest, {"slack": slack, "discord": discord})


def desk_of(rooms: Rooms) -> "Desk":
    """Return what the pages are given."""
    from digestbot.web.desk import Desk

    return Desk(
        store=rooms.store,
        clock=rooms.clock,
        proofs=Proofing(rooms),
        quotes=find_quotes,
        engine=lambda: engine_facts(rooms),
        public_url=rooms.settings.web.public_url,
    )


def engine_facts(rooms: Rooms) -> "EngineFacts":
    """Return what the model engine is and does."""
    from digestbot.web.desk import EngineFacts

    engine = rooms.models.engine
    if engine is None:
        return EngineFacts(rooms.models.summarizer.name)
    now = engine.status
    return EngineFacts(
        rooms.models.summarizer.name,
        waiting=now.waiting,
        items=now.items,
        seconds=now.seconds,
        starts=now.starts,
        tokens=now.tokens,
        writing=now.writing,
    )


@asynccontextmanager
async def serve_web(rooms: Rooms) -> AsyncIterator[str]:
    """Serve the pages while the block lasts, where the settings want them; yield their base URL, or an empty one.

    Raises:
        ConfigError: The address is reached from outside and nobody would be asked who they are, or cannot be taken.

    """
    wanted = rooms.settings.web
    if not wanted.enabled:
        yield ""
        return
    from digestbot.sources.websub import Pushes, callback_routes
    from digestbot.web.access import Guard
    from digestbot.web.server import serving

    token = wanted.token.get_secret_value() if wanted.token else ""
    guard = Guard.of(token, wanted.proxy_header, wanted.trusted_proxies)
    pushes = callback_routes(Pushes(rooms.store, rooms.clock)) if rooms.sources.hubs else ()
    async with serving(desk_of(rooms), guard, wanted.host, wanted.port, pushes) as base:
        log.info("serving", url=base, asks="nobody" if guard.is_open else "for a token" if token else "a proxy")
        yield base
