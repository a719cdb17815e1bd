"""People are told each thing once, whatever the platforms do."""

import asyncio
from dataclasses import replace

import pytest

from digestbot.domain.errors import PlatformDown
from digestbot.domain.subscription import Channel
from digestbot.pipeline.notify import Teller
from digestbot.ports import Poll
from tests.fakes.chat import FakeChat
from tests.fakes.clock import FakeClock
from tests.fakes.store import MemoryStore

OPS = Channel("console", "ops")


@pytest.fixture
async def desk():
    """Return a store with two notices, a platform, and who tells."""
    clock, store, chat = FakeClock(), MemoryStore(), FakeChat()
    feed = await store.add_feed("https://a.example/", now=clock.now())
    for text in ("It has not worked since yesterday.", "It works again."):
        await store.record_polls([Poll(feed.id, feed.polling, notice=text)], clock.now())
    return store, chat, Teller(store, {"console": chat}, [OPS], clock)


async def test_each_notice_is_posted_once(desk):
    """What waits is posted in one message, oldest first, and never again."""
    store, chat, teller = desk
    told, faults = await teller.tell()
    assert (len(told), list(faults)) == (2, [])
    assert await teller.tell() == ((), ())
    (message,) = chat.posted
    text = message.text
    assert text.index("has not worked") < text.index("works again")
    assert await store.notices(unsent=True) == []


async def test_a_platform_that_is_down_is_tried_again(desk):
    """A notice that reached nobody waits."""
    store, chat, teller = desk
    chat.refuse(PlatformDown("ops"))
    told, (fault,) = await teller.tell()
    assert (told, type(fault)) == ((), PlatformDown)
    assert len(await store.notices(unsent=True)) == 2
    teller.clock.tick(minutes=5)
    told, _ = await teller.tell()
    assert len(told) == 2


async def test_without_a_channel_notices_stand_in_the_status_alone(desk):
    """Nobody wants them posted: they count as told, and the status shows them."""
    store, chat, teller = desk
    told, _ = await replace(teller, channels=()).tell()
    assert len(told) == 2
    assert chat.posted == []
    assert len(await store.notices()) == 2


async def test_a_platform_that_is_switched_off_has_told_nobody(desk):
    """A channel of a platform without an adapter is none: what the other channel did not take waits."""
    store, chat, teller = desk
    teller = replace(teller, channels=(Channel("slack", "C1"), OPS))
    chat.refuse(PlatformDown("ops"))
    assert (await teller.tell())[0] == ()
    assert len(await store.notices(unsent=True)) == 2
    teller.clock.tick(minutes=5)
    assert len((await teller.tell())[0]) == 2


async def test_several_processes_tell_a_notice_once(desk):
    """Each looks once a minute, often at the same moment, and Slack knows no key that makes two posts one."""
    _, chat, teller = desk
    chat.knows_keys = False
    post = chat.post

    async def slowly(*given):
        await asyncio.sleep(0.01)
        return await post(*given)

    chat.post = slowly
    told = await asyncio.gather(*(replace(teller).tell() for _ in range(4)))
    assert sorted(len(notices) for notices, _ in told) == [0, 0, 0, 2]
    assert len(chat.posted) == 1
