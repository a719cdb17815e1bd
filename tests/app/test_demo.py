"""The demo, run as a newcomer runs it: a digest in the terminal and a page, every quotation in its article."""

import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
QUOTATION = re.compile(r"“([^“”]+)” — ([^,\n]+)")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """Run the demo once; return its output and the page."""
    out = tmp_path_factory.mktemp("demo") / "digest.html"
    done = subprocess.run(
        [sys.executable, "-m", "digestbot", "demo", "--out", str(out)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HF_HUB_OFFLINE": "1", "COLUMNS": "100", "LANG": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout, out.read_text(encoding="utf-8")


def spoken(text):
    """Return the text of all articles of the newsroom, white space folded."""
    return " ".join(" ".join(path.read_text(encoding="utf-8").split()) for path in text.glob("*.txt"))


def test_the_terminal_shows_the_whole_way(demo):
    """Progress, a digest of several stories from several outlets, the page's path and the next steps are printed."""
    text = " ".join(demo[0].split())
    for part in ("a newsroom of 6 outlets", "15 articles tell", "stories condensed", "Morning brief ·", "Sources:"):
        assert part in text
    assert re.search(r"[3-5] stories from [4-6] outlets", text)
    assert "digest.html" in demo[0].replace("\n", "")
    for step in ("add your feeds", "connect Slack", "connect Discord"):
        assert step in text


def test_every_quotation_stands_in_an_article(demo):
    """Each passage printed in quotation marks with a speaker is in the newsroom's texts, and so is the speaker."""
    articles = spoken(ROOT / "config" / "demo" / "articles")
    text = " ".join(demo[0].split())
    found = QUOTATION.findall(text)
    assert len(found) >= 4
    for words, speaker in found:
        assert speaker.strip() in articles
        for passage in words.split(" […] "):
            assert passage.strip() in articles, passage


def test_every_page_was_read(demo):
    """No page of the newsroom failed to be read."""
    assert "html" not in demo[0].partition("articles tell")[0]


def test_furniture_stays_out(demo):
    """Captions, bylines, datelines and "Read more" lines are not in the digest, nor an instruction to a machine."""
    text = " ".join(demo[0].split())
    for furniture in ("Photograph:", "Read more", "(Meridian) —", "By Ezra", "ignore previous"):
        assert furniture not in text


def test_the_page_shows_the_same_quotations(demo):
    """The page holds every quotation of the terminal, and no script."""
    page = " ".join(html.unescape(re.sub(r"<[^>]+>", "", demo[1])).split())
    for words, _ in QUOTATION.findall(" ".join(demo[0].split())):
        assert words in page
    assert "<script" not in demo[1]
