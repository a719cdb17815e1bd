"""Feeds the parsers of feeds or articles whatever leads them to new code, for as long as it is told to.

Run: ``python -m tests.fuzz feeds|articles [seconds] [corpus folder]``; needs atheris. Whatever bytes come, the answer
is a feed or an article that keeps its promises, or a SourceError. What passes limits of memory or depth is TooLarge in
the bot, whose workers are killed at their deadline; here it is let be.
"""

import sys
import tempfile
import warnings
from datetime import UTC, datetime
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["digestbot.sources", "feedparser", "trafilatura"]):
    from digestbot.domain.errors import SourceError
    from digestbot.sources.articles.extract import extract_article
    from digestbot.sources.feeds import parse_feed

URL = "https://news.example/feed"
NOW = datetime(2026, 3, 2, tzinfo=UTC)
KINDS = (None, "text/xml; charset=koi8-r", "application/json", "text/html; charset=windows-1251")
ITEM = "<item><guid>1</guid><title>A &lt;b&gt;title</title><link>/1</link><description>&lt;p&gt;x</description></item>"
SEEDS = {
    "feeds": (
        f"<?xml version='1.0'?><rss version='2.0'><channel><title>T</title><ttl>60</ttl>{ITEM}</channel></rss>",
        (
            "<feed xmlns='http://www.w3.org/2005/Atom'><title>T</title><link rel='hub' href='https://h.example/'/>"
            "<entry><id>tag:1</id><title type='html'>x</title><updated>2026-03-02T00:00:00Z</updated></entry></feed>"
        ),
        '{"version":"https://jsonfeed.org/version/1.1","title":"T","items":[{"id":"1","content_html":"<p>x"}]}',
        (
            "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"
            "<channel rdf:about='x'/><item rdf:about='y'><title>t</title></item></rdf:RDF>"
        ),
    ),
    "articles": (
        "<html lang=en><head><title>T</title><link rel=canonical href='/x'></head><body><article><h1>T</h1>"
        + "<p>“A sentence of some length,” said somebody, and went on to say more of it.</p>" * 8
        + "</article></body></html>",
        '<html><script type="application/ld+json">{"@type":"NewsArticle","articleBody":"x"}</script></html>',
    ),
}


def feeds(data: bytes) -> None:
    """Parse bytes as a feed and hold the promises."""
    kind, body = KINDS[data[0] % len(KINDS)] if data else None, data[1:]
    try:
        parsed = parse_feed(body, URL, kind)
    except (SourceError, MemoryError, RecursionError):
        return
    if len(parsed.entries) > 500:
        raise AssertionError("more items than the cap")
    for entry in parsed.entries:
        if not entry.key or (entry.link and not entry.link.startswith(("http://", "https://"))):
            raise AssertionError(f"an entry breaks its promises: {entry}")


def articles(data: bytes) -> None:
    """Extract bytes as a page and hold the promises."""
    try:
        article = extract_article(data[1:], URL, NOW, KINDS[data[0] % len(KINDS)] if data else None)
    except (SourceError, MemoryError, RecursionError):
        return
    if not article.text.strip() or len(article.text) > 200_000:
        raise AssertionError("an article without text, or beyond the cap")


def main() -> None:
    """Write the seeds and fuzz."""
    target, seconds = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "60"
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS[target]):
            (Path(folder) / f"seed{number}").write_bytes(b"\0" + seed.encode())
        options = [f"-max_total_time={seconds}", "-timeout=60", "-rss_limit_mb=3000", "-max_len=20000", folder]
        atheris.Setup([sys.argv[0], *options, *sys.argv[3:]], {"feeds": feeds, "articles": articles}[target])
        atheris.Fuzz()


if __name__ == "__main__":
    main()
