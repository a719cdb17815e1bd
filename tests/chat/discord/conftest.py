"""A stand-in Discord for each test; it must have found no fault in any body by the end."""

from collections.abc import AsyncIterator

import pytest

from digestbot.chat.discord.adapter import DiscordAdapter
from tests.rigs.discord import TOKEN, DiscordRig


@pytest.fixture
async def rig() -> AsyncIterator[DiscordRig]:
    """Serve a Discord on loopback."""
    made = DiscordRig()
    await made.start()
    yield made
    await made.stop()
    assert made.faults == []


@pytest.fixture
async def discord_adapter(rig: DiscordRig) -> AsyncIterator[DiscordAdapter]:
    """Return an adapter that finds discord.com at the stand-in."""
    made = DiscordAdapter(TOKEN, connector=rig.connector)
    yield made
    await made.close()
