"""The EditionStore contract, on memory, SQLite and PostgreSQL: subscriptions, editions, the outbox."""

from dataclasses import replace
from datetime import time

import pytest

from digestbot.domain.digest import Edition, Receipt
from digestbot.domain.errors import Conflict, NotFound
from digestbot.domain.subscription import Channel, Filter, Schedule
from digestbot.ports import NewArticle
from tests.store.making import (
    DAY,
    HERE,
    HOUR,
    NOW,
    article,
    digest,
    messages,
    new,
    record,
    stored,
    subscription,
    vector,
)

ELSEWHERE = Channel("discord", "C2", "G2")


async def published(store, *, count: int = 2, at=NOW, channel=HERE, name="Morning brief", articles=None, known=None):
    """Publish an edition of ``count`` messages and return its delivery."""
    saved = await store.save_subscription(subscription(name, channel))
    edition = Edition(saved.id, at, "Europe/Oslo")
    return await store.publish(
        edition,
        channel=channel,
        digest=digest(edition) if count else None,
        messages=messages(count),
        article_ids=articles or {},
        next_edition_at=at + DAY,
        window_from=at,
        known=known,
    )


async def posted(store, delivery, part=0):
    """Send one part and record its receipt."""
    await store.mark_sending(delivery.id, part, f"attempt {part}", NOW)
    await store.record_receipt(Receipt(delivery.id, part, f"m{part}", NOW))


# ── subscriptions ────────────────────────────────────────────────────────────


async def test_a_subscription_comes_back_whole(store):
    """Every setting of a subscription is kept."""
    rich = replace(
        subscription(),
        schedule=Schedule("weekly", "Asia/Tokyo", (time(7, 30), time(18)), 3, 2, "0 8 * * 1", time(22), time(6)),
        feeds=(3, 5),
        filter=Filter(include=("ny", "Ø"), authors=("A",), exclude_regex="x|y"),
        stories=7,
        quotes=1,
        length="long",
        style="compact",
        language="nb",
        per_feed=2,
        per_topic=1,
        updates="skip",
        empty="note",
        mention="role:5",
        paused="by hand",
        window_from=NOW - DAY,
    )
    saved = await store.save_subscription(rich)
    assert saved == replace(rich, id=saved.id)
    assert await store.subscription(saved.id) == saved
    assert await store.subscriptions() == [saved]


async def test_a_name_is_one_subscription_of_its_workspace(store):
    """Saving a name again updates the earlier one and keeps how far it has come; another workspace has its own."""
    first = await store.save_subscription(replace(subscription(), window_from=NOW, paused="quiet"))
    again = await store.save_subscription(replace(subscription(due=None), stories=9))
    assert again == replace(first, stories=9)
    other = await store.save_subscription(subscription(channel=ELSEWHERE))
    assert other.id != first.id
    assert len(await store.subscriptions()) == 2


async def test_a_subscription_is_changed_by_its_number(store):
    """A change by number is taken as it is; a taken name and an unknown number are refused."""
    first = await store.save_subscription(subscription("A"))
    second = await store.save_subscription(subscription("B"))
    assert await store.save_subscription(replace(first, name="C", next_edition_at=None)) == replace(
        first, name="C", next_edition_at=None
    )
    with pytest.raises(Conflict):
        await store.save_subscription(replace(second, name="C"))
    with pytest.raises(NotFound):
        await store.save_subscription(replace(second, id=999, name="D"))


