"""Polls feeds: asks only what changed, parses only what is new, in a sandbox; the FeedSource port."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from digestbot.domain.errors import BlockedAddress, FeedGone, NotAFeed, ServerError, SourceError
from digestbot.domain.news import Feed, ParsedFeed, Polling
from digestbot.ports import Fetched
from digestbot.sources.feeds.discovery import feeds_named_in, guesses
from digestbot.sources.feeds.encoding import charset_of, decoded
from digestbot.sources.feeds.parse import Reading, parse_feed, read_feed
from digestbot.sources.http import Answer, PoliteClient, Validators, nobody_retries, shown
from digestbot.sources.polling import (
    Polled,
    after_failure,
    after_success,
    confirmed_move,
    http_date,
    retry_after,
    round_over,
    settled,
)
from digestbot.sources.sandbox import Sandbox

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, */*;q=0.1"
)
ACCEPT_PAGE = "text/html, application/xhtml+xml, */*;q=0.5"
MOST_GUESSES = 4
Outcome = Literal["items", "not_modified", "same_body", "same_items"]


class HttpFeedSource:
    """Polls feeds over http(s)."""

    def __init__(
        self,
        client: PoliteClient,
        sandbox: Sandbox,
        *,
        subscribers: Callable[[Feed], int] = lambda _: 1,
        pushed: Callable[[Feed, datetime], bool] = lambda _feed, _now: False,
        on_host: Callable[[Feed], int] = lambda _: 1,
    ) -> None:
        """Take the shared client and sandbox.

        ``subscribers`` tells how many subscriptions read a feed, ``pushed`` whether a hub tells of its changes,
        ``on_host`` how many feeds are polled from its host.
        """
        self._client, self._sandbox, self._subscribers, self._pushed = client, sandbox, subscribers, pushed
        self._on_host = on_host
        self.apart: timedelta | None = None
        """How far this machine's clock is ahead of the nearest of the servers looked at; None when none was."""

    async def close(self) -> None:
        """Close the client and the sandbox; closing twice is the same as closing once."""
        await self._client.close()
        await self._sandbox.close()

    async def fetch(self, feed: Feed, now: datetime) -> Fetched:
        """Poll one feed: a 304, the same body or the same items cost no parsing.

        Raises:
            SourceError: The feed could not be had or read.

        """
        before = feed.polling
        validators = (
            Validators(before.validated_url, before.etag, before.last_modified) if before.validated_url else None
        )
        answer = await self._client.get(
            feed.url, accept=ACCEPT, validators=validators, subscribers=self._subscribers(feed)
        )
        if answer.status == 304:  # noqa: PLR2004 - Not Modified
            return self._fetched(
                feed, Polled(answer.url, answer.headers, answer.moved_to, not_modified=True), answer, now
            )
        _check_status(answer, feed.url, now)
        if answer.body_hash == before.body_hash:
            same = Polled(answer.url, answer.headers, answer.moved_to, answer.body_hash)
            return self._fetched(feed, same, answer, now)
        # The hashes and the seen marks are written in one transaction: what a feed with a baseline had, was seen.
        hashes = frozenset(before.items.split()) if feed.baseline_at else frozenset()
        # A new feed's entries are only marked as seen, unless some are wanted: their texts need no reading.
        baseline = feed.baseline_at is None and feed.backfill == 0
        reading = await self._read(answer, hashes, full_parse=before.full_parse, baseline=baseline)
        fetched = self._fetched(feed, _polled(answer, reading), answer, now)
        return replace(fetched, partial=bool(hashes) and not reading.full_parse)

    def _fetched(self, feed: Feed, polled: Polled, answer: Answer, now: datetime) -> Fetched:
        """Return the poll's outcome; a move confirmed by three polls is told."""
        polling = after_success(feed, polled, now, pushed=self._pushed(feed, now), round_of=self._round_of(feed))
        moved_to = confirmed_move(polling)
        parsed = polled.parsed
        if polled.not_modified:
            return Fetched(settled(polling) if moved_to else polling, None, moved_to, outcome="not_modified")
        outcome: Outcome = (
            "same_body" if parsed is None else "same_items" if polled.partial and not parsed.entries else "items"
        )
        return Fetched(settled(polling) if moved_to else polling, parsed, moved_to, answer.bytes_read, outcome)

    def failed(self, feed: Feed, error: Exception, now: datetime) -> Polling:
        """Return the feed's state after a failed poll, its next check backed off."""
        return after_failure(feed, error, now, round_of=self._round_of(feed))

    def _round_of(self, feed: Feed) -> float:
        """Return how long one round over the feeds of its host takes; one that is alone there waits for nobody."""
        count = self._on_host(feed)
        return round_over(count, self._client.gate.gap) if count > 1 else 0.0

    async def look(self, url: str) -> ParsedFeed:
        """Return what a feed gives now, nothing kept.

        Raises:
            SourceError: It could not be had, or is no feed.

        """
        with nobody_retries():
            answer = await self._client.get(url, accept=ACCEPT)
        self._compare_clocks(answer.headers, datetime.now(UTC))
        with nobody_retries():
            _check_status(answer, url, datetime.now(UTC))
        return await self._sandbox.run(
            shown(url), parse_feed, answer.body, answer.url, answer.headers.get("content-type")
        )

    def _compare_clocks(self, headers: Mapping[str, str], now: datetime) -> None:
        """Keep how far the clocks are apart, the least of all: a server's own may be wrong, or its answer old."""
        said = http_date(headers.get("date", ""))
        if said is None:
            return
        age = headers.get("age", "")
        made = said + timedelta(seconds=int(age[:9]) if age.isascii() and age.isdecimal() else 0)
        self.apart = min((now - made, *filter(None, [self.apart])), key=abs)

    async def discover(self, url: str) -> list[str]:
        """Return the addresses of the feeds at an address: itself if it is one, else those its page names.

        A page that names none has the usual places tried, one after the other.

        Raises:
            SourceError: The address could not be had.

        """
        with nobody_retries():
            answer = await self._client.get(url, accept=f"{ACCEPT}, {ACCEPT_PAGE}")
            _check_status(answer, url, datetime.now(UTC))
        if await self._is_feed(answer):
            return [answer.url]
        found = await self._sandbox.run(url, named_feeds, answer.body, answer.url, answer.headers.get("content-type"))
        return found or [there for there in list(guesses(answer.url))[:MOST_GUESSES] if await self._serves_feed(there)]

    async def _read(self, answer: Answer, hashes: frozenset[str], *, full_parse: bool, baseline: bool) -> Reading:
        """Read a body in the sandbox."""
        kind, ways = answer.headers.get("content-type"), (full_parse, baseline)
        return await self._sandbox.run(shown(answer.url), read_new, answer.body, answer.url, kind, hashes, ways)

    async def _is_feed(self, answer: Answer) -> bool:
        """Tell whether an answer is a feed."""
        try:
            kind = answer.headers.get("content-type")
            await self._sandbox.run(answer.url, parse_feed, answer.body, answer.url, kind)
        except NotAFeed:
            return False
        return True

    async def _serves_feed(self, url: str) -> bool:
        """Tell whether there is a feed at an address that was only guessed."""
        try:
            answer = await self._client.get(url, accept=ACCEPT)
        except SourceError:
            return False
        return answer.status == 200 and await self._is_feed(answer)  # noqa: PLR2004 - OK


