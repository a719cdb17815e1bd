"""The FeedStore contract, on memory, SQLite and PostgreSQL."""

from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest

from digestbot.domain.errors import NotFound, StoreError
from digestbot.domain.subscription import OPERATOR, Filter
from tests.store.making import DAY, HOUR, NOW, article, new, record, stored, subscription, vector


async def test_a_new_feed_is_due_at_once(store):
    """A feed is due from the moment it is added, with the settings it was given."""
    feed = await store.add_feed("https://a.example/rss", title="A", topics=["world"], weight=2.0, backfill=3, now=NOW)
    assert (feed.title, feed.topics, feed.weight, feed.backfill, feed.baseline_at) == ("A", ("world",), 2.0, 3, None)
    assert await store.due_feeds(NOW) == [feed]
    assert await store.due_feeds(NOW - HOUR) == []
    assert await store.feed(feed.id) == feed == await store.feed_by_url("https://a.example/rss")
    assert await store.feed_by_url("https://b.example/rss") is None


async def test_adding_a_feed_twice_updates_its_settings(store):
    """The same address is the same feed: its settings change, its polling state and number do not."""
    first = await store.add_feed("https://a.example/rss", title="A", now=NOW)
    await store.record_refresh(replace(record(first), polling=replace(first.polling, next_check_at=NOW + DAY)), NOW)
    again = await store.add_feed("https://a.example/rss", title="B", weight=0.5, now=NOW + HOUR)
    assert (again.id, again.title, again.weight, again.polling.next_check_at) == (first.id, "B", 0.5, NOW + DAY)
    assert len(await store.feeds()) == 1


async def test_the_settings_files_feeds_are_told_from_the_others(store):
    """Those added as listed are asked for by themselves, paused or not, by id."""
    listed = [await store.add_feed(f"https://{name}.example/rss", listed=True, now=NOW) for name in "ba"]
    await store.add_feed("https://c.example/rss", now=NOW)
    await store.pause_feed(listed[0].id, "rest")
    assert await store.feeds(listed=True) == [replace(listed[0], paused="rest"), listed[1]]
    assert len(await store.feeds()) == 3


async def test_backfill_counts_for_the_first_poll_alone(store):
    """Once a feed has been polled, adding it again with a backfill floods nobody."""
    feed = await store.add_feed("https://a.example/rss", now=NOW)
    assert (await store.add_feed(feed.url, backfill=5, now=NOW)).backfill == 5
    polled = replace(feed.polling, checked_at=NOW)
    await store.record_refresh(replace(record(feed), polling=polled), NOW)
    assert (await store.add_feed(feed.url, backfill=50, now=NOW)).backfill == 5


async def test_the_operators_title_wins(store):
    """The title given by the operator stands; without one, the feed's own does."""
    named = await store.add_feed("https://a.example/rss", title="Ours", now=NOW)
    plain = await store.add_feed("https://b.example/rss", now=NOW)
    for feed in (named, plain):
        await store.record_refresh(record(feed, title="Theirs", link="https://x.example/", language="en"), NOW)
    assert [feed.title for feed in await store.feeds()] == ["Ours", "Theirs"]
    assert (await store.feed(plain.id)).link == "https://x.example/"
    assert (await store.add_feed("https://a.example/rss", now=NOW)).title == "Theirs"


async def test_polling_state_is_kept_whole(store):
    """Every field of a feed's polling state comes back as it was written."""
    feed = await store.add_feed("https://a.example/rss", now=NOW)
    polling = replace(
        feed.polling,
        next_check_at=NOW + HOUR,
        checked_at=NOW,
        validated_url="https://a.example/rss?x=1",
        etag='W/"ä"',
        last_modified="Wed, 15 Apr 2026 08:00:00 GMT",
        body_hash="ab" * 32,
        interval=123.5,
        failures=3,
        failing_since=NOW - DAY,
        last_error="it did not answer",
        alerted=True,
        moved_to="https://b.example/",
        moves_seen=2,
        full_parse=True,
    )
    await store.record_refresh(replace(record(feed), polling=polling), NOW)
    assert (await store.feed(feed.id)).polling == polling


