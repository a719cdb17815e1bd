"""Opening, locking and losing a database: what can go wrong there is one sentence and one class."""

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace

import asyncpg
import pytest
from sqlalchemy import event, make_url
from sqlalchemy.dialects import sqlite

from digestbot.domain.errors import AlreadyRunning, ConfigError, Conflict, StoreUnavailable
from digestbot.ports import Poll
from digestbot.store import open_store
from digestbot.store.columns import Instant
from digestbot.store.database import async_url
from digestbot.store.tables import feeds
from tests.store.making import DAY, HERE, NOW, article, new, record, stored, subscription, vector
from tests.store.test_contract_editions import published

HOLD = """
import asyncio, sys
from digestbot.ports import Poll
from digestbot.store import open_store
async def main():
    store = await open_store(sys.argv[1])
    print("open", flush=True)
    sys.stdin.read()
    await store.close()
asyncio.run(main())
"""


async def test_a_second_process_is_refused_with_a_sentence(sqlite_url):
    """Two processes on one SQLite file: the second is told who has it; once the first is killed, it may."""
    holder = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLD, sqlite_url, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert await holder.stdout.readline() == b"open\n"
        with pytest.raises(AlreadyRunning, match=f"process {holder.pid} already works on .*digestbot.db; stop the"):
            await open_store(sqlite_url)
        async with await open_store(sqlite_url, exclusive=False) as reader:
            assert (await reader.status(NOW)).feeds == 0
            await reader.add_feed("https://a.example/", now=NOW)
    finally:
        holder.kill()
        await holder.communicate()
    async with await open_store(sqlite_url) as store:
        assert len(await store.feeds()) == 1


async def test_one_file_by_two_names_is_one_file(sqlite_url, tmp_path):
    """A link to the file does not get around the lock."""
    (tmp_path / "link.db").symlink_to(tmp_path / "digestbot.db")
    async with await open_store(sqlite_url):
        with pytest.raises(AlreadyRunning):
            await open_store(f"sqlite:///{tmp_path / 'link.db'}")


async def test_a_refused_opening_leaves_the_file_free(sqlite_url):
    """A store that could not be opened holds no lock."""
    async with await open_store(sqlite_url):
        for _ in range(2):
            with pytest.raises(AlreadyRunning):
                await open_store(sqlite_url)
    async with await open_store(sqlite_url):
        pass


async def test_a_look_needs_a_database(tmp_path):
    """A status command makes no database where there is none."""
    with pytest.raises(StoreUnavailable, match="there is no database at"):
        await open_store(f"sqlite:///{tmp_path / 'none.db'}", exclusive=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql://a/b", ""])
async def test_a_wrong_address_names_its_key(url):
    """An address we cannot use is a fault of the configuration."""
    with pytest.raises(ConfigError, match=r"database\.url"):
        await open_store(url)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite:///x.db"),
        ("postgres://u@h/d", "postgresql+asyncpg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+asyncpg://u@h/d"),
    ],
)
def test_addresses_get_our_driver(given, used):
    """The address people write, or another library's, leads to our driver."""
    assert async_url(given).render_as_string() == used


