"""A real PostgreSQL server for tests: started from the binaries on this machine, in a folder of its own, on loopback.

PostgreSQL refuses to run as root: then it runs as ``postgres`` or ``nobody``, who own the folder.
"""

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import asyncpg
import pytest

USER = "digestbot"
HOMES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
"""Where packages put the server's binaries without putting them on PATH: Debian, Fedora, Homebrew."""


def binary(name: str) -> Path | None:
    """Return a program of PostgreSQL's, from PATH or where packages put it; None when it is not installed."""
    if found := shutil.which(name):
        return Path(found)
    there = [path for home in HOMES for path in Path("/").glob(f"{home[1:]}/{name}")]
    return max(there, default=None)


class PostgreSQL:
    """A server with its databases; :meth:`start` it and :meth:`stop` it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="digestbot-postgresql-"))
        self.port = _free_port()
        self._numbers = count(1)
        self._as = _another_user() if os.geteuid() == 0 else []
        if self._as:
            account = pwd.getpwnam(self._as[1].removeprefix("--reuid="))
            os.chown(self.folder, account.pw_uid, account.pw_gid)
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-locale", "-N"
        )

    def url(self, database: str = "postgres") -> str:
        """Return the address of a database."""
        return f"postgresql://{USER}@127.0.0.1:{self.port}/{database}"

    @property
    def pid(self) -> int:
        """The number of the server's first process, which starts all the others."""
        return int((self.folder / "data" / "postmaster.pid").read_text().partition("\n")[0])

    def start(self) -> None:
        """Start the server and wait until it answers."""
        # Without fsync a commit still outlives the server's end, though not the machine's.
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.folder} -c fsync=off "
            "-c full_page_writes=off -c max_connections=60 -c shared_buffers=32MB"
        )
        log = str(self.folder / "log")
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-l", log, "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; ``immediate`` is as good as pulling the plug."""
        self._run("pg_ctl", "-D", str(self.folder / "data"), "-w", "-m", mode, "stop")

    def remove(self) -> None:
        """Stop the server and delete its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def new_database(self, template: str = "template0") -> str:
        """Make a database, empty or a copy of another, and return its name."""
        name = f"digestbot_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def execute(self, statement: str) -> None:
        """Run one statement as the owner, whether or not a loop is running here."""
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, self.ask(statement)).result()

    async def ask(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the owner."""
        connection = await asyncpg.connect(self.url(database))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    def _run(self, name: str, *arguments: str) -> None:
        # The server inherits what it is given: a pipe would stay open for as long as it runs.
        with (self.folder / f"{name}.out").open("w") as out:
            done = subprocess.run(
                [*self._as, str(binary(name)), *arguments], stdout=out, stderr=out, cwd="/", check=False, timeout=60
            )
        if done.returncode:
            told = (self.folder / f"{name}.out").read_text()
            raise RuntimeError(f"{name} failed: {told[-1000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _another_user() -> list[str]:
    """Return the command that runs a program as somebody who is not root."""
    names = {account.pw_name for account in pwd.getpwall()}
    name = "postgres" if "postgres" in names else "nobody"
    group = pwd.getpwnam(name).pw_gid
    return ["setpriv", f"--reuid={name}", f"--regid={group}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """Run one server for the whole session; without the binaries skip, but never in CI."""
    if binary("initdb") is None or binary("pg_ctl") is None:
        if os.environ.get("CI") == "true":
            pytest.fail("CI must have PostgreSQL: initdb and pg_ctl are not found")
        pytest.skip("needs PostgreSQL's initdb and pg_ctl (Debian: apt-get install postgresql)")
    server = PostgreSQL()
    server.start()
    yield server
    server.remove()
