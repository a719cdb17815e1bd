"""The roles as processes of their own on a real PostgreSQL: they share the work, and each ends when it is told to."""

import socket
import time

import aiohttp
import pytest

from tests.chaos.test_chaos import is_clean
from tests.rigs.chaos import World
from tests.rigs.postgresql import PostgreSQL, postgresql

__all__ = ["postgresql"]
CREW = ("scheduler", "scheduler", "worker", "worker", "chat", "web")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def answers(url: str) -> bool:
    """Tell whether a page is there and well."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def delivered(world: World, times: int) -> None:
    """Bring news a few times, and wait until every channel has been told all of it."""
    for _ in range(times):
        await world.happen()
        await world.until(world.all_told, 120, "the telling of all stories")


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_the_roles_share_the_work_and_end_when_told(tmp_path, postgresql: PostgreSQL):
    """Two schedulers, two workers, chat and web tell every story once; a worker less, and all is told all the same."""
    port = free_port()
    url = postgresql.url(postgresql.new_database())
    world = World(tmp_path, url, seed=5, hurry=5, settings=f"[web]\nenabled = true\nport = {port}\n")
    try:
        await world.start()
        crew = [(role, await world.bear("run", "--role", role)) for role in CREW]
        await world.until(lambda: all('"running"' in life.said() for _, life in crew), 90, "six running processes")
        assert await answers(f"http://127.0.0.1:{port}/readyz")
        await delivered(world, 2)
        for role, life in crew:
            assert ('"step begins"' in life.said()) == (role == "worker"), role
        next(life for role, life in crew if role == "worker").kill()
        await delivered(world, 2)
        told = time.monotonic()
        await world.still(seconds=60)
        assert time.monotonic() - told < 30
        for role, life in crew:
            assert life.killed or '"stopped"' in life.said(), role
        await world.judge()
        assert len(world.press.tokens) >= 4
        assert is_clean(world)
    finally:
        await world.stop()
