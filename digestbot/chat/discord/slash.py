"""Discord's native slash commands, generated from the command table; knows the table's shape, not what commands do.

A row's ``discord`` path gives group and name. Its options become typed ones with ranges, choices and autocomplete.
"""

import inspect
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any
from zoneinfo import available_timezones

import discord
from discord import app_commands

from digestbot.commands import CommandSpec, Option, Value

Run = Callable[[discord.Interaction, CommandSpec, dict[str, Value]], Awaitable[None]]
"""Runs a command with the options given."""
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
SUGGESTED = frozenset({"feed", "digest", "zone"})


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
        guild_only=True,
        default_permissions=discord.Permissions(manage_guild=True),
        allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
    )


def native(command: CommandSpec, name: str, run: Run, suggest: Suggest) -> app_commands.Command[Any, ..., None]:
    """Return one row as a slash command."""

    async def callback(interaction: discord.Interaction, **options: Any) -> None:
        await run(interaction, command, {key: value for key, value in options.items() if value is not None})

    first = inspect.Parameter("interaction", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=discord.Interaction)
    ordered = sorted(command.options, key=lambda option: not option.required)
    signature = inspect.Signature([first, *(_parameter(option) for option in ordered)])
    callback.__signature__ = signature  # type: ignore[attr-defined]  # discord.py reads the built signature
    if command.options:
        app_commands.describe(**{option.name: option.description for option in command.options})(callback)
    for option in command.options:
        if option.choices:
            app_commands.choices(**{option.name: [_choice(one, one) for one in option.choices]})(callback)
    made: app_commands.Command[Any, ..., None] = app_commands.Command(
        name=name, description=command.description, callback=callback
    )
    for option in command.options:
        if option.kind in SUGGESTED:
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
        case "text" | "url" | "duration" | "zone" | "times" | "hours" | "role" | "file":
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
        kind = discord.ChannelType
        return [kind.text, kind.news, kind.forum, kind.public_thread, kind.private_thread, kind.news_thread]

    async def transform(self, _interaction: discord.Interaction, value: Any, /) -> str:
        """Return the channel's id."""
        return str(value.id)


def _completer(
    option: Option, suggest: Suggest
) -> Callable[[discord.Interaction, str], Coroutine[Any, Any, list[app_commands.Choice[Any]]]]:
    async def complete(interaction: discord.Interaction, current: Any) -> list[app_commands.Choice[Any]]:
        found = await suggest(interaction, option, str(current))
        return [_choice(label, value) for label, value in found[:MAX_SUGGESTIONS]]

    return complete


def _choice(label: str, value: Value) -> app_commands.Choice[Any]:
    return app_commands.Choice(name=label[:MAX_CHOICE_NAME] or "?", value=value)


def zones(typed: str) -> list[tuple[str, Value]]:
    """Return the time zones whose name has what was typed, those that begin with it first."""
    wanted = typed.strip().lower().replace(" ", "_")
    found = [zone for zone in sorted(available_timezones()) if wanted in zone.lower()]
    found.sort(key=lambda zone: not zone.rsplit("/", 1)[-1].lower().startswith(wanted))
    return [(zone, zone) for zone in found[:MAX_SUGGESTIONS]]
