"""Who gets what, where and when: channels, schedules and subscriptions."""

from dataclasses import dataclass, field, fields, replace
from datetime import datetime, time
from typing import Literal

Platform = Literal["console", "slack", "discord"]
Length = Literal["short", "medium", "long"]
Style = Literal["full", "compact", "posts"]
"""``posts`` gives each story a message of its own: in a Discord forum a post of its own."""
Frequency = Literal["daily", "weekdays", "weekly", "hourly", "cron", "instant"]
EmptyPolicy = Literal["skip", "note"]
UpdatePolicy = Literal["mark", "skip"]

LENGTH_WORDS: dict[Length, tuple[int, int]] = {"short": (15, 30), "medium": (35, 60), "long": (70, 110)}
"""Words of a summary, from and to, by length (see the project's digest guide)."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """Whose things are whose: a Slack workspace, a Discord guild, or the operator's own (console, no id)."""

    platform: Platform
    id: str = ""

    def __str__(self) -> str:
        """Return a short name for logs and messages."""
        return f"{self.platform}:{self.id}"


OPERATOR = Workspace("console")
"""What the settings file and the command line put in belongs here; every workspace may read it, none may change it."""


@dataclass(frozen=True, slots=True)
class Channel:
    """Where a digest is posted: a Slack channel, a Discord channel, thread or forum, or the console."""

    platform: Platform
    id: str
    workspace: str = ""

    @property
    def home(self) -> Workspace:
        """The workspace it is in."""
        return Workspace(self.platform, self.workspace)

    def __str__(self) -> str:
        """Return a short name for logs and messages."""
        return f"{self.platform}:{self.workspace + '/' if self.workspace else ''}{self.id}"


@dataclass(frozen=True, slots=True)
class Schedule:
    """When editions are due, in local time of an IANA time zone.

    ``at`` serves daily, weekdays and weekly; ``weekday`` is 0 for Monday; ``every_hours`` serves hourly;
    ``cron`` is a five-field cron line. Nothing is posted from ``quiet_from`` to ``quiet_to``: what falls due
    there is caught up afterwards, once.
    """

    frequency: Frequency = "daily"
    timezone: str = "UTC"
    at: tuple[time, ...] = (time(8, 0),)
    weekday: int = 0
    every_hours: int = 1
    cron: str = ""
    quiet_from: time | None = None
    quiet_to: time | None = None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which articles a feed or subscription lets through; words are matched whole and without case."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    include_regex: str = ""
    exclude_regex: str = ""


@dataclass(frozen=True, slots=True)
class Subscription:
    """Feeds and topics → one channel on a schedule.

    ``feeds`` are feed ids, empty for all. ``next_edition_at`` is the next due time, None when paused.
    ``window_from`` is up to where its last edition has read. ``listed`` tells that the settings file names it.
    """

    id: int
    name: str
    channel: Channel
    schedule: Schedule = field(default_factory=Schedule)
    feeds: tuple[int, ...] = ()
    topics: tuple[str, ...] = ()
    filter: Filter = field(default_factory=Filter)
    stories: int = 5
    quotes: int = 3
    length: Length = "medium"
    style: Style = "full"
    language: str = ""
    per_feed: int = 3
    per_topic: int = 0
    updates: UpdatePolicy = "mark"
    empty: EmptyPolicy = "skip"
    mention: str = ""
    paused: str | None = None
    next_edition_at: datetime | None = None
    window_from: datetime | None = None
    listed: bool = False


def changed_since(before: Subscription, after: Subscription, there: Subscription) -> Subscription:
    """Return what is there by now with what was changed from ``before`` to ``after``, and with nothing else of it.

    So a change of a topic, made while an edition is published, does not bring back the time it was due.
    """
    names = [one.name for one in fields(Subscription)]
    changed = {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}
    return replace(there, **changed)


Managers = str
"""Who may change a workspace's digests: ``admins``, ``anyone``, or the id of a user group or role."""
ADMINS, ANYONE = "admins", "anyone"


@dataclass(frozen=True, slots=True)
class WorkspaceSettings:
    """What a workspace has set for itself; empty means the bot's own default.

    ``timezone``, ``language``, ``length``, ``style`` and the quiet hours are what a new digest starts with;
    ``admin_channel`` gets the reports of problems.
    """

    managers: Managers = ADMINS
    admin_channel: str = ""
    timezone: str = ""
    language: str = ""
    length: Length = "medium"
    style: Style = "full"
    quiet_from: time | None = None
    quiet_to: time | None = None
