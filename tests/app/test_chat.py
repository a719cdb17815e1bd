"""The bot's listening half: the real Bolt app on a socket, answered by the command core over the bot's own rooms."""

import asyncio
import socket

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from digestbot.app.chat import Answering, listening
from digestbot.app.compose import open_rooms
from digestbot.app.desk import OPERATOR, desk_of
from digestbot.app.doctor import _tokens
from digestbot.commands import Asker, Invocation
from digestbot.config import DatabaseSettings, ModelSettings, Settings, SlackSettings
from digestbot.domain.subscription import Channel, Subscription
from tests.chat.slack.making import digest, story
from tests.rigs.slack import APP_TOKEN, TOKEN
from tests.rigs.slack_install import CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET, InstallRig
from tests.rigs.slack_socket import SocketRig


def settings(folder, **slack):
    """Return settings over a database of the test's own."""
    return Settings(
        database=DatabaseSettings(url=f"sqlite:///{folder}/bot.sqlite3"),
        model=ModelSettings(cache=str(folder / "models")),
        slack=SlackSettings(**slack),
    )


@pytest.fixture
def unused_tcp_port():
    """Return a port nobody listens on."""
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return made.getsockname()[1]


@pytest.fixture
async def rig(monkeypatch):
    """Serve a Slack with Socket Mode at the address the client library knows as Slack's."""
    made = SocketRig()
    await made.start()
    monkeypatch.setattr(AsyncWebClient, "BASE_URL", made.base_url)
    yield made
    await made.stop()
    assert made.faults == []


async def test_a_slash_command_is_answered_from_the_bots_own_rooms(rig, tmp_path):
    """With both tokens the app connects, and a typed command is answered by what the store holds."""
    async with open_rooms(settings(tmp_path, bot_token=TOKEN, app_token=APP_TOKEN)) as rooms, listening(rooms):
        await rig.connected()
        await rooms.store.add_feed("https://news.example/feed", title="The Example", now=rooms.clock.now())
        acked = await rig.command("list")
        assert acked.seconds < 3
        for _ in range(100):
            if rig.responses:
                break
            await asyncio.sleep(0.05)
    assert "The Example" in str(rig.responses)


async def test_a_refused_token_is_logged_and_posting_goes_on(rig, tmp_path, caplog):
    """A platform that refuses to be listened to is a warning with its fix; the rooms stay open."""
    wrong = settings(tmp_path, bot_token="xoxb-wrong", app_token=APP_TOKEN)
    async with open_rooms(wrong) as rooms, listening(rooms):
        assert (await rooms.store.status(rooms.clock.now())).feeds == 0
    assert rig.connections == 0


async def test_an_outage_at_the_start_is_waited_out(rig, tmp_path, monkeypatch):
    """Slack that cannot be reached when the bot starts is tried again until commands are heard."""
    monkeypatch.setattr("digestbot.app.slack.WAITS", (0.1,))
    for _ in range(2):
        rig.break_down("auth.test", 503)
    async with open_rooms(settings(tmp_path, bot_token=TOKEN, app_token=APP_TOKEN)) as rooms, listening(rooms):
        await rig.connected()
        assert (await rig.command("help")).seconds < 3


async def test_an_app_of_many_workspaces_is_wired_by_its_settings(monkeypatch, tmp_path, unused_tcp_port):
    """With secrets and a public address the bot serves its installation page, and answers who has installed it."""
    rig = InstallRig()
    await rig.start()
    monkeypatch.setattr(AsyncWebClient, "BASE_URL", rig.base_url)
    wanted = settings(
        tmp_path,
        signing_secret=SIGNING_SECRET,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        public_url="https://bot.example.com",
        listen=f"127.0.0.1:{unused_tcp_port}",
    )
    base = f"http://127.0.0.1:{unused_tcp_port}/slack/"
    async with open_rooms(wanted) as rooms, listening(rooms), aiohttp.ClientSession() as browser:
        given = await _state(browser, base)
        asked = {"code": rig.allow("T8"), "state": given.partition("=")[2]}
        async with browser.get(f"{base}oauth_redirect", params=asked, headers={"Cookie": given}) as page:
            assert page.status == 200
        status, _ = await rig.deliver(f"{base}events", rig.typed("help", channel="C8", team="T8"))
        assert status == 200
        await _until(lambda: rig.responses)
        adapter = rooms.adapters["slack"]
        (message, *_) = adapter.render(digest(story(1)))
        assert await adapter.post(Channel("slack", "C8", "T8"), message, "k", None)
        seen = [finding.what async for finding in _tokens(wanted)]
        assert any("in “Team T8”" in one for one in seen)
    await rig.stop()
    assert rig.faults == []


async def _state(browser, base):
    """Open the installation page, once it is served, and return its cookie."""
    for _ in range(100):
        try:
            async with browser.get(f"{base}install") as page:
                return page.headers["Set-Cookie"].split(";")[0]
        except aiohttp.ClientConnectorError:
            await asyncio.sleep(0.05)
    raise TimeoutError


async def _until(there):
    for _ in range(100):
        if there():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError


async def test_names_are_those_the_asker_may_name(tmp_path):
    """Of feeds, topics and digests only those of the asker's workspace are offered; the operator may name them all."""
    async with open_rooms(settings(tmp_path)) as rooms:
        await rooms.store.add_feed("https://news.example/feed", title="The Example", now=rooms.clock.now())
        await rooms.store.save_subscription(Subscription(0, "Ours", Channel("console", "")))
        await rooms.store.save_subscription(Subscription(0, "Theirs", Channel("slack", "C1", "T9")))
        await rooms.store.save_subscription(Subscription(0, "Others", Channel("slack", "C1", "T8")))
        answering = Answering(desk_of(rooms))
        assert [label for label, _ in await answering.names("feed", OPERATOR)] == ["The Example"]
        assert [label for label, _ in await answering.names("digest", OPERATOR)] == ["Ours", "Theirs", "Others"]
        theirs = Asker("U1", Channel("slack", "C1", "T9"))
        assert [label for label, _ in await answering.names("digest", theirs)] == ["Theirs"]
        assert await answering.names("topic", theirs) == []
        assert (await answering(Invocation("list"), OPERATOR)).error is None
        assert (await answering(Invocation("nonsense"), OPERATOR)).error is not None
