"""``digestbot apply``, ``diff`` and ``audit``: read arguments, print answers; no logic, and nothing heavy at import."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from digestbot.app.json_text import json_text

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="DIGESTBOT_CONFIG", help="The settings file (TOML).", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="A TOML file as “digestbot export FILE” writes it.")]
PruneOption = Annotated[bool, typer.Option("--prune", help="Also remove what the file does not name.")]


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command(epilog="Example: digestbot diff digests.toml")(diff)
    cli.command(epilog="Example: digestbot apply digests.toml --prune")(apply)
    cli.command(epilog="Example: digestbot audit --workspace slack:T0123456789")(audit)


def diff(
    file: FileArgument, config: ConfigOption = None, prune: PruneOption = False, as_json: JsonOption = False
) -> None:
    """Show what “apply” would change: the feeds and digests of a file against those that are there."""
    _held(file, config, prune=prune, change=False, as_json=as_json)


def apply(
    file: FileArgument, config: ConfigOption = None, prune: PruneOption = False, as_json: JsonOption = False
) -> None:
    """Make the feeds and digests of a workspace those of a file; doing it again changes nothing."""
    _held(file, config, prune=prune, change=True, as_json=as_json)


def _held(file: Path, config: Path | None, *, prune: bool, change: bool, as_json: bool) -> None:
    from digestbot.app.as_code import held_against
    from digestbot.chat.characters import clean

    plan = asyncio.run(held_against(file, config, prune=prune, change=change))
    if as_json:
        rows = [{"verb": one.verb, "kind": one.kind, "name": one.name, "details": list(one.details)} for one in plan]
        print(json_text(rows, indent=2))
        return
    for one in plan:
        print(clean(str(one)))
    counted = sum(one.verb != "keep" for one in plan)
    print(f"{counted or 'no'} change{'' if counted == 1 else 's'}{' made' if change and counted else ''}")


def audit(
    config: ConfigOption = None,
    workspace: Annotated[str, typer.Option(help="Of one workspace alone, such as slack:T0123456789.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="How many lines, newest first.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show who changed what, newest first."""
    from digestbot.app.state import audit_rows
    from digestbot.chat.characters import one_line

    rows = asyncio.run(audit_rows(config, workspace, limit))
    if as_json:
        print(json_text(rows, indent=2))
        return
    for row in rows:
        print("  ".join(one_line(row[key]) for key in ("at", "channel", "asker", "line", "outcome")))
    if not rows:
        print("nothing has been changed yet")
