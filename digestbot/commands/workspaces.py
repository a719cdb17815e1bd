"""The commands about a workspace as a whole: its settings, its status, what is kept of it, who changed what."""

import asyncio
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches

from digestbot.commands.documents import card, listed, moment, said
from digestbot.commands.feeds import NONE
from digestbot.commands.model import Asker, Desk, Options, Reply, Value, counted
from digestbot.commands.options import LENGTHS, STYLES
from digestbot.commands.ownership import digests_here, feeds_here
from digestbot.commands.schedules import hours, span
from digestbot.domain.digest import Action, Block, Card, Heading, Named, Prose, Span, Strong, Text
from digestbot.domain.errors import BadOption, DigestbotError, NotAllowed
from digestbot.domain.subscription import ADMINS, ANYONE, OPERATOR, Channel, WorkspaceSettings
from digestbot.ports import Examining

EMPTY = frozenset({NONE, "any", "default"})
PROBE = 5.0
"""Seconds the doctor waits for the model."""
STUCK = 5
LINES = 20
"""Lines of the audit log shown."""


# ── settings ─────────────────────────────────────────────────────────────────


async def settings(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show what a workspace has set, or change what is given."""
    known = await desk.store.workspace(asker.home)
    before = known.settings if known else WorkspaceSettings()
    if not any(name in options for name in _NAMES):
        return Reply((_settings_card(before, asker),))
    if not asker.manager:
        raise NotAllowed("settings are changed by those who manage this workspace's digests")
    if not asker.workspace:
        raise BadOption("settings", "are a workspace's: ask in one; here the settings file says how the bot is")
    changed = _changed(before, options)
    await desk.store.save_workspace(asker.home, asker.place, changed, desk.clock.now())
    moved = await _keep_quiet(desk, asker, before, changed)
    line = Prose((Text(f"Saved, with the new quiet hours for {counted(moved, 'digest')}." if moved else "Saved."),))
    return Reply((card(line), _settings_card(changed, asker)))


async def prefill(desk: Desk, asker: Asker, _options: Options) -> Mapping[str, Value]:
    """Return the settings there are."""
    known = await desk.store.workspace(asker.home)
    there = known.settings if known else WorkspaceSettings()
    values: dict[str, Value] = {
        "managers": there.managers,
        "admin_channel": there.admin_channel,
        "timezone": there.timezone or asker.timezone,
        "language": there.language,
        "length": there.length,
        "style": there.style,
        "quiet": span(there.quiet_from, there.quiet_to),
    }
    return {name: value for name, value in values.items() if value}


_NAMES = ("managers", "admin_channel", "timezone", "language", "length", "style", "quiet")


def _changed(before: WorkspaceSettings, options: Options) -> WorkspaceSettings:
    """Return settings with what the options give."""

    def text(name: str, there: str) -> str:
        given = options.text(name, there)
        return "" if given.lower() in EMPTY else given

    quiet_from, quiet_to = hours(options.text("quiet")) if "quiet" in options else (before.quiet_from, before.quiet_to)
    return replace(
        before,
        managers=_managers(options.text("managers", before.managers)),
        admin_channel=text("admin_channel", before.admin_channel),
        timezone=text("timezone", before.timezone),
        language=text("language", before.language),
        length=next((one for one in LENGTHS if one == options.text("length")), before.length),
        style=next((one for one in STYLES if one == options.text("style")), before.style),
        quiet_from=quiet_from,
        quiet_to=quiet_to,
    )


def _managers(given: str) -> str:
    """Return who may manage: one of the two words, or the bare id of a role or user group.

    Raises:
        BadOption: It is neither; the nearest word is named.

    """
    word = given.lower()
    if word in {ADMINS, ANYONE}:
        return word
    bare = given.strip("<>@&!").removeprefix("subteam^").partition("|")[0]
    if not re.fullmatch(r"[A-Za-z]?[A-Z0-9]*\d[A-Z0-9]*", bare):
        near = get_close_matches(word, (ADMINS, ANYONE), n=1)
        raise BadOption("managers", "are admins, anyone, or a role or user group", near[0] if near else None)
    return bare


async def _keep_quiet(desk: Desk, asker: Asker, before: WorkspaceSettings, changed: WorkspaceSettings) -> int:
    """Give the workspace's digests that had the earlier quiet hours the new ones; return how many."""
    old, new = (before.quiet_from, before.quiet_to), (changed.quiet_from, changed.quiet_to)
    if old == new:
        return 0
    found = [one for one in await digests_here(desk, asker) if not one.listed]
    same = [one for one in found if (one.schedule.quiet_from, one.schedule.quiet_to) == old]
    for one in same:
        schedule = replace(one.schedule, quiet_from=changed.quiet_from, quiet_to=changed.quiet_to)
        await desk.store.save_subscription(replace(one, schedule=schedule), one)
    return len(same)


def _settings_card(there: WorkspaceSettings, asker: Asker) -> Card:
    words = {ADMINS: "the workspace's admins", ANYONE: "anyone"}
    who: Span = Text(words[there.managers]) if there.managers in words else Named("role", there.managers)
    to: Span = Named("channel", there.admin_channel) if there.admin_channel else Text("the operator of the bot")
    rows: list[tuple[str, Span]] = [
        ("Who may change digests", who),
        ("Problems are reported to", to),
        ("Time zone", Text(there.timezone or f"each person's own (yours: {asker.timezone})")),
        ("Language", Text(there.language or "any")),
        ("New digests", Text(f"{there.length} summaries, {there.style} style")),
        ("Quiet hours", Text(span(there.quiet_from, there.quiet_to))),
    ]
    lines = [Prose((Strong(f"{name}: "), value)) for name, value in rows]
    change = (Action("Change", "settings edit"),) if asker.manager and asker.workspace else ()
    return card(Heading((Text("Settings"),), level=1), *lines, *change)


# ── how it does ──────────────────────────────────────────────────────────────


async def status(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """Say how the bot does for this workspace: feeds, articles, digests, what could not be delivered."""
    everything = asker.home == OPERATOR
    counts = await desk.store.status(desk.clock.now(), None if everything else asker.home)
    articles, digests = counted(counts.articles, "article"), counted(counts.subscriptions, "digest")
    shared = 0 if everything else len(await desk.store.feeds_of(OPERATOR))
    lines: list[Block] = [
        Prose((Text(f"{counted(counts.feeds, 'feed')} of its own: {counts.failing} failing, {counts.paused} paused"),)),
        *([Prose((Text(f"{counted(shared, 'feed')} from the bot's own list"),))] if shared else []),
        Prose((Text(f"{articles} in {counted(counts.stories, 'story', 'stories')}, {counts.briefs} briefed"),)),
        Prose((Text(f"{digests}, {counted(counts.deliveries_sent, 'edition')} delivered"),)),
        Prose((Text(f"{counts.deliveries_pending} waiting, {counts.undeliverable} could not be delivered"),)),
    ]
    stuck = await (
        desk.store.deliveries("undeliverable", STUCK) if everything else desk.store.undelivered(asker.home, STUCK)
    )
    lines += [Prose((Text(next((part.error for part in one.parts if part.error), "")),), quiet=True) for one in stuck]
    action = (Action("Failing feeds", "list failing"),) if counts.failing else ()
    return Reply((card(Heading((Text("Status"),), level=1), *lines, *action),))


async def doctor(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """Look at the platform, each channel, the feeds, the model and the database; name the fix of what is wrong."""
    found = [*await _platform(desk, asker), await _model(desk), *await _feeds(desk, asker)]
    digests = await digests_here(desk, asker)
    found += [
        (one.name, False, f"is paused: {one.paused}", asker.typed("schedule resume", str(one.id)))
        for one in digests
        if one.paused
    ]
    if not digests:
        found.append(("digests", False, "there are none", f"make one with “{asker.typed('schedule create')}”"))
    wrong = [one for one in found if not one[1]]
    head = "All is well." if not wrong else f"{counted(len(wrong), 'thing needs', 'things need')} a hand."
    cards = [Card((Heading((Text("Doctor"),), level=1), Prose((Text(head),))))]
    channels = {*(one.channel.id for one in digests), asker.defaults.admin_channel} - {""}
    cards += [_finding_card(*one, channels) for one in (*wrong, *(one for one in found if one[1]))]
    return Reply(tuple(cards))


Found = tuple[str, bool, str, str]
"""A finding: its name, whether it is well, what was seen, what to do."""


async def _platform(desk: Desk, asker: Asker) -> Sequence[Found]:
    """Ask the platform about the token, and about what is missing in each channel that a digest goes to."""
    digests = await digests_here(desk, asker)
    told = [Channel(asker.platform, asker.defaults.admin_channel, asker.workspace)]
    told = [one for one in told if one.id]  # where problems are reported must be reached, too
    found: list[Found] = []
    for platform, adapter in desk.publisher.adapters.items():
        if (asker.home == OPERATOR or platform == asker.platform) and isinstance(adapter, Examining):
            wanted = (*(one.channel for one in digests), *told)
            channels = list(dict.fromkeys(one for one in wanted if one.platform == platform))
            found += [(name, well, seen, fix) for name, well, seen, fix in await adapter.examine(channels)]
    return found


async def _model(desk: Desk) -> Found:
    """Ask the encoder for one vector; tell the engine's name."""
    name = desk.briefer.summarizer.name
    try:
        async with asyncio.timeout(PROBE):
            await desk.briefer.embedder.embed(["Does the encoder answer?"])
    except DigestbotError as error:
        return ("model", False, error.what, error.hint)
    except TimeoutError:
        return ("model", False, f"has not answered in {PROBE:.0f} seconds", "it may be loading: ask again in a minute")
    return ("model", True, f"{name} answers", "")


async def _feeds(desk: Desk, asker: Asker) -> Sequence[Found]:
    """Tell which feeds fail, since when and why; and, as it had to be asked, that the database answers."""
    feeds = await feeds_here(desk, asker)
    failing = [feed for feed in feeds if feed.polling.failures and not feed.paused]
    found: list[Found] = [("database", True, "answers", "")]
    if not feeds:
        return [*found, ("feeds", False, "there are none", f"add one with “{asker.typed('subscribe', '<address>')}”")]
    found.append(("feeds", True, f"{len(feeds) - len(failing)} of {len(feeds)} are well", ""))
    for feed in failing:
        since = feed.polling.failing_since
        seen = feed.polling.last_error or "fails"
        told = f"{seen} (since {since:%Y-%m-%d %H:%M} UTC)" if since else seen
        fix = f"try “{asker.typed('test', str(feed.id))}”, or “{asker.typed('unsubscribe', str(feed.id))}”"
        found.append((feed.name, False, told, fix))
    return found


def _finding_card(name: str, well: bool, seen: str, fix: str, channels: Collection[str]) -> Card:
    mark = "well" if well else "not well"
    about: tuple[Span, ...] = (Named("channel", name),) if name in channels else (Strong(name),)
    advice = (Prose((Strong("Fix: "), Text(fix))),) if fix and not well else ()
    return Card((Prose((*about, Strong(f" · {mark}: "), Text(seen))), *advice))


async def audit(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """Show who changed what, newest first."""
    found = await desk.store.changes(None if asker.home == OPERATOR else asker.home, LINES)
    cards = []
    for change in found:
        came = "" if change.outcome == "done" else f" ({change.outcome})"
        where = f" in {str(change.channel).removesuffix(':')}" if asker.home == OPERATOR else ""
        spans: tuple[Span, ...] = (
            moment(change.at),
            Text(" · "),
            Named("person", change.asker),
            Text(f"{where}: "),
            Strong(change.line),
            Text(came),
        )
        cards.append(Card((Prose(spans),)))
    return listed("Who changed what", cards, "Nothing has been changed yet.")


# ── what is kept ─────────────────────────────────────────────────────────────


async def privacy(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """Say what is kept of this workspace, for how long, and what is not."""
    kept = desk.retention
    counts = await desk.store.status(desk.clock.now(), asker.home)
    rows = [
        (
            "Kept of this workspace",
            f"{counted(counts.feeds, 'feed')}, {counted(counts.subscriptions, 'digest')}, its settings, until removed",
        ),
        ("Digests and where they were posted", f"for {kept.receipts.days} days"),
        ("Who changed what, and reports of problems", f"for {kept.audit.days} days, with the person's id"),
        ("Articles of the feeds", f"for {kept.articles.days} days, shared by all who read the same feed"),
        ("Not kept", "messages of this workspace are not read; what people ask and search for is not stored"),
        ("Others", "no other service is told about this workspace; articles are fetched without naming it"),
    ]
    lines = [Prose((Strong(f"{name}: "), Text(f"{value}."))) for name, value in rows]
    how = f"Those who manage it can remove everything of this workspace with “{asker.typed('forget')}”."
    last = Prose((Text(how),), quiet=True)
    return Reply((Card((Heading((Text("What is kept"),), level=1), *lines, last)),))


async def forget(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Remove everything that is kept of a workspace, confirmed by its name."""
    if not asker.workspace:
        raise BadOption("confirm", "is for a workspace: ask in the one to be forgotten")
    name = asker.place or asker.workspace
    if options.text("confirm").strip().casefold() != name.casefold():
        raise BadOption("confirm", f"must be the workspace's name, “{name}”: this cannot be undone")
    count = await desk.store.forget(asker.platform, asker.workspace)
    return said(
        f"Removed {counted(count, 'digest')}, the feeds that were this workspace's alone, its settings, reports and "
        "log. Messages posted so far stay where they are."
    )
