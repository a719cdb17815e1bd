"""The Discord adapter: renders digests, posts their messages one by one, and finds them again when an answer was lost.

It needs no gateway: any process with the token may deliver. A message carries the nonce and the marks of its delivery
part (:mod:`~digestbot.chat.discord.nonce`), so sending it again gives the earlier message.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

import aiohttp
import discord
from discord.http import Route

from digestbot.chat.discord import components, embeds
from digestbot.chat.discord.circuit_breaker import Breaker
from digestbot.chat.discord.destinations import Places
from digestbot.chat.discord.doctor import Finding, examine, invite_link
from digestbot.chat.discord.errors import FAILURES, delivery_error, reading_error
from digestbot.chat.discord.nonce import Json, bears, stamped
from digestbot.chat.discord.requests import LONGEST_LIMIT, Wire
from digestbot.chat.discord.threads import Opening, apart
from digestbot.domain.digest import Digest, Message
from digestbot.domain.errors import ChannelGone, OutcomeUnknown, Rejected
from digestbot.domain.subscription import Channel, Platform

SKEW = timedelta(hours=2)
"""How far the clock may be ahead of Discord's for a message to be found again: an hour's mistake, and then some."""
UNKNOWN_MESSAGE = 10008
"""Discord's code for a message that is deleted."""
FORM_REFUSED = 50035
"""Discord's code for a body whose form it does not take."""
PAGE = 100
"""Messages a page of history: the most that Discord gives."""

Layout = Literal["components", "embeds"]


