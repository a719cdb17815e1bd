"""The Store port on a database, and how to open it; the one name the composition root needs from here."""

from contextlib import AsyncExitStack
from typing import Self

from digestbot.store.archive import SqlArchive
from digestbot.store.briefs import SqlBriefs
from digestbot.store.database import Database, open_database
from digestbot.store.editions import SqlEditions
from digestbot.store.feeds import SqlFeeds
from digestbot.store.installations import SqlInstallations
from digestbot.store.moderation import SqlConduct
from digestbot.store.news import SqlNews
from digestbot.store.outbox import SqlOutbox
from digestbot.store.polls import SqlWatching
from digestbot.store.schema import SchemaState, state_of
from digestbot.store.schema import migrate as migrate_schema
from digestbot.store.search import SqlSearch
from digestbot.store.upkeep import SqlUpkeep
from digestbot.store.workspaces import SqlWorkspaces


class SqlStore(
    SqlFeeds,
    SqlNews,
    SqlBriefs,
    SqlSearch,
    SqlEditions,
    SqlOutbox,
    SqlUpkeep,
    SqlInstallations,
    SqlArchive,
    SqlWorkspaces,
    SqlConduct,
    SqlWatching,
):
    """The rows that are the truth, on SQLite or PostgreSQL."""

    async def close(self) -> None:
        """Let go of the database; closing twice is harmless."""
        await self._database.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


async def open_store(url: str, *, exclusive: bool = True, migrate: bool | None = None, pool: int = 10) -> SqlStore:
    """Open the store at a database address.

    Args:
        url: ``sqlite:///digestbot.db`` or ``postgresql://user:password@host/name``.
        exclusive: Take a SQLite file for this process alone. Without it the file is shared with the process that
            has it, as a command line does that asks for the status; it must exist then.
        migrate: Bring the schema up to date first; None does so for a SQLite file opened exclusively, where nobody
            else can be at work.
        pool: Connections to PostgreSQL.

    Raises:
        AlreadyRunning: Another process has the SQLite file.
        SchemaTooOld: The schema is not the one this version needs.
        StoreUnavailable: The database cannot be reached.
        ConfigError: The address is not one of a database we know.

    """
    database = await open_database(url, exclusive=exclusive, pool=pool)
    async with AsyncExitStack() as on_failure:
        on_failure.push_async_callback(database.close)
        state = await _state(database)
        if not state.is_current and (migrate or (migrate is None and exclusive and database.is_sqlite)):
            await migrate_schema(url)
            state = await _state(database)
        state.require()
        on_failure.pop_all()
    return SqlStore(database)


async def _state(database: Database) -> SchemaState:
    async with database.read() as connection:
        return await state_of(connection)
