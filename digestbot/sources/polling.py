"""When a feed is asked next, and what is remembered of asking it: pure rules over ``Polling``; knows no network.

The next check is the latest of what the feed's own rhythm suggests and what its server and its text ask for, never
sooner than five minutes, never later than 24 hours (a server that says Retry-After is given up to a week). Jitter
only ever adds, so nothing is asked before its time.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from itertools import pairwise
from statistics import median

from digestbot.domain.errors import DigestbotError
from digestbot.domain.news import Entry, Feed, ParsedFeed, Polling

SHORTEST = 300.0
LONGEST = 86_400.0
PUSHED = 6 * 3600.0
"""Seconds between checks of a feed whose hub tells of its changes, at least."""
FIRST = 1_800.0
"""Seconds between checks of a feed of which nothing is known yet."""
LONGEST_RETRY = 7 * LONGEST
"""A Retry-After beyond a week is taken for a mistake."""
JITTER = 0.05
"""Up to this share of the interval is added, so that feeds added together drift apart; as much again is left for
waiting in line, so that a feed is asked within a tenth of its interval after its time."""
TURN = 2.5
"""A feed's share of its host, in gaps between two requests: the answer takes time too, and lines need slack."""
QUIETER = 1.25
"""A feed that had nothing new is asked that much later."""
LIVELIER = 0.7
"""A feed that had something new is asked that much sooner."""
RHYTHM_OF = 12
"""How many of a feed's latest entries tell its rhythm."""
CONFIRMATIONS = 3
ALERT_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Polled:
    """What one successful poll gave, as far as its timing goes.

    ``url`` is the address that answered, ``moved_to`` where permanent redirects lead. ``parsed`` is None when
    nothing changed; ``items`` then keep their old hashes. ``partial`` says that known items were left out.
    """

    url: str
    headers: Mapping[str, str]
    moved_to: str | None = None
    body_hash: str | None = None
    parsed: ParsedFeed | None = None
    items: tuple[str, ...] | None = None
    full_parse: bool | None = None
    partial: bool = False
    not_modified: bool = False


def after_success(feed: Feed, polled: Polled, now: datetime, *, pushed: bool = False, round_of: float = 0.0) -> Polling:
    """Return a feed's state after a poll that worked; failures and the alert are forgotten.

    A feed whose changes a hub tells (``pushed``) is polled slowly all the same: pushes get lost. ``round_of`` is how
    long one round over all feeds of its host takes, in seconds (:func:`round_over`): it is asked no more often.
    """
    before = feed.polling
    parsed = polled.parsed
    floor = min(LONGEST, parsed.ttl or 0.0) if parsed else before.floor
    skips = parsed.skips if parsed else before.skips
    interval = _interval(before, polled, now)
    asked = max(floor, min(LONGEST, freshness(polled.headers, now)), round_of)
    wait = min(max(LONGEST, round_of), max(PUSHED if pushed else SHORTEST, interval, asked))
    next_check = _out_of_skips(_jittered(now, wait, feed.url), skips)
    etag, last_modified, validated = _validators(before, polled)
    moved_to, moves = _moves(before, polled)
    # Every field is said: to copy the state before and change it takes three times as long.
    return Polling(
        next_check_at=next_check,
        checked_at=now,
        validated_url=validated,
        etag=etag,
        last_modified=last_modified,
        body_hash=polled.body_hash or before.body_hash,
        interval=interval,
        failures=0,
        failing_since=None,
        last_error=None,
        alerted=False,
        moved_to=moved_to,
        moves_seen=moves,
        full_parse=before.full_parse if polled.full_parse is None else polled.full_parse,
        items=before.items if polled.items is None else " ".join(polled.items),
        floor=floor,
        skips=skips,
        hub=linked(polled.headers, "hub") or (parsed.hub if parsed else before.hub),
        topic=linked(polled.headers, "self") or (parsed.topic if parsed else before.topic),
        why=(
            "its hub tells when it changes; it is asked now and then all the same"
            if pushed and wait == PUSHED
            else _why(interval, asked, wait, skipped=next_check > now + timedelta(seconds=wait * (1 + JITTER) + 1))
        ),
    )


