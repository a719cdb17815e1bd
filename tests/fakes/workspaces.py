"""The workspaces' part of a Store in memory: a layer over the feeds and editions of ``tests.fakes.store``."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from digestbot.domain.digest import Delivery, Digest, Message
from digestbot.domain.errors import NotFound
from digestbot.domain.news import Feed
from digestbot.domain.subscription import (
    OPERATOR,
    Channel,
    Filter,
    Platform,
    Subscription,
    Workspace,
    WorkspaceSettings,
)
from digestbot.domain.timekeeping import Timekeeping
from digestbot.ports import Change, Correction, Known, Report, ReportState, Retention, Snooze, Status
from digestbot.store.columns import storable

UNSENT = ("pending", "sending")


class MemoryWorkspaces:
    """The WorkspaceStore port, and what it changes of the others; mixed in before those."""

    def __init__(self) -> None:
        super().__init__()
        self._owners: dict[tuple[int, Workspace], Feed] = {}
        self._known: dict[Workspace, Known] = {}
        self._snoozed: dict[int, Snooze] = {}
        self._reports: dict[int, Report] = {}
        self._corrections: list[Correction] = []
        self._audit: list[Change] = []
        self._held: dict[str, tuple[Workspace, Mapping[str, object], datetime]] = {}
        self._handled: dict[str, datetime] = {}

    # ── feeds ────────────────────────────────────────────────────────────────

    async def add_feed(
        self,
        url: str,
        *,
        title: str = "",
        topics: Sequence[str] = (),
        weight: float = 1.0,
        backfill: int = 0,
        listed: bool = False,
        owner: Workspace = OPERATOR,
        now: datetime,
    ) -> Feed:
        there = await self.feed_by_url(url)
        if owner == OPERATOR:
            there = await super().add_feed(
                url, title=title, topics=topics, weight=weight, backfill=backfill, listed=listed, now=now
            )
        elif there is None:
            there = await super().add_feed(url, backfill=backfill, now=now)
        # What an owner says of a feed; empty values are the feed's own.
        own = Feed(there.id, url, title, there.polling, topics=tuple(topics), weight=weight)
        if owner == OPERATOR:
            own = replace(own, title="", topics=(), weight=1.0)
        earlier = self._owners.get((there.id, owner))
        said = title or topics or weight != 1.0
        if earlier is None or (said and owner != OPERATOR):
            kept = {"paused": earlier.paused, "filter": earlier.filter} if earlier else {}
            self._owners[there.id, owner] = replace(own, **kept)
        return self._as_owned(there.id, owner)

    def _as_owned(self, feed_id: int, home: Workspace) -> Feed:
        feed, own = self._feed(feed_id).feed, self._owners[feed_id, home]
        return replace(
            feed,
            title=own.title or feed.title,
            topics=feed.topics if not own.topics and not own.listed else own.topics,
            weight=feed.weight if own.weight == 1.0 and not own.listed else own.weight,
            filter=feed.filter if home == OPERATOR else own.filter,
            paused=own.paused or feed.paused,
        )

    async def remove_feed(self, feed_id: int) -> None:
        await super().remove_feed(feed_id)
        self._owners = {key: own for key, own in self._owners.items() if key[0] != feed_id}

    async def due_feeds(self, now: datetime, limit: int = 100) -> Sequence[Feed]:
        wanted = {feed_id for (feed_id, _), own in self._owners.items() if own.paused is None}
        due = await super().due_feeds(now, limit=len(self._feeds))
        return [feed for feed in due if feed.id in wanted][:limit]

    async def count_workspaces(self, platform: Platform) -> int:
        return sum(home.platform == platform for home in self._known)

    async def subscriptions_of(self, home: Workspace) -> Sequence[Subscription]:
        return [one for one in await self.subscriptions() if one.channel.home == home]

    async def feeds_of(self, home: Workspace) -> Sequence[Feed]:
        return [self._as_owned(*key) for key in sorted(self._owners, key=lambda key: key[0]) if key[1] == home]

    async def owners(self, feed_id: int) -> Sequence[Workspace]:
        return sorted((home for key, home in self._owners if key == feed_id), key=lambda h: (h.platform, h.id))

    def _own(self, feed_id: int, home: Workspace) -> Feed:
        if (feed_id, home) not in self._owners:
            raise NotFound("feed", feed_id)
        return self._owners[feed_id, home]

    async def change_feed(self, feed_id: int, home: Workspace, feed: Feed) -> None:
        own = self._own(feed_id, home)
        changed = replace(own, title=feed.title, topics=feed.topics, weight=feed.weight, listed=True)
        self._owners[feed_id, home] = changed

    async def filter_feed(self, feed_id: int, home: Workspace, rules: Filter) -> None:
        if home == OPERATOR:
            row = self._feed(feed_id)
            row.feed = replace(row.feed, filter=rules)
        else:
            self._owners[feed_id, home] = replace(self._own(feed_id, home), filter=rules)

    async def disown_feed(self, feed_id: int, home: Workspace) -> bool:
        self._own(feed_id, home)
        if home == OPERATOR:
            await self.filter_feed(feed_id, home, Filter())
        del self._owners[feed_id, home]
        return await self._remove_ownerless(feed_id)

    async def _remove_ownerless(self, feed_id: int) -> bool:
        if await self.owners(feed_id):
            return False
        await self.remove_feed(feed_id)
        return True

    async def pause_own(self, feed_id: int, home: Workspace, reason: str | None) -> None:
        self._owners[feed_id, home] = replace(self._own(feed_id, home), paused=reason)

    # ── settings and snoozes ─────────────────────────────────────────────────

    async def workspaces(self) -> Sequence[Known]:
        return sorted(self._known.values(), key=lambda known: (known.home.platform, known.home.id))

    async def workspace(self, home: Workspace) -> Known | None:
        return self._known.get(home)

    async def save_workspace(self, home: Workspace, name: str, settings: WorkspaceSettings, now: datetime) -> None:
        earlier = self._known.get(home)
        self._known[home] = Known(
            home, name or (earlier.name if earlier else ""), settings, earlier.since if earlier else now
        )

    async def snooze(self, channel: Channel, topic: str, until: datetime, made_by: str) -> Snooze:
        topic = storable(topic)
        same = next((s for s in self._snoozed.values() if (s.channel, s.topic) == (channel, topic)), None)
        made = Snooze(same.id if same else self._next("snooze"), channel, topic, until, made_by)
        self._snoozed[made.id] = made
        return made

    async def snoozes(self, home: Workspace, now: datetime) -> Sequence[Snooze]:
        here = [one for one in self._snoozed.values() if one.channel.home == home and one.until > now]
        return sorted(here, key=lambda one: (one.until, one.id))

    async def end_snooze(self, snooze_id: int) -> None:
        self._snoozed.pop(snooze_id, None)

    # ── reports and corrections ──────────────────────────────────────────────

    async def add_report(self, report: Report) -> Report:
        kept = replace(report, id=self._next("report"), note=storable(report.note))
        self._reports[kept.id] = kept
        return kept

    async def report(self, report_id: int) -> Report:
        if report_id not in self._reports:
            raise NotFound("report", report_id)
        return self._reports[report_id]

    async def reports(self, home: Workspace, state: ReportState | None = None, limit: int = 50) -> Sequence[Report]:
        found = [r for r in self._reports.values() if r.channel.home == home and state in {None, r.state}]
        return sorted(found, key=lambda r: -r.id)[:limit]

    async def close_report(self, report_id: int, state: ReportState, closed_by: str, now: datetime) -> bool:
        there = await self.report(report_id)
        if there.state != "open":
            return False
        self._reports[report_id] = replace(there, state=state, closed_by=closed_by, closed_at=now)
        return True

    async def add_correction(self, correction: Correction) -> Correction:
        kept = replace(correction, id=self._next("correction"))
        self._corrections.append(kept)
        return kept

    async def corrections(self, home: Workspace, story_ids: Sequence[int]) -> Sequence[Correction]:
        return [one for one in self._corrections if one.home == home and one.story_id in story_ids]

    async def deliveries_of(self, home: Workspace, story_id: int) -> Sequence[Delivery]:
        def told(owed: Delivery) -> bool:
            rows = self._posted.get(owed.channel, {}).values()
            return any((row.story_id, row.at) == (story_id, owed.edition.at) for row in rows)

        return [owed for _, owed in sorted(self._deliveries.items()) if owed.channel.home == home and told(owed)]

    async def undelivered(self, home: Workspace, limit: int = 20) -> Sequence[Delivery]:
        failed = await self.deliveries("undeliverable", len(self._deliveries))
        return [owed for owed in failed if owed.channel.home == home][:limit]

    async def correct_delivery(self, delivery_id: int, digest: Digest, messages: Sequence[Message]) -> None:
        owed = await self.delivery(delivery_id)
        self._editions[owed.edition.subscription_id, owed.edition.at] = digest
        parts = []
        for part, new in zip(owed.parts, messages, strict=True):
            message = replace(part.message, payload=new.payload, text=new.text)
            parts.append(replace(part, message=message))
        self._deliveries[delivery_id] = replace(owed, parts=tuple(parts))

    # ── conduct ──────────────────────────────────────────────────────────────

    async def record_change(self, change: Change) -> None:
        self._audit.append(replace(change, id=self._next("change"), line=storable(change.line)))

    async def changes(self, home: Workspace | None = None, limit: int = 20) -> Sequence[Change]:
        return [one for one in reversed(self._audit) if home in {None, one.channel.home}][:limit]

    async def hold(self, key: str, home: Workspace, document: Mapping[str, object], now: datetime) -> None:
        self._held[key] = (home, dict(document), now)

    async def held(self, key: str, home: Workspace) -> Mapping[str, object] | None:
        there = self._held.get(key)
        return there[1] if there and there[0] == home else None

    async def first(self, key: str, now: datetime, within: timedelta) -> bool:
        if key in self._handled and self._handled[key] > now - within:
            return False
        self._handled[key] = now
        return True

    # ── upkeep ───────────────────────────────────────────────────────────────

    async def status_of(self, home: Workspace) -> Status:
        """Return the counts of what is a workspace's own."""
        feeds = await self.feeds_of(home)
        read = [a for a in self._articles.values() if a.feed_id in {feed.id for feed in feeds}]
        told = {self._home[article.id] for article in read}
        states = [owed.state for owed in self._deliveries.values() if owed.channel.home == home]
        return Status(
            feeds=len(feeds),
            failing=sum(feed.polling.failures > 0 for feed in feeds),
            paused=sum(feed.paused is not None for feed in feeds),
            articles=len(read),
            stories=len(told),
            briefs=sum(story_id in told for story_id, _ in self._briefs),
            subscriptions=sum(s.channel.home == home for s in self._subscriptions.values()),
            deliveries_pending=sum(state in UNSENT for state in states),
            deliveries_sent=states.count("sent"),
            undeliverable=states.count("undeliverable"),
        )

    async def forget_workspace(self, home: Workspace) -> None:
        """Remove what belongs to a workspace beside its digests."""
        for feed_id in [feed_id for feed_id, owner in self._owners if owner == home]:
            await self.disown_feed(feed_id, home)
        self._known.pop(home, None)
        self._snoozed = {key: one for key, one in self._snoozed.items() if one.channel.home != home}
        self._reports = {key: one for key, one in self._reports.items() if one.channel.home != home}
        self._corrections = [one for one in self._corrections if one.home != home]
        self._audit = [one for one in self._audit if one.channel.home != home]
        self._held = {key: row for key, row in self._held.items() if row[0] != home}

    def prune_conduct(self, retention: Retention, clock: Timekeeping) -> None:
        """Remove what has outlived its time."""
        before, over = clock.before(retention.audit), clock.before(retention.held)
        self._audit = [one for one in self._audit if one.at >= before]
        self._reports = {key: one for key, one in self._reports.items() if one.state == "open" or one.at >= before}
        self._corrections = [one for one in self._corrections if one.at >= before]
        self._snoozed = {key: one for key, one in self._snoozed.items() if one.until >= over}
        self._held = {key: row for key, row in self._held.items() if row[2] >= over}
        self._handled = {key: at for key, at in self._handled.items() if at >= over}
