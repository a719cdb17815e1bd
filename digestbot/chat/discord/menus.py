"""The menus of a message: “Summarize link” and “Show sources”; knows what stands in a message, not what commands do."""

import re
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import discord
from discord import app_commands

from digestbot.commands import Invocation, write

SUMMARIZE, SOURCES = "Summarize link", "Show sources"
NO_LINK = {
    SUMMARIZE: "use it on a message with a link to an article",
    SOURCES: "use it on a message of a digest that shows a story",
}
"""What to do when a message has nothing to work on."""
_ADDRESS = re.compile(r"https?://[^\s<>()\[\]|`\"']+")
_STORY = re.compile(r"sources story=\d+")

OfMessage = Callable[[discord.Interaction, discord.Message, str], Awaitable[None]]


def menus(run: OfMessage) -> list[app_commands.ContextMenu]:
    """Return the menus, each running with the message it was opened on."""
    return [_menu(name, run) for name in (SUMMARIZE, SOURCES)]


def _menu(name: str, run: OfMessage) -> app_commands.ContextMenu:
    async def callback(interaction: discord.Interaction, message: discord.Message) -> None:
        await run(interaction, message, name)

    return app_commands.ContextMenu(
        name=name,
        callback=callback,
        allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
    )


def line_of(name: str, message: discord.Message) -> str | None:
    """Return the command line that a menu runs on a message, None when the message has nothing for it."""
    if name == SOURCES:
        return next((i for i in _ids(message.components) if _STORY.fullmatch(i)), None)
    texts = [message.content, *_contents(message.components), *(embed.url or "" for embed in message.embeds)]
    found = next((found for text in texts if (found := _ADDRESS.search(text))), None)
    return write(Invocation("summarize", {"url": found[0].rstrip(".,;:!?")})) if found else None


def _ids(components: Any) -> Iterator[str]:
    """Yield the payloads of buttons, in order."""
    for component in components:
        if isinstance(name := getattr(component, "custom_id", None), str):
            yield name
        yield from _ids(getattr(component, "children", ()))


def _contents(components: Any) -> Iterator[str]:
    """Yield the texts of a Components V2 message."""
    for component in components:
        if isinstance(component, discord.TextDisplay):
            yield component.content
        yield from _contents(getattr(component, "children", ()))
