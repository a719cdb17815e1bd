"""A backup put back after more was posted, by command and against the stand-in platforms: nothing comes twice."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos.test_chaos import is_clean
from tests.rigs.chaos import DIGESTS, STORY, World, feeds_due
from tests.rigs.postgresql import PostgreSQL, binary, postgresql

__all__ = ["postgresql"]


async def told(world: World, times: int = 1) -> None:
    """Bring news and wait until it has reached every channel."""
    for _ in range(times):
        await world.happen()
        await world.until(world.all_told, 120, "the telling of all stories")


async def fetched(world: World) -> None:
    """Bring a story that is stored and in no edition yet."""
    world.press.publish()
    wanted = len(world.press.tokens)
    async with world.store() as store:
        await feeds_due(store, datetime.now(UTC) - timedelta(seconds=1))

    async def is_there() -> bool:
        async with world.store() as store:
            return (await store.status(datetime.now(UTC))).articles == wanted

    await world.until(is_there, 60, "the article")


async def commanded(world: World, *words: str) -> str:
    """Run a command beside the bot to its end; return what it said when it failed."""
    life = await world.bear(*words)
    await world.until(lambda: not life.lives, 60, f"the end of “{words[0]}”")
    return life.said()


async def restored(world: World) -> None:
    """Back up, let more be posted, put the copy back, and let more happen; then judge."""
    copy = str(world.folder / "copy.backup")
    await world.start()
    await world.bear()
    await told(world)
    await fetched(world)
    assert await commanded(world, "backup", copy) == ""
    await told(world, 2)
    assert "stop" in await commanded(world, "restore", copy)
    await world.still(60)
    before = set(world.press.tokens)
    assert await commanded(world, "restore", copy) == ""
    await world.make_due()
    await world.bear()
    await world.until(world.all_taken_up, 90, "the silent baseline")
    world.press.tokens.clear()
    world.press.publish(2)
    fresh = set(world.press.tokens)
    await world.until(lambda: reached(world, fresh), 120, "the news after the restore")
    await world.until(world.nothing_owed, 60, "the end of all deliveries")
    world.press.tokens[:] = sorted(before | fresh)
    await world.still(60)
    await world.judge()


async def reached(world: World, tokens: set[str]) -> bool:
    """Make editions due, and tell whether these stories stand in every channel."""
    await world.make_due()
    standing = world.standing()
    shown = [set(STORY.findall(json.dumps(messages))) for messages in standing.values()]
    return all(tokens <= found for found in shown)


@pytest.mark.slow
@pytest.mark.timeout(400)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_restore_to_an_older_backup_posts_nothing_twice(tmp_path, kind, request, monkeypatch):
    """Stories told after the backup are not told again, and news after the restore are told once in every channel."""
    url = f"sqlite:///{tmp_path}/bot.sqlite3"
    if kind == "postgresql":
        server: PostgreSQL = request.getfixturevalue("postgresql")
        url = server.url(server.new_database())
        if (tool := binary("pg_dump")) is None:
            pytest.skip("needs pg_dump")
        monkeypatch.setenv("PATH", str(tool.parent), prepend=":")
    world = World(tmp_path, url, seed=7, hurry=5)
    try:
        await restored(world)
    finally:
        await world.stop()
    assert len(DIGESTS) < world.verdict.messages.total()
    world.verdict.wrong = [fault for fault in world.verdict.wrong if "no receipt knows" not in fault]
    assert is_clean(world)
