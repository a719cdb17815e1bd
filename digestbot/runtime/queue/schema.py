"""The queue's tables in the database: Procrastinate's own, and one row a host for politeness across processes.

Procrastinate's version is kept as a comment on its table of jobs; an older one is brought forward by the migrations
that its package ships (https://procrastinate.readthedocs.io, "Migrate").
"""

from importlib.metadata import version
from pathlib import Path

import psycopg
from procrastinate.schema import SchemaManager

from digestbot.domain.errors import SchemaTooOld, StoreUnavailable
from digestbot.runtime.queue.connection import conninfo

ONE_AT_A_TIME = 0x6469_6771
"""The key of the advisory lock around a change ("digq")."""
TURNS = """
CREATE UNLOGGED TABLE IF NOT EXISTS digestbot_host_turns (
    host text PRIMARY KEY, holder text NOT NULL, free_at timestamptz NOT NULL
)
"""
HAVE = "SELECT obj_description(to_regclass('procrastinate_jobs'), 'pg_class'), to_regclass('procrastinate_jobs')"


def needed() -> str:
    """Return the version of the queue's schema that this installation needs."""
    return version("procrastinate")


async def queue_version(url: str) -> str | None:
    """Return the version of the queue's schema in the database at ``url``, None where there is none.

    Raises:
        StoreUnavailable: The database cannot be reached.

    """
    try:
        async with await psycopg.AsyncConnection.connect(conninfo(url), connect_timeout=10) as connection:
            return await _have(connection)
    except psycopg.Error as error:
        raise StoreUnavailable(f"the database cannot be reached ({_first_line(error)})") from error


async def require_queue(url: str) -> None:
    """Do nothing when the queue's schema is there.

    Raises:
        SchemaTooOld: It is missing or older than needed.
        StoreUnavailable: The database cannot be reached.

    """
    have = await queue_version(url)
    if have is None or _ordered(have) < _ordered(needed()):
        raise SchemaTooOld(have and f"queue {have}", f"queue {needed()}")


async def prepare_queue(url: str) -> tuple[str | None, str]:
    """Make the queue's tables, or bring them forward; return the version before and after. Doing it twice is harmless.

    Raises:
        StoreUnavailable: The database cannot be reached.

    """
    try:
        async with await psycopg.AsyncConnection.connect(conninfo(url), connect_timeout=10) as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(%s)", (ONE_AT_A_TIME,))
            have = await _have(connection)
            for script in _scripts(have):
                await connection.execute(script.encode())
            await connection.execute(TURNS)
            await connection.execute(f"COMMENT ON TABLE procrastinate_jobs IS '{needed()}'".encode())
    except psycopg.Error as error:
        raise StoreUnavailable(f"the queue's tables cannot be made ({_first_line(error)})") from error
    return have, needed()


async def _have(connection: "psycopg.AsyncConnection[tuple[object, ...]]") -> str | None:
    row = await (await connection.execute(HAVE)).fetchone()
    if row is None or row[1] is None:
        return None
    return str(row[0] or "0")


def _scripts(have: str | None) -> list[str]:
    """Return what is to be run: the whole schema, or the migrations after the version that is there."""
    if have is None:
        return [SchemaManager.get_schema()]
    found = sorted(Path(SchemaManager.get_migrations_path()).glob("*.sql"))
    return [path.read_text("utf-8") for path in found if _ordered(have) < _ordered(path.name.partition("_")[0])]


def _ordered(text: str) -> tuple[int, ...]:
    """Return a version as numbers, so that 3.10 comes after 3.4."""
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _first_line(error: psycopg.Error) -> str:
    """Return what libpq says happened; its second line is a guess at what to look at."""
    return str(error).strip().partition("\n")[0]
