"""Feeds and digests as code: what a file says is held against the store, applied once, and written back the same."""

import json
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from digestbot.app.as_code import carry_out, plan_of, read_declared, there, written
from digestbot.cli import cli
from digestbot.commands import COMMANDS, Asker, dispatch, parse
from digestbot.domain.errors import ConfigError, NotFound, UserError
from digestbot.domain.subscription import Channel, Filter, Subscription, Workspace
from digestbot.store import open_store
from tests.commands.making import a_desk
from tests.fakes.clock import START
from tests.fakes.store import MemoryStore

HOME = Workspace("slack", "T1")
FILE = """
workspace = "slack:T1"

[[feeds]]
url = "https://news.example/feed"
title = "Example"
topics = ["world", "trade"]
exclude = ["sponsored"]

[[feeds]]
url = "https://other.example/feed"

[[subscriptions]]
name = "Morning brief"
channel = "slack:C1"
schedule = "weekdays"
at = ["07:30", "18:00"]
timezone = "Europe/Berlin"
feeds = ["https://news.example/feed"]
exclude = ["football"]
quiet = ["22:00", "06:00"]
length = "long"

[[subscriptions]]
name = "Everything"
channel = "slack:C2"
"""


@pytest.fixture
def file(tmp_path):
    """Write the file."""
    path = tmp_path / "digests.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


async def applied(store, path, *, prune=False, now=START):
    """Apply a file; return the plan's lines."""
    wanted = read_declared(path)
    plan = plan_of(wanted, await there(store, wanted.home), prune=prune)
    await carry_out(wanted, store, plan, now)
    return [str(one) for one in plan]


async def test_applying_twice_changes_nothing(file):
    """The first time everything is added, as the workspace's own; the second plan is empty."""
    store = MemoryStore()
    assert await applied(store, file) == [
        "+ feed https://news.example/feed",
        "+ feed https://other.example/feed",
        "+ digest Morning brief",
        "+ digest Everything",
    ]
    before = [await store.subscriptions(), await store.feeds_of(HOME)]
    assert await applied(store, file, now=START + timedelta(hours=1)) == []
    assert [await store.subscriptions(), await store.feeds_of(HOME)] == before
    brief = before[0][0]
    assert (brief.channel, brief.listed, brief.feeds) == (Channel("slack", "C1", "T1"), False, (1,))
    assert brief.next_edition_at is not None
    assert [feed.topics for feed in before[1]] == [("world", "trade"), ()]


async def test_a_plan_names_each_setting_that_changes(file):
    """What was changed by hand is named with both values, and is as the file says after it is applied."""
    store = MemoryStore()
    await applied(store, file)
    file.write_text(
        FILE.replace('length = "long"', "stories = 7")
        .replace('"trade"', '"economy"')
        .replace("Example", "New")
        .replace('"sponsored"', '"horoscope", "sponsored"'),
        "utf-8",
    )
    assert await applied(store, file) == [
        (
            '~ feed https://news.example/feed\n    title: "Example" → "New"\n'
            '    topics: ["world", "trade"] → ["world", "economy"]\n'
            '    exclude: ["sponsored"] → ["horoscope", "sponsored"]'
        ),
        '~ digest Morning brief\n    stories: 5 → 7\n    length: "long" → "medium"',
    ]
    assert (await store.subscription(1)).stories == 7
    (feed, other) = await store.feeds_of(HOME)
    assert (feed.topics, feed.filter) == (("world", "economy"), Filter(exclude=("horoscope", "sponsored")))
    assert other.filter == (await store.feed(feed.id)).filter == Filter()
    assert await applied(store, file) == []


async def test_what_is_due_is_kept_unless_the_schedule_changes(file):
    """A change of style moves no time; a new time of day is due anew; what a person paused stays paused."""
    store = MemoryStore()
    await applied(store, file)
    first = await store.subscription(1)
    file.write_text(FILE.replace('length = "long"', 'style = "compact"'), "utf-8")
    await applied(store, file, now=START + timedelta(hours=30))
    assert (await store.subscription(1)).next_edition_at == first.next_edition_at
    await store.pause_subscription(1, "paused by U1")
    file.write_text(FILE.replace("07:30", "09:30"), "utf-8")
    await applied(store, file)
    assert (await store.subscription(1)).paused == "paused by U1"


async def test_what_the_file_does_not_name_is_kept_unless_pruned(file):
    """Without --prune it is named and left; with it, it is removed; another workspace's is never touched."""
    store = MemoryStore()
    await applied(store, file)
    extra = await store.add_feed("https://extra.example/feed", owner=HOME, now=START)
    await store.save_subscription(Subscription(0, "Extra", Channel("slack", "C3", "T1")))
    await store.save_subscription(Subscription(0, "Theirs", Channel("slack", "C3", "T9")))
    await store.add_feed("https://file.example/feed", listed=True, now=START)
    kept = ["? digest Extra", "? feed https://extra.example/feed"]
    assert await applied(store, file) == kept
    assert await applied(store, file, prune=True) == [line.replace("?", "-") for line in kept]
    assert [one.name for one in await store.subscriptions()] == ["Morning brief", "Everything", "Theirs"]
    assert extra.id not in {feed.id for feed in await store.feeds()}
    assert await store.feed_by_url("https://file.example/feed") is not None


