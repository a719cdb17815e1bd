"""Gives a Reply where it was asked: by response_url, in a thread, to one person alone, in a modal, in the App Home."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass

import aiohttp

from digestbot.chat.paginate import paginate
from digestbot.chat.slack import views
from digestbot.chat.slack.blocks import card_message, cards_message, remembering
from digestbot.chat.slack.clients import Clients
from digestbot.chat.slack.elements import Json
from digestbot.chat.slack.errors import FAILURES, FAULTS, reading_error
from digestbot.chat.slack.wizard import guide
from digestbot.commands import Attachment, Reply
from digestbot.commands.documents import card
from digestbot.domain.digest import Card, Message, Prose, Text
from digestbot.domain.errors import DeliveryError, RateLimited

USES = 5
"""Times a response_url may be used (docs.slack.dev, Handling user interaction)."""
TRIES, PATIENCE = 3, 60.0
"""How often an answer is tried while Slack says to wait, and the longest wait in seconds."""
LARGEST_FILE = 2_000_000
"""Bytes of a file that somebody hands over; a list of feeds is far smaller."""

HANDED = card(Prose((Text("The file is in your messages with this app."),), quiet=True))
NOT_HANDED = card(Prose((Text("The file could not be handed over; ask again in a moment."),)))

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was asked: the channel (empty in the App Home), by whom, and how to answer there.

    ``thread`` is the thread it was asked in. What was asked by a mention is answered to all (``aloud``). ``trigger``
    opens a modal within three seconds, ``id`` tells this delivery from others.
    """

    channel: str
    user: str
    team: str = ""
    response_url: str = ""
    thread: str = ""
    trigger: str = ""
    id: str = ""
    home: bool = False
    aloud: bool = False


