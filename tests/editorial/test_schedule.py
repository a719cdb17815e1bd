"""Schedules: every local time due exactly once over every clock change, nothing owed twice, nothing lost."""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digestbot.domain.errors import BadOption
from digestbot.domain.subscription import Schedule
from digestbot.editorial.cron import parse_cron
from digestbot.editorial.schedule import (
    INSTANT_COOLDOWN,
    check_schedule,
    due_edition,
    editions,
    may_mention,
    next_edition,
    out_of_quiet,
    rearmed,
)

# Zones with hour, half-hour, two-hour, negative and Ramadan clock changes, midnight jumps, and none at all.
_NAMES = """
Africa/Cairo Africa/Casablanca Africa/El_Aaiun Africa/Lagos America/Asuncion America/Caracas America/Chicago
America/Denver America/Grand_Turk America/Halifax America/Havana America/Los_Angeles America/Mexico_City
America/Miquelon America/New_York America/Nuuk America/Santiago America/Sao_Paulo America/Scoresbysund
America/St_Johns Antarctica/Troll Asia/Amman Asia/Beirut Asia/Gaza Asia/Jerusalem Asia/Kathmandu Asia/Kolkata
Asia/Tehran Asia/Tokyo Atlantic/Azores Australia/Adelaide Australia/Lord_Howe Australia/Sydney Europe/Berlin
Europe/Chisinau Europe/Dublin Europe/London Pacific/Apia Pacific/Auckland Pacific/Chatham
"""
ZONES = _NAMES.split()
FIRST, LAST = datetime(2019, 1, 1, tzinfo=UTC), datetime(2029, 1, 1, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def utc(*parts: int) -> datetime:
    """Return a moment in UTC."""
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type] # the parts are year, month, day, …


@cache
def transitions(name: str) -> tuple[datetime, ...]:
    """Return, to the minute, when the zone's offset changes in ten years; found by halving, not by our own code."""
    zone, found, at = ZoneInfo(name), [], FIRST
    while at < LAST:
        after = at + timedelta(days=1)
        if at.astimezone(zone).utcoffset() != after.astimezone(zone).utcoffset():
            low, high = at, after
            while high - low > MINUTE:
                middle = low + (high - low) // 2
                middle = middle.replace(second=0, microsecond=0)
                same = middle.astimezone(zone).utcoffset() == at.astimezone(zone).utcoffset()
                low, high = (middle, high) if same else (low, middle)
            found.append(high)
        at = after
    return tuple(found)


def reached(name: str, start: datetime, end: datetime) -> dict[datetime, datetime]:
    """Return by walking the clock, for each local minute, the first minute in UTC at which it was reached.

    A minute the clock jumps over is reached when it has jumped; one it shows twice is reached the first time.
    """
    zone, found = ZoneInfo(name), {}
    local = start.astimezone(zone).replace(tzinfo=None)
    at = start
    while at < end:
        shown = at.astimezone(zone).replace(tzinfo=None)
        while local <= shown:
            found[local] = at
            local += MINUTE
        at += MINUTE
    return found


@pytest.mark.parametrize("name", ZONES)
def test_each_local_time_is_due_exactly_once_over_every_clock_change(name: str) -> None:
    """In 40 zones over 10 years, a repeated time is due at its first showing and a missing one at the next minute."""
    zone = ZoneInfo(name)
    for change in transitions(name):
        start, end = change - 5 * HOUR, change + 5 * HOUR
        clock = reached(name, start, end)
        for around in ((change - MINUTE).astimezone(zone), change.astimezone(zone)):
            for minutes in (-95, -60, -30, -1, 0, 1, 30, 59, 61):
                wall = (around.replace(tzinfo=None) + timedelta(minutes=minutes)).time()
                due = list(editions(Schedule("daily", name, at=(wall,)), start - MINUTE, end - MINUTE))
                assert due == sorted(at for local, at in clock.items() if local.time() == wall), (change, wall)


