"""A copy of a SQLite file taken while the bot runs, and the way back; PostgreSQL has pg_dump and pg_restore."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import text

from digestbot.domain.errors import AlreadyRunning, StoreError, StoreUnavailable
from digestbot.store.database import Database, async_url, make_folder, open_database, sqlite_path
from digestbot.store.lock import FileLock
from digestbot.store.repository import open_store
from digestbot.store.tables import metadata

STOP = "stop every process of the bot first"


async def back_up(url: str, target: Path) -> None:
    """Copy the database to ``target``, whole and consistent, while others read and write it.

    Raises:
        StoreUnavailable: It cannot be read, or the copy cannot be written.
        StoreError: It is not a SQLite file, or the copy would take its own place.

    """
    source = _file(url, "pg_dump --format=custom --file=… <database.url>")
    if not await asyncio.to_thread(source.exists):
        raise StoreUnavailable(f"there is no database at {source}", hint="mend database.url", lasting=True)
    if await asyncio.to_thread(_is_same, source, target):
        raise StoreError(f"{target} is the database itself", hint="name another file for the backup")
    make_folder(target)
    await asyncio.to_thread(_copy, source, target)


async def restore(url: str, source: Path, now: datetime) -> Path | None:
    """Put a copy in the place of the database and make it safe to run (see ``Store.settle_restored``).

    Returns where the database that was there is kept; None where there was none.

    On PostgreSQL restore with ``pg_restore --clean`` and call ``settle_restored``.

    Raises:
        AlreadyRunning: A bot works on the database.
        StoreUnavailable: The copy cannot be read or is damaged; the database is left as it is.
        StoreError: It is not a SQLite file, the copy is none of a database of ours, or what is to be kept has no place.

    """
    target = _file(url, "pg_restore --clean --dbname=<database.url> …")
    if not await asyncio.to_thread(source.exists):
        raise StoreUnavailable(f"there is no backup at {source}", hint="mend the path", lasting=True)
    if await asyncio.to_thread(_is_same, source, target):
        raise StoreError(f"{source} is the database itself", hint="name the file that “digestbot backup” wrote")
    await asyncio.to_thread(_require_backup, source)
    if await asyncio.to_thread(target.is_dir):
        raise StoreError(f"{target} is a folder", hint="name a file in database.url")
    make_folder(target)
    fresh = target.with_name(target.name + ".restored")
    lock = FileLock(target)
    lock.acquire()
    try:
        await asyncio.to_thread(_copy, source, fresh)
        async with await open_store(f"sqlite:///{fresh}") as store:
            await store.settle_restored(now)
        return await asyncio.to_thread(_replace, fresh, target, now)
    finally:
        lock.release()
        await asyncio.to_thread(_sweep, fresh)


async def require_unused(url: str) -> None:
    """Do nothing while no process of ours is connected to a PostgreSQL database.

    Raises:
        AlreadyRunning: One is.
        StoreUnavailable: The database cannot be reached.

    """
    ours = text(
        "SELECT count(DISTINCT (client_addr, pid)) FROM pg_stat_activity WHERE datname = current_database() "
        "AND application_name LIKE 'digestbot%' AND pid <> pg_backend_pid()"
    )
    async with _opened(url) as database, database.read() as connection:
        if count := (await connection.execute(ours)).scalar_one():
            raise AlreadyRunning(f"the database is in use by digestbot ({count} connections)", hint=STOP)


async def drop_tables(url: str, *, keep: Collection[str]) -> None:
    """Drop our tables but for some, with what refers to them.

    Raises:
        StoreUnavailable: The database cannot be reached.

    """
    async with _opened(url) as database, database.write() as connection:
        for name in sorted(set(metadata.tables) - set(keep)):
            await connection.execute(text(f"DROP TABLE IF EXISTS {name} CASCADE"))


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    database = await open_database(url)
    try:
        yield database
    finally:
        await database.close()


def _file(url: str, otherwise: str) -> Path:
    path = sqlite_path(async_url(url))
    if path is None:
        raise StoreError("only a SQLite database is copied here", hint=f"use “{otherwise}”")
    return path


def _is_same(one: Path, other: Path) -> bool:
    return other.exists() and one.samefile(other)


def _require_backup(source: Path) -> None:
    """Do nothing for a copy of a database of ours.

    SQLite takes an empty file for an empty database, which would then stand in the place of the one that is there.

    Raises:
        StoreError: It is something else.

    """
    asked = "SELECT count(*) FROM sqlite_master WHERE name IN ('alembic_version', 'deliveries')"
    try:
        with closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as copy:
            (ours,) = copy.execute(asked).fetchone()
    except sqlite3.Error:
        ours = 0
    if ours != 2:  # noqa: PLR2004 - the two tables asked for
        raise StoreError(
            f"{source} is no backup of a digestbot database", hint="name one that “digestbot backup” wrote"
        )


def _copy(source: Path, target: Path) -> None:
    """Copy page by page into a new file that then takes the target's place (sqlite.org/backup.html)."""
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as old,
            closing(sqlite3.connect(part)) as new,
        ):
            old.backup(new)
            (state,) = new.execute("PRAGMA quick_check").fetchone()
        if state != "ok":
            raise StoreUnavailable(f"{source} is damaged: {state}", hint="use an older backup")
        part.replace(target)
    except (sqlite3.Error, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        hint = "check both files and the room on the disk"
        waits = "locked" in str(error)
        raise StoreUnavailable(
            f"{source} cannot be copied to {target} ({why})", hint=hint, lasting=not waits
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _replace(fresh: Path, target: Path, now: datetime) -> Path | None:
    """Put one file in the place of another, which is kept beside it with its log, under a name with the time.

    It is moved, not copied: a damaged one, which is why it is replaced, could not be.

    Raises:
        StoreError: There is a file of that name already.

    """
    kept = target.with_name(f"{target.name}.replaced-{now:%Y%m%dT%H%M%S}")
    there = target.exists()
    if there and kept.exists():
        raise StoreError(f"{kept} exists already", hint="move it away and try again")
    target.with_name(target.name + "-shm").unlink(missing_ok=True)
    log = target.with_name(target.name + "-wal")
    if there:
        shutil.copymode(target, fresh)
        target.rename(kept)
        if log.exists():
            log.rename(kept.with_name(kept.name + "-wal"))
    log.unlink(missing_ok=True)  # without its file it must not be taken for the new one's
    fresh.replace(target)
    return kept if there else None


def _sweep(fresh: Path) -> None:
    """Remove what is left of a copy in preparation."""
    for leftover in fresh.parent.glob(f"{fresh.name}*"):
        leftover.unlink()
