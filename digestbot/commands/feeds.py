"""The commands about feeds: list, subscribe, unsubscribe, pause, resume, test, filter."""

from collections.abc import Mapping
from dataclasses import replace

from digestbot.commands.model import Asker, Desk, Options, Reply, Value
from digestbot.commands.stories import theirs
from digestbot.commands.words import card, link, listed, moment, said
from digestbot.domain.digest import Action, Block, Card, Heading, Prose, Span, Text
from digestbot.domain.errors import BadOption, NotFound
from digestbot.domain.news import Feed
from digestbot.domain.subscription import Channel, Subscription
from digestbot.editorial.schedule import next_edition

SHOWN = 40
"""Feeds listed at most; a longer list names how many there are."""
PAUSED_BY = "paused by {user}"


async def show(desk: Desk, asker: Asker, options: Options) -> Reply:
    """List the feeds, or those that fail alone."""
    failing = options.flag("failing")
    found = await (desk.store.failing_feeds() if failing else desk.store.feeds())
    cards = [_feed_card(feed, manager=asker.manager) for feed in found[:SHOWN]]
    if len(found) > SHOWN:
        cards.append(card(Prose((Text(f"and {len(found) - SHOWN} more"),), quiet=True)))
    nothing = "No feed fails." if failing else "There are no feeds yet: add one with “subscribe <address>”."
    return listed(f"{len(found)} {'failing ' if failing else ''}feeds", cards, nothing)


async def subscribe(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Read a feed once, keep it, and see that a digest of the channel has it."""
    url = options.text("url")
    parsed = await desk.feeds.look(url)
    now = desk.clock.now()
    feed = await desk.store.add_feed(url, title=parsed.title, topics=options.listed("topic"), now=now)
    channel = Channel(asker.platform, options.text("channel", asker.channel.id), asker.workspace)
    wanted = await _digest_with(desk, channel, feed, asker.timezone)
    due = wanted.next_edition_at
    when: tuple[Span, ...] = (Text("; the next one is due "), moment(due)) if due else (Text("; it is paused"),)
    line = (Text("Added “"), link(feed.title or url, url), Text(f"” to the digest “{wanted.name}”"), *when, Text("."))
    return Reply((card(Prose(line), Action("Test", f"test feed={feed.id}")),))


async def _digest_with(desk: Desk, channel: Channel, feed: Feed, timezone: str) -> Subscription:
    """Return the channel's digest with the feed in it: its first one, else a new one every morning at eight."""
    there = [s for s in await desk.store.subscriptions() if s.channel == channel]
    if any(not s.feeds or feed.id in s.feeds for s in there):
        return next(s for s in there if not s.feeds or feed.id in s.feeds)
    if there:
        return await desk.store.save_subscription(replace(there[0], feeds=(*there[0].feeds, feed.id)))
    now = desk.clock.now()
    fresh = Subscription(0, await _free_name(desk, channel), channel, feeds=(feed.id,), window_from=now)
    schedule = replace(fresh.schedule, timezone=timezone)
    due = next_edition(schedule, now)
    return await desk.store.save_subscription(replace(fresh, schedule=schedule, next_edition_at=due))


async def _free_name(desk: Desk, channel: Channel) -> str:
    taken = {s.name for s in await desk.store.subscriptions() if s.channel.workspace == channel.workspace}
    number = 1
    while (name := f"Morning brief{f' {number}' if number > 1 else ''}") in taken:
        number += 1
    return name


async def unsubscribe(desk: Desk, _asker: Asker, options: Options) -> Reply:
    """Forget a feed; the articles it gave stay."""
    feed = await desk.store.feed(options.number("feed"))
    for wanted in await desk.store.subscriptions():
        if wanted.feeds == (feed.id,):
            raise BadOption("feed", f"is the only one of the digest “{wanted.name}”: delete that first")
        if feed.id in wanted.feeds:
            kept = tuple(one for one in wanted.feeds if one != feed.id)
            await desk.store.save_subscription(replace(wanted, feeds=kept))
    await desk.store.remove_feed(feed.id)
    return said(f"Removed “{feed.title or feed.url}”. Its articles stay searchable until their time is over.")


async def pause(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Stop polling a feed."""
    feed = await desk.store.feed(options.number("feed"))
    await desk.store.pause_feed(feed.id, PAUSED_BY.format(user=asker.user))
    return said(f"Paused “{feed.title or feed.url}”.", Action("Resume", f"resume feed={feed.id}"))


async def resume(desk: Desk, _asker: Asker, options: Options) -> Reply:
    """Poll a feed again."""
    feed = await desk.store.feed(options.number("feed"))
    await desk.store.pause_feed(feed.id, None)
    return said(f"Resumed “{feed.title or feed.url}”.")


async def test(desk: Desk, _asker: Asker, options: Options) -> Reply:
    """Read a feed now and show what it gives; nothing is kept or posted."""
    feed = await desk.store.feed(options.number("feed"))
    parsed = await desk.feeds.look(feed.url)
    head = card(
        Heading((link(parsed.title or feed.url, feed.url),)),
        Prose((Text(f"{len(parsed.entries)} entries, {parsed.format or 'feed'}"),), quiet=True),
    )
    return Reply((head, *(card(Prose((link(entry.title, entry.link),))) for entry in parsed.entries[:5])))


async def subscription_of(desk: Desk, asker: Asker, number: int) -> Subscription:
    """Return a digest of the asker's workspace.

    Raises:
        NotFound: There is none of that number there; whether another workspace has it is not told.

    """
    wanted = await desk.store.subscription(number)
    if not theirs(wanted, asker):
        raise NotFound("subscription", number)
    return wanted


def _feed_card(feed: Feed, *, manager: bool) -> Card:
    """Return a feed with its health, and the buttons of who may use them."""
    state = f"paused: {feed.paused}" if feed.paused else feed.polling.last_error or "well"
    topics = f" · {', '.join(feed.topics)}" if feed.topics else ""
    blocks: list[Block] = [
        Prose((Text(f"{feed.id}. "), link(feed.title or feed.url, feed.url))),
        Prose((Text(f"{state}{topics}"),), quiet=True),
    ]
    if not manager:
        return Card(tuple(blocks))
    switch = Action("Resume", f"resume feed={feed.id}") if feed.paused else Action("Pause", f"pause feed={feed.id}")
    return card(*blocks, Action("Test", f"test feed={feed.id}"), switch)


async def move(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Put a feed into another channel's digest."""
    return said("Not yet.")


async def edit(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Change a feed."""
    return said("Not yet.")


async def prefill(_desk: Desk, _asker: Asker, _options: Options) -> Mapping[str, Value]:
    """Return what a feed is now."""
    return {}