async def test_addresses_are_those_that_are_polled(store):
    """A paused feed's address is left out: nobody asks there."""
    await store.add_feed("https://a.example/", now=NOW)
    paused = await store.add_feed("https://b.example/", now=NOW)
    await store.pause_feed(paused.id, "by hand")
    assert await store.addresses() == ["https://a.example/"]


async def test_due_feeds_come_longest_due_first(store):
    """The feed that waits longest is polled first; paused ones are not due; a limit limits."""
    feeds = [await store.add_feed(f"https://{n}.example/", now=NOW - n * HOUR) for n in range(4)]
    await store.pause_feed(feeds[3].id, "gone")
    assert [f.id for f in await store.due_feeds(NOW)] == [feeds[2].id, feeds[1].id, feeds[0].id]
    assert [f.id for f in await store.due_feeds(NOW, limit=1)] == [feeds[2].id]
    await store.pause_feed(feeds[3].id, None)
    assert len(await store.due_feeds(NOW)) == 4


async def test_failing_feeds_are_listed_longest_first(store):
    """What fails or is paused is listed, failing longest first."""
    feeds = [await store.add_feed(f"https://{n}.example/", now=NOW) for n in range(4)]
    for feed, since in ((feeds[0], NOW - HOUR), (feeds[2], NOW - DAY)):
        failed = replace(feed.polling, failures=1, failing_since=since)
        await store.record_refresh(replace(record(feed), polling=failed), NOW)
    await store.record_refresh(record(feeds[3], paused="it is gone"), NOW)
    assert [f.id for f in await store.failing_feeds()] == [feeds[2].id, feeds[0].id, feeds[3].id]
    assert (await store.feed(feeds[3].id)).paused == "it is gone"
    assert (await store.status(NOW)).failing == 2


async def test_what_is_not_there_is_not_found(store):
    """Every question for one feed says so when it is gone."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    await store.remove_feed(feed.id)
    for refused in (store.feed(feed.id), store.remove_feed(feed.id), store.pause_feed(feed.id, "x")):
        with pytest.raises(NotFound):
            await refused
    with pytest.raises(NotFound):
        await store.record_refresh(record(feed, new("a")), NOW)
    assert await store.seen(feed.id) == frozenset()


async def test_a_refresh_stores_each_article_with_its_mark_and_vector(store):
    """One refresh writes articles, marks, vectors and stories together, and tells the stories by article key."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    homes = await store.record_refresh(record(feed, new("a"), new("b"), seen=["c"], baseline_at=NOW), NOW)
    assert set(homes) == {"a", "b"}
    assert await store.seen(feed.id) == {"a", "b", "c"}
    assert (await store.feed(feed.id)).baseline_at == NOW
    (kept,) = (await store.story(homes["a"])).articles
    assert kept == replace(article("a"), id=kept.id, feed_id=feed.id, fetched_at=NOW)
    np.testing.assert_array_equal((await store.vectors([kept.id]))[kept.id], vector("a"))


async def test_writing_a_refresh_twice_changes_nothing(store):
    """The same record again stores nothing and touches no story."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    written = record(feed, new("a"), new("b", -1), new("c", -1), baseline_at=NOW)
    homes = await store.record_refresh(written, NOW)
    before = await store.stories(NOW - DAY, NOW + DAY)
    assert await store.record_refresh(written, NOW + HOUR) == {}
    assert await store.stories(NOW - DAY, NOW + DAY) == before
    assert homes["b"] == homes["c"] != homes["a"]
    assert (await store.status(NOW)).articles == 3


async def test_an_article_seen_before_is_left_out(store):
    """A key that was marked without being stored (a silent baseline) never becomes an article later."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    await store.record_refresh(record(feed, seen=["old"], baseline_at=NOW), NOW)
    assert set(await store.record_refresh(record(feed, new("old"), new("fresh")), NOW)) == {"fresh"}


