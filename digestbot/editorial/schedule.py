"""When editions are due, in UTC, from local wall-clock schedules; pure: it is told the time, it never looks.

One rule covers every clock change: a local time is due at the first instant at which the zone's clock shows it or,
where that never happens because the clock jumps over it, at the first minute after the jump. So a local time in a
repeated hour is due once, one in a missing hour is due at the next valid minute, and the order of local times is kept.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from digestbot.domain.errors import BadOption
from digestbot.domain.subscription import Schedule, Subscription
from digestbot.editorial.cron import parse_cron

INSTANT_COOLDOWN = timedelta(minutes=15)
"""The shortest time between two editions in instant mode."""
_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_HORIZON_DAYS = 366 * 9
"""How far ahead a due day is looked for: 29 February may be eight years away (1896 to 1904, 2096 to 2104)."""
_LOOK_BACK = timedelta(days=8)
"""How far back the latest of several missed editions is looked for; a week and a day hold every weekly one."""
_STEP_BACK = timedelta(hours=36)
"""A clock that steps back by less than this is left to catch up; no zone's offset change is larger."""
_WORKDAYS = 5
_HOURS = 24


@dataclass(frozen=True, slots=True)
class Due:
    """An edition that is due at ``at``; ``next_at`` is the one after it, ``missed`` counts the ones it makes up for."""

    at: datetime
    next_at: datetime | None
    missed: int = 0


def check_schedule(schedule: Schedule) -> None:
    """Refuse a schedule that cannot be computed.

    Raises:
        BadOption: The time zone is unknown, the cron line is wrong, or a number is out of range.

    """
    zone(schedule.timezone)
    if schedule.frequency == "cron":
        parse_cron(schedule.cron)
    if schedule.frequency == "hourly" and not 1 <= schedule.every_hours <= _HOURS:
        raise BadOption("every_hours", f"must be 1 to {_HOURS}, not {schedule.every_hours}")
    if schedule.frequency == "weekly" and not 0 <= schedule.weekday <= 6:  # noqa: PLR2004 — Sunday
        raise BadOption("weekday", f"must be 0 (Monday) to 6 (Sunday), not {schedule.weekday}")
    if schedule.frequency in {"daily", "weekdays", "weekly"} and not schedule.at:
        raise BadOption("at", "needs at least one time of day")


@lru_cache(maxsize=1024)
def zone(name: str) -> ZoneInfo:
    """Return the IANA time zone of a name.

    Raises:
        BadOption: There is no such zone.

    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadOption("timezone", f"“{name}” is not an IANA time zone such as “Europe/Berlin”") from error


def next_edition(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first due time strictly after ``after`` (aware), in UTC; None when none ever comes.

    In instant mode this is the end of the cool-down that starts at ``after``.

    Raises:
        BadOption: The schedule cannot be computed (see :func:`check_schedule`).

    """
    check_schedule(schedule)
    after = after.astimezone(UTC)
    if schedule.frequency == "instant":
        return out_of_quiet(schedule, after + INSTANT_COOLDOWN)
    # What fell due within quiet hours before ``after`` may still be owed at their end.
    start = after - _DAY if _has_quiet(schedule) else after
    for due in _due_times(schedule, start):
        shifted = out_of_quiet(schedule, due)
        if shifted > after:
            return shifted
    return None


