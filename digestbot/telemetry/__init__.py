"""Logs, numbers and traces; knows no adapter."""

from digestbot.telemetry.logs import REDACTED, bound, condense, configure_logging, logger, redact
from digestbot.telemetry.metrics import (
    ARTICLES,
    BRIEFS,
    DROPPED,
    EDITIONS,
    GATE,
    LAST_SUCCESS,
    LOOP_LAG,
    MESSAGES,
    QUOTES,
    REFRESHES,
    REGISTRY,
    REQUESTS,
    STEP_SECONDS,
    metric_rows,
    watch_loop,
)
from digestbot.telemetry.traces import configure_tracing, traced

__all__ = [
    "ARTICLES",
    "BRIEFS",
    "DROPPED",
    "EDITIONS",
    "GATE",
    "LAST_SUCCESS",
    "LOOP_LAG",
    "MESSAGES",
    "QUOTES",
    "REDACTED",
    "REFRESHES",
    "REGISTRY",
    "REQUESTS",
    "STEP_SECONDS",
    "bound",
    "condense",
    "configure_logging",
    "configure_tracing",
    "logger",
    "metric_rows",
    "redact",
    "traced",
    "watch_loop",
]
