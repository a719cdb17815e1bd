"""An outlet's feed in the four formats that news comes in; knows nothing of HTTP.

RSS 2.0: https://www.rssboard.org/rss-specification · Atom: RFC 4287 ·
RSS 1.0 (RDF): https://web.resource.org/rss/1.0/spec · JSON Feed 1.1: https://www.jsonfeed.org/version/1.1/
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.etree import ElementTree as ET

from digestbot.web.newsroom.folder import FeedFormat, Outlet, Piece
from digestbot.web.newsroom.pages import body_html

ATOM = "http://www.w3.org/2005/Atom"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS1 = "http://purl.org/rss/1.0/"


def render_feed(outlet: Outlet, pieces: Sequence[Piece], base: str, now: datetime) -> bytes:
    """Return an outlet's feed in its own format, UTF-8; links stand under ``base``."""
    return _RENDERERS[outlet.format](outlet, pieces, base, now)


def _rss(outlet: Outlet, pieces: Sequence[Piece], base: str, now: datetime) -> bytes:
    root = ET.Element("rss", {"version": "2.0", "xmlns:atom": ATOM, "xmlns:content": CONTENT, "xmlns:dc": DC})
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", outlet.title)
    _add(channel, "link", f"{base}/{outlet.slug}/")
    _add(channel, "description", outlet.description)
    _add(channel, "language", outlet.language)
    _add(channel, "lastBuildDate", format_datetime(_newest(pieces, now), usegmt=True))
    _add(channel, "atom:link", "", href=base + outlet.feed_path, rel="self", type=outlet.content_type)
    for piece in pieces:
        item = ET.SubElement(channel, "item")
        _add(item, "title", piece.title)
        _add(item, "link", base + piece.path)
        _add(item, "guid", _identity(piece), isPermaLink="false")
        _add(item, "dc:creator", piece.author)
        _add(item, "pubDate", format_datetime(piece.published, usegmt=True))
        for category in piece.categories:
            _add(item, "category", category)
        _add(item, "description", piece.summary)
        if piece.full_text_in_feed:
            _add(item, "content:encoded", body_html(piece))
    return _document(root)


def _atom(outlet: Outlet, pieces: Sequence[Piece], base: str, now: datetime) -> bytes:
    root = ET.Element("feed", {"xmlns": ATOM, "xml:lang": outlet.language})
    _add(root, "id", f"urn:newsroom:{outlet.slug}")
    _add(root, "title", outlet.title)
    _add(root, "subtitle", outlet.description)
    _add(root, "updated", _newest(pieces, now).isoformat())
    _add(root, "link", "", href=base + outlet.feed_path, rel="self", type=outlet.content_type)
    _add(root, "link", "", href=f"{base}/{outlet.slug}/", rel="alternate", type="text/html")
    for piece in pieces:
        entry = ET.SubElement(root, "entry")
        _add(entry, "id", _identity(piece))
        _add(entry, "title", piece.title, type="text")
        _add(entry, "link", "", href=base + piece.path, rel="alternate", type="text/html")
        _add(entry, "published", piece.published.isoformat())
        _add(entry, "updated", piece.published.isoformat())
        _add(ET.SubElement(entry, "author"), "name", piece.author)
        for category in piece.categories:
            _add(entry, "category", "", term=category)
        _add(entry, "summary", piece.summary, type="text")
        if piece.full_text_in_feed:
            _add(entry, "content", body_html(piece), type="html")
    return _document(root)


def _rdf(outlet: Outlet, pieces: Sequence[Piece], base: str, now: datetime) -> bytes:
    root = ET.Element("rdf:RDF", {"xmlns:rdf": RDF, "xmlns": RSS1, "xmlns:dc": DC, "xmlns:content": CONTENT})
    channel = ET.SubElement(root, "channel", {"rdf:about": base + outlet.feed_path})
    _add(channel, "title", outlet.title)
    _add(channel, "link", f"{base}/{outlet.slug}/")
    _add(channel, "description", outlet.description)
    _add(channel, "dc:language", outlet.language)
    _add(channel, "dc:date", _newest(pieces, now).isoformat())
    sequence = ET.SubElement(ET.SubElement(channel, "items"), "rdf:Seq")
    for piece in pieces:
        ET.SubElement(sequence, "rdf:li", {"rdf:resource": base + piece.path})
        item = ET.SubElement(root, "item", {"rdf:about": base + piece.path})
        _add(item, "title", piece.title)
        _add(item, "link", base + piece.path)
        _add(item, "dc:creator", piece.author)
        _add(item, "dc:date", piece.published.isoformat())
        for category in piece.categories:
            _add(item, "dc:subject", category)
        _add(item, "description", piece.summary)
        if piece.full_text_in_feed:
            _add(item, "content:encoded", body_html(piece))
    return _document(root)


def _json(outlet: Outlet, pieces: Sequence[Piece], base: str, now: datetime) -> bytes:  # noqa: ARG001 - JSON Feed has no date
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": outlet.title,
        "home_page_url": f"{base}/{outlet.slug}/",
        "feed_url": base + outlet.feed_path,
        "description": outlet.description,
        "language": outlet.language,
        "authors": [{"name": outlet.name}],
        "items": [_json_item(piece, base) for piece in pieces],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _json_item(piece: Piece, base: str) -> dict[str, object]:
    content = {"content_html": body_html(piece)} if piece.full_text_in_feed else {"content_text": piece.summary}
    return {
        "id": _identity(piece),
        "url": base + piece.path,
        "title": piece.title,
        "summary": piece.summary,
        "date_published": piece.published.isoformat(),
        "authors": [{"name": piece.author}],
        "tags": list(piece.categories),
        "language": piece.outlet.language,
        **content,
    }


def _identity(piece: Piece) -> str:
    """Return an id that does not change with the port the server got."""
    return f"urn:newsroom:{piece.outlet.slug}:{piece.slug}"


def _newest(pieces: Sequence[Piece], now: datetime) -> datetime:
    return max((piece.published for piece in pieces), default=now)


def _add(parent: ET.Element, tag: str, text: str, **attributes: str) -> None:
    element = ET.SubElement(parent, tag, attributes)
    element.text = text or None


def _document(root: ET.Element) -> bytes:
    """Serialise with prefixes as written: ElementTree would rename the namespaces that feed readers look for."""
    ET.indent(root, space=" ")
    text: str = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()


_RENDERERS: Mapping[FeedFormat, Callable[[Outlet, Sequence[Piece], str, datetime], bytes]] = {
    "rss": _rss,
    "atom": _atom,
    "rdf": _rdf,
    "json": _json,
}
