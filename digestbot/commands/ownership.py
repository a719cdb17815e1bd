"""Whose is what: the feeds and digests that an asker may read, and those the asker's workspace may change.

A workspace reads its own and what the operator put in (the settings file, the command line); it changes its own alone.
The operator's terminal reads and changes everything.
"""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import TypeVar

from digestbot.commands.model import Asker, Desk, Options, Value
from digestbot.domain.errors import BadOption, NotAllowed, NotFound
from digestbot.domain.news import OMISSION, Feed, Story
from digestbot.domain.subscription import OPERATOR, Channel, Subscription, Workspace
from digestbot.ports import Hit, SearchKind

BY_OPERATOR = "paused by operator"
"""Why a feed is paused that the operator paused for everybody, in the terminal."""
PINNED = "comes from the settings file of this bot; change it there"

MORE = 5
"""How many times more hits are looked through than are shown, as some may be of other workspaces' feeds."""

T = TypeVar("T", Feed, Subscription)


# ── feeds ────────────────────────────────────────────────────────────────────


async def own_feeds(desk: Desk, asker: Asker) -> Sequence[Feed]:
    """Return the feeds that the asker's workspace may change; the operator may change all."""
    return await (desk.store.feeds() if asker.home == OPERATOR else desk.store.feeds_of(asker.home))


async def feeds_here(desk: Desk, asker: Asker) -> Sequence[Feed]:
    """Return the feeds the asker may read, by id: the workspace's own as they are there, and the operator's."""
    own = {feed.id: feed for feed in await own_feeds(desk, asker)}
    if asker.home == OPERATOR:
        return list(own.values())
    shared = {feed.id: feed for feed in await desk.store.feeds_of(OPERATOR)}
    return [feed for _, feed in sorted((shared | own).items())]


async def readable(desk: Desk, asker: Asker) -> frozenset[int] | None:
    """Return the ids of the feeds whose articles the asker may read; None for all."""
    return None if asker.home == OPERATOR else frozenset(feed.id for feed in await feeds_here(desk, asker))


async def feed_named(desk: Desk, asker: Asker, value: Value) -> Feed:
    """Return a feed the asker may read, by number, address or title.

    Raises:
        NotFound: There is none; whether another workspace has it is not told.

    """
    return _named("feed", await feeds_here(desk, asker), value)


async def feed_to_change(desk: Desk, asker: Asker, value: Value) -> Feed:
    """Return a feed that is the asker's workspace's own.

    Raises:
        NotFound: The asker sees no such feed.
        NotAllowed: It is the operator's.

    """
    feed = await feed_named(desk, asker, value)
    if not await is_own(desk, asker, feed):
        raise NotAllowed(f"“{feed.name}” {PINNED}", hint="")
    return feed


async def is_own(desk: Desk, asker: Asker, feed: Feed) -> bool:
    """Tell whether a feed that the asker may read is one that the asker's workspace may change."""
    return not (feed.listed and asker.home == OPERATOR) and feed.id in {one.id for one in await own_feeds(desk, asker)}


async def pause_for(desk: Desk, asker: Asker, feed: Feed, reason: str | None) -> None:
    """Pause a feed for the asker's workspace, or (None) resume it; the operator does so for everybody.

    Resuming also lifts what the bot itself paused for everybody, such as a feed that was said to be gone; what the
    operator paused stays so.
    """
    if asker.home == OPERATOR:
        await desk.store.pause_feed(feed.id, reason)
        return
    await desk.store.pause_own(feed.id, asker.home, reason)
    whole = await desk.store.feed(feed.id)
    if reason is None and whole.paused and whole.paused != BY_OPERATOR:
        await desk.store.pause_feed(feed.id, None)


# ── digests ──────────────────────────────────────────────────────────────────


async def digests_here(desk: Desk, asker: Asker) -> Sequence[Subscription]:
    """Return the digests of the asker's workspace, by id.

    The settings file may leave a channel's workspace out. Such a digest is everybody's who asks in its channel, and
    the whole workspace's where the bot serves one workspace of the platform alone.
    """
    if asker.home == OPERATOR:
        return await desk.store.subscriptions()
    if not asker.workspace:
        return []
    own = await desk.store.subscriptions_of(asker.home)
    placeless = await desk.store.subscriptions_of(Workspace(asker.platform))
    if placeless and await desk.store.count_workspaces(asker.platform) > 1:
        placeless = [one for one in placeless if one.channel.id == asker.channel.id]
    return sorted((*own, *placeless), key=lambda one: one.id)