class DiscordAdapter:
    """Posts with a bot token.

    Args:
        token: The bot token from the developer portal.
        connector: Makes what connections come from, for a resolver of one's own; aiohttp's when None.
        threads: Whether a digest's further messages go into a thread of its first one.
        layout: Components V2, or the older look with embeds.

    """

    def __init__(
        self,
        token: str,
        *,
        connector: Callable[[], aiohttp.BaseConnector] | None = None,
        threads: bool = False,
        layout: Layout = "components",
    ) -> None:
        self._layout = layout
        self._threads = threads
        self._token = token
        self._connector = connector
        self._client: discord.Client | None = None
        self._opening = asyncio.Lock()
        self._breaker = Breaker(lambda: asyncio.get_running_loop().time())
        self._wire = Wire(self._request, self._breaker)
        self._call = self._wire.ask
        self._places = Places(self._wire, threads=threads)

    @property
    def platform(self) -> Platform:
        """The platform it serves."""
        return "discord"

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()
        self._client = None

    def render(self, digest: Digest) -> Sequence[Message]:
        """Return the digest as messages within Discord's limits, in order; pure and deterministic."""
        return embeds.render(digest) if self._layout == "embeds" else components.render(digest)

    def visible(self, message: Message) -> str:
        """Return the characters a reader of the message sees, escaping undone."""
        if "flags" in message.payload:
            return components.visible(message)
        return embeds.visible(message)

    async def post(self, channel: Channel, message: Message, key: str, thread: str | None) -> str:
        """Post one message under ``key`` and return its id; posted again within minutes it is the same message.

        ``thread`` is the delivery's first message. In a forum it is the post that the message goes into; without it
        the message opens a post of its own.

        Raises:
            DeliveryError: It was not posted, or (OutcomeUnknown) nobody knows whether it was.

        """
        payload, how = apart(message.payload, message.text)
        try:
            target = await self._place(channel, thread, how)
        except FAILURES as error:
            raise reading_error(error, str(channel)) from error
        try:
            answer = await self._send(channel, target, how, stamped(payload, key))
        except FAILURES as error:
            if not _form_refused(error, payload):
                raise delivery_error(error, str(channel)) from error
            answer = await self._plainly(channel, target, how, stamped(embeds.plainer(payload), key))
        if not isinstance(answer, Mapping) or not isinstance(found := answer.get("id"), str):
            raise OutcomeUnknown(str(channel), "the answer cannot be read")
        return found

    async def _place(self, channel: Channel, thread: str | None, how: Opening) -> str:
        """Return the id of the place a message goes to; nothing that fails here has posted anything."""
        await self._places.about(channel.id)
        target = await self._places.target(channel.id, thread)
        if target == thread and not await self._places.begin(channel.id, target, how.name):
            return channel.id
        return target

    async def _send(self, channel: Channel, target: str, how: Opening, body: Json) -> Any:
        if target == channel.id and await self._places.is_forum(target):
            return await self._places.open_post(target, how, body)
        return await self._wire.send(Route("POST", "/channels/{channel_id}/messages", channel_id=target), body)

    async def _plainly(self, channel: Channel, target: str, how: Opening, body: Json) -> Any:
        """Post a message in the older look, after Discord refused the form of the newer one."""
        try:
            return await self._send(channel, target, how, body)
        except FAILURES as error:
            raise delivery_error(error, str(channel)) from error

    async def correct(self, channel: Channel, message_id: str, message: Message, thread: str | None) -> None:
        """Put a message in the place of one that was posted; ``thread`` is the delivery's first, where it replied.

        Raises:
            DeliveryError: It could not be changed; ChannelGone where the message is no longer there.

        """
        payload, _ = apart(message.payload, message.text)
        silent = {key: value for key, value in payload.items() if key != "allowed_mentions"}
        try:
            target = await self._standing(channel, message_id, thread)
        except FAILURES as error:
            raise reading_error(error, str(channel)) from error
        names = {"channel_id": target, "message_id": message_id}
        route = Route("PATCH", "/channels/{channel_id}/messages/{message_id}", **names)
        try:
            await self._wire.insist(route, silent, str(channel))
        except Rejected as error:
            if isinstance(cause := error.__cause__, discord.NotFound) and cause.code == UNKNOWN_MESSAGE:
                raise ChannelGone(
                    str(channel), "the message is no longer there", hint="nothing is left to do"
                ) from error
            raise

    async def _standing(self, channel: Channel, message_id: str, thread: str | None) -> str:
        """Return the id of the place where a message stands; a forum's post has the id of its first message."""
        if await self._places.is_forum(channel.id):
            return thread or message_id
        target = await self._places.target(channel.id, thread)
        if target == channel.id:
            return target
        try:
            await self._call(
                Route("GET", "/channels/{channel_id}/messages/{message_id}", channel_id=target, message_id=message_id)
            )
        except discord.NotFound:
            return channel.id  # its thread could not be begun, so it stands in the channel
        return target

    async def settle(self, channel: Channel, key: str, thread: str | None, since: datetime) -> str | None:
        """Look for a message of ours sent under ``key`` since then; return its id, or None when it never arrived.

        Raises:
            DeliveryError: The platform could not be asked.

        """
        after = discord.utils.time_snowflake(since - SKEW)
        try:
            target = await self._places.target(channel.id, thread)
            if target == channel.id and await self._places.is_forum(target):
                return await self._places.find_post(target, key, after, await self._own_id())
            return await self._search(target, key, after)
        except FAILURES as error:
            if not isinstance(error, discord.NotFound) or thread is None:
                raise reading_error(error, str(channel)) from error
        return await self._beside(channel, key, after)

    async def _beside(self, channel: Channel, key: str, after: int) -> str | None:
        """Look for a reply in the channel itself: the thread it was meant for was never begun."""
        try:
            if await self._places.is_forum(channel.id):
                await self._call(Route("GET", "/channels/{channel_id}", channel_id=channel.id))
                return None
            return await self._search(channel.id, key, after)
        except FAILURES as error:
            raise reading_error(error, str(channel)) from error

    async def _search(self, target: str, key: str, after: int) -> str | None:
        """Look through a channel's messages after a snowflake, oldest first, for one of ours under ``key``."""
        route = Route("GET", "/channels/{channel_id}/messages", channel_id=target)
        own = await self._own_id()
        while True:
            page = await self._call(route, params={"limit": PAGE, "after": after})
            for message in page:
                # Anybody's bot may choose the ids of its components: only our own messages count.
                if message["author"]["id"] == own and bears(message, key):
                    return str(message["id"])
            if len(page) < PAGE:
                return None
            after = max(int(message["id"]) for message in page)

    async def examine(self, channels: Sequence[Channel] = ()) -> list[Finding]:
        """Look at the token and at each channel: (name, well, what was seen, what to do), one for each thing amiss."""
        try:
            user = (await self._open()).user
        except FAILURES as error:
            fault = reading_error(error, "discord")
            return [("discord", False, fault.what, fault.hint)]
        about = {"id": str(user.id), "name": user.name} if user else {"id": "", "name": "nobody"}
        return await examine(self._call, channels, about, threads=self._threads)

    async def invite(self) -> str:
        """Return the link that adds the bot to a server with exactly the permissions it needs.

        Raises:
            DeliveryError: The token is wrong or Discord cannot be reached.

        """
        try:
            return invite_link(str((await self._open()).application_id))
        except FAILURES as error:
            raise reading_error(error, "discord") from error

    async def _own_id(self) -> str:
        user = (await self._open()).user
        return str(user.id) if user else ""

    async def _request(self, route: Route, **kwargs: Any) -> Any:
        client = await self._open()
        return await client.http.request(route, **kwargs)

    async def _open(self) -> discord.Client:
        """Return the client, logged in at its first use: it lives in the running loop."""
        async with self._opening:
            if self._client is None:
                client = self._make()
                try:
                    await client.login(self._token)
                except BaseException:
                    await client.close()
                    raise
                self._client = client
            return self._client

    def _make(self) -> discord.Client:
        make = partial(
            discord.Client,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=self._breaker.trace(),
            max_ratelimit_timeout=LONGEST_LIMIT,
        )
        return make(connector=self._connector()) if self._connector else make()


def _form_refused(error: Exception, payload: Mapping[str, object]) -> bool:
    """Tell whether Discord refused the form of a message in the newer look; nothing was posted then."""
    return isinstance(error, discord.HTTPException) and error.code == FORM_REFUSED and "flags" in payload
