"""Numbers: every metric of digestbot in one private Prometheus registry, each with its meaning; knows no adapter.

What happened in this process is counted here as it happens. What stands in the database is asked for when somebody
scrapes, and written into the gauges then: so each process that serves ``/metrics`` tells the same of it.
"""

import asyncio
from collections import deque
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics import MetricWrapperBase

REGISTRY = CollectorRegistry()
"""Every metric of digestbot, and none of anybody else."""
TICK = 0.5
"""Seconds between two looks at how late the event loop is."""

# When each counter was made tells nothing that the process's start does not.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the library says nothing of it

# ── counted as it happens, since this process began ──────────────────────────

REFRESHES = Counter("digestbot_refreshes", "Feed polls by outcome.", ["outcome"], registry=REGISTRY)
ARTICLES = Counter("digestbot_articles", "Articles stored.", registry=REGISTRY)
BRIEFS = Counter("digestbot_briefs", "Briefs made, by engine.", ["engine"], registry=REGISTRY)
QUOTES = Counter("digestbot_quotes", "Key quotes that briefs show.", registry=REGISTRY)
DROPPED = Counter(
    "digestbot_dropped", "Quotes and sentences a check removed, by reason.", ["reason"], registry=REGISTRY
)
GATE = Counter(
    "digestbot_gate_refusals",
    "Sentences of a model that the grounding gate refused, by rule.",
    ["rule"],
    registry=REGISTRY,
)
EDITIONS = Counter("digestbot_editions", "Editions by outcome.", ["outcome"], registry=REGISTRY)
MESSAGES = Counter(
    "digestbot_messages", "Messages by platform and outcome.", ["platform", "outcome"], registry=REGISTRY
)
STEP_SECONDS = Histogram("digestbot_step_seconds", "Seconds a pipeline step took.", ["step"], registry=REGISTRY)
REQUESTS = Histogram(
    "digestbot_web_request_seconds",
    "Seconds a page took, by route, method and status.",
    ["route", "method", "status"],
    registry=REGISTRY,
)

# ── how this process is ──────────────────────────────────────────────────────

LAST_SUCCESS = Gauge(
    "digestbot_last_success_timestamp_seconds",
    "When a step last did something without a fault (Unix time).",
    ["step"],
    registry=REGISTRY,
)
LOOP_LAG = Gauge(
    "digestbot_event_loop_lag_seconds",
    "How late the event loop ran what was due, the worst of the last minute, in seconds.",
    registry=REGISTRY,
)

# ── what the database holds, asked for at each scrape ────────────────────────

FEEDS = Gauge("digestbot_feeds", "Feeds by health: well, failing, paused.", ["health"], registry=REGISTRY)
STORED = Gauge(
    "digestbot_stored", "Rows in the database: articles, stories, briefs, subscriptions.", ["kind"], registry=REGISTRY
)
DELIVERIES = Gauge(
    "digestbot_deliveries", "Deliveries by state: pending, sent, undeliverable.", ["state"], registry=REGISTRY
)
DUE = Gauge("digestbot_due", "The queue: what is due and not yet done, by step.", ["step"], registry=REGISTRY)
OLDEST_DUE = Gauge(
    "digestbot_oldest_due_seconds",
    "Seconds that the longest due has been waiting, by step.",
    ["step"],
    registry=REGISTRY,
)
ENGINE_WAITING = Gauge("digestbot_engine_waiting", "Requests that wait for the model engine.", registry=REGISTRY)
ENGINE_ITEMS = Gauge("digestbot_engine_items", "Texts the model engine has worked on.", registry=REGISTRY)
ENGINE_SECONDS = Gauge("digestbot_engine_seconds", "Seconds the model engine has computed.", registry=REGISTRY)
ENGINE_STARTS = Gauge("digestbot_engine_starts", "How often the model engine's process was started.", registry=REGISTRY)
ENGINE_TOKENS = Gauge("digestbot_engine_tokens", "Tokens the model engine has written.", registry=REGISTRY)
ENGINE_WRITING = Gauge(
    "digestbot_engine_writing_seconds", "Seconds the model engine took to write them.", registry=REGISTRY
)


def metric_rows() -> Sequence[tuple[str, str, str, str]]:
    """Return every metric as it is scraped: name, type, labels, meaning; by name."""
    rows = []
    for metric in globals().values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            rows.append((name, family.type, ", ".join(metric._labelnames), family.documentation))  # noqa: SLF001
    return sorted(rows)


async def watch_loop() -> None:
    """Measure, until cancelled, how late the event loop runs what is due."""
    loop = asyncio.get_running_loop()
    lags: deque[float] = deque(maxlen=round(60 / TICK))
    while True:
        due = loop.time() + TICK
        await asyncio.sleep(TICK)
        lags.append(max(0.0, loop.time() - due))
        LOOP_LAG.set(max(lags))
