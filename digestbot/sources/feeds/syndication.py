"""RSS and Atom bytes → the feed's facts and entries, by feedparser; the only module that imports it.

feedparser is the parser of record. Its sanitising and its resolving of links within markup are off: every text
becomes plain here, so there is nothing to sanitise, and they take half of its time.
"""

import re
from calendar import timegm
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urljoin

import feedparser
import feedparser.mixin

from digestbot.domain.errors import NotAFeed
from digestbot.domain.news import Entry, ParsedFeed
from digestbot.sources.feeds.identity import identified
from digestbot.sources.feeds.plain import LONGEST_LINE, folded, plain_line, plain_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNKNOWN = "unknown"
HOUR = 3600.0
DAY = 24 * HOUR
PERIODS = {"hourly": HOUR, "daily": DAY, "weekly": 7 * DAY, "monthly": 30 * DAY, "yearly": 365 * DAY}
"""RSS 1.0 syndication module: the period that ``updateFrequency`` divides."""
MARKUP = frozenset({"text/html", "application/xhtml+xml", "html", "xhtml"})
PARSER_FAULTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What a parser of malformed input may trip over; each becomes NotAFeed."""


def _shorten_names(parser: type[Any]) -> None:
    """Let feedparser look for a mail address in the beginning of an author's or publisher's name alone.

    Its pattern takes time with the square of the name's length: 3 seconds for 30 KB, 73 for 100.
    """
    search = parser._sync_author_detail  # noqa: SLF001 - the library has no setting for it

    def search_in_beginning(self: Any, key: str = "author") -> None:
        context = self._get_context()
        if len(context.get(key) or "") > LONGEST_LINE:
            context[key] = context[key][: LONGEST_LINE + 1]
        search(self, key)

    parser._sync_author_detail = search_in_beginning  # noqa: SLF001


_shorten_names(feedparser.mixin._FeedParserMixin)  # noqa: SLF001


def parse_syndication(xml: bytes, url: str, outline: tuple[float | None, int] = (None, 0)) -> tuple[ParsedFeed, bool]:
    """Parse RSS or Atom in UTF-8.

    Returns the feed, and whether it may be read in parts (see ``identity.identified``). ``outline`` gives the
    ``ttl`` in seconds and the skip bits read by the quick pass; feedparser drops them.

    Raises:
        NotAFeed: It is too broken to be read.

    """
    # No content-location: feedparser would resolve GUIDs against it like links, and they are to be kept verbatim.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        raw = feedparser.parse(BytesIO(xml), response_headers=headers, sanitize_html=False, resolve_relative_uris=False)
        feed: Mapping[str, Any] = raw.feed
        entries, whole = identified([_entry(item, url) for item in raw.entries])
    except PARSER_FAULTS as error:
        raise NotAFeed(url, "is too broken to be read as a feed") from error
    ttl, skips = outline
    parsed = ParsedFeed(
        title=_line(feed, "title"),
        link=_web(feed.get("link"), url) or _alternate(feed.get("links", ()), url),
        language=_text(feed.get("language"))[:35],
        entries=entries,
        format=raw.version or UNKNOWN,
        ttl=max(ttl or 0.0, _period(feed)) or None,
        hub=_related(feed, "hub", url),
        skips=skips,
        topic=_related(feed, "self", url),
    )
    return parsed, whole


def _related(feed: Mapping[str, Any], relation: str, url: str) -> str | None:
    """Return where a feed's first link of a relation leads."""
    return (
        next((_web(link.get("href"), url) for link in feed.get("links", ()) if link.get("rel") == relation), "") or None
    )


