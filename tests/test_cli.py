"""The command line as a user meets it: help, examples, exit codes, one-sentence errors."""

import asyncio
import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from digestbot import __version__, cli
from digestbot.app.enrol import enrol
from digestbot.config import FeedSettings, Settings
from digestbot.store import open_store

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


def test_what_may_work_later_has_an_exit_code_of_its_own(tmp_path):
    """Whatever is read from a host that is not up, the exit code is 75; an address that may not be asked is 1."""
    config = tmp_path / "digestbot.toml"
    config.write_text('[sources]\nallow_private_hosts = ["127.0.0.1:9"]\n', encoding="utf-8")
    for command, *words in (("feed",), ("quotes",), ("summarize",), ("ground", "The summary.")):
        done = digestbot(command, "http://127.0.0.1:9/a", *words, "--config", str(config))
        assert done.stderr == "digestbot: http://127.0.0.1:9/a cannot be reached; try again in a while\n"
        assert done.returncode == 75
    assert digestbot("quotes", "http://10.0.0.1/a", "--config", str(config)).returncode == 1


def test_many_articles_in_one_text_are_told_apart_from_none_that_quotes(tmp_path):
    """A text with more quotation marks than an article is one sentence with what to do, in a batch too."""
    text = "“We will open the bridge,” said Nora Lind.\n" * 1001
    (tmp_path / "all.txt").write_text(text, encoding="utf-8")
    told = "the text has more quotation marks than an article; give one article at a time"
    done = digestbot("quotes", str(tmp_path / "all.txt"))
    assert (done.returncode, done.stdout, done.stderr) == (1, "", f"digestbot: {told}\n")
    batch = digestbot("quotes", "--jsonl", stdin=json.dumps({"id": 1, "text": text}))
    assert json.loads(batch.stdout) == {"id": 1, "error": told}


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


def test_an_import_changes_nothing_that_the_settings_file_says(tmp_path):
    """A feed of the settings file keeps its name and topics there; another that is here takes those of the list."""
    opml = (
        '<opml version="2.0"><body><outline text="{0}"><outline text="{1}" xmlUrl="https://a.example/rss"/></outline>'
    )
    opml += '<outline text="{2}" xmlUrl="https://b.example/rss"/></body></opml>'
    url = f"sqlite:///{tmp_path}/d.sqlite3"
    config = tmp_path / "digestbot.toml"
    config.write_text(f'[database]\nurl = "{url}"\n', encoding="utf-8")
    settings = Settings(feeds=(FeedSettings(url="https://a.example/rss", title="Ours", topics=("world",)),))

    async def enrolled() -> None:
        async with await open_store(url) as store:
            await enrol(settings, store, datetime(2026, 11, 24, tzinfo=UTC))

    asyncio.run(enrolled())
    for names in (("Theirs", "A", "B"), ("Others", "A2", "B2")):
        (tmp_path / "feeds.opml").write_text(opml.format(*names), encoding="utf-8")
        assert digestbot("import", str(tmp_path / "feeds.opml"), "-c", str(config)).returncode == 0
    kept = json.loads(digestbot("export", "-c", str(config), "--json").stdout)
    assert [(feed["title"], feed["topics"]) for feed in kept] == [("Ours", ["world"]), ("B2", [])]


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


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (["quotes", "{folder}"], "is a folder; give a URL, the path of a file, or - for standard input"),
        (["feed", "{folder}"], "is a folder; give a URL"),
        (["import", "{folder}"], "is a folder; give the path of an OPML file"),
        (["quotes", "{picture}"], "is not a text file; give an article as text or HTML"),
        (["ground", "{article}", ""], "the summary has no words; give a summary"),
        (["summarize", "ftp://e.org/a"], "ftp://e.org/a is no http(s) address; give a URL"),
        (["quotes", "http://[::1"], "http://[::1 is not a usable address; use a public"),
        (["quotes", "-"], "standard input has no article text to read"),
        (["demo", "--out", "{folder}"], "is a folder; name a file in it with --out"),
    ],
)
def test_what_cannot_be_read_is_one_sentence_with_what_to_do(tmp_path, args, told):
    """A folder, a picture, nothing at all or an address of another kind: never a traceback."""
    (tmp_path / "picture").write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
    (tmp_path / "article").write_text(ARTICLE, encoding="utf-8")
    names = {"folder": tmp_path, "picture": tmp_path / "picture", "article": tmp_path / "article"}
    done = digestbot(*(arg.format(**names) for arg in args))
    assert done.returncode == 1
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("--feeds=0", "--feeds must be more than nothing"),
        ("--polls-per-day=inf", "--polls-per-day must be a number up to"),
        ("--slack-share=nan", "--slack-share must be a number up to"),
        ("--engine=magic", "--engine “magic” is none of extractive, seq2seq, remote"),
    ],
)
def test_a_plan_of_nonsense_is_a_wrong_command_line(option, told):
    """It ends as any wrong option does, with exit code 2 and what is wrong with which."""
    done = digestbot("plan", "--feeds=1", "--channels=1", "--stories-per-day=1", option)
    assert done.returncode == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())