async def digest_named(desk: Desk, asker: Asker, value: Value) -> Subscription:
    """Return a digest of the asker's workspace, by number or name.

    Raises:
        NotFound: There is none; whether another workspace has it is not told.

    """
    return _named("digest", await digests_here(desk, asker), value)


async def digest_to_change(desk: Desk, asker: Asker, value: Value) -> Subscription:
    """Return a digest of the asker's workspace that chat may change.

    Raises:
        NotFound: The asker sees no such digest.
        NotAllowed: The settings file says how it is.

    """
    wanted = await digest_named(desk, asker, value)
    if wanted.listed:
        raise NotAllowed(f"“{wanted.name}” {PINNED}", hint="")
    return wanted


def channel_meant(asker: Asker, options: Options) -> Channel:
    """Return the channel that is named, else the one asked in.

    Raises:
        BadOption: None is named, and it was asked where there is none, as in Slack's App Home.

    """
    number = options.text("channel", asker.channel.id)
    if not number and asker.workspace:
        raise BadOption("channel", "is needed: say which channel it is for")
    return Channel(asker.platform, number, asker.workspace)


# ── stories ──────────────────────────────────────────────────────────────────


async def story_named(desk: Desk, asker: Asker, number: int) -> Story:
    """Return a story with the articles the asker may read: those of their feeds, and those posted to them.

    Raises:
        NotFound: There is none, or none of its articles may be read here.

    """
    story = await desk.store.story(number)
    feeds = await readable(desk, asker)
    if feeds is None or all(article.feed_id in feeds for article in story.articles):
        return story
    if await desk.store.deliveries_of(asker.home, story.id):
        # What was posted here may be looked behind, also when its feed is removed since.
        return story
    seen = tuple(article for article in story.articles if article.feed_id in feeds)
    if not seen:
        raise NotFound("story", number, hint="its number stands on the story's buttons")
    return replace(story, articles=seen)


async def hits_here(
    desk: Desk, asker: Asker, words: str, *, kind: SearchKind | None = None, most: int = 10
) -> Sequence[tuple[Hit, Story]]:
    """Return what matches the words in the articles the asker may read, newest first, each with its story as read here.

    A story that was cleaned up meanwhile is left out.
    """
    feeds = await readable(desk, asker)
    # A quotation and a person stand in an article, a headline is one's title: each is held against those read here.
    found = await desk.store.search(words, limit=most if feeds is None else most * MORE, kind=kind)
    hits: list[tuple[Hit, Story]] = []
    for hit in found:
        if told := await _read_here(desk, hit, feeds):
            hits.append((hit, told))
        if len(hits) == most:
            break
    return hits


async def _read_here(desk: Desk, hit: Hit, feeds: frozenset[int] | None) -> Story | None:
    """Return a hit's story with the articles of those feeds (None: all), if it is a hit in them."""
    try:
        story = await desk.store.story(hit.story_id)
    except NotFound:
        return None
    if feeds is None:
        return story
    articles = tuple(article for article in story.articles if article.feed_id in feeds)
    if hit.kind == "story":
        has = any(article.title == hit.text for article in articles)
    else:
        first = " ".join(hit.text.partition(OMISSION)[0].split())
        has = any(first in " ".join(article.text.split()) for article in articles)
    return replace(story, articles=articles) if has else None


# ── names ────────────────────────────────────────────────────────────────────


def _named(kind: str, found: Sequence[T], value: Value) -> T:
    """Return the one of a number or a name.

    Raises:
        NotFound: There is none; the nearest name is told.
        BadOption: Several have that name.

    """
    text = str(value).strip()
    number = text.removeprefix("#")
    if number.isdecimal():
        for one in found:
            if one.id == int(number):
                return one
        raise NotFound(kind, value)
    wanted = text.casefold()
    same = [one for one in found if wanted in {name.casefold() for name in _names(one)}]
    if len(same) > 1:
        raise BadOption(kind, f"is the name of {' and '.join(str(one.id) for one in same)}: give the number")
    if same:
        return same[0]
    names = {name.casefold(): name for one in found for name in _names(one)}
    near = get_close_matches(wanted, names, n=1)
    raise NotFound(kind, value, hint=f"did you mean “{names[near[0]]}”?" if near else None)


def _names(one: Feed | Subscription) -> tuple[str, ...]:
    return (one.title, one.url) if isinstance(one, Feed) else (one.name,)
