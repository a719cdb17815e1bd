"""One small world a test session, and a client on it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import TestClient

from tests.web.reader import client_of
from tests.web.world import World, world


@pytest.fixture(scope="session")
def small_world() -> World:
    """Make the world once: no page changes it."""
    return asyncio.run(world())


@pytest.fixture
async def client(small_world: World) -> AsyncIterator[TestClient]:
    """Serve the world to whoever is on this machine."""
    async with client_of(small_world.desk) as serving:
        yield serving
