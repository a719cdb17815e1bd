"""Buttons that live after a restart: a component's ``custom_id`` is the command line that a press of it runs.

Discord sends the line back with every press, so nothing is kept of the messages that were posted.
"""

import re
from collections.abc import Mapping
from typing import Any, Protocol, Self, runtime_checkable

import discord


@runtime_checkable
class Presses(Protocol):
    """A client that runs the lines of buttons."""

    async def pressed(self, interaction: discord.Interaction, line: str) -> None:
        """Run the command line of a button."""
        ...


class Press(discord.ui.DynamicItem[discord.ui.Item[Any]], template=re.compile(r"(?P<line>.+)", re.DOTALL)):
    """A button or a menu of any message of ours, old or new.

    Whatever it says is taken, for a line that no command knows any more is answered with a sentence, not with silence.
    """

    def __init__(self, item: discord.ui.Item[Any], line: str) -> None:
        super().__init__(item)
        self._line = line

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: discord.ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Return the item for a press; what was chosen in a menu follows its line."""
        pressed: Mapping[str, Any] = interaction.data or {}
        return cls(item, " ".join((match["line"], *pressed.get("values", ()))))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Run the line."""
        if isinstance(interaction.client, Presses):
            await interaction.client.pressed(interaction, self._line)
