"""Which schema a database has, and how to bring it to another; alembic's revisions lie in ``migrations``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import NullPool

from digestbot.domain.errors import SchemaTooOld, StoreError
from digestbot.store.database import async_url, make_folder, prepare_sqlite, sqlite_path
from digestbot.store.errors import translated

MIGRATIONS = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = 0x6469_6765
"""The key of PostgreSQL's advisory lock around a migration ("dige"): two machines starting at once do it once."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision a database has (None: it is empty) and the one this version needs."""

    have: str | None
    need: str
    known: bool = True

    @property
    def is_current(self) -> bool:
        """Whether the database can be used as it is."""
        return self.have == self.need

    def require(self) -> None:
        """Do nothing when the schema is the one needed.

        Raises:
            SchemaTooOld: It is not.

        """
        if not self.is_current:
            error = SchemaTooOld(self.have, self.need)
            if not self.known:
                error.hint = "a newer version of digestbot wrote it: install that version"
            raise error


async def schema_state(url: str) -> SchemaState:
    """Return the schema of the database at ``url``.

    Raises:
        StoreUnavailable: The database cannot be reached.
        StoreError: The file is another program's.

    """
    path = sqlite_path(async_url(url))
    if path is not None and not path.exists():
        return SchemaState(None, _revisions().get_current_head() or "")
    async with _connected(url, "BEGIN") as connection:
        return await state_of(connection)


async def state_of(connection: AsyncConnection) -> SchemaState:
    """Return the schema of the database on the other end of a connection.

    On PostgreSQL other programs may keep their tables beside ours; a SQLite file is ours alone.

    Raises:
        StoreError: The file is another program's.

    """
    have = await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    if have is None and connection.dialect.name == "sqlite":
        tables = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
        if set(tables) - {"alembic_version"}:
            raise StoreError("the file is another program's database", hint="name another file in database.url")
    known = have is None or have in {revision.revision for revision in _revisions().walk_revisions()}
    return SchemaState(have, _revisions().get_current_head() or "", known)


async def migrate(url: str, revision: str = "head") -> None:
    """Bring the database at ``url`` up or down to a revision; ``base`` empties it.

    Raises:
        StoreUnavailable: The database cannot be reached.
        SchemaTooOld: A newer version wrote it.
        StoreError: There is no such revision, or the file is another program's.

    """
    async with _connected(url, "BEGIN IMMEDIATE") as connection:
        state = await state_of(connection)
        if not state.known:
            state.require()
        if connection.dialect.name == "postgresql":
            await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ONE_AT_A_TIME})
        try:
            await connection.run_sync(_move, revision)
        except CommandError as error:
            raise StoreError(f"the schema cannot be brought to “{revision}”: {error}") from error


def _move(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    if goes_down(MigrationContext.configure(connection).get_current_revision(), revision):
        command.downgrade(config, revision)
    elif revision != "base":
        command.upgrade(config, revision)


def goes_down(have: str | None, revision: str) -> bool:
    """Tell whether bringing a schema to a revision takes away what the database has of the ones after it.

    Raises:
        StoreError: There is no such revision.

    """
    script = _revisions()
    try:
        target = None if revision == "base" else script.get_revision(revision)
    except CommandError as error:
        raise StoreError(f"the schema cannot be brought to “{revision}”: {error}") from error
    upto = set() if target is None else {r.revision for r in script.iterate_revisions(target.revision, "base")}
    return have is not None and have not in upto


@cache
def _revisions() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


@asynccontextmanager
async def _connected(url: str, begin: str) -> AsyncIterator[AsyncConnection]:
    """Give one connection in a transaction of its own.

    On SQLite foreign keys are off in it: a table that is changed there is dropped and made again, and its rows'
    references would go with it (sqlite.org/lang_altertable.html, 7).
    """
    address = async_url(url)
    path = sqlite_path(address)
    if path is not None:
        make_folder(path)
        address = address.set(database=str(path))
    engine = create_async_engine(address, poolclass=NullPool)
    if path is not None:
        prepare_sqlite(engine.sync_engine, begin, foreign_keys=False)
    try:
        with translated():
            async with engine.begin() as connection:
                yield connection
    finally:
        await engine.dispose()
