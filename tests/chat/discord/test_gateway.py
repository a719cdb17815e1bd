"""The client on a real gateway over TLS: two shards, compressed, resumed after every way in which a connection ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest

from digestbot.chat.discord import components
from digestbot.chat.discord.bot import DiscordBot
from digestbot.commands import COMMANDS, dispatch
from digestbot.domain.digest import Message
from tests.chat.discord.interactions import Speaker, answered, until
from tests.commands.desk import desk
from tests.rigs.discord import TOKEN
from tests.rigs.gateway import GatewayRig


class Prompt(DiscordBot):
    """The client without discord.py's five seconds between two IDENTIFYs."""

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Wait for nothing."""


@dataclass
class Running:
    """A client that runs, and its gateway."""

    rig: GatewayRig
    bot: Prompt
    brought: set[asyncio.Task[None]] = field(default_factory=set)

    people: int = 0

    def speaker(self, shard: int = 0) -> Speaker:
        """Return somebody whose commands come through the gateway."""

        def bring(body: dict[str, Any]) -> None:
            task = asyncio.ensure_future(self.rig.bring(body, shard))
            self.brought.add(task)
            task.add_done_callback(self.brought.discard)

        self.people += 1
        return Speaker(self.bot, self.rig, user=f"4{self.people}", bring=bring)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    rig = GatewayRig()
    await rig.start()
    room = await desk()
    bot = Prompt(
        COMMANDS,
        lambda invocation, asker: dispatch(room.desk, invocation, asker),
        lambda _kind, _asker: asyncio.sleep(0, []),
        lambda error, where: None,
        connector=rig.connector(),
    )
    task = asyncio.create_task(bot.start(TOKEN))
    await until(lambda: sorted(rig.identified) == [0, 1] and len(bot.shards) == 2)
    yield Running(rig, bot)
    await bot.close()
    await asyncio.wait_for(task, 5)
    await rig.stop()
    assert rig.faults == []


async def helped(running: Running, shard: int = 0) -> bool:
    """Tell whether a command that comes through the gateway is answered."""
    _, full = await answered(running.rig, running.speaker(shard).slash("news help"))
    return "What digestbot can do" in components.visible(Message(full, ""))


async def test_two_shards_run_and_each_is_answered(running: Running):
    """Both shards identify with the guilds intent alone, and a command on either is answered."""
    assert running.rig.intents == {discord.Intents(guilds=True).value}
    assert await helped(running, 0)
    assert await helped(running, 1)


async def test_a_deployment_of_theirs_is_resumed(running: Running):
    """Asked to reconnect, the shard resumes its session, and goes on."""
    await running.rig.ask_to_reconnect(1)
    await until(lambda: running.rig.resumed == [1])
    assert await helped(running, 1)
    assert sorted(running.rig.identified) == [0, 1]


async def test_a_command_sent_while_cut_off_is_answered_after_the_resume(running: Running):
    """The connection drops without a word; what came meanwhile is replayed and answered."""
    await running.rig.cut(0)
    assert await helped(running, 0)
    assert running.rig.resumed == [0]


async def test_a_session_that_is_no_longer_valid_is_begun_anew(running: Running):
    """When the resume is refused, the shard identifies again and goes on."""
    running.rig.refuse_resume = True
    await running.rig.ask_to_reconnect(0)
    await until(lambda: len(running.rig.identified) == 3)
    assert await helped(running, 0)


async def test_a_token_that_is_revoked_ends_the_client():
    """Without a valid token the client ends with discord.py's own error, for the runner to tell the operator."""
    rig = GatewayRig()
    await rig.start()
    bot = Prompt(COMMANDS, dispatch, dispatch, lambda *_: None, connector=rig.connector())
    with pytest.raises(discord.LoginFailure):
        await bot.start("wrong")
    await bot.close()
    await rig.stop()
