"""The command line as a user meets it: help, examples, exit codes, one-sentence errors."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from digestbot import __version__, cli

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = [command.name or command.callback.__name__ for command in cli.cli.registered_commands]


def digestbot(*args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run the command line as its own process."""
    return subprocess.run(
        [sys.executable, "-m", "digestbot", *args], cwd=ROOT, input=stdin, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(command):
    """``--help`` of each command shows an example and exits with 0."""
    result = CliRunner().invoke(cli.cli, [command, "--help"])
    assert result.exit_code == 0
    assert "Example: digestbot" in result.output


def test_version():
    """``--version`` prints the version."""
    result = CliRunner().invoke(cli.cli, ["--version"])
    assert result.output.strip() == f"digestbot {__version__}"


def test_every_config_fault_is_named_at_once(tmp_path):
    """Wrong, missing and unknown keys are each named with file and key, and the exit code is 78."""
    config = tmp_path / "bad.toml"
    config.write_text('nonsense = 1\n[sources]\nmin_gap = -1\n[[feeds]]\ntitle = "x"\n', encoding="utf-8")
    done = digestbot("run", "--config", str(config))
    assert done.returncode == 78
    for key in ("nonsense: is no setting", "sources.min_gap:", "feeds.0.url: is needed"):
        assert f"{config}: {key}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_config_file_says_what_to_do(tmp_path):
    """A file that is not there is one sentence and exit code 78."""
    done = digestbot("status", "--config", str(tmp_path / "none.toml"))
    assert done.returncode == 78
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_batch_quotes_keep_order_and_survive_bad_lines():
    """Each line is answered in order; a bad one with its id and an error, never a crash."""
    text = "“We will open the bridge on Monday,” said Nora Lind, the harbour master."
    lines = [
        json.dumps({"id": "a", "text": text}),
        "{broken",
        json.dumps({"id": "c"}),
        json.dumps({"id": 4, "text": ""}),
    ]
    done = digestbot("quotes", "--jsonl", stdin="\n".join(lines))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [row["id"] for row in rows] == ["a", None, "c", 4]
    assert "error" in rows[1]
    assert "error" in rows[2]
    (quote,) = rows[0]["quotes"]
    assert text[quote["start"] : quote["end"]] == quote["text"]
    assert quote["speaker"] == "Nora Lind"
    assert text[quote["speaker_start"] : quote["speaker_end"]] == "Nora Lind"
    assert rows[3]["quotes"] == []


def test_an_error_is_one_sentence(tmp_path):
    """A file that is not there ends in one sentence with what to do and exit code 1."""
    done = digestbot("quotes", str(tmp_path / "none.txt"))
    assert done.returncode == 1
    assert done.stderr.startswith("digestbot: ")
    assert len(done.stderr.splitlines()) == 1
