"""The bot as its own process, with its own URLs and TLS, killed with -9 in the middle of a digest: all of it, once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from digestbot.chat.slack.adapter import SlackAdapter
from digestbot.domain.digest import Edition
from digestbot.domain.subscription import Channel, Subscription
from digestbot.store import open_store
from tests.chat.slack import making
from tests.chat.slack.hearing import texts
from tests.rigs.process import BotProcess
from tests.rigs.slack import APP_TOKEN, TOKEN, Json
from tests.rigs.slack_socket import SocketRig

SETTINGS = """
[database]
url = "sqlite:///{folder}/bot.sqlite3"
[workers]
stalled_after = 6
"""
"""A message that was being sent is left alone for six seconds after a kill, not for thirty."""
STORIES = 4


class Deadly(SocketRig):
    """A Slack in whose arms the bot is killed: ``deaths`` are counts of messages taken; once it asks to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.bot: BotProcess | None = None
        self.deaths = [1, 3]
        self.taken = 0

    def _chat_postMessage(self, body: Json) -> Json:  # noqa: N802 - named after the method
        answer = super()._chat_postMessage(body)
        self.taken += "error" not in answer
        if self.deaths and self.taken >= self.deaths[0] and self.bot is not None:
            self.deaths.pop(0)
            self.bot.kill()  # the message stands, and nobody hears that it does
            if not self.deaths:
                self.limit("chat.postMessage", 2)
        return answer


async def owed(folder: Path) -> list[str]:
    """Write a digest into the outbox; return what a phone would show of each of its messages."""
    now = datetime.now(UTC)
    channel = Channel("slack", "C1", "T1")
    digest = making.digest(*(making.story(number, quotes=2) for number in range(STORIES)))
    messages = SlackAdapter(TOKEN).render(digest)
    async with await open_store(f"sqlite:///{folder}/bot.sqlite3") as store:
        kept = await store.save_subscription(Subscription(0, "Morning", channel))
        await store.publish(
            Edition(kept.id, now),
            channel=channel,
            digest=digest,
            messages=messages,
            article_ids={},
            next_edition_at=None,
            window_from=now,
        )
    return [message.text for message in messages]


@pytest.mark.slow
async def test_killed_twice_in_mid_digest_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    """Each kill falls between Slack's taking of a message and its receipt; afterwards Slack says to wait.

    The digest is in the channel whole, its stories in the thread in order, each once; and commands are answered.
    """
    rig, authority = Deadly(), trustme.CA()
    rig.people = {"U1": {"tz": "UTC"}}
    told = await owed(tmp_path)
    assert len(told) == 1 + STORIES
    await rig.start(authority)
    tokens = {"DIGESTBOT_SLACK__BOT_TOKEN": TOKEN, "DIGESTBOT_SLACK__APP_TOKEN": APP_TOKEN}
    settings = SETTINGS.format(folder=tmp_path)
    bot = rig.bot = BotProcess(
        tmp_path / "bot", settings, hosts=rig.hosts(), authority=authority, environment=tokens
    )  # fmt: skip
    try:
        for _ in range(2):
            bot.start()
            await bot.ended(60)
        rig.bot = None
        before = rig.connections
        bot.start()
        await bot.waits(lambda: rig.taken == len(told), 90, what="the whole digest")
        await bot.until("delivered")
        await rig.connected(before + 1)
        assert (await rig.command("help")).seconds < 3
        await bot.waits(lambda: bool(rig.responses), what="the answer")
        assert await bot.stop() == 0
    finally:
        bot.kill()
        await rig.stop()
    messages = rig.rooms["C1"].messages
    assert [message["text"] for message in messages] == [making_escaped(text) for text in told]
    assert [message.get("thread_ts") for message in messages] == [None, *[messages[0]["ts"]] * STORIES]
    for number in range(STORIES):
        assert sum(f"We are ready to build number {number}-0." in texts(one["blocks"]) for one in messages) == 1
    assert rig.faults == []
    assert not rig._told["chat.postMessage"]
    assert "Traceback" not in bot.said(all_lives=True)
    async with await open_store(f"sqlite:///{tmp_path}/bot.sqlite3") as store:
        assert (await store.status(datetime.now(UTC))).deliveries_sent == 1


def making_escaped(text: str) -> str:
    """Return a notification as Slack takes it."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
