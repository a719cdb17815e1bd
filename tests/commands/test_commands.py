"""The commands: each does what the table says, for those who may, and every failure is a sentence."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from digestbot.commands import COMMANDS, Asker, Desk, Invocation, Reply, dispatch, parse
from digestbot.domain.digest import Edition, Heading, Link, Named, Quotation
from digestbot.domain.errors import NotAllowed, NotFound, StoreError, UserError
from digestbot.domain.news import Entry, ParsedFeed
from digestbot.domain.subscription import Channel, Filter, Subscription
from digestbot.ports import NewArticle, RefreshRecord
from tests.commands.making import (
    HERE,
    MANAGER,
    READER,
    SAID,
    STRANGER,
    FakeArticles,
    FakeFeeds,
    a_desk,
    article,
    buttons,
    shown,
)
from tests.fakes.store import MemoryStore

NEW_FEED = "https://ledger.example/feed.xml"


@pytest.fixture
async def desk() -> Desk:
    """Return a desk with three stories."""
    return await a_desk()


async def ask(desk: Desk, typed: str, asker: Asker = READER) -> Reply:
    """Ask something and return the answer, which is no fault of ours."""
    reply = await dispatch(desk, parse(typed, COMMANDS), asker)
    assert reply.error is None or isinstance(reply.error, UserError | NotFound), reply.error
    return reply


async def test_now_is_a_brief_for_the_asker_alone(desk: Desk) -> None:
    """It shows the stories of the last hours with their buttons; nobody else sees it and nothing is posted."""
    reply = await ask(desk, "now 24h")
    assert reply.private
    assert "3 stories" in shown(reply)
    assert buttons(reply)["Sources"].startswith("sources story=")
    assert not await desk.store.deliveries("pending")


async def test_now_can_be_narrowed_and_shared(desk: Desk) -> None:
    """The number of stories is kept to, an empty window says so, and “share” is public."""
    assert "1 story" in shown(await ask(desk, "now stories=1"))
    assert not (await ask(desk, "now share")).private
    desk.clock.tick(hours=48)  # type: ignore[attr-defined]  # the fake clock
    assert shown(await ask(desk, "now 1h")) == "There is nothing new in that time."


async def test_a_quotation_is_shown_word_for_word(desk: Desk) -> None:
    """The quote of a story stands in the brief, in its sources and in the search for its speaker."""
    assert f"“{SAID}”" in shown(await ask(desk, "now quotes=3")) or SAID in shown(await ask(desk, "sources 1"))
    evidence = shown(await ask(desk, "sources 1"))
    assert SAID in evidence
    assert "read 2026-11-23" in evidence


async def test_more_and_story_show_one_story(desk: Desk) -> None:
    """Both show the story whole; a story that is not there is said to be missing."""
    assert shown(await ask(desk, "story 1")) == shown(await ask(desk, "more story=1"))
    assert "there is no story" in shown(await ask(desk, "story 99")).lower()


async def test_more_of_an_edition_lists_what_had_no_room(desk: Desk) -> None:
    """The button of “and 2 more” opens those stories, to those of the workspace alone."""
    made = await ask(desk, "schedule create Brief stories=1", MANAGER)
    assert made.error is None
    at = desk.clock.now().isoformat()
    assert "more stories" in shown(await ask(desk, f"more subscription=1 at={at}"))
    assert isinstance((await dispatch(desk, parse(f"more subscription=1 at={at}", COMMANDS), STRANGER)).error, NotFound)


async def test_more_of_a_brief_that_was_asked_for_lists_the_rest(desk: Desk) -> None:
    """The button below “and 2 more” of a brief says how it was asked for, so that it opens those very stories."""
    brief = await ask(desk, "now 24h stories=1")
    line = buttons(brief)["Show 2 more"]
    assert len(line) <= 100
    rest = await ask(desk, line)
    assert shown(rest).startswith("2 more stories")
    first = {line for line in shown(brief).splitlines() if line.startswith("News of the")}
    others = {line for line in shown(rest).splitlines() if line.startswith("News of the")}
    assert first | others == {"News of the barrier", "News of the ferry", "News of the volcano"}
    assert not first & others


async def test_a_brief_that_finds_nothing_says_what_else_can_be_asked(desk: Desk) -> None:
    """The words can be searched for in all that is kept, or the news be had without them."""
    reply = await ask(desk, "now grain prices")
    assert buttons(reply) == {
        "Search everything kept": 'search words="grain prices"',
        "All the news": "now",
    }


async def test_the_sources_show_what_each_sentence_rests_on(desk: Desk) -> None:
    """Below a sentence of the summary stands where its words are found, and below that the articles read."""
    lines = shown(await ask(desk, "sources 1")).splitlines()
    said, rests, read = (
        lines.index(title) for title in ("What was said", "What the summary rests on", "Read for it: 1 article")
    )
    assert said < rests < read
    assert any("in The Ledger" in line for line in lines[rests + 2 : read])


async def test_found_quotes_and_stories_name_and_link_their_outlet(desk: Desk) -> None:
    """What is found can be followed to where it stands: the outlet behind a quotation, the headline as a link."""
    await ask(desk, "now")
    (quotation,) = (
        b for c in (await ask(desk, "quotes Ana Reyes")).cards for b in c.blocks if isinstance(b, Quotation)
    )
    assert (quotation.outlet, quotation.url) == ("The Ledger", "https://ledger.example/barrier")
    found = await ask(desk, "search ferry")
    links = [s for c in found.cards for b in c.blocks if isinstance(b, Heading) for s in b.spans if isinstance(s, Link)]
    assert [one.url for one in links] == ["https://ledger.example/ferry"]


async def test_commands_are_named_as_they_are_given_where_they_are_read(desk: Desk) -> None:
    """Help and hints say /digest schedule create on Slack, /digest create on Discord."""
    on_discord = replace(MANAGER, channel=Channel("discord", "5", "7"))
    assert "“/digest schedule create”" in shown(await ask(desk, "schedule list", MANAGER))
    assert "“/digest create”" in shown(await ask(desk, "schedule list", on_discord))
    told = shown(await ask(desk, "help", on_discord))
    assert "/feed" not in shown(await ask(desk, "help", replace(on_discord, manager=False)))
    assert "/news brief — " in told
    assert "/feed filter add — " in told
    assert "/digest schedule" not in told
    assert "public: show the answer" in shown(await ask(desk, "help now", on_discord))
    assert "/digest now [since]" in shown(await ask(desk, "help now", MANAGER))


async def test_places_and_people_are_named_as_the_platform_names_them(desk: Desk) -> None:
    """Channels and people are shown by name, not by an id that nobody knows."""
    await ask(desk, "schedule create Brief", MANAGER)
    await ask(desk, "schedule pause 1", MANAGER)
    spans = [
        s for c in (await ask(desk, "schedule list", MANAGER)).cards for b in c.blocks for s in getattr(b, "spans", ())
    ]
    assert {Named("channel", "C1"), Named("person", "U2")} <= set(spans)


async def test_search_finds_stories(desk: Desk) -> None:
    """A word of a headline finds its story with the button that opens it; nothing found is said."""
    reply = await ask(desk, "search ferry")
    assert "News of the ferry" in shown(reply)
    assert buttons(reply)["More"].startswith("more story=")
    assert "Nothing" in shown(await ask(desk, "search zeppelin"))


async def test_a_found_story_goes_by_its_headline(desk: Desk) -> None:
    """Readers know a story by its digest's headline, not by the title of whichever article came last."""
    told = (await desk.store.stories(desk.clock.now() - timedelta(days=1), desk.clock.now()))[0]
    later = replace(article(told.articles[0].key), id=0, title="What we know?", outlet="The Post")
    later = replace(later, key="later", url="https://post.example/later", text=f"{later.text} The robot said sorry.")
    feed = await desk.store.feed(told.articles[0].feed_id)
    found = (NewArticle(later, np.eye(384, dtype=np.float32)[9], told.id),)
    await desk.store.record_refresh(RefreshRecord(feed.id, feed.polling, articles=found), desk.clock.now())
    reply = await ask(desk, "search sorry")
    assert "\n".join(shown(reply).splitlines()[1:]).startswith(f"{told.articles[0].title}\nThe Post · ")
    assert "The robot said sorry." in shown(reply)
    heading, where = reply.cards[1].blocks[:2]
    assert heading.spans[0].url == told.articles[0].url
    assert where.spans[0] == Link("The Post", later.url)
    by_title = shown(await ask(desk, "search know"))
    assert "What we know?" in by_title.splitlines()[3]


