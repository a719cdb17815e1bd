"""The commands that look after what is stored: backup, restore, forget; no logic, and nothing heavy at import."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", envvar="DIGESTBOT_CONFIG", help="The settings file (TOML).", show_default=False),
]
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The backup's file.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask first; in a script nobody is asked.")]


def ask_first(question: str, *, yes: bool) -> None:
    """Ask a person at a terminal, and end the command unless the answer is yes; without a question nobody is asked."""
    if question and sys.stdin.isatty() and not yes:
        typer.confirm(question, abort=True)


def backup(file: FileArgument, config: ConfigOption = None) -> None:
    """Copy the database to a file, whole and consistent, while the bot runs."""
    from digestbot.app.upkeep import back_up_database

    print(asyncio.run(back_up_database(file, config)))


def restore(file: FileArgument, config: ConfigOption = None, yes: YesOption = False) -> None:
    """Put a backup in the database's place; nothing that was posted since is posted again."""
    from digestbot.app.upkeep import restore_database

    ask_first(f"Put {file} in the place of the database, without what came since?", yes=yes)
    print(asyncio.run(restore_database(file, config)))


def forget(
    workspace: Annotated[str, typer.Argument(help="slack:T0123456789 or discord:123456789012345678.")],
    config: ConfigOption = None,
    yes: YesOption = False,
) -> None:
    """Remove everything of a workspace: subscriptions, digests, receipts, its feeds' settings, its log."""
    from digestbot.app.upkeep import forget_workspace

    ask_first(f"Remove everything of {workspace}? It cannot be undone", yes=yes)
    print(asyncio.run(forget_workspace(workspace, config)))


def register(cli: typer.Typer) -> None:
    """Add the commands to the command line."""
    cli.command(epilog="Example: digestbot backup /backups/digestbot.backup")(backup)
    cli.command(epilog="Example: digestbot restore /backups/digestbot.backup")(restore)
    cli.command(epilog="Example: digestbot forget slack:T0123456789")(forget)
