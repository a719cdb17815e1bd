"""Five-field cron lines: which local minutes of which days they name; knows no time zone and no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from functools import lru_cache

from digestbot.domain.errors import BadOption

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_SHORTHANDS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}
_FIELDS = 5
_SUNDAY = 7
"""Cron counts Sunday as 0 and as 7."""


@dataclass(frozen=True, slots=True)
class CronLine:
    """A parsed cron line; ``weekdays`` count from 0 for Monday, as :meth:`datetime.date.weekday` does.

    Where both days of the month and days of the week are restricted, a day that fits either is meant
    (``man 5 crontab``); ``either`` says so.
    """

    times: tuple[time, ...]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either: bool

    def on(self, day: date) -> Sequence[time]:
        """Return the local times it names on a day, in order."""
        return self.times if self._fits(day) else ()

    def _fits(self, day: date) -> bool:
        """Tell whether the line names this day."""
        if day.month not in self.months:
            return False
        in_month, in_week = day.day in self.days, day.weekday() in self.weekdays
        return in_month or in_week if self.either else in_month and in_week


@lru_cache(maxsize=256)
def parse_cron(line: str) -> CronLine:
    """Read ``minute hour day month weekday``; lists, ranges, steps, English names and ``@daily`` are understood.

    Raises:
        BadOption: The line is not such a line; the message says which field is wrong.

    """
    fields = _SHORTHANDS.get(line.strip().lower(), line).lower().split()
    if len(fields) != _FIELDS:
        raise BadOption("cron", f"needs five fields (minute hour day month weekday), “{line}” has {len(fields)}")
    minutes = _numbers(fields[0], 0, 59, "minute")
    hours = _numbers(fields[1], 0, 23, "hour")
    days = _numbers(fields[2], 1, 31, "day")
    months = _numbers(fields[3], 1, 12, "month", _MONTHS)
    week = _numbers(fields[4], 0, _SUNDAY, "weekday", _DAYS)
    return CronLine(
        times=tuple(time(hour, minute) for hour in sorted(hours) for minute in sorted(minutes)),
        days=days,
        months=months,
        weekdays=frozenset((number - 1) % 7 for number in week),
        either=not (fields[2].startswith("*") or fields[4].startswith("*")),
    )


def _numbers(field: str, low: int, high: int, name: str, words: Sequence[str] = ()) -> frozenset[int]:
    """Return every number a field names, within ``low`` to ``high``."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step_text = part.partition("/")
        step = _number(step_text, 1, high, name) if "/" in part else 1
        if span == "*":
            first, last = low, high
        elif "-" in span:
            first_text, _, last_text = span.partition("-")
            first, last = _number(first_text, low, high, name, words), _number(last_text, low, high, name, words)
        else:
            first = _number(span, low, high, name, words)
            last = high if "/" in part else first
        if last < first:
            raise BadOption("cron", f"has a {name} range that runs backwards: “{part}”")
        found.update(range(first, last + 1, step))
    return frozenset(found)


def _number(text: str, low: int, high: int, name: str, words: Sequence[str] = ()) -> int:
    """Return one number of a field, given in digits or as an English name."""
    if text in words:
        return words.index(text) + low
    if not (text.isascii() and text.isdigit()) or not low <= int(text) <= high:
        raise BadOption("cron", f"has a {name} that is not {low}–{high}: “{text}”")
    return int(text)
