"""The Slack app: hears commands, buttons, shortcuts and mentions over Socket Mode, acknowledges first, then answers.

Nothing is awaited before the acknowledgement: who the bot is was asked at start-up, and the work runs afterwards.
Knows the command table and how to show a Reply; what a command does is not known here.
"""

import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.web.async_client import AsyncWebClient

from digestbot.chat.slack import views
from digestbot.chat.slack.answers import Answers, Place
from digestbot.chat.slack.elements import ACTION
from digestbot.chat.slack.faults import FAILURES, reading_error
from digestbot.chat.slack.once import Once
from digestbot.chat.slack.people import People
from digestbot.commands import COMMANDS, Asker, Invocation, Reply, find, missing, parse, refused
from digestbot.domain.errors import UnknownCommand, UserError
from digestbot.domain.subscription import Channel

Body = dict[str, Any]
Answering = Callable[[Invocation, Asker], Awaitable[Reply]]
"""Runs an invocation: ``commands.dispatch`` with its desk."""

COMMAND = "/digest"
EVENTS_REMEMBERED = 600.0
"""Seconds an event's id is remembered: Slack delivers it again at once, after one minute and after five."""
PRESS = 2.0
"""Seconds within which the same press of the same person is one press."""
WORKING = "Working on it…"
_URL = re.compile(r"<(https?://[^|>\s]+)(?:\|[^>]*)?>")
_CHANNEL = re.compile(r"<#([A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<@[A-Z0-9]+>")
_ASKING = re.compile(r"^(?:please\s+)?brief\s+(?:me|us)(?:\s+(?:on|about))?\s*", re.IGNORECASE)


