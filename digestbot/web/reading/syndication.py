"""Every subscription's digests as RSS 2.0 and as JSON Feed 1.1: one item an edition, the digest whole in it.

An item's identity is its edition's, so a reader never sees it twice. Links lead to the edition's page here.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from hashlib import sha256
from xml.etree import ElementTree as ET

from aiohttp import hdrs, web

from digestbot.domain.digest import Digest, Edition
from digestbot.domain.subscription import Subscription
from digestbot.web.access import Guard
from digestbot.web.desk import DESK
from digestbot.web.reading.document import as_html, as_text

ITEMS = 20
"""Editions a feed holds."""
FRESH = "private, max-age=300"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
ATOM = "http://www.w3.org/2005/Atom"
# XML 1.0 has no way to write these (its section 2.2).
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ET.register_namespace("content", CONTENT)
ET.register_namespace("atom", ATOM)


@dataclass(frozen=True, slots=True)
class Item:
    """An edition as a feed tells it."""

    key: str
    link: str
    title: str
    html: str
    text: str
    at: datetime


def feed_paths(subscription_id: int, guard: Guard) -> tuple[str, str]:
    """Return the addresses of a subscription's RSS and JSON feeds, each with the key that opens it alone."""
    paths = (f"/feed/{subscription_id}.rss", f"/feed/{subscription_id}.json")
    keyed = [f"{path}?key={key}" if (key := guard.key(path)) else path for path in paths]
    return keyed[0], keyed[1]


async def rss(request: web.Request) -> web.Response:
    """Answer with a subscription's digests as RSS."""
    subscription, base, items = await _items(request)
    return _answer(request, _rss(subscription, base, request.path, items), "application/rss+xml", items)


async def json_feed(request: web.Request) -> web.Response:
    """Answer with a subscription's digests as a JSON Feed."""
    subscription, base, items = await _items(request)
    return _answer(request, _json(subscription, base, request.path, items), "application/feed+json", items)


async def _items(request: web.Request) -> tuple[Subscription, str, list[Item]]:
    """Return the subscription, where readers find our pages, and its items, newest first.

    Raises:
        NotFound: There is no such subscription.

    """
    desk = request.app[DESK]
    subscription = await desk.store.subscription(int(request.match_info["subscription"]))
    base = desk.public_url or str(request.url.origin())
    digests = await desk.store.archive(subscription_id=subscription.id, limit=ITEMS)
    return subscription, base, [_item(digest, base) for digest in digests]


def _item(digest: Digest, base: str) -> Item:
    link = f"{base}{edition_path(digest.edition)}"
    html, text = as_html(digest, base), as_text(digest)
    return Item(digest.edition.key, link, digest.title, html, text, digest.edition.at)


def edition_path(edition: Edition) -> str:
    """Return the address of an edition's page."""
    return f"/edition/{edition.subscription_id}/{stamp(edition.at)}"


def stamp(at: datetime) -> str:
    """Return an instant as it stands in addresses, in UTC: ``20261124T080000Z``, with the fraction if it has one."""
    utc = at.astimezone(UTC)
    return f"{utc:%Y%m%dT%H%M%S}" + (f".{utc:%f}" if utc.microsecond else "") + "Z"


def _rss(subscription: Subscription, base: str, path: str, items: Sequence[Item]) -> bytes:
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", subscription.name)
    _add(channel, "link", f"{base}/?subscription={subscription.id}")
    _add(channel, "description", f"The digests of “{subscription.name}”, made by digestbot.")
    _add(channel, "generator", "digestbot")
    ET.SubElement(channel, f"{{{ATOM}}}link", href=f"{base}{path}", rel="self", type="application/rss+xml")
    if items:
        _add(channel, "lastBuildDate", format_datetime(items[0].at.astimezone(UTC), usegmt=True))
    for item in items:
        node = ET.SubElement(channel, "item")
        _add(node, "title", item.title)
        _add(node, "link", item.link)
        _add(node, "guid", item.key).set("isPermaLink", "false")
        _add(node, "pubDate", format_datetime(item.at.astimezone(UTC), usegmt=True))
        _add(node, "description", item.text)
        _add(node, f"{{{CONTENT}}}encoded", item.html)
    return b'<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode").encode()


def _add(parent: ET.Element, name: str, text: str) -> ET.Element:
    node = ET.SubElement(parent, name)
    node.text = _NO_XML.sub("", text)
    return node


def _json(subscription: Subscription, base: str, path: str, items: Sequence[Item]) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": subscription.name,
        "home_page_url": f"{base}/?subscription={subscription.id}",
        "feed_url": f"{base}{path}",
        "language": subscription.language or "en",
        "items": [
            {
                "id": item.key,
                "url": item.link,
                "title": item.title,
                "content_html": item.html,
                "content_text": item.text,
                "date_published": item.at.astimezone(UTC).isoformat(),
            }
            for item in items
        ],
    }
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")


def _answer(request: web.Request, body: bytes, kind: str, items: Sequence[Item]) -> web.Response:
    """Answer with the feed and its validators, or with 304 when the reader already has it."""
    etag = sha256(body).hexdigest()[:24]
    known = any(tag.value in {etag, "*"} for tag in request.if_none_match or ())
    response = web.Response(status=304) if known else web.Response(body=body, content_type=kind, charset="utf-8")
    response.etag = etag
    if items:
        response.last_modified = items[0].at
    response.headers[hdrs.CACHE_CONTROL] = FRESH
    return response
