"""The client on a real gateway over TLS: two shards, compressed, resumed after every way in which a connection ends."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import discord
import pytest

from digestbot.chat.discord import components
from digestbot.chat.discord.bot import DiscordBot, serve
from digestbot.commands import COMMANDS, dispatch
from digestbot.domain.digest import Message
from digestbot.domain.errors import NotPermitted
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
    came_and_went: list[str] = field(default_factory=list)

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
    changes: list[str] = []

    async def came(server: str) -> None:
        changes.append(f"+{server}")

    async def went(server: str) -> None:
        changes.append(f"-{server}")

    bot = Prompt(
        COMMANDS,
        lambda invocation, asker: dispatch(room.desk, invocation, asker),
        lambda _kind, _asker: asyncio.sleep(0, []),
        lambda error, where: None,
        joined=came,
        left=went,
        connector=rig.connector(),
    )
    task = asyncio.create_task(bot.start(TOKEN))
    await until(lambda: sorted(rig.identified) == [0, 1] and len(bot.shards) == 2)
    yield Running(rig, bot, came_and_went=changes)
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


async def test_the_gateway_is_compressed(running: Running):
    """Everything the gateway says comes in one compressed stream for each shard."""
    assert running.rig.compressed == {"zlib-stream"}
    assert await helped(running, 0)


async def test_servers_come_and_go(running: Running):
    """A server that adds the bot and one that removes it are told; one that is only out of reach is not."""
    await until(running.bot.is_ready)
    guild = {"id": "800", "name": "S", "owner_id": "1", "member_count": 3}
    await running.rig.add(guild, 0)
    await until(lambda: running.came_and_went == ["+800"])
    await running.rig._dispatch(running.rig.latest(0), "GUILD_DELETE", {"id": "800", "unavailable": True})
    await running.rig.add(guild | {"unavailable": False}, 0)
    await running.rig.remove("800", 0)
    await until(lambda: running.came_and_went == ["+800", "-800"])


async def test_two_processes_share_the_shards():
    """Each process connects its own shards alone, both are answered, and the commands are told to Discord once."""
    rig = GatewayRig()
    rig.shards = 4
    await rig.start()
    room = await desk()
    halves: dict[int, Prompt] = {}

    def make(first: int) -> Prompt:
        halves[first] = Prompt(
            COMMANDS, lambda i, a: dispatch(room.desk, i, a), lambda *_: asyncio.sleep(0, []), lambda *_: None,
            connector=rig.connector(), shard_count=4, shard_ids=[first, first + 1],
        )  # fmt: skip
        return halves[first]

    tasks = [asyncio.create_task(serve(partial(make, first), TOKEN, lambda *_: None)) for first in (0, 2)]
    await until(lambda: sorted(rig.identified) == [0, 1, 2, 3])
    assert [sorted(half.shards) for half in halves.values()] == [[0, 1], [2, 3]]
    for shard, half in ((1, halves[0]), (3, halves[2])):
        assert await helped(Running(rig, half, people=shard * 10), shard)
    assert rig.calls_to("PUT", "commands") == 1
    await halves[0].close()
    tasks[1].cancel()
    await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
    await rig.stop()
    assert rig.faults == []


async def test_the_client_tries_to_connect_until_discord_is_there(monkeypatch: pytest.MonkeyPatch):
    """A log-in that fails in passing is tried again with back-off; a refused token ends it with its fix."""
    monkeypatch.setattr("digestbot.chat.discord.bot.FIRST_RETRY", 0.01)
    rig = GatewayRig()
    await rig.start()
    rig.break_down("GET @me", 503, times=2)
    problems: list[str] = []
    made: list[Prompt] = []

    def make() -> Prompt:
        made.append(Prompt(COMMANDS, dispatch, dispatch, lambda *_: None, connector=rig.connector()))
        return made[-1]

    task = asyncio.create_task(serve(make, TOKEN, lambda _error, where: problems.append(where)))
    await until(lambda: sorted(rig.identified) == [0, 1])
    assert problems == ["connecting", "connecting"]
    assert [bot.is_closed() for bot in made] == [True, True, False]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert made[-1].is_closed()
    with pytest.raises(NotPermitted, match="DIGESTBOT_DISCORD__TOKEN"):
        await serve(make, "wrong", lambda *_: None)
    await rig.stop()


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
