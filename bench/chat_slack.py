"""Slack under load: acknowledgements while the model is busy, the database locked and the Web API slow.

Run: ``python -m bench.chat_slack`` (Socket Mode, then signed HTTP). Slack is the stand-in of the tests, over TLS, in
this process; the bot is a process of its own with its own URLs, wired as ``digestbot run`` wires it. Presses and
events are delivered twice and must act once. Every body is checked by Slack's own types, after the clock has stopped.
"""

import argparse
import asyncio
import json
import os
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import trustme

from digestbot.app.chat import listening
from digestbot.app.compose import Rooms, open_rooms, read_settings
from tests.rigs.process import ROOT, BotProcess
from tests.rigs.slack import APP_TOKEN, TOKEN
from tests.rigs.slack_install import SIGNING_SECRET, InstallRig

LIMIT = 300.0
"""Milliseconds to an acknowledgement (99th percentile)."""
RATE, SECONDS = 50, 15
LOCKED = 2.0
"""Seconds for which another process holds the database, again and again."""
SLOW = 2.0
"""Seconds that every call of Slack's Web API takes."""
PATIENCE = 60
"""Seconds that what was asked last may take to be answered."""
TEXTS = 64
"""Sentences that the model is given at once, over and over."""
SETTINGS = """
[database]
url = "sqlite:///{folder}/bot.sqlite3"
[model]
cache = "{folder}/models"
[slack]
listen = "127.0.0.1:{port}"
"""
Json = dict[str, Any]


# ── the bot, its model always busy ───────────────────────────────────────────


async def loaded(config: Path) -> None:
    """Listen as the bot does until told to stop, and keep the encoder working."""
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with open_rooms(read_settings(config)) as rooms:
        busy = asyncio.create_task(_busy(rooms))
        async with listening(rooms):
            await stop.wait()
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)


async def _busy(rooms: Rooms) -> None:
    done = 0
    while True:
        await rooms.models.embedder.embed([f"Sentence {done} {n}: the council voted on gates." for n in range(TEXTS)])
        done += 1
        print(f"model: {done} batches of {TEXTS}", file=sys.stderr, flush=True)


# ── what is measured ─────────────────────────────────────────────────────────


