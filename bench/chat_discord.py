"""Discord at the size the bot is made for: first answers under load, and a start-up with 10,000 servers.

Run: ``python -m bench.chat_discord acks`` and ``python -m bench.chat_discord servers``. Discord is the stand-in of the
tests, over TLS, in this process; the bot is a process of its own with its own URLs. Every body is checked against
Discord's description, after the clock has stopped.
"""

import argparse
import asyncio
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import trustme
from sqlalchemy import insert

from digestbot.app.chat import Answering
from digestbot.app.compose import Rooms, open_rooms
from digestbot.app.desk import desk_of
from digestbot.chat.discord.bot import DiscordBot, serve
from digestbot.commands import COMMANDS
from digestbot.config import DatabaseSettings, DiscordSettings, ModelSettings, Settings
from digestbot.domain.subscription import Channel, Subscription
from digestbot.store import open_store
from digestbot.store.documents import settings_to_json
from digestbot.store.tables import subscriptions
from tests.chat.discord.interactions import Speaker
from tests.rigs.discord import EPOCH, TOKEN
from tests.rigs.gateway import GatewayRig
from tests.rigs.process import ROOT, BotProcess

ACK_LIMIT, START_LIMIT, MEMORY_LIMIT = 300.0, 60.0, 400.0
"""Milliseconds (99th percentile) to a first answer, seconds to start, and megabytes held."""
RATE, SECONDS = 50, 20
SLOW = 0.5
"""Seconds that every call of the store takes."""
SERVERS, SHARDS = 10_000, 4
PRESSED = 2
"""The place of the press among what is asked; it is pressed twice at once."""
TEXTS = 64
"""Sentences that the model is given at once, over and over, while commands come in."""

Json = dict[str, Any]


# ── the bot that is measured under load: its own rooms, a slow store, a busy model ──


class Slow:
    """A store each of whose calls takes long."""

    def __init__(self, store: object, seconds: float) -> None:
        self._store, self._seconds = store, seconds

    def __getattr__(self, name: str) -> Callable[..., Awaitable[object]]:
        method = getattr(self._store, name)

        async def slowly(*args: object, **kwargs: object) -> object:
            await asyncio.sleep(self._seconds)
            return await method(*args, **kwargs)

        return slowly


async def loaded(folder: Path) -> None:
    """Run the client over real rooms until told to stop, the model always busy and the store slow."""
    settings = Settings(
        database=DatabaseSettings(url=f"sqlite:///{folder}/bot.sqlite3"),
        model=ModelSettings(cache=str(folder / "models")),
        discord=DiscordSettings(),
    )
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_rooms(settings, adapters={}) as rooms:
        slow: Any = Slow(rooms.store, SLOW)
        desk = replace(desk_of(rooms), store=slow)
        desk.publisher.store = slow
        answering = Answering(desk)
        make = partial(DiscordBot, COMMANDS, answering, answering.names, _problem, news_a_minute=600, shard_count=1)
        tasks = [asyncio.create_task(serve(make, TOKEN, _problem)), asyncio.create_task(_busy(rooms))]
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _busy(rooms: Rooms) -> None:
    """Keep the encoder working, batch after batch."""
    done = 0
    while True:
        await rooms.models.embedder.embed(
            [f"Sentence {done} {n}: the council voted on the gates." for n in range(TEXTS)]
        )
        done += 1
        print(f"model: {done} batches of {TEXTS}", file=sys.stderr, flush=True)


def _problem(error: Exception, where: str) -> None:
    print(f"problem: {where}: {error!r}", file=sys.stderr, flush=True)


# ── first answers under load ─────────────────────────────────────────────────


