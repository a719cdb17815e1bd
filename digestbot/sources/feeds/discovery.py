"""A web page → the feeds it names; knows no network."""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import urljoin, urlsplit

TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/x.atom+xml",
        "application/x-rss+xml",
        "text/rss",
    }
)
"""Media types under which pages name their feeds (``application/json`` serves too much else to be one)."""
GUESSES = ("feed", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed.json")
"""Where feeds usually lie, for pages that name none."""
MOST = 20
_TAG = re.compile(r"<(link|a|base)\s([^<>]*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_LOOKS_LIKE_FEED = re.compile(r"(^|[/._-])(rss|atom|feed|feeds|rdf)([/._-]|$)|\.(xml|rdf|rss|atom)$", re.IGNORECASE)


def feeds_named_in(page: str, url: str) -> list[str]:
    """Return the addresses of the feeds a page names in its head, then of links that look like feeds, each once."""
    base, declared, linked = url, [], []
    for match in _TAG.finditer(page[: 2 * 1024 * 1024]):
        attributes = {m[1].lower(): unescape(m[2] or m[3] or m[4] or "") for m in _ATTRIBUTE.finditer(match[2])}
        address = _web(base, attributes.get("href", ""))
        if not address:
            continue
        tag = match[1].lower()
        if tag == "base":
            base = address
        elif tag == "link" and _names_feed(attributes):
            declared.append(address)
        elif tag == "a" and _LOOKS_LIKE_FEED.search(urlsplit(address).path):
            linked.append(address)
    return list(dict.fromkeys([*declared, *linked]))[:MOST]


def guesses(url: str) -> Iterator[str]:
    """Yield the addresses where a site's feed usually lies."""
    for name in GUESSES:
        yield urljoin(url, "/" + name)


def _names_feed(attributes: dict[str, str]) -> bool:
    """Tell whether a link element names a feed."""
    kind = attributes.get("type", "").partition(";")[0].strip().lower()
    relations = attributes.get("rel", "").lower().split()
    return ("alternate" in relations or "feed" in relations) and (kind in TYPES or "feed" in relations)


def _web(base: str, address: str) -> str:
    """Return an address resolved against the page's own; nothing unless it is http(s)."""
    try:
        full = urljoin(base, address.strip()) if address.strip() else ""
    except ValueError:
        return ""
    return full if full.startswith(("http://", "https://")) else ""