async def test_a_change_writes_what_it_changed_alone(store):
    """What publishing, a pause or another command wrote since it was read stays as it is."""
    read = await store.save_subscription(subscription(due=NOW))
    await published(store)
    await store.save_subscription(replace(read, stories=9), read)
    await store.pause_subscription(read.id, "the channel is gone")
    there = await store.save_subscription(replace(read, topics=("trade",)), read)
    assert there == await store.subscription(read.id)
    assert (there.stories, there.topics, there.paused) == (9, ("trade",), "the channel is gone")
    assert (there.next_edition_at, there.window_from) == (NOW + DAY, NOW)
    due = await store.save_subscription(replace(there, paused=None, next_edition_at=NOW + HOUR), there)
    assert (due.paused, due.next_edition_at, due.stories) == (None, NOW + HOUR, 9)
    await store.save_subscription(subscription("Taken"))
    with pytest.raises(Conflict):
        await store.save_subscription(replace(read, name="Taken"), read)
    await store.remove_subscription(read.id)
    with pytest.raises(NotFound):
        await store.save_subscription(replace(read, stories=3), read)


async def test_due_subscriptions_come_longest_due_first(store):
    """Those whose time has come and that are not paused are due, the longest due first."""
    late = await store.save_subscription(subscription("late", due=NOW))
    early = await store.save_subscription(subscription("early", due=NOW - HOUR))
    paused = await store.save_subscription(subscription("paused", due=NOW - DAY))
    await store.save_subscription(subscription("never", due=None))
    await store.save_subscription(subscription("later", due=NOW + HOUR))
    await store.pause_subscription(paused.id, "the channel is gone")
    assert await store.due_subscriptions(NOW) == [early, late]
    assert (await store.subscription(paused.id)).paused == "the channel is gone"
    await store.pause_subscription(paused.id, None)
    assert await store.due_subscriptions(NOW) == [paused, early, late]


async def test_a_removed_subscription_takes_its_outbox_along(store):
    """What is owed to a removed subscription is not posted any more; what was shown stays known."""
    owed = await published(store, articles={5: 2})
    await store.remove_subscription(owed.edition.subscription_id)
    assert await store.due_deliveries(NOW) == []
    assert await store.posted_articles(HERE) == {5: 2}
    for refused in (
        store.subscription(owed.edition.subscription_id),
        store.remove_subscription(owed.edition.subscription_id),
        store.pause_subscription(owed.edition.subscription_id, None),
        store.delivery(owed.id),
    ):
        with pytest.raises(NotFound):
            await refused


# ── editions ─────────────────────────────────────────────────────────────────


async def test_publishing_writes_everything_at_once(store):
    """Digest, delivery, what was shown and the next due time come in one step."""
    owed = await published(store, articles={5: 2, 6: 2})
    saved = await store.subscription(owed.edition.subscription_id)
    assert (saved.next_edition_at, saved.window_from) == (NOW + DAY, NOW)
    assert await store.editions(saved.id) == [digest(owed.edition)]
    assert await store.digest(owed.edition) == digest(owed.edition)
    assert await store.posted_articles(HERE) == {5: 2, 6: 2}
    assert await store.posted_articles(ELSEWHERE) == {}
    assert [part.message for part in owed.parts] == messages(2)
    assert await store.delivery(owed.id) == owed == (await store.due_deliveries(NOW))[0]


async def test_two_editions_tell_a_channel_no_article_twice(store):
    """An edition made while another one told the channel the same article, or its address, is refused whole."""
    first, same = await stored(store, "a", "b", url="https://example.org/one")
    copy = NewArticle(article("c", url=first.articles[0].url), vector("c"), None)
    other = await store.add_feed("https://example.org/two", now=NOW)
    (home,) = (await store.record_refresh(record(other, copy), NOW)).values()
    (copied,) = (await store.story(home)).articles
    told, mine = first.articles[0].id, same.articles[0].id
    await published(store, articles={told: first.id}, known=())
    for key in (told, copied.id):
        with pytest.raises(Conflict):
            await published(store, name="Other", articles={mine: same.id, key: home}, known=())
    assert set(await store.posted_articles(HERE)) == {told, copied.id}
    assert await published(store, name="Other", articles={mine: same.id, told: first.id}, known={told})
    assert await published(store, name="Elsewhere", channel=ELSEWHERE, articles={told: first.id}, known=())