async def test_quotes_of_a_person(desk: Desk) -> None:
    """What somebody said is found by the name, once their story is briefed."""
    await ask(desk, "now")
    assert SAID in shown(await ask(desk, "quotes Ana Reyes"))
    assert "no quotes" in shown(await ask(desk, "quotes Nobody Known"))


async def test_summarize_reads_an_address(desk: Desk) -> None:
    """The article is summarized with its quote; it has no buttons, as it is not kept."""
    assert isinstance(desk.articles, FakeArticles)
    desk.articles.pages["https://ledger.example/barrier"] = article("barrier")
    reply = await ask(desk, "summarize https://ledger.example/barrier")
    assert "The council approved the tidal barrier on Monday." in shown(reply)
    assert not buttons(reply)
    reply = await dispatch(desk, parse("summarize https://ledger.example/gone", COMMANDS), READER)
    assert "has no article text to read" in shown(reply)


async def test_why_tells_what_each_digest_makes_of_an_article(desk: Desk) -> None:
    """The filter that stops it is named; an unknown address is said to be unknown."""
    await ask(desk, "schedule create Brief", MANAGER)
    await ask(desk, "filter 1 exclude=ferry", MANAGER)
    assert "ferry" in shown(await ask(desk, "why https://ledger.example/ferry")).splitlines()[-1]
    assert "passes" in shown(await ask(desk, "why https://ledger.example/volcano"))
    assert "not among the articles" in shown(await ask(desk, "why https://elsewhere.example/x"))


