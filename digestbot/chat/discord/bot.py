"""The Discord client: slash commands, buttons and forms in, answers out; knows the command core, not what it does.

Every interaction is answered at once (deferred, before anything else is awaited), then the command runs, then the
answer is written. A button's ``custom_id`` is a command line, so buttons live after a restart.
"""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

from digestbot.chat.discord.answers import Json, bodies, choose
from digestbot.chat.discord.faults import FAILURES, reading_error
from digestbot.chat.discord.forms import Form
from digestbot.chat.discord.menus import NO_LINK, line_of, menus
from digestbot.chat.discord.slash import groups, zones
from digestbot.commands import (
    Asker,
    CommandSpec,
    Invocation,
    Option,
    Reply,
    Value,
    find,
    missing,
    parse,
    refused,
    write,
)
from digestbot.commands.words import broken
from digestbot.domain.digest import Action
from digestbot.domain.errors import DigestbotError, NotFound
from digestbot.domain.subscription import Channel

Ask = Callable[[Invocation, Asker], Awaitable[Reply]]
"""Runs an invocation for an asker: the command core's ``dispatch`` over the bot's desk."""
Names = Callable[[str, Asker], Awaitable[Sequence[tuple[str, Value]]]]
"""Returns (label, value) of the feeds (``feed``) or digests (``digest``) an asker may name."""
Problem = Callable[[Exception, str], None]
"""Told of an error and of where it happened, for the log."""

TWICE = 2.0
"""Seconds in which a second press of the same button by the same person does nothing."""


class DiscordBot(discord.AutoShardedClient):
    """The client with the command tree.

    Args:
        commands: The command table.
        ask: Runs an invocation.
        names: Looks up feeds and digests for autocomplete.
        problem: Takes note of errors.
        notify: The channel that reports go to, empty for none.
        options: discord.py's own, such as ``shard_ids``, ``shard_count`` and ``connector``.

    """

    def __init__(
        self,
        commands: Sequence[CommandSpec],
        ask: Ask,
        names: Names,
        problem: Problem,
        *,
        notify: str = "",
        **options: Any,
    ) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True), allowed_mentions=discord.AllowedMentions.none(), **options
        )
        self._commands, self._ask, self._names, self._problem = tuple(commands), ask, names, problem
        self._notify = notify
        self._pressed: dict[tuple[int, str], float] = {}
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self._broken)
        for group in groups(self._commands, self._run, self._suggest):
            self.tree.add_command(group)
        for menu in menus(self._of_message):
            self.tree.add_command(menu)

    async def publish_commands(self) -> None:
        """Tell Discord the commands; needed when the table has changed."""
        await self.tree.sync()

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Take a press of a button; everything else is the tree's and the forms' own."""
        if interaction.type is discord.InteractionType.component:
            data: Any = interaction.data
            await self.pressed(interaction, str(data["custom_id"]))

    async def pressed(self, interaction: discord.Interaction, line: str) -> None:
        """Run the command line of a button, once however often it is pressed within two seconds."""
        now = time.monotonic()
        key = (interaction.user.id, line)
        again = now - self._pressed.get(key, -TWICE) < TWICE
        self._pressed = {k: at for k, at in self._pressed.items() if now - at < TWICE} | {key: now}
        if again:
            await interaction.response.defer()
            return
        try:
            invocation = parse(line, self._commands)
            command = find(invocation.name, self._commands)
        except DigestbotError as error:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._write(interaction, refused(error), private=True)
            return
        await self._run(interaction, command, dict(invocation.options))

    async def _of_message(self, interaction: discord.Interaction, message: discord.Message, name: str) -> None:
        """Run a command of a message's menu: on the first link that stands in it, or on the story it shows."""
        line = line_of(name, message)
        if line is None:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._write(interaction, refused(NotFound("link", name, hint=NO_LINK[name])), private=True)
            return
        await self.pressed(interaction, line)

    async def _broken(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        """Answer a command that broke before it ran: the asker gets a sentence, the log the error."""
        self._problem(error, "a slash command")
        if not interaction.response.is_done():
            await interaction.response.defer(ephemeral=True, thinking=True)
        await self._write(interaction, broken(error), private=True)

    async def _run(self, interaction: discord.Interaction, command: CommandSpec, given: dict[str, Value]) -> None:
        """Answer a command: with a form when something needed is missing, else with what it says."""
        lacking = missing(command, Invocation(command.name, given))
        typed = [option for option in lacking if not option.choices]
        if typed:
            await interaction.response.send_modal(Form(command, given, typed, self._run))
            return
        private = given.get("share") is not True
        await interaction.response.defer(ephemeral=private, thinking=True)
        if lacking:
            await self._write(interaction, self._question(command, given, lacking[0]), private=True)
            return
        reply = await self._ask(Invocation(command.name, given), asker_of(interaction))
        if reply.error is not None:
            self._problem(reply.error, command.name)
        await self._write(interaction, reply, private=private)
        if reply.notice and self._notify:
            await self._tell(Reply(reply.notice, private=False))

    def _question(self, command: CommandSpec, given: dict[str, Value], option: Option) -> Reply:
        """Return the choices of an option as buttons that run the command with them."""
        actions = tuple(
            Action(one.capitalize(), write(Invocation(command.name, given | {option.name: one})))
            for one in option.choices
        )
        return choose(f"{option.description.capitalize()}?", actions)

    async def _write(self, interaction: discord.Interaction, reply: Reply, *, private: bool) -> None:
        """Put a reply in the place of “thinking…”, and what does not fit behind it."""
        first, *rest = bodies(reply, private=private)
        names: dict[str, Any] = {"webhook_id": interaction.application_id, "webhook_token": interaction.token}
        edit = Route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", **names)
        follow = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", **names)
        try:
            await self.http.request(edit, json=first)
            for body in rest:
                await self.http.request(follow, json=body)
        except FAILURES as error:
            self._problem(error, "answering an interaction")

    async def _tell(self, reply: Reply) -> None:
        """Post into the admins' channel."""
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=self._notify)
        try:
            for body in bodies(reply, private=False):
                await self.http.request(route, json=body)
        except FAILURES as error:
            self._problem(error, "telling the admins")

    async def _suggest(
        self, interaction: discord.Interaction, option: Option, typed: str
    ) -> Sequence[tuple[str, Value]]:
        """Return what an option may be, by what has been typed of it."""
        if option.kind == "zone":
            return zones(typed)
        found = await self._names(option.kind, asker_of(interaction))
        wanted = typed.lower()
        return [(label, value) for label, value in found if wanted in label.lower() or wanted == str(value)]


def asker_of(interaction: discord.Interaction) -> Asker:
    """Return who asks and where; “Manage Server” makes a manager, and nobody manages a direct message."""
    workspace = str(interaction.guild_id) if interaction.guild_id else ""
    manager = bool(workspace) and interaction.permissions.manage_guild
    channel = Channel("discord", str(interaction.channel_id or ""), workspace)
    return Asker(str(interaction.user.id), channel, manager=manager)


__all__ = ["Ask", "DiscordBot", "Json", "Names", "Problem", "asker_of"]


async def serve(bot: DiscordBot, token: str) -> None:
    """Log in, tell Discord the commands, and listen until closed.

    Raises:
        DeliveryError: Discord refuses the token, or cannot be reached.

    """
    try:
        await bot.login(token)
        await bot.publish_commands()
        await bot.connect()
    except FAILURES as error:
        raise reading_error(error, "discord") from error