async def test_a_window_that_ends_in_the_future_is_ended_now(store):
    """What a clock wrote that has stepped back since is put right; a little ahead is left, as clocks differ."""
    beyond = NOW + HOUR / 12
    for name, at in (("ahead", NOW + HOUR), ("near", NOW + HOUR / 60), ("new", None)):
        await store.save_subscription(replace(subscription(name, due=NOW + 9 * DAY), window_from=at))
    ahead, near, new = await store.subscriptions()
    assert await store.windows_after(beyond) == [ahead]
    wanted = {ahead.id: NOW + DAY, near.id: NOW, new.id: NOW, 99: NOW}
    assert await store.end_windows(wanted, NOW, beyond) == 1
    assert await store.end_windows(wanted, NOW, beyond) == 0
    assert await store.windows_after(beyond) == []
    assert [s.window_from for s in await store.subscriptions()] == [NOW, NOW + HOUR / 60, None]
    assert [s.next_edition_at for s in await store.subscriptions()] == [NOW + DAY, NOW + 9 * DAY, NOW + 9 * DAY]


async def test_an_edition_that_is_there_already_is_waited_for_no_more(store):
    """One that a clock ahead published is passed over when its time comes: it would be made at every tick."""
    first = await published(store)
    saved = await store.subscription(first.edition.subscription_id)
    await store.save_subscription(replace(saved, next_edition_at=NOW))
    again = {"channel": HERE, "digest": None, "messages": (), "article_ids": {}, "window_from": NOW + HOUR}
    assert await store.publish(first.edition, **again, next_edition_at=NOW + 2 * DAY) is None
    after = await store.subscription(saved.id)
    assert (after.next_edition_at, after.window_from) == (NOW + 2 * DAY, NOW)
    assert await store.digest(first.edition) == digest(first.edition)


async def test_an_edition_leaves_a_later_time_that_somebody_set_meanwhile(store):
    """A digest that got another schedule, or is to come at once, while its edition was made is due when that says."""
    first = await published(store)
    saved = await store.subscription(first.edition.subscription_id)
    next_one = {"channel": HERE, "digest": None, "messages": (), "article_ids": {}, "next_edition_at": NOW + 2 * DAY}
    for at, due in ((NOW + HOUR, NOW + DAY), (NOW + DAY, NOW + 2 * DAY)):
        await store.publish(replace(first.edition, at=at), **next_one, window_from=at)
        after = await store.subscription(saved.id)
        assert (after.next_edition_at, after.window_from) == (due, at)


async def test_an_edition_is_not_written_by_a_schedule_that_is_no_more(store):
    """While it is still due, it is made anew by the one there is: the time after it would be the old schedule's."""
    saved = await store.save_subscription(subscription(due=NOW))
    hourly = Schedule("hourly")
    await store.save_subscription(replace(saved, schedule=hourly), saved)
    edition = Edition(saved.id, NOW, "UTC")
    given = {"channel": HERE, "digest": None, "messages": (), "article_ids": {}, "window_from": NOW}
    with pytest.raises(Conflict):
        await store.publish(edition, **given, next_edition_at=NOW + DAY, schedule=saved.schedule)
    assert await store.due_subscriptions(NOW) == [replace(saved, schedule=hourly)]
    await store.publish(edition, **given, next_edition_at=NOW + HOUR, schedule=hourly)
    assert (await store.subscription(saved.id)).next_edition_at == NOW + HOUR


async def test_an_edition_is_published_once(store):
    """The same edition again changes nothing at all, whatever it holds by then."""
    first = await published(store)
    again = await store.publish(
        first.edition,
        channel=HERE,
        digest=digest(first.edition, "Another"),
        messages=messages(5),
        article_ids={9: 9},
        next_edition_at=NOW + 5 * DAY,
        window_from=NOW + HOUR,
    )
    assert again is None
    assert (await store.subscription(first.edition.subscription_id)).next_edition_at == NOW + DAY
    assert await store.digest(first.edition) == digest(first.edition)
    assert await store.posted_articles(HERE) == {}
    assert len(await store.due_deliveries(NOW)) == 1