def read_new(
    data: bytes, url: str, content_type: str | None, known: frozenset[str], ways: tuple[bool, bool]
) -> Reading:
    """Read a feed's bytes in a worker (a task's arguments go by position); ``ways``: full parse, baseline."""
    return read_feed(data, url, content_type, known, full_parse=ways[0], baseline=ways[1])


def named_feeds(data: bytes, url: str, content_type: str | None) -> list[str]:
    """Return the feeds a page names, in a worker."""
    return feeds_named_in(decoded(data, charset_of(content_type)), url)


def _polled(answer: Answer, reading: Reading) -> Polled:
    """Put an answer and its reading together."""
    return Polled(
        url=answer.url,
        headers=answer.headers,
        moved_to=answer.moved_to,
        body_hash=answer.body_hash,
        parsed=reading.parsed,
        items=reading.items,
        full_parse=reading.full_parse,
        partial=reading.skipped > 0,
    )


def _check_status(answer: Answer, asked: str, now: datetime) -> None:
    """Raise what a status means.

    Raises:
        FeedGone: 410.
        ServerError: 429, a server's own error, or a request that may pass another time.
        SourceError: Any other refusal.

    """
    url = shown(asked)
    status = answer.status
    if 200 <= status < 300:  # noqa: PLR2004 - success
        return
    wait = retry_after(answer.headers, now)
    if status == 410:  # noqa: PLR2004 - Gone
        raise FeedGone(url)
    if status in {408, 425, 429} or status >= 500:  # noqa: PLR2004 - server errors
        raise ServerError(url, f"answered with an error ({status})", retry_after=wait)
    raise _refusal(url, status, answer.headers, wait)


def _refusal(url: str, status: int, headers: Mapping[str, str], wait: float | None) -> SourceError:
    """Return what a client error means."""
    match status:
        case 404:
            return SourceError(url, "is not there (404)", hint="check the address, or look for the feed's new one")
        case 401 | 402 | 403 | 407 | 451:
            hint = "open it in a browser; it may need a login or refuse programs"
            return SourceError(url, f"refuses to be read ({status})", hint=hint, retry_after=wait)
        case _ if "location" in headers:
            return BlockedAddress(url, f"redirects in an unknown way ({status})")
        case _:
            return SourceError(url, f"answered with an error ({status})", retry_after=wait)
