"""The Slack app: hears commands, buttons, shortcuts and mentions, acknowledges first, then answers.

Nothing is awaited before the acknowledgement: who the bot is was asked at start-up, and the work runs afterwards.
Knows the command table and how to show a Reply; what a command does is not known here.
"""

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from digestbot.chat.slack import views
from digestbot.chat.slack.answers import Answers, Place
from digestbot.chat.slack.authorization import Known
from digestbot.chat.slack.clients import Clients
from digestbot.chat.slack.deduplication import Once
from digestbot.chat.slack.elements import ACTION
from digestbot.chat.slack.errors import FAILURES, reading_error
from digestbot.chat.slack.handlers import Answering, Errands, Naming
from digestbot.chat.slack.install import Installing
from digestbot.chat.slack.installed_tokens import InstalledTokens
from digestbot.chat.slack.tokens import OneToken
from digestbot.chat.slack.transports import HttpDoor, SocketDoor
from digestbot.chat.slack.typed_text import link_in, meant, plain
from digestbot.chat.slack.users import People
from digestbot.chat.slack.wizard import step_in
from digestbot.commands import (
    COMMANDS,
    Form,
    Invocation,
    checked,
    find,
    read,
    refused,
)
from digestbot.domain.errors import BadOption, StoreError, UserError

Body = dict[str, Any]
Gone = Callable[[Sequence[str], str], Awaitable[None]]
"""Told of the workspaces that have no token any more, and why."""

Hearing = Callable[[AsyncAck, Body, AsyncBoltContext], Awaitable[None]]
"""A listener of ours."""

COMMAND = "/digest"
GRACE = 3.0
"""Seconds that answers under way are given to end when the bot stops."""
EVENTS_REMEMBERED = 600.0
"""Seconds an event's id is remembered: Slack delivers it again at once, after one minute and after five."""
PRESS = 2.0
"""Seconds within which the same press of the same person is one press."""
WORKING = "Working on it…"
ASKS = (
    "What shall the brief be about? Leave everything as it is for the news of the last day. "
    "“/digest help” shows what else there is."
)
BRIEF = "now"
"""What bare input, the global shortcut and the App Home ask about in a form."""
NO_FILE = "The file could not be had from Slack, or is empty: give it once more."
IN_MODAL = frozenset({"sources"})
"""Commands whose answer a button opens in a modal."""
UNINSTALLED = "the app was removed from this workspace; install it again and its digests go on"
REVOKED = "the app's token was revoked in this workspace; install it again and its digests go on"

log = logging.getLogger(__name__)


