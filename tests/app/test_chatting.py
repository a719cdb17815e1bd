"""The bot's listening half: the real Bolt app on a socket, answered by the command core over the bot's own rooms."""

import asyncio

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from digestbot.app.chatting import Answering, listening
from digestbot.app.compose import open_rooms
from digestbot.app.desk import OPERATOR, desk_of
from digestbot.commands import Asker, Invocation
from digestbot.config import DatabaseSettings, ModelSettings, Settings, SlackSettings
from digestbot.domain.subscription import Channel, Subscription
from tests.rigs.slack import APP_TOKEN, TOKEN
from tests.rigs.slack_socket import SocketRig


def settings(folder, **slack):
    """Return settings over a database of the test's own."""
    return Settings(
        database=DatabaseSettings(url=f"sqlite:///{folder}/bot.sqlite3"),
        model=ModelSettings(cache=str(folder / "models")),
        slack=SlackSettings(**slack),
    )


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