async def acks(rate: int, seconds: int) -> bool:
    """Send commands and presses at a steady rate, each button twice; measure the first answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rig, authority = GatewayRig(), trustme.CA()
        rig.later, rig.shards = True, 1
        await rig.start(authority)
        bot = BotProcess(folder, "", hosts=rig.hosts(), authority=authority)
        await _start(bot, folder)
        try:
            await bot.waits(lambda: bool(rig.identified), 60, what="the gateway")
            await bot.until("model: 2 batches", 120)
            figures = await _load(rig, rate, seconds)
        finally:
            bot.process.terminate()
            bot.process.wait(20)
            await rig.stop()
        figures["model"] = [line for line in bot.said().splitlines() if line.startswith("model:")][-1]
        problems = [line for line in bot.said().splitlines() if line.startswith("problem:")]
        figures["problems"], figures["of them"] = len(problems), problems[:3]
        figures["bodies checked"] = rig.check()
        figures["faults"] = rig.faults[:5]
    print(json.dumps(figures, indent=2))
    return figures["p99 ms"] < ACK_LIMIT and not rig.faults and figures["twice"] == 0 and figures["unanswered"] == 0


async def _start(bot: BotProcess, folder: Path) -> None:
    with bot.out.open("ab") as out, bot.err.open("ab") as err:
        command = [sys.executable, "-m", "bench.chat_discord", "loaded", "--folder", str(folder)]
        bot._process = await asyncio.to_thread(  # noqa: SLF001 - the same process, of another command
            subprocess.Popen, command, cwd=ROOT, env=bot.environment, stdout=out, stderr=err
        )


async def _load(rig: GatewayRig, rate: int, seconds: int) -> Json:
    sent: dict[str, float] = {}
    doubled: list[tuple[str, str]] = []

    def bring(body: Json) -> None:
        sent[body["token"]] = time.monotonic()
        task = asyncio.ensure_future(rig.bring(body))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    tasks: set[asyncio.Future[None]] = set()
    asked = (
        lambda one: one.slash("news brief"),
        lambda one: one.slash("news search", words="gates"),
        lambda one: one.press("more story=1"),
        lambda one: one.slash("digest list"),
        lambda one: one.slash("digest run", digest=1),
        lambda one: one.slash("news help"),
    )
    began = time.monotonic()
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        one = Speaker(None, rig, user=str(1_000 + number), manager=True, bring=bring)  # type: ignore[arg-type]
        token = asked[number % len(asked)](one)
        if number % len(asked) == PRESSED:
            doubled.append((token, one.press("more story=1")))
    await asyncio.sleep(3)
    first = [rig.answers[token][0]["at"] - at for token, at in sent.items() if rig.answers[token]]
    for _ in range(60):
        if all(len(rig.answers[token]) > 1 for token, _ in doubled):
            break
        await asyncio.sleep(0.5)
    return _figures(first, sent, rig, doubled)


def _figures(first: list[float], sent: dict[str, float], rig: GatewayRig, doubled: list[tuple[str, str]]) -> Json:
    cuts = statistics.quantiles(first, n=1_000)
    return {
        "interactions": len(sent),
        "p50 ms": round(cuts[499] * 1_000, 1),
        "p99 ms": round(cuts[989] * 1_000, 1),
        "max ms": round(max(first) * 1_000, 1),
        "unanswered": len(sent) - len(first),
        "pressed twice": len(doubled),
        "twice": sum(1 for _, second in doubled if len(rig.answers[second]) > 1),
    }


# ── 10,000 servers ───────────────────────────────────────────────────────────

SETTINGS = """
[database]
url = "sqlite:///{folder}/bot.sqlite3"
[discord]
shard_count = {shards}
"""


async def servers(count: int, shards: int) -> bool:
    """Start the bot with so many servers in its store and behind its gateway; measure until every shard answers."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rig, authority = GatewayRig(), trustme.CA()
        rig.later, rig.shards = True, shards
        rig.guilds = [_server(number) for number in range(count)]
        await _fill(folder, [guild["id"] for guild in rig.guilds])
        await rig.start(authority)
        settings = SETTINGS.format(folder=folder, shards=shards)
        environment = {"DIGESTBOT_DISCORD__TOKEN": TOKEN}
        bot = BotProcess(folder / "bot", settings, hosts=rig.hosts(), authority=authority, environment=environment)
        began = time.monotonic()
        bot.start()
        try:
            await bot.waits(lambda: sorted(rig.identified) == list(range(shards)), 120, what="every shard")
            await bot.waits(lambda: _told(rig) == count, 120, what="every server")
            await _each_shard_answers(rig, bot)
            took = time.monotonic() - began
            await asyncio.sleep(5)
            figures = {
                "servers": count,
                "shards": shards,
                "start s": round(took, 1),
                "commands told": rig.calls_to("PUT", "commands"),
                "memory MB": round(_memory(bot.process.pid), 1),
                "memory with children MB": round(sum(map(_memory, [bot.process.pid, *_children(bot.process.pid)])), 1),
            }
        finally:
            bot.process.terminate()
            bot.process.wait(30)
            await rig.stop()
    print(json.dumps(figures, indent=2))
    return figures["start s"] < START_LIMIT and figures["memory with children MB"] < MEMORY_LIMIT


def _told(rig: GatewayRig) -> int:
    return sum(1 for session in rig.sessions.values() for one in session.sent if one["t"] == "GUILD_CREATE")


async def _each_shard_answers(rig: GatewayRig, bot: BotProcess) -> None:
    """Ask on every shard, again and again as people do, until each has answered."""
    asked: dict[int, list[str]] = {shard: [] for shard in range(len(rig.identified))}

    def answers(shard: int) -> bool:
        return any(len(rig.answers[token]) > 1 for token in asked[shard])

    while silent := [shard for shard in asked if not answers(shard)]:
        for shard in silent:
            asked[shard].append(_help(rig, shard, len(asked[shard])))
        await asyncio.sleep(0.5)
        if not bot.is_running:
            raise RuntimeError(bot.said()[-2_000:])


def _help(rig: GatewayRig, shard: int, number: int) -> str:
    def bring(body: Json) -> None:
        asyncio.ensure_future(rig.bring(body, shard))  # noqa: RUF006 - the answer is waited for

    return Speaker(None, rig, user=str(1_000 * shard + number), bring=bring).slash("news help")  # type: ignore[arg-type]


