"""The rig that runs the bot as a process: it is led to the stand-ins over TLS, and nowhere else."""

import subprocess
import sys

import trustme

from tests.rigs.gateway import GatewayRig
from tests.rigs.process import ROOT, BotProcess
from tests.rigs.slack import APP_TOKEN, TOKEN
from tests.rigs.slack_socket import SocketRig

SETTINGS = """
[database]
url = "sqlite:///{folder}/bot.sqlite3"
"""


async def test_the_bot_listens_to_both_stand_ins_and_answers(tmp_path):
    """A bot process under the platforms' real names and TLS connects to both; a Slack command is answered."""
    authority, slack, discord = trustme.CA(), SocketRig(), GatewayRig()
    await slack.start(authority)
    await discord.start(authority)
    tokens = {
        "DIGESTBOT_SLACK__BOT_TOKEN": TOKEN,
        "DIGESTBOT_SLACK__APP_TOKEN": APP_TOKEN,
        "DIGESTBOT_DISCORD__TOKEN": "bot-token",
    }
    bot = BotProcess(
        tmp_path / "bot",
        SETTINGS.format(folder=tmp_path),
        hosts=slack.hosts() | discord.hosts(),
        authority=authority,
        environment=tokens,
    )
    bot.start()
    try:
        await bot.until('"running"')
        await slack.connected()
        await bot.waits(lambda: len(discord.identified) == 2, what="two shards")
        acked = await slack.command("help")
        assert acked.seconds < 3
        await bot.waits(lambda: bool(slack.responses), what="the answer")
        await bot.restart()
        await slack.connected(2)
        assert await bot.stop() == 0
        assert not slack.faults
        assert not discord.faults
        assert "Traceback" not in bot.said(all_lives=True)
    finally:
        bot.kill()
        await slack.stop()
        await discord.stop()


def test_every_other_name_is_refused(tmp_path):
    """A process under the host map reaches neither a name nor an address that is not mapped."""
    bot = BotProcess(tmp_path, "", hosts={"slack.com:443": "127.0.0.1:9"})
    program = (
        "import socket\n"
        "for target in (('example.org', 443), ('192.0.2.1', 443), ('slack.com', 80)):\n"
        "    try:\n        socket.create_connection(target, 1)\n    except OSError as error:\n        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=bot.environment, capture_output=True, text=True, check=True
    )
    assert "example.org is not for a test to call" in done.stdout
    assert "192.0.2.1 is not for a test to call" in done.stdout
    assert "slack.com:80 is not mapped" in done.stdout
