"""Forms for what a command needs and was not given: one field an option; knows the table's shape."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord

from digestbot.commands import CommandSpec, Option, Value

Run = Callable[[discord.Interaction, CommandSpec, dict[str, Value]], Awaitable[None]]

MAX_FIELDS, MAX_LABEL, MAX_TITLE, LONG = 5, 45, 45, 300
"""Fields of a form, characters of its labels and title (Discord, "Modal"), and of a text that gets a large field."""


class Form(discord.ui.Modal):
    """Asks for options and runs the command with them."""

    def __init__(self, command: CommandSpec, given: dict[str, Value], asked: Sequence[Option], run: Run) -> None:
        super().__init__(title=command.name.capitalize()[:MAX_TITLE])
        self._command, self._given, self._run = command, given, run
        self._fields: dict[str, discord.ui.TextInput[Any]] = {}
        for option in asked[:MAX_FIELDS]:
            field: discord.ui.TextInput[Any] = discord.ui.TextInput(
                label=option.name.replace("_", " ").capitalize()[:MAX_LABEL],
                placeholder=option.description[:100],
                max_length=min(option.most or 1_000, 4_000),
                style=discord.TextStyle.long if (option.most or 0) > LONG else discord.TextStyle.short,
            )
            self._fields[option.name] = field
            self.add_item(field)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Run the command with what was filled in."""
        filled: dict[str, Value] = {name: field.value for name, field in self._fields.items() if field.value}
        await self._run(interaction, self._command, self._given | filled)
