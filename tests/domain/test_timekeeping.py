"""What surely has passed, by a clock that may be far ahead."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.timekeeping import BELIEVED, Leap, Timekeeping

NOW = datetime(2026, 4, 15, tzinfo=UTC)
DAY = timedelta(days=1)
LIFE = 90 * DAY


def looked(*days: float) -> Timekeeping:
    """Return what looks at those days show, the first of them the first ever."""
    first, *others = (NOW + day * DAY for day in days)
    clock = Timekeeping(first)
    for now in others:
        clock = clock.looked(now)
    return clock


def test_a_clock_that_is_looked_at_daily_is_believed():
    """Nothing is doubted while no two looks lie further apart than is believed."""
    assert looked(0, 1, 3, 5) == Timekeeping(NOW + 5 * DAY)
    assert looked(0, 1, 3, 5).before(4 * DAY) == NOW + DAY


def test_time_that_nobody_saw_does_not_count():
    """After a leap the age of what was there before it grows on from where it was, two days of the leap counted."""
    clock = looked(0, 100)
    assert clock.leaps == (Leap(NOW + 2 * DAY, NOW + 100 * DAY),)
    assert clock.before(2 * DAY) == NOW
    assert clock.before(3 * DAY) == NOW - DAY
    assert looked(0, 100, 101, 103).before(2 * DAY) == NOW + 101 * DAY
    assert looked(0, 100, 101, 103).before(4 * DAY) == NOW + DAY


def test_a_clock_set_right_takes_its_leap_back():
    """What it doubted was not: ages are by the date again."""
    assert looked(0, 100, 1) == Timekeeping(NOW + DAY)
    assert looked(0, 100, 102, 5).leaps == (Leap(NOW + 2 * DAY, NOW + 5 * DAY),)


def test_old_leaps_are_forgotten():
    """A leap that lies before everything that is asked about changes no answer."""
    clock = looked(0, 100, *range(102, 300, 2))
    assert clock.within(LIFE).leaps == ()
    assert clock.within(LIFE).before(LIFE) == clock.before(LIFE)
    assert looked(0, 100, 102).within(LIFE).leaps != ()


@given(
    ahead=st.integers(1, 5000),
    looks=st.lists(st.tuples(st.integers(1, 2000), st.booleans()), max_size=40),
)
def test_nothing_is_taken_for_old_by_a_wrong_clock(ahead, looks):
    """However often a clock is set ahead and right again, and nothing runs: what counts as old is, save two days."""
    clock, real, rows = Timekeeping(NOW), NOW, [(NOW, NOW)]
    for hours, wrong in looks:
        real += timedelta(hours=hours)
        shown = real + ahead * DAY if wrong else real
        clock = clock.looked(shown).within(LIFE)
        rows.append((real, shown))
        old = [there for there, dated in rows if dated < clock.before(LIFE)]
        assert all(real - there >= LIFE - BELIEVED for there in old)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_what_is_old_goes_in_the_end(gaps):
    """A bot that runs seldom removes later, not never: each run counts for the days since the last, two at most."""
    clock = Timekeeping(NOW)
    for gap in gaps:
        clock = clock.looked(clock.at + gap * DAY).within(LIFE)
    passed = sum(min(gap, 2) for gap in gaps)
    assert (clock.before(LIFE) > NOW) == (passed > LIFE // DAY)
