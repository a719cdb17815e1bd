"""The commands about feeds: list, subscribe, unsubscribe, pause, resume, test, move, edit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from digestbot.commands.documents import PAUSED_BY, card, held, here, link, listed, moment, said
from digestbot.commands.model import Asker, Desk, FeedFinder, Options, Reply, Value, counted
from digestbot.commands.ownership import (
    channel_meant,
    digests_here,
    feed_named,
    feed_to_change,
    feeds_here,
    own_feeds,
    pause_for,
)
from digestbot.domain.addresses import shown
from digestbot.domain.digest import Action, Block, Card, Heading, Prose, Span, Text
from digestbot.domain.errors import BadOption, NotAFeed
from digestbot.domain.news import Feed, ParsedFeed
from digestbot.domain.subscription import OPERATOR, Channel, Schedule, Subscription
from digestbot.editorial.filters import NO_RULES
from digestbot.editorial.schedule import next_edition

SHOWN = 40
"""Feeds listed at most; a longer list names how many there are."""
UNUSED = "no digest uses it"
"""Why a feed is not polled after the last digest that named it is gone; a digest that names it resumes it."""
NONE = "none"
"""What is typed to empty an option."""


async def show(desk: Desk, asker: Asker, options: Options) -> Reply:
    """List the feeds, or those that fail alone."""
    failing = options.flag("failing")
    found = [feed for feed in await feeds_here(desk, asker) if not failing or feed.polling.failures or feed.paused]
    pinned = asker.home == OPERATOR
    own = {feed.id for feed in await own_feeds(desk, asker) if not (pinned and feed.listed)}
    cards = [_feed_card(feed, own=feed.id in own, manager=asker.manager) for feed in found[:SHOWN]]
    mine = len(found) if pinned else sum(feed.id in own for feed in found)
    title = counted(len(found), "failing feed" if failing else "feed")
    if mine < len(found):
        title += f" · {'all' if not mine else len(found) - mine} from the bot's own list"
    if len(found) > SHOWN:
        cards.append(card(Prose((Text(f"and {len(found) - SHOWN} more"),), quiet=True)))
    add = asker.typed("subscribe", "<address>")
    nothing = "No feed fails." if failing else f"There are no feeds yet: add one with “{add}”."
    return listed(title, cards, nothing)


async def subscribe(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Read a feed once, keep it, and see that a digest of the channel has it."""
    channel = channel_meant(asker, options)
    url, parsed = await _found(desk, options.text("url"))
    now = desk.clock.now()
    there = await desk.store.feed_by_url(url)
    title = "" if there and there.title else parsed.title
    feed = await desk.store.add_feed(url, title=title, topics=options.listed("topic"), owner=asker.home, now=now)
    if feed.paused:
        await pause_for(desk, asker, feed, None)
    (wanted,) = await put_into(desk, asker, channel, [feed])
    due = wanted.next_edition_at
    when: tuple[Span, ...] = (Text("; the next one is due "), moment(due)) if due else (Text("; it is paused"),)
    into = (Text(f"” to the digest “{wanted.name}” in "), here(wanted.channel, asker))
    line = (Text("Added “"), link(feed.name, shown(url)), *into, *when, Text("."))
    return Reply((card(Prose(line), Action("Test", f"test feed={feed.id}")),))


async def _found(desk: Desk, url: str) -> tuple[str, ParsedFeed]:
    """Return a feed's address with what it gives: the address given, or the feed that the page there names.

    Raises:
        SourceError: It could not be had, or neither is nor names a feed.

    """
    try:
        return url, await desk.feeds.look(url)
    except NotAFeed:
        named = await desk.feeds.discover(url) if isinstance(desk.feeds, FeedFinder) else []
        if not named:
            raise
        return named[0], await desk.feeds.look(named[0])


