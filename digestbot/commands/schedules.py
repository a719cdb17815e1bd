"""The commands about digests and their schedules, and about the whole: status, forget."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time

from digestbot.commands.feeds import PAUSED_BY, subscription_of
from digestbot.commands.model import Asker, Desk, Options, Reply, Value
from digestbot.commands.options import FREQUENCIES, STYLES, WEEKDAYS
from digestbot.commands.stories import theirs
from digestbot.commands.words import card, listed, moment, said
from digestbot.domain.digest import Action, Block, Card, Prose, Span, Strong, Text
from digestbot.domain.errors import BadOption
from digestbot.domain.subscription import Channel, Schedule, Subscription
from digestbot.editorial.schedule import check_schedule, next_edition


async def show(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """List the workspace's digests with their next editions."""
    found = [one for one in await desk.store.subscriptions() if theirs(one, asker)]
    cards = [_digest_card(one, manager=asker.manager) for one in found]
    return listed(f"{len(found)} digests", cards, "There are no digests yet: make one with “schedule create”.")


async def create(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Make a digest for a channel."""
    channel = Channel(asker.platform, options.text("channel", asker.channel.id), asker.workspace)
    fresh = Subscription(0, options.text("name"), channel, Schedule(timezone=asker.timezone))
    if any(one.name == fresh.name for one in await desk.store.subscriptions() if theirs(one, asker)):
        raise BadOption("name", f"“{fresh.name}” is taken: change that digest with “schedule edit”")
    wanted = _changed(fresh, options)
    now = desk.clock.now()
    due = next_edition(wanted.schedule, now)
    kept = await desk.store.save_subscription(replace(wanted, next_edition_at=due, window_from=now))
    return Reply((card(Prose((Text(f"Made “{kept.name}”."),))), _digest_card(kept, manager=True)))


async def edit(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Change what is given of a digest; everything else stays."""
    before = await subscription_of(desk, asker, options.number("digest"))
    wanted = _changed(before, options)
    if "channel" in options:
        wanted = replace(wanted, channel=replace(before.channel, id=options.text("channel")))
    if wanted.schedule != before.schedule and not before.paused:
        wanted = replace(wanted, next_edition_at=next_edition(wanted.schedule, desk.clock.now()))
    return Reply((_digest_card(await desk.store.save_subscription(wanted), manager=True),))


async def run(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Make the next edition now; the schedule goes on from there."""
    wanted = await subscription_of(desk, asker, options.number("digest"))
    if wanted.paused:
        raise BadOption("digest", f"is paused ({wanted.paused}): resume it first")
    await desk.store.save_subscription(replace(wanted, next_edition_at=desk.clock.now()))
    return said(f"“{wanted.name}” is being made and will be posted in a moment.")


async def preview(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show what the next edition would be if it were made now; nothing is posted or kept."""
    wanted = await subscription_of(desk, asker, options.number("digest"))
    now = desk.clock.now()
    draft = await desk.publisher.draft(wanted, now, now)
    if draft.digest is None:
        return said(f"“{wanted.name}” would have nothing to say now.")
    return Reply(draft.digest.cards)


async def pause(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Stop a digest; its configuration is kept."""
    wanted = await subscription_of(desk, asker, options.number("digest"))
    await desk.store.pause_subscription(wanted.id, PAUSED_BY.format(user=asker.user))
    return said(f"Paused “{wanted.name}”.", Action("Resume", f"schedule resume digest={wanted.id}"))


async def resume(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Let a digest go on; what it missed is not made up for."""
    wanted = await subscription_of(desk, asker, options.number("digest"))
    now = desk.clock.now()
    due = next_edition(wanted.schedule, now)
    kept = await desk.store.save_subscription(replace(wanted, paused=None, next_edition_at=due))
    return Reply((card(Prose((Text(f"Resumed “{kept.name}”."),))), _digest_card(kept, manager=True)))


async def skip(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Leave out the next edition."""
    wanted = await subscription_of(desk, asker, options.number("digest"))
    if wanted.next_edition_at is None:
        raise BadOption("digest", "has no next edition: it is paused")
    due = next_edition(wanted.schedule, wanted.next_edition_at)
    kept = await desk.store.save_subscription(replace(wanted, next_edition_at=due))
    return Reply((_digest_card(kept, manager=True),))


async def delete(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Remove a digest; its feeds stay."""
    wanted = await subscription_of(desk, asker, options.number("digest"))
    await desk.store.remove_subscription(wanted.id)
    return said(f"Deleted “{wanted.name}”. Its feeds are still read.")


async def one(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Show one digest."""
    return said("Not yet.")


async def move(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Post a digest into another channel."""
    return said("Not yet.")


async def defaults(_desk: Desk, _asker: Asker, _options: Options) -> Mapping[str, Value]:
    """Return what a new digest starts with."""
    return {}


async def prefill(_desk: Desk, _asker: Asker, _options: Options) -> Mapping[str, Value]:
    """Return what a digest is now."""
    return {}


# ── pieces ───────────────────────────────────────────────────────────────────


def _changed(wanted: Subscription, options: Options) -> Subscription:
    """Return a digest with what the options give."""
    return replace(
        wanted,
        name=options.text("name", wanted.name),
        schedule=_schedule(wanted.schedule, options),
        feeds=_numbers(options) if "feeds" in options else wanted.feeds,
        topics=options.listed("topics") if "topics" in options else wanted.topics,
        stories=options.number("stories", wanted.stories),
        quotes=options.number("quotes", wanted.quotes),
        style=next((style for style in STYLES if style == options.text("style")), wanted.style),
        language=options.text("language", wanted.language),
    )


def _numbers(options: Options) -> tuple[int, ...]:
    wanted = options.listed("feeds")
    if not all(one.isdecimal() for one in wanted):
        raise BadOption("feeds", f"are the feeds' numbers with commas, not “{options.text('feeds')}”")
    return tuple(sorted({int(one) for one in wanted}))


def _schedule(before: Schedule, options: Options) -> Schedule:
    every = options.text("frequency", before.frequency)
    at = tuple(_time(part) for part in options.listed("at")) or before.at
    day = options.text("weekday")
    schedule = replace(
        before,
        frequency=next((one for one in FREQUENCIES if one == every), before.frequency),
        timezone=options.text("timezone", before.timezone),
        at=at,
        weekday=WEEKDAYS.index(day) if day else before.weekday,
    )
    check_schedule(schedule)
    return schedule


def _time(text: str) -> time:
    hour, minute = text.replace(".", ":").split(":")
    return time(int(hour), int(minute))


def _digest_card(wanted: Subscription, *, manager: bool) -> Card:
    """Return a digest with its schedule, and the buttons of who may use them."""
    due: tuple[Span, ...] = (Text("next "), moment(wanted.next_edition_at)) if wanted.next_edition_at else ()
    state: tuple[Span, ...] = (Text(f"paused: {wanted.paused}"),) if wanted.paused else due
    blocks: list[Block] = [
        Prose((Text(f"{wanted.id}. "), Strong(wanted.name), Text(f" · {_when(wanted.schedule)}"))),
        Prose((*state, Text(f" · {wanted.stories} stories · {wanted.channel.id}")), quiet=True),
    ]
    if not manager:
        return Card(tuple(blocks))
    switch = "resume" if wanted.paused else "pause"
    return card(
        *blocks,
        Action("Preview", f"schedule preview digest={wanted.id}"),
        Action("Run now", f"schedule run digest={wanted.id}"),
        Action(switch.capitalize(), f"schedule {switch} digest={wanted.id}"),
    )


def _when(schedule: Schedule) -> str:
    """Return a schedule in words: "weekly on Monday at 08:00 (Europe/Berlin)"."""
    if schedule.frequency in {"cron", "instant", "hourly"}:
        return {"cron": f"at {schedule.cron}", "instant": "as news comes", "hourly": "by the hour"}[schedule.frequency]
    day = f" on {WEEKDAYS[schedule.weekday].capitalize()}" if schedule.frequency == "weekly" else ""
    clock = ", ".join(f"{at:%H:%M}" for at in schedule.at)
    return f"{schedule.frequency}{day} at {clock} ({schedule.timezone})"
