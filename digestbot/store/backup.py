"""A copy of a SQLite file taken while the bot runs, and the way back; PostgreSQL has pg_dump and pg_restore."""

import asyncio
import shutil
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

from digestbot.domain.errors import StoreError, StoreUnavailable
from digestbot.store.database import async_url, make_folder, sqlite_path
from digestbot.store.lock import FileLock
from digestbot.store.repository import open_store


async def back_up(url: str, target: Path) -> None:
    """Copy the database to ``target``, whole and consistent, while others read and write it.

    Raises:
        StoreUnavailable: It cannot be read, or the copy cannot be written.
        StoreError: It is not a SQLite file.

    """
    source = _file(url, "pg_dump --format=custom --file=… <database.url>")
    if not await asyncio.to_thread(source.exists):
        raise StoreUnavailable(f"there is no database at {source}", hint="mend database.url")
    make_folder(target)
    await asyncio.to_thread(_copy, source, target)


async def restore(url: str, source: Path, now: datetime) -> None:
    """Put a copy in the place of the database and make it safe to run (see ``Store.settle_restored``).

    On PostgreSQL restore with ``pg_restore --clean`` and call ``settle_restored``.

    Raises:
        AlreadyRunning: A bot works on the database.
        StoreUnavailable: The copy cannot be read or is damaged; the database is left as it is.
        StoreError: It is not a SQLite file.

    """
    target = _file(url, "pg_restore --clean --dbname=<database.url> …")
    if not await asyncio.to_thread(source.exists):
        raise StoreUnavailable(f"there is no backup at {source}", hint="mend the path")
    make_folder(target)
    fresh = target.with_name(target.name + ".restored")
    lock = FileLock(target)
    lock.acquire()
    try:
        await asyncio.to_thread(_copy, source, fresh)
        async with await open_store(f"sqlite:///{fresh}") as store:
            await store.settle_restored(now)
        await asyncio.to_thread(_replace, fresh, target)
    finally:
        lock.release()
        await asyncio.to_thread(_sweep, fresh)


def _file(url: str, otherwise: str) -> Path:
    path = sqlite_path(async_url(url))
    if path is None:
        raise StoreError("only a SQLite database is copied here", hint=f"use “{otherwise}”")
    return path


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
        raise StoreUnavailable(f"{source} cannot be copied to {target} ({error})") from error
    finally:
        part.unlink(missing_ok=True)


def _replace(fresh: Path, target: Path) -> None:
    """Put one file in the place of another; the other's log must not be taken for the new one's."""
    for ending in ("-wal", "-shm"):
        target.with_name(target.name + ending).unlink(missing_ok=True)
    if target.exists():
        shutil.copymode(target, fresh)
    fresh.replace(target)


def _sweep(fresh: Path) -> None:
    """Remove what is left of a copy in preparation."""
    for leftover in fresh.parent.glob(f"{fresh.name}*"):
        leftover.unlink()
