"""A small share of ``make chaos``: killed in every step, nothing is lost, nothing comes twice, nothing is broken."""

import pytest

from tests.rigs import cruelty
from tests.rigs.chaos import World
from tests.rigs.postgresql import PostgreSQL, postgresql

__all__ = ["postgresql"]


def is_clean(world: World) -> bool:
    """Tell whether all is well, and show the verdict when it is not."""
    if not world.verdict.is_clean:
        print(world.verdict)  # noqa: T201 - shown with the failure
    return world.verdict.is_clean


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_four_kills_on_sqlite(tmp_path):
    """One kill in each step: every story told once in every channel, every digest whole, the file sound."""
    world = World(tmp_path, f"sqlite:///{tmp_path}/bot.sqlite3", seed=3)
    await cruelty.run(world, cruelty.kills, 4)
    assert world.verdict.kills == 4
    assert is_clean(world)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_four_kills_on_postgresql(tmp_path, postgresql: PostgreSQL):
    """One of two processes is killed in each step; the other goes on, and nothing is lost or doubled."""
    world = World(tmp_path, postgresql.url(postgresql.new_database()), seed=4)
    await cruelty.run(world, cruelty.kills, 4)
    assert world.verdict.kills == 4
    assert is_clean(world)
