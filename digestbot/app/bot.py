"""The bot itself: scheduler, pipeline and every enabled adapter, or some of them, until it is told to stop."""

import asyncio
import signal
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from digestbot.app.chat import listening
from digestbot.app.compose import Rooms, open_rooms, read_settings, retention_of
from digestbot.app.enrol import enrol
from digestbot.app.housekeeping import tend
from digestbot.app.observability import observing
from digestbot.app.roles import (
    Role,
    asking,
    dispatcher_of,
    on_postgresql,
    open_queue,
    roles_of,
    shared_turns,
    workers_of,
)
from digestbot.app.slack import is_wanted
from digestbot.app.steps import steps_of
from digestbot.app.web import serve_web
from digestbot.config import Settings
from digestbot.domain.errors import ConfigError
from digestbot.runtime.dispatch import InProcessDispatcher, StepName, run_step
from digestbot.runtime.garbage import startup_frozen
from digestbot.runtime.scheduler import Scheduler
from digestbot.telemetry import logger

if TYPE_CHECKING:
    from digestbot.runtime.queue import Queue

UPKEEP = 6 * 3600.0
"""Seconds between two clean-ups of the store."""
FIRST_UPKEEP = 600.0
"""Seconds before the first one: what is due at the start goes first."""
GRACE = 3.0
"""Seconds that work under way is given to end when the bot is told to stop."""

log = logger("bot")


async def run_bot(config: Path | None, stop: asyncio.Event | None = None, *, roles: Sequence[str] = ()) -> None:
    """Run the bot, or on PostgreSQL some of its roles, until Ctrl-C, SIGTERM or ``stop``.

    What is under way is ended within a few seconds.

    Raises:
        ConfigError: The settings or the roles cannot be used.
        StoreError: The database cannot be opened.

    """
    settings = read_settings(config)
    mine = roles_of(roles, settings)
    if mine & {"worker", "chat"}:
        _require_tokens(settings, config)
    stop = stop or asyncio.Event()
    async with AsyncExitStack() as stack:
        queue = await open_queue(stack, settings) if on_postgresql(settings) else None
        turns = shared_turns(queue) if queue else None
        rooms = await stack.enter_async_context(open_rooms(settings, turns=turns))
        if "scheduler" in mine:
            await enrol(settings, rooms.store, rooms.clock.now())
        stack.enter_context(_signals(stop))
        if "chat" in mine:
            here = rooms if queue is None or "worker" in mine else asking(rooms, dispatcher_of(queue).ask_for_brief)
            await stack.enter_async_context(listening(here))
        await stack.enter_async_context(observing(settings))
        if "web" in mine:
            await stack.enter_async_context(serve_web(rooms))
        stack.enter_context(startup_frozen())
        await _serve(rooms, stop, mine, queue)


def _require_tokens(settings: Settings, config: Path | None) -> None:
    """Refuse to run where a subscription names a platform that has no token: its readers would wait in vain.

    Raises:
        ConfigError: With every such subscription.

    """
    tokens = {"console": True, "slack": is_wanted(settings.slack), "discord": settings.discord.token}
    variables = {"slack": "DIGESTBOT_SLACK__BOT_TOKEN", "discord": "DIGESTBOT_DISCORD__TOKEN"}
    faults = [
        f"{config or 'settings'}: subscriptions.{number}.channel: “{wanted.name}” needs {variables[wanted.platform]}"
        for number, wanted in enumerate(settings.subscriptions)
        if not tokens[wanted.platform]
    ]
    if faults:
        raise ConfigError(faults, hint="set the token in the environment, or change the channel")