async def _fill(folder: Path, guilds: list[str]) -> None:
    """Put a digest for each server into the store, due tomorrow."""
    due = datetime.now(UTC) + timedelta(days=1)
    rows = []
    for number, guild in enumerate(guilds):
        channel = Channel("discord", str(int(guild) + 1), guild)
        one = Subscription(0, f"Brief {number}", channel, next_edition_at=due)
        place = {"platform": "discord", "workspace": guild, "channel": channel.id}
        rows.append(place | {"name": one.name, "next_edition_at": due, "settings": settings_to_json(one)})
    async with await open_store(f"sqlite:///{folder}/bot.sqlite3") as store, store._database.write() as connection:  # noqa: SLF001 - filling is not what is measured
        for start in range(0, len(rows), 500):
            await connection.execute(insert(subscriptions), rows[start : start + 500])


def _server(number: int) -> Json:
    """Return a server of ordinary size: 20 channels, 15 roles, 10 emojis, the bot as its known member."""
    chance = random.Random(number)  # noqa: S311 - a size, not a secret
    guild = str((1_600_000_000_000 - EPOCH + number * 1_000_003) << 22)
    roles = [_role(guild, n) for n in range(15)]
    return {
        "id": guild, "name": f"Server {number}", "owner_id": "1", "roles": roles, "emojis": list(_emojis(guild)),
        "channels": [_channel(guild, n) for n in range(20)], "threads": [], "stickers": [], "voice_states": [],
        "presences": [], "stage_instances": [], "guild_scheduled_events": [], "soundboard_sounds": [],
        "members": [_member()], "member_count": chance.randint(5, 5_000), "large": False, "unavailable": False,
        "joined_at": "2025-01-01T00:00:00+00:00", "features": ["COMMUNITY", "NEWS"], "region": "deprecated",
        "icon": "a" * 32, "splash": None, "banner": None, "description": None, "verification_level": 1,
        "default_message_notifications": 1, "explicit_content_filter": 2, "mfa_level": 0, "nsfw_level": 0,
        "afk_timeout": 300, "afk_channel_id": None, "system_channel_id": None, "system_channel_flags": 0,
        "premium_tier": 1, "premium_subscription_count": 2, "premium_progress_bar_enabled": False,
        "preferred_locale": "en-US", "vanity_url_code": None, "rules_channel_id": None, "version": 1,
        "public_updates_channel_id": None, "safety_alerts_channel_id": None, "max_members": 500_000,
        "application_id": None, "max_video_channel_users": 25, "max_stage_video_channel_users": 50,
    }  # fmt: skip


def _role(guild: str, number: int) -> Json:
    return {
        "id": guild if number == 0 else str(int(guild) + 100 + number), "name": f"role {number}", "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False,
        "position": number, "permissions": "559623605571137", "managed": False, "mentionable": False, "icon": None,
        "unicode_emoji": None, "flags": 0,
    }  # fmt: skip


def _channel(guild: str, number: int) -> Json:
    overwrites = [{"id": guild, "type": 0, "allow": "0", "deny": "2048"}]
    return {
        "id": str(int(guild) + 1 + number), "type": 4 if number % 7 == 0 else 0, "name": f"channel-{number}",
        "position": number, "permission_overwrites": overwrites * (number % 3 == 0), "nsfw": False,
        "topic": "What we talk about here" if number % 4 == 0 else None, "rate_limit_per_user": 0,
        "parent_id": None, "last_message_id": str(int(guild) + 999), "flags": 0, "version": 1,
    }  # fmt: skip


def _emojis(guild: str) -> Iterator[Json]:
    for number in range(10):
        yield {
            "id": str(int(guild) + 200 + number), "name": f"emoji{number}", "roles": [], "require_colons": True,
            "managed": False, "animated": False, "available": True,
        }  # fmt: skip


def _member() -> Json:
    user = {"id": "900000000000000001", "username": "digestbot", "discriminator": "0", "avatar": None, "bot": True}
    return {
        "user": user,
        "roles": [],
        "joined_at": "2025-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
    }


def _memory(process: int) -> float:
    """Return the megabytes a process holds resident."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1_024
    return 0.0


def _children(process: int) -> list[int]:
    found = [int(one) for one in Path(f"/proc/{process}/task/{process}/children").read_text(encoding="ascii").split()]
    return found + [inner for one in found for inner in _children(one)]


def main() -> int:
    """Measure, print the figures, and return 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("acks", "servers", "loaded"))
    parser.add_argument("--rate", type=int, default=RATE)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--servers", type=int, default=SERVERS)
    parser.add_argument("--shards", type=int, default=SHARDS)
    parser.add_argument("--folder", type=Path)
    wanted = parser.parse_args()
    if wanted.what == "loaded":
        asyncio.run(loaded(wanted.folder))
        return 0
    if wanted.what == "acks":
        return 0 if asyncio.run(acks(wanted.rate, wanted.seconds)) else 1
    return 0 if asyncio.run(servers(wanted.servers, wanted.shards)) else 1


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())