@pytest.mark.parametrize("name", ZONES)
def test_ten_years_of_a_daily_edition_have_one_a_day(name: str) -> None:
    """No clock change stops a daily edition, doubles it or moves it to another time for good."""
    schedule = Schedule("daily", name, at=(time(2, 30),))
    due = list(editions(schedule, FIRST, LAST))
    days = [at.astimezone(ZoneInfo(name)).date() for at in due]
    assert len(days) == len(set(days))
    first = days[0]
    assert days == [first + timedelta(days=n) for n in range(len(days))]
    assert (LAST - FIRST).days - 1 <= len(days) <= (LAST - FIRST).days + 1


def test_there_are_many_clock_changes_to_prove_it_on() -> None:
    """The forty zones really change their clocks; a proof over none would prove nothing."""
    assert len(set(ZONES)) == 40
    assert sum(len(transitions(name)) for name in ZONES) > 400


def test_two_editions_in_the_repeated_hour_and_one_for_the_missing_hour() -> None:
    """02:10 and 02:40 are both due once in the repeated hour, and fall together where the hour is missing."""
    schedule = Schedule("daily", "Europe/Berlin", at=(time(2, 10), time(2, 40)))
    assert list(editions(schedule, utc(2026, 10, 24, 22), utc(2026, 10, 25, 12))) == [
        utc(2026, 10, 25, 0, 10),
        utc(2026, 10, 25, 0, 40),
    ]
    assert list(editions(schedule, utc(2026, 3, 28, 22), utc(2026, 3, 29, 12))) == [utc(2026, 3, 29, 1, 0)]


def test_a_skipped_day_is_made_up_for_at_its_end() -> None:
    """Apia had no 30 December 2011: what was due that day is due when the clock had jumped over it."""
    schedule = Schedule("daily", "Pacific/Apia", at=(time(8),))
    due = list(editions(schedule, utc(2011, 12, 29, 12), utc(2012, 1, 1)))
    assert due == [utc(2011, 12, 29, 18), utc(2011, 12, 30, 10), utc(2011, 12, 30, 18), utc(2011, 12, 31, 18)]


@pytest.mark.parametrize(
    ("schedule", "after", "wanted"),
    [
        (Schedule("weekdays", at=(time(8),)), utc(2026, 11, 27, 8), utc(2026, 11, 30, 8)),
        (Schedule("weekly", at=(time(8),), weekday=6), utc(2026, 11, 24), utc(2026, 11, 29, 8)),
        (Schedule("hourly", every_hours=6), utc(2026, 11, 24, 18), utc(2026, 11, 25, 0)),
        (Schedule("hourly", "Asia/Kolkata", every_hours=12), utc(2026, 11, 24, 7), utc(2026, 11, 24, 18, 30)),
        (Schedule("cron", cron="15 7,19 * * mon-fri"), utc(2026, 11, 27, 19, 15), utc(2026, 11, 30, 7, 15)),
        (Schedule("cron", cron="*/20 9-10 * * *"), utc(2026, 11, 24, 10, 20), utc(2026, 11, 24, 10, 40)),
        (Schedule("cron", cron="0 8 29 2 *"), utc(2026, 11, 24), utc(2028, 2, 29, 8)),
        (Schedule("cron", cron="0 8 13 * fri"), utc(2026, 11, 24), utc(2026, 11, 27, 8)),
        (Schedule("cron", cron="@weekly"), utc(2026, 11, 24), utc(2026, 11, 29)),
        (Schedule("cron", cron="0 8 30 2 *"), utc(2026, 11, 24), None),
        (Schedule("instant"), utc(2026, 11, 24), utc(2026, 11, 24) + INSTANT_COOLDOWN),
    ],
)
def test_each_frequency_names_its_next_time(schedule: Schedule, after: datetime, wanted: datetime | None) -> None:
    """Daily, weekdays, weekly, every N hours, cron and instant each give the time a person expects."""
    assert next_edition(schedule, after) == wanted


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """Draw a schedule of any timed kind."""
    times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
    quiet = draw(st.none() | st.tuples(times, times))
    return Schedule(
        frequency=draw(st.sampled_from(["daily", "weekdays", "weekly", "hourly", "cron"])),
        timezone=draw(st.sampled_from(ZONES)),
        at=tuple(draw(st.lists(times, min_size=1, max_size=3))),
        weekday=draw(st.integers(0, 6)),
        every_hours=draw(st.integers(1, 24)),
        cron=draw(st.sampled_from(["30 2 * * *", "0 */6 * * *", "15 1-3 * * 0", "0 0 1 * *", "59 23 * * mon,thu"])),
        quiet_from=quiet[0] if quiet else None,
        quiet_to=quiet[1] if quiet else None,
    )