async def test_nothing_to_say_is_an_edition_too(store):
    """An edition without messages owes nothing, moves the subscription on, and is not made again."""
    assert await published(store, count=0) is None
    (saved,) = await store.subscriptions()
    assert saved.next_edition_at == NOW + DAY
    assert await store.due_deliveries(NOW) == []
    assert await store.editions(saved.id) == []
    assert await store.digest(Edition(saved.id, NOW)) is None


async def test_publishing_for_nobody_is_refused(store):
    """A subscription removed in the meantime gets no digest."""
    edition = Edition(99, NOW)
    with pytest.raises(NotFound):
        await store.publish(
            edition,
            channel=HERE,
            digest=None,
            messages=messages(1),
            article_ids={1: 1},
            next_edition_at=None,
            window_from=NOW,
        )
    assert await store.posted_articles(HERE) == {}


async def test_editions_come_newest_first(store):
    """The archive is read from its end."""
    for days in range(3):
        await published(store, at=NOW + days * DAY)
    (saved,) = await store.subscriptions()
    kept = await store.editions(saved.id, limit=2)
    assert [d.edition.at for d in kept] == [NOW + 2 * DAY, NOW + DAY]


async def test_the_same_address_counts_as_posted(store):
    """An article under the address of one that was posted is not news to that channel, whichever feed brought it."""
    (one,) = await stored(store, "a", url="https://one.example/")
    (two,) = await stored(store, "a", url="https://two.example/")
    await published(store, articles={one.articles[0].id: one.id})
    assert await store.posted_articles(HERE) == {one.articles[0].id: one.id, two.articles[0].id: one.id}


async def test_articles_without_address_are_told_apart(store):
    """No address is not the same address."""
    feed = await store.add_feed("https://one.example/", now=NOW)
    homes = await store.record_refresh(record(feed, new("a", url=""), new("b", url="")), NOW)
    (first,) = (await store.story(homes["a"])).articles
    await published(store, articles={first.id: homes["a"]})
    assert await store.posted_articles(HERE) == {first.id: homes["a"]}


# ── the outbox ───────────────────────────────────────────────────────────────


async def test_a_delivery_goes_from_pending_to_sent(store):
    """A part is sending, then sent with its receipt; the delivery is sent with its last part."""
    owed = await published(store)
    await store.mark_sending(owed.id, 0, "x", NOW)
    under_way = await store.delivery(owed.id)
    assert (under_way.state, under_way.parts[0].state, under_way.parts[0].attempted_at) == ("sending", "sending", NOW)
    await store.record_receipt(Receipt(owed.id, 0, "m0", NOW))
    assert (await store.delivery(owed.id)).state == "pending"
    await posted(store, owed, 1)
    done = await store.delivery(owed.id)
    assert [part.receipt for part in done.parts] == [Receipt(owed.id, 0, "m0", NOW), Receipt(owed.id, 1, "m1", NOW)]
    assert (done.state, await store.due_deliveries(NOW)) == ("sent", [])
    assert await store.deliveries("sent") == [done]
    assert (await store.status(NOW)).deliveries_sent == 1


async def test_only_one_attempt_sends_a_part(store):
    """A second attempt on a part, and any on a sent one, is a conflict; the same attempt may say so twice."""
    owed = await published(store)
    await store.mark_sending(owed.id, 0, "x", NOW)
    await store.mark_sending(owed.id, 0, "x", NOW)
    with pytest.raises(Conflict):
        await store.mark_sending(owed.id, 0, "y", NOW)
    await store.record_receipt(Receipt(owed.id, 0, "m", NOW))
    for attempt in ("x", "y"):
        with pytest.raises(Conflict):
            await store.mark_sending(owed.id, 0, attempt, NOW)
    for refused in (store.mark_sending(owed.id, 9, "x", NOW), store.record_receipt(Receipt(99, 0, "m", NOW))):
        with pytest.raises(NotFound):
            await refused


