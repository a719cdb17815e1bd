"""Planning: what an installation of a given size needs, from measured unit costs."""

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from digestbot.app.plan import Load, UnitCosts, plan, read_costs, show
from digestbot.cli import cli
from digestbot.domain.errors import ConfigError

COSTS = UnitCosts(2, 10, 8, 6, 100, 120, 20_000, 5, 3, 2000, 9000, 2000, 1.5e8, 3e8, 12, 6)
LARGE = Load(1_000_000, 100_000, 50_000)
SIZES = st.builds(Load, *(st.integers(1, 10_000_000) for _ in range(3)))


def need(load: Load, name: str) -> float:
    """Return the amount of one need."""
    return next(one.amount for one in plan(load, COSTS).needs if one.name == name)


@given(SIZES, st.integers(2, 10))
def test_more_of_everything_never_needs_less(load: Load, times: int) -> None:
    """A load several times as large needs at least as much of each thing."""
    larger = replace(
        load,
        feeds=load.feeds * times,
        channels=load.channels * times,
        stories_per_day=load.stories_per_day * times,
    )
    for small, big in zip(plan(load, COSTS).needs, plan(larger, COSTS).needs, strict=True):
        assert big.amount >= small.amount, small.name


def test_the_cores_are_the_costs_times_the_work() -> None:
    """A day's polls, articles and deliveries, each at its cost, spread over the day, are the cores in use."""
    load = Load(86_400, 86_400, 86_400, articles_per_day=86_400, polls_per_day=1.5, messages=1)
    changed, unchanged = 86_400 / 1.5, 86_400 * 1.5 - 86_400 / 1.5
    expected = (changed * 10 + unchanged * 2 + 86_400 * (8 + 6 + 100) + 86_400 * (5 + 3)) / 1000 / 86_400
    assert need(load, "cores in use") == pytest.approx(expected)
    assert need(load, "cores of the database") == 0


def test_what_one_machine_cannot_do_is_shared_and_sharing_has_its_price() -> None:
    """Where one machine is not enough every poll, brief, edition and delivery is a job, which costs both sides."""
    load = Load(864_000, 86_400, 86_400, articles_per_day=864_000, polls_per_day=10, messages=1, retention_days=1)
    alone = need(replace(load, cores_per_worker=99), "cores in use")
    jobs = 864_000 * 10 + 86_400 + 2 * 86_400
    assert need(load, "cores in use") == pytest.approx(alone + jobs * (12 - 2) / 1000 / 86_400)
    assert need(load, "cores of the database") == 2


def test_a_million_feeds_are_bound_by_politeness_or_by_discord() -> None:
    """At a million feeds and 100,000 channels no machine is the limit: a host's gap or a platform is."""
    made = plan(LARGE, COSTS)
    assert made.binds.name in {"politeness to the largest host", "Discord, requests of one bot"}
    assert made.binds.used == max(limit.used for limit in made.limits)
    assert made.binds.name in show(made)


def test_many_channels_of_one_workspace_are_bound_by_what_slack_lets_an_app_post_there() -> None:
    """A thousand channels of one workspace, a third of them due at eight, take six minutes at 300 messages a minute."""
    load = Load(1000, 1000, 500, messages=6, peak_share=0.3, peak_minutes=10, slack_share=1.0, largest_workspace=1.0)
    (limit,) = (one for one in plan(load, COSTS).limits if one.name == "Slack, messages to one workspace")
    assert limit.used == pytest.approx(1000 * 0.3 * 6 / 300 / 10)
    assert "1,000 channels in one" in limit.how
    made = plan(replace(load, channels=3000), COSTS)
    assert (made.binds.name, made.binds.used > 1) == ("Slack, messages to one workspace", True)
    assert "does not fit" in show(made)
    elsewhere = plan(replace(load, slack_share=0.0), COSTS)
    assert next(one.used for one in elsewhere.limits if one.name == limit.name) == 0


def test_a_small_load_fits_on_one_machine() -> None:
    """A hundred feeds for ten channels need one worker and break no limit."""
    load = Load(100, 10, 50, largest_host=0.05)
    assert need(load, "workers") == 1
    shown = show(plan(load, COSTS))
    assert "It fits" in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert "1 machine of 2 cores" in shown


def test_a_model_of_its_own_is_counted_in_machines_and_an_endpoint_in_tokens() -> None:
    """Seq2seq takes core seconds a story; a remote endpoint is counted by the tokens it writes."""
    assert need(replace(LARGE, engine="seq2seq"), "machines for the model") == 10
    assert need(replace(LARGE, engine="remote", tokens_per_second=20), "model endpoints") == 4


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"feeds": 0}, "feeds"),
        ({"slack_share": 1.5}, "slack-share"),
        ({"largest_workspace": 2.0}, "largest-workspace"),
        ({"engine": "magic"}, "magic"),
        ({"engine": "remote"}, "--tokens-per-second"),
    ],
)
def test_nonsense_is_refused_in_words(change: dict[str, object], word: str) -> None:
    """A load that makes no sense is refused, and the fault names the option."""
    with pytest.raises(ConfigError, match=word):
        plan(Load(**(asdict(LARGE) | change)), COSTS)  # type: ignore[arg-type]  # nonsense is what is tested


def test_the_packages_costs_can_be_read() -> None:
    """The package comes with unit costs that were measured."""
    assert json.loads(Path("digestbot/app/unit_costs.json").read_text("utf-8"))["made_by"] == "make bench-costs"
    assert read_costs().poll_unchanged < read_costs().poll_changed


@pytest.mark.parametrize("text", ["", "[]", '{"costs": {}}', '{"costs": 3}'])
def test_a_broken_file_of_costs_is_a_typed_error(text: str, tmp_path: Path) -> None:
    """A file that the bench did not write is refused in a sentence that says how to make one."""
    file = tmp_path / "costs.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match="bench-costs"):
        read_costs(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_costs(tmp_path / "none.json")


def test_the_command_prints_the_plan() -> None:
    """``digestbot plan`` prints needs and limits, as text and as JSON."""
    options = ["plan", "--feeds", "1000", "--channels", "10", "--stories-per-day", "100"]
    assert "binds first" in CliRunner().invoke(cli, options).stdout
    made = json.loads(CliRunner().invoke(cli, [*options, "--json"]).stdout)
    assert {"needs", "limits"} <= made.keys()
