"""What belongs to one workspace is nobody else's business: the contract of every store."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from digestbot.domain.digest import Receipt
from digestbot.domain.errors import NotFound
from digestbot.domain.subscription import OPERATOR, Channel, Filter, Workspace, WorkspaceSettings
from digestbot.ports import Change, Correction, Known, Report, Retention
from tests.store.making import DAY, HERE, HOUR, NOW, digest, stored, subscription
from tests.store.test_contract_editions import published

OURS, THEIRS = Workspace("slack", "T1"), Workspace("discord", "G9")
ELSEWHERE = Channel("discord", "C9", "G9")
URL = "https://example.org/feed"


# ── feeds ────────────────────────────────────────────────────────────────────


async def test_a_feed_is_its_owners_and_fetched_once(store):
    """Two workspaces have one row, each with its own name and topics; a third one has nothing."""
    ours = await store.add_feed(URL, title="Ours", topics=["world"], owner=OURS, now=NOW)
    theirs = await store.add_feed(URL, title="Theirs", owner=THEIRS, now=NOW)
    assert (ours.id, ours.title, ours.topics) == (theirs.id, "Ours", ("world",))
    assert (theirs.title, theirs.topics) == ("Theirs", ())
    assert [feed.title for feed in await store.feeds_of(OURS)] == ["Ours"]
    assert await store.feeds_of(Workspace("slack", "T2")) == []
    assert await store.owners(ours.id) == [THEIRS, OURS]
    assert len(await store.due_feeds(NOW)) == len(await store.feeds()) == 1


async def test_what_the_operator_put_in_keeps_its_own_settings(store):
    """A workspace that takes the settings file's feed too changes nothing of it, and inherits what it does not say."""
    await store.add_feed(URL, title="File", topics=["economy"], weight=2.0, backfill=3, listed=True, now=NOW)
    ours = await store.add_feed(URL, title="Ours", owner=OURS, now=NOW)
    assert (ours.title, ours.topics, ours.weight, ours.listed, ours.backfill) == ("Ours", ("economy",), 2.0, True, 3)
    (files,) = await store.feeds_of(OPERATOR)
    assert (files.title, files.listed, files.weight) == ("File", True, 2.0)


async def test_adding_a_feed_again_keeps_what_was_said_of_it(store):
    """The second time without a title changes nothing; with one, that is what it is called."""
    await store.add_feed(URL, title="Ours", topics=["world"], owner=OURS, now=NOW)
    assert (await store.add_feed(URL, owner=OURS, now=NOW)).title == "Ours"
    again = await store.add_feed(URL, title="New", owner=OURS, now=NOW)
    assert again.title == "New"


async def test_a_feed_is_changed_for_its_owner_alone(store):
    """Title, topics and weight are the workspace's; emptied topics stay empty; a stranger is refused."""
    feed = await store.add_feed(URL, title="File", topics=["economy"], now=NOW)
    await store.add_feed(URL, owner=OURS, now=NOW)
    await store.change_feed(feed.id, OURS, replace(feed, title="Ours", topics=(), weight=0.5))
    (ours,) = await store.feeds_of(OURS)
    assert (ours.title, ours.topics, ours.weight) == ("Ours", (), 0.5)
    assert (await store.feeds_of(OPERATOR))[0].topics == ("economy",)
    with pytest.raises(NotFound):
        await store.change_feed(feed.id, THEIRS, feed)


RULES = Filter(include=("port",), exclude=("sponsored", "Ü"), languages=("en",), exclude_regex=r"(?i)\bad\b")


async def rules(store, home):
    """Return the filter of a workspace's one feed."""
    (feed,) = await store.feeds_of(home)
    return feed.filter


