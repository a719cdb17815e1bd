"""Migrations go up and down on SQLite and PostgreSQL with data in them, and the tables are what the code says."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from digestbot.domain.errors import SchemaTooOld, StoreError
from digestbot.domain.subscription import OPERATOR, Filter, Workspace
from digestbot.ports import Pruned, Retention
from digestbot.store import SchemaState, migrate, open_store, schema_state
from digestbot.store.database import async_url
from digestbot.store.tables import metadata
from tests.store.making import DAY, NOW, brief, stored
from tests.store.test_contract_editions import published

REVISIONS = sorted(
    path.stem.partition("_")[0]
    for path in (Path(__file__).parents[2] / "digestbot/store/migrations/versions").glob("r*.py")
)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request, tmp_path):
    """Give the address of a database without a schema, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'new' / 'digestbot.db'}"
    server = request.getfixturevalue("postgresql")
    return server.url(server.new_database())


async def filled(url):
    """Put one of everything into the database at ``url``."""
    async with await open_store(url) as store:
        (story,) = await stored(store, "a")
        await store.save_brief("k", brief(story))
        await published(store, articles={story.articles[0].id: story.id})


async def everything(store):
    """Return all that :func:`filled` put in, as the store gives it back."""
    return (
        await store.feeds(),
        await store.open_stories(NOW),
        await store.brief(1, "k"),
        await store.subscriptions(),
        await store.due_deliveries(NOW),
        await store.search("Bukele"),
        await store.status(NOW),
    )


async def test_an_empty_database_needs_the_schema(empty_url):
    """An empty database is told apart from a current one; PostgreSQL is not migrated unasked."""
    assert await schema_state(empty_url) == SchemaState(None, REVISIONS[-1])
    with pytest.raises(SchemaTooOld, match="at schema none"):
        await open_store(empty_url, migrate=False)
    await migrate(empty_url)
    assert (await schema_state(empty_url)).is_current
    await migrate(empty_url)


@pytest.mark.parametrize("revision", REVISIONS[:-1])
async def test_down_and_up_again_keeps_the_data(empty_url, revision):
    """Down to any revision and up again, every row and every search result is still there."""
    await migrate(empty_url)
    await filled(empty_url)
    async with await open_store(empty_url) as store:
        before = await everything(store)
    await migrate(empty_url, revision)
    assert (await schema_state(empty_url)).have == revision
    with pytest.raises(SchemaTooOld, match="run “digestbot migrate”"):
        await open_store(empty_url, migrate=False)
    async with await open_store(empty_url, migrate=True) as store:
        assert [repr(part) for part in await everything(store)] == [repr(part) for part in before]
        assert await store.integrity() == []


async def test_feeds_filters_come_and_go_with_their_revision(empty_url):
    """Below r0006 every article of a feed is let through again; up again, its feed and title are there."""
    rules = Filter(exclude=("sponsored",))
    await migrate(empty_url)
    async with await open_store(empty_url) as store:
        feed = await store.add_feed("https://example.org/feed", title="Example", now=NOW)
        await store.add_feed(feed.url, owner=Workspace("slack", "T1"), now=NOW)
        for home in (OPERATOR, Workspace("slack", "T1")):
            await store.filter_feed(feed.id, home, rules)
    await migrate(empty_url, "r0005")
    async with await open_store(empty_url, migrate=True) as store:
        for home in (OPERATOR, Workspace("slack", "T1")):
            assert [(one.title, one.filter) for one in await store.feeds_of(home)] == [("Example", Filter())]


async def test_a_wrong_clock_at_an_upgrade_removes_nothing(empty_url):
    """The first clean-up after an upgrade compares the clock with the newest article that was there before."""
    await migrate(empty_url)
    await filled(empty_url)
    await migrate(empty_url, "r0006")
    async with await open_store(empty_url, migrate=True) as store:
        before = await everything(store)
        assert await store.prune(Retention(), NOW + 1000 * DAY) == Pruned(doubted=998 * DAY)
        assert [repr(part) for part in await everything(store)] == [repr(part) for part in before]


async def test_down_to_the_ground_and_up(empty_url):
    """``base`` empties the database, with data in it, and the schema can be made again."""
    await migrate(empty_url)
    await filled(empty_url)
    await migrate(empty_url, "base")
    assert (await schema_state(empty_url)).have is None
    await migrate(empty_url)
    await filled(empty_url)


async def test_the_schema_is_what_the_tables_say(empty_url):
    """Alembic finds no difference between the migrated database and the tables in the code."""
    await migrate(empty_url)
    engine = create_async_engine(async_url(empty_url))

    def differences(connection):
        options = {"include_object": lambda _, name, *__: "_words" not in (name or ""), "compare_type": True}
        return compare_metadata(MigrationContext.configure(connection, opts=options), metadata)

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_machines_starting_together_migrate_once(postgresql):
    """Several processes that migrate one PostgreSQL database at the same moment all find it current."""
    url = postgresql.url(postgresql.new_database())
    await asyncio.gather(*(migrate(url) for _ in range(4)))
    assert (await schema_state(url)).is_current


async def test_an_unknown_revision_is_refused(empty_url):
    """A revision that does not exist is named, and nothing changes."""
    await migrate(empty_url)
    with pytest.raises(StoreError, match="r9999"):
        await migrate(empty_url, "r9999")
    assert (await schema_state(empty_url)).is_current


async def test_a_newer_schema_is_told_apart(empty_url):
    """A database written by a newer version asks for that version, not for a migration."""
    await migrate(empty_url)
    engine = create_async_engine(async_url(empty_url))
    async with engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")
    await engine.dispose()
    with pytest.raises(SchemaTooOld, match="install that version"):
        (await schema_state(empty_url)).require()
    with pytest.raises(SchemaTooOld, match="install that version"):
        await migrate(empty_url)


async def test_another_programs_file_is_left_alone(tmp_path):
    """A SQLite file with tables that are not ours is refused in one sentence, and nothing is written into it."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
        other.commit()
        for touch in (schema_state, migrate, open_store):
            with pytest.raises(StoreError, match=r"another program's database; name another file in database\.url"):
                await touch(f"sqlite:///{tmp_path / 'other.db'}")
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("bookmarks",)]