async def test_why_names_the_stage_that_stops_an_article(desk: Desk) -> None:
    """The feed's filter is told apart from the digest's, and a rule taken away stops nothing any more."""
    await ask(desk, "schedule create Brief", MANAGER)
    await ask(desk, "filter feed=1 exclude=ferry", MANAGER)
    told = shown(await ask(desk, "why https://ledger.example/ferry"))
    assert "Brief: the feed's filter stops it: has the excluded “ferry”" in told
    await ask(desk, "filter feed=1 clear", MANAGER)
    await ask(desk, "filter 1 exclude=ferry", MANAGER)
    told = shown(await ask(desk, "why https://ledger.example/ferry"))
    assert "Brief: the digest's filter stops it: has the excluded “ferry”" in told


async def test_a_feeds_filter_is_shown_to_all_and_changed_by_managers(desk: Desk) -> None:
    """Everybody sees and tries it; rules of somebody who may not are refused, and what was done is in the log."""
    assert "no rules" in shown(await ask(desk, "filter feed=1"))
    for typed in ("filter feed=1 exclude=ferry", "filter add feed=1 exclude=ferry", "filter remove feed=1 all"):
        assert isinstance((await ask(desk, typed)).error, NotAllowed)
    assert "done" not in {change.outcome for change in await desk.store.changes(MANAGER.home)}
    await ask(desk, "filter add feed=1 exclude=ferry", MANAGER)
    (change, *_) = await desk.store.changes(MANAGER.home)
    assert (change.line, change.outcome) == ("filter add feed=1 exclude=ferry", "done")


async def test_why_tells_of_a_filter_by_pattern(desk: Desk) -> None:
    """A digest whose filter has a regular expression is answered for, not refused."""
    await ask(desk, "schedule create Brief", MANAGER)
    (made,) = await desk.store.subscriptions()
    await desk.store.save_subscription(replace(made, filter=Filter(exclude_regex="f.rry")))
    desk.publisher.search = lambda pattern, text: re.search(pattern, text) is not None
    assert "f.rry" in shown(await ask(desk, "why https://ledger.example/ferry"))
    assert "passes" in shown(await ask(desk, "why https://ledger.example/volcano"))


async def test_a_report_reaches_the_admins_with_a_check(desk: Desk) -> None:
    """The asker is thanked; the notice names story, kind and note, and its button makes the brief anew."""
    reply = await ask(desk, "report 1 speaker it was her deputy")
    notice = Reply(reply.notice)
    assert "a wrong speaker in News of the barrier" in shown(notice)
    assert "it was her deputy" in shown(notice)
    checked = await ask(desk, buttons(notice)["Check again"], MANAGER)
    assert "stands word for word" in shown(checked)


# ── feeds ────────────────────────────────────────────────────────────────────


async def test_subscribing_makes_the_channels_first_digest(desk: Desk) -> None:
    """The feed is kept, and the channel gets a digest at eight in the asker's zone that has it."""
    reply = await ask(desk, f"subscribe {NEW_FEED}", MANAGER)
    assert "Added “The Ledger” to the digest “Morning brief”" in shown(reply)
    (made,) = await desk.store.subscriptions()
    assert (made.channel, made.schedule.timezone, made.feeds) == (HERE, "Europe/Berlin", (2,))
    assert made.next_edition_at is not None