async def test_a_feeds_filter_is_its_owners_alone(store):
    """Each owner lets through what it says, the operator's rules are no workspace's, and a stranger is refused."""
    feed = await store.add_feed(URL, owner=OURS, now=NOW)
    for home in (OPERATOR, THEIRS):
        await store.add_feed(URL, owner=home, now=NOW)
    await store.filter_feed(feed.id, OURS, RULES)
    await store.filter_feed(feed.id, OPERATOR, Filter(exclude=("horoscope",)))
    assert [await rules(store, home) for home in (OURS, THEIRS, OPERATOR)] == [
        RULES,
        Filter(),
        Filter(exclude=("horoscope",)),
    ]
    assert [one.filter.exclude for one in await store.feeds()] == [("horoscope",)]
    assert (await store.feed(feed.id)).filter == (await store.feed_by_url(URL)).filter == await rules(store, OPERATOR)
    await store.filter_feed(feed.id, OURS, Filter())
    assert await rules(store, OURS) == Filter()
    with pytest.raises(NotFound):
        await store.filter_feed(feed.id, Workspace("slack", "T2"), RULES)
    with pytest.raises(NotFound):
        await store.filter_feed(feed.id + 1, OPERATOR, RULES)


async def test_a_feeds_filter_stays_until_it_is_changed_or_the_feed_is_let_go(store):
    """Renaming, pausing and adding it again leave its rules; who has it anew begins without."""
    for home in (OURS, OPERATOR):
        feed = await store.add_feed(URL, title="A", owner=home, now=NOW)
        await store.filter_feed(feed.id, home, RULES)
        await store.pause_own(feed.id, home, "enough")
        assert (await store.add_feed(URL, title="B", owner=home, now=NOW)).filter == RULES
    await store.change_feed(feed.id, OURS, replace(feed, title="C"))
    for home in (OURS, OPERATOR):
        assert await rules(store, home) == RULES
        await store.add_feed(URL, owner=THEIRS, now=NOW)
        await store.disown_feed(feed.id, home)
        assert (await store.add_feed(URL, owner=home, now=NOW)).filter == Filter()


async def test_a_feed_is_polled_while_one_owner_wants_it(store):
    """One workspace's pause is its own; when all pause, polling stops; one that resumes starts it."""
    feed = await store.add_feed(URL, owner=OURS, now=NOW)
    await store.add_feed(URL, owner=THEIRS, now=NOW)
    await store.pause_own(feed.id, OURS, "enough")
    assert [one.paused for one in (*await store.feeds_of(OURS), *await store.feeds_of(THEIRS))] == ["enough", None]
    assert len(await store.due_feeds(NOW)) == 1
    await store.pause_own(feed.id, THEIRS, "too much")
    assert await store.due_feeds(NOW) == []
    await store.pause_own(feed.id, OURS, None)
    assert len(await store.due_feeds(NOW)) == 1
    with pytest.raises(NotFound):
        await store.pause_own(feed.id, Workspace("slack", "T2"), None)


async def test_a_feed_goes_with_its_last_owner(store):
    """The first to leave takes only its own; the last one takes the feed, and its articles stay."""
    (story,) = await stored(store, "a")
    feed = await store.add_feed(URL, owner=OURS, now=NOW)
    await store.add_feed(URL, owner=THEIRS, now=NOW)
    assert [await store.disown_feed(feed.id, home) for home in (OPERATOR, OURS, THEIRS)] == [False, False, True]
    assert await store.feeds() == []
    assert (await store.story(story.id)).articles[0].feed_id == 0
    with pytest.raises(NotFound):
        await store.disown_feed(feed.id, OURS)


async def test_a_removed_feed_has_no_owners(store):
    """Removing the feed itself takes it from everybody."""
    feed = await store.add_feed(URL, owner=OURS, now=NOW)
    await store.remove_feed(feed.id)
    assert await store.feeds_of(OURS) == []
    assert await store.owners(feed.id) == []


async def test_a_workspace_is_counted_for_itself(store):
    """Status with a workspace counts its feeds, their news, its digests and deliveries; without, everything."""
    await stored(store, "a")
    await store.add_feed("https://ours.example/", owner=OURS, now=NOW)
    await store.save_subscription(subscription("Theirs", ELSEWHERE))
    await published(store)
    ours, everything = await store.status(NOW, OURS), await store.status(NOW)
    assert (ours.feeds, ours.articles, ours.subscriptions, ours.deliveries_pending) == (1, 0, 1, 1)
    assert (everything.feeds, everything.articles, everything.subscriptions) == (2, 1, 2)
    operator = await store.status(NOW, OPERATOR)
    assert (operator.feeds, operator.articles, operator.stories) == (1, 1, 1)


# ── settings and snoozes ─────────────────────────────────────────────────────


