"""Logs are structured and hold no secret; metrics are documented; traces cost nothing where nobody wants them."""

import gzip
import io
import json
import logging
import re
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import structlog
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from digestbot.domain.errors import ConfigError
from digestbot.telemetry import (
    REGISTRY,
    bound,
    condense,
    configure_logging,
    configure_tracing,
    logger,
    metric_rows,
    redact,
    traced,
)
from digestbot.telemetry.traces import start_tracing


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


def test_a_known_fault_of_a_library_is_said_in_a_sentence(lines):
    """A record with the fault that is known is a warning without a traceback; every other record is as it was."""
    found = logging.getLogger("a.library")
    for _ in range(2):
        condense(["a.library"], lambda error: "the server is away" if isinstance(error, ConnectionError) else None)
    assert len(found.filters) == 1
    for fault in (ConnectionResetError("long story"), ValueError("not known")):
        found.error("Side task %s failed with exception: %s", "listener", fault, exc_info=fault)
    found.error("plain words")
    found.filters.clear()
    known, unknown, plain = lines()
    assert (known["event"], known["level"]) == ("Side task listener: the server is away", "warning")
    assert "exception" not in known
    assert "ValueError: not known" in unknown["exception"]
    assert (unknown["level"], plain["event"]) == ("error", "plain words")


def test_a_fault_that_goes_on_is_told_once_a_minute(lines):
    """A library that warns at every try is heard once a minute; other words, and what is not known, are heard too."""
    found = logging.getLogger("a.pool")
    condense(["a.pool"], lambda error: "the server is away" if isinstance(error, ConnectionError) else None)

    def warn(at: float, text: str, *words: object) -> None:
        record = found.makeRecord(found.name, logging.WARNING, "", 0, text, words, None)
        record.created = at
        found.handle(record)

    for at in (0.0, 0.1, 59.0, 61.0, 30.0):
        warn(at, "error connecting in %r: %s", "one", ConnectionRefusedError("long story"))
        warn(at, "gave up after %s", 15)
    warn(0.0, "error connecting in %r: %s", "one", ValueError("not known"))
    found.filters.clear()
    told = [line["event"] for line in lines()]
    # The clock that went back, too, holds nothing back.
    assert told == ["error connecting in 'one': the server is away", "gave up after 15"] * 3 + [
        "error connecting in 'one': not known"
    ]


def test_lines_are_json_with_bound_ids(lines):
    """A line is one JSON object with its event, level, room and bound ids."""
    with bound(feed=3):
        logger("refresh").info("feed polled", outcome="new")
    (line,) = lines()
    assert (line["event"], line["level"], line["room"], line["feed"]) == ("feed polled", "info", "refresh", 3)


def test_a_terminal_gets_sentences_and_obeys_nobody(monkeypatch):
    """A line says what happened and why, an address once, no names for machines, and nothing that a terminal obeys."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    before = logging.getLogger().handlers[:]
    configure_logging("info", "console")
    url = "https://a.example/rss"
    logger("bot").warning("feed failed", url=url, code="not_a_feed", error=f"{url} gives \x1b[2J\u202eno feed", feed=3)
    logger("bot").info("feed refreshed", url=url, outcome="new", articles=2)
    logging.getLogger().handlers = before
    structlog.reset_defaults()
    failed, refreshed = (re.sub(r"\x1b\[[\d;]*m", "", line) for line in stream.getvalue().splitlines())
    assert re.fullmatch(r"\d\d:\d\d:\d\d  feed failed: https://a.example/rss gives  \[2J no feed  feed=3", failed)
    assert refreshed.endswith("  feed refreshed  https://a.example/rss outcome=new articles=2")


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


# ── numbers ──────────────────────────────────────────────────────────────────


def test_every_metric_has_a_name_of_ours_and_a_meaning():
    """Each metric is named digestbot_…, tells what it counts in a sentence, and stands in the registry."""
    rows = metric_rows()
    assert len(rows) > 15
    for name, kind, _, meaning in rows:
        assert name.startswith("digestbot_")
        assert meaning.endswith(".")
        assert (kind == "counter") == name.endswith("_total")
    registered = {family.name for family in REGISTRY.collect()}
    assert {name.removesuffix("_total") for name, *_ in rows} == registered


# ── traces ───────────────────────────────────────────────────────────────────


def test_without_an_endpoint_a_span_is_nothing():
    """Where nobody traces, every span is one and the same context that does nothing, and nothing is imported."""
    assert traced("a", x=1) is traced("b")
    code = "import sys, digestbot.telemetry; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_spans_are_handed_on_with_their_attributes():
    """With a processor, each span is handed on with its name, attributes and parent; after the end, none is."""
    kept = InMemorySpanExporter()
    end = start_tracing(SimpleSpanProcessor(kept))
    with traced("web", route="/"), traced("step", step="brief"):
        pass
    inner, outer = kept.get_finished_spans()
    assert (outer.name, dict(outer.attributes)) == ("web", {"route": "/"})
    assert (inner.name, dict(inner.attributes)) == ("step", {"step": "brief"})
    assert inner.parent.span_id == outer.context.span_id
    assert outer.resource.attributes["service.name"] == "digestbot"
    end()
    assert traced("a") is traced("b")


def test_spans_travel_over_otlp():
    """With an endpoint, spans are sent there over OTLP/HTTP."""
    got: list[bytes] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        end = configure_tracing(f"http://127.0.0.1:{server.server_port}/v1/traces")
        with traced("refresh", feed=3):
            pass
        end()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert b"refresh" in b"".join(map(uncompressed, got))


def uncompressed(body: bytes) -> bytes:
    return gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body


def test_traces_without_the_extra_are_refused_in_a_sentence(monkeypatch):
    """An endpoint without OpenTelemetry installed is a fault of the configuration, with the fix."""
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(ConfigError, match=r"log\.traces") as fault:
        configure_tracing("http://127.0.0.1:1/v1/traces")
    assert "digestbot[otel]" in str(fault.value)