def after_failure(feed: Feed, error: Exception, now: datetime, *, round_of: float = 0.0) -> Polling:
    """Return a feed's state after a poll that failed.

    It waits twice as long after each failure, up to 24 hours, and never stops. ``alerted`` becomes true once it has
    failed for 24 hours: whoever sees it change tells people, once; :func:`after_success` makes it false again. The
    feeds of a host that refuses them all come back spread over one round of it (``round_of``, in seconds).
    """
    before = feed.polling
    failures = before.failures + 1
    since = before.failing_since or now
    wait = min(LONGEST, max(SHORTEST, before.floor, min(before.interval, FIRST) * 2.0 ** min(failures - 1, 10)))
    why = f"failed {failures} time{'' if failures == 1 else 's'}, so it waits longer each time"
    retry_after = error.retry_after if isinstance(error, DigestbotError) else None
    if retry_after is not None and retry_after > 0:
        wait = min(LONGEST_RETRY, max(SHORTEST, retry_after))
        why = "its server asked to be left alone until then (Retry-After)"
    return replace(
        before,
        next_check_at=_jittered(now, wait + round_of * jitter(feed.url, now) / JITTER, feed.url),
        checked_at=now,
        failures=failures,
        failing_since=since,
        last_error=str(error),
        alerted=before.alerted or now - since >= ALERT_AFTER,
        why=why,
    )


def confirmed_move(polling: Polling) -> str | None:
    """Return where a feed has moved for good: three polls in a row were led to the same place."""
    return polling.moved_to if polling.moves_seen >= CONFIRMATIONS else None


def settled(polling: Polling) -> Polling:
    """Return the state once a move has been adopted."""
    return replace(polling, moved_to=None, moves_seen=0)


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks to wait (a number, or a date; RFC 9110, 10.2.3), or None."""
    value = headers.get("retry-after", "").strip()
    if value.isdecimal():
        return float(value[:9])
    moment = http_date(value)
    return max(0.0, (moment - now).total_seconds()) if moment else None


_LINK = re.compile(r"<([^<>]*)>\s*;([^<]*)")
_RELATION = re.compile(r"""\brel\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;,]+))""", re.IGNORECASE)


def linked(headers: Mapping[str, str], relation: str) -> str | None:
    """Return where a Link header of a relation leads (RFC 8288), or None; only whole http(s) addresses count."""
    if "link" not in headers:
        return None
    for target, parameters in _LINK.findall(headers["link"][:4096]):
        found = _RELATION.search(parameters)
        relations = next(filter(None, found.groups()), "").lower().split() if found else []
        if relation in relations and target.startswith(("http://", "https://")):
            return str(target)
    return None


def freshness(headers: Mapping[str, str], now: datetime) -> float:
    """Return for how many seconds an answer says it stays fresh: max-age, else Expires (RFC 9111, 4.2.1); else 0."""
    if "cache-control" not in headers and "expires" not in headers:
        return 0.0
    directives = [part.strip().lower() for part in headers.get("cache-control", "").split(",")]
    if "no-cache" in directives or "no-store" in directives:
        return 0.0
    for directive in directives:
        name, _, value = directive.partition("=")
        if name.strip() == "max-age" and value.strip(' "').isdecimal():
            age = headers.get("age", "").strip()
            spent = float(age[:9]) if age.isdecimal() else 0.0
            return max(0.0, float(value.strip(' "')[:9]) - spent)
    expires = http_date(headers.get("expires", ""))
    return max(0.0, (expires - (http_date(headers.get("date", "")) or now)).total_seconds()) if expires else 0.0


def rhythm(entries: Sequence[Entry], now: datetime) -> float | None:
    """Return half the usual gap between a feed's latest entries in seconds, or None when too few have dates.

    A feed silent for longer than its gap is taken at its silence: it has slowed down.
    """
    dates = {date for entry in entries if (date := entry.published or entry.updated) and date <= now}
    latest = sorted(dates, reverse=True)[:RHYTHM_OF]
    if len(latest) < 3:  # noqa: PLR2004 - two gaps are the fewest that have a middle
        return None
    gaps = [(a - b).total_seconds() for a, b in pairwise(latest)]
    silence = (now - latest[0]).total_seconds()
    return max(median(gaps), silence / 2) / 2


def _interval(before: Polling, polled: Polled, now: datetime) -> float:
    """Return the feed's own interval after this poll, between five minutes and 24 hours."""
    found = polled.parsed is not None and bool(polled.parsed.entries)
    if found and not polled.partial and polled.parsed is not None:
        own = rhythm(polled.parsed.entries, now)
        interval = own if own is not None else before.interval
    else:
        interval = before.interval * (LIVELIER if found else QUIETER)
    return min(LONGEST, max(SHORTEST, interval))


