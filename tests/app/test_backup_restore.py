"""Backup, restore and forget by command: whole, safe to run afterwards, and thorough."""

import asyncio
import os
import pty
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from digestbot.app.upkeep import _libpq, back_up_database, forget_workspace, restore_database
from digestbot.domain.errors import AlreadyRunning, BadOption, StoreUnavailable
from digestbot.domain.subscription import Channel, Subscription
from digestbot.runtime.queue import prepare_queue, queue_version
from digestbot.store import migrate, open_store
from tests.fakes.clock import START
from tests.rigs.postgresql import PostgreSQL, binary, postgresql

ROOT = Path(__file__).resolve().parent.parent.parent
__all__ = ["postgresql"]


def settings(folder, url):
    """Write a settings file and return its path."""
    path = folder / "digestbot.toml"
    path.write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    return path


async def subscribe(store, name, workspace="T1"):
    """Add a subscription of a workspace."""
    wanted = Subscription(0, name, Channel("slack", "C1", workspace), next_edition_at=START + timedelta(days=1))
    return await store.save_subscription(wanted)


async def names(url):
    """Return the names of the subscriptions in a database."""
    async with await open_store(url, exclusive=False) as store:
        return sorted(s.name for s in await store.subscriptions())


async def test_a_sqlite_file_is_copied_and_put_back(tmp_path):
    """What was there at the backup is there again; what came later is gone."""
    url = f"sqlite:///{tmp_path}/bot.sqlite3"
    config, copy = settings(tmp_path, url), tmp_path / "copies" / "one.backup"
    async with await open_store(url) as store:
        await subscribe(store, "kept")
        assert str(copy) in await back_up_database(copy, config)
        await subscribe(store, "later")
    told = await restore_database(copy, config)
    (replaced,) = tmp_path.glob("bot.sqlite3.replaced-*")
    assert str(replaced) in told
    assert await names(url) == ["kept"]
    assert await names(f"sqlite:///{replaced}") == ["kept", "later"]
    with pytest.raises(StoreUnavailable):
        await restore_database(tmp_path / "nothing", config)


async def test_postgresql_is_copied_by_its_own_programs(tmp_path, postgresql: PostgreSQL, monkeypatch):
    """pg_dump and pg_restore are run for the operator; the queue's tables come along."""
    if binary("pg_dump") is None:
        pytest.skip("needs pg_dump")
    monkeypatch.setenv("PATH", f"{binary('pg_dump').parent}:{shutil.os.environ['PATH']}")
    url = postgresql.url(postgresql.new_database())
    config, copy = settings(tmp_path, url), tmp_path / "one.backup"
    await migrate(url)
    await prepare_queue(url)
    async with await open_store(url) as store:
        await subscribe(store, "kept")
        await back_up_database(copy, config)
        await subscribe(store, "later")
        with pytest.raises(AlreadyRunning, match="stop every process"):
            await restore_database(copy, config)
    await restore_database(copy, config)
    assert await names(url) == ["kept"]
    with pytest.raises(StoreUnavailable, match="pg_restore failed"):
        await restore_database(tmp_path / "nothing", config)


async def test_a_copy_of_an_older_version_is_brought_forward(tmp_path, postgresql: PostgreSQL, monkeypatch):
    """Put in place of a newer schema, whose tables refer to its own, it is whole, current and safe to run."""
    if binary("pg_dump") is None:
        pytest.skip("needs pg_dump")
    monkeypatch.setenv("PATH", f"{binary('pg_dump').parent}:{shutil.os.environ['PATH']}")
    url = postgresql.url(postgresql.new_database())
    config, copy = settings(tmp_path, url), tmp_path / "old.backup"
    await migrate(url)
    async with await open_store(url) as store:
        await subscribe(store, "kept")
    await migrate(url, "r0003")
    await back_up_database(copy, config)
    await migrate(url)
    async with await open_store(url) as store:
        await store.add_feed("https://example.org/feed", now=START)
    await restore_database(copy, config)
    async with await open_store(url) as store:
        (restored,) = await store.subscriptions()
        assert (restored.name, restored.window_from is not None) == ("kept", True)
        assert await store.feeds() == []
        assert await store.integrity() == []
    assert await queue_version(url) is not None


