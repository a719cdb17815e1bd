"""``/healthz`` (the process answers), ``/readyz`` (the database answers too) and ``/metrics`` (Prometheus)."""

import asyncio
from datetime import datetime, timedelta

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from digestbot.domain.errors import StoreError
from digestbot.telemetry import REGISTRY
from digestbot.telemetry.metrics import (
    DELIVERIES,
    DUE,
    ENGINE_ITEMS,
    ENGINE_SECONDS,
    ENGINE_STARTS,
    ENGINE_TOKENS,
    ENGINE_WAITING,
    ENGINE_WRITING,
    FEEDS,
    OLDEST_DUE,
    STORED,
)
from digestbot.web.desk import DESK, Desk

PATIENCE = 2.0
"""Seconds that the database may take to answer before this process counts as not ready."""
STORY_WINDOW = timedelta(hours=72)
NEVER_KEPT = {"Cache-Control": "no-store"}


def routes() -> list[web.RouteDef]:
    """Return the routes for machines."""
    return [web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)]


async def healthz(_request: web.Request) -> web.Response:
    """Say that this process answers."""
    return web.Response(text="ok\n", headers=NEVER_KEPT)


async def readyz(request: web.Request) -> web.Response:
    """Say whether the database answers, in time."""
    desk = request.app[DESK]
    try:
        async with asyncio.timeout(PATIENCE):
            await desk.store.status(desk.clock.now())
    except (StoreError, TimeoutError):
        return web.Response(status=503, text="the database does not answer\n", headers=NEVER_KEPT)
    return web.Response(text="ready\n", headers=NEVER_KEPT)


async def metrics(request: web.Request) -> web.Response:
    """Answer with every metric; what stands in the database is asked for now."""
    desk = request.app[DESK]
    await _measure(desk, desk.clock.now())
    body = await asyncio.to_thread(generate_latest, REGISTRY)
    return web.Response(body=body, headers={**NEVER_KEPT, "Content-Type": CONTENT_TYPE_LATEST})


async def _measure(desk: Desk, now: datetime) -> None:
    """Write what the database and the engine say into the gauges."""
    counts = await desk.store.status(now)
    FEEDS.labels(health="failing").set(counts.failing)
    FEEDS.labels(health="paused").set(counts.paused)
    FEEDS.labels(health="well").set(max(0, counts.feeds - counts.failing - counts.paused))
    for kind in ("articles", "stories", "briefs", "subscriptions"):
        STORED.labels(kind=kind).set(getattr(counts, kind))
    DELIVERIES.labels(state="pending").set(counts.deliveries_pending)
    DELIVERIES.labels(state="sent").set(counts.deliveries_sent)
    DELIVERIES.labels(state="undeliverable").set(counts.undeliverable)
    backlog = await desk.store.backlog(now, now - STORY_WINDOW)
    for step in ("refresh", "brief", "publish", "deliver"):
        due = getattr(backlog, step)
        DUE.labels(step=step).set(due.count)
        OLDEST_DUE.labels(step=step).set((now - due.oldest).total_seconds() if due.oldest else 0)
    engine = desk.engine()
    ENGINE_WAITING.set(engine.waiting)
    ENGINE_ITEMS.set(engine.items)
    ENGINE_SECONDS.set(engine.seconds)
    ENGINE_STARTS.set(engine.starts)
    ENGINE_TOKENS.set(engine.tokens)
    ENGINE_WRITING.set(engine.writing)
