"""What was done a moment ago is remembered, and no longer."""

from digestbot.chat.slack.deduplication import Once


def test_a_key_is_first_once_in_its_time() -> None:
    """The second of equal keys is told from the first until the time is over; other keys are their own."""
    now = [0.0]
    once = Once(2.0, lambda: now[0])
    assert [once.first("a"), once.first("a"), once.first("b")] == [True, False, True]
    now[0] = 1.9
    assert not once.first("a")
    now[0] = 2.0
    assert once.first("a")


def test_what_is_over_is_forgotten() -> None:
    """Memory holds the keys of the last seconds alone."""
    now = [0.0]
    once = Once(2.0, lambda: now[0])
    for number in range(1000):
        now[0] = number
        once.first(str(number))
    assert len(once._seen) <= 2
