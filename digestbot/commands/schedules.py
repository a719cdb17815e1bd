"""The commands about digests: when they come, where, and how they look."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time

from digestbot.commands.documents import PAUSED_BY, card, held, here, listed, moment, said
from digestbot.commands.feeds import NONE, listed_or_none, rest, started, wake
from digestbot.commands.model import Asker, Desk, Options, Reply, Value, counted
from digestbot.commands.options import FREQUENCIES, LENGTHS, STYLES, WEEKDAYS
from digestbot.commands.ownership import (
    channel_meant,
    digest_named,
    digest_to_change,
    digests_here,
    feed_named,
    feeds_here,
)
from digestbot.domain.digest import Action, Actions, Block, Card, Prose, Span, Strong, Text
from digestbot.domain.errors import BadOption
from digestbot.domain.subscription import Schedule, Subscription
from digestbot.editorial.schedule import check_schedule, next_edition


async def show(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """List the workspace's digests with their next editions."""
    found = await digests_here(desk, asker)
    cards = [_digest_card(one, asker) for one in found]
    nothing = f"There are no digests yet: make one with “{asker.typed('schedule create')}”."
    return listed(counted(len(found), "digest"), cards, nothing)


async def one(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show one digest with everything it is set to."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    names = {feed.id: feed.name for feed in await feeds_here(desk, asker)}
    lines: list[Block] = [Prose((Strong(f"{name}: "), Text(value))) for name, value in _told(wanted, names) if value]
    shown = _digest_card(wanted, asker)
    extra = [] if wanted.listed or not asker.manager else [Action("Edit", f"schedule edit digest={wanted.id}")]
    rows = [block for block in shown.blocks if not isinstance(block, Actions)]
    actions = [action for block in shown.blocks if isinstance(block, Actions) for action in block.actions]
    return Reply((card(*rows, *lines, *actions, *extra),))


async def create(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Make a digest for a channel."""
    channel = channel_meant(asker, options)
    fresh = await started(desk, asker, Subscription(0, options.text("name"), channel))
    if any(other.name == fresh.name for other in await digests_here(desk, asker)):
        raise BadOption("name", f"“{fresh.name}” is taken: change it with “{asker.typed('schedule edit')}”")
    wanted = await _changed(desk, asker, fresh, options)
    now = desk.clock.now()
    due = next_edition(wanted.schedule, now)
    kept = await desk.store.save_subscription(replace(wanted, next_edition_at=due, window_from=now))
    await wake(desk, asker, kept)
    return Reply((card(Prose((Text(f"Made “{kept.name}”."),))), _digest_card(kept, asker)))


async def edit(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Change what is given of a digest; everything else stays."""
    before = await digest_to_change(desk, asker, options.value("digest"))
    wanted = await _changed(desk, asker, before, options)
    if "name" in options and any(
        other.name == wanted.name and other.id != wanted.id for other in await digests_here(desk, asker)
    ):
        raise BadOption("name", f"“{wanted.name}” is taken")
    if "channel" in options:
        wanted = replace(wanted, channel=replace(before.channel, id=options.text("channel")))
    if wanted.schedule != before.schedule and not before.paused:
        wanted = replace(wanted, next_edition_at=next_edition(wanted.schedule, desk.clock.now()))
    kept = await desk.store.save_subscription(wanted, before)
    await wake(desk, asker, kept)
    await rest(desk, asker, sorted(set(before.feeds) - set(kept.feeds)))
    return Reply((_digest_card(kept, asker),))


async def move(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Post a digest into another channel; one that was paused because its channel is gone goes on."""
    before = await digest_to_change(desk, asker, options.value("digest"))
    now = desk.clock.now()
    stays = before.paused is not None and before.paused.startswith(PAUSED_BY)
    wanted = replace(before, channel=replace(before.channel, id=options.text("channel")))
    if not stays:
        due = next_edition(wanted.schedule, now) if before.paused else before.next_edition_at
        wanted = replace(wanted, paused=None, next_edition_at=due)
    kept = await desk.store.save_subscription(wanted, before)
    return Reply((card(Prose((Text(f"Moved “{kept.name}”."),))), _digest_card(kept, asker)))


async def run(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Make the next edition now; the schedule goes on from there."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    if wanted.paused:
        raise BadOption("digest", f"is paused ({wanted.paused}): resume it first")
    await desk.store.save_subscription(replace(wanted, next_edition_at=desk.clock.now()), wanted)
    return said(f"“{wanted.name}” is being made and will be posted in a moment.")


async def preview(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show what the next edition would be if it were made now; nothing is posted or kept."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    now = desk.clock.now()
    draft = await desk.publisher.draft(wanted, now, now)
    if draft.digest is None:
        return said(f"“{wanted.name}” would have nothing to say now.")
    return Reply(draft.digest.cards)


async def pause(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Stop a digest; its configuration is kept."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    await desk.store.pause_subscription(wanted.id, PAUSED_BY + asker.user)
    return said(f"Paused “{wanted.name}”.", Action("Resume", f"schedule resume digest={wanted.id}"))


async def resume(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Let a digest go on; what it missed is not made up for."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    now = desk.clock.now()
    due = next_edition(wanted.schedule, now)
    kept = await desk.store.save_subscription(replace(wanted, paused=None, next_edition_at=due), wanted)
    return Reply((card(Prose((Text(f"Resumed “{kept.name}”."),))), _digest_card(kept, asker)))


async def skip(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Leave out the next edition."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    if wanted.paused or wanted.next_edition_at is None:
        raise BadOption("digest", "has no next edition: it is paused")
    due = next_edition(wanted.schedule, wanted.next_edition_at)
    kept = await desk.store.save_subscription(replace(wanted, next_edition_at=due), wanted)
    return Reply((card(Prose((Text(f"The next edition of “{kept.name}” is left out."),))), _digest_card(kept, asker)))


async def delete(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Remove a digest; its feeds that no other one uses are no longer polled."""
    wanted = await digest_to_change(desk, asker, options.value("digest"))
    await desk.store.remove_subscription(wanted.id)
    gone = wanted.feeds or tuple(feed.id for feed in await desk.store.feeds_of(asker.home))
    resting = await rest(desk, asker, gone)
    feeds = f" {resting} of its feeds {'is' if resting == 1 else 'are'} no longer read." if resting else ""
    return said(f"Deleted “{wanted.name}”.{feeds}")


async def defaults(desk: Desk, asker: Asker, options: Options) -> Mapping[str, Value]:
    """Return what a new digest starts with."""
    fresh = await started(desk, asker, Subscription(0, options.text("name"), asker.channel))
    return _values(fresh)


async def prefill(desk: Desk, asker: Asker, options: Options) -> Mapping[str, Value]:
    """Return what a digest is now."""
    if "digest" not in options:
        return {}
    wanted = await digest_to_change(desk, asker, options.value("digest"))
    feeds = {"feeds": ",".join(map(str, wanted.feeds))} if wanted.feeds else {}
    topics = {"topics": ", ".join(wanted.topics)} if wanted.topics else {}
    return {"name": wanted.name, **_values(wanted), **feeds, **topics}


# ── pieces ───────────────────────────────────────────────────────────────────


async def _changed(desk: Desk, asker: Asker, wanted: Subscription, options: Options) -> Subscription:
    """Return a digest with what the options give."""
    language = options.text("language", wanted.language)
    mention = options.text("mention", wanted.mention)
    return replace(
        wanted,
        name=options.text("name", wanted.name),
        schedule=_schedule(wanted.schedule, options),
        feeds=await _numbers(desk, asker, options) if "feeds" in options else wanted.feeds,
        topics=listed_or_none(options, "topics") if "topics" in options else wanted.topics,
        stories=options.number("stories", wanted.stories),
        quotes=options.number("quotes", wanted.quotes),
        length=next((one for one in LENGTHS if one == options.text("length")), wanted.length),
        style=next((style for style in STYLES if style == options.text("style")), wanted.style),
        language="" if language.lower() in {NONE, "any"} else language,
        mention="" if mention.lower() == NONE else mention,
        updates="skip" if options.text("updates", wanted.updates) == "skip" else "mark",
        empty="note" if options.text("empty", wanted.empty) == "note" else "skip",
    )


async def _numbers(desk: Desk, asker: Asker, options: Options) -> tuple[int, ...]:
    """Return the feeds named by number or title, each of which the asker may read."""
    named = listed_or_none(options, "feeds")
    if [one.lower() for one in named] == ["all"]:
        return ()
    return tuple(sorted({(await feed_named(desk, asker, one)).id for one in named}))


def _schedule(before: Schedule, options: Options) -> Schedule:
    line = options.text("cron")
    every = options.text("frequency") or ("cron" if line else before.frequency)
    at = tuple(clock_time(part) for part in options.listed("at")) or before.at
    day = options.text("weekday")
    quiet_from, quiet_to = hours(options.text("quiet")) if "quiet" in options else (before.quiet_from, before.quiet_to)
    schedule = replace(
        before,
        frequency=next((one for one in FREQUENCIES if one == every), before.frequency),
        timezone=options.text("timezone", before.timezone),
        at=at,
        weekday=WEEKDAYS.index(day) if day else before.weekday,
        cron=line or before.cron,
        quiet_from=quiet_from,
        quiet_to=quiet_to,
    )
    if schedule.frequency == "cron" and not schedule.cron:
        raise BadOption("cron", 'is needed with frequency=cron, e.g. cron="0 8 * * 1-5"')
    check_schedule(schedule)
    return schedule


def clock_time(text: str) -> time:
    """Return a time of day written 08:00 or 8.30."""
    hour, minute = text.strip().replace(".", ":").split(":")
    return time(int(hour), int(minute))


def hours(text: str) -> tuple[time | None, time | None]:
    """Return a span of hours written 22:00-07:00; none of it for the word “none”."""
    if text.lower() == NONE:
        return None, None
    first, last = text.replace("–", "-").split("-")
    return clock_time(first), clock_time(last)


def span(first: time | None, last: time | None) -> str:
    """Return a span of hours as it is typed."""
    return f"{first:%H:%M}-{last:%H:%M}" if first and last else NONE


def _values(wanted: Subscription) -> dict[str, Value]:
    """Return a digest's settings as the options that make it so."""
    schedule = wanted.schedule
    return {
        "frequency": schedule.frequency,
        "at": ",".join(f"{at:%H:%M}" for at in schedule.at),
        "weekday": WEEKDAYS[schedule.weekday],
        "timezone": schedule.timezone,
        "channel": wanted.channel.id,
        "stories": wanted.stories,
        "quotes": wanted.quotes,
        "length": wanted.length,
        "style": wanted.style,
        "quiet": span(schedule.quiet_from, schedule.quiet_to),
        "updates": wanted.updates,
        "empty": wanted.empty,
        **({"language": wanted.language} if wanted.language else {}),
        **({"mention": wanted.mention} if wanted.mention else {}),
        **({"cron": schedule.cron} if schedule.frequency == "cron" else {}),
    }


def _told(wanted: Subscription, names: Mapping[int, str]) -> list[tuple[str, str]]:
    """Return what a digest is set to, as names and words."""
    feeds = ", ".join(names.get(number, str(number)) for number in wanted.feeds)
    return [
        ("feeds", feeds or "all"),
        ("topics", ", ".join(wanted.topics) or "all"),
        ("summaries", f"{wanted.length}, {wanted.style}, up to {counted(wanted.quotes, 'quote')} a story"),
        ("language", wanted.language),
        ("quiet hours", span(wanted.schedule.quiet_from, wanted.schedule.quiet_to)),
        ("mentions", wanted.mention),
        ("stories posted before", "what is new is marked" if wanted.updates == "mark" else "left out"),
        ("nothing new", "noted in one line" if wanted.empty == "note" else "nothing is posted"),
    ]


def _digest_card(wanted: Subscription, asker: Asker) -> Card:
    """Return a digest with its schedule, and the buttons of who may use them."""
    due: tuple[Span, ...] = (Text("next "), moment(wanted.next_edition_at)) if wanted.next_edition_at else ()
    state = held(wanted.paused) if wanted.paused else due
    pinned = " · from the settings file" if wanted.listed else ""
    blocks: list[Block] = [
        Prose((Text(f"{wanted.id}. "), Strong(wanted.name), Text(f" · {_when(wanted.schedule)}"))),
        Prose(
            (
                *state,
                Text(f" · {counted(wanted.stories, 'story', 'stories')} · "),
                here(wanted.channel, asker),
                Text(pinned),
            ),
            quiet=True,
        ),
    ]
    if not asker.manager:
        return Card(tuple(blocks))
    switch = "resume" if wanted.paused else "pause"
    return card(
        *blocks,
        Action("Preview", f"schedule preview digest={wanted.id}"),
        Action("Run now", f"schedule run digest={wanted.id}"),
        *(() if wanted.listed else (Action("Edit", f"schedule edit digest={wanted.id}"),)),
        Action(switch.capitalize(), f"schedule {switch} digest={wanted.id}"),
    )


def _when(schedule: Schedule) -> str:
    """Return a schedule in words: "weekly on Monday at 08:00 (Europe/Berlin)"."""
    if schedule.frequency in {"cron", "instant", "hourly"}:
        return {"cron": f"at {schedule.cron}", "instant": "as news comes", "hourly": "by the hour"}[schedule.frequency]
    day = f" on {WEEKDAYS[schedule.weekday].capitalize()}" if schedule.frequency == "weekly" else ""
    clock = ", ".join(f"{at:%H:%M}" for at in schedule.at)
    return f"{schedule.frequency}{day} at {clock} ({schedule.timezone})"
