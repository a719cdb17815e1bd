"""What readers look back at: the same on memory, SQLite and PostgreSQL."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from digestbot.domain.digest import Edition, Receipt
from digestbot.domain.news import Polling, Refusal
from digestbot.ports import Due, RefreshRecord, Tally, Voice, brief_key
from tests.store.making import DAY, HOUR, NOW, brief, digest, messages, stored, subscription


async def published(store, *offsets, name="Morning brief"):
    """Write an edition of a new subscription at each offset from NOW; return the subscription and its deliveries."""
    made = await store.save_subscription(subscription(name, due=NOW + min(offsets)))
    owed = [
        await store.publish(
            Edition(made.id, NOW + offset),
            channel=made.channel,
            digest=digest(Edition(made.id, NOW + offset), f"{name} {offset}"),
            messages=messages(2),
            article_ids={},
            next_edition_at=NOW + DAY,
            window_from=NOW,
        )
        for offset in offsets
    ]
    return made, owed


async def briefed(store, *keys, **options):
    """Store stories with one article and one brief each."""
    stories = await stored(store, *keys)
    for story in stories:
        await store.save_brief(brief_key(story.sources_hash, "e-1", "medium"), brief(story, **options))
    return stories


async def test_editions_are_found_by_time_and_subscription(store):
    """The archive gives digests of a span of time, newest first, of all subscriptions or of one."""
    first, _ = await published(store, -2 * DAY, -DAY, timedelta(0))
    second, _ = await published(store, -DAY, name="Evening brief")
    everything = await store.archive()
    assert [(d.edition.subscription_id, d.edition.at) for d in everything] == [
        (first.id, NOW),
        (first.id, NOW - DAY),
        (second.id, NOW - DAY),
        (first.id, NOW - 2 * DAY),
    ]
    assert [d.edition.at for d in await store.archive(subscription_id=first.id, limit=1)] == [NOW]
    between = await store.archive(since=NOW - DAY, until=NOW)
    assert [d.edition.subscription_id for d in between] == [first.id, second.id]


async def test_an_edition_with_nothing_to_say_is_not_in_the_archive(store):
    """A skipped edition has no digest to show."""
    made = await store.save_subscription(subscription())
    await store.publish(
        Edition(made.id, NOW),
        channel=made.channel,
        digest=None,
        messages=(),
        article_ids={},
        next_edition_at=None,
        window_from=NOW,
    )
    assert await store.archive() == []


async def test_every_brief_of_a_story_is_there(store):
    """A story's briefs come newest first, whatever made them, with quotations that stand in its articles."""
    (story,) = await briefed(store, "a")
    later = replace(brief(story, engine="other"), made_at=NOW + HOUR)
    await store.save_brief(brief_key(story.sources_hash, "other", "short"), later)
    found = await store.briefs(story.id)
    assert [made.summary.engine for made in found] == ["other", "extractive"]
    assert found[0].quotes[0].text.startswith("We are willing")
    assert await store.briefs(story.id + 99) == []


async def test_who_said_what(store):
    """A speaker's quotations come each once, newest first, with their stories; voices are counted."""
    one, two = await briefed(store, "a", "b")
    await store.save_brief(brief_key(one.sources_hash, "e-1", "short"), brief(one))
    said = await store.said_by("Nayib Bukele")
    assert [saying.story_id for saying in said] == [two.id, one.id]
    assert said[0].quote.speaker.name == "Nayib Bukele"
    assert said[0].article.text[said[0].quote.start : said[0].quote.end] == said[0].quote.text
    assert len(await store.said_by("Nayib Bukele", limit=1)) == 1
    assert await store.said_by("nobody") == []
    assert await store.voices(NOW - DAY) == [Voice("Nayib Bukele", 1, NOW)]
    assert await store.voices(NOW + HOUR) == []


async def test_briefs_are_tallied(store):
    """Quotes shown, quotes dropped by reason, refusals by rule and engines are counted over a time."""
    assert await store.tally(NOW - DAY) == Tally()
    (story,) = await briefed(store, "a")
    refused = (Refusal("x", ("name", "number")), Refusal("y", ("name",)))
    made = brief(story, engine="seq2seq:m", quoted=False)
    made = replace(made, summary=replace(made.summary, refused=refused))
    await store.save_brief(brief_key(story.sources_hash, "seq2seq:m", "medium"), made)
    tally = await store.tally(NOW)
    assert tally == Tally(
        2, 1, (("no_speaker", 4),), (("name", 2), ("number", 1)), (("extractive", 1), ("seq2seq:m", 1))
    )
    assert await store.tally(NOW + HOUR) == Tally()


