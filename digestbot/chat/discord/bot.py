"""The Discord client: slash commands, buttons and forms in, answers out; knows the command core, not what it does.

Every interaction is answered at once (deferred, before anything else is awaited), then the command runs, then the
answer is written. A button's ``custom_id`` is a command line, so buttons live after a restart.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import discord
from discord import app_commands
from discord.http import Route

from digestbot.chat.discord.answers import answers, bodies
from digestbot.chat.discord.buttons import Press
from digestbot.chat.discord.circuit_breaker import Breaker
from digestbot.chat.discord.cooldown import Manners
from digestbot.chat.discord.errors import FAILURES, reading_error
from digestbot.chat.discord.files import contents
from digestbot.chat.discord.forms import Files, Sheet, asking, rest_of
from digestbot.chat.discord.menus import NO_LINK, line_of, menus
from digestbot.chat.discord.nonce import nonce_of
from digestbot.chat.discord.pending_forms import Forms
from digestbot.chat.discord.requests import LONGEST_LIMIT, Wire
from digestbot.chat.discord.slash import LISTED, OPEN, continued, groups, matching, zones
from digestbot.commands import (
    Asker,
    CommandSpec,
    Form,
    Invocation,
    Option,
    Reply,
    Value,
    find,
    parse,
    refused,
    wants_form,
    write,
)
from digestbot.commands.documents import broken, said
from digestbot.domain.errors import DeliveryError, DigestbotError, NotFound, RateLimited, TooOften
from digestbot.domain.subscription import Channel

Ask = Callable[[Invocation, Asker], Awaitable[Reply]]
"""Runs an invocation for an asker: the command core's ``dispatch`` over the bot's desk."""
Names = Callable[[str, Asker], Awaitable[Sequence[tuple[str, Value]]]]
"""Returns (label, value) of the feeds (``feed``), digests (``digest``) or topics (``topic``) an asker may name."""
Problem = Callable[[Exception, str], None]
"""Told of an error and of where it happened, for the log."""

Servers = Callable[[str], Awaitable[None]]
"""Told of a server by its id."""

NEWS_A_MINUTE = 10
LEFT = "the bot was removed from the server; invite it again and the digest goes on"
"""Why the digests of a server that removed the bot are paused."""
NO_FILES: Files = MappingProxyType({})
FORM_PATIENCE = 1.0
"""Seconds that a form to change something waits for what stands there now; Discord waits three."""
CLOSED = "That form is closed by now: use the command again."
SHOWN_TO_ALL = "share"
"""The flag that shows an answer to the whole channel."""
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
        joined: Told of a server that has added the bot.
        left: Told of a server that has removed it.
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
        joined: Servers | None = None,
        left: Servers | None = None,
        **options: Any,
    ) -> None:
        breaker = Breaker(_seconds)
        super().__init__(
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=breaker.trace(),
            max_ratelimit_timeout=LONGEST_LIMIT,
            # Nothing is read out of messages and members, so neither is kept: a server costs its channels and roles.
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            **options,
        )
        self._commands, self._ask, self._names, self._problem = tuple(commands), ask, names, problem
        self._notify, self._joined, self._left = notify, joined, left
        self._forms = Forms()
        self._manners = Manners(_seconds, news_a_minute)
        self._wire = Wire(self._request, breaker)
        self.tree = app_commands.CommandTree(self)
        self.tree.error(self._broken)
        for group in groups(self._commands, self._run, self._suggest):
            self.tree.add_command(group)
        for menu in menus(self._of_message):
            self.tree.add_command(menu)
        self.add_dynamic_items(Press)

    async def _request(self, route: Route, **kwargs: Any) -> Any:
        return await self.http.request(route, **kwargs)

    async def publish_commands(self) -> None:
        """Tell Discord the commands; of several processes the one that has the first shard does so."""
        if self.shard_ids is None or 0 in self.shard_ids:
            await self.tree.sync()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        """Tell that a server has added the bot; a server that was only out of reach has not."""
        if self._joined is not None:
            await self._joined(str(guild.id))

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Tell that a server has removed the bot; one that is only out of reach has not."""
        if self._left is not None:
            await self._left(str(guild.id))

    # ── what comes in ────────────────────────────────────────────────────────

    async def pressed(self, interaction: discord.Interaction, line: str) -> None:
        """Run the command line of a button or of a message's menu."""
        if line.startswith(Forms.PREFIX):
            form = self._forms.kept(line)
            await (self._open(interaction, form) if form else self._say(interaction, said(CLOSED)))
            return
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
        if option.kind == "role":
            return matching(_roles(interaction, option), typed)
        found = await self._names(LISTED.get(option.name, option.kind), asker_of(interaction))
        return (continued if option.name.endswith("s") else matching)(found, typed)

    # ── what is done ─────────────────────────────────────────────────────────

    async def _run(
        self, interaction: discord.Interaction, command: CommandSpec, given: dict[str, Value], files: Files = NO_FILES
    ) -> None:
        """Answer a command: with a form when something needed is missing, else with what it says.

        Nothing is awaited before the first answer, but for a moment what a form to change something starts with.
        """
        invocation = Invocation(command.name, given, str(interaction.id))
        asked = (write(invocation), *(file.id for file in files.values()))
        if self._manners.again((interaction.user.id, interaction.channel_id, asked)):
            await self._repeated(interaction)
        elif command.discord.partition(" ")[0] == OPEN and (wait := self._manners.wait(interaction.user.id)) > 0:
            await self._say(interaction, refused(TooOften("the news", wait)))
        elif not files and wants_form(command, invocation):
            if command.prefill is None:
                await self._open(interaction, asking(command, given))
            else:
                await self._open_filled(interaction, command, invocation)
        else:
            await self._do(interaction, invocation, files)

    async def _open(self, interaction: discord.Interaction, form: Form) -> None:
        """Open a form; it can only be the first answer."""
        sheet = Sheet(form, self._filled)
        await self._first(lambda: interaction.response.send_modal(sheet))

    async def _open_filled(
        self, interaction: discord.Interaction, command: CommandSpec, invocation: Invocation
    ) -> None:
        """Open the form of a command that changes something, filled with what stands; empty where that takes long."""
        try:
            async with asyncio.timeout(FORM_PATIENCE):
                reply = await self._ask(invocation, asker_of(interaction))
        except TimeoutError:
            reply = Reply((), form=asking(command, invocation.options))
        if reply.form is not None and not reply.form.fault:
            await self._open(interaction, reply.form)
        else:
            await self._say(interaction, reply)

    async def _filled(
        self, interaction: discord.Interaction, form: Form, given: dict[str, Value], files: Files
    ) -> None:
        """Run the command of a form that was filled in, and offer the form's next page."""
        await self._do(interaction, Invocation(form.command.name, given, str(interaction.id)), files, rest_of(form))

    async def _do(
        self, interaction: discord.Interaction, invocation: Invocation, files: Files, then: Form | None = None
    ) -> None:
        """Run a command and write its answer; who sees it is settled before the first answer."""
        private = invocation.options.get(SHOWN_TO_ALL) is not True
        if not await self._acknowledged(interaction, private=private):
            return  # its asker is told by Discord, and would ask again: doing it now would do it twice
        try:
            invocation = replace(invocation, options={**invocation.options, **await contents(files)})
        except DigestbotError as error:
            reply = refused(error)
        else:
            reply = await self._ask(invocation, asker_of(interaction))
        if then is not None and reply.error is None and reply.form is None:
            reply = replace(reply, form=then)
        await self._write(interaction, reply, private=private)
        if reply.notice and (channel := reply.notify or self._notify):
            await self._tell(channel, Reply(reply.notice, private=False), str(interaction.id))

    async def _repeated(self, interaction: discord.Interaction) -> None:
        """Say nothing to a second press of a button, and a word to a repeated command, which must be answered."""
        if interaction.type is discord.InteractionType.component:
            await self._acknowledged(interaction, thinking=False)
        else:
            await self._say(interaction, said("You asked for the same a moment ago: that is being answered."))

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
        first, *rest = answers(reply, private=private, keep=self._forms.keep)
        names: dict[str, Any] = {"webhook_id": interaction.application_id, "webhook_token": interaction.token}
        edit = Route("PATCH", "/webhooks/{webhook_id}/{webhook_token}/messages/@original", **names)
        follow = Route("POST", "/webhooks/{webhook_id}/{webhook_token}", **names)
        try:
            await self._wire.insist(edit, first.content, "an answer", first.file)
            for body in rest:
                await self._wire.insist(follow, body.content, "an answer", body.file)
        except DeliveryError as error:
            self._problem(error, "answering an interaction")

    async def _tell(self, channel: str, reply: Reply, key: str) -> None:
        """Post into the admins' channel, once however often it is tried."""
        route = Route("POST", "/channels/{channel_id}/messages", channel_id=channel)
        try:
            for number, body in enumerate(bodies(reply, private=False)):
                nonce = {"nonce": nonce_of(f"notice:{key}:{number}"), "enforce_nonce": True}
                await self._wire.insist(route, body | nonce, f"discord:{channel}")
        except DeliveryError as error:
            self._problem(error, "telling the admins")