async def test_settings_are_kept_whole(store):
    """What is saved comes back; a name given once stays; since is the first time."""
    settings = WorkspaceSettings("S1", "C9", "Europe/Berlin", "de", "short", "compact", time(22), time(7))
    await store.save_workspace(OURS, "Newsdesk", WorkspaceSettings(), NOW)
    await store.save_workspace(OURS, "", settings, NOW + DAY)
    await store.save_workspace(THEIRS, "", WorkspaceSettings(), NOW)
    assert await store.workspace(OURS) == Known(OURS, "Newsdesk", settings, NOW)
    assert await store.workspace(Workspace("slack", "T2")) is None
    assert [known.home for known in await store.workspaces()] == [THEIRS, OURS]
    assert [await store.count_workspaces(platform) for platform in ("slack", "discord", "console")] == [1, 1, 0]


async def test_a_workspaces_digests_are_found_by_it(store):
    """Those of its channels, by id; another one's and the settings file's are not among them."""
    await store.save_subscription(subscription("Theirs", ELSEWHERE))
    first = await store.save_subscription(subscription("First", HERE))
    second = await store.save_subscription(subscription("Second", replace(HERE, id="C2")))
    await store.save_subscription(subscription("File", Channel("slack", "C1")))
    assert await store.subscriptions_of(OURS) == [first, second]
    assert [one.name for one in await store.subscriptions_of(Workspace("slack"))] == ["File"]


async def test_a_snooze_lasts_until_its_time(store):
    """Snoozed again it lasts longer; over or ended it is gone; another workspace's is not seen."""
    first = await store.snooze(HERE, "football", NOW + DAY, "U1")
    again = await store.snooze(HERE, "football", NOW + 2 * DAY, "U2")
    await store.snooze(ELSEWHERE, "football", NOW + DAY, "U9")
    assert again == replace(first, until=NOW + 2 * DAY, made_by="U2")
    assert await store.snoozes(OURS, NOW) == [again]
    assert await store.snoozes(OURS, NOW + 2 * DAY) == []
    await store.end_snooze(again.id)
    await store.end_snooze(again.id)
    assert await store.snoozes(OURS, NOW) == []


# ── reports and corrections ──────────────────────────────────────────────────


async def test_a_report_is_closed_once(store):
    """The first to close it is told so; reports are listed by state, newest first, for their workspace."""
    one = await store.add_report(Report(0, HERE, 7, "quote", "her deputy said it", "U1", NOW))
    two = await store.add_report(Report(0, HERE, 8, "fact", "", "U1", NOW))
    await store.add_report(Report(0, ELSEWHERE, 7, "other", "", "U9", NOW))
    assert await store.report(one.id) == one
    assert await store.reports(OURS) == [two, one]
    assert await store.close_report(one.id, "confirmed", "U2", NOW + HOUR)
    assert not await store.close_report(one.id, "dismissed", "U3", NOW + HOUR)
    assert await store.reports(OURS, "open") == [two]
    closed = replace(one, state="confirmed", closed_by="U2", closed_at=NOW + HOUR)
    assert await store.reports(OURS, "confirmed") == [closed]
    with pytest.raises(NotFound):
        await store.close_report(99, "confirmed", "U2", NOW)


async def test_a_correction_is_its_workspaces(store):
    """What one workspace corrected is not said in another."""
    made = await store.add_correction(Correction(0, OURS, 7, "The speaker was wrong.", ("a", "b"), False, "U2", NOW, 3))
    await store.add_correction(Correction(0, THEIRS, 7, "Other.", (), True, "U9", NOW))
    assert made.id > 0
    assert await store.corrections(OURS, [7, 8]) == [made]
    assert await store.corrections(OURS, [8]) == []


async def test_the_deliveries_of_a_story_are_found(store):
    """Those that posted it into the workspace's channels, and no others."""
    (story,) = await stored(store, "a")
    owed = await published(store, articles={story.articles[0].id: story.id})
    assert [found.id for found in await store.deliveries_of(OURS, story.id)] == [owed.id]
    assert await store.deliveries_of(OURS, story.id + 1) == []
    assert await store.deliveries_of(THEIRS, story.id) == []


async def test_what_could_not_be_delivered_is_found_by_its_workspace(store):
    """Given up, it is its own workspace's alone."""
    owed = await published(store)
    assert await store.undelivered(OURS) == []
    await store.give_up(owed.id, "the channel is gone")
    assert [found.id for found in await store.undelivered(OURS)] == [owed.id]
    assert await store.undelivered(THEIRS) == []


