"""Every part of a delivery is posted once, in order, whatever the platform does."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from digestbot.domain.digest import Card, Digest, Edition, Heading, Message, Text
from digestbot.domain.errors import (
    ChannelGone,
    Conflict,
    NotPermitted,
    OutcomeUnknown,
    PlatformDown,
    RateLimited,
    Rejected,
)
from digestbot.domain.subscription import Channel, Subscription, WorkspaceSettings
from digestbot.pipeline.deliver import Deliverer, back_off
from digestbot.pipeline.owners import Owners
from tests.fakes.chat import FakeChat
from tests.fakes.clock import START, FakeClock
from tests.fakes.store import MemoryStore

CHANNEL = Channel("slack", "C1", "T1")


@pytest.fixture
def clock():
    """Return a clock."""
    return FakeClock()


@pytest.fixture
def store():
    """Return a store."""
    return MemoryStore()


@pytest.fixture
def chat():
    """Return a platform that knows no idempotency keys, as Slack does not."""
    return FakeChat(knows_keys=False)


@pytest.fixture
def deliverer(store, chat, clock):
    """Return the step over them."""
    return Deliverer(store, {"slack": chat}, clock)


async def owe(store, *texts, channel=CHANNEL, name="Brief"):
    """Publish a digest of these messages and return its delivery."""
    subscription = await store.save_subscription(Subscription(0, name, channel))
    edition = Edition(subscription.id, START)
    digest = Digest("Brief", edition, tuple(Card((Heading((Text(text),)),)) for text in texts))
    messages = [Message({"text": text}, text, reply=number > 0) for number, text in enumerate(texts)]
    delivery = await store.publish(
        edition,
        channel=channel,
        digest=digest,
        messages=messages,
        article_ids={},
        next_edition_at=START + timedelta(days=1),
        window_from=START,
    )
    assert delivery
    return delivery


async def test_parts_are_posted_in_order_replies_in_the_thread(store, chat, deliverer):
    """The first message opens the thread, the others answer in it; then nothing is due."""
    delivery = await owe(store, "head", "one", "two")
    (done,) = await deliverer.run_due()
    assert (done.outcome, done.posted) == ("sent", 3)
    assert [(p.text, p.thread) for p in chat.posted] == [("head", None), ("one", "m1"), ("two", "m1")]
    assert (await store.delivery(delivery.id)).state == "sent"
    assert await deliverer.run_due() == []


async def test_a_limit_in_the_middle_goes_on_where_it_stopped(store, chat, deliverer, clock):
    """After a 429 nothing is sent before the time asked for, then only what is missing, in the same thread."""
    await owe(store, "head", "one", "two")
    original = chat.post

    async def post(channel, message, key, thread):
        if message.text == "one" and len(chat.posted) == 1 and clock.now() == START:
            raise RateLimited("C1", retry_after=30)
        return await original(channel, message, key, thread)

    chat.post = post
    (stopped,) = await deliverer.run_due()
    assert stopped.outcome == "postponed"
    clock.tick(seconds=29)
    assert await deliverer.run_due() == []
    clock.tick(seconds=1)
    (done,) = await deliverer.run_due()
    assert done.outcome == "sent"
    assert [(p.text, p.thread) for p in chat.posted] == [("head", None), ("one", "m1"), ("two", "m1")]


async def test_a_lost_answer_is_looked_up_and_never_posted_again(store, chat, deliverer, clock):
    """The platform took the message and its answer was lost: the message is found, not repeated."""
    await owe(store, "head", "one")
    chat.lose_answer()
    (first,) = await deliverer.run_due()
    assert isinstance(first.error, OutcomeUnknown)
    clock.tick(minutes=1)
    (second,) = await deliverer.run_due()
    assert second.outcome == "sent"
    assert [(p.text, p.thread) for p in chat.posted] == [("head", None), ("one", "m1")]


async def test_a_message_that_never_arrived_is_sent_again(store, chat, deliverer, clock):
    """Where the outcome was unknown and nothing is found, the message is posted, once."""
    await owe(store, "head")
    chat.refuse(OutcomeUnknown("C1"))
    await deliverer.run_due()
    clock.tick(minutes=1)
    (done,) = await deliverer.run_due()
    assert done.outcome == "sent"
    assert [p.text for p in chat.posted] == ["head"]


async def test_a_crash_between_send_and_receipt_posts_nothing_twice(store, chat, deliverer, clock):
    """A part left "sending" by a process that died is settled first."""
    delivery = await owe(store, "head", "one")
    await store.mark_sending(delivery.id, 0, "dead", clock.now())
    await chat.post(CHANNEL, delivery.parts[0].message, delivery.key(0), None)
    clock.tick(minutes=1)
    (done,) = await deliverer.run_due()
    assert done.outcome == "sent"
    assert [p.text for p in chat.posted] == ["head", "one"]


async def test_a_message_still_on_its_way_is_waited_for(store, chat, deliverer, clock):
    """A process that was killed has sent a message that arrives seconds later: it is found then, not sent again."""
    delivery = await owe(store, "head", "one")
    await store.mark_sending(delivery.id, 0, "dead", clock.now())
    clock.tick(seconds=2)
    (waiting,) = await deliverer.run_due()
    assert (waiting.outcome, waiting.posted, chat.posted) == ("postponed", 0, [])
    await chat.post(CHANNEL, delivery.parts[0].message, delivery.key(0), None)
    assert await deliverer.run_due() == []
    clock.tick(seconds=28)
    (done,) = await deliverer.run_due()
    assert done.outcome == "sent"
    assert [p.text for p in chat.posted] == ["head", "one"]


async def test_a_post_that_hangs_is_given_up_before_anybody_else_may_look_for_it(store, chat, clock):
    """A call longer than two thirds of the lease ends as an unknown outcome; its message is looked for afterwards."""
    await owe(store, "head")
    deliverer, original = Deliverer(store, {"slack": chat}, clock, timedelta(seconds=0.06)), chat.post

    async def hanging(channel, message, key, thread):
        await original(channel, message, key, thread)
        await asyncio.sleep(9)

    chat.post = hanging
    (done,) = await deliverer.run_due()
    assert (done.outcome, done.error.code) == ("postponed", "outcome_unknown")
    chat.post = original
    clock.tick(minutes=1)
    assert [one.outcome for one in await deliverer.run_due()] == ["sent"]
    assert [p.text for p in chat.posted] == ["head"]


async def test_a_process_that_stood_still_posts_nothing_late(store, chat, clock, monkeypatch):
    """Where writing the mark took longer than a post may take, nothing is posted: somebody else may have done so."""
    await owe(store, "head")
    mark = store.mark_sending

    async def slowly(*args):
        await mark(*args)
        await asyncio.sleep(0.1)

    monkeypatch.setattr(store, "mark_sending", slowly)
    (done,) = await Deliverer(store, {"slack": chat}, clock, timedelta(seconds=0.06)).run_due()
    assert (done.error.code, chat.posted) == ("outcome_unknown", [])


async def test_a_clock_that_stepped_back_hides_no_message(store, chat, deliverer, clock):
    """What was sent by a clock an hour ahead is looked for from now on back, at once and from no time to come."""
    delivery = await owe(store, "head")
    await store.mark_sending(delivery.id, 0, "dead", clock.now() + timedelta(hours=1))
    asked, settle = [], chat.settle

    async def settling(channel, key, thread, since):
        asked.append(since)
        return await settle(channel, key, thread, since)

    chat.settle = settling
    assert [done.outcome for done in await deliverer.run_due()] == ["sent"]
    assert asked == [clock.now()]


async def test_deliveries_of_a_platform_that_is_off_keep_none_waiting(store, chat, deliverer):
    """However many wait for a platform that is off, the others' are found."""
    for number in range(3):
        await owe(store, "off", channel=Channel("discord", f"{number}"), name=f"Off {number}")
    await owe(store, "on")
    assert [done.outcome for done in await deliverer.run_due(limit=2)] == ["sent"]
    assert [p.text for p in chat.posted] == ["on"]


