"""The pipeline's steps as the engines run them, in one process or as jobs; what they come to is logged and counted."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from digestbot.app.compose import Rooms
from digestbot.domain.errors import Defect, DigestbotError
from digestbot.domain.subscription import Length
from digestbot.pipeline.brief import Briefed
from digestbot.pipeline.deliver import Delivered
from digestbot.pipeline.publish import Published
from digestbot.pipeline.refresh import Refreshed
from digestbot.runtime.dispatch import Step, StepName
from digestbot.runtime.work import Job, Work
from digestbot.telemetry import (
    ARTICLES,
    BRIEFS,
    DROPPED,
    EDITIONS,
    GATE,
    LAST_SUCCESS,
    MESSAGES,
    QUOTES,
    REFRESHES,
    bound,
    logger,
)

FEEDS_A_ROUND = 500
"""How many feeds one round refreshes."""
FEEDS_A_LOOK, STORIES_A_LOOK, DELIVERIES_A_LOOK = 1000, 100, 500
"""How many things of a step one look turns into jobs."""
BATCH_LENGTH: Length = "medium"
"""The length in which stories are briefed before anybody asks."""

log = logger("bot")


# ── in one process ───────────────────────────────────────────────────────────


def steps_of(rooms: Rooms) -> dict[StepName, Step]:
    """Return the four steps, each doing all that is due."""

    async def refresh() -> bool:
        stored, full = 0, True
        # After a long stop thousands are due: the next round follows at once, not at the next tick.
        while full:
            done = await rooms.refresher.run_due(FEEDS_A_ROUND)
            stored += sum(refreshed(one) for one in done)
            full = len(done) == FEEDS_A_ROUND
        return stored > 0

    async def brief() -> bool:
        return sum(briefed(one) for one in await rooms.briefer.run_due()) > 0

    async def publish() -> bool:
        return sum(published(one) for one in await rooms.publisher.run_due()) > 0

    async def deliver() -> bool:
        return sum(delivered(one) for one in await rooms.deliverer.run_due()) > 0

    return {"refresh": refresh, "brief": brief, "publish": publish, "deliver": deliver}


# ── as jobs ──────────────────────────────────────────────────────────────────


def work_of(rooms: Rooms) -> dict[StepName, Work]:
    """Return the four steps, each finding what is due and doing one of it.

    A host has one of its feeds refreshed at a time, and a channel one of its editions made and one of its deliveries
    sent: two editions made at once would both tell it the same story.
    """
    store, clock = rooms.store, rooms.clock

    async def due_feeds() -> Sequence[Job]:
        found = await store.due_feeds(clock.now(), FEEDS_A_LOOK)
        return [Job(feed.id, f"host:{urlsplit(feed.url).hostname}") for feed in found]

    async def stale_stories() -> Sequence[Job]:
        since = clock.now() - rooms.briefer.window
        engine = rooms.models.summarizer.name
        found = await store.stale_stories(since, engine, BATCH_LENGTH, STORIES_A_LOOK)
        return [Job(story.id, f"story:{story.id}") for story in found]

    async def due_subscriptions() -> Sequence[Job]:
        found = await rooms.publisher.due()
        return [Job(s.id, f"editions:{s.channel.workspace}:{s.channel}") for s in found]

    async def due_deliveries() -> Sequence[Job]:
        found = await store.due_deliveries(clock.now(), DELIVERIES_A_LOOK, platforms=tuple(rooms.adapters))
        return [Job(d.id, f"channel:{d.channel.workspace}:{d.channel}") for d in found]

    async def refresh(number: int) -> bool:
        done = await rooms.refresher.run_one(number)
        return done is not None and refreshed(done)

    async def brief(number: int) -> bool:
        done = await rooms.briefer.run_one(number, BATCH_LENGTH)
        return done is not None and briefed(done)

    async def publish(number: int) -> bool:
        done = await rooms.publisher.run_one(number)
        return done is not None and published(done)

    async def deliver(number: int) -> bool:
        done = await rooms.deliverer.run_one(number)
        return done is not None and delivered(done)

    return {
        "refresh": Work(due_feeds, refresh),
        "brief": Work(stale_stories, brief),
        "publish": Work(due_subscriptions, publish),
        "deliver": Work(due_deliveries, deliver),
    }


# ── what they came to; True when the steps after should look ─────────────────


def refreshed(done: Refreshed) -> bool:
    """Log and count a refresh."""
    REFRESHES.labels(outcome=done.outcome).inc()
    ARTICLES.inc(done.stored)
    _well("refresh", done.error)
    with bound(feed=done.feed_id):
        if done.error:
            log.warning("feed failed", url=done.url, **_about(done.error))
        elif done.outcome != "unchanged":
            log.info("feed refreshed", url=done.url, outcome=done.outcome, articles=done.stored)
        for error in done.unread:
            log.info("page not read; the feed's own text stands in", code=error.code, error=str(error))
    return done.stored > 0


def briefed(done: Briefed) -> bool:
    """Log and count a brief."""
    BRIEFS.labels(engine=done.engine.partition(":")[0]).inc()
    for reason, count in done.dropped:
        DROPPED.labels(reason=reason).inc(count)
    for rule in done.refused:
        GATE.labels(rule=rule).inc()
    QUOTES.inc(done.quotes)
    _well("brief", done.error)
    with bound(story=done.story_id):
        if done.error:
            told = log.error if isinstance(done.error, Defect) else log.debug
            told("story not briefed", **_about(done.error))
        else:
            log.debug("story briefed", engine=done.engine, quotes=done.quotes)
    return done.error is None


def published(done: Published) -> bool:
    """Log and count an edition."""
    EDITIONS.labels(outcome=done.outcome).inc()
    _well("publish", done.error)
    for reason, count in done.dropped:
        DROPPED.labels(reason=reason).inc(count)
    log.info(
        "edition",
        subscription=done.subscription_id,
        outcome=done.outcome,
        due=_stamp(done.at),
        stories=done.stories,
    )
    if done.error:
        log.warning("edition not made", subscription=done.subscription_id, **_about(done.error))
    for fault in done.faults:
        log.error("a story is left out of an edition", subscription=done.subscription_id, **_about(fault))
    if done.untold:
        log.warning("nobody was told that a digest is paused", digest=done.subscription_id, error=str(done.untold))
    return done.outcome == "published"


def delivered(done: Delivered) -> bool:
    """Log and count a delivery."""
    MESSAGES.labels(platform=done.channel.partition(":")[0], outcome=done.outcome).inc(max(1, done.posted))
    _well("deliver", done.error)
    with bound(delivery=done.delivery_id):
        if done.error:
            log.warning(
                "delivery stopped",
                outcome=done.outcome,
                channel=done.channel,
                **_about(done.error),
            )
        else:
            log.info("delivered", channel=done.channel, messages=done.posted)
        if done.untold:
            log.warning("nobody was told that a digest is paused", channel=done.channel, error=str(done.untold))
    return True


def _about(error: DigestbotError) -> dict[str, Any]:
    """Return what the log says of an error; a fault of ours has its traceback."""
    return {"code": error.code, "error": str(error)} | ({"exc_info": error} if isinstance(error, Defect) else {})


def _well(step: StepName, error: DigestbotError | None) -> None:
    """Write down when a step last ended without a fault."""
    if error is None:
        LAST_SUCCESS.labels(step=step).set_to_current_time()


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