def test_a_password_stands_in_no_command_line():
    """The address that a program is started with has no password and no driver."""
    assert _libpq("postgresql+asyncpg://me:p%40ss@host:5/db") == ("postgresql://me@host:5/db", "p@ss")
    assert _libpq("postgres://host/db") == ("postgresql://host/db", "")


async def test_a_workspace_is_forgotten_by_command(tmp_path):
    """Its digests are gone, other workspaces' stay; a name that is none is refused."""
    url = f"sqlite:///{tmp_path}/bot.sqlite3"
    config = settings(tmp_path, url)
    async with await open_store(url) as store:
        await subscribe(store, "mine")
        await subscribe(store, "other", "T2")
    assert "1 digest " in await forget_workspace("slack:T1", config)
    assert await names(url) == ["other"]
    with pytest.raises(BadOption):
        await forget_workspace("T1", config)


def test_the_commands_are_there():
    """Each answers --help with an example."""
    for command in ("backup", "restore", "forget"):
        told = subprocess.run(
            [sys.executable, "-m", "digestbot", command, "--help"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        assert f"Example: digestbot {command}" in told.stdout


def typed(command: list[str], terminal: int) -> subprocess.CompletedProcess[str]:
    """Run a command at a terminal and return what it printed."""
    return subprocess.run(command, cwd=ROOT, stdin=terminal, capture_output=True, text=True, check=False)


async def test_a_person_at_a_terminal_is_asked_before_a_workspace_is_forgotten(tmp_path):
    """“n” keeps everything, “--yes” asks nobody."""
    url = f"sqlite:///{tmp_path}/bot.sqlite3"
    config = settings(tmp_path, url)
    async with await open_store(url) as store:
        await subscribe(store, "mine")
    command = [sys.executable, "-m", "digestbot", "forget", "slack:T1", "--config", str(config)]
    person, terminal = pty.openpty()
    os.write(person, b"n\n")
    kept = await asyncio.to_thread(typed, command, terminal)
    assert (kept.returncode, await names(url)) == (1, ["mine"])
    assert "Remove everything of slack:T1? It cannot be undone [y/N]: " in kept.stdout
    assert (await asyncio.to_thread(typed, [*command, "--yes"], terminal)).returncode == 0
    assert await names(url) == []
    os.close(person)
    os.close(terminal)


async def test_a_person_at_a_terminal_is_asked_before_data_goes(tmp_path):
    """A schema that goes down and a restore ask; one that goes up, “--yes” and a script do not."""
    url = f"sqlite:///{tmp_path}/bot.sqlite3"
    config, copy = settings(tmp_path, url), tmp_path / "one.backup"
    async with await open_store(url) as store:
        await subscribe(store, "mine")
        await back_up_database(copy, config)
        await subscribe(store, "later")
    person, terminal = pty.openpty()

    async def run(*words: str, stdin: int = terminal) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            typed, [sys.executable, "-m", "digestbot", *words, "--config", str(config)], stdin
        )

    for words, question in (
        (("migrate", "--revision", "base"), "Remove everything in the database? It cannot be undone"),
        (("migrate", "--revision", "r0004"), "Remove what only schemas after r0004 hold? It cannot be undone"),
        (("restore", str(copy)), f"Put {copy} in the place of the database, without what came since?"),
    ):
        os.write(person, b"n\n")
        refused = await run(*words)
        assert refused.returncode == 1
        assert f"{question} [y/N]: " in refused.stdout
        assert await names(url) == ["later", "mine"]
    assert "nothing to do" in (await run("migrate")).stdout
    assert (await run("restore", str(copy), "--yes")).returncode == 0
    assert await names(url) == ["mine"]
    assert "→ none" in (await run("migrate", "--revision", "base", stdin=subprocess.DEVNULL)).stdout
    assert "none → " in (await run("migrate")).stdout
    os.close(person)
    os.close(terminal)