async def unsubscribe(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Forget a feed; the articles it gave stay."""
    feed = await feed_to_change(desk, asker, options.value("feed"))
    # The operator lets go of their own; a feed that is a workspace's alone they take from it.
    shared = asker.home == OPERATOR and OPERATOR in await desk.store.owners(feed.id)
    using = [
        one
        for one in await digests_here(desk, asker)
        if feed.id in one.feeds and not one.listed and (not shared or one.channel.home == OPERATOR)
    ]
    for wanted in using:
        if wanted.feeds == (feed.id,):
            raise BadOption("feed", f"is the only one of the digest “{wanted.name}”: delete that first")
    for wanted in using:
        left = replace(wanted, feeds=tuple(n for n in wanted.feeds if n != feed.id))
        await desk.store.save_subscription(left, wanted)
    if asker.home == OPERATOR and not shared:
        await desk.store.remove_feed(feed.id)
    else:
        await desk.store.disown_feed(feed.id, asker.home)
    return said(f"Removed “{feed.name}”. What was posted of it stays.")


async def pause(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Stop polling a feed for this workspace."""
    feed = await feed_to_change(desk, asker, options.value("feed"))
    await pause_for(desk, asker, feed, PAUSED_BY + asker.user)
    return said(f"Paused “{feed.name}”.", Action("Resume", f"resume feed={feed.id}"))


async def resume(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Poll a feed again."""
    feed = await feed_to_change(desk, asker, options.value("feed"))
    await pause_for(desk, asker, feed, None)
    return said(f"Resumed “{feed.name}”.")


async def test(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Read a feed now and show what it gives; nothing is kept or posted."""
    feed = await feed_named(desk, asker, options.value("feed"))
    parsed = await desk.feeds.look(feed.url)
    head = card(
        Heading((link(parsed.title or feed.name, shown(feed.url)),)),
        Prose((Text(f"{len(parsed.entries)} entries, {parsed.format or 'feed'}"),), quiet=True),
    )
    return Reply((head, *(card(Prose((link(entry.title, entry.link),))) for entry in parsed.entries[:5])))


async def move(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Take a feed out of the workspace's digests that name it, and put it into another channel's."""
    feed = await feed_to_change(desk, asker, options.value("feed"))
    channel = Channel(asker.platform, options.text("channel"), asker.workspace)
    leaving = [s for s in await digests_here(desk, asker) if feed.id in s.feeds and s.channel.id != channel.id]
    for wanted in leaving:
        if wanted.listed:
            raise BadOption("feed", f"is in the digest “{wanted.name}”, which comes from the settings file")
        if wanted.feeds == (feed.id,):
            moving = asker.typed("schedule move", str(wanted.id))
            raise BadOption("feed", f"is the only one of the digest “{wanted.name}”: move that with “{moving}”")
    for wanted in leaving:
        left = replace(wanted, feeds=tuple(n for n in wanted.feeds if n != feed.id))
        await desk.store.save_subscription(left, wanted)
    (into,) = await put_into(desk, asker, channel, [feed])
    return said(f"Moved “{feed.name}” to the digest “{into.name}”.")


async def edit(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Change what a feed is called here, its topics and how much its stories count."""
    feed = await feed_to_change(desk, asker, options.value("feed"))
    title = options.text("title", feed.title)
    changed = replace(
        feed,
        title="" if title.lower() == NONE else title,
        topics=listed_or_none(options, "topics") if "topics" in options else feed.topics,
        weight=options.number("weight", round(feed.weight * 100)) / 100,
    )
    if asker.home == OPERATOR:
        changed = await desk.store.add_feed(
            feed.url, title=changed.title, topics=changed.topics, weight=changed.weight, now=desk.clock.now()
        )
    else:
        await desk.store.change_feed(feed.id, asker.home, changed)
    return Reply((_feed_card(await feed_named(desk, asker, feed.id), own=True),))


async def prefill(desk: Desk, asker: Asker, options: Options) -> Mapping[str, Value]:
    """Return what a feed is now."""
    if "feed" not in options:
        return {}
    feed = await feed_to_change(desk, asker, options.value("feed"))
    return {"title": feed.title, "topics": ", ".join(feed.topics), "weight": round(feed.weight * 100)}


# ── digests and their feeds ──────────────────────────────────────────────────


async def put_into(desk: Desk, asker: Asker, channel: Channel, feeds: Sequence[Feed]) -> tuple[Subscription]:
    """See that a digest of the channel has the feeds: its first one, else a new one every morning at eight."""
    # A digest of the settings file that names no workspace has the operator's feeds alone.
    there = [s for s in await digests_here(desk, asker) if s.channel == channel]
    wanted = {feed.id for feed in feeds}
    for one in there:
        if not one.feeds or wanted <= set(one.feeds):
            return (one,)
    if changeable := next((one for one in there if not one.listed), None):
        grown = tuple(dict.fromkeys((*changeable.feeds, *(feed.id for feed in feeds))))
        kept = await desk.store.save_subscription(replace(changeable, feeds=grown), changeable)
        await wake(desk, asker, kept)
        return (kept,)
    now = desk.clock.now()
    name = await _free_name(desk, asker)
    fresh = await started(desk, asker, Subscription(0, name, channel, feeds=tuple(sorted(wanted)), window_from=now))
    due = next_edition(fresh.schedule, now)
    return (await desk.store.save_subscription(replace(fresh, next_edition_at=due)),)


async def started(desk: Desk, asker: Asker, fresh: Subscription) -> Subscription:
    """Return a new digest with what the workspace has set for new ones."""
    known = await desk.store.workspace(asker.home)
    if known is None:
        return replace(fresh, schedule=replace(fresh.schedule, timezone=asker.timezone))
    settings = known.settings
    zone = asker.timezone if asker.timezone != "UTC" else settings.timezone or asker.timezone
    schedule = Schedule(timezone=zone, quiet_from=settings.quiet_from, quiet_to=settings.quiet_to)
    return replace(fresh, schedule=schedule, length=settings.length, style=settings.style, language=settings.language)


async def wake(desk: Desk, asker: Asker, wanted: Subscription) -> None:
    """Resume the feeds that rested because no digest used them, now that one does."""
    for feed in await desk.store.feeds_of(asker.home):
        if feed.paused == UNUSED and (not wanted.feeds or feed.id in wanted.feeds):
            await desk.store.pause_own(feed.id, asker.home, None)


async def rest(desk: Desk, asker: Asker, gone: Sequence[int]) -> int:
    """Let those feeds rest that no digest of the workspace uses any more; return how many."""
    left = [one for one in await digests_here(desk, asker) if one.channel.home == asker.home]
    if any(not one.feeds for one in left):
        return 0
    used = {number for one in left for number in one.feeds}
    unused = [f for f in await desk.store.feeds_of(asker.home) if f.id in gone and f.id not in used and not f.paused]
    for feed in unused:
        await desk.store.pause_own(feed.id, asker.home, UNUSED)
    return len(unused)


async def _free_name(desk: Desk, asker: Asker) -> str:
    taken = {s.name for s in await digests_here(desk, asker)}
    number = 1
    while (name := f"Morning brief{f' {number}' if number > 1 else ''}") in taken:
        number += 1
    return name


def listed_or_none(options: Options, name: str) -> tuple[str, ...]:
    """Return a list's parts; the word “none” alone empties it."""
    given = options.listed(name)
    return () if [one.lower() for one in given] == [NONE] else given


def _feed_card(feed: Feed, *, own: bool, manager: bool = True) -> Card:
    """Return a feed with its health, and the buttons of who may use them."""
    state = held(feed.paused) if feed.paused else (Text(feed.polling.last_error or "well"),)
    topics = f" · {', '.join(feed.topics)}" if feed.topics else ""
    filtered = "" if feed.filter == NO_RULES else " · filtered"
    pinned = " · from the settings file" if feed.listed and not own else ""
    blocks: list[Block] = [
        Prose((Text(f"{feed.id}. "), link(feed.name, shown(feed.url)))),
        Prose((*state, Text(f"{topics}{filtered}{pinned}")), quiet=True),
    ]
    if not own or not manager:
        return Card(tuple(blocks))
    switch = Action("Resume", f"resume feed={feed.id}") if feed.paused else Action("Pause", f"pause feed={feed.id}")
    return card(*blocks, Action("Test", f"test feed={feed.id}"), Action("Edit", f"edit feed={feed.id}"), switch)
