"""Brings the settings' feeds and subscriptions into the store, where everything else reads them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from digestbot.config import WEEKDAYS, FilterSettings, Settings, SubscriptionSettings
from digestbot.domain.news import Feed
from digestbot.domain.subscription import OPERATOR, Channel, Filter, Schedule, Subscription
from digestbot.editorial.schedule import next_edition, rearmed
from digestbot.ports import Store

NOT_LISTED = "it is no longer in the settings file"
"""Why a feed or subscription that the settings file once named is paused; naming it again resumes it."""


async def enrol(settings: Settings, store: Store, now: datetime) -> None:
    """Add or update what the settings list; pause the file's feeds and subscriptions that it no longer lists.

    The file's subscriptions say that they are; those made in chat do not, so each is the business of one side only.
    A due time is kept over restarts unless the schedule itself changed.
    """
    feeds = {}
    for listed in settings.feeds:
        feed = feeds[listed.url] = await store.add_feed(
            listed.url,
            title=listed.title,
            topics=listed.topics,
            weight=listed.weight,
            backfill=listed.backfill,
            listed=True,
            now=now,
        )
        if feed.filter != filter_of(listed):
            await store.filter_feed(feed.id, OPERATOR, filter_of(listed))
    await _follow_the_file(store, feeds)
    here = {s.name: s for s in await store.subscriptions() if s.listed}
    for wanted in settings.subscriptions:
        await _enrol_one(store, subscription_of(wanted, feeds), here.pop(wanted.name, None), now)
    for left in here.values():
        if left.paused is None:
            await store.pause_subscription(left.id, NOT_LISTED)


async def _follow_the_file(store: Store, named: Mapping[str, Feed]) -> None:
    """Pause the feeds that the file named once and no longer names; resume those it names, as the operator has them."""
    for feed in await store.feeds(listed=True):
        if feed.url not in named:
            if feed.paused is not None:
                continue
            if list(await store.owners(feed.id)) == [OPERATOR]:
                await store.pause_feed(feed.id, NOT_LISTED)
            else:
                # A workspace reads it too: it is polled for that one.
                await store.pause_own(feed.id, OPERATOR, NOT_LISTED)
        elif feed.paused == NOT_LISTED:
            await store.pause_feed(feed.id, None)
        elif named[feed.url].paused == NOT_LISTED:
            await store.pause_own(feed.id, OPERATOR, None)


async def _enrol_one(store: Store, wanted: Subscription, earlier: Subscription | None, now: datetime) -> None:
    due = next_edition(wanted.schedule, now)
    if earlier is None:
        await store.save_subscription(replace(wanted, next_edition_at=due))
        return
    same = earlier.schedule == wanted.schedule and earlier.next_edition_at is not None
    kept = replace(
        wanted,
        id=earlier.id,
        paused=None if earlier.paused == NOT_LISTED else earlier.paused,
        next_edition_at=rearmed(wanted.schedule, earlier.next_edition_at, now) if same else due,
        window_from=earlier.window_from,
    )
    if kept != earlier:
        await store.save_subscription(kept, earlier)


def channel_of(wanted: SubscriptionSettings) -> Channel:
    """Return the channel that a subscription of the settings names, with its workspace where it names that too."""
    workspace, _, channel = wanted.channel.partition(":")[2].rpartition("/")
    return Channel(wanted.platform, channel, workspace)


def subscription_of(wanted: SubscriptionSettings, feeds: dict[str, Feed]) -> Subscription:
    """Return a subscription as the settings describe it, not yet due."""
    quiet_from, quiet_to = wanted.quiet or (None, None)
    return Subscription(
        id=0,
        name=wanted.name,
        channel=channel_of(wanted),
        schedule=Schedule(
            frequency=wanted.schedule,
            timezone=wanted.timezone,
            at=wanted.at,
            weekday=WEEKDAYS.index(wanted.weekday),
            every_hours=wanted.every_hours,
            cron=wanted.cron,
            quiet_from=quiet_from,
            quiet_to=quiet_to,
        ),
        feeds=_feed_ids(wanted, feeds),
        topics=wanted.topics,
        filter=filter_of(wanted),
        stories=wanted.stories,
        quotes=wanted.quotes,
        length=wanted.length,
        style=wanted.style,
        language=wanted.language,
        per_feed=wanted.per_feed,
        per_topic=wanted.per_topic,
        updates=wanted.updates,
        empty=wanted.empty,
        mention=wanted.mention,
        listed=True,
    )


def filter_of(wanted: FilterSettings) -> Filter:
    """Return the rules of a feed or subscription of the settings."""
    return Filter(
        include=wanted.include,
        exclude=wanted.exclude,
        authors=wanted.authors,
        categories=wanted.categories,
        languages=wanted.languages,
        sources=wanted.sources,
        include_regex=wanted.include_regex,
        exclude_regex=wanted.exclude_regex,
    )


def rules_of(one: Filter) -> dict[str, object]:
    """Return the rules of a filter as the settings write them."""
    return {name: getattr(one, name) for name in FilterSettings.model_fields}


def _feed_ids(wanted: SubscriptionSettings, feeds: dict[str, Feed]) -> tuple[int, ...]:
    return tuple(sorted(feeds[url].id for url in wanted.feeds))