async def measure(mode: str, rate: int, seconds: int) -> Json:
    """Start the bot, send commands, presses and events at a steady rate; return the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder, rig, authority, port = Path(name), InstallRig(), trustme.CA(), _free_port()
        rig.later = True
        await rig.start(authority)
        bot = _start(folder, rig, authority, port, mode)
        try:
            await bot.until('"listening"', 60)
            await bot.until("model: 2 batches", 120)
            sender = Sender(rig, mode, f"http://127.0.0.1:{port}/slack/events")
            figures = await _load(sender, folder / "bot.sqlite3", rate, seconds)
        finally:
            bot.process.terminate()
            bot.process.wait(30)
            await rig.stop()
        figures["model"] = [line for line in bot.said().splitlines() if line.startswith("model:")][-1]
    figures["bodies checked"], figures["faults"] = rig.check(), rig.faults[:5]
    return figures


def _start(folder: Path, rig: InstallRig, authority: trustme.CA, port: int, mode: str) -> BotProcess:
    tokens = {"DIGESTBOT_SLACK__BOT_TOKEN": TOKEN}
    door = {"socket": ("APP_TOKEN", APP_TOKEN), "http": ("SIGNING_SECRET", SIGNING_SECRET)}[mode]
    tokens[f"DIGESTBOT_SLACK__{door[0]}"] = door[1]
    settings = SETTINGS.format(folder=folder, port=port)
    bot = BotProcess(folder / "bot", settings, hosts=rig.hosts(), authority=authority, environment=tokens)
    with bot.out.open("ab") as out, bot.err.open("ab") as err:
        command = [sys.executable, "-m", "bench.chat_slack", "--loaded", str(bot.config)]
        bot._process = subprocess.Popen(command, cwd=ROOT, env=bot.environment, stdout=out, stderr=err)  # noqa: SLF001
    return bot


async def _load(sender: "Sender", database: Path, rate: int, seconds: int) -> Json:
    rig, stop = sender.rig, threading.Event()
    locking = threading.Thread(target=_lock, args=(database, stop))
    locking.start()
    rig.delay = SLOW
    began = time.monotonic()
    tasks = []
    for number in range(rate * seconds):
        await asyncio.sleep(max(0.0, began + number / rate - time.monotonic()))
        tasks.append(asyncio.create_task(sender.one(number)))
    await asyncio.gather(*tasks)
    took = time.monotonic() - began
    stop.set()
    locking.join()
    rig.delay = 0.0
    for _ in range(PATIENCE):
        await asyncio.sleep(1)
        if not sender.not_acted():
            break
    cuts = statistics.quantiles(sender.seconds, n=1_000)
    return {
        "mode": sender.mode,
        "load of the machine": round(os.getloadavg()[0], 1),
        "processors": os.cpu_count(),
        "deliveries": len(sender.seconds) + sender.late,
        "a second": round((len(sender.seconds) + sender.late) / took, 1),
        "p50 ms": round(cuts[499] * 1_000, 1),
        "p99 ms": round(cuts[989] * 1_000, 1),
        "max ms": round(max(sender.seconds) * 1_000, 1),
        "later than 3 s": sender.late,
        "delivered twice": len(sender.pressed) + len(sender.mentioned),
        "acted twice": sender.acted_twice(),
        "not acted": sender.not_acted(),
    }


class Sender:
    """Sends what Slack sends, and remembers how long each acknowledgement took."""

    def __init__(self, rig: InstallRig, mode: str, url: str) -> None:
        self.rig, self.mode, self._url = rig, mode, url
        self.seconds: list[float] = []
        self.late = 0
        self.pressed: list[tuple[str, str]] = []
        self.mentioned: list[str] = []

    async def one(self, number: int) -> None:
        """Send the next of a mixture: commands, a press pressed twice, a mention delivered twice."""
        user = f"U{number}"
        match number % 10:
            case 0:
                first, second = self._press(user), self._press(user)
                self.pressed.append((_answer_of(first), _answer_of(second)))
                await asyncio.gather(self._send("interactive", first), self._send("interactive", second))
            case 1:
                self.mentioned.append(at := f"{number}.1")
                event = {"type": "app_mention", "user": user, "channel": "C1", "ts": at, "text": "<@UBOT> status"}
                body = {"type": "event_callback", "event_id": f"Ev{number}", "team_id": "T1", "event": event}
                await asyncio.gather(self._send("events_api", body), self._send("events_api", body))
            case place:
                lines = ("search gates", "list", "schedule list", "help", "now 24h", "status", "quotes Reyes", "search")
                await self._send("slash_commands", self.rig.typed(lines[place - 2], user))

    def _press(self, user: str) -> Json:
        action = {"type": "button", "action_id": "run:0", "block_id": "b", "value": "list failing"}
        return {"type": "block_actions", "actions": [action], **self.rig._who(user, "C1")}  # noqa: SLF001

    async def _send(self, kind: str, payload: Json) -> None:
        began = time.monotonic()
        try:
            if self.mode == "socket":
                self.seconds.append((await self.rig.send(kind, payload)).seconds)
                return
            kinds = {"interactive": "interaction", "events_api": "event", "slash_commands": "command"}
            status, _ = await self.rig.deliver(self._url, payload, kind=kinds[kind])
            if status == 200:
                self.seconds.append(time.monotonic() - began)
            else:
                self.late += 1
        except TimeoutError:
            self.late += 1

    def acted_twice(self) -> int:
        """Count the presses and events that were answered more than once."""
        answered, threads = self._answers()
        presses = sum(1 for pair in self.pressed if sum(answered[one] for one in pair) > 1)
        return presses + sum(1 for at in self.mentioned if threads[at] > 1)

    def not_acted(self) -> int:
        """Count the presses and events that nothing came of."""
        answered, threads = self._answers()
        presses = sum(1 for pair in self.pressed if not any(answered[one] for one in pair))
        return presses + sum(1 for at in self.mentioned if not threads[at])

    def _answers(self) -> tuple[Counter[str], Counter[str]]:
        threads = Counter(message.get("thread_ts", "") for message in self.rig.rooms["C1"].messages)
        return Counter(self.rig.answered), threads


def _answer_of(press: Json) -> str:
    return str(press["response_url"]).rpartition("/")[2]


def _lock(path: Path, stop: threading.Event) -> None:
    """Hold the database's writing lock for two seconds, again and again, as another program might."""
    with closing(sqlite3.connect(path, isolation_level=None, timeout=10)) as connection:
        while not stop.wait(0.5):
            connection.execute("BEGIN IMMEDIATE")
            stop.wait(LOCKED)
            connection.execute("ROLLBACK")


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])


def main() -> int:
    """Measure, print the figures, and return 1 where a limit is not kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=RATE)
    parser.add_argument("--seconds", type=int, default=SECONDS)
    parser.add_argument("--mode", choices=("socket", "http", "both"), default="both")
    parser.add_argument("--loaded", type=Path)
    wanted = parser.parse_args()
    if wanted.loaded:
        asyncio.run(loaded(wanted.loaded))
        return 0
    well = True
    for mode in ("socket", "http") if wanted.mode == "both" else (wanted.mode,):
        figures = asyncio.run(measure(mode, wanted.rate, wanted.seconds))
        print(json.dumps(figures, indent=2), flush=True)
        kept = figures["p99 ms"] < LIMIT and not figures["later than 3 s"] and not figures["acted twice"]
        well = well and kept and not figures["faults"]
    return 0 if well else 1


if __name__ == "__main__":
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    sys.exit(main())
