"""``digestbot plan``: read arguments, print what an installation needs; no logic, and nothing heavy at import."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from digestbot.app.json_text import json_text

CostsOption = Annotated[
    Path | None, typer.Option("--costs", help="Unit costs, as “make bench-costs” writes them.", show_default=False)
]


def register(cli: typer.Typer) -> None:
    """Add the command to the command line."""
    cli.command(epilog="Example: digestbot plan --feeds 1000000 --channels 100000 --stories-per-day 50000")(plan)


def plan(  # noqa: PLR0917 - one argument an option; typer passes them by name
    feeds: Annotated[int, typer.Option(help="Feeds that are polled.")],
    channels: Annotated[int, typer.Option(help="Channels that get digests.")],
    stories_per_day: Annotated[int, typer.Option(help="Stories that are condensed, a day.")],
    articles_per_day: Annotated[int, typer.Option(help="Articles that come in, a day (0: three a story).")] = 0,
    polls_per_day: Annotated[float, typer.Option(help="Polls of a feed, a day.")] = 20.0,
    editions_per_day: Annotated[float, typer.Option(help="Editions of a channel, a day.")] = 1.0,
    slack_share: Annotated[float, typer.Option(help="The share of channels on Slack; the rest is on Discord.")] = 0.5,
    largest_host: Annotated[float, typer.Option(help="The share of feeds on the host that has most.")] = 0.02,
    largest_workspace: Annotated[
        float, typer.Option(help="The share of Slack's channels in the workspace that has most.")
    ] = 0.02,
    engine: Annotated[
        str, typer.Option(help="Who writes the summaries: extractive, seq2seq or remote.")
    ] = "extractive",
    tokens_per_second: Annotated[float, typer.Option(help="What a remote endpoint writes.")] = 0.0,
    cores_per_worker: Annotated[int, typer.Option(help="Cores of one machine.")] = 2,
    costs: CostsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Compute what an installation of that size needs, and which limit binds first."""
    from digestbot.app import plan as planning

    load = planning.Load(
        feeds, channels, stories_per_day,
        articles_per_day=articles_per_day, polls_per_day=polls_per_day, editions_per_day=editions_per_day,
        slack_share=slack_share, largest_host=largest_host, largest_workspace=largest_workspace, engine=engine,
        tokens_per_second=tokens_per_second, cores_per_worker=cores_per_worker,
    )  # fmt: skip
    if faults := planning.faults(load):
        raise typer.BadParameter("; ".join(faults))
    made = planning.plan(load, planning.read_costs(costs))
    print(json_text(asdict(made), indent=2) if as_json else planning.show(made))