async def test_a_second_feed_joins_the_digest_that_is_there(desk: Desk) -> None:
    """No second digest is made; subscribing the same feed again changes nothing."""
    assert isinstance(desk.feeds, FakeFeeds)
    desk.feeds.parsed["https://other.example/feed"] = replace(desk.feeds.parsed[NEW_FEED], title="Other")
    for url in (NEW_FEED, "https://other.example/feed", NEW_FEED):
        await ask(desk, f"subscribe {url}", MANAGER)
    (made,) = await desk.store.subscriptions()
    assert made.feeds == (2, 3)


async def test_what_is_not_a_feed_is_not_kept(desk: Desk) -> None:
    """The sentence says what is wrong with the address, and no feed is added."""
    reply = await dispatch(desk, parse("subscribe https://nowhere.example/", COMMANDS), MANAGER)
    assert "cannot be read" in shown(reply)
    assert len(await desk.store.feeds()) == 1


async def test_feeds_are_listed_paused_resumed_and_removed(desk: Desk) -> None:
    """Each step shows in the list, and managers get the buttons."""
    assert buttons(await ask(desk, "list", MANAGER)) == {
        "Test": "test feed=1",
        "Edit": "edit feed=1",
        "Pause": "pause feed=1",
    }
    assert not buttons(await ask(desk, "list"))
    await ask(desk, "pause 1", MANAGER)
    assert "paused by U2" in shown(await ask(desk, "list failing"))
    await ask(desk, "resume 1", MANAGER)
    assert shown(await ask(desk, "list failing")) == "No feed fails."
    await ask(desk, "unsubscribe “The Ledger”", MANAGER)
    assert not buttons(await ask(desk, "list", MANAGER))  # what the bot came with stays
    assert await desk.store.feeds_of(HERE.home) == []


async def test_a_private_feeds_secret_is_shown_to_nobody(desk: Desk) -> None:
    """A feed with a password or a key in its address is read by all who may, and its address shown without them."""
    assert isinstance(desk.feeds, FakeFeeds)
    url = "https://me:hunter2@paid.example/feed.xml?key=hunter2&lang=en"
    desk.feeds.parsed[url] = ParsedFeed("", "", "en", (), "rss")
    for line in (f"subscribe {url}", "list", "test 2", "pause 2", "resume 2", "doctor"):
        reply = await ask(desk, line, MANAGER)
        assert "hunter2" not in repr(reply.cards), line
    assert "https://paid.example/feed.xml?key=…&lang=en" in shown(await ask(desk, "list"))
    (kept,) = [feed for feed in await desk.store.feeds() if "paid" in feed.url]
    assert kept.url == url


async def test_a_digests_only_feed_is_not_taken_away(desk: Desk) -> None:
    """A digest without feeds would have all of them: the manager is told to delete it first."""
    await ask(desk, f"subscribe {NEW_FEED}", MANAGER)
    assert "the only one of the digest" in shown(await ask(desk, "unsubscribe 2", MANAGER))


async def test_a_feed_is_tested_without_posting(desk: Desk) -> None:
    """Its first entries are shown as the feed gives them now."""
    assert isinstance(desk.feeds, FakeFeeds)
    entries = tuple(Entry(str(n), str(n), f"https://ledger.example/{n}", f"Entry {n}") for n in range(9))
    desk.feeds.parsed["https://ledger.example/old.xml"] = ParsedFeed("The Ledger", "", "en", entries, "atom")
    lines = shown(await ask(desk, "test 1", MANAGER)).splitlines()
    assert lines[1] == "9 entries, atom"
    assert lines[-1] == "Entry 4"


async def test_a_filter_is_shown_to_all_and_changed_by_managers(desk: Desk) -> None:
    """Rules are added one by one, previewed on what is kept, and dropped by “clear”."""
    await ask(desk, "schedule create Brief", MANAGER)
    assert "no rules" in shown(await ask(desk, "filter 1"))
    reply = shown(await ask(desk, "filter 1 exclude=ferry,football", MANAGER))
    assert "exclude: ferry, football" in reply
    assert "stopped: News of the ferry" in reply
    assert "passes: News of the volcano" in reply
    assert isinstance((await ask(desk, "filter 1 clear")).error, NotAllowed)
    assert "no rules" in shown(await ask(desk, "filter 1 clear", MANAGER))


# ── digests ──────────────────────────────────────────────────────────────────


