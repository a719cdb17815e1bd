"""Logs are structured and hold no secret."""

import io
import json
import logging
import sys

import pytest
import structlog

from digestbot.telemetry import bound, configure_logging, logger, redact


@pytest.fixture
def lines(monkeypatch):
    """Log JSON to a standard error of our own and return a function that reads the lines back."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before = logging.getLogger().handlers[:]
    configure_logging("debug", "json")
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.getLogger().handlers = before
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("token xoxb-123-456-abcDEF is wrong", "xoxb-123-456-abcDEF"),
        ("xapp-1-A0-123-abc", "xapp-1-A0-123-abc"),
        ("Authorization: Bot MTIzNDU2Nzg5MDEyMzQ1Njc4.GabcDE.abcdefghijklmnopqrstuvwxyz0123456789", "GabcDE"),
        ("Bearer abcdef0123456789abcdef", "abcdef0123456789abcdef"),
        ("postgresql://digestbot:hunter2@db/news", "hunter2"),
        ("GET https://example.org/feed?key=hunter2&x=1 failed", "hunter2"),
    ],
)
def test_secrets_are_taken_out(text, secret):
    """Tokens, passwords in addresses and query strings do not survive."""
    assert secret not in redact(text)


def test_lines_are_json_with_bound_ids(lines):
    """A line is one JSON object with its event, level, room and bound ids."""
    with bound(feed=3):
        logger("refresh").info("feed polled", outcome="new")
    (line,) = lines()
    assert (line["event"], line["level"], line["room"], line["feed"]) == ("feed polled", "info", "refresh", 3)


def test_no_secret_is_logged_however_deep(lines):
    """Secrets in values, nested values, keys named like secrets, errors and libraries' own lines are redacted."""
    try:
        int("xoxb-1-2-deep")
    except ValueError as error:
        logger("x").warning(
            "a", error=error, nested={"token": "plain-secret", "list": ["xoxb-1-2-deep"]}, api_key="k-123"
        )
        logger("x").exception("b")
    logging.getLogger("somebody.else").warning("connecting with %s", "xoxb-1-2-deep")
    text = json.dumps(lines())
    for secret in ("xoxb-1-2-deep", "plain-secret", "k-123"):
        assert secret not in text
