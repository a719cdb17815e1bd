"""The wire over real TLS: buckets, limits for all, late first answers, and what is tried again by us."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.discord.bot import DiscordBot
from digestbot.commands import COMMANDS, Asker, Attachment, Invocation, Reply
from digestbot.commands.documents import said
from digestbot.domain.errors import DeliveryError, RateLimited
from digestbot.domain.subscription import Channel
from tests.chat.discord.interactions import Speaker, answered, until
from tests.chat.discord.test_adapter import a_message
from tests.rigs.discord import EPOCH, GUILD_ID, NEWS, TOKEN, TRADE, DiscordRig

CHANNELS = (Channel("discord", NEWS, GUILD_ID), Channel("discord", TRADE, GUILD_ID))


class Told:
    """A client that answers with what ``reply`` says."""

    def __init__(self, rig: DiscordRig) -> None:
        self.rig, self.reply = rig, said("Done.")
        self.asked: list[Invocation] = []
        self.problems: list[tuple[Exception, str]] = []

    async def start(self) -> None:
        """Log in."""
        self.bot = DiscordBot(
            COMMANDS, self._ask, lambda *_: asyncio.sleep(0, []), lambda *seen: self.problems.append(seen),
            connector=self.rig.connector(),
        )  # fmt: skip
        await self.bot.login(TOKEN)

    async def _ask(self, invocation: Invocation, _asker: Asker) -> Reply:
        self.asked.append(invocation)
        return self.reply

    def speaker(self, **about: Any) -> Speaker:
        """Return somebody who manages the server."""
        return Speaker(self.bot, self.rig, manager=True, **about)


@pytest.fixture
async def told(rig: DiscordRig) -> AsyncIterator[Told]:
    made = Told(rig)
    await made.start()
    yield made
    await made.bot.close()


async def test_an_empty_bucket_is_waited_for(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """After the last of a bucket nothing is sent to that channel until it is full again; another's goes out at once."""
    for channel in CHANNELS:
        await discord_adapter.post(channel, a_message(), "k0", None)
    rig.exhaust("POST messages", 0.8)
    last = asyncio.create_task(discord_adapter.post(CHANNELS[0], a_message(), "k1", None))
    await until(lambda: len(rig.sent()) == 2)
    began = time.monotonic()
    next_one = asyncio.create_task(discord_adapter.post(CHANNELS[0], a_message(), "k2", None))
    await discord_adapter.post(CHANNELS[1], a_message(), "k3", None)
    assert len(rig.sent()) == 2
    await asyncio.gather(last, next_one)
    assert time.monotonic() - began >= 0.5
    assert [len(rig.sent(channel.id)) for channel in CHANNELS] == [3, 2]


async def test_a_limit_for_all_holds_every_route_back(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """Discord's limit for the whole bot delays every other channel too, and loses nothing."""
    await discord_adapter.post(CHANNELS[1], a_message(), "k0", None)
    rig.limit("POST messages", 0.7, everywhere=True)
    limited = asyncio.create_task(discord_adapter.post(CHANNELS[0], a_message(), "k1", None))
    await until(lambda: sum(1 for m, p, _ in rig.calls if (m, p) == ("POST", f"channels/{NEWS}/messages")) == 1)
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await discord_adapter.post(CHANNELS[1], a_message(), "k2", None)
    assert time.monotonic() - began >= 0.4
    await limited
    assert [len(rig.sent(channel.id)) for channel in CHANNELS] == [1, 2]


async def test_a_first_answer_that_comes_too_late_does_nothing(rig: DiscordRig, told: Told):
    """An interaction older than three seconds is refused (10062): its command is not run, for its asker was told so."""
    old = (int((time.time() - 4) * 1_000) - EPOCH) << 22
    speaker = told.speaker(bring=lambda body: told.bot._connection.parse_interaction_create({**body, "id": str(old)}))
    token = speaker.slash("digest run", digest=1)
    await until(lambda: bool(told.problems))
    assert told.problems[0][1] == "acknowledging an interaction"
    assert "three seconds" in str(told.problems[0][0])
    assert told.asked == []
    assert not rig.answers[token]


@pytest.mark.parametrize("carried_out", [False, True])
async def test_a_lost_first_answer_is_given_again(rig: DiscordRig, told: Told, carried_out: bool):
    """The connection drops at the first answer: it is given again at once, and the command runs once all the same."""
    rig.lose_answer("POST callback", carried_out=carried_out)
    token = told.speaker().slash("digest run", digest=1)
    await answered(rig, token)
    assert len(told.asked) == 1
    assert told.problems == []


@pytest.mark.parametrize("trouble", ["503", "dropped", "cloudflare"])
async def test_an_answer_is_tried_again(rig: DiscordRig, told: Told, trouble: str):
    """What discord.py raises at once (503, a dropped connection, Cloudflare's 429) is tried again with back-off."""
    match trouble:
        case "503":
            rig.break_down("PATCH @original", 503)
        case "dropped":
            rig.lose_answer("PATCH @original", carried_out=False)
            rig.lose_answer("PATCH @original", carried_out=False)
        case _:
            rig.ban("PATCH @original", 1)
    token = told.speaker().slash("digest run", digest=1)
    await answered(rig, token)
    assert told.problems == []
    assert len(told.asked) == 1


async def test_an_answer_that_is_refused_is_not_tried_again(rig: DiscordRig, told: Told):
    """A refusal stays one: asked once, logged once."""
    rig.refuse("PATCH @original", 403, 50013)
    told.speaker().slash("digest run", digest=1)
    await until(lambda: bool(told.problems))
    assert rig.calls_to("PATCH", "@original") == 1
    assert isinstance(told.problems[0][0], DeliveryError)


async def test_files_go_out_and_come_in(rig: DiscordRig, told: Told):
    """A file is handed over with the answer; one that is attached is read from Discord's own host for files."""
    told.reply = Reply(said("Your feeds.").cards, file=Attachment("feeds.opml", b"<opml/>", "text/x-opml"))
    await answered(rig, told.speaker().slash("feed export"))
    assert rig.files == [("feeds.opml", b"<opml/>")]
    rig.attached["f1"] = "<opml>ü</opml>".encode()
    told.reply = said("Two feeds.")
    await answered(rig, told.speaker().attach("feed import", "file", "f1", size=20))
    assert told.asked[-1].options == {"file": "<opml>ü</opml>"}
    _, large = await answered(rig, told.speaker(user="77").attach("feed import", "file", "f1", size=3_000_000))
    assert "may have 2 MB" in str(large)


async def test_refusals_hold_the_client_back_before_the_ban(rig: DiscordRig, told: Told):
    """The client counts its refusals as the adapter does; beyond the limit nothing more is called."""
    told.bot._wire._breaker._limit = 2
    for _ in range(2):
        rig.refuse("PATCH @original", 403, 50013)
    for number in range(3):
        told.speaker(user=str(60 + number)).slash("digest run", digest=1)
        await until(lambda number=number: len(told.problems) == number + 1)
    assert rig.calls_to("PATCH", "@original") == 2
    assert isinstance(told.problems[-1][0], RateLimited)


async def test_a_report_reaches_the_workspaces_own_channel_once(rig: DiscordRig, told: Told):
    """A notice goes to the channel the workspace named, and only once though the answer to it was lost."""
    told.reply = Reply(said("Thank you.").cards, notice=said("A problem.").cards, notify=TRADE)
    rig.lose_answer("POST messages")
    await answered(rig, told.speaker().slash("news report", story=1, kind="fact"))
    await until(lambda: rig.calls_to("POST", "/messages") == 2)
    assert len(rig.sent(TRADE)) == 1
