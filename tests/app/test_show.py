"""What the terminal shows fits a terminal: times short, numbers with their nouns, no empty table."""

import pytest

from digestbot.app.show import show_explanation, show_quotes, show_status

NOW = "2026-11-29T11:27:37+00:00"


@pytest.fixture(autouse=True)
def narrow(monkeypatch):
    """Show on eighty columns."""
    monkeypatch.setenv("COLUMNS", "80")


def rows(**more):
    """Return the rows of a status with one failing feed."""
    feed = {
        "title": "NPR",
        "url": "https://feeds.npr.org/1004/rss.xml",
        "failures": 3,
        "failing_since": NOW,
        "next_check_at": NOW,
        "paused": None,
        "last_error": "https://feeds.npr.org/1004/rss.xml did not answer in time",
    }
    kept = {
        "counts": {"feeds": 1, "failing": 1, "stories": 1, "briefs": 2, "deliveries_sent": 1200},
        "failing": [feed],
        "notices": [],
        "lost_quotes": [],
        "subscriptions": [{"name": "Morning", "channel": "console:", "next_edition_at": None, "paused": "asleep"}],
        "undeliverable": [],
    }
    return kept | more


def test_a_status_fits_eighty_columns(capsys):
    """A failing feed is told in two lines at most, its address not twice, its times whole."""
    show_status(rows())
    shown = capsys.readouterr().out
    assert "1 feed · 1 failing · 1 story · 2 briefs · 1,200 deliveries sent" in shown
    assert shown.count("29 Nov 11:27") == 2
    assert "feeds.npr.org" not in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_an_edition_without_stories_has_no_table(capsys):
    """Where nothing is in an edition, no empty table says so."""
    show_explanation({"chosen": [], "left_out": []})
    assert capsys.readouterr().out == ""


def test_nobody_is_surer_than_the_figure(capsys):
    """A confidence is never rounded up to a hundred."""
    show_quotes({"quotes": [{"text": "So.", "speaker": "Ann Lee", "confidence": 0.998, "key": True}]})
    assert "(99% sure)" in capsys.readouterr().out
