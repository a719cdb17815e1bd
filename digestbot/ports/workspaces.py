"""The store as workspaces need it: whose feeds are whose, settings, snoozes, reports, who changed what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol

from digestbot.domain.digest import Delivery, Digest, Message
from digestbot.domain.news import Feed
from digestbot.domain.subscription import Channel, Filter, Platform, Subscription, Workspace, WorkspaceSettings

ReportState = Literal["open", "confirmed", "dismissed"]


@dataclass(frozen=True, slots=True)
class Known:
    """A workspace that has used the bot; ``name`` is what its people call it, or empty."""

    home: Workspace
    name: str
    settings: WorkspaceSettings
    since: datetime


@dataclass(frozen=True, slots=True)
class Snooze:
    """A topic that a channel does not want to read until some time."""

    id: int
    channel: Channel
    topic: str
    until: datetime
    made_by: str


@dataclass(frozen=True, slots=True)
class Report:
    """A problem that a reader sees in a story; ``channel`` is where it was reported."""

    id: int
    channel: Channel
    story_id: int
    kind: str
    note: str
    made_by: str
    at: datetime
    state: ReportState = "open"
    closed_by: str = ""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Correction:
    """What a workspace corrected in a story: the sentence readers see, and the quotations shown no more.

    ``withdrawn`` tells that the story is not shown there at all.
    """

    id: int
    home: Workspace
    story_id: int
    text: str
    quotes: tuple[str, ...]
    withdrawn: bool
    made_by: str
    at: datetime
    report_id: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the audit log: who ran what where, and what came of it (``done``, or an error's code)."""

    id: int
    channel: Channel
    asker: str
    command: str
    line: str
    outcome: str
    at: datetime


class WorkspaceStore(Protocol):
    """What belongs to one workspace and is nobody else's business."""

    async def workspaces(self) -> Sequence[Known]:
        """Return every workspace that has used the bot, by platform and id."""
        ...

    async def workspace(self, home: Workspace) -> Known | None:
        """Return one workspace, or None where it has not used the bot yet."""
        ...

    async def save_workspace(self, home: Workspace, name: str, settings: WorkspaceSettings, now: datetime) -> None:
        """Keep a workspace's name and settings; an empty name leaves the one there is."""
        ...

    async def count_workspaces(self, platform: Platform) -> int:
        """Return how many workspaces of a platform have used the bot."""
        ...

    async def subscriptions_of(self, home: Workspace) -> Sequence[Subscription]:
        """Return a workspace's subscriptions, by id."""
        ...

    async def feeds_of(self, home: Workspace) -> Sequence[Feed]:
        """Return the feeds that are a workspace's own, by id, each with its title, topics, filter and so on there.

        The operator's are those that the settings file and the command line put in.
        """
        ...

    async def owners(self, feed_id: int) -> Sequence[Workspace]:
        """Return whose feed it is, by platform and id."""
        ...

    async def change_feed(self, feed_id: int, home: Workspace, feed: Feed) -> None:
        """Write what a workspace calls its feed, its topics and weight there; others see nothing of it.

        Raises:
            NotFound: The feed is not the workspace's.

        """
        ...

    async def filter_feed(self, feed_id: int, home: Workspace, rules: Filter) -> None:
        """Write which articles of its feed a workspace reads; others see nothing of it.

        The operator may say so of every feed: it holds for the operator's digests, and where others read the
        operator's own feeds.

        Raises:
            NotFound: The feed is not the workspace's.

        """
        ...

    async def disown_feed(self, feed_id: int, home: Workspace) -> bool:
        """Take a feed away from a workspace; tell whether that was its last owner: then the feed is removed.

        Raises:
            NotFound: The feed is not the workspace's.

        """
        ...

    async def pause_own(self, feed_id: int, home: Workspace, reason: str | None) -> None:
        """Pause a feed for a workspace, or (None) resume it; it is polled while one of its owners wants it.

        Raises:
            NotFound: The feed is not the workspace's.

        """
        ...

    async def snooze(self, channel: Channel, topic: str, until: datetime, made_by: str) -> Snooze:
        """Keep a topic out of a channel's digests until then; snoozing it again moves the time."""
        ...

    async def snoozes(self, home: Workspace, now: datetime) -> Sequence[Snooze]:
        """Return a workspace's snoozes that are not over, the first to end first."""
        ...

    async def end_snooze(self, snooze_id: int) -> None:
        """End a snooze; one that is over already is none."""
        ...

    async def add_report(self, report: Report) -> Report:
        """Keep a report (``id`` 0) and return it with its number."""
        ...

    async def report(self, report_id: int) -> Report:
        """Return one report.

        Raises:
            NotFound: There is no such report.

        """
        ...

    async def reports(self, home: Workspace, state: ReportState | None = None, limit: int = 50) -> Sequence[Report]:
        """Return a workspace's reports, newest first; those in one state when given."""
        ...

    async def close_report(self, report_id: int, state: ReportState, closed_by: str, now: datetime) -> bool:
        """Close an open report; False where it is closed already, and nothing changes.

        Raises:
            NotFound: There is no such report.

        """
        ...

    async def add_correction(self, correction: Correction) -> Correction:
        """Keep a correction (``id`` 0) and return it with its number."""
        ...

    async def corrections(self, home: Workspace, story_ids: Sequence[int]) -> Sequence[Correction]:
        """Return what a workspace corrected in these stories, oldest first."""
        ...

    async def deliveries_of(self, home: Workspace, story_id: int) -> Sequence[Delivery]:
        """Return the deliveries that posted a story into channels of a workspace, oldest first."""
        ...

    async def undelivered(self, home: Workspace, limit: int = 20) -> Sequence[Delivery]:
        """Return what could not be delivered to a workspace's channels, newest first."""
        ...

    async def correct_delivery(self, delivery_id: int, digest: Digest, messages: Sequence[Message]) -> None:
        """Put a corrected digest and its messages, one for each part, in the place of what was written.

        What is posted stays posted; a part not yet sent is sent as corrected.

        Raises:
            NotFound: The delivery is gone.

        """
        ...

    async def record_change(self, change: Change) -> None:
        """Write a line (``id`` 0) of the audit log."""
        ...

    async def changes(self, home: Workspace | None = None, limit: int = 20) -> Sequence[Change]:
        """Return the audit log, newest first: one workspace's, or everybody's."""
        ...

    async def hold(self, key: str, home: Workspace, document: Mapping[str, object], now: datetime) -> None:
        """Keep a JSON document until somebody says yes to it; it is forgotten after a day."""
        ...

    async def held(self, key: str, home: Workspace) -> Mapping[str, object] | None:
        """Return what is held under a key for a workspace, or None."""
        ...

    async def first(self, key: str, now: datetime, within: timedelta) -> bool:
        """Tell whether a key is met for the first time in ``within``, and remember it; one of several is told so."""
        ...