async def _serve(rooms: Rooms, stop: asyncio.Event, roles: frozenset[Role], queue: "Queue | None") -> None:
    """Tick and work as the roles say until told to stop, then let what is under way end."""
    # Before anything is begun, which an error here would break off.
    facts = await _facts(rooms)
    engine = _Alone(rooms) if queue is None else _Shared(rooms, queue, works="worker" in roles)
    tasks = [asyncio.create_task(stop.wait(), name="stop"), *engine.start()]
    scheduler = Scheduler(engine.dispatcher)
    beside = [asyncio.create_task(tend(rooms), name="tending")] if "worker" in roles else []
    if "scheduler" in roles:
        beside.append(asyncio.create_task(_upkeep(rooms), name="upkeep"))
        await scheduler.start()
    log.info("running", roles=sorted(roles), **facts)
    if not (facts["feeds"] or facts["subscriptions"]):
        log.warning("there is nothing to do yet: name a settings file with --config, or add feeds and digests in chat")
    try:
        ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        scheduler.stop()
        await engine.drain()
        for task in (*tasks, *beside):
            task.cancel()
        await asyncio.gather(*tasks, *beside, return_exceptions=True)
        log.info("stopped")
    for task in ended:
        # An engine that broke down must not look like a bot that was told to stop: who supervises it starts it anew.
        task.result()


async def _facts(rooms: Rooms) -> dict[str, int | str]:
    """Return what there is, for the log's first line."""
    subscriptions, counts = await rooms.store.subscriptions(), await rooms.store.status(rooms.clock.now())
    facts: dict[str, int | str] = {"subscriptions": len(subscriptions), "feeds": counts.feeds}
    coming = min((s.next_edition_at for s in subscriptions if s.next_edition_at and not s.paused), default=None)
    return facts | ({"next_edition": coming.isoformat(timespec="minutes")} if coming else {})


class _Alone:
    """All work in this process."""

    def __init__(self, rooms: Rooms) -> None:
        overlapping: tuple[StepName, ...] = ("deliver", "refresh")
        self.dispatcher = InProcessDispatcher(steps_of(rooms), overlapping=overlapping)

    def start(self) -> "list[asyncio.Task[None]]":
        """Begin to work."""
        return [asyncio.create_task(self.dispatcher.run(), name="dispatcher")]

    async def drain(self) -> None:
        """Begin nothing new, and let what is under way end."""
        await self.dispatcher.drain(GRACE)


class _Shared:
    """Work over the queue; this process does some of it where it ``works``."""

    def __init__(self, rooms: Rooms, queue: "Queue", *, works: bool) -> None:
        self.dispatcher = dispatcher_of(queue)
        self._workers = workers_of(rooms, queue, GRACE) if works else None

    def start(self) -> "list[asyncio.Task[None]]":
        """Begin to work; the workers end what is under way when they are cancelled."""
        return [asyncio.create_task(self._workers.run(), name="workers")] if self._workers else []

    async def drain(self) -> None:
        """Nothing: see :meth:`start`."""


async def _upkeep(rooms: Rooms) -> None:
    """Clean up now and then."""
    # Soon after the start, too: a bot that is started every morning would never come to it.
    wait = FIRST_UPKEEP
    while True:
        await rooms.clock.sleep(wait)
        await run_step("upkeep", partial(clean_up, rooms))
        wait = UPKEEP


async def clean_up(rooms: Rooms) -> bool:
    """Remove what has outlived its time; what was posted where is remembered much longer."""
    removed = await rooms.store.prune(retention_of(rooms.settings), rooms.clock.now())
    if removed.doubted:
        told = "the clock is ahead, or nothing ran for long; nothing is taken for older by that time"
        log.warning(told, days=removed.doubted.days)
    log.info("upkeep", articles=removed.articles, briefs=removed.briefs, deliveries=removed.deliveries)
    return True


@contextmanager
def _signals(stop: asyncio.Event) -> Iterator[None]:
    """Turn SIGINT and SIGTERM into ``stop``; a second one interrupts as usual."""
    loop = asyncio.get_running_loop()

    def once(number: signal.Signals) -> None:
        stop.set()
        loop.remove_signal_handler(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, once, number)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
