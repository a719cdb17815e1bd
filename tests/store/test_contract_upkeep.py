"""The contract of the store's upkeep, on memory, SQLite and PostgreSQL: retention, forgetting, backups, counts."""

from dataclasses import replace
from datetime import timedelta

from digestbot.domain.digest import Edition, Receipt
from digestbot.ports import Pruned, Retention, Status
from tests.store.making import DAY, HERE, HOUR, NOW, brief, new, record, stored, subscription
from tests.store.test_contract_editions import ELSEWHERE, posted, published

SHORT = Retention(articles=10 * DAY, briefs=5 * DAY, receipts=10 * DAY, seen=10 * DAY)


async def test_status_counts(store):
    """Every count of the status is of what is here."""
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    await published(store)
    sent = await published(store, channel=ELSEWHERE, count=1)
    await posted(store, sent)
    await store.give_up((await published(store, at=NOW + DAY)).id, "gone")
    await store.pause_feed(story.articles[0].feed_id, "gone")
    assert await store.status(NOW) == Status(
        feeds=1,
        failing=0,
        paused=1,
        articles=1,
        stories=1,
        briefs=1,
        subscriptions=2,
        deliveries_pending=1,
        deliveries_sent=1,
        undeliverable=1,
    )


async def test_pruning_takes_whole_stories(store):
    """A story goes with all its articles once none has joined it for long; one that still grows stays whole."""
    old, growing = await stored(store, "a", "b")
    feed = await store.feed(old.articles[0].feed_id)
    await store.record_refresh(record(feed, new("c", growing.id)), NOW + 9 * DAY)
    assert await store.prune(SHORT, NOW + 11 * DAY) == Pruned(articles=1, stories=1)
    assert [s.id for s in await store.open_stories(NOW)] == [growing.id]
    assert len((await store.story(growing.id)).articles) == 2
    assert await store.seen(feed.id) == {"a", "b", "c"}
    assert await store.search("officials") != []
    assert await store.record_refresh(record(feed, new("a")), NOW + 11 * DAY) == {}


async def test_pruning_takes_old_briefs(store):
    """A brief goes with its quotes after its own time."""
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    await store.save_brief("l", replace(brief(story, quoted=False), made_at=NOW + 4 * DAY))
    assert await store.prune(SHORT, NOW + 6 * DAY) == Pruned(briefs=1)
    assert await store.brief(story.id, "k") is None
    assert await store.brief(story.id, "l") is not None
    assert [hit.kind for hit in await store.search("Bukele")] == ["story"]


async def test_seen_marks_outlive_what_they_mark(store):
    """A mark is kept for 90 days, and while it is among the newest, twice as many as the feed has ever held."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    await store.record_refresh(record(feed, seen=["a", "b"]), NOW)
    await store.record_refresh(record(feed, seen=["c", "d"]), NOW + DAY)
    await store.record_refresh(record(feed, seen=["e"]), NOW + 2 * DAY)
    assert (await store.prune(SHORT, NOW + 89 * DAY)).seen == 0
    assert (await store.prune(SHORT, NOW + 200 * DAY)).seen == 1
    assert await store.seen(feed.id) == {"a", "c", "d", "e"}


async def test_a_mark_named_again_stays_young(store):
    """An entry that is still in its feed keeps its mark, however old it is."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    await store.record_refresh(record(feed, seen=["a"]), NOW)
    for day in range(1, 5):
        await store.record_refresh(record(feed, seen=[f"k{day}"]), NOW + day * DAY)
    await store.record_refresh(record(feed, seen=["a"]), NOW + 100 * DAY)
    await store.prune(SHORT, NOW + 120 * DAY)
    assert "a" in await store.seen(feed.id)


async def test_pruning_keeps_what_is_owed(store):
    """Sent and given-up deliveries go after their time with their digest; unsent ones stay; no edition comes back."""
    sent, unsent = await published(store, count=1), await published(store, channel=ELSEWHERE)
    await posted(store, sent)
    assert await store.prune(SHORT, NOW + 11 * DAY) == Pruned(deliveries=1)
    assert await store.digest(sent.edition) is None
    assert await store.digest(unsent.edition) is not None
    assert await published(store, count=1) is None
    for day in range(12, 201, 2):
        assert await store.prune(SHORT, NOW + day * DAY) == Pruned()
    assert (await store.due_deliveries(NOW))[0].id == unsent.id


async def test_what_was_posted_is_remembered_as_long_as_marks(store):
    """A channel's memory outlives the articles, and ends when nothing can bring them back."""
    (story,) = await stored(store, "a")
    await published(store, articles={story.articles[0].id: story.id}, count=0)
    await store.prune(SHORT, NOW + 89 * DAY)
    assert await store.posted_articles(HERE) == {story.articles[0].id: story.id}
    await store.prune(SHORT, NOW + 91 * DAY)
    assert await store.posted_articles(HERE) == {}