async def test_the_first_receipt_stays(store):
    """A second receipt of the same part changes nothing."""
    owed = await published(store)
    await posted(store, owed)
    await store.record_receipt(Receipt(owed.id, 0, "another", NOW + HOUR))
    assert (await store.delivery(owed.id)).parts[0].receipt == Receipt(owed.id, 0, "m0", NOW)


async def test_a_part_in_doubt_is_reset_once_looked_for(store):
    """A part left sending can be made pending again; a sent one cannot."""
    owed = await published(store)
    await store.mark_sending(owed.id, 0, "x", NOW)
    await store.reset_part(owed.id, 0)
    assert await store.delivery(owed.id) == owed
    await posted(store, owed)
    await store.reset_part(owed.id, 0)
    assert (await store.delivery(owed.id)).parts[0].state == "sent"


async def test_a_postponed_delivery_waits_and_keeps_its_place(store):
    """A delivery put off is due again at its time; its channel's later ones wait for it, other channels do not."""
    first = await published(store)
    await published(store, at=NOW + DAY)
    other = await published(store, channel=ELSEWHERE)
    await store.mark_sending(first.id, 0, "x", NOW)
    await store.postpone(first.id, NOW + HOUR, "the platform asks us to wait")
    assert await store.due_deliveries(NOW) == [other]
    waiting, _ = await store.due_deliveries(NOW + HOUR)
    assert (waiting.id, waiting.tries, waiting.not_before, waiting.state) == (first.id, 1, NOW + HOUR, "sending")
    assert (waiting.parts[0].error, waiting.parts[1].error) == ("the platform asks us to wait", "")


async def test_a_delivery_that_a_clock_ahead_put_off_is_due(store):
    """Nothing is put off by more than a day: what stands further was put off by a wrong clock, and is due."""
    owed = await published(store)
    await store.postpone(owed.id, NOW + DAY, "the platform asks us to wait")
    assert await store.due_deliveries(NOW) == []
    await store.postpone(owed.id, NOW + 365 * DAY, "the platform asks us to wait")
    assert [one.id for one in await store.due_deliveries(NOW)] == [owed.id]


async def test_due_deliveries_are_the_earliest_of_each_channel(store):
    """A channel's digests keep their order, oldest first, one at a time."""
    first = await published(store)
    second = await published(store, at=NOW + DAY)
    other = await published(store, channel=ELSEWHERE)
    assert await store.due_deliveries(NOW) == [first, other]
    assert await store.due_deliveries(NOW, limit=1) == [first]
    for part in (0, 1):
        await posted(store, first, part)
    assert await store.due_deliveries(NOW) == [second, other]


async def test_what_cannot_be_sent_is_kept(store):
    """Giving up keeps the unsent parts with the reason, the sent ones with their receipts, and frees the channel."""
    owed = await published(store)
    later = await published(store, at=NOW + DAY)
    await posted(store, owed)
    await store.give_up(owed.id, "the channel is gone")
    kept = await store.delivery(owed.id)
    assert [(part.state, part.error) for part in kept.parts] == [("sent", ""), ("undeliverable", "the channel is gone")]
    assert (kept.state, await store.deliveries("undeliverable")) == ("undeliverable", [kept])
    assert await store.due_deliveries(NOW) == [later]
    with pytest.raises(Conflict):
        await store.mark_sending(owed.id, 1, "x", NOW)
    await store.record_receipt(Receipt(owed.id, 1, "late", NOW))
    assert (await store.delivery(owed.id)).state == "sent"


async def test_giving_up_what_is_sent_changes_nothing(store):
    """A sent delivery stays sent."""
    owed = await published(store, count=1)
    await posted(store, owed)
    await store.give_up(owed.id, "too late")
    assert (await store.delivery(owed.id)).state == "sent"
    for refused in (store.give_up(99, ""), store.postpone(99, NOW, ""), store.reset_part(99, 0), store.delivery(99)):
        with pytest.raises(NotFound):
            await refused
