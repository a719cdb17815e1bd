"""What every chat adapter keeps to, the fake one and the real ones with their real clients over real sockets."""

import io
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from digestbot.chat.console import ConsoleAdapter
from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.slack.adapter import SlackAdapter
from digestbot.domain.digest import Message, Quotation
from digestbot.domain.errors import ChannelGone, DeliveryError, OutcomeUnknown
from digestbot.domain.subscription import Channel
from digestbot.ports import ChatAdapter
from tests.fakes.chat import FakeChat
from tests.rigs import discord, slack
from tests.web.sample import sample


@dataclass
class Platform:
    """An adapter with a channel, and the verbs that make its platform fail."""

    adapter: ChatAdapter
    channel: Channel
    lose_answer: Callable[[], None] | None = None
    close_channel: Callable[[], None] | None = None
    remembers: bool = True


@pytest.fixture
def on_fake() -> Platform:
    fake, channel = FakeChat(), Channel("slack", "C1")
    return Platform(fake, channel, fake.lose_answer, lambda: fake.refuse(ChannelGone(str(channel))))


@pytest.fixture
def on_console() -> Platform:
    return Platform(ConsoleAdapter(io.StringIO()), Channel("console", ""), remembers=False)


@pytest.fixture
async def on_slack() -> AsyncIterator[Platform]:
    rig = slack.SlackRig()
    await rig.start()
    adapter = SlackAdapter(slack.TOKEN, base_url=rig.base_url, pace=0.0)
    close = lambda: setattr(rig.rooms["C1"], "archived", True)  # noqa: E731 - a verb
    yield Platform(adapter, Channel("slack", "C1", "T1"), rig.lose_answer, close)
    await adapter.close()
    await rig.stop()
    assert rig.faults == []


async def _on_discord(layout) -> AsyncIterator[Platform]:
    rig = discord.DiscordRig()
    await rig.start()
    adapter = DiscordAdapter(discord.TOKEN, connector=rig.connector, layout=layout)
    channel = Channel("discord", discord.NEWS, discord.GUILD_ID)
    yield Platform(adapter, channel, rig.lose_answer, lambda: rig.places.pop(discord.NEWS) and None)
    await adapter.close()
    await rig.stop()
    assert rig.faults == []


@pytest.fixture
async def on_discord() -> AsyncIterator[Platform]:
    async for platform in _on_discord("components"):
        yield platform


@pytest.fixture
async def on_discord_embeds() -> AsyncIterator[Platform]:
    async for platform in _on_discord("embeds"):
        yield platform


@pytest.fixture(params=["on_fake", "on_console", "on_slack", "on_discord", "on_discord_embeds"])
def platform(request) -> Platform:
    return request.getfixturevalue(request.param)


def just_now() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


def stored(message: Message) -> Message:
    """Return a message as it comes back from the store: through JSON."""
    return Message(json.loads(json.dumps(message.payload)), message.text, message.story_id, message.reply)


async def test_rendering_is_pure(platform: Platform):
    """The same digest gives the same JSON-able messages, the first of which starts the thread."""
    messages = platform.adapter.render(sample())
    assert [stored(message) for message in messages] == list(messages)
    assert list(messages) == list(platform.adapter.render(sample()))
    assert not messages[0].reply
    assert all(message.text.strip() for message in messages)


async def test_every_quotation_is_seen_verbatim(platform: Platform):
    """Each quotation's characters stand in what a reader sees, and so does its speaker."""
    shown = "\n".join(platform.adapter.visible(stored(message)) for message in platform.adapter.render(sample()))
    quotations = [block for card in sample().cards for block in card.blocks if isinstance(block, Quotation)]
    assert quotations
    assert all(quotation.text in shown and quotation.speaker in shown for quotation in quotations)


async def test_messages_are_posted_one_by_one(platform: Platform):
    """Each part gets an id of its own; the first one's leads the replies."""
    thread: str | None = None
    ids = []
    for number, message in enumerate(platform.adapter.render(sample())):
        reply_to = thread if message.reply else None
        ids.append(await platform.adapter.post(platform.channel, stored(message), f"deliver:1:{number}", reply_to))
        thread = thread or ids[0]
    assert all(ids)
    assert len(set(ids)) == len(ids)


async def test_a_posted_message_is_found_again(platform: Platform):
    """What was sent under a key is found by it, what was not is not; a terminal remembers nothing."""
    since = just_now()
    first, *_ = platform.adapter.render(sample())
    posted = await platform.adapter.post(platform.channel, first, "deliver:1:0", None)
    found = await platform.adapter.settle(platform.channel, "deliver:1:0", None, since)
    assert found == (posted if platform.remembers else None)
    assert await platform.adapter.settle(platform.channel, "deliver:1:1", None, since) is None


async def test_a_reply_is_found_again_in_its_thread(platform: Platform):
    """A reply is found where replies of the first message go."""
    since = just_now()
    first, *_ = platform.adapter.render(sample())
    thread = await platform.adapter.post(platform.channel, first, "deliver:1:0", None)
    reply = await platform.adapter.post(platform.channel, first, "deliver:1:1", thread)
    found = await platform.adapter.settle(platform.channel, "deliver:1:1", thread, since)
    assert found == (reply if platform.remembers else None)


async def test_a_lost_answer_is_no_lost_message(platform: Platform):
    """When the answer is lost the outcome is unknown, and looking finds the message: nothing is sent twice."""
    if platform.lose_answer is None:
        pytest.skip("a terminal gives no answers to lose")
    since = just_now()
    first, *_ = platform.adapter.render(sample())
    await platform.adapter.post(platform.channel, first, "deliver:1:0", None)
    platform.lose_answer()
    with pytest.raises(OutcomeUnknown):
        await platform.adapter.post(platform.channel, first, "deliver:2:0", None)
    assert await platform.adapter.settle(platform.channel, "deliver:2:0", None, since)
    assert await platform.adapter.settle(platform.channel, "deliver:3:0", None, since) is None


async def test_a_dead_channel_is_said_to_be(platform: Platform):
    """A deleted or archived channel is gone, with what to do about it; that is a delivery error like any other."""
    if platform.close_channel is None:
        pytest.skip("a terminal has no channels")
    platform.close_channel()
    first, *_ = platform.adapter.render(sample())
    with pytest.raises(ChannelGone) as caught:
        await platform.adapter.post(platform.channel, first, "deliver:1:0", None)
    assert isinstance(caught.value, DeliveryError)
    assert caught.value.hint
    assert not caught.value.transient
