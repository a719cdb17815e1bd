"""One database, SQLite or PostgreSQL, as two doors: ``read`` and ``write``; knows engines, no table of ours.

SQLite runs in WAL mode with one writing connection, so writers queue here instead of failing there, and readers
never wait (sqlite.org/wal.html). PostgreSQL has one pool for both.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import URL, CursorResult, Engine, Table, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from digestbot.domain.errors import ConfigError, StoreUnavailable
from digestbot.store.errors import translated
from digestbot.store.lock import FileLock

BUSY_MILLISECONDS = 10_000
"""How long SQLite waits for another process's write, such as a command line's."""
READERS = 4
"""Reading connections to a SQLite file; each is a thread."""
WAIT_FOR_CONNECTION = 60.0
"""Seconds a caller waits for a connection before it is told that none came free."""
MOST_VALUES = 500
"""Values in one IN list: below every database's limit (SQLite had 999 until 3.32), and few different statements."""


def async_url(url: str) -> URL:
    """Return the address with the driver we use.

    Raises:
        ConfigError: It is not a database address, or not of a kind we know.

    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(["database.url: is not a database address such as sqlite:///digestbot.db"]) from error
    kind = parsed.drivername.partition("+")[0]
    if kind == "sqlite":
        if not parsed.database or parsed.database == ":memory:":
            raise ConfigError(["database.url: names no file; write sqlite:///digestbot.db"])
        return parsed.set(drivername="sqlite+aiosqlite")
    if kind in {"postgresql", "postgres"}:
        return parsed.set(drivername="postgresql+asyncpg")
    raise ConfigError([f"database.url: “{kind}” is not a database we know; use sqlite:/// or postgresql://"])


def sqlite_path(url: URL) -> Path | None:
    """Return the file of a SQLite address with links resolved, or None for another database."""
    return Path(url.database or "").expanduser().resolve() if url.drivername.startswith("sqlite") else None


def database_file(url: str) -> Path | None:
    """Return the file of a SQLite database's address, or None for another database or no address at all."""
    try:
        return sqlite_path(async_url(url))
    except ConfigError:
        return None


class Database:
    """Open connections to one database; :meth:`close` it."""

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, lock: FileLock | None = None) -> None:
        """Take the engines; they may be the same one."""
        self._writer, self._reader, self._lock = writer, reader, lock

    @property
    def is_sqlite(self) -> bool:
        """Whether this is SQLite."""
        return self._writer.dialect.name == "sqlite"

    @property
    def engine(self) -> AsyncEngine:
        """The engine that writes, for libraries that bring statements of their own."""
        return self._writer

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection that sees one state of the database on SQLite, committed rows on PostgreSQL.

        Raises:
            StoreError: The database could not be asked.

        """
        with translated():
            async with self._reader.begin() as connection:
                yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Give a connection in a transaction: all is kept when the block ends well, nothing otherwise.

        Raises:
            Conflict: Somebody changed the same rows at the same time.
            StoreUnavailable: The database cannot be reached, is locked, or its disk is full.

        """
        with translated():
            async with self._writer.begin() as connection:
                yield connection

    async def close(self) -> None:
        """Close every connection and let go of the file; closing twice is harmless."""
        with translated():
            await self._reader.dispose()
            await self._writer.dispose()
        if self._lock:
            self._lock.release()


async def open_database(url: str, *, exclusive: bool = True, pool: int = 10) -> Database:
    """Open the database at ``url``; with ``exclusive`` a SQLite file is taken for this process alone.

    Raises:
        AlreadyRunning: Another process has the SQLite file.
        StoreUnavailable: It cannot be opened.
        ConfigError: The address is not one of a database we know.

    """
    address = async_url(url)
    path = sqlite_path(address)
    if path is None:
        engine = _postgresql(address, pool)
        return Database(engine, engine)
    if exclusive:
        make_folder(path)
    elif not path.exists():
        hint = "start “digestbot run” once, or name the right settings file with --config"
        raise StoreUnavailable(f"there is no database at {path}", hint=hint, lasting=True)
    lock = FileLock(path) if exclusive else None
    if lock:
        lock.acquire()
    address = address.set(database=str(path))
    return Database(_sqlite(address, 1, "BEGIN IMMEDIATE"), _sqlite(address, READERS, "BEGIN"), lock)


