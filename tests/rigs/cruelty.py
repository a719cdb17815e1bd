"""What is done to the bot in the chaos runs: kills, lost answers, storms, full disks, stepping clocks."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from tests.rigs.chaos import STALLED, STEPS, World
from tests.rigs.postgresql import PostgreSQL

FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
"""Debian's libfaketime, which lets a process see another time (apt-get install libfaketime)."""
LIFE = 3.0
"""Seconds an undisturbed life lasts within a storm."""

Cruelty = Callable[[World, int], Awaitable[None]]


async def alive(world: World) -> None:
    """See to it that the bot runs: one process on SQLite, two on PostgreSQL."""
    while sum(life.lives and not life.killed for life in world.lives) < (2 if world.is_postgresql else 1):
        await world.bear()


async def kills(world: World, times: int) -> None:
    """Kill it so many times within a step drawn at random, in even shares."""
    for number in range(times):
        await world.happen()
        await alive(world)
        await world.trap(STEPS[number % len(STEPS)])
        world.bury()


async def _storm(world: World, times: int, disturb: Callable[[], None]) -> None:
    """Disturb the platforms and let it live on, killing it now and then."""
    for number in range(times):
        await world.happen()
        disturb()
        await alive(world)
        await world.lived(LIFE)
        if number % 3 == 2:
            world.kill()
            world.bury()


async def lost_answers(world: World, times: int) -> None:
    """Carry posts out and drop the connection; and drop some that were not carried out."""
    slack, discord, draw = world.platforms.slack, world.platforms.discord, world.random

    def disturb() -> None:
        for _ in range(2):
            slack.lose_answer(carried_out=draw.random() < 0.7)
            discord.lose_answer(carried_out=draw.random() < 0.7)

    await _storm(world, times, disturb)


async def limits(world: World, times: int) -> None:
    """Answer with 429 again and again, within digests too."""
    slack, discord = world.platforms.slack, world.platforms.discord

    def disturb() -> None:
        for _ in range(3):
            slack.limit("chat.postMessage", 1)
            discord.limit("POST messages", 1)

    await _storm(world, times, disturb)


async def outages(world: World, times: int) -> None:
    """Answer with 503 and pages that are not the platform's; some posts are carried out all the same."""
    slack, discord, draw = world.platforms.slack, world.platforms.discord, world.random

    def disturb() -> None:
        for _ in range(2):
            slack.break_down("chat.postMessage", 503, "upstream", carried_out=draw.random() < 0.5)
            discord.break_down("POST messages", 503, carried_out=draw.random() < 0.5)

    await _storm(world, times, disturb)


def restarts(server: PostgreSQL) -> Cruelty:
    """Return what pulls the database's plug in the middle of digests."""

    async def restart(world: World, times: int) -> None:
        for _ in range(times):
            await world.happen()
            await alive(world)
            posted = asyncio.Event()
            with world.watched(lambda: "taken", posted.set), suppress(TimeoutError):
                await asyncio.wait_for(posted.wait(), 15)
            await asyncio.to_thread(server.stop)
            await asyncio.sleep(world.random.random())
            await asyncio.to_thread(server.start)
            world.verdict.kills += 1
            await asyncio.sleep(1)
            world.bury()

    return restart


def _size(world: World) -> int:
    """Return the size of the database's file."""
    return Path(world.url.removeprefix("sqlite:///")).stat().st_size


async def full_disk(world: World, times: int) -> None:
    """Let no file grow beyond what the database has: every write fails at some point (RLIMIT_FSIZE)."""
    await world.still()
    for _ in range(times):
        await world.happen()
        room = world.random.choice((0, 4_096, 32_768))
        await world.bear(fsize=_size(world) + room)
        await asyncio.sleep(LIFE)
        world.kill()
        world.bury()


HOURS = (1, 0, -1, 0)
"""How far the machine's clock is ahead, in turn: it steps back from an hour too late, and from right to too early."""


async def clock_back(world: World, times: int) -> None:
    """Step the machine's clock by an hour, back and forth, while digests are on their way."""
    clock = world.folder / "clock"

    def step(hours: int) -> None:
        world.ahead = timedelta(hours=hours)
        clock.write_text(f"{hours * 3600:+d}\n", "utf-8")

    for number in range(times):
        step(HOURS[number % len(HOURS)])
        await world.happen()
        await alive(world)
        if number % 2:
            await world.lived(LIFE)
        else:
            await world.trap("deliver")
        world.bury()
    step(0)
    world.kill()


async def freezes(world: World, times: int) -> None:
    """Stop one process for longer than it takes to be given up for dead, while the other goes on; then let it go on."""
    for number in range(times):
        await world.happen()
        await alive(world)
        await world.sending()
        await world.random.choice(world.lives).freeze(STALLED * 2)
        if number % 4 == 3:
            world.kill()
        world.bury()


def clock_environment(folder: Path) -> dict[str, str]:
    """Return what makes a process take its time from a file in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "clock").write_text("+0\n", "utf-8")
    return {
        "LD_PRELOAD": FAKETIME,
        "FAKETIME_TIMESTAMP_FILE": str(folder / "clock"),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


async def second_starts(world: World, times: int) -> None:
    """Start a second bot on the same file while the first works; it must refuse with a sentence."""
    for _ in range(times):
        await world.happen()
        await alive(world)
        await world.until(lambda: '"running"' in world.lives[-1].said(), 20, "a running bot")
        second = await world.bear()
        await world.until(lambda second=second: not second.lives, 20, "the end of the second bot")
        if "stop the other one first" not in second.said() or "Traceback" in second.said():
            world.verdict.wrong.append(f"a second bot said {second.said()[:200]!r}")
        world.verdict.kills += 1
        world.bury()


async def run(world: World, cruelty: Cruelty, times: int) -> None:
    """Open a world, be cruel, let it calm down, and judge."""
    try:
        await world.start()
        await cruelty(world, times)
        await world.calm()
        await world.judge()
    finally:
        await world.stop()