async def test_one_key_twice_in_a_record_is_one_article(store):
    """Feeds repeat keys; the first stands."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    homes = await store.record_refresh(record(feed, new("a", title="First"), new("a", title="Second")), NOW)
    assert [a.title for a in (await store.story(homes["a"])).articles] == ["First"]


async def test_the_same_key_in_two_feeds_is_two_articles(store):
    """A key is an identity within its feed alone."""
    await stored(store, "a", url="https://one.example/")
    await stored(store, "a", url="https://two.example/")
    assert (await store.status(NOW)).articles == 2


async def test_articles_join_stories(store):
    """An article joins the story it names; the centroid is the unit mean of its members' vectors."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    first = (await store.record_refresh(record(feed, new("a")), NOW))["a"]
    await store.record_refresh(record(feed, new("b", first, outlet="Other")), NOW + HOUR)
    (grown,) = await store.open_stories(NOW)
    mean = (vector("a") + vector("b")) / 2
    np.testing.assert_allclose(grown.centroid, mean / np.linalg.norm(mean), atol=1e-6)
    assert [a.key for a in grown.members] == ["a", "b"]
    assert (grown.first_seen, grown.last_seen) == (NOW, NOW + HOUR)
    assert (await store.story(first)).outlets == ("Outlet", "Other")
    assert await store.open_stories(NOW + 2 * HOUR) == []


async def test_an_article_for_a_story_that_is_gone_starts_one(store):
    """A story pruned between the choice and the write loses no article."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    homes = await store.record_refresh(record(feed, new("a", 999), new("b", 999)), NOW)
    assert homes["a"] == homes["b"]
    assert len((await store.story(homes["a"])).articles) == 2


async def test_an_article_counts_as_fetched_when_it_is_stored(store):
    """No edition's window closes between the reading of an article and its being stored."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    read_early = replace(new("a"), article=replace(article("a"), fetched_at=NOW - HOUR))
    await store.record_refresh(record(feed, read_early), NOW)
    assert [s.last_seen for s in await store.stories(NOW - HOUR / 2, NOW)] == [NOW]


async def test_an_edit_changes_what_is_said_and_nothing_else(store):
    """An edited or re-dated item keeps its number, its story and its time; its sources' hash tells the change."""
    (story,) = await stored(store, "a")
    old = story.articles[0]
    feed = await store.feed(old.feed_id)
    edit = replace(old, title="Corrected", published=NOW + DAY, fetched_at=NOW + DAY)
    await store.record_refresh(record(feed, edits=(edit,)), NOW + DAY)
    changed = await store.story(story.id)
    assert changed.articles == (replace(edit, fetched_at=NOW),)
    assert changed.sources_hash != story.sources_hash
    assert (changed.last_seen, changed.id) == (story.last_seen, story.id)
    await store.record_refresh(record(feed, edits=(replace(article("a"), id=0),)), NOW + DAY)
    assert (await store.story(story.id)).articles[0].title == old.title
    await store.record_refresh(record(feed, edits=(article("never seen"),)), NOW + DAY)
    assert (await store.status(NOW)).articles == 1


async def test_a_feed_that_moved_keeps_its_marks(store):
    """A permanent redirect changes the address and nothing else."""
    feed = await store.add_feed("https://old.example/", now=NOW)
    await store.record_refresh(record(feed, new("a"), url="https://new.example/"), NOW)
    moved = await store.feed(feed.id)
    assert (moved.url, await store.seen(feed.id)) == ("https://new.example/", {"a"})


