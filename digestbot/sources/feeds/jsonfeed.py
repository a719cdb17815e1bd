"""JSON Feed 1.0 and 1.1 (jsonfeed.org) → the feed's facts and entries; feedparser does not read it."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import urljoin

from digestbot.domain.errors import NotAFeed
from digestbot.domain.news import Entry, ParsedFeed
from digestbot.sources.feeds.identity import identified
from digestbot.sources.feeds.plain import folded, plain_text

VERSION = re.compile(r"^https?://(www\.)?jsonfeed\.org/version/(\d+(\.\d+)?)/?$")


def looks_like_json(text: str) -> bool:
    """Tell whether a text is meant as a JSON object."""
    return text.lstrip().startswith("{")


def load_items(text: str, url: str, max_items: int) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Return the feed object and its first ``max_items`` items.

    Raises:
        NotAFeed: It is no JSON Feed.

    """
    try:
        # A fraction is never needed here, and an integer of a million digits takes quadratic time.
        feed = json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise NotAFeed(url, "is not well-formed JSON") from error
    if not isinstance(feed, dict) or not VERSION.match(_text(feed.get("version"))):
        raise NotAFeed(url, "is JSON, but not a JSON Feed of a known version")
    items = feed.get("items")
    if not isinstance(items, list):
        raise NotAFeed(url, "is a JSON Feed without a list of items")
    return feed, [item for item in items[:max_items] if isinstance(item, dict)]


def item_hash(item: Mapping[str, Any]) -> str:
    """Return a short hash of an item: the same item gives the same, whatever the order of its keys."""
    written = json.dumps(item, sort_keys=True, ensure_ascii=True)
    return blake2b(written.encode(), digest_size=8).hexdigest()


def read_jsonfeed(
    feed: Mapping[str, Any], items: list[Mapping[str, Any]], url: str, wanted: Callable[[str], bool]
) -> tuple[ParsedFeed, bool]:
    """Return the feed with the items whose hash is wanted, and whether it may be read in parts."""
    entries, whole = identified([_entry(item, feed, url) for item in items])
    kept = tuple(entry for entry, item in zip(entries, items, strict=True) if wanted(item_hash(item)))
    version = VERSION.match(_text(feed.get("version")))
    return ParsedFeed(
        title=folded(_text(feed.get("title"))),
        link=_web(feed.get("home_page_url"), url),
        language=_text(feed.get("language"))[:35],
        entries=kept,
        format=f"json{version[2].replace('.', '') if version else ''}",
        hub=next(_hubs(feed), None),
        topic=_web(feed.get("feed_url"), url) or None,
    ), whole


def _entry(item: Mapping[str, Any], feed: Mapping[str, Any], url: str) -> Entry:
    """Return one item, its identity still open."""
    body = plain_text(_text(item.get("content_html"))) or _text(item.get("content_text"))
    return Entry(
        key="",
        guid=_text(item.get("id")),
        link=_web(item.get("url"), url) or _web(item.get("external_url"), url),
        title=folded(_text(item.get("title"))),
        summary=_text(item.get("summary")),
        content=body,
        published=_moment(item.get("date_published")),
        updated=_moment(item.get("date_modified")),
        authors=tuple(dict.fromkeys(_authors(item))) or tuple(dict.fromkeys(_authors(feed))),
        categories=tuple(dict.fromkeys(filter(None, map(_text, _list(item.get("tags")))))),
        enclosures=tuple(filter(None, (_web(_field(a, "url"), url) for a in _list(item.get("attachments"))))),
    )


def _authors(data: Mapping[str, Any]) -> Iterator[str]:
    """Yield authors' names: a list in 1.1, one object in 1.0."""
    for author in [*_list(data.get("authors")), data.get("author")]:
        if name := folded(_text(_field(author, "name"))):
            yield name


def _hubs(feed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the addresses of WebSub hubs."""
    for hub in _list(feed.get("hubs")):
        if _text(_field(hub, "type")).lower() == "websub" and (address := _web(_field(hub, "url"), "")):
            yield address


def _field(data: object, name: str) -> object:
    return data.get(name) if isinstance(data, Mapping) else None


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _web(value: object, base: str) -> str:
    """Return an http(s) address, resolved against the feed's own; nothing for any other."""
    text = _text(value)
    if not text or re.search(r"\s", text):
        return ""
    try:
        full = urljoin(base, text)
    except ValueError:
        return ""
    return full if full.lower().startswith(("http://", "https://")) else ""


def _moment(value: object) -> datetime | None:
    """Return an RFC 3339 time in UTC; None for what is none. A time without zone is taken as UTC."""
    try:
        parsed = datetime.fromisoformat(_text(value))
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
