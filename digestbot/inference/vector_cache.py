"""Keeps the vectors of sentences on disk by the hash of the sentence and the model; a cache, never the truth.

Each sentence is encoded once, also across restarts. It is a SQLite file of its own and no table of the store: vectors
can be made again at any time, they are many (some 50 MB for a thousand articles), and no backup needs them. When the
file cannot be used, sentences are encoded anew and a line in the log says why.
"""

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np

from digestbot.ports import Vector
from digestbot.telemetry import logger

T = TypeVar("T")
DAY = 86_400
KEEP_DAYS = 30
"""As long as briefs are kept: what was not met for so long is not met again."""
MOST = 300_000
"""Vectors kept at most, the newest: some 240 MB."""
_SPAN = 500
_CHECK = 5_000
_TABLE = (
    "CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, day INTEGER NOT NULL, vector BLOB NOT NULL) "
    "WITHOUT ROWID"
)
log = logger("inference")


class VectorShelf:
    """Vectors by key, in half precision; several processes may share the file."""

    def __init__(
        self, path: Path, *, most: int = MOST, today: Callable[[], int] = lambda: int(time.time() // DAY)
    ) -> None:
        """Keep at most ``most`` vectors in a file at ``path``, which is made when it is first needed."""
        self._path = path
        self._most = most
        self._today = today
        self._thread = ThreadPoolExecutor(1, "digestbot-shelf")
        self._connection: sqlite3.Connection | None = None
        self._put = 0
        self._broken = False

    async def take(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        """Return the vectors that are kept under these keys."""
        return await self._run(lambda: self._take(keys), {})

    async def put(self, vectors: Mapping[bytes, Vector]) -> None:
        """Keep vectors; the oldest make room."""
        if vectors:
            await self._run(lambda: self._keep(vectors), None)

    async def aclose(self) -> None:
        """Let go of the file."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T], otherwise: T) -> T:
        """Do something with the file in its thread; a file that fails is told once and left alone."""
        if self._broken:
            return otherwise
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError) as error:
            self._broken = True
            log.warning("vectors are not kept", path=str(self._path), error=str(error))
            return otherwise

    def _opened(self) -> sqlite3.Connection:
        """Return the connection; a damaged file is begun anew."""
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = _connect(self._path)
            except sqlite3.DatabaseError as error:
                if isinstance(error, sqlite3.OperationalError):
                    raise
                self._path.unlink()
                self._connection = _connect(self._path)
        return self._connection

    def _take(self, keys: Sequence[bytes]) -> dict[bytes, Vector]:
        connection = self._opened()
        found: dict[bytes, Vector] = {}
        for start in range(0, len(keys), _SPAN):
            part = keys[start : start + _SPAN]
            marks = ",".join("?" * len(part))
            rows = connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", part)  # noqa: S608  # marks alone
            found.update((key, np.frombuffer(blob, "<f2").astype(np.float32)) for key, blob in rows)
        return found

    def _keep(self, vectors: Mapping[bytes, Vector]) -> None:
        connection, day = self._opened(), self._today()
        with connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)",
                [(key, day, vector.astype("<f2").tobytes()) for key, vector in vectors.items()],
            )
        self._put += len(vectors)
        if self._put >= min(_CHECK, self._most):
            self._put = 0
            self._prune(connection, day)

    def _prune(self, connection: sqlite3.Connection, day: int) -> None:
        """Remove what is old, and the oldest of too many."""
        with connection:
            connection.execute("DELETE FROM vectors WHERE day < ?", (day - KEEP_DAYS,))
            (count,) = connection.execute("SELECT count(*) FROM vectors").fetchone()
            if count > self._most:
                connection.execute(
                    "DELETE FROM vectors WHERE key IN (SELECT key FROM vectors ORDER BY day LIMIT ?)",
                    (count - self._most,),
                )

    def _close(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    """Open the file, made if need be."""
    connection = sqlite3.connect(path, timeout=10)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection
