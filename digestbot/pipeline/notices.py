"""What polls mean to people: a feed that fails for a day, works again or is gone; and which items were edited."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from digestbot.domain.addresses import shown
from digestbot.domain.news import Article, Entry, Feed, Polling

NOTHING: Mapping[int, "Sign"] = MappingProxyType({})
MOST_EDITS = 20
"""Edited items of one feed that are read again at once; a feed that rewrites all its items is no flood of requests."""


def notice_of(feed: Feed, after: Polling, *, gone: bool = False) -> str:
    """Return what people are to be told after a poll, or nothing: once a day of failing is full, once on recovery.

    Whether it was told before stands in the feed's row (``Polling.alerted``), so that a restart repeats nothing.
    """
    before = feed.polling
    if not gone and after.alerted == before.alerted:
        return ""
    name, address = feed.name, shown(feed.url)
    named = name if name == address else f"{name} ({address})"
    if gone:
        advice = "Subscribe to its new address, or remove it."
        return f"The feed {named} is gone for good (410) and is no longer asked. {advice}"
    if after.alerted:
        return (
            f"The feed {named} has not worked since {_stamp(after.failing_since)}: {after.last_error}. "
            f"It is asked again at {_stamp(after.next_check_at)}, and from then on at least once a day."
        )
    return f"The feed {named} works again; it had not since {_stamp(before.failing_since)}."


def _stamp(moment: datetime | None) -> str:
    return f"{moment:%d %B %Y, %H:%M} UTC" if moment else "some time ago"


Sign = tuple[str, datetime | None]
"""By what an edit is told from the one before it: the item's title, and when it says that it was changed."""


def sign_of(entry: Entry) -> Sign:
    """Return the sign of an entry as it is now."""
    return entry.title, entry.updated


def maybe_edited(
    entries: Iterable[Entry],
    stored: Mapping[str, Article],
    since: datetime,
    *,
    partial: bool,
    read: Mapping[int, Sign] = NOTHING,
) -> Sequence[tuple[Entry, Article]]:
    """Return the entries that may have been edited after their article was stored, with it; at most twenty.

    Args:
        entries: Entries known before.
        stored: The feed's articles by key.
        since: Articles fetched before are let be: readers have moved on.
        partial: Whether the feed leaves out what did not change. Else only another title or a newer date is a sign.
        read: By article the edit for which it was read again already; such a one is let be.

    """
    found = []
    for entry in entries:
        article = next((stored[key] for key in entry.keys if key in stored), None)
        if article is None or article.fetched_at is None or article.fetched_at < since:
            continue
        renamed = bool(entry.title) and entry.title != article.title
        signed = renamed or (entry.updated is not None and entry.updated > article.fetched_at)
        if partial or (signed and read.get(article.id) != sign_of(entry)):
            found.append((entry, article))
    return found[:MOST_EDITS]
