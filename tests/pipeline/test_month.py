"""A simulated month: a hundred feeds, forty subscriptions in twelve zones, outages, crashes, and a clock that jumps."""

import asyncio
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from digestbot.domain.errors import PlatformDown, RateLimited, StoreUnavailable
from digestbot.domain.subscription import Schedule, Subscription
from digestbot.editorial.schedule import next_edition
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.deliver import Deliverer
from digestbot.pipeline.publish import Publisher
from digestbot.pipeline.refresh import Refresher
from digestbot.ports import Retention
from tests.fakes.chat import FakeChat, Posted
from tests.fakes.clock import FakeClock
from tests.rigs.month import (
    DAYS,
    FEEDS,
    HOUR,
    START,
    ZONES,
    Crashes,
    FirstSentences,
    HashedWords,
    MonthStore,
    Newsrooms,
    events,
    subscriptions,
)

TICK = timedelta(minutes=15)
END = START + timedelta(days=DAYS)
# The machine sleeps through a night, and through the hour that is repeated in Europe.
ASLEEP = (
    (START + timedelta(days=6, hours=1), START + timedelta(days=6, hours=11, minutes=30)),
    (START + timedelta(days=16, hours=0, minutes=15), START + timedelta(days=16, hours=1, minutes=15)),
)
BACK_AT, BACK_BY = START + timedelta(days=20, hours=9, minutes=15), timedelta(minutes=45)
DOWN = {
    7: (START + timedelta(days=3), START + timedelta(days=4, hours=6)),
    8: (START + timedelta(days=9), START + timedelta(days=9, hours=5)),
    9: (START + timedelta(days=14), START + timedelta(days=16)),
}


class Month:
    """The whole program on a fake clock, killed and started again as it goes."""

    def __init__(self) -> None:
        """Set up the newsrooms, the readers and the program."""
        self.events = events()
        self.clock = FakeClock(START)
        self.crashes = Crashes(every=211)
        self.store = MonthStore(self.crashes)
        self.rooms = Newsrooms(self.events, DOWN)
        self.chat = FakeChat("slack", knows_keys=False)
        self.embedder, self.summarizer = HashedWords(), FirstSentences()
        self.trouble = random.Random(5)  # noqa: S311 — trouble, not secrets
        self.subscriptions: list[Subscription] = []
        self.start()

    def start(self) -> None:
        """Start the program: what it knew is gone, the rows are what is left."""
        briefer = Briefer(self.store, self.summarizer, self.embedder, self.clock)
        adapters = {"slack": self.chat}
        self.refresher = Refresher(self.store, self.rooms, self.rooms, self.embedder, self.clock)
        self.publisher = Publisher(self.store, briefer, adapters, self.clock)
        self.deliverer = Deliverer(self.store, adapters, self.clock)

    async def run(self) -> None:
        """Run the month, then let what is owed be delivered in peace."""
        for number in range(1, FEEDS + 1):
            await self.store.add_feed(f"https://feed{number}.example/rss", topics=["News"], now=START)
        for wish in subscriptions():
            due = next_edition(wish.schedule, START)
            self.subscriptions.append(await self.store.save_subscription(_due(wish, due)))
        stepped_back = False
        while self.clock.now() < END:
            await self.tick()
            if self.clock.now() == BACK_AT and not stepped_back:
                stepped_back = True
                self.clock.tick(seconds=-BACK_BY.total_seconds())
            self.clock.tick(seconds=TICK.total_seconds())
            self.sleep()
        self.crashes.on = False
        for _ in range(12):
            self.clock.tick(hours=1)
            await self.deliverer.run_due()

    def sleep(self) -> None:
        """Let the machine sleep when its time comes; it wakes as a new process."""
        for begins, ends in ASLEEP:
            if begins <= self.clock.now() < ends:
                self.clock.tick(seconds=(ends - self.clock.now()).total_seconds())
                self.start()

    async def tick(self) -> None:
        """Do what is due, in a platform's bad weather; die and start again where the store says so."""
        if self.trouble.random() < 0.05:
            self.chat.lose_answer()
        if self.trouble.random() < 0.05:
            self.chat.refuse(RateLimited("C", retry_after=60))
        if self.trouble.random() < 0.03:
            self.chat.refuse(PlatformDown("C"))
        for step in (self.refresher.run_due, self.publisher.run_due, self.deliverer.run_due, self.deliverer.run_due):
            try:
                await step()
            except StoreUnavailable:
                self.start()
        if self.clock.now().hour == 3 and self.clock.now().minute == 0:
            week = timedelta(days=5)
            await self.store.prune(Retention(articles=week, briefs=week, receipts=timedelta(days=60)), self.clock.now())


def _due(wish: Subscription, at: datetime | None) -> Subscription:
    """Return a subscription with its first due time."""
    return replace(wish, next_edition_at=at, window_from=START)


@cache
def reached(zone: str) -> dict[datetime, datetime]:
    """Return, for each quarter of an hour on a zone's clock, when it was first reached, found by walking."""
    found: dict[datetime, datetime] = {}
    at = START - timedelta(days=2)
    local = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    while at < END + timedelta(days=1):
        shown = at.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        while local <= shown:
            found[local] = at
            local += TICK
        at += TICK
    return found