async def test_articles_are_counted_by_the_hour(store):
    """Each hour with articles is told once, in UTC, oldest first."""
    await stored(store, "a", "b")
    await stored(store, "c", now=NOW + timedelta(hours=2, minutes=59))
    hour = datetime(2026, 4, 15, 8, tzinfo=UTC)
    assert await store.articles_by_hour(NOW) == [(hour, 2), (hour + 2 * HOUR, 1)]
    assert await store.articles_by_hour(NOW + HOUR) == [(hour + 2 * HOUR, 1)]


async def test_deliveries_are_counted_by_the_day(store):
    """Each day's deliveries are counted by state."""
    _, (old, new) = await published(store, -DAY, timedelta(0))
    await store.give_up(old.id, "gone")
    for part in (0, 1):
        await store.record_receipt(Receipt(new.id, part, f"m{part}", NOW))
    day = datetime(2026, 4, 15, tzinfo=UTC)
    assert await store.deliveries_by_day(NOW - 2 * DAY) == [(day - DAY, "undeliverable", 1), (day, "sent", 1)]
    assert await store.deliveries_by_day(NOW) == [(day, "sent", 1)]


async def test_the_backlog_tells_what_is_due(store):
    """Feeds past their check, stories without a fresh brief, editions past their time and unsent deliveries count."""
    empty = await store.backlog(NOW, NOW - DAY)
    assert {empty.refresh, empty.brief, empty.publish, empty.deliver} == {Due()}
    one, _ = await stored(store, "a", "b")
    await store.save_brief(brief_key(one.sources_hash, "e-1", "medium"), brief(one))
    await published(store, -HOUR)
    late = await store.save_subscription(subscription("Late", due=NOW - HOUR))
    found = await store.backlog(NOW, NOW - DAY)
    assert found.refresh == Due(1, NOW)
    assert found.brief == Due(1, NOW)
    assert found.publish == Due(1, NOW - HOUR)
    assert found.deliver == Due(1, NOW - HOUR)
    await store.pause_subscription(late.id, "rest")
    assert (await store.backlog(NOW, NOW - DAY)).publish == Due()


async def test_feeds_are_told_by_their_health(store):
    """Failing, paused, late, new and well feeds are counted and listed in that order, a page at a time."""
    seen, late = NOW - DAY, timedelta(minutes=10)
    kinds = {
        "well": (Polling(NOW + HOUR), seen, None),
        "new": (Polling(NOW), None, None),
        "late": (Polling(NOW - HOUR), seen, None),
        "paused": (Polling(NOW - HOUR, failures=3), seen, "gone"),
        "failing": (Polling(NOW - HOUR, failures=1), seen, None),
        "well too": (Polling(NOW - timedelta(minutes=9)), seen, None),
    }
    for name, (polling, baseline, paused) in kinds.items():
        feed = await store.add_feed(f"https://example.org/{name}", title=name, now=NOW)
        await store.record_refresh(RefreshRecord(feed.id, polling, baseline_at=baseline, paused=paused), NOW)
    assert dict(await store.feed_healths(NOW, late)) == {"failing": 1, "paused": 1, "late": 1, "new": 1, "well": 2}
    everything = await store.feeds_by_health(NOW, late)
    assert [(feed.title, health) for feed, health in everything] == [
        ("failing", "failing"),
        ("paused", "paused"),
        ("late", "late"),
        ("new", "new"),
        ("well", "well"),
        ("well too", "well"),
    ]
    assert await store.feeds_by_health(NOW, late, limit=2, offset=3) == everything[3:5]
    assert [feed.title for feed, _ in await store.feeds_by_health(NOW, late, health="late")] == ["late"]


async def test_search_can_be_held_to_one_kind(store):
    """Search over one kind alone gives that kind, as many as are asked for."""
    await briefed(store, "a")
    assert {hit.kind for hit in await store.search("bukele")} == {"story", "quote", "person"}
    for kind in ("story", "quote", "person"):
        assert {hit.kind for hit in await store.search("bukele", kind=kind)} == {kind}