async def test_a_folder_that_cannot_be_made(tmp_path):
    """A path through a file is refused with the reason."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable, match=r"the folder .*file/in cannot be made"):
        await open_store(f"sqlite:///{tmp_path / 'file' / 'in' / 'x.db'}")


async def test_a_damaged_file_says_so(sqlite_url, tmp_path):
    """A file that is no database is refused, and the lock is let go."""
    (tmp_path / "digestbot.db").write_bytes(b"not a database at all" * 100)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="the file is not a database"):
            await open_store(sqlite_url)


async def test_sqlite_is_set_up_to_last(sqlite_url, tmp_path):
    """WAL, full sync, foreign keys and overwriting of what is deleted are on, for readers and the writer."""
    async with await open_store(sqlite_url) as store:
        for door in (store._database.read, store._database.write):
            async with door() as connection:
                found = [
                    (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar()
                    for name in ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "busy_timeout")
                ]
                assert found == ["wal", 2, 1, 1, 10_000]


async def test_a_lock_held_elsewhere_is_waited_for(sqlite_url, tmp_path):
    """A write waits for another process's, and goes through."""
    async with await open_store(sqlite_url) as store:
        with closing(sqlite3.connect(tmp_path / "digestbot.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(store.add_feed("https://a.example/", now=NOW))
            assert await store.feeds() == []
            other.execute("ROLLBACK")
            assert (await waiting).url == "https://a.example/"


async def test_a_lock_never_released_is_a_sentence(sqlite_url, tmp_path, monkeypatch):
    """A database locked for too long is unavailable, in words, and may be tried again."""
    monkeypatch.setattr("digestbot.store.database.BUSY_MILLISECONDS", 50)
    async with await open_store(sqlite_url) as store:
        with closing(sqlite3.connect(tmp_path / "digestbot.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable, match="locked by another process") as caught:
                await store.add_feed("https://a.example/", now=NOW)
        assert caught.value.transient
        await store.add_feed("https://a.example/", now=NOW)


async def test_a_full_disk_loses_nothing_that_was_written(sqlite_url):
    """When the file may not grow, the write is refused in words; what was there stays, and it works again later."""
    async with await open_store(sqlite_url) as store:
        feed = await store.add_feed("https://a.example/", now=NOW)
        async with store._database.write() as connection:
            pages = (await connection.exec_driver_sql("PRAGMA page_count")).scalar()
            await connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        big = record(feed, *(new(f"k{n}", text="word " * 5000) for n in range(20)))
        with pytest.raises(StoreUnavailable, match="disk is full; make room on it"):
            await store.record_refresh(big, NOW)
        assert (await store.status(NOW)).articles == 0
        assert await store.seen(feed.id) == frozenset()
        async with store._database.write() as connection:
            await connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
        assert len(await store.record_refresh(big, NOW)) == 20
        assert await store.integrity() == []


async def test_a_cancelled_write_leaves_nothing(sql_store):
    """A refresh cancelled at any point is whole or not there at all."""
    feed = await sql_store.add_feed("https://a.example/", now=NOW)
    for turns in range(0, 90, 3):
        keys = [f"{turns}-{n}" for n in range(3)]
        task = asyncio.create_task(sql_store.record_refresh(record(feed, *map(new, keys)), NOW))
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.wait([task])
        found = set(keys) & await sql_store.seen(feed.id)
        assert found in (set(), set(keys))
        assert await sql_store.integrity() == []


async def test_writers_at_once_lose_nothing(sql_store):
    """Twenty writers at once each have their say: no article, mark or story is lost or made twice."""
    feeds_ = [await sql_store.add_feed(f"https://{n}.example/", now=NOW) for n in range(5)]
    (story,) = await stored(sql_store, "start")
    await asyncio.gather(
        *(
            sql_store.record_refresh(record(feed, new(f"{feed.id}-{n % 2}", story.id)), NOW)
            for feed in feeds_
            for n in range(4)
        )
    )
    grown = await sql_store.story(story.id)
    assert len(grown.articles) == 11
    (opened,) = await sql_store.open_stories(NOW)
    mean = sum(vector(a.key).astype(float) for a in grown.articles) / 11
    assert abs(opened.centroid - mean / float((mean**2).sum()) ** 0.5).max() < 1e-5
    assert await sql_store.stale_stories(NOW, "e", "medium") == [grown]


async def test_one_edition_published_from_many_sides(sql_store):
    """Ten publishers of the same edition make one delivery."""
    await sql_store.save_subscription(subscription(channel=HERE))
    made = await asyncio.gather(*(published(sql_store) for _ in range(10)), return_exceptions=True)
    assert len([one for one in made if one is not None and not isinstance(one, Conflict)]) == 1
    assert len(await sql_store.due_deliveries(NOW)) == 1


async def test_one_part_is_taken_by_one_of_many(sql_store):
    """Of ten attempts on one part, one gets it."""
    owed = await published(sql_store)
    taken = await asyncio.gather(
        *(sql_store.mark_sending(owed.id, 0, f"attempt {n}", NOW) for n in range(10)), return_exceptions=True
    )
    assert taken.count(None) == 1
    assert all(isinstance(error, Conflict) for error in taken if error is not None)


async def test_each_notice_is_taken_by_one_of_many(sql_store):
    """Of ten who look for what is to be told at once, one gets each notice."""
    feed = await sql_store.add_feed("https://a.example/", now=NOW)
    await sql_store.record_polls([Poll(feed.id, feed.polling, notice=f"{n}") for n in range(5)], NOW)
    taken = await asyncio.gather(*(sql_store.take_notices(NOW, 3) for _ in range(10)))
    assert sorted(one.text for some in taken for one in some) == ["0", "1", "2", "3", "4"]


async def test_a_restarted_server_is_met_again(postgresql, postgresql_url):
    """While PostgreSQL is down every call is one sentence; when it is back, the same store works on."""
    async with await open_store(postgresql_url) as store:
        feed = await store.add_feed("https://a.example/", now=NOW)
        await asyncio.to_thread(postgresql.stop)
        for _ in range(3):
            with pytest.raises(StoreUnavailable, match="database"):
                await store.feeds()
        await asyncio.to_thread(postgresql.start)
        assert await store.feeds() == [feed]
        assert await store.record_refresh(record(feed, new("a")), NOW) != {}


async def test_a_missing_server_is_a_sentence():
    """A refused connection is unavailable, not a traceback of the driver's."""
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await open_store("postgresql://nobody@127.0.0.1:1/none")


def test_a_naive_time_is_refused():
    """A datetime without a time zone is a mistake found at once."""
    with pytest.raises(TypeError, match="no time zone"):
        Instant().process_bind_param(NOW.replace(tzinfo=None), sqlite.dialect())
    assert feeds.c.next_check_at.type.process_bind_param(NOW, sqlite.dialect()) == NOW.replace(tzinfo=None)


async def test_the_event_loop_has_its_turn_while_many_feeds_are_read(sqlite_url, monkeypatch):
    """Ten thousand feeds are read in portions: making all of them at one turn held everything else for 0.2 seconds."""
    async with await open_store(sqlite_url) as store:
        for number in range(9):
            await store.add_feed(f"https://{number}.example/", now=NOW)
        turns, seen = 0, []

        async def others():
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        monkeypatch.setattr("digestbot.store.rows.PORTION", 3)
        monkeypatch.setattr("digestbot.store.feeds.feed_of", lambda _: seen.append(turns))
        task = asyncio.create_task(others())
        await store.feeds()
        task.cancel()
    assert seen[0] == seen[1] == seen[2] < seen[3] == seen[5] < seen[6] == seen[8]


async def test_what_a_refresh_asks_is_found_by_an_index(sqlite_url):
    """No statement of a poll or a refresh reads a table from end to end: its cost would grow with every feed."""
    async with await open_store(sqlite_url) as store:
        feeds = [await store.add_feed(f"https://{n}.example/", now=NOW) for n in range(3)]
        await store.record_refreshes([record(feed, new(f"a{feed.id}"), baseline_at=NOW) for feed in feeds], NOW)
        (story, *_) = await store.open_stories(NOW - DAY)
        asked: set[str] = set()
        for engine in (store._database.engine, store._database._reader):
            event.listen(engine.sync_engine, "before_cursor_execute", lambda *given: asked.add(given[2]))
        await store.due_feeds(NOW + DAY)
        await store.seen(feeds[0].id)
        await store.articles_of(feeds[0].id, ["a1"])
        edits = (replace(article("a1"), text="Other words."),)
        found = [record(feed, new(f"b{feed.id}", story.id), new(f"c{feed.id}", -1), seen=["a1"]) for feed in feeds]
        await store.record_refreshes([replace(found[0], edits=edits), *found[1:]], NOW + 2 * DAY)
        await store.record_polls([Poll(feed.id, feed.polling, "") for feed in feeds], NOW + 2 * DAY)
        assert await store.end_waits(NOW - 2 * DAY, NOW - DAY) == 3
    assert len(asked) >= 15
    with closing(sqlite3.connect(make_url(sqlite_url).database)) as file:
        plans = {
            said: [row[3] for row in file.execute(f"EXPLAIN QUERY PLAN {said}", [None] * said.count("?"))]
            for said in asked
            if said.startswith(("SELECT", "INSERT", "UPDATE", "DELETE"))
        }
    scans = [(step, said) for said, plan in plans.items() for step in plan if step.startswith("SCAN")]
    assert [(step, said) for step, said in scans if "CONSTANT ROW" not in step] == []


async def test_feeds_that_wait_for_nothing_are_not_looked_through(postgresql_url):
    """PostgreSQL, too, finds those that wait too long by the index of what is due, never by all the others."""
    async with await open_store(postgresql_url) as store:
        async with store._database.write() as connection:
            await connection.exec_driver_sql(
                "INSERT INTO feeds (url, name, title, link, language, topics, weight, backfill, listed, failures, "
                "polling, size, next_check_at) SELECT n || '', '', '', '', '', '[]', 1, 0, true, 0, '{}', 0, "
                "timestamptz '2026-04-15 08:00+00' + n * interval '1 second' FROM generate_series(1, 20000) n"
            )
            await connection.exec_driver_sql("ANALYZE feeds")
        asked: list[tuple[str, tuple[object, ...]]] = []
        event.listen(
            store._database.engine.sync_engine, "before_cursor_execute", lambda *given: asked.append(given[2:4])
        )
        assert await store.end_waits(NOW, NOW + DAY) == 0
    ((statement, values),) = asked
    connection = await asyncpg.connect(postgresql_url)
    plan = " ".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}", *values))
    await connection.close()
    assert "ix_feeds_due" in plan
    assert "Index Cond: ((paused IS NULL) AND (next_check_at >" in plan
    assert "Seq Scan" not in plan
