"""An operator asks in the terminal what people ask in chat, and looks into an edition without posting it."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from digestbot.app.compose import open_rooms, read_settings
from digestbot.app.desk import OPERATOR, ask, desk_of, edition, line_of, show_edition
from digestbot.app.enrol import enrol
from digestbot.app.state import audit_rows
from digestbot.commands import COMMANDS, Invocation, dispatch, parse
from digestbot.domain.errors import BadOption, NotAllowed, NotFound, UnknownCommand
from digestbot.runtime.clock import SystemClock
from digestbot.store import open_store
from digestbot.web.newsroom import Newsroom, serve

ROOT = Path(__file__).resolve().parent.parent.parent
NOW = SystemClock().now()


def run_digest(config, *options):
    """Run ``digestbot digest`` as a process of its own; return what it printed."""
    at = (SystemClock().now() + timedelta(minutes=1)).isoformat()
    command = [sys.executable, "-m", "digestbot", "digest", "Brief", "--at", at, "--config", str(config), *options]
    wide = os.environ | {"COLUMNS": "300"}
    done = subprocess.run(command, cwd=ROOT, env=wide, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    """Return a settings file for the sample newsroom's two full-text outlets."""
    folder = tmp_path_factory.mktemp("desk")
    return folder / "digestbot.toml"


@pytest.fixture
async def filled(config):
    """Fill the settings' database from the newsroom, once; return the settings file."""
    if config.exists():
        return config
    room = Newsroom.load(ROOT / "config" / "demo", NOW)
    runner, base = await serve(room)
    urls = [url for url in room.feed_urls(base) if "meridian" in url or "touchline" in url]
    feeds = "".join(f'[[feeds]]\nurl = "{url}"\nbackfill = 9\n' for url in urls)
    config.write_text(
        f'[database]\nurl = "sqlite:///{config.parent}/d.sqlite3"\n[model]\ncache = "{config.parent}/models"\n'
        f'[sources]\nmin_gap = 0\nallow_private_hosts = ["{base.removeprefix("http://")}"]\n[log]\nlevel = "error"\n'
        f'{feeds}[[subscriptions]]\nname = "Brief"\n',
        encoding="utf-8",
    )
    try:
        settings = read_settings(config)
        async with open_rooms(settings) as rooms:
            await enrol(settings, rooms.store, NOW)
            await rooms.refresher.run_due()
    finally:
        await runner.cleanup()
    return config


@pytest.mark.model
async def test_an_edition_is_explained_and_not_posted(filled, capsys):
    """Each story has its score in parts, each other one its reason; afterwards nothing is owed to anybody."""
    at = (SystemClock().now() + timedelta(minutes=1)).isoformat()
    draft, rows = await edition("Brief", at, filled)
    await show_edition(draft)
    assert rows["title"] in capsys.readouterr().out.replace("\n", " ")
    assert len(rows["chosen"]) >= 3
    assert all("recency" in row["because"] and row["headline"] for row in rows["chosen"])
    settings = read_settings(filled)
    async with await open_store(settings.database.url) as store:
        assert await store.deliveries("pending") == []


@pytest.mark.model
async def test_the_command_says_which_feeds_own_rules_leave_a_story_out(filled):
    """``digest --explain`` names the rule of a feed of the settings, on the whole way from the file to the terminal."""
    before = json.loads(run_digest(filled, "--json"))
    assert any("Oldane" in row["headline"] for row in before["chosen"])
    settings, ruled = read_settings(filled), filled.with_name("ruled.toml")
    url = next(feed.url for feed in settings.feeds if "meridian" in feed.url)
    ruled.write_text(filled.read_text("utf-8").replace(f'"{url}"', f'"{url}"\nexclude = ["oldane"]'), "utf-8")
    await enrolled(ruled)
    try:
        told = run_digest(ruled, "--explain")
        rows = json.loads(run_digest(ruled, "--json"))
    finally:
        await enrolled(filled)
    assert len(rows["chosen"]) >= 3
    assert not any("Oldane" in row["headline"] for row in rows["chosen"])
    (stopped,) = (row for row in rows["left_out"] if "Oldane" in row["headline"])
    assert stopped["why"] == "feed_filter"
    assert (
        stopped["because"]
        == "is stopped by the filter of its feed “Meridian Wire: All stories”: has the excluded “oldane”"
    )
    shown, _, left = told.partition("Left out")
    assert "Oldane" not in shown
    assert stopped["because"] in left