def walls(schedule: Schedule, day: date) -> Iterable[time]:
    """Return a schedule's local times on a day, as a person reads it."""
    if schedule.frequency == "hourly":
        return [time(0), time(6), time(12), time(18)]
    if schedule.frequency == "cron":
        return [time(1, 15), time(2, 15), time(13, 15)]
    if schedule.frequency == "weekdays" and day.weekday() >= 5:
        return []
    return schedule.at


def expected(schedule: Schedule) -> list[datetime]:
    """Return when a schedule's editions are due in the month, found by walking the clock."""
    clock, due = reached(schedule.timezone), set()
    for number in range(-1, DAYS + 2):
        day = START.date() + timedelta(days=number)
        for wall in walls(schedule, day):
            local = datetime.combine(day, wall)
            if schedule.quiet_from and schedule.quiet_to:
                late = wall >= schedule.quiet_from
                if late or wall < schedule.quiet_to:
                    local = datetime.combine(day + timedelta(days=late), schedule.quiet_to)
            if local in clock:
                due.add(clock[local])
    return sorted(at for at in due if START < at < END)


def made(due: list[datetime]) -> list[datetime]:
    """Return which of the due editions are made: of those slept through only the latest."""
    kept = []
    for begins, ends in ASLEEP:
        missed = [at for at in due if begins <= at <= ends]
        kept += missed[-1:]
        due = [at for at in due if not begins <= at <= ends]
    return sorted(due + kept)


@pytest.fixture(scope="module")
def month() -> Month:
    """Run the month once for all the claims."""
    lived = Month()
    asyncio.run(lived.run())
    return lived


def told(month: Month) -> dict[str, list[tuple[Posted, str]]]:
    """Return, by channel, each message that tells an event, with the event's name."""
    names = re.compile("|".join(event.name for event in month.events))
    found: dict[str, list[tuple[Posted, str]]] = defaultdict(list)
    for message in month.chat.posted:
        headline = message.text.partition("\n")[0]
        if match := names.search(headline):
            found[message.channel.id].append((message, match.group()))
    return found


pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_every_due_edition_is_made_exactly_once(month: Month) -> None:
    """Through clock changes, sleep, crashes and a step back, each edition that was due has one row."""
    assert month.crashes.died > 20
    for subscription in month.subscriptions:
        rows = sorted(at for sub, at in month.store._editions if sub == subscription.id)
        assert rows == made(expected(subscription.schedule)), subscription.name


def test_no_message_is_posted_twice(month: Month) -> None:
    """Whatever was lost or killed in between, each part of each delivery stands in its channel once."""
    keys = Counter(message.key for message in month.chat.posted)
    assert not [key for key, count in keys.items() if count > 1]
    states = Counter(owed.state for owed in month.store._deliveries.values())
    assert set(states) == {"sent"}
    assert sum(len(owed.parts) for owed in month.store._deliveries.values()) == len(month.chat.posted)


def test_no_story_comes_twice_in_a_channel(month: Month) -> None:
    """An event is news once; what comes of it later is marked as an update."""
    for channel, messages in told(month).items():
        news = Counter(name for message, name in messages if not message.text.startswith("Update · "))
        assert not {name for name, count in news.items() if count > 1}, channel


def test_updates_are_those_of_events_that_went_on(month: Month) -> None:
    """A retelling by another outlet is no update; a real one comes once."""
    going_on = {event.name for event in month.events if event.follow_up}
    total = 0
    for messages in told(month).values():
        updates = Counter(name for message, name in messages if message.text.startswith("Update · "))
        assert set(updates) <= going_on
        assert set(updates.values()) <= {1}
        total += sum(updates.values())
    assert total > 50


def test_every_expected_story_is_there(month: Month) -> None:
    """What a channel's feeds told before its last edition stands in the channel, outages and all."""
    shown = {channel: {name for _, name in messages} for channel, messages in told(month).items()}
    last: dict[str, datetime] = {}
    feeds: dict[str, set[int]] = defaultdict(set)
    for subscription in month.subscriptions:
        channel = subscription.channel.id
        last[channel] = max(last.get(channel, START), made(expected(subscription.schedule))[-1])
        feeds[channel].update(subscription.feeds)
    more = sum(int(m) for p in month.chat.posted for m in re.findall(r"^and (\d+) more", p.text, re.MULTILINE))
    wanted = {
        (channel, key.partition("-")[0])
        for (key, feed), at in month.rooms.first_stored.items()
        for channel in feeds
        if feed in feeds[channel] and at <= last[channel] - HOUR
    }
    missing = {(channel, name) for channel, name in wanted if name not in shown[channel]}
    assert len(wanted) > 2000
    assert len(missing) <= more, sorted(missing)[:20]
    assert more <= len(wanted) // 50


def test_the_month_has_clock_changes_in_it(month: Month) -> None:
    """The claims above were put to the test: zones changed their clocks within the month."""
    changed = [zone for zone in ZONES if len({at - local.replace(tzinfo=at.tzinfo) for local, at in pairs(zone)}) > 1]
    assert {"Europe/Berlin", "America/New_York", "Africa/Cairo"} <= set(changed)


def pairs(zone: str) -> list[tuple[datetime, datetime]]:
    """Return local noon and its moment for each day."""
    return [(local, at) for local, at in reached(zone).items() if local.time() == time(12)]