@pytest.mark.parametrize("error", [ChannelGone("C1"), NotPermitted("C1")])
async def test_a_dead_target_pauses_its_subscription_and_keeps_everything(store, chat, deliverer, error):
    """What cannot be sent is kept as undeliverable; the subscription is paused with the reason and the fix."""
    delivery = await owe(store, "head")
    chat.refuse(error)
    (done,) = await deliverer.run_due()
    assert done.outcome == "undeliverable"
    assert (await store.delivery(delivery.id)).state == "undeliverable"
    (subscription,) = await store.subscriptions()
    assert subscription.paused == str(error)
    assert subscription.channel == CHANNEL


async def test_those_who_look_after_a_paused_digest_are_told_the_fix(store, chat, clock):
    """The workspace's own channel for problems hears once what happened and what to do; else the operators' does."""
    operators = Channel("slack", "OPS", "T0")
    deliverer = Deliverer(store, {"slack": chat}, clock, owners=Owners(store, {"slack": chat}, [operators], clock))
    channel = Channel("slack", "C1", "T1")
    await owe(store, "head", channel=channel, name="Brief")
    chat.refuse(ChannelGone("slack:T1/C1", "the channel is archived", hint="unarchive it"))
    (done,) = await deliverer.run_due()
    (told,) = chat.posted
    assert (done.outcome, done.untold, told.channel) == ("undeliverable", None, operators)
    assert told.text.startswith("“Brief” is paused for slack:T1/C1: the channel is archived.\nFix: unarchive it.")
    await store.save_workspace(channel.home, "News", WorkspaceSettings(admin_channel="C9"), clock.now())
    await owe(store, "other", channel=replace(channel, id="C2"), name="Other")
    chat.refuse(NotPermitted("slack:T1/C2", "the bot is not in the channel", hint="type “/invite @digestbot”"))
    await deliverer.run_due()
    assert chat.posted[-1].channel == replace(channel, id="C9")
    assert "“/invite @digestbot”" in chat.posted[-1].text
    await owe(store, "third", channel=replace(channel, id="C3"), name="Third")
    chat.refuse(NotPermitted("slack:T1/C3"), times=3)
    (done,) = await deliverer.run_due()
    assert isinstance(done.untold, NotPermitted)
    assert len(chat.posted) == 2


