"""Addresses as people may see them: without what only their owner should know; knows no network."""

import re

_SECRET_PART = re.compile(r"key|token|secret|pass|pwd|auth|sig(?:nature)?$|session|credential", re.IGNORECASE)


def shown(url: str) -> str:
    """Return an address as people may see it: no user name, no password, no query's secret (``?key=…``)."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    address, question, query = rest.partition("?")
    authority, slash, path = address.partition("/")
    query = "&".join(f"{pair.partition('=')[0]}=…" if _is_secret(pair) else pair for pair in query.split("&"))
    return f"{scheme}{mark}{authority.rpartition('@')[2]}{slash}{path}{question}{query}"


def _is_secret(pair: str) -> bool:
    name, _, value = pair.partition("=")
    return bool(value) and bool(_SECRET_PART.search(name))
