"""What one process does of the whole: everything, or one role of several on PostgreSQL."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from digestbot.app.compose import Rooms
from digestbot.app.steps import briefed, work_of
from digestbot.config import Settings
from digestbot.domain.errors import ConfigError
from digestbot.domain.news import Brief, Story
from digestbot.domain.subscription import Length
from digestbot.pipeline.brief import Briefer
from digestbot.ports import brief_key

if TYPE_CHECKING:
    from digestbot.runtime.queue import PostgresTurns, Queue, QueueDispatcher, Workers

Role = Literal["scheduler", "worker", "chat", "web"]
ROLES: tuple[Role, ...] = get_args(Role)
ALL = frozenset(ROLES)
PATIENCE = 20.0
"""Seconds a chat process waits for a worker's brief before it makes the brief itself."""
LOOK_AGAIN = 0.2
"""Seconds between two looks whether the brief is there."""


def roles_of(words: Sequence[str], settings: Settings) -> frozenset[Role]:
    """Return the roles that were asked for (``scheduler,worker``; ``all``, or none, means all).

    Raises:
        ConfigError: One is unknown, or they are fewer than all on a database that one process has for itself.

    """
    named = {name.strip() for word in words for name in word.split(",") if name.strip()}
    if not named or "all" in named:
        return ALL
    if unknown := sorted(named - ALL):
        raise ConfigError([f"--role: “{unknown[0]}” is none; there are all, {', '.join(ROLES)}"])
    if not on_postgresql(settings):
        raise ConfigError(
            ["--role: roles need PostgreSQL, as a SQLite file belongs to one process"],
            hint="set database.url to postgresql://…, or leave --role out",
        )
    return frozenset(role for role in ROLES if role in named)


def on_postgresql(settings: Settings) -> bool:
    """Tell whether work is shared over PostgreSQL."""
    return settings.database.url.startswith("postgres")


async def open_queue(stack: AsyncExitStack, settings: Settings) -> "Queue":
    """Open the queue in the database; it is closed with the stack.

    Raises:
        SchemaTooOld: Its tables are not there yet.
        StoreUnavailable: The database cannot be reached.

    """
    from digestbot.runtime import queue

    await queue.require_queue(settings.database.url)
    opened = queue.open_queue(settings.database.url, stalled_after=settings.workers.stalled_after)
    return await stack.enter_async_context(opened)


def dispatcher_of(queue: "Queue") -> "QueueDispatcher":
    """Return the Dispatcher port on a queue."""
    from digestbot.runtime.queue import QueueDispatcher

    return QueueDispatcher(queue)


def shared_turns(queue: "Queue") -> "PostgresTurns":
    """Return the turns of publishers' hosts that all processes on a queue share."""
    from digestbot.runtime.queue import PostgresTurns

    return PostgresTurns(queue)


def workers_of(rooms: Rooms, queue: "Queue", grace: float) -> "Workers":
    """Return what runs the steps as jobs in this process; ``grace`` is what jobs are given to end, in seconds."""
    from digestbot.runtime.queue import Workers

    async def asked(story_id: int, length: str) -> bool:
        wanted: Length = "short" if length == "short" else "long" if length == "long" else "medium"
        done = await rooms.briefer.run_one(story_id, wanted, interactive=True)
        return done is not None and briefed(done)

    refreshes = rooms.settings.sources.concurrency
    return Workers(queue, work_of(rooms), refreshes=refreshes, asked=asked, grace=grace)


@dataclass(slots=True)
class AskingBriefer(Briefer):
    """Has a story that somebody waits for briefed by a worker; makes the brief itself when none comes.

    ``ask`` writes the wish into the queue, before all batch work.
    """

    ask: Callable[[int, str], Awaitable[bool]] | None = None

    async def make(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Brief:
        """Return a brief of a story: a worker's where one comes in time.

        Raises:
            InferenceError: Not even the extractive engine could serve.

        """
        if interactive and self.ask and story.id and await self._is_whole(story):
            found = await self._from_worker(story, length)
            if found is not None:
                return found
        # Named in full: a dataclass with slots is a new class, which the short form does not know.
        return await Briefer.make(self, story, length, interactive=interactive)

    async def _is_whole(self, story: Story) -> bool:
        """Tell whether the story is as it is stored; an update tells only what is new, which no worker knows."""
        return (await self.store.story(story.id)).sources_hash == story.sources_hash

    async def _from_worker(self, story: Story, length: Length) -> Brief | None:
        if self.ask is None or not await self.ask(story.id, length):
            return None
        key = brief_key(story.sources_hash, self.summarizer.name, length)
        for _ in range(round(PATIENCE / LOOK_AGAIN)):
            if found := await self.store.brief(story.id, key):
                return found
            await asyncio.sleep(LOOK_AGAIN)
        return None


def asking(rooms: Rooms, ask: Callable[[int, str], Awaitable[bool]]) -> Rooms:
    """Return the rooms of a process that answers people and has its briefs made by workers."""
    own = rooms.briefer
    briefer = AskingBriefer(own.store, own.summarizer, own.embedder, own.clock, own.window, ask=ask)
    return replace(rooms, briefer=briefer, publisher=replace(rooms.publisher, briefer=briefer))