async def test_a_digest_lives_by_commands(desk: Desk) -> None:
    """Created, edited, paused, resumed, skipped, run and deleted: each changes what it says and nothing else."""
    await ask(desk, "schedule create “Morning brief” weekdays at=07:30 stories=4", MANAGER)
    made = await desk.store.subscription(1)
    assert (made.schedule.frequency, made.stories, made.window_from) == ("weekdays", 4, desk.clock.now())
    await ask(desk, "schedule edit 1 topics=trade,health", MANAGER)
    edited = await desk.store.subscription(1)
    assert edited == replace(made, topics=("trade", "health"))
    await ask(desk, "schedule pause 1", MANAGER)
    assert (await desk.store.subscription(1)).paused == "paused by U2"
    await ask(desk, "schedule resume 1", MANAGER)
    resumed = await desk.store.subscription(1)
    assert (resumed.paused, resumed.next_edition_at) == (None, made.next_edition_at)
    await ask(desk, "schedule skip 1", MANAGER)
    skipped = await desk.store.subscription(1)
    assert made.next_edition_at is not None
    assert skipped.next_edition_at == made.next_edition_at + timedelta(days=1)
    await ask(desk, "schedule run 1", MANAGER)
    assert [s.id for s in await desk.store.due_subscriptions(desk.clock.now())] == [1]
    await ask(desk, "schedule delete 1", MANAGER)
    assert not await desk.store.subscriptions()


class _Publishing(MemoryStore):
    """A store that publishes what is due at ``at`` just before a change of it is written."""

    at: datetime | None = None

    async def save_subscription(self, subscription: Subscription, before: Subscription | None = None) -> Subscription:
        """Publish, then change."""
        if self.at and subscription.id:
            await self.publish(
                Edition(subscription.id, self.at, "UTC"),
                channel=HERE,
                digest=None,
                messages=(),
                article_ids={},
                next_edition_at=self.at + timedelta(days=1),
                window_from=self.at,
            )
        return await super().save_subscription(subscription, before)


@pytest.mark.parametrize(
    "typed",
    [
        "schedule edit 1 topics=trade",
        "schedule move 1 C9",
        "filter 1 exclude=football",
        "subscribe https://ledger.example/feed.xml",
        "unsubscribe 1",
        "move 1 C9",
        "settings quiet=22:00-06:00",
    ],
)
async def test_a_command_at_the_second_of_publishing_takes_nothing_back(typed: str) -> None:
    """The digest is due when publishing says, and its next edition begins where the published one ended."""
    store = _Publishing()
    desk = await a_desk(store=store)
    other = await store.add_feed("https://other.example/feed", owner=HERE.home, now=desk.clock.now())
    await ask(desk, f"schedule create Brief feeds=1,{other.id}", MANAGER)
    store.at = at = (await store.subscription(1)).next_edition_at
    assert at is not None
    reply = await ask(desk, typed, MANAGER)
    assert reply.error is None
    there = await store.subscription(1)
    assert (there.next_edition_at, there.window_from) == (at + timedelta(days=1), at)


async def test_a_name_is_taken_once_in_a_workspace(desk: Desk) -> None:
    """A second digest of that name is refused, not written over the first."""
    await ask(desk, "schedule create Brief stories=2", MANAGER)
    assert "is taken" in shown(await ask(desk, "schedule create Brief stories=9", MANAGER))
    assert (await desk.store.subscription(1)).stories == 2


async def test_a_preview_posts_nothing(desk: Desk) -> None:
    """It shows the next edition as it is now and leaves the store as it was."""
    await ask(desk, "schedule create Brief", MANAGER)
    desk.clock.tick(minutes=1)  # type: ignore[attr-defined]  # the fake clock
    before = await desk.store.subscription(1)
    assert shown(await ask(desk, "schedule preview 1"))
    assert await desk.store.subscription(1) == before
    assert not await desk.store.deliveries("pending")


async def test_another_workspaces_digests_are_not_there(desk: Desk) -> None:
    """Nobody sees or changes them, not even that they exist; those of the settings file are their channel's."""
    await desk.store.save_subscription(Subscription(0, "Brief", HERE))
    await desk.store.save_subscription(Subscription(0, "From the file", Channel("slack", "C7"), listed=True))
    assert "From the file" in shown(await ask(desk, "schedule list", MANAGER))  # the only workspace there is
    assert "From the file" in shown(await ask(desk, "schedule list", STRANGER))  # asked in its channel
    assert "From the file" not in shown(await ask(desk, "schedule list", MANAGER))
    refused = await ask(desk, "schedule edit 2 stories=1", STRANGER)
    assert "comes from the settings file" in shown(refused)
    assert "· C1" not in shown(await ask(desk, "schedule list", STRANGER))
    for typed in ("schedule delete 1", "schedule edit 1 stories=1", "schedule run 1", "filter 1 clear"):
        assert isinstance((await ask(desk, typed, STRANGER)).error, NotFound)
    assert len(await desk.store.subscriptions()) == 2