def _seconds() -> float:
    return asyncio.get_running_loop().time()


def _roles(interaction: discord.Interaction, option: Option) -> list[tuple[str, Value]]:
    """Return what an option for a role may be: its words, and the server's roles."""
    words = ("admins", "anyone") if option.name == "managers" else ("none",)
    roles = interaction.guild.roles if interaction.guild else []
    theirs = [role for role in roles if not role.is_default() and not role.managed]
    named: list[tuple[str, Value]] = [(role.name, str(role.id)) for role in theirs]
    return [*((word, word) for word in words), *named]


def asker_of(interaction: discord.Interaction) -> Asker:
    """Return who asks and where.

    “Manage Server” makes a manager where the server has installed the bot; nobody manages a direct message, nor a
    server to which somebody has brought the bot along for themselves alone.
    """
    workspace = str(interaction.guild_id) if interaction.guild_id else ""
    manager = bool(workspace) and interaction.permissions.manage_guild and not _brought_along(interaction)
    channel = Channel("discord", str(interaction.channel_id or ""), workspace)
    roles = interaction.user.roles if isinstance(interaction.user, discord.Member) else []
    return Asker(
        str(interaction.user.id),
        channel,
        manager=manager,
        groups=tuple(str(role.id) for role in roles if not role.is_default()),
        place=(interaction.guild.name if interaction.guild else "") or "",
    )


def _brought_along(interaction: discord.Interaction) -> bool:
    return interaction.is_user_integration() and not interaction.is_guild_integration()


async def serve(make: Callable[[], DiscordBot], token: str, problem: Problem) -> None:
    """Log in, tell Discord the commands, and listen until closed or cancelled.

    What may pass is tried again with a client made anew, for one that failed to log in keeps its connections.

    Raises:
        DeliveryError: Discord refuses the token or the commands.

    """
    wait = FIRST_RETRY
    while True:
        try:
            async with make() as bot:
                await bot.login(token)
                await bot.publish_commands()
                await bot.connect()
        except FAILURES as error:
            failed = reading_error(error, "discord")
            if not failed.transient:
                raise failed from error
            problem(failed, "connecting")
            limit = failed.retry_after if isinstance(failed, RateLimited) else None
            await asyncio.sleep(max(wait, limit or 0.0))
            wait = min(LAST_RETRY, wait * 2)
        else:
            return


__all__ = ["Ask", "DiscordBot", "Names", "Problem", "asker_of", "serve"]