class SlackBot:
    """Listens to one workspace.

    Args:
        token: The bot token, ``xoxb-…``.
        app_token: The app-level token for Socket Mode, ``xapp-…``.
        answering: What runs a command.
        anyone_manages: Whether everybody may change subscriptions; else workspace admins alone.
        admin_channel: Where reported problems go; nowhere when empty.
        base_url: Where the Web API is; Slack's own when None.

    """

    def __init__(
        self,
        token: str,
        app_token: str,
        answering: Answering,
        *,
        anyone_manages: bool = False,
        admin_channel: str = "",
        base_url: str | None = None,
    ) -> None:
        self._token, self._app_token, self._answering = token, app_token, answering
        self._base_url = base_url or AsyncWebClient.BASE_URL
        self.client = AsyncWebClient(token, base_url=self._base_url, retry_handlers=[])
        self._people = People(self.client, anyone_manages=anyone_manages)
        self._answers = Answers(self.client, admin_channel)
        self._events = Once(EVENTS_REMEMBERED, time.monotonic)
        self._presses = Once(PRESS, time.monotonic)
        self._handler: AsyncSocketModeHandler | None = None

    async def start(self) -> None:
        """Ask who we are, then connect; from here on nothing is awaited before an acknowledgement.

        Raises:
            DeliveryError: Slack refuses the token or cannot be reached.

        """
        try:
            me = await self.client.auth_test()
        except FAILURES as error:
            raise reading_error(error, "slack") from error
        known = AuthorizeResult(
            enterprise_id=me.get("enterprise_id"),
            team_id=me.get("team_id"),
            bot_user_id=me.get("user_id"),
            bot_id=me.get("bot_id"),
            bot_token=self._token,
        )

        async def authorize() -> AuthorizeResult:
            return known

        nameless = AsyncWebClient(base_url=self._base_url, retry_handlers=[])  # Bolt warns of a second token
        app = AsyncApp(client=nameless, authorize=authorize, request_verification_enabled=False)
        self._listen(app)
        self._handler = AsyncSocketModeHandler(app, self._app_token)
        await self._handler.client.connect()  # type: ignore[no-untyped-call]  # slack_sdk leaves it untyped

    async def close(self) -> None:
        """Disconnect."""
        if self._handler is not None:
            await self._handler.client.close()  # type: ignore[no-untyped-call]  # the same

    def _listen(self, app: AsyncApp) -> None:
        app.command(COMMAND)(self._on_command)
        app.action(re.compile(f"^{ACTION}"))(self._on_action)
        app.view(re.compile(f"^{views.FORM}"))(self._on_form)
        app.shortcut("summarize_link")(self._on_link)
        app.shortcut("news_brief")(self._on_brief)
        app.event("app_mention")(self._on_mention)
        app.event("app_home_opened")(self._on_home)
        # Bolt says nothing to what it does not know, and Slack would deliver it again and again.
        app.event(re.compile(".*"))(_acknowledge)
        app.action(re.compile(".*"))(_acknowledge)

    # ── what is heard ────────────────────────────────────────────────────────

    async def _on_command(self, ack: AsyncAck, body: Body) -> None:
        text = plain(body.get("text") or "").strip() or "help"
        if not self._presses.first(f"{body['user_id']} {body['channel_id']} {text}"):
            await ack()
            return
        place = Place(body["channel_id"], body["user_id"], body.get("team_id", ""), body.get("response_url", ""))
        try:
            invocation = parse(text, COMMANDS)
        except UserError as error:
            await ack(self._answers.first(refused(error)))
            return
        if missing(find(invocation.name, COMMANDS), invocation):
            await ack()
            await self._ask(invocation, place, body["trigger_id"])
            return
        await ack(response_type="ephemeral", text=WORKING)
        await self._run(invocation, place)

    async def _on_action(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        action = body["actions"][0]
        line = (action.get("selected_option") or action).get("value", "")
        channel = (body.get("channel") or {}).get("id", "")
        user = body["user"]["id"]
        if not self._presses.first(f"{user} {channel} {line}"):
            return
        place = Place(channel, user, (body.get("team") or {}).get("id", ""), body.get("response_url", ""))
        try:
            invocation = parse(line, COMMANDS)
        except UserError as error:
            await self._answers.give(refused(error), place)
            return
        if missing(find(invocation.name, COMMANDS), invocation):
            await self._ask(invocation, place, body["trigger_id"])
        elif invocation.name == "sources":
            await self._in_modal(invocation, place, body["trigger_id"])
        else:
            await self._run(invocation, place)

    async def _on_form(self, ack: AsyncAck, body: Body) -> None:
        view = body["view"]
        invocation = views.submitted(view)
        await ack()
        place = Place(views.channel_of(view), body["user"]["id"], (body.get("team") or {}).get("id", ""))
        await self._run(invocation, place)

    async def _on_link(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        place = Place(body["channel"]["id"], body["user"]["id"], body["team"]["id"], body.get("response_url", ""))
        found = _URL.search((body.get("message") or {}).get("text", ""))
        given = {"url": found[1].replace("&amp;", "&")} if found else {}
        invocation = Invocation("summarize", given)
        if found:
            await self._run(invocation, place)
        else:
            await self._ask(invocation, place, body["trigger_id"])

    async def _on_brief(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        place = Place("", body["user"]["id"], body["team"]["id"])
        await self._ask(Invocation("now"), place, body["trigger_id"])

    async def _on_mention(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        if not self._events.first(body["event_id"]):
            return
        event = body["event"]
        thread = event.get("thread_ts") or event["ts"]
        place = Place(event["channel"], event["user"], body.get("team_id", ""), thread=thread)
        await self._run(meant(event.get("text", "")), place)

    async def _on_home(self, ack: AsyncAck, body: Body) -> None:
        await ack()
        if not self._events.first(body["event_id"]):
            return
        place = Place("", body["event"]["user"], body.get("team_id", ""))
        asker = await self._asker(place)
        replies = [await self._answering(Invocation(name), asker) for name in ("schedule list", "list", "help")]
        await self._answers.home(place, [card for reply in replies for card in reply.cards])

    # ── what is done ─────────────────────────────────────────────────────────

    async def _run(self, invocation: Invocation, place: Place) -> None:
        """Run an invocation and give its answer where it was asked."""
        await self._answers.give(await self._answering(invocation, await self._asker(place)), place)

    async def _ask(self, invocation: Invocation, place: Place, trigger: str) -> None:
        """Open the form of a command that needs more than was given."""
        command = find(invocation.name, COMMANDS)
        await self._answers.open(trigger, views.form(command, invocation.options, place.channel))

    async def _in_modal(self, invocation: Invocation, place: Place, trigger: str) -> None:
        """Open a modal at once, for a trigger lives three seconds, and fill it when the answer is there."""
        title = invocation.name.capitalize()
        opened = await self._answers.open(trigger, views.waiting(title))
        reply = await self._answering(invocation, await self._asker(place))
        if opened:
            await self._answers.update(opened, views.answer(title, reply.cards))

    async def _asker(self, place: Place) -> Asker:
        person = await self._people.person(place.user)
        channel = Channel("slack", place.channel, place.team)
        return Asker(place.user, channel, manager=person.manager, timezone=person.timezone)


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


def plain(text: str) -> str:
    """Return typed text without Slack's escaping: addresses and channels bare, entities undone."""
    bare = _CHANNEL.sub(r"\1", _URL.sub(r"\1", text))
    return bare.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def meant(text: str) -> Invocation:
    """Return what a mention asks for: a command where it is one, else a brief on its words."""
    words = plain(_MENTION.sub("", text)).strip(" ,:\t\n")
    topic = _ASKING.sub("", words).strip(" .?!")
    try:
        invocation = parse(words, COMMANDS)
        needs = missing(find(invocation.name, COMMANDS), invocation)
    except (UserError, UnknownCommand):
        needs = ()
        invocation = Invocation("now", {"topic": topic[:100]} if topic else {})
    return invocation if not needs else Invocation("help", {"command": invocation.name})
