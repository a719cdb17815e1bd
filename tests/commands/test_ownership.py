"""One workspace's manager neither sees, pauses nor removes what is another's; the operator's is read by all."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from digestbot.commands import Asker, Desk, Reply, dispatch, parse
from digestbot.commands.feeds import UNUSED
from digestbot.commands.table import COMMANDS
from digestbot.domain.errors import NotAFeed, NotAllowed, NotFound
from digestbot.domain.news import ParsedFeed, Polling
from digestbot.domain.subscription import Channel, Filter
from digestbot.ports import NewArticle, RefreshRecord
from tests.commands.making import MANAGER, STRANGER, FakeFeeds, a_desk, article, shown

OPERATOR = Asker("operator", Channel("console", ""), manager=True)
SECRET = "https://secret.example/feed"
OTHER = "https://other.example/feed"


async def ask(desk: Desk, typed: str, asker: Asker = MANAGER) -> Reply:
    """Ask something."""
    return await dispatch(desk, parse(typed, COMMANDS), asker)


@pytest.fixture
async def desk() -> Desk:
    """Return a desk at which the stranger's workspace has a feed of its own, with one story."""
    made = await a_desk()
    assert isinstance(made.feeds, FakeFeeds)
    for url in (SECRET, OTHER):
        made.feeds.parsed[url] = ParsedFeed("Secret" if url == SECRET else "Other", "", "en", (), "rss")
    await ask(made, f"subscribe {SECRET} topic=secrets", STRANGER)
    feed = await made.store.feed_by_url(SECRET)
    assert feed is not None
    plan = replace(
        article("ferry"),
        url="https://secret.example/plan",
        title="The secret plan",
        text="The plan is secret.",
        key="p",
    )
    record = RefreshRecord(
        feed.id, Polling(made.clock.now()), articles=(NewArticle(plan, np.eye(384, dtype=np.float32)[9], None),)
    )
    await made.store.record_refresh(record, made.clock.now())
    made.clock.tick(minutes=1)  # type: ignore[attr-defined]  # the fake clock
    return made


@pytest.mark.parametrize(
    "typed",
    [
        "pause 2",
        "resume 2",
        "unsubscribe 2",
        "test 2",
        "edit 2 title=Mine",
        "move 2 C2",
        f"unsubscribe {SECRET}",
        "filter list feed=2",
        "filter preview feed=2",
        "filter add feed=2 exclude=plan",
        f"filter feed={SECRET} clear",
    ],
)
async def test_anothers_feed_is_not_there(desk: Desk, typed: str) -> None:
    """Whatever a manager tries on another workspace's feed, by number or address, there is no such feed."""
    reply = await ask(desk, typed)
    assert isinstance(reply.error, NotFound), shown(reply)
    assert "Secret" not in shown(reply)
    (feed,) = await desk.store.feeds_of(STRANGER.home)
    assert (feed.title, feed.paused, feed.filter) == ("Secret", None, Filter())


@pytest.mark.parametrize(
    "typed",
    [
        "schedule show 1",
        "schedule pause 1",
        "schedule run 1",
        "schedule move 1 C1",
        "schedule preview 1",
        "filter list 1",
    ],
)
async def test_anothers_digest_is_not_there(desk: Desk, typed: str) -> None:
    """Neither shown nor touched; by its name no more than by its number."""
    before = await desk.store.subscriptions()
    assert isinstance((await ask(desk, typed)).error, NotFound)
    assert isinstance((await ask(desk, typed.replace(" 1", " “Morning brief”"))).error, NotFound)
    assert await desk.store.subscriptions() == before


@pytest.mark.parametrize(
    "typed", ["now 24h", "search secret", "search plan", "quotes secret", "list", "schedule list", "status", "export"]
)
async def test_nothing_of_it_is_read_elsewhere(desk: Desk, typed: str) -> None:
    """Briefs, search, lists, counts and exports of one workspace say nothing of another's news and feeds."""
    if typed == "export":
        typed = "list failing"
    told = shown(await ask(desk, typed))
    assert "ecret" not in told.replace(typed, "").replace("“secret”", "").replace(": secret", "")
    assert "The secret plan" in shown(await ask(desk, "now 24h", STRANGER))


async def test_a_story_of_anothers_feed_is_not_there(desk: Desk) -> None:
    """Its number opens it for its own workspace alone; the reason for an article is told there alone, too."""
    number = max(s.id for s in await desk.store.stories(desk.clock.now() - timedelta(days=1), desk.clock.now()))
    for typed in (f"story {number}", f"sources {number}", f"report {number} fact", f"more story={number}"):
        assert isinstance((await ask(desk, typed)).error, NotFound)
    assert "The secret plan" in shown(await ask(desk, f"story {number}", STRANGER))
    assert "not among the articles" in shown(await ask(desk, "why https://secret.example/plan"))
    assert "passes" in shown(await ask(desk, "why https://secret.example/plan", STRANGER))


