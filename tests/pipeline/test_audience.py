"""Who reads a feed is counted over subscriptions, workspaces and topics."""

from dataclasses import replace

import pytest

from digestbot.domain.subscription import Channel, Subscription, Workspace
from digestbot.pipeline.audience import Audience
from tests.fakes.clock import START
from tests.fakes.store import MemoryStore

SLACK = Workspace("slack", "T1")


@pytest.fixture
async def world():
    """Return a store with two feeds of the operator's, one of a workspace's, and what counts."""
    store = MemoryStore()
    feeds = [
        await store.add_feed("https://a.example/", topics=["world"], now=START),
        await store.add_feed("https://b.example/", topics=["sport"], now=START),
        await store.add_feed("https://c.example/", owner=SLACK, now=START),
    ]
    return store, feeds, Audience(store)


async def readers(world, *subscriptions):
    """Store subscriptions and return how many read each feed."""
    store, feeds, audience = world
    for number, one in enumerate(subscriptions):
        await store.save_subscription(replace(one, name=f"{number}"))
    await audience.count()
    return [audience.of(feed) for feed in feeds]


def console(**rest):
    """Return a subscription of the operator's."""
    return Subscription(0, "", Channel("console", "x"), **rest)


def slack(team="T1", **rest):
    """Return a subscription of a workspace's."""
    return Subscription(0, "", Channel("slack", "C1", team), **rest)


async def test_whoever_polls_reads(world):
    """A feed without a subscription, or before anything was counted, has one reader."""
    assert await readers(world) == [1, 1, 1]


async def test_each_subscription_that_reads_a_feed_counts(world):
    """Subscriptions to everything, to some feeds, to topics; a workspace's own feeds are read there alone."""
    _, feeds, _ = world
    several = [console(), slack(), slack(), slack("T2"), slack(feeds=(feeds[0].id,)), console(topics=("sport",))]
    assert await readers(world, *several) == [5, 5, 4]


async def test_feeds_of_one_host_are_neighbours(world):
    """A host's feeds are counted together, whatever their paths and ports; a paused one is not asked for."""
    store, (alone, *_), audience = world
    for path in ("1", "2", "3"):
        await store.add_feed(f"https://many.example/{path}", now=START)
    last = await store.add_feed("http://Many.example:8080/4", now=START)
    await store.pause_feed((await store.add_feed("https://many.example/5", now=START)).id, "gone")
    assert audience.on_host_of(last) == 1
    await audience.count()
    assert audience.on_host_of(last) == 4
    assert audience.on_host_of(alone) == 1


async def test_a_paused_subscription_does_not_count(world):
    """Nobody reads there now."""
    assert await readers(world, slack(), slack(), slack(paused="by hand")) == [2, 2, 2]
