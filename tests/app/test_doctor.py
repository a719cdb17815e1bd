"""The doctor names a fix for every finding, and the bot refuses to start where readers would wait in vain."""

import pytest

from digestbot.app.bot import run_bot
from digestbot.app.doctor import examine
from digestbot.domain.errors import ConfigError


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


async def test_a_channel_without_a_token_is_a_config_fault(config):
    """A subscription to a platform without a token stops the bot at the start, with file, key and what to set."""
    with pytest.raises(ConfigError) as fault:
        await run_bot(config)
    (line,) = fault.value.faults
    assert f"{config}: subscriptions.0.channel:" in line
    assert "DIGESTBOT_SLACK__BOT_TOKEN" in line
