"""Discord's native slash commands, generated from the command table; knows the table's shape, not what commands do.

A row's ``discord`` path gives group and name. Its options become typed ones with ranges, choices and autocomplete.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any
from zoneinfo import available_timezones

import discord
from discord import app_commands

from digestbot.chat.discord.forms import CHANNELS, Files
from digestbot.commands import CommandSpec, Option, Value

Run = Callable[[discord.Interaction, CommandSpec, dict[str, Value], Files], Awaitable[None]]
"""Runs a command with the options given, files among them apart."""
Suggest = Callable[[discord.Interaction, Option, str], Awaitable[Sequence[tuple[str, Value]]]]
"""Returns (label, value) pairs for what has been typed of an option so far."""

GROUPS = {
    "news": "The news, for everyone",
    "feed": "The feeds this server reads",
    "digest": "The digests this server gets",
    "digestbot": "The bot itself",
}
OPEN = "news"
"""The group that everyone may use, in direct messages too; the others need “Manage Server”."""
MAX_SUGGESTIONS, MAX_CHOICE_NAME, MAX_TEXT = 25, 100, 6_000
MAX_NUMBER = 2**31 - 1
SUGGESTED = frozenset({"feed", "digest", "zone", "role"})
"""The kinds whose values are offered while one types."""
LISTED = {"topic": "topic", "topics": "topic", "feeds": "feed"}
"""The options of words and numbers for which something is offered too, and what that is."""
TYPED_ALONE = frozenset({"confirm"})
"""Options that are asked for in a form alone: what cannot be undone is not to be done by a slip."""


def groups(commands: Sequence[CommandSpec], run: Run, suggest: Suggest) -> list[app_commands.Group]:
    """Return the top-level commands with all their rows, ready for a CommandTree."""
    made: dict[str, app_commands.Group] = {}
    for command in commands:
        if command.discord:
            top, *middle, name = command.discord.split(" ")
            group = made.setdefault(top, _group(top))
            for inner in middle:
                group = _within(group, inner)
            group.add_command(native(command, name, run, suggest))
    return list(made.values())


def _within(group: app_commands.Group, name: str) -> app_commands.Group:
    """Return the sub-group of a name ("feed filter"), made on first sight."""
    there = group.get_command(name)
    if isinstance(there, app_commands.Group):
        return there
    return app_commands.Group(name=name, description=f"{group.name} {name}", parent=group)


def _group(name: str) -> app_commands.Group:
    about = GROUPS.get(name, name)
    if name == OPEN:
        return app_commands.Group(
            name=name,
            description=about,
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
        )
    return app_commands.Group(
        name=name,
        description=about,
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=False, private_channel=False),
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )


def native(command: CommandSpec, name: str, run: Run, suggest: Suggest) -> app_commands.Command[Any, ..., None]:
    """Return one row as a slash command."""

    async def callback(interaction: discord.Interaction, **options: Any) -> None:
        files = {key: value for key, value in options.items() if isinstance(value, discord.Attachment)}
        given = {key: value for key, value in options.items() if value is not None and key not in files}
        await run(interaction, command, given, files)

    shown = [option for option in command.options if option.name not in TYPED_ALONE]
    first = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)
    ordered = sorted(shown, key=lambda option: not option.required)
    signature = inspect.Signature([first, *(_parameter(option) for option in ordered)])
    callback.__signature__ = signature  # type: ignore[attr-defined]  # discord.py reads the built signature
    if shown:
        app_commands.describe(**{option.name: option.description for option in shown})(callback)
    for option in shown:
        if option.choices:
            app_commands.choices(**{option.name: [_choice(label, one) for label, one in option.offered]})(callback)
    if renamed := {option.name: option.discord for option in shown if option.discord}:
        app_commands.rename(**renamed)(callback)
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=name, description=command.description, callback=callback
    )
    for option in shown:
        if option.kind in SUGGESTED or option.name in LISTED:
            made.autocomplete(option.name)(_completer(option, suggest))
    return made


def _parameter(option: Option) -> inspect.Parameter:
    default = inspect.Parameter.empty if option.required else None
    return inspect.Parameter(
        option.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=default, annotation=_annotation(option)
    )


def _annotation(option: Option) -> Any:
    """Return the type that discord.py makes an option of."""
    match option.kind:
        case "flag":
            return bool
        case "integer" | "feed" | "digest":
            least = 0 if option.least is None else option.least
            return app_commands.Range[int, least, option.most or MAX_NUMBER]
        case "channel":
            return app_commands.Transform[str, ChannelId]
        case "choice":
            return str
        case "file":
            return discord.Attachment
        case "text" | "url" | "duration" | "zone" | "times" | "hours" | "role":
            return app_commands.Range[str, max(1, option.least or 1), option.most or MAX_TEXT]


class ChannelId(app_commands.Transformer):
    """Takes a channel that digests can be posted to, and gives its id; whether it is cached plays no part."""

    @property
    def type(self) -> discord.AppCommandOptionType:
        """The option's type."""
        return discord.AppCommandOptionType.channel

    @property
    def channel_types(self) -> list[discord.ChannelType]:
        """The kinds of channels offered."""
        return CHANNELS

    async def transform(self, _interaction: discord.Interaction, value: Any, /) -> str:
        """Return the channel's id."""
        return str(value.id)


def _completer(
    option: Option, suggest: Suggest
) -> Callable[[discord.Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[Any]]]]:
    async def complete(interaction: discord.Interaction, current: Any) -> list[app_commands.Choice[Any]]:
        found = await suggest(interaction, option, str(current))
        fitting = [(label, value) for label, value in found if len(str(value)) <= MAX_CHOICE_NAME]
        return [_choice(label, value) for label, value in fitting[:MAX_SUGGESTIONS]]

    return complete


def _choice(label: str, value: Value) -> app_commands.Choice[Any]:
    return app_commands.Choice(name=label[:MAX_CHOICE_NAME] or "?", value=value)


def matching(found: Sequence[tuple[str, Value]], typed: str) -> list[tuple[str, Value]]:
    """Return what has the words typed in its label, or is the number typed."""
    wanted = typed.lower()
    return [(label, value) for label, value in found if wanted in label.lower() or wanted == str(value)]


def continued(found: Sequence[tuple[str, Value]], typed: str) -> list[tuple[str, Value]]:
    """Return what may follow in a list with commas: each offer is the whole list with one more of what is there."""
    *before, last = [part.strip() for part in typed.split(",")]
    fresh = [(label, value) for label, value in matching(found, last) if str(value) not in before]
    return [(", ".join((*before, label)), ",".join((*before, str(value)))) for label, value in fresh]


def zones(typed: str) -> list[tuple[str, Value]]:
    """Return the time zones whose name has what was typed, those that begin with it first."""
    wanted = typed.strip().lower().replace(" ", "_")
    found = [zone for zone in sorted(available_timezones()) if wanted in zone.lower()]
    found.sort(key=lambda zone: not zone.rsplit("/", 1)[-1].lower().startswith(wanted))
    return [(zone, zone) for zone in found[:MAX_SUGGESTIONS]]
