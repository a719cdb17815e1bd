"""Bytes → ParsedFeed: tells the formats apart, cuts what is known, hands the rest to the right parser; no network."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from digestbot.domain.errors import NotAFeed, TooLarge
from digestbot.domain.news import ParsedFeed
from digestbot.sources.feeds import jsonfeed
from digestbot.sources.feeds.baseline import FieldWalk, read_baseline
from digestbot.sources.feeds.encoding import as_utf8_xml, charset_of, decoded, mended
from digestbot.sources.feeds.outline import Span, Walk, shortened, without
from digestbot.sources.feeds.syndication import UNKNOWN, parse_syndication

MAX_BYTES = 10 * 1024 * 1024
MAX_ITEMS = 500
NONE: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of reading a feed's bytes.

    ``items`` are the hashes of all items of the body, in order; ``full_parse`` says that it cannot be read in
    parts; ``skipped`` counts the known items that were not parsed.
    """

    parsed: ParsedFeed
    items: tuple[str, ...] = ()
    full_parse: bool = False
    skipped: int = 0


def parse_feed(data: bytes, url: str, content_type: str | None = None) -> ParsedFeed:
    """Return what the bytes of a feed say: RSS 0.9x–2.0, RDF, Atom 0.3/1.0 or JSON Feed 1.0/1.1.

    Args:
        data: The body, unpacked, in any encoding.
        url: Where it is from: relative links are resolved against it, errors name it.
        content_type: The Content-Type header, if there was one.

    Raises:
        NotAFeed: It is none of these.
        TooLarge: It is larger than 10 MB, or built to take a parser too long.

    """
    return read_feed(data, url, content_type).parsed


def read_feed(
    data: bytes,
    url: str,
    content_type: str | None = None,
    known: AbstractSet[str] = NONE,
    *,
    full_parse: bool = False,
    max_items: int = MAX_ITEMS,
    baseline: bool = False,
) -> Reading:
    """Return what is new in a feed's bytes.

    Args:
        data: The body, unpacked.
        url: Where it is from.
        content_type: The Content-Type header.
        known: Hashes (``Reading.items``) of items that need not be parsed again.
        full_parse: Parse every item; the known ones are left out afterwards.
        max_items: Items beyond the first so many are not looked at.
        baseline: Only who the entries are is wanted: their texts may be left out.

    Raises:
        NotAFeed: It is no feed.
        TooLarge: It is larger than 10 MB, or built to take a parser too long.

    """
    if len(data) > MAX_BYTES:
        raise TooLarge(url)
    if not data.strip():
        raise NotAFeed(url, "is empty")
    charset = charset_of(content_type)
    head = data[:512].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"{", b"\xff\xfe{", b"\xfe\xff\0{")):
        return _read_json(decoded(data, charset), url, known, max_items)
    xml = as_utf8_xml(data, charset)
    if not xml.startswith(b"<"):
        raise NotAFeed(url, _what_it_is(xml))
    return _read_xml(xml, url, known, full_parse=full_parse, max_items=max_items, baseline=baseline)


def _read_json(text: str, url: str, known: AbstractSet[str], max_items: int) -> Reading:
    """Read a JSON Feed; loading it is quick, so all of it is read, and what is known left out."""
    feed, items = jsonfeed.load_items(text, url, max_items)
    hashes = tuple(jsonfeed.item_hash(item) for item in items)
    parsed, whole = jsonfeed.read_jsonfeed(feed, items, url, lambda item: item not in known)
    return Reading(parsed, hashes, full_parse=not whole, skipped=len(items) - len(parsed.entries))


def _read_xml(
    xml: bytes, url: str, known: AbstractSet[str], *, full_parse: bool, max_items: int, baseline: bool
) -> Reading:
    """Read RSS or Atom, feedparser seeing only the header and what is new."""
    kind = FieldWalk if baseline else Walk
    walk = kind(xml, url)
    found = walk.run()
    if not found.well_formed:
        xml = mended(xml)
        walk = kind(xml, url)
        found = walk.run()
    xml, spans = shortened(xml, found, max_items)
    hashes = tuple(span.hash for span in spans)
    if isinstance(walk, FieldWalk) and len(found.spans) == len(spans):
        first = read_baseline(xml, url, found, walk.fields)
        if first is not None:
            return Reading(first[0], hashes, full_parse=not first[1])
    cut = [] if full_parse else [span for span in spans if span.hash in known]
    parsed, whole = parse_syndication(without(xml, cut, known) if cut else xml, url, (found.ttl, found.skips))
    if parsed.format == UNKNOWN and not parsed.entries and not cut:
        raise NotAFeed(url, _what_it_is(xml))
    # Spans that do not match feedparser's entries one to one cannot stand for them.
    matched = len(parsed.entries) == len(spans) - len(cut)
    full_parse = full_parse or not (whole and matched and (known or _cut_holds(xml, url, spans, parsed)))
    return Reading(parsed, hashes, full_parse=full_parse, skipped=len(cut))


def _cut_holds(xml: bytes, url: str, spans: list[Span], parsed: ParsedFeed) -> bool:
    """Tell, at the first sight of a feed, whether one item parsed alone is the same as parsed among the others."""
    if len(spans) < 2:  # noqa: PLR2004 - an item is alone already
        return True
    middle = len(spans) // 2
    rest = {span.hash for span in spans} - {spans[middle].hash}
    alone, _ = parse_syndication(without(xml, spans, rest), url)
    return alone.entries == (parsed.entries[middle],)


def _what_it_is(text: bytes) -> str:
    """Say what stands there instead of a feed."""
    start = text[:1024].lower()
    if b"<html" in start or b"<!doctype html" in start:
        return "is a web page, not a feed"
    return "is not a feed"