def editions(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield every due time in ``(after, until]``, in UTC and in order, each once."""
    due = next_edition(schedule, after)
    while due is not None and due <= until:
        yield due
        due = next_edition(schedule, due)


def window_of(schedule: Schedule, at: datetime) -> timedelta:
    """Return how far an edition at ``at`` looks back: to the one before it, a day at least."""
    if schedule.frequency == "instant":
        return _DAY
    before = [due for due in editions(schedule, at - _LOOK_BACK, at) if due < at]
    return max(_DAY, at - before[-1]) if before else _DAY


def due_edition(schedule: Schedule, next_at: datetime | None, now: datetime) -> Due | None:
    """Decide which edition to make now, if any.

    Where several were missed (the machine slept, nobody was home) the latest is made, once, and stands for all.
    A clock that steps back makes nothing due: ``next_at`` lies ahead of it.
    """
    if next_at is None or next_at > now:
        return None
    if schedule.frequency == "instant":
        return Due(now, next_edition(schedule, now))
    start = max(next_at, now - _LOOK_BACK) - timedelta(microseconds=1)
    owed = list(editions(schedule, start, now))
    at = owed[-1] if owed else next_at
    return Due(at, next_edition(schedule, now), missed=max(0, len(owed) - 1))


def rearmed(schedule: Schedule, next_at: datetime | None, now: datetime) -> datetime | None:
    """Return the due time to keep: ``next_at``, unless a wrong clock left it far beyond what the schedule can mean.

    After a small step back the kept time is right: what was posted is not due again. After a long one (the clock
    had been a year ahead) waiting for it would silence the channel.
    """
    if next_at is None or schedule.frequency == "instant":
        return next_at
    first = next_edition(schedule, now)
    second = next_edition(schedule, first) if first is not None else None
    if first is None or second is None or next_at <= max(second, now + _STEP_BACK):
        return next_at
    return first


def set_back(schedule: Schedule, next_at: datetime | None, now: datetime) -> datetime | None:
    """Return the due time to keep once it is known that a clock was ahead: none beyond the first after ``now``.

    An edition that was published by the wrong clock may be among those to come; it is not made twice.
    """
    try:
        first = next_edition(schedule, now)
    except BadOption:
        # Nor can it be published: that is found when it is due, and told then.
        return next_at
    return next_at if next_at is None or first is None else min(next_at, first)


def taken_up(subscription: Subscription, now: datetime) -> Subscription:
    """Return a subscription that goes on after a pause: what it missed by ``now`` is not made up for.

    One whose schedule cannot be used is due at once: publishing finds that, pauses it again, and tells its people.
    """
    try:
        due = next_edition(subscription.schedule, now)
    except BadOption:
        due = now
    return replace(subscription, paused=None, next_edition_at=due, window_from=now)


def out_of_quiet(schedule: Schedule, at: datetime) -> datetime:
    """Return ``at``, or the end of the quiet hours it lies in, in UTC."""
    if schedule.quiet_from is None or schedule.quiet_to is None or not _has_quiet(schedule):
        return at
    wraps = schedule.quiet_to < schedule.quiet_from
    zone_info = zone(schedule.timezone)
    today = at.astimezone(zone_info).date()
    for day in (today - _DAY, today):
        begins = at_local(day, schedule.quiet_from, zone_info)
        ends = at_local(day + _DAY if wraps else day, schedule.quiet_to, zone_info)
        if begins <= at < ends:
            return ends
    return at


def may_mention(last: datetime | None, now: datetime, cooldown: timedelta) -> bool:
    """Tell whether a role or group may be mentioned again; a ``last`` that lies ahead (clock stepped back) says no."""
    return last is None or now - last >= cooldown


def at_local(day: date, wall: time, zone_info: ZoneInfo) -> datetime:
    """Return the first instant, in UTC, at which the zone's clock has reached a local time (see the module's rule)."""
    local = datetime.combine(day, wall, tzinfo=zone_info)  # fold=0: the first of two
    instant = local.astimezone(UTC)
    if instant.astimezone(zone_info).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _after_gap(local, zone_info)


def _after_gap(local: datetime, zone_info: ZoneInfo) -> datetime:
    """Return the first whole minute, in UTC, after the jump that skips ``local``."""
    wanted = local.replace(tzinfo=None)
    # PEP 495: in a gap, fold=1 reads with the offset after the jump and lands before it; fold=0 lands after it.
    low, high = int(local.replace(fold=1).timestamp()), int(local.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        reached = datetime.fromtimestamp(middle, zone_info).replace(tzinfo=None) > wanted
        low, high = (low, middle) if reached else (middle, high)
    # Offsets in force before standard time had seconds: the first whole minute is meant.
    return datetime.fromtimestamp(-(-high // 60) * 60, UTC)


def _has_quiet(schedule: Schedule) -> bool:
    """Tell whether the schedule has quiet hours; from a time to itself means none."""
    return None not in (schedule.quiet_from, schedule.quiet_to) and schedule.quiet_from != schedule.quiet_to


def _due_times(schedule: Schedule, after: datetime) -> Iterator[datetime]:
    """Yield due times after ``after`` as the schedule alone gives them, quiet hours not yet minded."""
    zone_info = zone(schedule.timezone)
    local = after.astimezone(zone_info)
    day = local.date()
    # Every local time the clock has reached is past by the rule above, so only later ones are looked at.
    wall = local.time()
    for _ in range(_HORIZON_DAYS):
        times = _times_on(schedule, day)
        for at in times[bisect_right(times, wall) if day == local.date() else 0 :]:
            instant = at_local(day, at, zone_info)
            if instant > after:
                yield instant
        day += _DAY


def _times_on(schedule: Schedule, day: date) -> Sequence[time]:
    """Return the local times due on a day, in order."""
    match schedule.frequency:
        case "cron":
            return parse_cron(schedule.cron).on(day)
        case "hourly":
            return [time(hour) for hour in range(0, _HOURS, schedule.every_hours)]
        case "weekdays" if day.weekday() >= _WORKDAYS:
            return ()
        case "weekly" if day.weekday() != schedule.weekday:
            return ()
        case _:
            return sorted(set(schedule.at))