async def test_what_is_exported_applies_to_nothing(tmp_path):
    """A digest made in chat with every setting is written, read back, and differs in nothing."""
    desk = await a_desk()
    manager = Asker("U1", Channel("slack", "C1", "T1"), manager=True, timezone="Europe/Berlin")
    whole = (
        "schedule create Whole cron=“30 6 * * 1-5” quiet=22:00-06:00 length=short style=posts mention=S1 stories=3 "
        "quotes=1 language=en updates=skip empty=note feeds=1,2 topics=trade"
    )
    rules = "include=port,ship exclude=football authors=Ana categories=News languages=en,de sources=a.example"
    for line in (
        "subscribe https://ledger.example/feed.xml topic=“trade, ports & ships”",
        whole,
        f"filter add Whole {rules}",
        f"filter add feed=2 {rules}",
        'edit 2 weight=150 title="The \\"Ledger\\" \\\\ Ü"',
    ):
        assert (await dispatch(desk, parse(line, COMMANDS), manager)).error is None, line
    text = written(HOME, await there(desk.store, HOME))
    path = tmp_path / "digests.toml"
    path.write_text(text, "utf-8")
    assert plan_of(read_declared(path), await there(desk.store, HOME), prune=True) == []
    fresh = MemoryStore()
    await applied(fresh, path)
    assert written(HOME, await there(fresh, HOME)).count("[[") == text.count("[[")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("workspace = [", "is not TOML"),
        ('workspace = "teams:1"', "must read slack:TEAM_ID"),
        ('colour = "red"', "colour"),
        ('[[feeds]]\nurl = "ftp://x"', "feeds.0.url: must start with http"),
        ('[[feeds]]\nurl = "http://x"\ninclude_regex = "a("', "feeds.0.include_regex: is not a pattern RE2 knows"),
        ('[[subscriptions]]\nname = "A"\nchannel = "slack:C1"', "which is not in console:"),
        ('[[subscriptions]]\nname = "A"\nfeeds = ["https://x.example/"]', "not under [[feeds]]"),
        ('[[subscriptions]]\nname = "A"\n[[subscriptions]]\nname = "A"', "is used twice"),
        ('[[subscriptions]]\nname = "A"\nstories = 70', "subscriptions.0.stories"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place(tmp_path, text, fault):
    """The fault is named with file and key before anything is changed."""
    path = tmp_path / "digests.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_declared(path)
    assert fault in str(caught.value)
    with pytest.raises(NotFound):
        read_declared(tmp_path / "none.toml")


async def test_a_name_of_the_settings_file_is_refused(tmp_path):
    """The operator's file and this one do not fight over a digest."""
    store = MemoryStore()
    await store.save_subscription(Subscription(0, "Brief", Channel("console", ""), listed=True))
    path = tmp_path / "digests.toml"
    path.write_text('[[subscriptions]]\nname = "Brief"\n', "utf-8")
    with pytest.raises(UserError, match="comes from the settings file"):
        await applied(store, path)


def test_the_command_line_plans_applies_and_exports(tmp_path, file, monkeypatch):
    """Diff shows the plan, apply carries it out, a second diff has nothing, export writes what diff has nothing for."""
    database = f"sqlite:///{tmp_path / 'd.sqlite3'}"
    monkeypatch.setenv("DIGESTBOT_DATABASE__URL", database)

    async def make():
        async with await open_store(database):
            pass

    import asyncio  # noqa: PLC0415 - the command line runs its own loop; this one is for the test's database

    asyncio.run(make())
    run = CliRunner()
    assert "4 changes\n" in run.invoke(cli, ["diff", str(file)]).output
    assert "4 changes made" in run.invoke(cli, ["apply", str(file)]).output
    assert run.invoke(cli, ["diff", str(file), "--prune"]).output == "no changes\n"
    out = tmp_path / "out.toml"
    assert "4 feeds and digests written" in run.invoke(cli, ["export", str(out), "--workspace", "slack:T1"]).output
    assert json.loads(run.invoke(cli, ["diff", str(out), "--json"]).output) == []
    assert run.invoke(cli, ["audit"]).output == "nothing has been changed yet\n"


async def test_a_channel_that_names_its_workspace_is_the_same_channel(file):
    """``slack:T1/C1`` in the file of slack:T1 is slack:C1: applied again, nothing changes."""
    file.write_text(FILE.replace('"slack:C1"', '"slack:T1/C1"'), encoding="utf-8")
    store = MemoryStore()
    assert len(await applied(store, file)) == 4
    assert await applied(store, file) == []
