"""What a page says of itself beside its text: time, language, authors, address; knows no network."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

_META = re.compile(r"<meta\s([^<>]{1,2000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"([a-zA-Z:-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_LD = re.compile(r"<script[^<>]*application/ld\+json[^<>]*>(.*?)</script>", re.IGNORECASE | re.DOTALL)
_LANG = re.compile(r"<html[^<>]{0,1000}?\slang\s*=\s*[\"']?([A-Za-z]{2,3}(?:[-_][A-Za-z]{2,4})?)", re.IGNORECASE)
_TIME = re.compile(r"<time[^<>]{0,1000}?datetime\s*=\s*[\"']([^\"']{8,40})[\"']", re.IGNORECASE)
_CANONICAL = re.compile(r"<link\s(?=[^<>]*rel\s*=\s*[\"']?canonical\b)([^<>]{1,2000})>", re.IGNORECASE)
PUBLISHED = (
    "article:published_time",
    "datepublished",
    "og:article:published_time",
    "parsely-pub-date",
    "date",
    "dc.date",
)
HEAD = 400_000


def published_of(page: str, day: str | None) -> datetime | None:
    """Return when a page was published, in UTC: the page's own time of day, else ``day`` (YYYY-MM-DD) at midnight."""
    metas = _metas(page)
    for text in [
        *(metas.get(name, "") for name in PUBLISHED),
        *_linked(page, "datePublished"),
        *_TIME.findall(page[:HEAD])[:1],
    ]:
        if moment := _moment(text):
            return moment
    return _moment(day or "")


def language_claim(page: str) -> str:
    """Return the language a page says it is in, or nothing."""
    found = _LANG.search(page[:5000])
    return found[1] if found else ""


def canonical_of(page: str, url: str) -> str:
    """Return the address a page names as its own, resolved; ``url`` where it names none or only its site's front."""
    for match in _CANONICAL.finditer(page[:HEAD]):
        href = _attributes(match[1]).get("href", "").strip()
        try:
            full = urljoin(url, href)
            there, here = urlsplit(full), urlsplit(url)
        except ValueError:
            continue
        is_front = not there.path.strip("/") and not there.query and bool(here.path.strip("/") or here.query)
        if href and there.scheme in {"http", "https"} and there.hostname and not is_front:
            return full
    return url


def authors_of(joined: str | None) -> tuple[str, ...]:
    """Return the names of authors that trafilatura joined with semicolons, each once."""
    names = (" ".join(name.split()).strip(" ,") for name in re.split(r";|\s\|\s", joined or ""))
    return tuple(dict.fromkeys(name for name in names if name and "@" not in name and "://" not in name))


def _metas(page: str) -> dict[str, str]:
    """Return a page's meta elements by lower-case name."""
    found: dict[str, str] = {}
    for match in _META.finditer(page[:HEAD]):
        attributes = _attributes(match[1])
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop") or ""
        found.setdefault(name.lower(), attributes.get("content", ""))
    return found


def _attributes(text: str) -> dict[str, str]:
    return {m[1].lower(): unescape(m[2] or m[3] or "") for m in _ATTRIBUTE.finditer(text)}


def _linked(page: str, name: str) -> Iterator[str]:
    """Yield the values of a property in a page's JSON-LD, wherever it stands."""
    for match in _LD.finditer(page[:HEAD]):
        try:
            data = json.loads(match[1], parse_int=str)
        except (ValueError, RecursionError):
            continue
        queue: list[Any] = [data]
        while queue and len(queue) < 1000:  # noqa: PLR2004 - no page's own description is larger
            node = queue.pop(0)
            if isinstance(node, dict):
                if isinstance(node.get(name), str):
                    yield node[name]
                queue.extend(node.values())
            elif isinstance(node, list):
                queue.extend(node)


def _moment(text: str) -> datetime | None:
    """Return an ISO time in UTC, or None."""
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
