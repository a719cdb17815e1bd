"""The stores that the contract is held against: memory, SQLite and a real PostgreSQL."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from digestbot.ports import Store
from digestbot.store import SqlStore, migrate, open_store
from digestbot.store.tables import metadata
from tests.fakes.store import MemoryStore
from tests.rigs.postgresql import PostgreSQL, postgresql

__all__ = ["postgresql"]
KINDS = ("memory", "sqlite", "postgresql")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one SQLite file with the schema, to be copied by each test."""
    path = tmp_path_factory.mktemp("store") / "empty.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_database(postgresql: PostgreSQL) -> str:
    """Make one PostgreSQL database with the schema, to be copied by each test."""
    name = postgresql.new_database()
    asyncio.run(migrate(postgresql.url(name)))
    return name


@pytest.fixture
def sqlite_url(migrated_file: Path, tmp_path: Path) -> str:
    """Give the address of a SQLite file of the test's own, with the schema and nothing in it."""
    shutil.copy(migrated_file, tmp_path / "digestbot.db")
    return f"sqlite:///{tmp_path / 'digestbot.db'}"


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL, migrated_database: str) -> str:
    """Give the address of a PostgreSQL database with the schema and nothing in it."""
    # A tenth of the time of a new database a test.
    tables = ", ".join(metadata.tables)
    asyncio.run(postgresql.ask(f"TRUNCATE {tables} RESTART IDENTITY CASCADE", migrated_database))
    return postgresql.url(migrated_database)


@pytest.fixture(params=KINDS[1:])
def url(request: pytest.FixtureRequest) -> str:
    """Give the address of a database, of each kind in turn."""
    address: str = request.getfixturevalue(f"{request.param}_url")
    return address


@pytest.fixture
async def sql_store(url: str) -> AsyncIterator[SqlStore]:
    """Give a store on a database, of each kind in turn."""
    async with await open_store(url) as store:
        yield store
        assert await store.integrity() == []


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> str | None:
    """Give the address of a database, of each kind in turn; None for memory."""
    if request.param == "memory":
        return None
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
async def store(address: str | None) -> AsyncIterator[Store]:
    """Give an empty store, of each kind in turn; whatever a test does to it, it is whole afterwards."""
    made: Store = MemoryStore() if address is None else await open_store(address)
    yield made
    assert await made.integrity() == []
    await made.close()
