"""The bot as its own process, with its own URLs and TLS, killed with -9 in the middle of a digest: all of it, once."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import trustme

from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.discord.doctor import invite_link
from digestbot.domain.digest import Edition
from digestbot.domain.subscription import Channel, Subscription
from digestbot.store import open_store
from tests.chat.slack import making
from tests.rigs.discord import BOT_ID, GUILD_ID, NEWS, TOKEN, DiscordRig, Json, Place
from tests.rigs.process import BotProcess

SETTINGS = """
[database]
url = "sqlite:///{folder}/bot.sqlite3"
[workers]
stalled_after = 6
[discord]
commands = false
"""
"""A message that was being sent is left alone for six seconds after a kill, not for thirty."""
STORIES = 40


class Deadly(DiscordRig):
    """A Discord that forgets nonces at once, and in whose arms the bot is killed: ``deaths`` are counts of messages."""

    def __init__(self) -> None:
        super().__init__()
        self.knows_nonces = False
        self.bot: BotProcess | None = None
        self.deaths = [1, 4]
        self.taken = 0

    def _create(self, place: Place, body: Json) -> tuple[int, Json]:
        answer = super()._create(place, body)
        self.taken += 1
        if self.deaths and self.taken >= self.deaths[0] and self.bot is not None:
            self.deaths.pop(0)
            self.bot.kill()  # the message stands, and nobody hears that it does
        return answer


async def owed(folder: Path) -> list[str]:
    """Write a digest of forty stories into the outbox; return the first words of each of its messages."""
    now = datetime.now(UTC)
    channel = Channel("discord", NEWS, GUILD_ID)
    digest = making.digest(*(making.story(number, quotes=2) for number in range(STORIES)))
    messages = DiscordAdapter(TOKEN).render(digest)
    async with await open_store(f"sqlite:///{folder}/bot.sqlite3") as store:
        kept = await store.save_subscription(Subscription(0, "Morning", channel))
        edition = Edition(kept.id, now)
        await store.publish(
            edition, channel=channel, digest=digest, messages=messages, article_ids={},
            next_edition_at=None, window_from=now,
        )  # fmt: skip
    return [message.text for message in messages]


async def test_check_gives_the_link_that_invites_the_bot(tmp_path: Path):
    """“digestbot check” ends with the link that adds the bot to a server with exactly what it needs, whole."""
    rig, authority = DiscordRig(), trustme.CA()
    await rig.start(authority)
    settings = SETTINGS.format(folder=tmp_path) + f'[[subscriptions]]\nname = "Brief"\nchannel = "discord:{NEWS}"\n'
    environment = {"DIGESTBOT_DISCORD__TOKEN": TOKEN}
    bot = BotProcess(
        tmp_path / "bot",
        settings,
        hosts=rig.hosts(),
        authority=authority,
        environment=environment,
        arguments=("check",),
    )
    try:
        bot.start()
        await bot.ended(60)
    finally:
        bot.kill()
        await rig.stop()
    assert f"add it to a server: {invite_link(BOT_ID)}" in bot.said(out=True)
    assert "#news can be posted to" in bot.said(out=True)
    assert rig.faults == []


@pytest.mark.slow
async def test_killed_twice_in_mid_digest_nothing_is_lost_or_doubled(tmp_path: Path):
    """Each kill falls between the platform's taking of a message and its receipt; a worker without a gateway goes on.

    The first message stands in the channel, the others in its thread, in order, each once.
    """
    rig, authority = Deadly(), trustme.CA()
    texts = await owed(tmp_path)
    assert len(texts) > 7
    await rig.start(authority)
    environment = {"DIGESTBOT_DISCORD__TOKEN": TOKEN}
    settings = SETTINGS.format(folder=tmp_path)
    bot = rig.bot = BotProcess(
        tmp_path / "bot", settings, hosts=rig.hosts(), authority=authority, environment=environment
    )
    try:
        for _ in range(2):
            bot.start()
            await bot.ended(40)
            assert not bot.is_running
        bot.start()
        await bot.waits(lambda: rig.taken == len(texts), 40, what="the whole digest")
        await bot.until("delivered")
        assert await bot.stop() == 0
    finally:
        bot.kill()
        await rig.stop()
    (first,) = rig.sent()
    rest = rig.sent(first["id"])
    assert len(rest) == len(texts) - 1
    shown = [str(message["components"]) for message in (first, *rest)]
    for number in range(STORIES):
        assert sum(f"We are ready to build number {number}-0." in one for one in shown) == 1
    assert [one for one, text in zip(shown, texts, strict=True) if text.split(" · ")[-1][:20] not in one] == []
    assert rig.faults == []
    assert not any(path.startswith("gateway") for _, path, _ in rig.calls)
    async with await open_store(f"sqlite:///{tmp_path}/bot.sqlite3") as store:
        assert (await store.status(datetime.now(UTC))).deliveries_sent == 1