async def test_a_digest_of_all_feeds_has_those_of_its_workspace(desk: Desk) -> None:
    """“All feeds” are the workspace's own and the operator's, never another workspace's."""
    await ask(desk, "schedule create Everything stories=9")
    await ask(desk, "schedule create Everything stories=9", STRANGER)
    assert "The secret plan" not in shown(await ask(desk, "schedule preview Everything"))
    assert "The secret plan" in shown(await ask(desk, "schedule preview Everything", STRANGER))


async def test_what_was_added_a_moment_ago_is_in_a_preview(desk: Desk) -> None:
    """A feed that a workspace has from now on, whose articles are here already, is read at once."""
    await ask(desk, "schedule create Everything stories=9")
    assert "The secret plan" not in shown(await ask(desk, "schedule preview Everything"))
    await ask(desk, f"subscribe {SECRET}")
    assert "The secret plan" in shown(await ask(desk, "now 24h"))


async def test_a_shared_story_shows_each_workspace_its_own_articles(desk: Desk) -> None:
    """One event in a common and in a private feed is one story, told elsewhere by the common article alone."""
    plan = await desk.store.article_by_url("https://secret.example/plan")
    assert plan is not None
    await desk.store.move_articles([plan.id], 2)
    assert "secret.example" not in str((await ask(desk, "sources 2")).cards)
    assert "secret.example" in str((await ask(desk, "sources 2", STRANGER)).cards)
    assert "secret.example" not in str((await ask(desk, "now 24h")).cards)


async def test_one_feed_of_two_workspaces_is_fetched_once(desk: Desk) -> None:
    """Each pauses and removes its own; polling ends when nobody wants it, and the row goes with the last."""
    await ask(desk, f"subscribe {SECRET}")
    (ours,) = [f for f in await desk.store.feeds_of(MANAGER.home) if f.url == SECRET]
    assert len(await desk.store.feeds()) == 2
    assert ours.topics == ()
    await ask(desk, f"pause {ours.id}")
    assert SECRET in {f.url for f in await desk.store.due_feeds(desk.clock.now() + timedelta(days=1))}
    assert "paused by" not in shown(await ask(desk, "list", STRANGER))
    await ask(desk, f"pause {ours.id}", STRANGER)
    assert SECRET not in {f.url for f in await desk.store.due_feeds(desk.clock.now() + timedelta(days=1))}
    for asker in (MANAGER, STRANGER):
        await ask(desk, "schedule delete 1", asker)
        await ask(desk, "schedule delete 2", asker)
        await ask(desk, f"unsubscribe {ours.id}", asker)
    assert await desk.store.feed_by_url(SECRET) is None


async def test_the_settings_files_feeds_are_read_and_not_removed(desk: Desk) -> None:
    """A feed of the file is listed and read; removing, pausing or renaming it is refused in one sentence."""
    await desk.store.add_feed("https://file.example/feed", title="From the file", listed=True, now=desk.clock.now())
    assert "From the file" in shown(await ask(desk, "list"))
    for typed in (
        "unsubscribe “From the file”",
        "pause “From the file”",
        "edit “From the file” title=Mine",
        "filter add feed=“From the file” exclude=x",
    ):
        for asker in (MANAGER, OPERATOR):
            reply = await ask(desk, typed, asker)
            assert isinstance(reply.error, NotAllowed)
            assert shown(reply) == "“From the file” comes from the settings file of this bot; change it there."


async def test_a_feed_no_digest_uses_any_more_is_not_polled(desk: Desk) -> None:
    """The last digest that names it gone, it rests with the reason; a digest that names it again wakes it."""
    await ask(desk, f"subscribe {OTHER}")
    (ours,) = [f for f in await desk.store.feeds_of(MANAGER.home) if f.url == OTHER]
    (digest,) = [s for s in await desk.store.subscriptions() if s.channel == MANAGER.channel]
    reply = await ask(desk, f"schedule delete {digest.id}")
    assert "no longer read" in shown(reply)
    assert UNUSED in shown(await ask(desk, "list"))
    assert OTHER not in {f.url for f in await desk.store.due_feeds(desk.clock.now() + timedelta(days=1))}
    await ask(desk, f"schedule create Again feeds={ours.id}")
    assert OTHER in {f.url for f in await desk.store.due_feeds(desk.clock.now() + timedelta(days=1))}


async def test_what_was_said_to_be_gone_can_be_read_again_but_not_what_the_operator_paused(desk: Desk) -> None:
    """Resuming lifts the bot's own pause of the feed; the operator's, made in the terminal, stays."""
    for reason, left in (
        ("https://secret.example/feed is gone (410)", None),
        ("paused by operator", "paused by operator"),
    ):
        await desk.store.pause_feed(2, reason)
        await ask(desk, "resume 2", STRANGER)
        assert (await desk.store.feed(2)).paused == left


async def test_the_operator_lets_go_of_a_feed_that_others_keep(desk: Desk) -> None:
    """What a workspace has too stays its own; what a workspace alone has, the operator may take from it."""
    await ask(desk, "unsubscribe 1", OPERATOR)
    assert [feed.id for feed in await desk.store.feeds_of(MANAGER.home)] == [1]
    assert "only one of the digest" in shown(await ask(desk, "unsubscribe 2", OPERATOR))
    await ask(desk, "schedule delete 1", OPERATOR)
    await ask(desk, "unsubscribe 2", OPERATOR)
    assert await desk.store.feeds_of(STRANGER.home) == []


