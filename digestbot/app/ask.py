"""What the commands on demand do: one article or feed in, rows out."""

import asyncio
import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digestbot.app.batch import (
    Record,
    cluster_lines,
    ground_row,
    quote_rows,
    story_of,
    summarize_lines,
    summary_row,
)
from digestbot.app.compose import Sources, open_models, open_sources, read_settings
from digestbot.app.files import decode, named, read_file
from digestbot.app.state import feed_row
from digestbot.domain.addresses import shown
from digestbot.domain.errors import BlockedAddress, NotAFeed, NothingToRead, StoreError
from digestbot.domain.news import Article, Entry, ParsedFeed
from digestbot.domain.subscription import Length

Rows = dict[str, Any]
GIVE = "give a URL, the path of a file, or - for standard input"


async def read_source(source: str, config: Path | None) -> Article:
    """Return the article at a URL, in a file (.html or text), or on standard input.

    Raises:
        SourceError: The page could not be had, or there is no article text.
        UserError: The file is not there or cannot be read.

    """
    settings = read_settings(config)
    now = datetime.now(UTC)
    if _is_url(source):
        async with open_sources(settings) as sources:
            return await sources.articles.read_url(source, now)
    _require_path(source)
    data = read_file(source, hint=GIVE, limit=settings.sources.max_bytes)
    return _article_of(data, named(source), now)


def _is_url(source: str) -> bool:
    return source.startswith(("http://", "https://"))


def _require_path(source: str) -> None:
    """Do nothing for a path.

    Raises:
        BlockedAddress: It is an address of a kind that is not read.

    """
    if re.match(r"[a-z]+://", source, re.IGNORECASE):
        raise BlockedAddress(shown(source), "is no http(s) address", hint=GIVE)


def _article_of(data: bytes, source: str, now: datetime) -> Article:
    """Return the article in a page's or a text file's bytes; what looks like HTML is read as HTML."""
    from digestbot.sources.articles import extract_article

    head = data[:1024].lstrip().lower()
    if source.lower().endswith((".html", ".htm")) or head.startswith((b"<!doctype html", b"<html")):
        return extract_article(data, source, now)
    text = decode(data, source)
    if not text.strip():
        raise NothingToRead(source)
    return Article(id=1, url="", title="", text=text, fetched_at=now)


async def quotes_source(source: str, config: Path | None) -> Rows:
    """Return an article's quotes."""
    article = await read_source(source, config)
    return {"title": article.title, "url": article.url, "quotes": quote_rows(article)}


async def summarize_source(source: str, config: Path | None, length: Length) -> Rows:
    """Return an article's summary."""
    from digestbot.app.models import pull_if_wanted
    from digestbot.app.show_models import Fetching

    article = await read_source(source, config)
    settings = read_settings(config)
    with Fetching() as shown:
        await asyncio.to_thread(pull_if_wanted, settings, shown.say, shown.progress)
    async with open_models(settings) as models:
        summary = await models.summarizer.summarize(story_of([article]), length, interactive=True)
    return {"title": article.title, "url": article.url, **summary_row(summary)}


async def summarize_stdin(
    lines: Iterable[str], config: Path | None, length: Length, write: Callable[[Record], None]
) -> None:
    """Answer JSON lines with summaries."""
    async with open_models(read_settings(config)) as models:
        await summarize_lines(lines, models.summarizer, length, write)


async def ground_source(source: str, summary: str, config: Path | None, *, strict: bool = False) -> Rows:
    """Return the gate's word on a summary (a text, or a file that holds it) of an article."""
    article = await read_source(source, config)
    return ground_row(article, _summary_of(summary), strict=strict)


def _summary_of(given: str) -> str:
    """Return a summary given as it is or as the path of a file.

    Raises:
        NothingToRead: It is empty, or the file is no text.
        UserError: The file may not be read.

    """
    is_file, hint = False, "give a summary, or a file that holds one"
    with suppress(OSError, ValueError):  # too long for a path, or none at all: it is the summary itself
        is_file = Path(given).is_file()
    if is_file:
        given = decode(read_file(given, hint=hint), given)
    if not given.strip():
        raise NothingToRead("the summary", "has no words", hint=hint)
    return given


async def cluster_stdin(lines: Iterable[str], config: Path | None) -> list[Record]:
    """Answer JSON lines with stories."""
    async with open_models(read_settings(config)) as models:
        return await cluster_lines(lines, models.embedder)


# ── feeds ────────────────────────────────────────────────────────────────────


async def feed_rows(source: str, config: Path | None) -> Rows:
    """Return what a feed gives, from its address or a file; for a stored feed its state too.

    Raises:
        SourceError: It could not be had, or is no feed.
        UserError: The file is not there or cannot be read.

    """
    settings = read_settings(config)
    if not _is_url(source):
        from digestbot.sources.feeds import parse_feed

        _require_path(source)
        data = read_file(source, hint=GIVE, limit=settings.sources.max_bytes)
        return parsed_rows(parse_feed(data, named(source)))
    async with open_sources(settings) as sources:
        parsed = await _look(sources, source)
    state = await _stored_state(source, settings.database.url)
    return {**parsed_rows(parsed), **({"state": state} if state else {})}


async def _look(sources: Sources, url: str) -> ParsedFeed:
    """Return the feed at an address, or the first that the page there names."""
    try:
        return await sources.feeds.look(url)
    except NotAFeed:
        named = await sources.feeds.discover(url)
        if not named:
            raise
        return await sources.feeds.look(named[0])


async def _stored_state(url: str, database: str) -> Rows | None:
    """Return what is stored of a feed, or None where there is no database or no such feed in it."""
    from digestbot.store import open_store

    try:
        async with await open_store(database, exclusive=False) as store:
            feed = await store.feed_by_url(url)
    except StoreError:
        return None
    return feed_row(feed) if feed else None


def parsed_rows(parsed: ParsedFeed) -> Rows:
    """Return a parsed feed for JSON."""
    return {
        "title": parsed.title,
        "link": parsed.link,
        "language": parsed.language,
        "format": parsed.format,
        "entries": [entry_row(entry) for entry in parsed.entries],
    }


def entry_row(entry: Entry) -> Rows:
    """Return an entry for JSON."""
    return {
        "id": entry.guid or entry.key,
        "link": entry.link,
        "title": entry.title,
        "summary": entry.summary,
        "published": entry.published.isoformat() if entry.published else None,
        "updated": entry.updated.isoformat() if entry.updated else None,
        "authors": list(entry.authors),
        "categories": list(entry.categories),
    }