async def test_a_corrected_delivery_is_what_is_written_from_then_on(store):
    """The digest and its messages are replaced; what is sent stays sent, and a delivery that is gone is refused."""
    owed = await published(store)
    await store.mark_sending(owed.id, 0, "a", NOW)
    await store.record_receipt(Receipt(owed.id, 0, "m1", NOW))
    right = digest(owed.edition, "Corrected")
    changed = [replace(part.message, text=f"right {part.number}") for part in owed.parts]
    await store.correct_delivery(owed.id, right, changed)
    after = await store.delivery(owed.id)
    assert await store.digest(owed.edition) == right
    assert [part.message for part in after.parts] == changed
    assert after.parts[0].receipt == Receipt(owed.id, 0, "m1", NOW)
    with pytest.raises(NotFound):
        await store.correct_delivery(99, right, changed)


# ── conduct ──────────────────────────────────────────────────────────────────


async def test_who_changed_what_is_kept_for_its_time(store):
    """Newest first, one workspace's or everybody's, until the retention is over."""
    for number, channel in enumerate((HERE, ELSEWHERE, HERE)):
        await store.record_change(Change(0, channel, "U1", "pause", f"pause {number}", "done", NOW + number * HOUR))
    assert [one.line for one in await store.changes(OURS)] == ["pause 2", "pause 0"]
    assert [one.line for one in await store.changes(limit=2)] == ["pause 2", "pause 1"]
    await store.prune(Retention(audit=DAY), NOW + DAY + HOUR)
    assert [one.line for one in await store.changes()] == ["pause 2", "pause 1"]


async def test_what_waits_for_a_yes_is_forgotten_after_a_day(store):
    """A document comes back as it was, for its workspace alone, until a day has passed."""
    await store.hold("k1", OURS, {"feeds": ["https://a.example/"]}, NOW)
    assert await store.held("k1", OURS) == {"feeds": ["https://a.example/"]}
    assert await store.held("k1", THEIRS) is None
    await store.prune(Retention(), NOW + 2 * DAY)
    assert await store.held("k1", OURS) is None


async def test_an_invocation_is_met_once(store):
    """The second time within ten minutes is no first time; after that it is."""
    within = timedelta(minutes=10)
    assert [await store.first("i1", NOW, within) for _ in range(2)] == [True, False]
    assert await store.first("i2", NOW, within)
    assert not await store.first("i1", NOW + timedelta(minutes=9), within)
    assert await store.first("i1", NOW + timedelta(minutes=10), within)


async def test_forgetting_leaves_nothing_of_a_workspace(store):
    """Feeds, settings, snoozes, reports, corrections and the log are gone; what others have stays."""
    shared = await store.add_feed(URL, owner=OURS, now=NOW)
    await store.add_feed(URL, owner=THEIRS, now=NOW)
    await store.add_feed("https://ours.example/", owner=OURS, now=NOW)
    for home, channel in ((OURS, HERE), (THEIRS, ELSEWHERE)):
        await store.save_workspace(home, "", WorkspaceSettings(), NOW)
        await store.snooze(channel, "football", NOW + DAY, "U1")
        await store.add_report(Report(0, channel, 7, "fact", "", "U1", NOW))
        await store.add_correction(Correction(0, home, 7, "x", (), False, "U1", NOW))
        await store.record_change(Change(0, channel, "U1", "pause", "pause 1", "done", NOW))
        await store.hold(f"k{home}", home, {}, NOW)
    await store.forget("slack", "T1")
    assert await store.workspace(OURS) is None
    left = [await store.snoozes(OURS, NOW), await store.reports(OURS), await store.changes(OURS)]
    assert [*left, await store.corrections(OURS, [7]), await store.feeds_of(OURS)] == [[]] * 5
    assert await store.held(f"k{OURS}", OURS) is None
    assert [feed.id for feed in await store.feeds()] == [shared.id]
    assert len(await store.snoozes(THEIRS, NOW)) == len(await store.reports(THEIRS)) == 1
    assert len(await store.changes(THEIRS)) == len(await store.corrections(THEIRS, [7])) == 1
