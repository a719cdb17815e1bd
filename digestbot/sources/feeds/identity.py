"""Who an entry is, through edits, new dates, changed GUIDs and moves to https; knows no feed format."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from hashlib import sha256
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from digestbot.domain.news import Entry

TRACKING = re.compile(
    r"^(utm_\w+|at_(medium|campaign|custom\d|link\w*|format|bbc_team|ptr_name)|fbclid|gclid|dclid|msclkid|yclid|igshid|"
    r"mc_[ce]id|_hs(enc|mi)|mkt_tok|cmpid|cmp|ocid|ns_\w+|ito|ref_(src|url)|smid|smtyp|icid|xtor|wt_mc|spm|"
    r"__twitter_impression|ncid|guccounter|traffic_source|feedtype|maca)$",
    re.IGNORECASE,
)
"""Query parameters that say how a reader came, not what is read (ClearURLs' and AdGuard's lists, the common ones)."""
LONGEST_KEY = 160
SUMMARY_ENOUGH = 40
"""A summary this long tells two entries of the same title apart."""


@lru_cache(maxsize=4096)
def canonical_url(url: str) -> str:
    """Return an address without what does not change the page.

    The scheme becomes https, the host lower-case without ``www.``, default ports, fragments, tracking parameters
    and a trailing slash go, the remaining parameters are sorted.
    """
    try:
        parts = urlsplit(url.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return url.strip()
    if parts.scheme not in {"http", "https"} or not host:
        return url.strip()
    netloc = host.removeprefix("www.") + (f":{port}" if port not in {None, 80, 443} else "")
    query = sorted((k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not TRACKING.match(k))
    # A fragment like "#!/story/5" or "#/story/5" is the page's address in some applications.
    fragment = parts.fragment if parts.fragment.startswith(("!", "/")) else ""
    return urlunsplit(("https", netloc, parts.path.rstrip("/"), urlencode(query), fragment))


def identified(entries: Sequence[Entry]) -> tuple[tuple[Entry, ...], bool]:
    """Give each entry its key and aliases.

    Returns the entries, and whether every identity could be told from the entry alone: where a GUID (or, without
    GUIDs, a link) stands on different items, it takes the whole feed to see that, and it cannot be read in parts.
    """
    guids = Counter(entry.guid for entry in entries if entry.guid)
    shared = {guid for guid, count in guids.items() if count > 1 and _differ(entries, guid)}
    links = Counter(canonical_url(entry.link) for entry in entries if entry.link and not entry.guid)
    done = tuple(_with_keys(entry, entry.guid in shared, links) for entry in entries)
    return done, not shared and all(count == 1 for count in links.values())


def title_key(title: str, published: datetime | None) -> str:
    """Return the identity of an entry that has neither GUID nor link: its title and date."""
    return "t:" + _digest(f"{title.casefold()}\0{published.isoformat() if published else ''}")


def guid_key(guid: str) -> str:
    """Return the identity a GUID gives; one that is an address is compared as an address."""
    return _key("g:", canonical_url(guid))


def link_key(link: str) -> str:
    """Return the identity a link gives."""
    return _key("u:", canonical_url(link))


def _with_keys(entry: Entry, shared_guid: bool, links: Counter[str]) -> Entry:
    """Put an entry's identities in order of strength."""
    keys: list[str] = []
    url = canonical_url(entry.link) if entry.link else ""
    if entry.guid and shared_guid:
        keys.append("d:" + _digest(f"{canonical_url(entry.guid)}\0{url}\0{entry.title}"))
    elif entry.guid:
        keys.append(guid_key(entry.guid))
    elif url and links[url] == 1:
        keys.append(link_key(entry.link))
    if url and entry.title:
        # Link and title together: a link alone would make one item of all those that point to the same page.
        keys.append("a:" + _digest(f"{url}\0{entry.title.casefold()}"))
    if not keys:
        keys.append(title_key(entry.title, entry.published))
    if not entry.guid and not url and len(entry.summary) >= SUMMARY_ENOUGH:
        keys.append("s:" + _digest(f"{entry.title.casefold()}\0{entry.summary[:200]}"))
    return replace(entry, key=keys[0], aliases=tuple(keys[1:]))


def _differ(entries: Sequence[Entry], guid: str) -> bool:
    """Tell whether the entries that share a GUID are different items rather than one item twice."""
    told = {(canonical_url(entry.link), entry.title) for entry in entries if entry.guid == guid}
    return len(told) > 1


def _key(kind: str, text: str) -> str:
    """Return a key of bounded length."""
    return kind + (text if len(text) <= LONGEST_KEY else _digest(text))


def _digest(text: str) -> str:
    """Return half a SHA-256 in hex: 128 bits tell every entry of a feed apart."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]