def _entry(item: Mapping[str, Any], base: str) -> Entry:
    """Return one item, its identity still open."""
    body = max((_markup(part) for part in item.get("content", ())), key=len, default="")
    summary = _markup(item.get("summary_detail") or {"value": item.get("summary", "")})
    link = _web(item.get("link"), base) or _alternate(item.get("links", ()), base)
    return Entry(
        key="",
        guid=_text(item.get("id")),
        link=link,
        title=_line(item, "title"),
        summary="" if summary == body else summary,
        content=body,
        published=_moment(item.get("published_parsed")) or _moment(item.get("created_parsed")),
        updated=_moment(item.get("updated_parsed")),
        authors=tuple(_authors(item)),
        categories=tuple(_each_once(_text(tag.get("label") or tag.get("term")) for tag in item.get("tags") or ())),
        enclosures=tuple(_each_once(_media(item, base))),
    )


def _line(data: Mapping[str, Any], name: str) -> str:
    """Return a one-line text of a feed or item: plain, whatever markup it was written in."""
    detail = data.get(f"{name}_detail")
    if isinstance(detail, Mapping) and detail.get("type") in MARKUP:
        return plain_line(_text(detail.get("value")))
    return folded(_text(data.get(name)))


def _markup(detail: Mapping[str, Any]) -> str:
    """Return a longer text as plain paragraphs."""
    value = _text(detail.get("value"))
    # RSS leaves open whether a description is markup; what has tags or references is.
    is_plain = detail.get("type") == "text/plain" and not re.search(r"</?[a-zA-Z]|&#?\w+;", value)
    return value.strip() if is_plain and "\n" not in value else plain_text(value)


def _authors(item: Mapping[str, Any]) -> Iterator[str]:
    """Yield the names of an item's authors, each once."""
    found = [_author(author) for author in item.get("authors", ()) if isinstance(author, Mapping)]
    if not any(found):
        found = [plain_line(_text(item.get("author")))]
    yield from _each_once(found)


def _author(author: Mapping[str, Any]) -> str:
    """Return an author's name: a mail address alone names nobody."""
    name = plain_line(_text(author.get("name")))
    return "" if "@" in name and " " not in name else name


def _media(item: Mapping[str, Any], base: str) -> Iterator[str]:
    """Yield the addresses of the files that come with an item."""
    for link in item.get("links", ()):
        if link.get("rel") == "enclosure":
            yield _web(link.get("href"), base)
    for medium in item.get("media_content", ()):
        yield _web(medium.get("url"), base)


def _alternate(links: Iterable[Mapping[str, Any]], base: str) -> str:
    """Return the first link to a page."""
    return next((_web(link.get("href"), base) for link in links if link.get("rel") in {None, "alternate"}), "")


def _web(address: object, base: str) -> str:
    """Return an http(s) address, made absolute, or nothing: other schemes lead nowhere or do harm."""
    try:
        text = urljoin(base, found) if (found := _text(address)) else ""
    except ValueError:
        return ""
    return text if text.lower().startswith(("http://", "https://")) and not re.search(r"\s", text) else ""


def _text(value: object) -> str:
    """Return what feedparser gave as text: it gives dictionaries and lists for what it does not know."""
    return value.strip() if isinstance(value, str) else ""


def _each_once(texts: Iterable[str]) -> Iterator[str]:
    """Yield the texts that say something, each once."""
    yield from dict.fromkeys(text for text in texts if text)


def _moment(parsed: Any) -> datetime | None:
    """Return feedparser's time (already UTC) as a datetime; None for dates no calendar has."""
    if parsed is None:
        return None
    try:
        # timegm rather than datetime(*fields): a leap second (60) is carried over.
        moment: datetime = EPOCH + timedelta(seconds=timegm(parsed))
    except PARSER_FAULTS:
        return None
    return moment


def _period(feed: Mapping[str, Any]) -> float:
    """Return how long the syndication module asks to wait between polls, in seconds; 0 when it asks nothing."""
    period = PERIODS.get(_text(feed.get("sy_updateperiod")).lower(), 0.0)
    try:
        frequency = max(1.0, float(feed.get("sy_updatefrequency") or 1))
    except (TypeError, ValueError):
        frequency = 1.0
    return period / frequency