async def enrolled(config):
    """Let the store be as a settings file says."""
    settings = read_settings(config)
    async with open_rooms(settings) as rooms:
        await enrol(settings, rooms.store, NOW)


@pytest.mark.model
async def test_commands_of_chat_are_answered(filled, capsys):
    """The feeds are listed; one of the settings file is removed there and nowhere else, in one sentence."""
    await ask(["list"], filled)
    assert "Meridian Wire" in capsys.readouterr().out
    await ask(["search", "barrier"], filled)
    assert "Saltmere" in capsys.readouterr().out
    with pytest.raises(NotAllowed, match="comes from the settings file of this bot; change it there"):
        await ask(["unsubscribe", "2"], filled)
    await ask(["list"], filled)
    assert "Touchline" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (
            ["schedule", "create", "Morning brief", "cron=30 6 * * 1-5"],
            {"name": "Morning brief", "cron": "30 6 * * 1-5"},
        ),
        (["schedule create Brief stories=3"], {"name": "Brief", "stories": 3}),
        (["schedule", "create", 'The "old" \\ brief'], {"name": 'The "old" \\ brief'}),
        (["search", "tidal", "barrier"], {"words": "tidal barrier"}),
    ],
)
def test_the_shells_words_stay_what_they_were(words, options):
    """What the shell gave as one word is one value, whatever stands in it."""
    assert parse(line_of(words), COMMANDS).options == options


async def test_opml_goes_in_and_out_in_the_terminal(filled, capsys, tmp_path):
    """A file is given by its path; an export is the file itself; the log knows who changed something."""
    file = tmp_path / "feeds.opml"
    file.write_text(
        '<opml version="2.0"><body><outline text="Trade"><outline type="rss" text="Post" '
        'xmlUrl="https://post.example/feed"/></outline></body></opml>',
        encoding="utf-8",
    )
    await ask(["import", str(file)], filled)
    shown = capsys.readouterr().out
    assert "1 new feed" in shown
    assert "Trade (1)" in shown
    await ask(["export"], filled)
    assert capsys.readouterr().out.startswith("<?xml")
    with pytest.raises(NotFound):
        await ask(["import", str(tmp_path / "none.opml")], filled)
    assert [row["line"] for row in await audit_rows(filled, "", 1)] == ['import file="…"']
    with pytest.raises(NotFound):
        await audit_rows(filled, "slack:T404", 1)


@pytest.mark.model
async def test_the_news_of_the_last_hours_is_there_at_once(filled):
    """Once briefs are made, a brief on demand over any window is answered from the store in under half a second."""
    settings = read_settings(filled)
    async with open_rooms(settings, exclusive=False) as rooms:
        desk = desk_of(rooms)
        first = await dispatch(desk, Invocation("now", {"since": 1440}), OPERATOR)
        began = time.perf_counter()
        again = await dispatch(desk, Invocation("now", {"since": 1440}), OPERATOR)
        seconds = time.perf_counter() - began
    assert len(again.cards) == len(first.cards) >= 3
    assert seconds < 0.5


async def test_what_is_not_there_is_said(filled):
    """An unknown subscription, a time that is none and an unknown command are each one error."""
    with pytest.raises(NotFound):
        await edition("Nobody", None, filled)
    with pytest.raises(BadOption):
        await edition("Brief", "yesterday", filled)
    with pytest.raises(UnknownCommand):
        await ask(["lisst"], filled)
