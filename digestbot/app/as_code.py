"""Subscriptions as code: a TOML file that says which feeds and digests a workspace has, held against the store.

The file has the ``[[feeds]]`` and ``[[subscriptions]]`` of the settings file, and says whose they are. ``diff`` prints
what would change, ``apply`` changes it (a second time it changes nothing), ``export`` writes what is there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from digestbot.app.compose import pattern_faults, read_settings
from digestbot.app.enrol import filter_of, rules_of, subscription_of
from digestbot.app.json_text import json_text
from digestbot.config import WEEKDAYS, FeedSettings, SubscriptionSettings, faults_of, read_toml
from digestbot.domain.errors import ConfigError, NotFound, UserError
from digestbot.domain.news import Feed
from digestbot.domain.subscription import OPERATOR, Platform, Subscription, Workspace
from digestbot.editorial.schedule import next_edition
from digestbot.ports import Store

Rows = dict[str, Any]
Verb = Literal["add", "change", "remove", "keep"]
HEADER = """\
# The feeds and digests of a workspace, written by “digestbot export”. Review it in git; “digestbot diff FILE” shows
# what would change, “digestbot apply FILE” changes it.
"""
PLATFORMS: tuple[Platform, ...] = ("slack", "discord", "console")


class Declared(BaseModel):
    """The file: whose it is (``slack:T0123456789``, ``discord:1234``; the operator's when left out), and what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    workspace: str = "console:"
    feeds: tuple[FeedSettings, ...] = ()
    subscriptions: tuple[SubscriptionSettings, ...] = ()

    @property
    def home(self) -> Workspace:
        """The workspace."""
        platform, _, key = self.workspace.partition(":")
        return Workspace(next((one for one in PLATFORMS if one == platform), "console"), key)

    @model_validator(mode="after")
    def _sound(self) -> "Declared":
        platform = self.workspace.partition(":")[0]
        if platform not in PLATFORMS:
            raise ValueError("workspace: must read slack:TEAM_ID, discord:SERVER_ID or console:")
        urls = [feed.url for feed in self.feeds]
        names = [wanted.name for wanted in self.subscriptions]
        for what, found in (("feeds: the address", urls), ("subscriptions: the name", names)):
            if twice := [one for one in dict.fromkeys(found) if found.count(one) > 1]:
                raise ValueError(f"{what} “{twice[0]}” is used twice")
        for wanted in self.subscriptions:
            if wanted.platform != platform:
                raise ValueError(
                    f"subscriptions: “{wanted.name}” goes to {wanted.channel}, which is not in {self.workspace}"
                )
            if strange := [url for url in wanted.feeds if url not in urls]:
                raise ValueError(f"subscriptions: “{wanted.name}” names {strange[0]}, which is not under [[feeds]]")
        return self


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan: what is done to a feed or digest; ``details`` are the settings that change."""

    verb: Verb
    kind: Literal["feed", "digest"]
    name: str
    details: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the line as ``diff`` prints it."""
        sign = {"add": "+", "change": "~", "remove": "-", "keep": "?"}[self.verb]
        return "\n    ".join((f"{sign} {self.kind} {self.name}", *self.details))


def read_declared(path: Path) -> Declared:
    """Return what a file declares.

    Raises:
        NotFound: There is no such file.
        ConfigError: It is not TOML, or says something that cannot be, with every fault.

    """
    missing = "give the path of a TOML file; “digestbot export FILE” writes one"
    if not path.exists():
        raise NotFound("file", path, hint=missing)
    try:
        declared = Declared(**read_toml(path, missing=missing))
    except ValidationError as error:
        raise ConfigError(faults_of(error, Declared, str(path))) from error
    if wrong := pattern_faults(declared.feeds):
        raise ConfigError([f"{path}: {fault}" for fault in wrong])
    return declared


# ── held against the store ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class There:
    """What a workspace has now: feeds by address, digests by name, as rows of the file."""

    feeds: Mapping[str, Feed]
    digests: Mapping[str, Subscription]
    urls: Mapping[int, str]


async def there(store: Store, home: Workspace) -> There:
    """Return what a workspace has, what the settings file names left out."""
    feeds = {feed.url: feed for feed in await store.feeds_of(home) if not (home == OPERATOR and feed.listed)}
    digests = {one.name: one for one in await store.subscriptions() if one.channel.home == home and not one.listed}
    return There(feeds, digests, {feed.id: feed.url for feed in await store.feeds()})


def plan_of(wanted: Declared, now: There, *, prune: bool) -> list[Change]:
    """Return what has to change; without ``prune`` what the file does not name is kept, and said to be."""
    changes = []
    for feed in wanted.feeds:
        have = now.feeds.get(feed.url)
        rows = {} if have is None else feed_row(have)
        changes += _change("feed", feed.url, have is None, rows, _given(feed, rows))
    for one in wanted.subscriptions:
        old = now.digests.get(one.name)
        rows = {} if old is None else digest_row(old, now.urls)
        # The file may name the workspace in the channel ("slack:T…/C…"); it is the file's own, and rows leave it out.
        want = one.model_dump(mode="json") | {"channel": _within(one.channel)}
        changes += _change("digest", one.name, old is None, rows, want)
    gone: Verb = "remove" if prune else "keep"
    named = {one.name for one in wanted.subscriptions}
    changes += [Change(gone, "digest", name) for name in now.digests if name not in named]
    listed = {feed.url for feed in wanted.feeds}
    return [*changes, *(Change(gone, "feed", url) for url in now.feeds if url not in listed)]


def _given(feed: FeedSettings, there: Rows) -> Rows:
    """Return a feed's row as the file wants it; an empty title leaves the feed's own."""
    row = feed.model_dump(mode="json", exclude={"backfill"})
    return row | ({"title": there["title"]} if there and not feed.title else {})


def _within(channel: str) -> str:
    """Return a channel as its own workspace names it: ``slack:T1/C1`` is ``slack:C1``."""
    platform, _, place = channel.partition(":")
    return f"{platform}:{place.rpartition('/')[2]}"


def _change(kind: Literal["feed", "digest"], name: str, new: bool, have: Rows, want: Rows) -> list[Change]:
    if new:
        return [Change("add", kind, name)]
    details = tuple(f"{key}: {_toml(have.get(key))} → {_toml(want[key])}" for key in want if want[key] != have.get(key))
    return [Change("change", kind, name, details)] if details else []


async def carry_out(wanted: Declared, store: Store, plan: Sequence[Change], now: datetime) -> None:
    """Change the store as a plan says; each step is done again without harm.

    Raises:
        NotAllowed: A digest of that name comes from the settings file.

    """
    home = wanted.home
    have = await there(store, home)
    adding = {(one.kind, one.name) for one in plan if one.verb in {"add", "change"}}
    for feed in wanted.feeds:
        if ("feed", feed.url) in adding:
            kept = await store.add_feed(
                feed.url,
                title=feed.title,
                topics=feed.topics,
                weight=feed.weight,
                backfill=feed.backfill,
                owner=home,
                now=now,
            )
            if home != OPERATOR and feed.url in have.feeds:
                changed = replace(kept, title=feed.title, topics=feed.topics, weight=feed.weight)
                await store.change_feed(kept.id, home, changed)
            if kept.filter != filter_of(feed):
                await store.filter_feed(kept.id, home, filter_of(feed))
    feeds = {feed.url: feed for feed in await store.feeds()}
    for one in wanted.subscriptions:
        if ("digest", one.name) in adding:
            await _save(store, home, subscription_of(one, feeds), have.digests.get(one.name), now)
    for gone in (one for one in plan if one.verb == "remove"):
        if gone.kind == "digest":
            await store.remove_subscription(have.digests[gone.name].id)
        else:
            await store.disown_feed(have.feeds[gone.name].id, home)


async def _save(store: Store, home: Workspace, wanted: Subscription, old: Subscription | None, now: datetime) -> None:
    """Add or change a digest; what it has read and when it is due stay, unless its schedule changed."""
    taken = [s for s in await store.subscriptions() if s.channel.home == home and s.name == wanted.name and s.listed]
    if taken:
        raise UserError(f"“{wanted.name}” comes from the settings file", hint="give the digest another name")
    fresh = replace(wanted, listed=False, channel=replace(wanted.channel, workspace=home.id))
    due = next_edition(fresh.schedule, now)
    if old is not None:
        same = old.schedule == fresh.schedule
        fresh = replace(
            fresh,
            id=old.id,
            paused=old.paused,
            window_from=old.window_from,
            next_edition_at=old.next_edition_at if same or old.paused else due,
        )
    else:
        fresh = replace(fresh, next_edition_at=due, window_from=now)
    await store.save_subscription(fresh, old)


# ── rows ─────────────────────────────────────────────────────────────────────


def feed_row(feed: Feed) -> Rows:
    """Return a feed as the file writes it."""
    facts = {"url": feed.url, "title": feed.title, "topics": feed.topics, "weight": feed.weight}
    row = FeedSettings.model_validate(facts | rules_of(feed.filter))
    return row.model_dump(mode="json", exclude={"backfill"})


def digest_row(one: Subscription, urls: Mapping[int, str]) -> Rows:
    """Return a digest as the file writes it."""
    schedule = one.schedule
    quiet = (schedule.quiet_from, schedule.quiet_to) if schedule.quiet_from and schedule.quiet_to else None
    names = ("name", "topics", "stories", "quotes", "length", "style", "per_feed", "per_topic", "language", "updates")
    row = {
        "channel": f"{one.channel.platform}:{one.channel.id}",
        "schedule": schedule.frequency,
        "at": schedule.at,
        "weekday": WEEKDAYS[schedule.weekday],
        "every_hours": schedule.every_hours,
        "cron": schedule.cron,
        "timezone": schedule.timezone,
        "quiet": quiet,
        "feeds": tuple(urls[number] for number in one.feeds if number in urls),
        "empty": one.empty,
        "mention": one.mention,
        **{name: getattr(one, name) for name in names},
        **rules_of(one.filter),
    }
    return SubscriptionSettings.model_validate(row).model_dump(mode="json")


def written(home: Workspace, now: There) -> str:
    """Return what a workspace has as a file; what is the default is left out."""
    parts = [HEADER + f"workspace = {_toml(str(home))}"]
    parts += [_table("feeds", feed_row(feed), FeedSettings) for feed in now.feeds.values()]
    used = {number for one in now.digests.values() for number in one.feeds}
    foreign = sorted(now.urls[number] for number in used if now.urls.get(number, "") not in {*now.feeds, ""})
    parts += [_table("feeds", {"url": url}, FeedSettings) for url in foreign]
    parts += [_table("subscriptions", digest_row(d, now.urls), SubscriptionSettings) for d in now.digests.values()]
    return "\n\n".join(parts) + "\n"


def _table(name: str, row: Rows, model: type[BaseModel]) -> str:
    usual = {
        key: None if field.is_required() else json.loads(json.dumps(field.get_default(), default=_plain))
        for key, field in model.model_fields.items()
    }
    lines = [f"{key} = {_toml(value)}" for key, value in row.items() if value is not None and value != usual[key]]
    return "\n".join([f"[[{name}]]", *lines])


def _plain(value: object) -> object:
    """Return a time as the models write it."""
    return value.isoformat() if isinstance(value, time) else str(value)


def _toml(value: object) -> str:
    """Return a plain value as TOML: a JSON string in which controls are numbers is a TOML one."""
    if value is None:
        return "nothing"
    return json_text(value)


# ── digestbot apply, diff, export ────────────────────────────────────────────


async def held_against(path: Path, config: Path | None, *, prune: bool, change: bool) -> list[Change]:
    """Return what has to change for the store to be as a file says, and with ``change`` change it.

    Raises:
        NotFound: There is no such file.
        ConfigError: The file cannot be used.
        StoreError: The database cannot be opened or written.

    """
    from digestbot.store import open_store

    wanted = read_declared(path)
    async with await open_store(read_settings(config).database.url, exclusive=False) as store:
        plan = plan_of(wanted, await there(store, wanted.home), prune=prune)
        if change:
            await carry_out(wanted, store, plan, datetime.now(UTC))
    return plan


async def export_declared(path: Path, config: Path | None, workspace: str) -> int:
    """Write what a workspace has into a file; return how many digests and feeds.

    Raises:
        ConfigError: The workspace is not one.
        UserError: The file cannot be written.

    """
    from digestbot.store import open_store

    try:
        home = Declared(workspace=workspace).home
    except ValidationError as error:
        raise ConfigError(
            [f"--workspace: “{workspace}”: must read slack:TEAM_ID, discord:SERVER_ID or console:"]
        ) from error
    async with await open_store(read_settings(config).database.url, exclusive=False) as store:
        now = await there(store, home)
    _write(path, written(home, now))
    return len(now.digests) + len(now.feeds)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror})", hint="name another file") from error
