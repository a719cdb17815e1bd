"""The Discord client: slash commands, buttons and forms in, answers out; knows the command core, not what it does.

Every interaction is answered at once (deferred, before anything else is awaited), then the command runs, then the
answer is written. A button's ``custom_id`` is a command line, so buttons live after a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

from digestbot.chat.discord.answers import bodies, choose
from digestbot.chat.discord.breaker import Breaker
from digestbot.chat.discord.buttons import Press
from digestbot.chat.discord.faults import FAILURES, reading_error
from digestbot.chat.discord.forms import Form
from digestbot.chat.discord.manners import Manners
from digestbot.chat.discord.menus import NO_LINK, line_of, menus
from digestbot.chat.discord.slash import OPEN, groups, zones
from digestbot.chat.discord.stamp import nonce_of
from digestbot.chat.discord.wire import LONGEST_LIMIT, Wire
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
from digestbot.commands.words import broken, said
from digestbot.domain.digest import Action
from digestbot.domain.errors import DeliveryError, DigestbotError, NotFound, TooOften
from digestbot.domain.subscription import Channel

Ask = Callable[[Invocation, Asker], Awaitable[Reply]]
"""Runs an invocation for an asker: the command core's ``dispatch`` over the bot's desk."""
Names = Callable[[str, Asker], Awaitable[Sequence[tuple[str, Value]]]]
"""Returns (label, value) of the feeds (``feed``), digests (``digest``) or topics (``topic``) an asker may name."""
Problem = Callable[[Exception, str], None]
"""Told of an error and of where it happened, for the log."""

NEWS_A_MINUTE = 10
SHOWN_TO_ALL = ("public", "share")
"""The flags that show an answer to the whole channel."""
FIRST_RETRY, LAST_RETRY = 5.0, 300.0
"""Seconds before the first and at most before a further try to connect."""


class DiscordBot(discord.AutoShardedClient):
    """The client with the command tree.

    Args:
        commands: The command table.
        ask: Runs an invocation.
        names: Looks up feeds, digests and topics for autocomplete.
        problem: Takes note of errors.
        notify: The channel that reports go to, empty for none.
        news_a_minute: How often one person may use ``/news`` within a minute.
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
        news_a_minute: int = NEWS_A_MINUTE,
        **options: Any,
    ) -> None:
        breaker = Breaker(_seconds)
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=breaker.trace(),
            max_ratelimit_timeout=LONGEST_LIMIT,
            **options,
        )
        self._commands, self._ask, self._names, self._problem = tuple(commands), ask, names, problem
        self._notify = notify
        self._manners = Manners(_seconds, news_a_minute)
        self._wire = Wire(self.http.request, breaker)
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self._broken)
        for group in groups(self._commands, self._run, self._suggest):
            self.tree.add_command(group)
        for menu in menus(self._of_message):
            self.tree.add_command(menu)
        self.add_dynamic_items(Press)

    async def publish_commands(self) -> None:
        """Tell Discord the commands; of several processes the one that has the first shard does so."""
        if self.shard_ids is None or 0 in self.shard_ids:
            await self.tree.sync()

    # ── what comes in ────────────────────────────────────────────────────────

    async def pressed(self, interaction: discord.Interaction, line: str) -> None:
        """Run the command line of a button or of a message's menu."""
        try:
            invocation = parse(line, self._commands)
            command = find(invocation.name, self._commands)
        except DigestbotError as error:
            await self._say(interaction, refused(error))
            return
        await self._run(interaction, command, dict(invocation.options))

    async def _of_message(self, interaction: discord.Interaction, message: discord.Message, name: str) -> None:
        """Run a command of a message's menu: on the first link that stands in it, or on the story it shows."""
        line = line_of(name, message)
        if line is None:
            await self._say(interaction, refused(NotFound("link", name, hint=NO_LINK[name])))
            return
        await self.pressed(interaction, line)

    async def _broken(self, interaction: discord.Interaction, error: app_commands.AppCommandError) -> None:
        """Answer a command that broke before it ran: the asker gets a sentence, the log the error."""
        self._problem(error, "a slash command")
        await self._say(interaction, broken(error))

    async def _suggest(
        self, interaction: discord.Interaction, option: Option, typed: str
    ) -> Sequence[tuple[str, Value]]:
        """Return what an option may be, by what has been typed of it."""
        if option.kind == "zone":
            return zones(typed)
        found = await self._names(option.kind, asker_of(interaction))
        wanted = typed.lower()
        return [(label, value) for label, value in found if wanted in label.lower() or wanted == str(value)]

    # ── what is done ─────────────────────────────────────────────────────────

    async def _run(self, interaction: discord.Interaction, command: CommandSpec, given: dict[str, Value]) -> None:
        """Answer a command: with a form when something needed is missing, else with what it says.

        Nothing is awaited before the first answer.
        """
        invocation = Invocation(command.name, given)
        if self._manners.again((interaction.user.id, interaction.channel_id, write(invocation))):
            await self._repeated(interaction)
            return
        if command.discord.partition(" ")[0] == OPEN and (wait := self._manners.wait(interaction.user.id)) > 0:
            await self._say(interaction, refused(TooOften("the news", wait)))
            return
        lacking = missing(command, invocation)
        typed = [option for option in lacking if not option.choices]
        if typed:
            form = Form(command, given, typed, self._run)
            await self._first(lambda: interaction.response.send_modal(form))
        elif lacking:
            await self._say(interaction, self._question(command, given, lacking[0]))
        else:
            await self._do(interaction, invocation)

    async def _do(self, interaction: discord.Interaction, invocation: Invocation) -> None:
        """Run a command and write its answer; who sees it is settled before the first answer."""
        private = not any(invocation.options.get(flag) is True for flag in SHOWN_TO_ALL)
        if not await self._acknowledged(interaction, private=private):
            return  # its asker is told by Discord, and would ask again: doing it now would do it twice
        reply = await self._ask(invocation, asker_of(interaction))
        if reply.error is not None:
            self._problem(reply.error, invocation.name)
        await self._write(interaction, reply, private=private)
        if reply.notice and self._notify:
            await self._tell(Reply(reply.notice, private=False), str(interaction.id))

    async def _repeated(self, interaction: discord.Interaction) -> None:
        """Say nothing to a second press of a button, and a word to a repeated command, which must be answered."""
        if interaction.type is discord.InteractionType.component:
            await self._acknowledged(interaction, thinking=False)
        else:
            await self._say(interaction, said("You asked for the same a moment ago: that is being answered."))

    def _question(self, command: CommandSpec, given: dict[str, Value], option: Option) -> Reply:
        """Return the choices of an option as buttons that run the command with them."""
        actions = tuple(
            Action(one.capitalize(), write(Invocation(command.name, given | {option.name: one})))
            for one in option.choices
        )
        return choose(f"{option.description.capitalize()}?", actions)

    # ── what goes out ────────────────────────────────────────────────────────

    async def _acknowledged(
        self, interaction: discord.Interaction, *, private: bool = True, thinking: bool = True
    ) -> bool:
        """Give the first answer, and tell whether Discord took it in time."""
        if interaction.response.is_done():
            return True
        return await self._first(lambda: interaction.response.defer(ephemeral=private, thinking=thinking))

    async def _first(self, answer: Callable[[], Awaitable[object]]) -> bool:
        try:
            await self._wire.first(answer)
        except DeliveryError as error:
            self._problem(error, "acknowledging an interaction")
            return False
        return True

    async def _say(self, interaction: discord.Interaction, reply: Reply) -> None:
        """Answer the asker alone with what is known already."""
        if await self._acknowledged(interaction):
            await self._write(interaction, reply, private=True)

    async def _write(self, interaction: discord.Interaction, reply: Reply, *, private: bool) -> None:
        """Put a reply in the place of “thinking…”, and what does not fit behind it."""
        first, *rest = bodies(reply, private=private)
        names: dict[str, Any] = {"webhook_id": interaction.application_id, "webhook_token": interaction.token}
        edit = Route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", **names)
        follow = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", **names)
        try:
            await self._wire.insist(edit, first, "an answer")
            for body in rest:
                await self._wire.insist(follow, body, "an answer")
        except DeliveryError as error:
            self._problem(error, "answering an interaction")

    async def _tell(self, reply: Reply, key: str) -> None:
        """Post into the admins' channel, once however often it is tried."""
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=self._notify)
        try:
            for number, body in enumerate(bodies(reply, private=False)):
                nonce = {"nonce": nonce_of(f"notice:{key}:{number}"), "enforce_nonce": True}
                await self._wire.insist(route, body | nonce, f"discord:{self._notify}")
        except DeliveryError as error:
            self._problem(error, "telling the admins")


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def asker_of(interaction: discord.Interaction) -> Asker:
    """Return who asks and where.

    “Manage Server” makes a manager where the server has installed the bot; nobody manages a direct message, nor a
    server to which somebody has brought the bot along for themselves alone.
    """
    workspace = str(interaction.guild_id) if interaction.guild_id else ""
    manager = bool(workspace) and interaction.permissions.manage_guild and not _brought_along(interaction)
    channel = Channel("discord", str(interaction.channel_id or ""), workspace)
    return Asker(str(interaction.user.id), channel, manager=manager)


def _brought_along(interaction: discord.Interaction) -> bool:
    return interaction.is_user_integration() and not interaction.is_guild_integration()


async def serve(bot: DiscordBot, token: str, problem: Problem) -> None:
    """Log in, tell Discord the commands, and listen until closed; what may pass is tried again.

    Raises:
        DeliveryError: Discord refuses the token or the commands.

    """
    wait = FIRST_RETRY
    while not bot.is_closed():
        try:
            await bot.login(token)
            await bot.publish_commands()
            await bot.connect()
        except FAILURES as error:
            failed = reading_error(error, "discord")
            if not failed.transient:
                raise failed from error
            problem(failed, "connecting")
            await asyncio.sleep(max(wait, failed.retry_after or 0.0))
            wait = min(LAST_RETRY, wait * 2)


__all__ = ["Ask", "DiscordBot", "Names", "Problem", "asker_of", "serve"]
