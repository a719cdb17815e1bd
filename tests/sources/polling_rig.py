"""Plays the refresh step for one feed: keeps its row, moves the clock to the next check, survives restarts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from digestbot.domain.errors import FeedGone, SourceError
from digestbot.domain.news import Entry, Feed, Polling
from digestbot.ports import Fetched
from digestbot.sources.feeds import HttpFeedSource
from digestbot.sources.http import PoliteClient
from digestbot.sources.sandbox import Sandbox
from tests.rigs.feeds import FeedServer, feed_server

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class InlineSandbox(Sandbox):
    """Runs tasks in this process: what the poller's rules are about is not where a feed is parsed."""

    async def run(self, url, task, *args, **kwargs):
        """Run a task at once."""
        return task(*args, **kwargs)


@dataclass
class Now:
    """A clock the test moves."""

    at: datetime = START

    def __call__(self) -> datetime:
        """Return the time."""
        return self.at


class Poller:
    """One feed's life: ``poll`` waits until it is due, then polls; ``posted`` is what would be news."""

    def __init__(self, now: Now, server: FeedServer, path: str, gap: float = 0.0) -> None:
        self.now, self.server, self.gap = now, server, gap
        self.feed = Feed(1, server.url(path), "The Example", Polling(next_check_at=now()))
        self.seen: frozenset[str] = frozenset()
        self.posted: list[Entry] = []
        self.alerts: list[str] = []
        self.error: SourceError | None = None
        self.sandbox = InlineSandbox()
        self.restart()

    def restart(self) -> None:
        """Lose everything but the row and the seen marks."""
        client = PoliteClient(
            version="1.2", contact="https://ops.example", allow_private_hosts=["127.0.0.1"], host_gap=self.gap
        )
        self.source = HttpFeedSource(client, self.sandbox, subscribers=lambda _: 3)
        self._clients = [*getattr(self, "_clients", []), client]

    async def poll(self, times: int = 1) -> Fetched | None:
        """Go to the next check and poll; a failure is recorded as the refresh step does."""
        fetched = None
        for _ in range(times):
            self.now.at = max(self.now.at, self.feed.polling.next_check_at)
            fetched = await self._once()
        return fetched

    async def _once(self) -> Fetched | None:
        before = self.feed.polling
        try:
            fetched = await self.source.fetch(self.feed, self.now())
        except SourceError as error:
            self.error = error
            paused = str(error) if isinstance(error, FeedGone) else None
            self.feed = replace(self.feed, polling=self.source.failed(self.feed, error, self.now()), paused=paused)
            fetched = None
        else:
            self.error = None
            self.feed = replace(self.feed, polling=fetched.polling, url=fetched.moved_to or self.feed.url)
            if fetched.parsed:
                fresh = [e for e in fetched.parsed.entries if self.seen.isdisjoint(e.keys)]
                self.posted += fresh if self.feed.baseline_at else []
                self.seen |= {key for e in fetched.parsed.entries for key in e.keys}
                self.feed = replace(self.feed, baseline_at=self.feed.baseline_at or self.now())
        if before.alerted != self.feed.polling.alerted:
            self.alerts.append("failing" if self.feed.polling.alerted else "recovered")
        return fetched

    def wait(self, **span: float) -> None:
        """Let time pass."""
        self.now.at += timedelta(**span)

    async def close(self) -> None:
        """Close what is open."""
        for client in self._clients:
            await client.close()
        await self.sandbox.close()


@asynccontextmanager
async def poller(path: str = "/feed", gap: float = 0.0) -> AsyncIterator[Poller]:
    """Open a server and a poller of one of its feeds; at the end no rule of polite polling may be broken."""
    now = Now()
    async with feed_server(now) as server:
        one = Poller(now, server, path, gap)
        try:
            yield one
        finally:
            await one.close()
        assert server.faults(gap) == []