def make_folder(path: Path) -> None:
    """Make the folder of a database file.

    Raises:
        StoreUnavailable: It cannot be made.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailable(
            f"the folder {path.parent} cannot be made ({error.strerror})", hint="make it, or name another", lasting=True
        ) from error


def _postgresql(address: URL, pool: int) -> AsyncEngine:
    # pre_ping: a pool that lived through a restart of the server gives no dead connection.
    return create_async_engine(
        address,
        pool_size=pool,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION,
        pool_pre_ping=True,
        connect_args={"timeout": 10, "command_timeout": 60, "server_settings": {"application_name": "digestbot"}},
    )


def _sqlite(address: URL, connections: int, begin: str) -> AsyncEngine:
    engine = create_async_engine(
        address,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=WAIT_FOR_CONNECTION,
        connect_args={"timeout": BUSY_MILLISECONDS / 1000},
    )
    prepare_sqlite(engine.sync_engine, begin)
    return engine


def prepare_sqlite(engine: Engine, begin: str, *, foreign_keys: bool = True) -> None:
    """Set each new connection up, and begin transactions ourselves (the driver would begin at the first write)."""

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: object) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            # A commit is on the disk when it returns: a lost “sending” mark could post a message twice.
            "synchronous = FULL",
            f"busy_timeout = {BUSY_MILLISECONDS}",
            f"foreign_keys = {'ON' if foreign_keys else 'OFF'}",
            # What a workspace had forgotten is overwritten in the file, too.
            "secure_delete = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql(begin)


# ── statements both databases know, each in its own tongue ───────────────────

Row = Mapping[str, Any]
T = TypeVar("T")


def _insert(connection: AsyncConnection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    return sqlite.insert(table) if connection.dialect.name == "sqlite" else postgresql.insert(table)


async def insert_new(connection: AsyncConnection, table: Table, rows: Sequence[Row], *keys: str) -> None:
    """Insert the rows whose ``keys`` are not there yet; leave the others as they are."""
    if rows:
        await connection.execute(_insert(connection, table).on_conflict_do_nothing(index_elements=keys), list(rows))


async def insert_fresh(
    connection: AsyncConnection, table: Table, rows: Sequence[Row], *keys: str
) -> set[tuple[Any, ...]]:
    """Insert the rows whose ``keys`` are not there yet; return the keys of those inserted."""
    if not rows:
        return set()
    statement = _insert(connection, table).on_conflict_do_nothing(index_elements=keys)
    inserted = await connection.execute(statement.returning(*(table.c[key] for key in keys)), list(rows))
    return {tuple(row) for row in inserted}


async def insert_first(connection: AsyncConnection, table: Table, row: Row, *keys: str) -> bool:
    """Insert a row, and tell whether it is the first with its ``keys``; of several writers one is told so."""
    statement = _insert(connection, table).values(row).on_conflict_do_nothing(index_elements=keys)
    return bool((await connection.execute(statement)).rowcount)


async def insert_returning(connection: AsyncConnection, table: Table, row: Row, *keys: str) -> int | None:
    """Insert one row and return its id, or None when a row with its ``keys`` is there."""
    statement = _insert(connection, table).values(row).on_conflict_do_nothing(index_elements=keys)
    found: int | None = (await connection.execute(statement.returning(table.c.id))).scalar()
    return found


def new_id(inserted: CursorResult[Any]) -> int:
    """Return the id that the database gave the row just inserted."""
    (key,) = inserted.inserted_primary_key or (0,)
    return int(key)


async def put(connection: AsyncConnection, table: Table, row: Row, *keys: str) -> None:
    """Insert a row, or replace the other columns of the one with its ``keys``."""
    statement = _insert(connection, table).values(row)
    changed = {name: statement.excluded[name] for name in row if name not in keys}
    await connection.execute(statement.on_conflict_do_update(index_elements=keys, set_=changed))


def batches(values: Sequence[T]) -> Sequence[Sequence[T]]:
    """Part values into lists short enough for one IN."""
    return [values[start : start + MOST_VALUES] for start in range(0, len(values), MOST_VALUES)]