async def test_a_clock_far_ahead_removes_nothing(store):
    """For as long as it is wrong nothing goes that would not have gone by the right one, and afterwards all goes on."""
    sent = await published(store, count=1)
    await posted(store, sent)
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    assert await store.prune(SHORT, NOW + DAY) == Pruned()
    wrong = NOW + 1000 * DAY
    assert await store.prune(SHORT, wrong) == Pruned(doubted=997 * DAY)
    assert await store.prune(SHORT, wrong + HOUR) == Pruned()
    assert await store.prune(SHORT, NOW + 2 * DAY) == Pruned()
    assert await store.brief(story.id, "k") is not None
    assert await store.digest(sent.edition) is not None
    assert await store.prune(SHORT, NOW + 4 * DAY) == Pruned()
    assert await store.prune(SHORT, NOW + 6 * DAY) == Pruned(briefs=1)
    for day in (8, 10):
        assert await store.prune(SHORT, NOW + day * DAY) == Pruned()
    assert await store.prune(SHORT, NOW + 11 * DAY) == Pruned(articles=1, stories=1, deliveries=1)


async def test_a_clock_that_stays_ahead_removes_what_has_lived_its_time(store):
    """What is kept no longer stays: days that are seen to pass count, whatever the date."""
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    await store.prune(SHORT, NOW)
    wrong = NOW + 1000 * DAY
    went = [(await store.prune(SHORT, wrong + day * DAY)).articles for day in range(12)]
    # The two days before the leap was seen are believed.
    assert went == [0] * 9 + [1, 0, 0]


async def test_pruning_an_empty_store_is_nothing(store):
    """Nothing to remove is not a fault."""
    assert await store.prune(Retention(), NOW) == Pruned()
    assert await store.prune(Retention(articles=timedelta(0)), NOW) == Pruned()


async def test_a_workspace_is_forgotten_whole(store):
    """Subscriptions, editions, deliveries and memory of a workspace go; another's stay."""
    mine = await published(store, articles={5: 5})
    other = await published(store, channel=ELSEWHERE, articles={5: 5})
    assert await store.forget(HERE.platform, HERE.workspace) == 1
    assert [s.channel for s in await store.subscriptions()] == [ELSEWHERE]
    assert await store.posted_articles(HERE) == {}
    assert await store.posted_articles(ELSEWHERE) == {5: 5}
    assert await store.digest(mine.edition) is None
    assert await store.due_deliveries(NOW) == [other]
    assert await store.forget(HERE.platform, HERE.workspace) == 0


async def test_a_moved_subscriptions_past_is_forgotten_too(store):
    """Deliveries made to a workspace go with it, though their subscription has since moved elsewhere."""
    owed = await published(store)
    saved = await store.subscription(owed.edition.subscription_id)
    await store.save_subscription(replace(saved, channel=ELSEWHERE))
    assert await store.forget(HERE.platform, HERE.workspace) == 0
    assert await store.due_deliveries(NOW) == []
    assert await store.digest(owed.edition) is None


async def test_a_restored_store_posts_nothing_again(store):
    """After a restore nothing is owed, windows start now, and every feed begins with a silent baseline."""
    (story,) = await stored(store, "a")
    half = await published(store)
    await posted(store, half)
    sent = await published(store, channel=ELSEWHERE, count=1)
    await posted(store, sent)
    await store.add_feed(story.articles[0].url, backfill=5, now=NOW)
    await store.settle_restored(NOW + HOUR)
    assert await store.due_deliveries(NOW + DAY) == []
    assert [part.state for part in (await store.delivery(half.id)).parts] == ["sent", "undeliverable"]
    assert (await store.delivery(sent.id)).state == "sent"
    assert {s.window_from for s in await store.subscriptions()} == {NOW + HOUR}
    assert {(f.baseline_at, f.backfill) for f in await store.feeds()} == {(None, 0)}


async def test_what_a_backup_had_not_told_counts_as_told(store):
    """An article that came after a channel's last edition may have been posted since: it never is again."""
    old, young = await stored(store, "old", now=NOW - DAY), await stored(store, "young")
    await store.save_subscription(replace(subscription(), window_from=NOW))
    await store.save_subscription(subscription("New", ELSEWHERE))
    await store.settle_restored(NOW + HOUR)
    first, second = old[0], young[0]
    assert await store.posted_articles(HERE) == {second.articles[0].id: second.id}
    assert set(await store.posted_articles(ELSEWHERE)) == {first.articles[0].id, second.articles[0].id}


async def test_numbers_given_since_a_backup_are_not_given_again(store):
    """A delivery's key and a story's button after a restore are none that a posted message has."""
    (before,) = await stored(store, "a")
    owed = await published(store)
    await store.settle_restored(NOW + HOUR)
    (after,) = await stored(store, "b")
    again = await published(store, at=NOW + DAY)
    assert after.id > before.id + 1000
    assert again.id > owed.id + 1000


async def test_closing_twice_is_harmless(store):
    """A store may be closed by whoever comes first."""
    saved = await store.save_subscription(subscription())
    assert await store.digest(Edition(saved.id, NOW)) is None
    owed = await published(store)
    await store.record_receipt(Receipt(owed.id, 0, "m", NOW))
    await store.close()
