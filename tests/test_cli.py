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


ARTICLE = (
    "President Anna Berg said on Monday that she would visit Oslo if the parliament agrees. The visit would be the "
    "first in nine years and would cost about 2 million euros, her office said."
)


def test_the_gate_is_a_tool_for_any_summary(tmp_path):
    """A summary that stands is let through, one with an invented name, number or certainty is refused with reasons."""
    lines = [
        {"id": 1, "text": ARTICLE, "summary": "The visit would be the first in nine years."},
        {"id": 2, "text": ARTICLE, "summary": "Berg will visit Stockholm, which costs 9 million euros."},
        {"id": 3, "text": ARTICLE},
    ]
    done = digestbot("ground", "--jsonl", stdin="\n".join(map(json.dumps, lines)))
    good, bad, broken = (json.loads(line) for line in done.stdout.splitlines())
    assert good["ok"]
    (sentence,) = good["sentences"]
    assert sentence["evidence"]
    assert not bad["ok"]
    assert bad["sentences"][0]["reasons"]
    assert broken["id"] == 3
    assert "error" in broken
    path = tmp_path / "article.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    assert digestbot("ground", str(path), "The visit would be the first in nine years.").returncode == 0
    refused = digestbot("ground", str(path), "Berg will visit Stockholm.")
    assert refused.returncode == 1
    assert "refused" in refused.stdout


@pytest.mark.model
def test_batch_summaries_rest_on_their_text():
    """Each sentence carries offsets of the passages it rests on; an empty text is answered with an error."""
    lines = [json.dumps({"id": "a", "text": ARTICLE}), json.dumps({"id": "b", "text": " "})]
    done = digestbot("summarize", "--jsonl", stdin="\n".join(lines))
    good, empty = (json.loads(line) for line in done.stdout.splitlines())
    assert good["engine"] == "extractive"
    for sentence in good["sentences"]:
        assert sentence["source"] == "article"
        assert [ARTICLE[start:end] for start, end in sentence["evidence"]] == [sentence["text"]]
    assert empty["id"] == "b"
    assert "error" in empty


@pytest.mark.model
def test_batch_clusters_keep_order():
    """Two headlines on one event share a story, a third has its own; a bad line keeps its place."""
    lines = [
        json.dumps({"id": 1, "title": "Saltmere council approves tidal barrier", "source": "A"}),
        "nonsense",
        json.dumps({"id": 2, "title": "Council in Saltmere approves the tidal barrier", "source": "B"}),
        json.dumps({"id": 3, "title": "Brackwater City sign midfielder Wieliczko", "source": "A"}),
    ]
    done = digestbot("cluster", "--jsonl", stdin="\n".join(lines))
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["id"] for row in rows] == [1, None, 2, 3]
    assert rows[0]["story"] == rows[2]["story"] != rows[3]["story"]


def test_a_feed_file_is_shown(tmp_path):
    """A feed in a file is parsed to JSON; a page in its place is one sentence and exit code 1."""
    feed = tmp_path / "feed.xml"
    feed.write_text(
        '<rss version="2.0"><channel><title>T</title><link>https://e.org</link><description/><item><title>A &amp; B'
        "</title><link>https://e.org/1</link><guid>g1</guid></item></channel></rss>",
        encoding="utf-8",
    )
    rows = json.loads(digestbot("feed", str(feed), "--json").stdout)
    assert rows["title"] == "T"
    assert [(entry["id"], entry["title"], entry["link"]) for entry in rows["entries"]] == [
        ("g1", "A & B", "https://e.org/1")
    ]
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>x</title><p>Not a feed", encoding="utf-8")
    done = digestbot("feed", str(page))
    assert done.returncode == 1
    assert "is a web page, not a feed" in done.stderr


def test_opml_is_previewed_imported_and_exported(tmp_path):
    """A dry run adds nothing, an import adds the feeds with folders as topics, an export gives them back."""
    config = tmp_path / "digestbot.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path}/d.sqlite3"\n', encoding="utf-8")
    opml = tmp_path / "feeds.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="World"><outline type="rss" text="A" xmlUrl="https://a.example/rss"/>'
        '</outline><outline type="rss" text="B" xmlUrl="https://b.example/rss"/>'
        '<outline text="B again" xmlUrl="http://www.b.example/rss"/><outline text="C" xmlUrl="gopher://c.example"/>'
        "</body></opml>",
        encoding="utf-8",
    )
    assert "2 of 2 feeds would be added" in digestbot("import", str(opml), "--dry-run", "-c", str(config)).stdout
    assert not (tmp_path / "d.sqlite3").exists()
    assert digestbot("migrate", "--config", str(config)).returncode == 0
    assert "2 of 2 feeds would be added" in digestbot("import", str(opml), "--dry-run", "-c", str(config)).stdout
    added = digestbot("import", str(opml), "-c", str(config)).stdout
    assert "2 of 2 feeds added\n1 more line names a feed a second time\n" in added
    assert "left out, for it is no http(s) address: gopher://c.example" in added
    assert "0 of 2 feeds added" in digestbot("import", str(opml), "-c", str(config)).stdout
    exported = digestbot("export", "-c", str(config)).stdout
    assert 'xmlUrl="https://a.example/rss"' in exported
    assert "World" in exported
    assert [feed["topics"] for feed in json.loads(digestbot("export", "-c", str(config), "--json").stdout)] == [
        ["World"],
        [],
    ]