async def test_a_feed_that_moved_to_another_is_merged_into_it(store):
    """Marks, articles and subscriptions go to the feed that is there; what the moved one had is not news again."""
    there = await store.add_feed("https://new.example/", now=NOW)
    moved = await store.add_feed("https://old.example/", now=NOW)
    await store.record_refresh(record(there, new("a"), baseline_at=NOW), NOW)
    await store.record_refresh(record(moved, new("a"), new("b"), seen=["c"], baseline_at=NOW), NOW)
    one = await store.save_subscription(replace(subscription(), feeds=(moved.id,)))
    both = await store.save_subscription(replace(subscription("Both"), feeds=(moved.id, there.id)))
    homes = await store.record_refresh(record(moved, new("d"), url=there.url), NOW)
    assert set(homes) == {"d"}
    assert [feed.id for feed in await store.feeds()] == [there.id]
    assert await store.seen(there.id) == {"a", "b", "c", "d"}
    assert await store.record_refresh(record(there, new("b"), new("c"), new("d")), NOW) == {}
    assert set(await store.articles_of(there.id, ["a", "b", "d"])) == {"a", "b", "d"}
    for kept in (one, both):
        assert (await store.subscription(kept.id)).feeds == (there.id,)
    with pytest.raises(NotFound):
        await store.feed(moved.id)


async def test_a_feed_not_polled_yet_takes_the_baseline_of_the_one_that_moved_to_it(store):
    """The feed that is there may be new: it is no first sight any more."""
    there = await store.add_feed("https://new.example/", now=NOW)
    moved = await store.add_feed("https://old.example/", now=NOW)
    await store.record_refresh(record(moved, new("a"), baseline_at=NOW), NOW)
    await store.record_refresh(record(moved, url=there.url), NOW + DAY)
    assert (await store.feed(there.id)).baseline_at == NOW


async def test_a_feed_takes_the_filter_of_the_one_that_moved_to_it(store):
    """A publisher's new address is no way around the operator's rules; rules that are there already stay."""
    for url, rules in (("https://new.example/", Filter()), ("https://newer.example/", Filter(exclude=("b",)))):
        there = await store.add_feed(url, now=NOW)
        await store.filter_feed(there.id, OPERATOR, rules)
        moved = await store.add_feed(f"https://old.example/{there.id}", now=NOW)
        await store.filter_feed(moved.id, OPERATOR, Filter(exclude=("a",)))
        await store.record_refresh(record(moved, url=there.url), NOW + DAY)
        assert (await store.feed(there.id)).filter.exclude == (rules.exclude or ("a",))


async def test_a_removed_feeds_articles_stay_and_are_taken_over(store):
    """Removing a feed forgets its marks; added again, it finds its articles and stores none twice."""
    (story,) = await stored(store, "a")
    await store.remove_feed(story.articles[0].feed_id)
    kept = (await store.story(story.id)).articles[0]
    assert (kept.id, kept.feed_id) == (story.articles[0].id, 0)
    feed = await store.add_feed("https://example.org/feed", now=NOW)
    assert feed.id != story.articles[0].feed_id
    assert await store.record_refresh(record(feed, new("a"), new("b")), NOW) != {}
    assert (await store.story(story.id)).articles[0].feed_id == feed.id
    assert (await store.status(NOW)).articles == 2


async def test_unstorable_characters_keep_every_offset(store):
    """NUL and lone surrogates, which no database takes, are replaced one for one."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    odd = replace(article("a\0b"), title="x\ud800y", text="\0 “Words,” said Ann\ud83d. 😀")
    homes = await store.record_refresh(record(feed, replace(new("a\0b"), article=odd)), NOW)
    (kept,) = (await store.story(homes["a\0b"])).articles
    assert kept.text == "\ufffd “Words,” said Ann\ufffd. 😀"
    assert (await store.story(homes["a\0b"])).sources_hash
    assert await store.record_refresh(record(feed, replace(new("a\0b"), article=odd)), NOW) == {}


async def test_long_keys_and_addresses_are_taken(store):
    """A GUID or link of ten thousand characters is stored and known again."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    long = "".join(sha256(str(n).encode()).hexdigest() for n in range(160))
    homes = await store.record_refresh(record(feed, new(long, url="https://a.example/" + long)), NOW)
    assert set(homes) == {long}
    assert await store.record_refresh(record(feed, new(long)), NOW) == {}
    assert await store.article_by_url("https://a.example/" + long) is not None