async def test_a_sites_page_leads_to_its_feed(desk: Desk) -> None:
    """Subscribing to a page subscribes to the feed that it names; a page without one is refused."""

    class Finder(FakeFeeds):
        """Knows pages too."""

        async def look(self, url: str) -> ParsedFeed:
            if url not in self.parsed:
                raise NotAFeed(url)
            return self.parsed[url]

        async def discover(self, url: str) -> list[str]:
            return [OTHER] if url == "https://other.example/" else []

    assert isinstance(desk.feeds, FakeFeeds)
    desk.feeds = Finder(desk.feeds.parsed)
    assert "Added “Other”" in shown(await ask(desk, "subscribe https://other.example/"))
    assert isinstance((await ask(desk, "subscribe https://none.example/")).error, NotAFeed)


async def test_a_list_counts_the_workspaces_own(desk: Desk) -> None:
    """What comes with the bot is told beside it."""
    assert shown(await ask(desk, "list")).startswith("1 feed\n")
    assert shown(await ask(desk, "list", STRANGER)).startswith("2 feeds · 1 from the bot's own list\n")
    assert shown(await ask(desk, "list", OPERATOR)).startswith("2 feeds\n")


async def test_the_operators_terminal_sees_all(desk: Desk) -> None:
    """Every workspace's feeds, digests and counts; and it may change them."""
    assert "secret.example" in shown(await ask(desk, "list", OPERATOR))
    assert "Morning brief" in shown(await ask(desk, "schedule list", OPERATOR))
    assert "2 feeds" in shown(await ask(desk, "status", OPERATOR))
    assert "The secret plan" in shown(await ask(desk, "search plan", OPERATOR))
    await ask(desk, "schedule pause 1", OPERATOR)
    assert "paused by operator" in shown(await ask(desk, "schedule list", STRANGER))


async def test_names_and_near_names_are_understood(desk: Desk) -> None:
    """A digest by its name, whatever its case; a slip names the nearest one."""
    await ask(desk, "schedule create “Evening news”")
    assert "Paused" in shown(await ask(desk, "schedule pause evening news"))
    assert "did you mean “Evening news”?" in shown(await ask(desk, "schedule resume evning news"))


async def test_a_feed_moves_to_another_channels_digest(desk: Desk) -> None:
    """It leaves the digests that named it and joins, or starts, the other channel's; a digest's only one stays."""
    for url in (OTHER, "https://ledger.example/feed.xml"):
        await ask(desk, f"subscribe {url}")
    (ours,) = [f for f in await desk.store.feeds_of(MANAGER.home) if f.url == OTHER]
    assert "Moved “Other” to the digest “Morning brief 2”" in shown(await ask(desk, f"move {ours.id} C5"))
    homes = {s.channel.id: s.feeds for s in await desk.store.subscriptions() if s.channel.home == MANAGER.home}
    assert ours.id not in homes["C1"]
    assert homes["C5"] == (ours.id,)
    assert "the only one of the digest" in shown(await ask(desk, f"move {ours.id} C1"))


async def test_a_digest_whose_channel_is_gone_moves_and_goes_on(desk: Desk) -> None:
    """Moving mends what a gone channel paused; what a person paused stays paused."""
    await ask(desk, "schedule create Brief")
    (mine,) = [s for s in await desk.store.subscriptions() if s.channel == MANAGER.channel]
    await desk.store.pause_subscription(mine.id, "slack:C1: the channel is gone or archived")
    await ask(desk, f"schedule move {mine.id} C2")
    moved = await desk.store.subscription(mine.id)
    assert (moved.channel.id, moved.paused) == ("C2", None)
    assert moved.next_edition_at is not None
    await ask(desk, f"schedule pause {mine.id}")
    await ask(desk, f"schedule move {mine.id} C3")
    assert (await desk.store.subscription(mine.id)).paused == "paused by U2"


async def test_a_feed_is_edited_for_its_workspace(desk: Desk) -> None:
    """Its name, topics and weight here; “none” empties; elsewhere it is what it was."""
    await ask(desk, f"subscribe {SECRET} topic=ours")
    (ours,) = [f for f in await desk.store.feeds_of(MANAGER.home) if f.url == SECRET]
    await ask(desk, f"edit {ours.id} title=“Our Secret” topics=economy,europe weight=150")
    (changed,) = [f for f in await desk.store.feeds_of(MANAGER.home) if f.url == SECRET]
    assert (changed.title, changed.topics, changed.weight) == ("Our Secret", ("economy", "europe"), 1.5)
    await ask(desk, f"edit {ours.id} topics=none")
    (emptied,) = [f for f in await desk.store.feeds_of(MANAGER.home) if f.url == SECRET]
    assert emptied.topics == ()
    assert (await desk.store.feeds_of(STRANGER.home))[0].topics == ("secrets",)
