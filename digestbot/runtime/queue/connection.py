"""Connections of the queue to the database; knows no job."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import psycopg
from procrastinate import App, PsycopgConnector
from psycopg_pool import AsyncConnectionPool

from digestbot.runtime.queue.failures import FAILURES, lost, unavailable
from digestbot.runtime.queue.job_manager import PatientManager
from digestbot.telemetry import condense

QUEUE_NAMES = ("urgent", "brief", "refresh")
"""The queues; each is served by a worker of its own in every process, so that slow work keeps no message waiting."""
CONNECTIONS = 8
"""Connections a process keeps for the queue, at most; those that listen for new jobs are beside them."""
WAIT_FOR_CONNECTION = 15.0
"""Seconds a caller waits for a connection before it is told that none came free."""
STALLED_AFTER = 30.0
"""Seconds without a heartbeat after which a worker counts as dead and its jobs are taken up again."""
LOGGERS = ("psycopg.pool", "procrastinate.utils", "procrastinate.worker")
"""Whose records tell of a lost connection at every try, or with a traceback; each worker has one below the last."""


@dataclass(frozen=True, slots=True)
class Queue:
    """An open queue; ``stalled_after`` is in seconds and must be the same in every process."""

    app: App
    connector: PsycopgConnector
    stalled_after: float = STALLED_AFTER

    @property
    def pool(self) -> "AsyncConnectionPool[psycopg.AsyncConnection[tuple[object, ...]]]":
        """The pool of connections."""
        return self.connector.pool


def conninfo(url: str) -> str:
    """Return a database address as libpq takes it: without the name of a driver."""
    scheme, mark, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}{mark}{rest}"


@asynccontextmanager
async def open_queue(url: str, *, stalled_after: float = STALLED_AFTER) -> AsyncIterator[Queue]:
    """Open the queue in the PostgreSQL database at ``url``; its schema must be there (:func:`prepare_queue`).

    Raises:
        StoreUnavailable: The database cannot be reached.

    """
    # Its own lines would repeat what the steps log.
    logging.getLogger("procrastinate").setLevel(logging.WARNING)
    condense((*LOGGERS, *(f"{LOGGERS[-1]}.{name}" for name in QUEUE_NAMES)), lost)
    connector = PsycopgConnector(
        conninfo=conninfo(url),
        min_size=1,
        max_size=CONNECTIONS,
        timeout=WAIT_FOR_CONNECTION,
        reconnect_timeout=WAIT_FOR_CONNECTION,
        kwargs={"application_name": "digestbot-queue", "connect_timeout": 10},
    )
    app = App(connector=connector)
    app.job_manager = PatientManager(connector)
    try:
        await app.open_async()
    except FAILURES as error:
        raise unavailable(error) from error
    try:
        yield Queue(app, connector, stalled_after)
    finally:
        await app.close_async()