async def test_a_refused_message_pauses_nobody(store, chat, deliverer):
    """A message the platform rejects is our fault: it is kept, and the next digest goes out."""
    await owe(store, "head")
    chat.refuse(Rejected("C1", "invalid_blocks"))
    (done,) = await deliverer.run_due()
    assert done.outcome == "undeliverable"
    (subscription,) = await store.subscriptions()
    assert subscription.paused is None


async def test_one_channel_down_delays_no_other(store, chat, deliverer):
    """Each channel is worked on by itself."""
    await owe(store, "a")
    await owe(store, "b", channel=replace(CHANNEL, id="C2"), name="Other")
    chat.refuse(PlatformDown("C1"))
    done = await deliverer.run_due()
    assert sorted(d.outcome for d in done) == ["postponed", "sent"]


async def test_platforms_that_are_off_are_left_alone(store, clock):
    """A delivery for a platform without an adapter waits; it is neither lost nor failed."""
    delivery = await owe(store, "head")
    assert await Deliverer(store, {}, clock).run_due() == []
    assert (await store.delivery(delivery.id)).state == "pending"


async def test_a_store_that_fails_for_one_delivery_stops_no_other(store, chat, deliverer, monkeypatch):
    """The one stays due as it was; the other is posted."""
    first = await owe(store, "a")
    await owe(store, "b", channel=replace(CHANNEL, id="C2"), name="Other")
    mark = store.mark_sending

    async def sometimes(delivery_id, *args):
        if delivery_id == first.id:
            raise Conflict("another attempt took it")
        await mark(delivery_id, *args)

    monkeypatch.setattr(store, "mark_sending", sometimes)
    done = await deliverer.run_due()
    assert sorted(d.outcome for d in done) == ["postponed", "sent"]
    monkeypatch.setattr(store, "mark_sending", mark)
    assert [d.outcome for d in await deliverer.run_due()] == ["sent"]
    assert sorted(p.text for p in chat.posted) == ["a", "b"]