def _validators(before: Polling, polled: Polled) -> tuple[str | None, str | None, str | None]:
    """Return ETag, Last-Modified and the address they are for.

    A 304 may leave out what has not changed (RFC 9110, 15.4.5), so the old ones then stay.
    """
    etag, last_modified = polled.headers.get("etag"), polled.headers.get("last-modified")
    if polled.not_modified and before.validated_url == polled.url:
        return etag or before.etag, last_modified or before.last_modified, polled.url
    return etag, last_modified, polled.url if etag or last_modified else None


def _moves(before: Polling, polled: Polled) -> tuple[str | None, int]:
    """Count the polls in a row that were led permanently to the same place."""
    if polled.moved_to is None:
        return None, 0
    return polled.moved_to, before.moves_seen + 1 if polled.moved_to == before.moved_to else 1


def round_over(feeds: int, gap: float) -> float:
    """Return how long one round over a host's feeds takes, in seconds, when requests to it are ``gap`` apart."""
    return feeds * gap * TURN


def jitter(url: str, now: datetime) -> float:
    """Return the share of the interval added after a check at ``now``: 0 to :data:`JITTER`, the same every time."""
    seed = blake2b(f"{url}\0{now.isoformat()}".encode(), digest_size=4).digest()
    return JITTER * int.from_bytes(seed) / 2**32


def _jittered(now: datetime, wait: float, url: str) -> datetime:
    """Return ``now + wait`` and a little more."""
    return now + timedelta(seconds=max(wait, min(LONGEST, wait * (1 + jitter(url, now)))))


def _out_of_skips(moment: datetime, skips: int) -> datetime:
    """Return the first moment from then on that is in no hour and on no day to be skipped, within a day."""
    if not skips:
        return moment
    utc = moment.astimezone(UTC)
    for ahead in range(24):
        at = utc if ahead == 0 else utc.replace(minute=0, second=0, microsecond=0) + timedelta(hours=ahead)
        if not (skips >> at.hour & 1 or skips >> 24 + at.weekday() & 1):
            return max(moment, at)
    # Every hour of the day ahead is to be skipped: 24 hours is the cap.
    return utc + timedelta(hours=24)


def _why(interval: float, asked: float, wait: float, *, skipped: bool) -> str:
    """Say in words why the next check is when it is."""
    if skipped:
        return "the feed asks not to be polled before (skipHours or skipDays)"
    if asked >= interval and asked > SHORTEST:
        return f"the feed or its server asks for at least {_span(min(asked, LONGEST))} between checks"
    return f"its own rhythm suggests a check every {_span(wait)}"


def _span(seconds: float) -> str:
    """Return a time span in words."""
    minutes = round(seconds / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"  # noqa: PLR2004 - two hours


def http_date(text: str) -> datetime | None:
    """Return an HTTP date in UTC, or None for what is none (``Expires: 0``)."""
    try:
        parsed = parsedate_to_datetime(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
