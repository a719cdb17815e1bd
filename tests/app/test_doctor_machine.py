"""What the doctor says of the machine: secrets in the file, memory, disk, clock, network; each fault with its fix."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from digestbot.app import doctor_machine as machine
from digestbot.app.compose import read_settings
from digestbot.app.doctor import _feeds, _together
from digestbot.app.findings import Finding
from digestbot.config import DatabaseSettings, FeedSettings, ModelSettings, Settings, SourceSettings
from digestbot.domain.news import Polling
from digestbot.ports import RefreshRecord
from digestbot.store import open_store

RSS = (
    '<rss version="2.0"><channel><title>Post</title><link>http://x/</link><item><title>One</title>'
    "<link>http://x/1</link></item></channel></rss>"
)


def settings(tmp_path, **more) -> Settings:
    """Return settings whose database and models lie in a folder of the test."""
    values = {
        "database": DatabaseSettings(url=f"sqlite:///{tmp_path}/d.sqlite3"),
        "model": ModelSettings(cache=str(tmp_path / "models")),
    }
    return Settings(**(values | more))


def test_each_secret_in_the_file_is_named_and_never_said(tmp_path):
    """A token in the settings file is a finding with the variable to set in its stead; its value is not repeated."""
    path = tmp_path / "digestbot.toml"
    path.write_text(
        '[slack]\nbot_token = "xoxb-hunter2-a"\n[web]\ntoken = "hunter2-hunter2-hunter2"\n', encoding="utf-8"
    )
    found = machine.secrets(path)
    assert [finding.what.partition(" ")[0] for finding in found] == ["slack.bot_token", "web.token"]
    assert "DIGESTBOT_SLACK__BOT_TOKEN" in found[0].fix
    assert not any(finding.ok for finding in found)
    assert "hunter2" not in str(found)
    path.write_text("[web]\nport = 1\n", encoding="utf-8")
    assert machine.secrets(path) == []
    assert machine.secrets(None) == []


def test_models_that_do_not_fit_are_a_finding(tmp_path):
    """Memory is held against what the models of the settings take, and against the limit that is set for them."""
    plenty = machine.memory(settings(tmp_path), 4_000_000_000)
    assert plenty.ok
    assert "4.0 GB is free" in plenty.what
    short = machine.memory(settings(tmp_path), 100_000_000)
    assert not short.ok
    assert short.fix
    larger = settings(tmp_path, model=ModelSettings(engine="seq2seq", memory_mb=500))
    limited = machine.memory(larger, 4_000_000_000)
    assert not limited.ok
    assert "model.memory_mb to 970" in limited.fix
    unknown = machine.memory(settings(tmp_path, model=ModelSettings(engine="chat", name="a/b")), 4_000_000_000)
    assert "a/b (“digestbot models check” measures it)" in unknown.what


def test_a_containers_limit_counts_as_the_machines(tmp_path):
    """In a container what is free is what its limit leaves; on a system that tells nothing it is unknown."""
    (tmp_path / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:    2000000 kB\n", encoding="ascii")
    assert machine.free_memory(tmp_path / "meminfo", tmp_path) == 2_048_000_000
    (tmp_path / "memory.max").write_text("600000000\n", encoding="ascii")
    (tmp_path / "memory.current").write_text("100000000\n", encoding="ascii")
    assert machine.free_memory(tmp_path / "meminfo", tmp_path) == 500_000_000
    (tmp_path / "memory.max").write_text("max\n", encoding="ascii")
    assert machine.free_memory(tmp_path / "meminfo", tmp_path) == 2_048_000_000
    assert machine.free_memory(tmp_path / "nothing", tmp_path) is None


def test_a_full_disk_is_a_finding(tmp_path, monkeypatch):
    """Room is looked at where the database and the models lie, also before their folders are made."""
    kept = settings(tmp_path, database=DatabaseSettings(url=f"sqlite:///{tmp_path}/deep/er/d.sqlite3"))
    (well,) = machine.disk(kept)
    assert well.ok
    monkeypatch.setattr(machine, "ROOM", 10**18)
    (full,) = machine.disk(kept)
    assert not full.ok
    assert "database.url" in full.fix


@pytest.mark.parametrize(
    ("apart", "well", "words"),
    [
        (None, True, "not compared"),
        (timedelta(seconds=-3), True, "within 3 s"),
        (timedelta(minutes=7), False, "420 s ahead of"),
        (timedelta(minutes=-7), False, "420 s behind"),
    ],
)
def test_a_clock_that_is_wrong_is_a_finding(apart, well, words):
    """A minute off, and the doctor says by how much, to which side, and what to do."""
    finding = machine.clock(apart)
    assert finding.ok is well
    assert words in finding.what
    assert bool(finding.fix) is not well


@pytest.mark.parametrize(("behind", "age", "well"), [(0, 0, True), (900, 0, False), (900, 898, True)])
async def test_the_clock_is_held_against_the_feeds_servers(tmp_path, behind, age, well):
    """The time that a feed's server says, and its answer's age in caches, tell whether ours is right."""

    async def feed(_: web.Request) -> web.Response:
        said = format_datetime(datetime.now(UTC) - timedelta(seconds=behind), usegmt=True)
        return web.Response(text=RSS, content_type="application/rss+xml", headers={"Date": said, "Age": str(age)})

    app = web.Application()
    app.router.add_get("/feed", feed)
    async with TestServer(app) as server:
        url = str(server.make_url("/feed")).replace("http://", "http://me:hunter2@") + "?key=hunter2"
        found = await _feeds(
            settings(
                tmp_path,
                sources=SourceSettings(allow_private_hosts=(f"{server.host}:{server.port}",), min_gap=0),
                feeds=(FeedSettings(url=url),),
            )
        )
    assert [(one.name, one.ok) for one in found] == [("feed", True), ("clock", well)]
    assert "hunter2" not in str(found)


async def test_a_feed_from_chat_that_fails_is_a_finding(tmp_path):
    """Feeds that people added in chat are not fetched for the doctor; those that fail are named all the same."""
    kept = settings(tmp_path)
    now = datetime.now(UTC)
    async with await open_store(kept.database.url) as store:
        feed = await store.add_feed("https://a.example/feed", now=now)
        await store.add_feed("https://b.example/feed", now=now)
        assert [one.what for one in await _feeds(kept)] == [
            "2 added by command, none of them fails",
            "not compared: no feed's server said its time",
        ]
        failing = Polling(now, failures=2, failing_since=now, last_error="https://a.example/feed timed out")
        await store.record_refresh(RefreshRecord(feed.id, failing), now)
    finding, _ = await _feeds(kept)
    assert (finding.ok, finding.what) == (False, "https://a.example/feed timed out")
    assert "unsubscribe" in finding.fix


async def test_without_any_feed_the_doctor_says_so(tmp_path):
    """No feed in the file and none from chat is a finding with its fix."""
    (finding,) = await _feeds(settings(tmp_path))
    assert (finding.name, finding.ok) == ("feeds", False)
    assert "[[feeds]]" in finding.fix


def test_a_machine_without_network_is_one_finding():
    """Where no host name is known at all, it is said once, not once a feed."""
    dead = [
        Finding("feed", ok=False, what=f"http://{n}.example cannot be found: its host name is not known")
        for n in (1, 2)
    ]
    (finding,) = _together(dead)
    assert finding.name == "network"
    assert "DNS" in finding.fix
    assert _together(dead[:1]) == dead[:1]
    mixed = [*dead, Finding("feed", ok=True, what="well")]
    assert _together(mixed) == mixed


def test_the_settings_that_come_with_the_code_hold_no_secret():
    """The settings file that “make run” takes has no secret in it."""
    from pathlib import Path  # noqa: PLC0415

    path = Path(__file__).resolve().parents[2] / "config" / "digestbot.toml"
    assert read_settings(path).feeds
    assert machine.secrets(path) == []
