"""Small charts as numbers for SVG: where each bar stands, and the same told in words; knows no HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

WIDTH, HEIGHT = 600.0, 120.0
GAP = 0.25
"""Share of a slot that is left free between two bars."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle in the units of the chart's view box; ``kind`` is its series."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Row:
    """One slot in words: what the bar there says."""

    label: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars over time with a sentence that says what they show."""

    title: str
    sentence: str
    bars: Sequence[Bar]
    rows: Sequence[Row]
    series: Sequence[str]
    most: int
    first: str
    last: str


def bars_over_time(
    title: str,
    found: Mapping[datetime, Mapping[str, int]],
    series: Sequence[str],
    *,
    until: datetime,
    slots: int,
    step: timedelta,
    form: str,
    noun: tuple[str, str],
) -> Chart:
    """Return a chart of stacked bars, one a slot, empty slots included.

    Args:
        title: What is counted.
        found: By the beginning of a slot, the numbers by series.
        series: The series, the lowest first.
        until: The beginning of the last slot.
        slots: How many slots there are.
        step: How long a slot is.
        form: How a slot is named (``strftime``).
        noun: What one of the counted things is called, and what several are.

    """
    times = [until - step * (slots - 1 - number) for number in range(slots)]
    numbers = [tuple(found.get(at, {}).get(name, 0) for name in series) for at in times]
    most = max((sum(row) for row in numbers), default=0)
    slot = WIDTH / slots
    bars: list[Bar] = []
    for place, row in enumerate(numbers):
        top = HEIGHT
        for name, number in zip(series, row, strict=True):
            if number:
                height = max(2.0, HEIGHT * number / most)
                top -= height
                bars.append(
                    Bar(
                        round(slot * (place + GAP / 2), 2),
                        round(top, 2),
                        round(slot * (1 - GAP), 2),
                        round(height, 2),
                        name,
                    )
                )
    rows = [Row(f"{at:{form}}", row) for at, row in zip(times, numbers, strict=True)]
    return Chart(title, _sentence(rows, series, noun), bars, rows, series, most, rows[0].label, rows[-1].label)


def _sentence(rows: Sequence[Row], series: Sequence[str], noun: tuple[str, str]) -> str:
    """Say what a chart shows: the sum of each series, and where most stood."""
    sums = [sum(row.numbers[place] for row in rows) for place in range(len(series))]
    if not sum(sums):
        return f"No {noun[1]} in this time."
    parts = ", ".join(f"{number:,} {name}" for name, number in zip(series, sums, strict=True) if number)
    told = f"{sum(sums):,} {noun[sum(sums) != 1]}" + (f" ({parts})" if len(series) > 1 else "")
    peak = max(rows, key=lambda row: sum(row.numbers))
    return f"{told}, most at {peak.label}: {sum(peak.numbers):,}."


@dataclass(frozen=True, slots=True)
class Share:
    """A line of a chart of shares: its bar is ``width`` of 100 long."""

    label: str
    number: int
    width: float


def shares(found: Sequence[tuple[str, int]]) -> list[Share]:
    """Return lines whose bars are as long as their numbers are large."""
    most = max((number for _, number in found), default=0) or 1
    return [Share(label, number, round(100 * number / most, 1)) for label, number in found]