async def test_forget_wants_the_word_and_then_forgets(desk: Desk) -> None:
    """A slip removes nothing; the word removes this workspace's digests alone."""
    await ask(desk, "schedule create Brief", MANAGER)
    await ask(desk, "schedule create Brief", STRANGER)
    assert "cannot be undone" in shown(await ask(desk, "forget yes", MANAGER))
    assert "“Newsdesk”" in shown(await ask(desk, "forget T1", replace(MANAGER, place="Newsdesk")))
    assert "Removed 1 digest," in shown(await ask(desk, "forget newsdesk", MANAGER))
    assert await desk.store.changes(HERE.home) == []
    assert [s.channel.workspace for s in await desk.store.subscriptions()] == ["T7"]


async def test_status_counts(desk: Desk) -> None:
    """Feeds, articles, digests and deliveries are counted in words."""
    assert "3 articles in 3 stories" in shown(await ask(desk, "status"))


# ── the table and its door ───────────────────────────────────────────────────


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.permission == "manager"], ids=lambda c: c.name)
async def test_readers_may_not_manage(desk: Desk, command: object) -> None:
    """Every command that changes something for all refuses who does not manage, before it does anything."""
    reply = await dispatch(desk, Invocation(command.name), READER)  # type: ignore[attr-defined]  # a CommandSpec
    assert isinstance(reply.error, NotAllowed)


async def test_help_shows_what_the_asker_may_use(desk: Desk) -> None:
    """Readers see reading commands; one command's help tells its options and an example."""
    assert "schedule delete" not in shown(await ask(desk, "help"))
    assert "schedule delete" in shown(await ask(desk, "help", MANAGER))
    assert "how far back" in shown(await ask(desk, "help now"))


async def test_a_fault_of_ours_is_a_sentence_without_a_trace(desk: Desk) -> None:
    """An unexpected error is kept for the log; the asker reads that it is logged. A known one reads as itself."""

    async def broken(_number: int) -> object:
        raise ZeroDivisionError("secret detail")

    desk.store.story = broken  # type: ignore[method-assign, assignment]  # a fault to be met
    reply = await dispatch(desk, Invocation("story", {"story": 1}), READER)
    assert isinstance(reply.error, ZeroDivisionError)
    assert "secret" not in shown(reply)

    async def locked(_number: int) -> object:
        raise StoreError("the database is locked", hint="try again")

    desk.store.story = locked  # type: ignore[method-assign, assignment]  # the same
    assert (
        shown(await dispatch(desk, Invocation("story", {"story": 1}), READER)) == "The database is locked; try again."
    )


def test_the_table_is_sound() -> None:
    """Names are unique here and on Discord, within its limits, and every button's command is in the table."""
    for kept in ([c.name for c in COMMANDS], [c.discord for c in COMMANDS if c.discord]):
        assert len(kept) == len(set(kept))
    for command in COMMANDS:
        assert len(command.description) <= 100
        assert all(len(o.description) <= 100 and len(o.name) <= 32 for o in command.options)
        assert len(command.options) <= 25
        assert not command.example or parse(command.example, COMMANDS).name == command.name
        assert sum(option.rest for option in command.options) <= 1
    assert len([c for c in COMMANDS if c.discord]) <= 100


async def test_a_manager_merges_and_splits_stories_and_it_sticks(desk: Desk) -> None:
    """A merged story's number leads on; an article taken out is kept apart; a reader may do neither."""
    assert "part of story 1" in shown(await ask(desk, "merge 2 1", MANAGER))
    assert (await desk.store.story(2)).id == 1
    assert "say which" in shown(await ask(desk, "split 1", MANAGER))
    assert "must be 1 to" in shown(await ask(desk, "split 1 article=9", MANAGER))
    await ask(desk, "split 1 article=2", MANAGER)
    made = max(story.id for story in await desk.store.stories(desk.clock.now() - timedelta(days=3), desk.clock.now()))
    assert await desk.store.kept_apart([1, made]) == {(1, made)}
    assert "is the same story" in shown(await ask(desk, "merge 1 1", MANAGER))
    assert isinstance((await ask(desk, "merge 3 1")).error, NotAllowed)
