"""Gives a Reply where it was asked: by response_url, in a thread, to one person alone, in a modal, in the App Home."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from digestbot.chat.paginate import paginate
from digestbot.chat.slack import views
from digestbot.chat.slack.blocks import card_message, cards_message, fits
from digestbot.chat.slack.elements import Json
from digestbot.chat.slack.faults import FAILURES, reading_error
from digestbot.commands import Reply
from digestbot.domain.digest import Card, Message

USES = 5
"""Times a response_url may be used (docs.slack.dev, Handling user interaction)."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked: the channel (empty in the App Home), by whom, and how to answer there."""

    channel: str
    user: str
    team: str = ""
    response_url: str = ""
    thread: str = ""


class Answers:
    """Sends answers; one that cannot be sent is logged with its fix, as nobody is there to be told."""

    def __init__(self, client: AsyncWebClient, admin_channel: str = "") -> None:
        self._client, self._admin_channel = client, admin_channel

    def first(self, reply: Reply) -> Json:
        """Return a short reply as the body of an acknowledgement."""
        return _body(messages(reply.cards)[0]) | {"response_type": "ephemeral"}

    async def give(self, reply: Reply, place: Place) -> None:
        """Send a reply, and its notice to the admins."""
        if reply.error is not None:
            log.warning("a command failed: %s", reply.error)
        for message in messages(reply.cards)[:USES]:
            await self._send(message, place, private=reply.private)
        if reply.notice and self._admin_channel:
            for message in messages(reply.notice):
                await self._call("chat.postMessage", {**_body(message), "channel": self._admin_channel})

    async def _send(self, message: Message, place: Place, *, private: bool) -> None:
        body = _body(message)
        if place.response_url:
            kind = "ephemeral" if private else "in_channel"
            await self._respond(place.response_url, {**body, "response_type": kind, "replace_original": False})
        elif place.thread:
            await self._call("chat.postMessage", {**body, "channel": place.channel, "thread_ts": place.thread})
        elif place.channel and private:
            await self._call("chat.postEphemeral", {**body, "channel": place.channel, "user": place.user})
        else:
            await self._call("chat.postMessage", {**body, "channel": place.channel or place.user})

    async def open(self, trigger: str, view: Json) -> str:
        """Open a modal; return its id, empty when it could not be opened."""
        return await self._view("views.open", {"trigger_id": trigger, "view": view})

    async def update(self, view_id: str, view: Json) -> None:
        """Replace a modal."""
        await self._view("views.update", {"view_id": view_id, "view": view})

    async def home(self, place: Place, cards: Sequence[Card]) -> None:
        """Show a person their App Home."""
        await self._view("views.publish", {"user_id": place.user, "view": views.home(cards)})

    async def _view(self, method: str, body: Json) -> str:
        answer = await self._call(method, body)
        view = answer.get("view")
        return str(view.get("id", "")) if isinstance(view, dict) else ""

    async def _call(self, method: str, body: Json) -> Json:
        try:
            answer = await self._client.api_call(method, json=body)
        except FAILURES as error:
            log.warning("an answer was not sent (%s): %s", method, reading_error(error, "slack"))
            return {}
        return answer.data if isinstance(answer.data, dict) else {}

    async def _respond(self, url: str, body: Json) -> None:
        hook = AsyncWebhookClient(url, retry_handlers=[])
        try:
            answer = await hook.send_dict(body)
        except FAILURES as error:
            log.warning("an answer was not sent: %s", reading_error(error, "slack"))
            return
        if answer.status_code != 200:  # noqa: PLR2004 - the status of success
            log.warning("an answer was not taken: %s %s", answer.status_code, answer.body)


def messages(cards: Sequence[Card]) -> tuple[Message, ...]:
    """Return an answer's cards as messages, as few as the limits allow."""
    return tuple(cards_message(page) if len(page) > 1 else card_message(page[0]) for page in paginate(cards, fits))


def _body(message: Message) -> Json:
    return dict(message.payload)