def test_back_off_doubles_up_to_a_quarter_of_an_hour():
    """The wait grows from two seconds and never passes fifteen minutes, however often it failed."""
    assert [back_off(n).total_seconds() for n in (0, 1, 2)] == [2, 4, 8]
    assert back_off(10_000) == timedelta(minutes=15)


async def test_one_delivery_is_worked_on_only_while_it_is_owed(store, chat, deliverer, clock):
    """A job for one delivery posts it once; when it is sent, put off or gone the job does nothing."""
    delivery = await owe(store, "head")
    later = await owe(store, "other", name="Other")
    assert (await deliverer.run_one(delivery.id)).outcome == "sent"
    assert await deliverer.run_one(delivery.id) is None
    await store.postpone(later.id, clock.now() + timedelta(minutes=1), "down")
    assert await deliverer.run_one(later.id) is None
    assert await deliverer.run_one(999) is None
    assert [posted.text for posted in chat.posted] == ["head"]


async def test_a_slow_channel_is_left_alone_while_others_go_on(store, chat, deliverer):
    """While one channel's post hangs, a second run delivers to another channel and does not touch the slow one."""
    gate, original = asyncio.Event(), chat.post

    async def post(channel, message, key, thread):
        if channel == CHANNEL:
            await gate.wait()
        return await original(channel, message, key, thread)

    chat.post = post
    await owe(store, "slow")
    first = asyncio.create_task(deliverer.run_due())
    await asyncio.sleep(0.01)
    await owe(store, "quick", channel=Channel("slack", "C2", "T1"), name="Other")
    assert [done.channel for done in await deliverer.run_due()] == [str(Channel("slack", "C2", "T1"))]
    assert [posted.text for posted in chat.posted] == ["quick"]
    gate.set()
    assert [done.outcome for done in await first] == ["sent"]
    assert [posted.text for posted in chat.posted] == ["quick", "slow"]


async def test_a_fault_of_ours_in_one_delivery_stops_no_other(store, chat, deliverer, clock):
    """A message that trips us up is an outcome with the fault, looked for before it is sent anew; others are sent."""
    tripped = await owe(store, "trips")
    other = await owe(store, "fine", channel=replace(CHANNEL, id="C2"), name="Other")
    whole = chat.post

    async def trips(channel, message, key, thread):
        if message.text == "trips":
            raise IndexError("a shape of text that nobody thought of")
        return await whole(channel, message, key, thread)

    chat.post = trips
    one, two = await deliverer.run_due()
    assert (one.delivery_id, one.outcome, one.error.code) == (tripped.id, "postponed", "defect")
    assert (two.delivery_id, two.outcome) == (other.id, "sent")
    assert (await store.delivery(tripped.id)).parts[0].state == "sending"


async def test_what_ends_while_the_store_is_asked_is_left_alone(store, chat, deliverer, monkeypatch):
    """A delivery that another round ends meanwhile is not worked on as it was before."""
    owed = await owe(store, "one")
    asked = store.due_deliveries

    async def slowly(*given, **more):
        found = await asked(*given, **more)
        monkeypatch.setattr(store, "due_deliveries", asked)
        assert [one.outcome for one in await first] == ["sent"]
        return found

    deliverer._busy.add(CHANNEL)
    first = asyncio.ensure_future(asyncio.gather(deliverer._alone(owed)))
    monkeypatch.setattr(store, "due_deliveries", slowly)
    assert await deliverer.run_due() == []
    assert (await store.delivery(owed.id)).tries == 0
