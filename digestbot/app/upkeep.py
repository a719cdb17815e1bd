"""What the commands that look after stored things do: backup, restore, forget."""

import asyncio
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from digestbot.app.compose import read_settings
from digestbot.app.roles import on_postgresql
from digestbot.domain.errors import BadOption, StoreUnavailable
from digestbot.domain.subscription import Platform


async def back_up_database(file: Path, config: Path | None) -> str:
    """Copy the database to a file while the bot runs; return the sentence that says so.

    PostgreSQL is copied by its own pg_dump.

    Raises:
        StoreUnavailable: It cannot be read, or the file cannot be written.

    """
    from digestbot.store import back_up

    settings = read_settings(config)
    if on_postgresql(settings):
        await _postgresql("pg_dump", "--format=custom", "--no-owner", f"--file={file}", url=settings.database.url)
    else:
        await back_up(settings.database.url, file)
    return f"the database is copied to {file}"


async def restore_database(file: Path, config: Path | None) -> str:
    """Put a copy in the database's place and make it safe to run; return the sentence that says so.

    Raises:
        AlreadyRunning: A bot works on the database.
        StoreUnavailable: The copy cannot be read or is damaged.

    """
    from digestbot.store import restore

    settings, now, kept = read_settings(config), datetime.now(UTC), None
    if on_postgresql(settings):
        await _restore_postgresql(settings.database.url, file, now)
    else:
        kept = await restore(settings.database.url, file, now)
    told = f"the database is as {file} has it; what was posted since is not posted again"
    return f"{told}; the one that was there is kept as {kept}" if kept else told


async def _restore_postgresql(url: str, file: Path, now: datetime) -> None:
    """Put a copy in the database's place with pg_restore, bring it to this version's schema, make it safe to run.

    Raises:
        AlreadyRunning: Somebody works on the database.
        StoreUnavailable: The copy cannot be read, or pg_restore failed.

    """
    from digestbot.runtime.queue import prepare_queue
    from digestbot.store import drop_tables, open_store, require_unused

    listed = await _postgresql("pg_restore", "--list", str(file))
    await require_unused(url)
    # A copy from an older version lacks tables that refer to those it has.
    there = {words[5] for line in listed.splitlines() if (words := line.split())[3:4] == ["TABLE"]}
    await drop_tables(url, keep=there)
    wishes = ("--clean", "--if-exists", "--no-owner", "--single-transaction", str(file))
    await _postgresql("pg_restore", *wishes, url=url)
    await prepare_queue(url)
    async with await open_store(url, exclusive=False, migrate=True) as store:
        await store.settle_restored(now)


async def forget_workspace(name: str, config: Path | None) -> str:
    """Remove everything of a workspace; return the sentence that says so.

    Raises:
        BadOption: The name is not one of a workspace.

    """
    from digestbot.store import open_store

    platform, colon, workspace = name.partition(":")
    known: dict[str, Platform] = {"slack": "slack", "discord": "discord", "console": "console"}
    if not colon or platform not in known or not workspace:
        raise BadOption("workspace", f"“{name}” must read slack:WORKSPACE_ID or discord:SERVER_ID")
    async with await open_store(read_settings(config).database.url, exclusive=False) as store:
        count = await store.forget(known[platform], workspace)
    return f"{name} is forgotten: {count} {'digest' if count == 1 else 'digests'} with all that was posted"


def _libpq(url: str) -> tuple[str, str]:
    """Return a database address without the name of a driver and without its password, and the password."""
    parts = urlsplit(url)
    user, _, place = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    plain = parts._replace(scheme="postgresql", netloc=f"{name}@{place}" if name else place)
    return plain.geturl(), unquote(parts.password or "")


async def _postgresql(program: str, *arguments: str, url: str = "") -> str:
    """Run one of PostgreSQL's own programs, on a database where one is named; return what it wrote.

    A password is in no command line.

    Raises:
        StoreUnavailable: It is not installed, or it failed; its last line says why.

    """
    address, password = _libpq(url)
    environment = {**os.environ, "PGCONNECT_TIMEOUT": "10"} | ({"PGPASSWORD": password} if password else {})
    place = [f"--dbname={address}"] if url else []
    found = shutil.which(program)
    if found is None:
        raise StoreUnavailable(f"{program} is not installed", hint="install PostgreSQL's client programs")
    process = await asyncio.create_subprocess_exec(
        found, *place, *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment
    )
    written, told = await process.communicate()
    if process.returncode:
        lines = told.decode("utf-8", "replace").strip().splitlines() or ["no reason given"]
        raise StoreUnavailable(f"{program} failed: {lines[-1]}")
    return written.decode("utf-8", "replace")
