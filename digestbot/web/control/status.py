"""The status page: feeds by health, deliveries, the queue, the model, and what the checks kept back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import get_args

from aiohttp import web

from digestbot.domain.digest import Delivery
from digestbot.domain.news import Feed
from digestbot.ports import Backlog, FeedHealth
from digestbot.telemetry import LAST_SUCCESS, LOOP_LAG
from digestbot.web.control.charts import Chart, Share, bars_over_time, shares
from digestbot.web.desk import DESK, Desk
from digestbot.web.pages import page
from digestbot.web.reading.reasons import DROPS, REASONS, engine_named

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HOURS, DAYS = 48, 14
"""How far back the charts look."""
TALLIED = timedelta(days=7)
STORY_WINDOW = timedelta(hours=72)
FEEDS = 50
"""Feeds a page lists."""
DELIVERIES = 25
STEPS = (("refresh", "Poll feeds"), ("brief", "Brief stories"), ("publish", "Make editions"), ("deliver", "Post"))

HEALTHS: tuple[FeedHealth, ...] = get_args(FeedHealth)
LATE = timedelta(minutes=10)
"""How long after its time a poll counts as late."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """A feed with its health in a word, how late its poll is, and why."""

    feed: Feed
    health: FeedHealth
    lag: timedelta | None
    why: str


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of the pipeline: what is due, since when, and when it last ended well in this process."""

    name: str
    due: int
    oldest: datetime | None
    last: datetime | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers and charts at the top."""

    articles: Chart
    deliveries: Chart
    quotes: Sequence[Share]
    refused: Sequence[Share]
    engines: Sequence[tuple[str, int]]


def routes() -> list[web.RouteDef]:
    """Return the control room's routes."""
    return [web.get("/status", status)]


async def status(request: web.Request) -> web.Response:
    """Answer with how everything is."""
    desk = request.app[DESK]
    now = desk.clock.now()
    counts = await desk.store.feed_healths(now, LATE)
    wanted = next((health for health in HEALTHS if health == request.query.get("health", "")), None)
    begin = _page_number(request.query.get("page", "")) * FEEDS
    backlog = await desk.store.backlog(now, now - STORY_WINDOW)
    return page(
        request,
        "status.html",
        title="Status",
        now=now,
        counts=await desk.store.status(now),
        healths=[(health, counts.get(health, 0)) for health in HEALTHS],
        health=wanted or "",
        feeds=[
            feed_row(feed, health, now)
            for feed, health in await desk.store.feeds_by_health(now, LATE, health=wanted, limit=FEEDS, offset=begin)
        ],
        listed=counts.get(wanted, 0) if wanted else sum(counts.values()),
        begin=begin,
        per_page=FEEDS,
        steps=step_rows(backlog),
        lag=LOOP_LAG._value.get(),  # noqa: SLF001 - the library's way to read a gauge back in tests and here
        engine=desk.engine(),
        figures=await _figures(desk, now),
        undeliverable=await desk.store.deliveries("undeliverable", DELIVERIES),
        waiting=await _unsent(desk),
        subscriptions=await desk.store.subscriptions(),
    )


def _page_number(written: str) -> int:
    return int(written[:6]) if written.isascii() and written.isdecimal() else 0


def feed_row(feed: Feed, health: FeedHealth, now: datetime) -> FeedRow:
    """Return a feed with how late its poll is, and why it is as it is."""
    polling = feed.polling
    lag = now - polling.next_check_at if feed.paused is None and polling.next_check_at < now else None
    reasons = {"paused": feed.paused, "failing": polling.last_error, "new": "it has not been seen yet"}
    return FeedRow(feed, health, lag, reasons.get(health) or polling.why)


def step_rows(backlog: Backlog) -> list[StepRow]:
    """Return the steps of the pipeline with what waits for them."""
    last = {sample.labels["step"]: sample.value for metric in LAST_SUCCESS.collect() for sample in metric.samples}
    rows = []
    for step, name in STEPS:
        due = getattr(backlog, step)
        ended = datetime.fromtimestamp(last[step], tz=UTC) if last.get(step) else None
        rows.append(StepRow(name, due.count, due.oldest, ended))
    return rows


async def _unsent(desk: Desk) -> list[Delivery]:
    return [*await desk.store.deliveries("sending", DELIVERIES), *await desk.store.deliveries("pending", DELIVERIES)]


async def _figures(desk: Desk, now: datetime) -> Figures:
    hour = now.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    stored = await desk.store.articles_by_hour(hour - HOUR * (HOURS - 1))
    owed = await desk.store.deliveries_by_day(day - DAY * (DAYS - 1))
    by_day: dict[datetime, dict[str, int]] = {}
    for at, state, number in owed:
        series = by_day.setdefault(at, {})
        name = "pending" if state == "sending" else state
        series[name] = series.get(name, 0) + number
    tally = await desk.store.tally(now - TALLIED)
    return Figures(
        articles=bars_over_time(
            "Articles read an hour",
            {at: {"articles": number} for at, number in stored},
            ("articles",),
            until=hour,
            slots=HOURS,
            step=HOUR,
            form="%d %B, %H:00",
            noun=("article", "articles"),
        ),
        deliveries=bars_over_time(
            "Deliveries a day",
            by_day,
            ("sent", "pending", "undeliverable"),
            until=day,
            slots=DAYS,
            step=DAY,
            form="%d %B",
            noun=("delivery", "deliveries"),
        ),
        quotes=shares([("shown", tally.quotes), *((DROPS.get(why, why), number) for why, number in tally.dropped)]),
        refused=shares([(REASONS.get(rule, rule), number) for rule, number in tally.refused]),
        engines=[(engine_named(name), number) for name, number in tally.engines],
    )
