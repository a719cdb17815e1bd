"""The WatchStore contract, on memory, SQLite and PostgreSQL."""

from dataclasses import replace

import pytest

from digestbot.domain.digest import Edition
from digestbot.domain.errors import NotFound
from digestbot.ports import Lease, Poll, Retention
from digestbot.ports.watching import TAKEN
from tests.store.making import (
    DAY,
    HERE,
    HOUR,
    NOW,
    TEXT,
    article,
    brief,
    digest,
    messages,
    record,
    stored,
    subscription,
)

URL = "https://a.example/rss"


async def test_many_polls_are_written_at_once(store):
    """The state of each feed is as its poll says, in one transaction; a feed that is gone meanwhile is left out."""
    feeds = [await store.add_feed(f"https://{n}.example/", now=NOW) for n in range(5)]
    await store.remove_feed(feeds[4].id)
    polls = [
        Poll(
            feed.id,
            replace(feed.polling, next_check_at=NOW + (feed.id + 1) * HOUR, checked_at=NOW, etag=f'"{feed.id}"'),
        )
        for feed in reversed(feeds)
    ]
    await store.record_polls(polls, NOW)
    assert [feed.polling for feed in await store.feeds()] == [poll.polling for poll in reversed(polls[1:])]
    assert [feed.id for feed in await store.due_feeds(NOW + 3 * HOUR)] == [feeds[0].id, feeds[1].id]
    await store.record_polls([], NOW)


async def test_a_feed_waits_for_no_clock_that_was_ahead(store):
    """What a wrong clock put off is due now, and fails since now; who was asked to wait by the right clock waits on."""
    states = {
        "ahead": {"next_check_at": NOW + 366 * DAY, "checked_at": NOW + 365 * DAY},
        "failing": {
            "next_check_at": NOW + 366 * DAY,
            "checked_at": NOW + 365 * DAY,
            "failures": 3,
            "failing_since": NOW + 364 * DAY,
        },
        "added": {"next_check_at": NOW + 365 * DAY},
        "hour": {"next_check_at": NOW + 5 * HOUR, "checked_at": NOW + HOUR},
        "retry": {"next_check_at": NOW + 7 * DAY, "checked_at": NOW},
        "before": {"next_check_at": NOW + 7 * DAY, "checked_at": NOW - HOUR, "failures": 1, "failing_since": NOW},
    }
    feeds = {name: await store.add_feed(f"https://{name}.example/", now=NOW) for name in states}
    polls = [Poll(feeds[name].id, replace(feeds[name].polling, **state)) for name, state in states.items()]
    await store.record_polls(polls, NOW)
    assert await store.end_waits(NOW, NOW + 26 * HOUR) == 3
    assert await store.end_waits(NOW, NOW + 26 * HOUR) == 0
    assert [feed.url for feed in await store.due_feeds(NOW)] == [
        f"https://{name}.example/" for name in ("ahead", "failing", "added")
    ]
    failing = await store.feed(feeds["failing"].id)
    assert (failing.polling.failures, failing.polling.failing_since) == (3, NOW)
    assert [(await store.feed(feeds[name].id)).polling for name in ("hour", "retry", "before")] == [
        poll.polling for poll in polls[3:]
    ]


async def test_a_paused_feed_s_wait_is_ended_when_it_goes_on(store):
    """Nobody waits for a paused feed; what a wrong clock put off is due once it goes on."""
    feed = await store.add_feed(URL, now=NOW)
    await store.record_polls([Poll(feed.id, replace(feed.polling, next_check_at=NOW + 365 * DAY))], NOW)
    await store.pause_feed(feed.id, "it is gone")
    assert await store.end_waits(NOW, NOW + 26 * HOUR) == 0
    await store.pause_feed(feed.id, None)
    assert await store.end_waits(NOW, NOW + 26 * HOUR) == 1


async def test_a_poll_may_pause_its_feed(store):
    """A feed that is gone for good is paused with the reason, in the same write; no reason leaves it as it is."""
    feed = await store.add_feed(URL, now=NOW)
    await store.record_polls([Poll(feed.id, feed.polling, paused="it is gone")], NOW)
    await store.record_polls([Poll(feed.id, feed.polling)], NOW)
    assert (await store.feed(feed.id)).paused == "it is gone"


async def test_people_are_told_once(store):
    """A notice waits, with its poll's write or its refresh's, until it is sent; it is remembered for a while."""
    feed = await store.add_feed(URL, now=NOW)
    await store.record_polls([Poll(feed.id, feed.polling, notice="It fails."), Poll(feed.id, feed.polling)], NOW)
    await store.record_refresh(record(feed, notice="It works again."), NOW + HOUR)
    first, second = await store.notices(unsent=True)
    assert [(n.feed_id, n.text, n.at) for n in (first, second)] == [
        (feed.id, "It fails.", NOW),
        (feed.id, "It works again.", NOW + HOUR),
    ]
    assert await store.take_notices(NOW + HOUR, 1) == [first]
    assert await store.take_notices(NOW + HOUR, 9) == [second]
    assert await store.take_notices(NOW + HOUR + TAKEN / 2, 9) == []
    assert await store.take_notices(NOW + HOUR + TAKEN, 9) == [first, second]
    assert await store.take_notices(NOW, 9) == [first, second]
    await store.notice_sent(first.id, NOW + HOUR)
    await store.notice_sent(first.id, NOW + DAY)
    assert await store.take_notices(NOW + DAY, 9) == [second]
    assert await store.notices(unsent=True) == [second]
    assert await store.notices(limit=1) == [second]
    assert (await store.notices())[1].sent_at == NOW + HOUR
    await store.prune(Retention(), NOW + 91 * DAY)
    assert await store.notices() == []