moments = st.datetimes(datetime(2019, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 — made aware


@given(schedules(), moments, st.timedeltas(timedelta(0), timedelta(days=3)))
@settings(max_examples=300, deadline=None)
def test_the_next_edition_is_the_first_after_any_earlier_moment_too(
    schedule: Schedule, after: datetime, later: timedelta
) -> None:
    """Asking again at any moment before it is due gives the same time: a restart changes nothing."""
    due = next_edition(schedule, after)
    assert due is not None
    assert due > after
    between = after + later
    assert next_edition(schedule, between) == due if between < due else next_edition(schedule, between) > due  # type: ignore[operator] # every drawn schedule has a next time


@given(schedules(), moments)
@settings(max_examples=200, deadline=None)
def test_nothing_is_due_in_quiet_hours(schedule: Schedule, after: datetime) -> None:
    """An edition never falls between the quiet hours' start and end."""
    due = next_edition(schedule, after)
    assert due is not None
    assert out_of_quiet(schedule, due) == due


def test_what_falls_into_quiet_hours_is_caught_up_once_at_their_end() -> None:
    """Nine hourly editions of the night become one in the morning."""
    schedule = Schedule("hourly", "America/New_York", quiet_from=time(22), quiet_to=time(7))
    local = [
        at.astimezone(ZoneInfo("America/New_York")).hour
        for at in editions(schedule, utc(2026, 11, 24, 23, 59), utc(2026, 11, 25, 14, 59))
    ]
    assert local == [19, 20, 21, 7, 8, 9]


def test_an_edition_in_quiet_hours_is_still_owed_when_asked_within_them() -> None:
    """A restart at three in the night does not lose the edition of eleven in the evening."""
    schedule = Schedule("daily", "Europe/Berlin", at=(time(23),), quiet_from=time(22), quiet_to=time(6, 30))
    assert next_edition(schedule, utc(2026, 11, 25, 2)) == utc(2026, 11, 25, 5, 30)


def test_quiet_hours_from_a_time_to_itself_are_none() -> None:
    """A pair of equal times silences nothing."""
    schedule = Schedule("daily", at=(time(8),), quiet_from=time(8), quiet_to=time(8))
    assert next_edition(schedule, utc(2026, 11, 24)) == utc(2026, 11, 24, 8)


def test_missed_editions_are_made_once() -> None:
    """After a weekend asleep the latest edition is made, and it stands for the others."""
    schedule = Schedule("daily", at=(time(8), time(18)))
    due = due_edition(schedule, utc(2026, 11, 20, 18), utc(2026, 11, 23, 9))
    assert due is not None
    assert (due.at, due.next_at, due.missed) == (utc(2026, 11, 23, 8), utc(2026, 11, 23, 18), 5)
    assert due_edition(schedule, due.next_at, utc(2026, 11, 23, 9)) is None


def test_a_restart_at_the_due_minute_makes_the_edition_once() -> None:
    """The due minute belongs to the edition; once made, the same minute owes nothing."""
    schedule = Schedule("daily", at=(time(8),))
    due = due_edition(schedule, utc(2026, 11, 24, 8), utc(2026, 11, 24, 8))
    assert due is not None
    assert due.at == utc(2026, 11, 24, 8)
    assert due_edition(schedule, due.next_at, utc(2026, 11, 24, 8)) is None


@given(schedules(), moments, st.timedeltas(timedelta(seconds=1), timedelta(hours=30)))
@settings(max_examples=200, deadline=None)
def test_a_clock_that_steps_back_makes_nothing_due_again(schedule: Schedule, now: datetime, back: timedelta) -> None:
    """Once an edition is made, an earlier clock finds nothing due, and the time it waits for is kept."""
    first = next_edition(schedule, now)
    due = due_edition(schedule, first, first) if first is not None else None
    assert due is not None
    stepped = due.at - back
    assert due_edition(schedule, due.next_at, stepped) is None
    assert rearmed(schedule, due.next_at, due.at) == due.next_at


def test_a_clock_that_was_a_year_ahead_does_not_silence_the_channel() -> None:
    """What a wrong clock put far ahead is put back to the next due time; a small step is left alone."""
    schedule = Schedule("daily", at=(time(8),))
    now = utc(2026, 11, 24, 12)
    assert rearmed(schedule, utc(2027, 11, 25, 8), now) == utc(2026, 11, 25, 8)
    assert rearmed(schedule, utc(2026, 11, 25, 8), now) == utc(2026, 11, 25, 8)
    assert rearmed(schedule, utc(2026, 11, 25, 8), now - timedelta(hours=6)) == utc(2026, 11, 25, 8)


def test_instant_mode_waits_for_its_cool_down_and_for_the_morning() -> None:
    """After breaking news the next may come once the cool-down is over, and never in quiet hours."""
    schedule = Schedule("instant", quiet_from=time(22), quiet_to=time(7))
    now = utc(2026, 11, 24, 21, 50)
    due = due_edition(schedule, utc(2026, 11, 24, 20), now)
    assert due is not None
    assert (due.at, due.next_at) == (now, utc(2026, 11, 25, 7))
    assert due_edition(schedule, due.next_at, utc(2026, 11, 25, 6, 59)) is None


def test_a_mention_waits_for_its_cool_down() -> None:
    """A role is not mentioned again within the cool-down, nor by a clock that stepped back."""
    now, cooldown = utc(2026, 11, 24, 8), timedelta(hours=12)
    assert may_mention(None, now, cooldown)
    assert may_mention(now - cooldown, now, cooldown)
    assert not may_mention(now - HOUR, now, cooldown)
    assert not may_mention(now + HOUR, now, cooldown)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Schedule(timezone="Mars/Olympus"), "timezone.*not an IANA time zone"),
        (Schedule(timezone="../etc/passwd"), "timezone.*not an IANA time zone"),
        (Schedule("hourly", every_hours=0), "every_hours.*1 to 24"),
        (Schedule("weekly", weekday=7), "weekday.*0 .Monday. to 6"),
        (Schedule("daily", at=()), "at.*at least one"),
        (Schedule("cron", cron="0 8 * *"), "cron.*five fields"),
        (Schedule("cron", cron="61 8 * * *"), "cron.*minute.*0–59.*61"),
        (Schedule("cron", cron="0 8 * foo *"), "cron.*month.*foo"),
        (Schedule("cron", cron="0 9-8 * * *"), "cron.*hour range that runs backwards"),
        (Schedule("cron", cron="*/0 8 * * *"), "cron.*minute"),
        (Schedule("cron", cron="0 ８ * * *"), "cron.*hour"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_with_the_reason(schedule: Schedule, words: str) -> None:
    """The message names the option and what is wrong with it."""
    with pytest.raises(BadOption, match=words):
        check_schedule(schedule)


@given(st.integers(0, 59), st.integers(0, 23), st.integers(1, 31), st.integers(1, 12), st.integers(0, 7), st.dates())
def test_a_plain_cron_line_names_what_it_says(
    minute: int, hour: int, day: int, month: int, week: int, on: date
) -> None:
    """Numbers without stars mean: in that month, on that day or that weekday, at that time."""
    line = parse_cron(f"{minute} {hour} {day} {month} {week}")
    fits = on.month == month and (on.day == day or (on.weekday() + 1) % 7 == week % 7)
    assert list(line.on(on)) == ([time(hour, minute)] if fits else [])