class SlackBot:
    """Listens to the workspaces that its tokens are for, over Socket Mode, over HTTP, or both.

    Args:
        clients: The Web API with each workspace's token.
        answering: What runs a command.
        app_token: The app-level token for Socket Mode, ``xapp-…``; no Socket Mode without.
        signing_secret: What Slack signs HTTP requests with; no HTTP without.
        listen: The address and port of the HTTP server; port 0 takes a free one.
        installing: The installation of workspaces, served over HTTP.
        naming: What fills the menus of forms.
        gone: What is told of workspaces that lost their token.
        anyone_manages: Whether everybody may change subscriptions; else workspace admins alone.
        admin_channel: Where reported problems go; nowhere when empty.

    """

    def __init__(
        self,
        clients: Clients,
        answering: Answering,
        *,
        app_token: str = "",
        signing_secret: str = "",
        listen: tuple[str, int] = ("127.0.0.1", 0),
        installing: Installing | None = None,
        naming: Naming | None = None,
        gone: Gone | None = None,
        anyone_manages: bool = False,
        admin_channel: str = "",
    ) -> None:
        self._clients, self._gone = clients, gone
        self._app_token, self._secret, self._listen, self._installing = app_token, signing_secret, listen, installing
        self._answers = Answers(clients, admin_channel)
        people = People(clients, anyone_manages=anyone_manages)
        self._errands = Errands(clients, people, self._answers, answering=answering, naming=naming)
        self._events = Once(EVENTS_REMEMBERED, time.monotonic)
        self._presses = Once(PRESS, time.monotonic)
        self._running: set[asyncio.Task[Any]] = set()
        self._socket: SocketDoor | None = None
        self.http: HttpDoor | None = None

    # ── coming and going ────────────────────────────────────────────────────

    async def start(self) -> None:
        """Learn who we are, then open the doors; from here on nothing is awaited before an acknowledgement.

        Raises:
            DeliveryError: Slack refuses a token or cannot be reached, or the port cannot be listened on.

        """
        await self._learn()
        app = AsyncApp(
            client=self._clients.of(None),
            authorize=Known(self._clients.tokens),
            oauth_flow=self._installing,
            signing_secret=self._secret,
            request_verification_enabled=bool(self._secret),
        )
        self._hear(app)
        if self._secret:
            self.http = HttpDoor(app, *self._listen)
            await self.http.open()
        if self._app_token:
            self._socket = SocketDoor(app, self._app_token)
            await self._socket.open()

    async def close(self) -> None:
        """Close the doors, then let what is being answered end; closing twice is harmless."""
        for door in (self._socket, self.http):
            if door is not None:
                await door.close()
        self._socket = self.http = None
        if self._running:
            _, left = await asyncio.wait(self._running, timeout=GRACE)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _learn(self) -> None:
        """Ask who the bot is with the one token, or read every installation."""
        tokens = self._clients.tokens
        if isinstance(tokens, InstalledTokens):
            await tokens.warm()
        elif isinstance(tokens, OneToken):
            try:
                me = await self._clients.call("", "auth.test")
            except FAILURES as error:
                raise reading_error(error, "slack") from error
            tokens.met(me.get("user_id") or "", me.get("bot_id") or "", me.get("team") or "")

    def _hear(self, app: AsyncApp) -> None:
        app.command(COMMAND)(self._known(self._on_command))
        app.action(re.compile(f"^{ACTION}"))(self._known(self._on_action))
        app.view(re.compile(f"^{views.FORM}"))(self._known(self._on_form))
        app.shortcut("summarize_link")(self._known(self._on_link))
        app.shortcut("news_brief")(self._known(self._on_brief))
        app.event("app_mention")(self._known(self._on_mention))
        app.event("app_home_opened")(self._known(self._on_home))
        app.event("app_uninstalled")(self._known(self._on_uninstalled))
        app.event("tokens_revoked")(self._known(self._on_revoked))
        # Bolt says nothing to what it does not know, and Slack would deliver it again and again.
        app.event(re.compile(".*"))(_acknowledge)
        app.action(re.compile(".*"))(_acknowledge)

    def _known(self, hearing: Hearing) -> Hearing:
        """Return a listener whose work is known while it lasts: Bolt keeps no hold of it."""

        async def known(ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
            if task := asyncio.current_task():
                self._running.add(task)
                task.add_done_callback(self._running.discard)
            await hearing(ack, body, context)

        return known

    # ── what is heard ────────────────────────────────────────────────────────

    async def _on_command(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        text = plain(body.get("text") or "").strip()
        if not self._presses.first(f"{_team(context)} {body['user_id']} {body['channel_id']} {text}"):
            await ack()
            return
        place = _place(body, context, body["channel_id"], body["user_id"])
        if not text:
            await ack()
            await self._errands.ask(_brief(), place)
            return
        try:
            meaning = read(text, COMMANDS)
        except UserError as error:
            await ack(self._answers.first(refused(error)))
            return
        if isinstance(meaning, Form):
            await ack()
            await self._errands.ask(meaning, place)
        else:
            await ack(response_type="ephemeral", text=WORKING)
            await self._errands.run(meaning, place)

    async def _on_action(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        action = body["actions"][0]
        line = (action.get("selected_option") or action).get("value", "")
        view = body.get("view") or {}
        channel = (body.get("channel") or {}).get("id", "") or views.channel_of(view)
        user = body["user"]["id"]
        if not self._presses.first(f"{_team(context)} {user} {channel} {line}"):
            return
        place = _place(body, context, channel, user, home=view.get("type") == "home", thread=_thread(body))
        if number := step_in(line):
            await self._errands.step(number, place)
            return
        if line == BRIEF and place.home:
            await self._errands.ask(_brief(), place)
            return
        try:
            meaning = read(line, COMMANDS)
        except UserError as error:
            await self._answers.give(refused(error), place)
            return
        if isinstance(meaning, Form):
            await self._errands.ask(meaning, place)
        elif meaning.name in IN_MODAL:
            await self._errands.in_modal(meaning, place)
        else:
            await self._errands.run(meaning, place)

    async def _on_form(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        view = body["view"]
        invocation, files = views.submitted(view), views.files_of(view)
        try:
            checked(find(invocation.name, COMMANDS), Invocation(invocation.name, {**invocation.options, **files}))
        except BadOption as error:
            if error.option in view.get("state", {}).get("values", {}):
                await ack(response_action="errors", errors={error.option: str(error)[: views.MAX_HINT]})
                return
            await ack()
        except UserError:
            await ack()
        else:
            await ack()
        channel, home = views.channel_of(view), views.is_from_home(view)
        place = _place(body, context, channel, body["user"]["id"], home=home, thread=views.thread_of(view))
        handed = {name: await self._answers.fetch(place.team, url) for name, url in files.items()}
        if all(handed.values()):
            await self._errands.run(Invocation(invocation.name, {**invocation.options, **handed}), place)
        else:
            command = find(invocation.name, COMMANDS)
            await self._errands.ask(Form(command, invocation.options, command.options, NO_FILE), place)

    async def _on_link(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        place = _place(body, context, body["channel"]["id"], body["user"]["id"])
        url = link_in(body.get("message") or {})
        await self._errands.run(Invocation("summarize", {"url": url} if url else {}), place)

    async def _on_brief(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        await self._errands.ask(_brief(), _place(body, context, "", body["user"]["id"]))

    async def _on_mention(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        if not self._events.first(body["event_id"]):
            return
        event = body["event"]
        thread = event.get("thread_ts") or event["ts"]
        place = Place(event["channel"], event["user"], _team(context), thread=thread, id=body["event_id"], aloud=True)
        await self._errands.run(meant(event.get("text", "")), place)

    async def _on_home(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        if self._events.first(body["event_id"]):
            await self._errands.show_home(Place("", body["event"]["user"], _team(context), home=True), ())

    async def _on_uninstalled(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        if self._events.first(body["event_id"]):
            await self._lose(context, UNINSTALLED)

    async def _on_revoked(self, ack: AsyncAck, body: Body, context: AsyncBoltContext) -> None:
        await ack()
        # Slack names the bots and the people whose tokens are gone; we keep the bots' alone.
        if self._events.first(body["event_id"]) and (body["event"].get("tokens") or {}).get("bot"):
            await self._lose(context, REVOKED)

    async def _lose(self, context: AsyncBoltContext, why: str) -> None:
        """Delete an installation's tokens and say which workspaces are without."""
        org_wide = bool(context.is_enterprise_install)
        try:
            lost = await self._clients.tokens.forget(
                context.enterprise_id or "", context.team_id or "", org_wide=org_wide
            )
            if self._gone:
                await self._gone(lost, why)
        except StoreError as error:
            log.error("an installation that is gone could not be forgotten: %s", error)  # noqa: TRY400 - a sentence


def _brief() -> Form:
    """Return the form that asks what a brief shall be about."""
    command = find(BRIEF, COMMANDS)
    return Form(command, {}, command.options, ASKS)


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


def _team(context: AsyncBoltContext) -> str:
    """Return the workspace something happened in; its organization's id where Slack names no workspace."""
    return context.team_id or context.enterprise_id or ""


def _place(
    body: Body, context: AsyncBoltContext, channel: str, user: str, *, home: bool = False, thread: str = ""
) -> Place:
    trigger = body.get("trigger_id", "")
    return Place(
        channel, user, _team(context), body.get("response_url", ""), thread, trigger=trigger, id=trigger, home=home
    )  # fmt: skip


def _thread(body: Body) -> str:
    """Return the thread that a message with a button replies to, empty where it stands in the channel."""
    message = body.get("message") or {}
    thread = message.get("thread_ts", "")
    return "" if thread == message.get("ts") else thread


def is_lost(paused: str | None) -> bool:
    """Tell whether a digest is paused for want of a token: it goes on by itself once the app is installed again."""
    return paused is not None and ("install it again" in paused or "install the app" in paused)
