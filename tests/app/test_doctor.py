"""The doctor names a fix for every finding, and the bot refuses to start where readers would wait in vain."""

import sqlite3
from contextlib import closing

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from digestbot.app.bot import run_bot
from digestbot.app.compose import read_settings
from digestbot.app.doctor import _database, _tokens, examine
from digestbot.chat.slack.scopes import SCOPES
from digestbot.config import DatabaseSettings, Settings
from digestbot.domain.errors import ConfigError
from tests.rigs.slack import TOKEN, SlackRig


@pytest.fixture
def config(tmp_path):
    """Return a settings file with a dead feed and a Slack channel without a token."""
    path = tmp_path / "digestbot.toml"
    path.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/d.sqlite3"\n[model]\ncache = "{tmp_path}/models"\n'
        '[sources]\nallow_private_hosts = ["127.0.0.1:9"]\n[[feeds]]\nurl = "http://127.0.0.1:9/feed"\n'
        '[[subscriptions]]\nname = "Brief"\nchannel = "slack:C1"\n[[subscriptions]]\nname = "Here"\n',
        encoding="utf-8",
    )
    return path


@pytest.mark.model
async def test_every_finding_that_is_not_well_has_a_fix(config):
    """What is wrong is said with what to do; what is well is said too."""
    findings = {finding.name: finding for finding in await examine(config)}
    assert findings["settings"].ok
    assert findings["database"].ok
    assert findings["model"].ok
    assert not findings["feed"].ok
    assert "DIGESTBOT_SLACK__BOT_TOKEN" in findings["slack"].fix
    assert all(finding.fix for finding in findings.values() if not finding.ok)


async def test_another_programs_database_is_no_database_of_ours(tmp_path):
    """What the bot would refuse at its start is told before: nobody reads that the bot will make it."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
    finding = await _database(Settings(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/other.db")))
    assert not finding.ok
    assert finding.what == "the file is another program's database"
    assert finding.fix == "name another file in database.url"


async def test_a_channel_without_a_token_is_a_config_fault(config):
    """A subscription to a platform without a token stops the bot at the start, with file, key and what to set."""
    with pytest.raises(ConfigError) as fault:
        await run_bot(config)
    (line,) = fault.value.faults
    assert f"{config}: subscriptions.0.channel:" in line
    assert "DIGESTBOT_SLACK__BOT_TOKEN" in line


async def test_every_missing_scope_of_slack_is_named(tmp_path, monkeypatch):
    """“digestbot check” names each scope that the app lacks by itself, and each channel it is not in."""
    rig = SlackRig()
    await rig.start()
    rig.scopes = "chat:write,commands"
    rig.rooms["C1"].member = False
    monkeypatch.setattr(AsyncWebClient, "BASE_URL", rig.base_url)
    path = tmp_path / "digestbot.toml"
    path.write_text(
        f'[database]\nurl = "sqlite:///{tmp_path}/d.sqlite3"\n[slack]\nbot_token = "{TOKEN}"\n'
        '[[subscriptions]]\nname = "Brief"\nchannel = "slack:C1"\n',
        encoding="utf-8",
    )
    found = [finding async for finding in _tokens(read_settings(path))]
    await rig.stop()
    missing = [finding for finding in found if "scope" in finding.what]
    assert all(not finding.ok and finding.fix for finding in missing)
    assert {scope for scope in SCOPES if any(scope in finding.what for finding in missing)} == set(SCOPES) - {
        "chat:write",
        "commands",
    }
    assert any("the bot is not in #news" in finding.what for finding in found)
