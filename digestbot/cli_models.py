"""The ``digestbot models`` commands: read arguments, print answers; no logic, and nothing heavy at import."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from digestbot.app.json_text import json_text

models = typer.Typer(
    name="models",
    help="See, fetch and measure the models that write summaries.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="DIGESTBOT_CONFIG", help="The settings file (TOML).", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@models.command("list", epilog="Example: digestbot models list")
def list_models(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the models we know: on this machine or not, licence, size, memory, languages."""
    from digestbot.app.models import list_rows
    from digestbot.app.show_models import show_models

    rows = list_rows(config)
    _print_json(rows) if as_json else show_models(rows)


@models.command(epilog="Example: digestbot models pull sshleifer/distilbart-cnn-12-6")
def pull(
    name: Annotated[
        str | None, typer.Argument(help="A model of the hub (owner/name); the settings' own when left out.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a model from the hub, check its files and convert it; its size is said first."""
    from digestbot.app.models import pull as fetch
    from digestbot.app.show_models import Fetching

    with Fetching(quiet=as_json) as shown:
        row = fetch(name, config, shown.say, shown.progress)
    if as_json:
        _print_json(row)


@models.command(epilog="Example: digestbot models check --config config/digestbot.toml")
def check(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the files of the models in use, load and measure them: seconds to load, tokens a second, memory."""
    from digestbot.app.models import check_rows
    from digestbot.app.show_models import show_check

    rows = asyncio.run(check_rows(config))
    _print_json(rows) if as_json else show_check(rows)
    if any("error" in row for row in rows):
        raise typer.Exit(1)


def _print_json(value: object) -> None:
    print(json_text(value, indent=2))