class Answers:
    """Sends answers; one that cannot be sent is logged with its fix, as nobody is there to be told."""

    def __init__(self, clients: Clients, admin_channel: str = "") -> None:
        self._clients, self._admin_channel = clients, admin_channel

    def first(self, reply: Reply) -> Json:
        """Return a short reply as the body of an acknowledgement."""
        return _body(messages(reply.cards)[0]) | {"response_type": "ephemeral"}

    async def give(self, reply: Reply, place: Place) -> None:
        """Send a reply, its file, and its notice to the admins."""
        if reply.error is not None:
            log.warning("a command failed: %s", reply.error)
        handed = [] if reply.file is None else [await self._hand_over(reply.file, place)]
        for message in messages([*reply.cards, *handed, *guide(reply.steps)])[:USES]:
            await self._send(message, place, private=reply.private)
        await self.notify(reply, place)

    async def notify(self, reply: Reply, place: Place) -> None:
        """Send a reply's notice: to the workspace's own channel for that, else to the operator's."""
        workspace, channel = (place.team, reply.notify) if reply.notify else _operators(self._admin_channel)
        if channel:
            for message in messages(reply.notice) if reply.notice else ():
                await self._call(workspace, "chat.postMessage", {**_body(message), "channel": channel})

    async def _send(self, message: Message, place: Place, *, private: bool) -> None:
        body = _body(message)
        within: Json = {"thread_ts": place.thread} if place.thread else {}
        alone = private and not place.aloud
        # A response_url answers beside the thread when it answers one person, who would not see it from within.
        if place.channel and alone and (place.thread or not place.response_url):
            where = {"channel": place.channel, "user": place.user, **within}
            if await self._call(place.team, "chat.postEphemeral", {**body, **where}) or not place.response_url:
                return
        if place.response_url:
            kind = "ephemeral" if alone else "in_channel"
            how = {"response_type": kind, "replace_original": False, **({} if alone else within)}
            await self._respond(place.response_url, {**body, **how})
        else:
            where = {"channel": place.channel or place.user, **within}
            await self._call(place.team, "chat.postMessage", {**body, **where})

    async def _hand_over(self, file: Attachment, place: Place) -> Card:
        """Upload a file into the asker's direct messages, and return what to say of it.

        A file cannot be shown to one person in a channel.
        """
        opened = await self._call(place.team, "conversations.open", {"users": place.user})
        channel = opened.get("channel")
        if not isinstance(channel, dict):
            return NOT_HANDED
        try:
            access = await self._clients.tokens.access(place.team)
            await self._clients.of(access.token).files_upload_v2(
                channel=str(channel["id"]), filename=file.name, title=file.name, content=file.content
            )
        except FAULTS as error:
            log.warning("a file was not handed over: %s", _fault(error))
            return NOT_HANDED
        return HANDED

    async def fetch(self, workspace: str, url: str) -> str:
        """Return the text of a file that somebody put into a form; empty when it cannot be had or is empty."""
        try:
            access = await self._clients.tokens.access(workspace)
            head = {"Authorization": f"Bearer {access.token}"}
            async with self._clients.session.get(url, headers=head, allow_redirects=False) as answer:
                answer.raise_for_status()
                return await _text_of(answer)
        except FAULTS as error:
            log.warning("a file could not be had: %s", _fault(error))
            return ""

    async def open(self, place: Place, view: Json) -> str:
        """Open a modal; return its id, empty when it could not be opened."""
        if not place.trigger:
            return ""
        return await self._view(place.team, "views.open", {"trigger_id": place.trigger, "view": view})

    async def update(self, place: Place, view_id: str, view: Json) -> None:
        """Replace a modal."""
        await self._view(place.team, "views.update", {"view_id": view_id, "view": view})

    async def home(self, place: Place, cards: Sequence[Card]) -> None:
        """Show a person their App Home."""
        await self._view(place.team, "views.publish", {"user_id": place.user, "view": views.home(cards)})

    async def _view(self, workspace: str, method: str, body: Json) -> str:
        answer = await self._call(workspace, method, body)
        view = answer.get("view")
        return str(view.get("id", "")) if isinstance(view, dict) else ""

    async def _call(self, workspace: str, method: str, body: Json) -> Json:
        """Call a method; where Slack says to wait, nothing was done yet, so it is waited and done."""
        for tries in range(TRIES):
            try:
                answer = await self._clients.call(workspace, method, json=body)
            except FAULTS as error:
                fault = _fault(error)
                if isinstance(fault, RateLimited) and tries + 1 < TRIES and (fault.retry_after or 0) <= PATIENCE:
                    await asyncio.sleep(fault.retry_after or 1)
                    continue
                log.warning("an answer was not sent (%s): %s", method, fault)
                return {}
            return answer.data if isinstance(answer.data, dict) else {}
        return {}

    async def _respond(self, url: str, body: Json) -> None:
        try:
            answer = await self._clients.hook(url).send_dict(body)
        except FAILURES as error:
            log.warning("an answer was not sent: %s", _fault(error))
            return
        if answer.status_code != 200:  # noqa: PLR2004 - the status of success
            log.warning("an answer was not taken: %s %s", answer.status_code, answer.body)


async def _text_of(answer: aiohttp.ClientResponse) -> str:
    """Return an answer's text, as much of it as may be handed over."""
    data = await answer.content.read(LARGEST_FILE)
    while len(data) < LARGEST_FILE and (more := await answer.content.read(LARGEST_FILE - len(data))):
        data += more
    return data.decode("utf-8-sig", "replace")


def _operators(channel: str) -> tuple[str, str]:
    """Return the workspace and the channel that the settings name: ``C…``, or ``T…/C…`` where there are several."""
    workspace, _, name = channel.rpartition("/")
    return workspace, name


def _fault(error: BaseException) -> BaseException:
    return error if isinstance(error, DeliveryError) else reading_error(error, "slack")


def messages(cards: Sequence[Card]) -> tuple[Message, ...]:
    """Return an answer's cards as messages, as few as the limits allow."""
    return tuple(
        cards_message(page) if len(page) > 1 else card_message(page[0]) for page in paginate(cards, remembering())
    )


def _body(message: Message) -> Json:
    return dict(message.payload)
