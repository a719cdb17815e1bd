"""Backups: taken from a running store, put back, and nothing is posted a second time."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from digestbot.domain.errors import AlreadyRunning, StoreError, StoreUnavailable
from digestbot.store import back_up, open_store, restore
from tests.store.making import DAY, HERE, NOW, new, record, stored
from tests.store.test_contract_editions import posted, published


async def test_a_backup_of_a_running_store_posts_nothing_twice(sqlite_url, tmp_path):
    """A copy taken in mid-delivery is whole; put back after more was posted, it owes and repeats nothing."""
    async with await open_store(sqlite_url) as store:
        (story,) = await stored(store, "a")
        owed = await published(store, articles={story.articles[0].id: story.id})
        await back_up(sqlite_url, tmp_path / "kept" / "copy.db")
        for part in (0, 1):
            await posted(store, owed, part)
        feed = await store.feed(story.articles[0].feed_id)
        await store.record_refresh(record(feed, new("b"), baseline_at=NOW), NOW)
        with pytest.raises(AlreadyRunning):
            await restore(sqlite_url, tmp_path / "kept" / "copy.db", NOW + DAY)
    replaced = await restore(sqlite_url, tmp_path / "kept" / "copy.db", NOW + DAY)
    async with await open_store(sqlite_url) as store:
        assert await store.integrity() == []
        assert await store.due_deliveries(NOW + 9 * DAY) == []
        assert await store.posted_articles(HERE) == {story.articles[0].id: story.id}
        assert await store.seen(feed.id) == {"a"}
        assert [f.baseline_at for f in await store.feeds()] == [None]
        assert [s.window_from for s in await store.subscriptions()] == [NOW + DAY]
    found = {path.name for path in tmp_path.glob("*digestbot*")}
    assert found == {"digestbot.db", "digestbot.db.lock", replaced.name}


async def test_what_a_restore_replaces_is_kept_whole(sqlite_url, tmp_path):
    """The database that was there stands beside the new one with what its log alone held; none is written over."""
    async with await open_store(sqlite_url) as store:
        await back_up(sqlite_url, tmp_path / "copy.db")
        await stored(store, "a")
        # A bot that was killed leaves its log: so does one that runs, as seen by a copy of both files.
        for ending in ("", "-wal"):
            shutil.copyfile(tmp_path / f"digestbot.db{ending}", tmp_path / f"killed.db{ending}")
    assert (tmp_path / "killed.db-wal").stat().st_size
    killed = f"sqlite:///{tmp_path}/killed.db"
    replaced = await restore(killed, tmp_path / "copy.db", NOW)
    assert replaced.name == f"killed.db.replaced-{NOW:%Y%m%dT%H%M%S}"
    with pytest.raises(StoreError, match="exists already; move it away"):
        await restore(killed, tmp_path / "copy.db", NOW)
    for url, articles in ((killed, 0), (f"sqlite:///{replaced}", 1)):
        async with await open_store(url) as store:
            assert (await store.status(NOW)).articles == articles
    assert await restore(f"sqlite:///{tmp_path}/none.db", tmp_path / "copy.db", NOW) is None


async def test_a_damaged_backup_changes_nothing(sqlite_url, tmp_path):
    """A copy that is no database is refused, and the database stays as it was."""
    async with await open_store(sqlite_url) as store:
        await stored(store, "a")
    (tmp_path / "bad.db").write_bytes(b"x" * 5000)
    with pytest.raises(StoreError, match="is no backup"):
        await restore(sqlite_url, tmp_path / "bad.db", NOW)
    with pytest.raises(StoreUnavailable, match="there is no backup at") as caught:
        await restore(sqlite_url, tmp_path / "none.db", NOW)
    assert not caught.value.transient
    async with await open_store(sqlite_url) as store:
        assert (await store.status(NOW)).articles == 1


async def test_what_is_no_backup_never_takes_the_database_s_place(sqlite_url, tmp_path):
    """An empty file, a folder, another program's database and the database itself are refused; nothing changes."""
    async with await open_store(sqlite_url) as store:
        await stored(store, "a")
    (tmp_path / "empty.db").touch()
    (tmp_path / "folder").mkdir()
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE feeds (url TEXT)")
    for source in ("empty.db", "folder", "other.db"):
        with pytest.raises(StoreError, match="is no backup of a digestbot database"):
            await restore(sqlite_url, tmp_path / source, NOW)
    with pytest.raises(StoreError, match="is the database itself"):
        await restore(sqlite_url, tmp_path / "digestbot.db", NOW)
    await back_up(sqlite_url, tmp_path / "copy.db")
    with pytest.raises(StoreError, match=r"is a folder; name a file in database\.url"):
        await restore(f"sqlite:///{tmp_path / 'folder'}", tmp_path / "copy.db", NOW)
    async with await open_store(sqlite_url) as store:
        assert (await store.status(NOW)).articles == 1


async def test_a_backup_never_takes_the_place_of_a_running_database(sqlite_url, tmp_path):
    """The database's own path is refused: a bot at work would go on writing into a file that nobody sees any more."""
    async with await open_store(sqlite_url) as store:
        await stored(store, "a")
        with pytest.raises(StoreError, match="is the database itself"):
            await back_up(sqlite_url, tmp_path / "digestbot.db")


async def test_other_databases_have_their_own_tools(tmp_path):
    """PostgreSQL's address names pg_dump and pg_restore; a missing file says so."""
    with pytest.raises(StoreError, match="pg_dump"):
        await back_up("postgresql://h/d", tmp_path / "x")
    with pytest.raises(StoreError, match="pg_restore"):
        await restore("postgresql://h/d", tmp_path / "x", NOW)
    with pytest.raises(StoreUnavailable, match="no database at"):
        await back_up(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "x")