async def test_articles_are_found_by_their_keys(store):
    """The articles of one feed under some keys; keys without an article, and other feeds', are left out."""
    (story,) = await stored(store, "a", url=URL)
    await stored(store, "a", url="https://b.example/rss")
    feed = await store.feed_by_url(URL)
    found = await store.articles_of(feed.id, ["a", "never", "x" * 5000])
    assert found == {"a": story.articles[0]}


async def _posted(store, key="a"):
    """Store an article with a brief, post it, and return its feed and its story."""
    (story,) = await stored(store, key, url=URL)
    await store.save_brief("k", brief(story))
    kept = await store.save_subscription(subscription())
    edition = Edition(kept.id, NOW, "UTC")
    await store.publish(
        edition,
        channel=HERE,
        digest=digest(edition),
        messages=messages(1),
        article_ids={story.articles[0].id: story.id},
        next_edition_at=None,
        window_from=NOW,
    )
    return await store.feed_by_url(URL), story


async def test_a_quotation_taken_out_after_it_was_shown_is_written_down(store):
    """An edit keeps the version that was quoted, and flags the story whose shown quotation is gone, once."""
    feed, story = await _posted(store)
    (old,) = story.articles
    for text in ("Officials spoke.", "Officials spoke on Tuesday."):
        await store.record_refresh(record(feed, edits=(replace(article("a", text=text), id=0),)), NOW + DAY)
    (lost,) = await store.lost_quotes()
    words = "We are willing to take in only convicted criminals"
    assert (lost.story_id, lost.article_id, lost.text, lost.speaker, lost.at) == (
        story.id,
        old.id,
        words,
        "Nayib Bukele",
        NOW + DAY,
    )
    assert await store.lost_quotes([story.id]) == [lost]
    assert await store.lost_quotes([story.id + 1]) == []
    kept = await store.versions(old.id)
    assert [version.text for version in kept][-1] == TEXT
    assert (await store.story(story.id)).articles[0].text == "Officials spoke on Tuesday."
    assert await store.versions(old.id + 1) == []


@pytest.mark.parametrize(
    "text",
    ["New: " + TEXT, TEXT.replace("“", '"').replace("”", '"'), TEXT.replace("only convicted", "only\nconvicted")],
)
async def test_words_that_still_stand_are_not_lost(store, text):
    """Text added around a quotation, other marks or another line break take nothing back."""
    feed, _ = await _posted(store)
    await store.record_refresh(record(feed, edits=(replace(article("a", text=text), id=0),)), NOW + DAY)
    assert await store.lost_quotes() == []


async def test_what_nobody_was_shown_is_not_lost(store):
    """A quotation that no digest has shown may go; without any quotation no version is kept."""
    quoted, plain = await stored(store, "a", "b", url=URL)
    feed = await store.feed_by_url(URL)
    await store.save_brief("k", brief(quoted))
    edits = tuple(replace(article(key, text="Other words."), id=0) for key in ("a", "b"))
    await store.record_refresh(record(feed, edits=edits), NOW + DAY)
    assert await store.lost_quotes() == []
    assert [v.text for v in await store.versions(quoted.articles[0].id)] == [TEXT]
    assert await store.versions(plain.articles[0].id) == []


async def test_a_lease_is_kept_until_its_feed_goes(store):
    """A feed has one lease at most; it goes with the feed."""
    feed = await store.add_feed(URL, now=NOW)
    lease = Lease(feed.id, "https://hub.example/", URL, "token", "secret", NOW)
    await store.save_lease(lease)
    held = replace(lease, state="held", until=NOW + DAY)
    await store.save_lease(held)
    assert await store.leases() == [held]
    await store.remove_lease(feed.id)
    await store.remove_lease(feed.id)
    assert await store.leases() == []
    await store.save_lease(lease)
    await store.remove_feed(feed.id)
    assert await store.leases() == []
    with pytest.raises(NotFound):
        await store.save_lease(lease)


async def test_a_feed_can_be_made_due(store):
    """A push makes its feed due now, never later than it was, and wakes nobody who is gone."""
    feed = await store.add_feed(URL, now=NOW)
    await store.record_polls([Poll(feed.id, replace(feed.polling, next_check_at=NOW + DAY, etag='"x"'))], NOW)
    await store.make_due(feed.id, NOW + HOUR)
    await store.make_due(feed.id, NOW + 2 * HOUR)
    polling = (await store.feed(feed.id)).polling
    assert (polling.next_check_at, polling.etag) == (NOW + HOUR, '"x"')
    assert [due.id for due in await store.due_feeds(NOW + HOUR)] == [feed.id]
    await store.make_due(feed.id + 1, NOW)