async def test_many_keys_are_marked_at_once(store):
    """A feed of 2,000 entries is one record."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    keys = [f"k{n}" for n in range(2000)]
    await store.record_refresh(record(feed, seen=keys), NOW)
    assert await store.seen(feed.id) == set(keys)


async def test_refreshes_of_many_feeds_are_written_at_once(store):
    """Each feed has its facts, marks and articles; a new story may be shared by articles of several."""
    feeds = [await store.add_feed(f"https://{n}.example/", now=NOW) for n in range(40)]
    news = [(new(f"a{n}", -1 - n % 3), new("same")) for n in range(40)]
    records = [record(f, *two, title=f"Feed {f.id}", baseline_at=NOW) for f, two in zip(feeds, news, strict=True)]
    went = await store.record_refreshes(records, NOW)
    assert [list(homes) for homes in went] == [[f"a{n}", "same"] for n in range(40)]
    assert len({homes["same"] for homes in went}) == 40
    assert [went[n][f"a{n}"] for n in range(40)] == [went[n % 3][f"a{n % 3}"] for n in range(40)]
    told = await store.story(went[1]["a1"])
    assert [a.key for a in told.articles] == [f"a{n}" for n in range(1, 40, 3)]
    assert [(feed.title, feed.baseline_at) for feed in await store.feeds()] == [(f"Feed {f.id}", NOW) for f in feeds]
    (kept,) = (await store.story(went[7]["same"])).articles
    np.testing.assert_array_equal((await store.vectors([kept.id]))[kept.id], vector("same"))
    assert await store.record_refreshes(records, NOW + HOUR) == [{}] * 40


async def test_a_feed_that_is_gone_spoils_no_other_refresh(store):
    """Of a removed feed nothing is kept; those written with it are."""
    one, gone, two = [await store.add_feed(f"https://{n}.example/", now=NOW) for n in range(3)]
    await store.remove_feed(gone.id)
    went = await store.record_refreshes([record(feed, new("a")) for feed in (two, gone, one)], NOW)
    assert [None if homes is None else list(homes) for homes in went] == [["a"], None, ["a"]]
    assert (await store.status(NOW)).articles == 2
    assert await store.record_refreshes([record(gone, new("b"))], NOW) == [None]
    assert await store.record_refreshes([], NOW) == []


async def test_refreshes_written_together_are_kept_or_lost_together(sql_store):
    """What the database refuses of one keeps nothing of the others: the caller writes them one by one."""
    store = sql_store
    good, bad = [await store.add_feed(f"https://{n}.example/", now=NOW) for n in range(2)]
    broken = replace(record(bad, new("b")), title=object())
    with pytest.raises(StoreError):
        await store.record_refreshes([record(good, new("a")), broken], NOW)
    assert (await store.status(NOW)).articles == 0
    assert await store.seen(good.id) == frozenset()


async def test_an_article_left_behind_is_taken_over_once(store):
    """Two feeds that give what a removed feed left: the first takes it over, the second stores its own."""
    (story,) = await stored(store, "a")
    await store.remove_feed(story.articles[0].feed_id)
    one, two = [await store.add_feed(f"https://{n}.example/", now=NOW) for n in range(2)]
    first, second = await store.record_refreshes([record(one, new("a")), record(two, new("a"))], NOW)
    assert (first, list(second)) == ({}, ["a"])
    assert (await store.story(story.id)).articles[0].feed_id == one.id
