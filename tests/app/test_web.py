"""The web room beside the bot: served where the settings want it, told by the bot's own process, refused where open."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from aiohttp import ClientConnectionError, ClientSession

from digestbot.app.web import papers
from digestbot.config import load_settings
from digestbot.domain.errors import ConfigError, NotPermitted
from digestbot.domain.subscription import Channel
from tests.app.test_run import Bot
from tests.fakes.clock import START
from tests.web.sample import sample

CONFIG = """
[database]
url = "sqlite:///{folder}/bot.sqlite3"
[web]
enabled = true
port = 0
[log]
format = "json"
"""
ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.slow
async def test_the_bot_serves_its_pages(tmp_path):
    """``digestbot run`` with web.enabled answers on loopback while it runs, and no longer after."""
    config = tmp_path / "digestbot.toml"
    config.write_text(CONFIG.format(folder=tmp_path), encoding="utf-8")
    bot = Bot(config, tmp_path, 1)
    log = await bot.until(r'"serving"')
    base = re.search(r'"url": "(http://127\.0\.0\.1:\d+)"', log)
    assert base is not None
    pages = {"/readyz": "ready", "/status": "Event loop lag", "/metrics": "digestbot_due{", "/": "Archive"}
    async with ClientSession(base[1]) as browser:
        for path, words in pages.items():
            answer = await browser.get(path)
            assert words in await answer.text()
        assert await bot.stop() < 5
        with pytest.raises(ClientConnectionError):
            await browser.get("/healthz")


def test_an_open_address_of_the_world_is_a_fault_of_the_settings(tmp_path):
    """The settings themselves are refused, in one sentence with the fix, and ``run`` ends with exit code 78."""
    config = tmp_path / "digestbot.toml"
    config.write_text('[web]\nenabled = true\nhost = "0.0.0.0"\n', encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "digestbot", "run", "--config", str(config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 78
    assert "web: host: 0.0.0.0 is reached from outside this machine: set web.token or web.proxy_header" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "line", ['token = "sixteen letters!"', 'proxy_header = "X-Forwarded-User"', 'host = "127.0.0.1"']
)
def test_with_a_guard_the_settings_are_fine(tmp_path, line):
    """A token, a proxy's header, or loopback alone: each will do."""
    host = "" if line.startswith("host") else 'host = "0.0.0.0"\n'
    config = tmp_path / "digestbot.toml"
    config.write_text(f"[web]\nenabled = true\n{host}{line}\n", encoding="utf-8")
    assert load_settings(config).web.enabled


@pytest.mark.parametrize(
    "line", ['token = "short"', 'trusted_proxies = ["nowhere"]', 'public_url = "ftp://x"', "port = 99999"]
)
def test_what_cannot_be_is_refused(tmp_path, line):
    """A token that can be guessed, a network that is none, an address that is not http(s): each fault is named."""
    config = tmp_path / "digestbot.toml"
    config.write_text(f"[web]\n{line}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=f"web.{line.partition(' ')[0]}"):
        load_settings(config)


async def test_paper_is_never_posted():
    """A proof renders as the platform does, and refuses to be posted."""
    for paper in papers().values():
        (message, *_) = paper.render(sample())
        assert paper.visible(message)
        with pytest.raises(NotPermitted):
            await paper.post(Channel(paper.platform, "x"), message, "k", None)
        assert await paper.settle(Channel(paper.platform, "x"), "k", None, START) is None