def test_a_terminal_is_told_words_and_never_what_it_obeys(tmp_path):
    """Escapes, controls and overrides of a feed or of a path go; half surrogates end nothing; brackets are brackets."""
    hostile = "A [/red] \x1b[31mtitle\x1b]0;x\x07 \u202eesrever \ud800 :smile:"
    feed = tmp_path / "feed.json"
    item = {
        "id": "1",
        "url": "https://e.org/1",
        "title": hostile,
        "content_text": "text",
        "authors": [{"name": hostile}],
    }
    feed.write_text(
        json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": hostile, "items": [item]}), encoding="utf-8"
    )
    done = digestbot("feed", str(feed))
    assert done.returncode == 0
    assert "A [/red] [31mtitle]0;x esrever \ufffd :smile:" in done.stdout
    assert not set("\x1b\x07\u202e") & set(done.stdout)
    rows = digestbot("feed", str(feed), "--json").stdout
    assert not set("\x1b\x07\u202e\x9b") & set(rows)
    assert "\u202e" in json.loads(rows)["title"]
    missing = digestbot("quotes", "no\x1b[31m\u202e\nfile")
    assert missing.stderr == (
        "digestbot: there is no file “no[31m file”; give a URL, the path of a file, or - for standard input\n"
    )


def test_a_terminal_that_knows_ascii_alone_gets_every_answer(tmp_path, monkeypatch):
    """What the terminal's encoding has no letter for is written as its number; nothing ends in a traceback."""
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    (tmp_path / "a.txt").write_text(f"{ARTICLE} “We will open the bridge,” said Nora Lind.", encoding="utf-8")
    for args in (["quotes", str(tmp_path / "a.txt")], ["--help"], ["models", "list"], ["quotes", "none"]):
        done = digestbot(*args)
        assert "Traceback" not in done.stderr
        assert (done.stdout + done.stderr).isascii()
    assert json.loads(digestbot("quotes", "--json", str(tmp_path / "a.txt")).stdout)["quotes"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("args", [["models", "list"], ["plan", "--feeds=1", "--channels=1", "--stories-per-day=1"]])
def test_a_full_disk_behind_the_output_is_a_sentence(args):
    """An answer that cannot be written ends in one sentence and exit code 1."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "digestbot", *args],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == (
        "digestbot: the output cannot be written (No space left on device); make room there, or write elsewhere\n"
    )


def test_ctrl_c_ends_a_command_that_waits_for_input():
    """One Ctrl-C is enough while an article is typed in; the exit code is 130."""
    started = [sys.executable, "-m", "digestbot", "quotes", "-"]
    with subprocess.Popen(started, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as waiting:
        with pytest.raises(subprocess.TimeoutExpired):
            waiting.wait(2)
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(10) == 130
        assert waiting.stderr.read() == b""


def test_ctrl_c_before_the_command_line_is_there_is_as_quiet(tmp_path, monkeypatch):
    """While Python still imports there is no traceback either, and the exit code is the same."""
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    done = digestbot("--help")
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_no_answer_of_a_batch_is_anything_but_json():
    """NaN, which Python reads and JSON has not, is refused instead of coming back in an answer."""
    (row,) = digestbot("quotes", "--jsonl", stdin='{"id": NaN, "text": "x"}').stdout.splitlines()
    assert json.loads(row, parse_constant=pytest.fail) == {"id": None, "error": "is not JSON: there is no NaN in it"}
