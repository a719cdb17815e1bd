"""The bot itself: scheduler, pipeline and every enabled adapter in one process, until it is told to stop."""

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from digestbot.app.chatting import listening
from digestbot.app.compose import Rooms, open_rooms, read_settings
from digestbot.app.enrol import enrol
from digestbot.config import Settings
from digestbot.domain.errors import ConfigError, StoreError
from digestbot.ports import Retention
from digestbot.runtime.dispatch import InProcessDispatcher, Step, StepName
from digestbot.runtime.scheduler import Scheduler
from digestbot.telemetry import ARTICLES, BRIEFS, DROPPED, EDITIONS, MESSAGES, REFRESHES, bound, logger

UPKEEP = 6 * 3600.0
"""Seconds between two clean-ups of the store."""
GRACE = 3.0
"""Seconds that work under way is given to end when the bot is told to stop."""

log = logger("bot")


async def run_bot(config: Path | None, stop: asyncio.Event | None = None) -> None:
    """Run the bot until Ctrl-C, SIGTERM or ``stop``; what is under way is ended within a few seconds.

    Raises:
        ConfigError: The settings cannot be used.
        StoreError: The database cannot be opened.

    """
    settings = read_settings(config)
    _require_tokens(settings, config)
    stop = stop or asyncio.Event()
    async with open_rooms(settings) as rooms:
        await enrol(settings, rooms.store, rooms.clock.now())
        with _signals(stop):
            async with listening(rooms):
                await _serve(rooms, stop)


def _require_tokens(settings: Settings, config: Path | None) -> None:
    """Refuse to run where a subscription names a platform that has no token: its readers would wait in vain.

    Raises:
        ConfigError: With every such subscription.

    """
    tokens = {"console": True, "slack": settings.slack.bot_token, "discord": settings.discord.token}
    variables = {"slack": "DIGESTBOT_SLACK__BOT_TOKEN", "discord": "DIGESTBOT_DISCORD__TOKEN"}
    faults = [
        f"{config or 'settings'}: subscriptions.{number}.channel: “{wanted.name}” needs {variables[wanted.platform]}"
        for number, wanted in enumerate(settings.subscriptions)
        if not tokens[wanted.platform]
    ]
    if faults:
        raise ConfigError(faults, hint="set the token in the environment, or change the channel")


async def _serve(rooms: Rooms, stop: asyncio.Event) -> None:
    """Tick and work until told to stop, then let what is under way end."""
    dispatcher = InProcessDispatcher(steps_of(rooms))
    scheduler = Scheduler(dispatcher)
    worker = asyncio.create_task(dispatcher.run(), name="dispatcher")
    stopping = asyncio.create_task(stop.wait(), name="stop")
    upkeep = asyncio.create_task(_upkeep(rooms), name="upkeep")
    await scheduler.start()
    log.info("running", subscriptions=len(await rooms.store.subscriptions()), feeds=len(await rooms.store.feeds()))
    try:
        await asyncio.wait({worker, stopping}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        scheduler.stop()
        stopping.cancel()
        upkeep.cancel()
        await dispatcher.drain(GRACE)
        worker.cancel()
        await asyncio.gather(worker, stopping, upkeep, return_exceptions=True)
        log.info("stopped")


async def _upkeep(rooms: Rooms) -> None:
    """Remove, now and then, what has outlived its time; what was posted where is remembered much longer."""
    while True:
        await rooms.clock.sleep(UPKEEP)
        try:
            removed = await rooms.store.prune(Retention(), rooms.clock.now())
        except StoreError as error:
            log.warning("upkeep failed", code=error.code, error=str(error))
        else:
            log.info("upkeep", articles=removed.articles, briefs=removed.briefs, deliveries=removed.deliveries)


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


# ── steps, with their outcomes logged and counted ────────────────────────────


def steps_of(rooms: Rooms) -> dict[StepName, Step]:
    """Return the four steps as the dispatcher runs them."""
    return {
        "refresh": lambda: _refresh(rooms),
        "brief": lambda: _brief(rooms),
        "publish": lambda: _publish(rooms),
        "deliver": lambda: _deliver(rooms),
    }


async def _refresh(rooms: Rooms) -> bool:
    done = await rooms.refresher.run_due()
    for refreshed in done:
        REFRESHES.labels(outcome=refreshed.outcome).inc()
        ARTICLES.inc(refreshed.stored)
        with bound(feed=refreshed.feed_id):
            if refreshed.error:
                log.warning("feed failed", url=refreshed.url, code=refreshed.error.code, error=str(refreshed.error))
            elif refreshed.outcome != "unchanged":
                log.info("feed refreshed", url=refreshed.url, outcome=refreshed.outcome, articles=refreshed.stored)
            for error in refreshed.unread:
                log.info("page not read; the feed's own text stands in", code=error.code, error=str(error))
    return any(refreshed.stored for refreshed in done)


async def _brief(rooms: Rooms) -> bool:
    done = await rooms.briefer.run_due()
    for briefed in done:
        BRIEFS.labels(engine=briefed.engine.partition(":")[0]).inc()
        for reason, count in briefed.dropped:
            DROPPED.labels(reason=reason).inc(count)
        with bound(story=briefed.story_id):
            if briefed.error:
                log.debug("story not briefed", code=briefed.error.code, error=str(briefed.error))
            else:
                log.debug("story briefed", engine=briefed.engine, quotes=briefed.quotes)
    return any(briefed.error is None for briefed in done)


async def _publish(rooms: Rooms) -> bool:
    done = await rooms.publisher.run_due()
    for published in done:
        EDITIONS.labels(outcome=published.outcome).inc()
        for reason, count in published.dropped:
            DROPPED.labels(reason=reason).inc(count)
        log.info(
            "edition",
            subscription=published.subscription_id,
            outcome=published.outcome,
            due=_stamp(published.at),
            stories=published.stories,
        )
    return any(published.outcome == "published" for published in done)


async def _deliver(rooms: Rooms) -> bool:
    done = await rooms.deliverer.run_due()
    for delivered in done:
        MESSAGES.labels(platform=delivered.channel.partition(":")[0], outcome=delivered.outcome).inc(
            max(1, delivered.posted)
        )
        with bound(delivery=delivered.delivery_id):
            if delivered.error:
                log.warning(
                    "delivery stopped",
                    outcome=delivered.outcome,
                    channel=delivered.channel,
                    code=delivered.error.code,
                    error=str(delivered.error),
                )
            else:
                log.info("delivered", channel=delivered.channel, messages=delivered.posted)
    return bool(done)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
