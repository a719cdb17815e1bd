"""The bot as its own process: it polls, posts, stops cleanly, and posts nothing twice."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from digestbot.store import open_store
from digestbot.web.newsroom import Newsroom, serve

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = """
[database]
url = "sqlite:///{folder}/bot.sqlite3"
[sources]
allow_private_hosts = ["{host}"]
min_gap = 0
[model]
cache = "{folder}/models"
[[feeds]]
url = "{base}/touchline/feed.xml"
title = "Touchline"
backfill = 5
[[feeds]]
url = "{base}/nowhere.xml"
title = "Nowhere"
[[subscriptions]]
name = "Evening brief"
channel = "console:"
schedule = "daily"
at = ["{at}"]
"""


@asynccontextmanager
async def newsroom():
    """Serve the sample newsroom; yield its base URL and a feed's address."""
    room = Newsroom.load(ROOT / "config" / "demo", datetime.now(UTC))
    runner, base = await serve(room)
    try:
        yield base, next(url for url in room.feed_urls(base) if "touchline" in url)
    finally:
        await runner.cleanup()


async def digestbot(*args: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "digestbot", *args]
    return await asyncio.to_thread(subprocess.run, command, cwd=ROOT, capture_output=True, text=True, check=False)


class Bot:
    """``digestbot run`` in a process of its own, its output in files."""

    def __init__(self, config: Path, folder: Path, number: int) -> None:
        self.out, self.err = folder / f"out{number}", folder / f"err{number}"
        with self.out.open("w") as out, self.err.open("w") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "digestbot", "run", "--config", str(config)],
                cwd=ROOT,
                stdout=out,
                stderr=err,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},
            )

    async def until(self, pattern: str, where: str = "err", seconds: float = 60) -> str:
        """Wait until its output or log matches; return what it has written."""
        path = self.out if where == "out" else self.err
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if re.search(pattern, text := path.read_text(encoding="utf-8")):
                return text
            assert self.process.poll() is None, self.err.read_text(encoding="utf-8")
            await asyncio.sleep(0.1)
        raise AssertionError(f"no {pattern!r} in {path.read_text(encoding='utf-8')}")

    async def stop(self) -> float:
        """Press Ctrl-C; return the seconds it took to end, which must be well."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        code = await asyncio.to_thread(self.process.wait, 20)
        assert code == 0, self.err.read_text(encoding="utf-8")
        return time.monotonic() - began


async def make_due(url: str) -> None:
    """Let the subscription's edition be due now."""
    async with await open_store(url) as store:
        (subscription,) = await store.subscriptions()
        await store.save_subscription(replace(subscription, next_edition_at=datetime.now(UTC) - timedelta(minutes=1)))


@pytest.mark.slow
async def test_the_bot_posts_once_and_stops_at_once(tmp_path):
    """A first run polls, a due edition is posted once, Ctrl-C ends it within 5 s, a third run posts nothing more."""
    async with newsroom() as (base, feed):
        late = (datetime.now(UTC) - timedelta(hours=2)).strftime("%H:%M")
        text = CONFIG.format(folder=tmp_path, host=base.removeprefix("http://"), base=base, at=late)
        config = tmp_path / "digestbot.toml"
        config.write_text(text.replace(f"{base}/touchline/feed.xml", feed), encoding="utf-8")
        url = f"sqlite:///{tmp_path}/bot.sqlite3"

        first = Bot(config, tmp_path, 1)
        log = await first.until("feed refreshed")
        assert '"code": "' in await first.until("nowhere.xml")
        assert "Traceback" not in log
        assert await first.stop() < 5

        await make_due(url)
        second = Bot(config, tmp_path, 2)
        shown = await second.until(r"Sources: Touchline", "out")
        assert shown.count("Evening brief") == 1
        await second.until('"delivered"')
        assert await second.stop() < 5

        await make_due(url)
        third = Bot(config, tmp_path, 3)
        assert '"nothing"' in await third.until('"edition"')
        assert await third.stop() < 5
        assert third.out.read_text(encoding="utf-8") == ""

        status = await digestbot("status", "--config", str(config))
        assert status.returncode == 0
        assert "Nowhere" in status.stdout
        assert "Evening brief" in status.stdout


@pytest.mark.slow
async def test_a_second_bot_on_one_file_refuses(tmp_path):
    """Two processes started by mistake on one SQLite file: the second says so in one sentence and ends."""
    config = tmp_path / "digestbot.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/bot.sqlite3"\n', encoding="utf-8")
    first = Bot(config, tmp_path, 1)
    await first.until('"running"')
    second = await digestbot("run", "--config", str(config))
    assert second.returncode == 1
    assert "stop the other one first" in second.stderr
    assert "Traceback" not in second.stderr
    assert await first.stop() < 5
