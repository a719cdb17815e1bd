"""Many feeds on a fake clock: the rules of polling keep their promises as the number grows."""

import pytest

from bench.simulate import GAP, LATE, Simulation
from digestbot.sources.polling import round_over


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_feed_is_late_and_no_host_is_pressed(seed: int) -> None:
    """Of 3,000 feeds none is asked later than its interval and a tenth, none early, no host faster than its gap."""
    found = Simulation(3000, slots=32, seed=seed).run(3.0)
    assert found.polls > 5000
    assert (found.late, found.early, found.too_fast) == (0, 0, 0), found.worst_feed
    assert 0 < found.worst <= LATE


def test_a_crowded_host_would_be_late_without_the_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Were a host's feeds asked at their own rhythm alone, however many they are, they would wait in line."""
    monkeypatch.setattr("bench.simulate.round_over", lambda _feeds, _gap: 0.0)
    monkeypatch.setattr("bench.simulate.LARGEST_HOST", 1.0)
    simulation = Simulation(4000, slots=32)
    for number in range(len(simulation.gaps)):
        simulation.gaps[number] = 600.0
    assert simulation.run(2.0).late > 0


def test_a_round_takes_longer_the_more_feeds_there_are() -> None:
    """A host with a thousand feeds is gone round in no less than a thousand gaps."""
    assert round_over(1000, GAP) >= 1000 * GAP
    assert round_over(2, GAP) < 300
