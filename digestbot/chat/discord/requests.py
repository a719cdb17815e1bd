"""The one way out: every body of this package leaves through here, so none of them pings whom it was not told to.

It holds calls back before Discord's ban and tries again what discord.py does not: 503, dropped connections and
Cloudflare's 429. Knows no digest and no command.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import discord
from discord.http import Route

from digestbot.chat.discord.circuit_breaker import Breaker
from digestbot.chat.discord.errors import FAILURES, delivery_error
from digestbot.chat.discord.nonce import Json
from digestbot.commands import Attachment
from digestbot.domain.errors import DeliveryError, OutcomeUnknown, PlatformDown, RateLimited

Request = Callable[..., Awaitable[Any]]
"""discord.py's own ``http.request``: ``request(route, json=…, params=…)``."""
Sleep = Callable[[float], Awaitable[None]]

TIMEOUT = 60.0
"""Seconds for one call with the client's own retries (500, 502, 504 and short limits)."""
WAITS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before each further try of an answer that somebody is waiting for."""
LONGEST_LIMIT = 30.0
"""Longest limit in seconds that is waited out; a longer one is come back after, or given up by who answers."""
ACKNOWLEDGE_WITHIN = 2.5
"""Seconds within which a first answer is tried again: Discord takes none after three."""
ALREADY_ACKNOWLEDGED = 40060

# The bot never speaks: discord.py's warnings that it cannot are noise in a log.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False


class Wire:
    """Makes the calls of one client.

    Args:
        request: Makes one call.
        breaker: Counts refusals and says how long to hold back.
        sleep: Waits between two tries.

    """

    def __init__(self, request: Request, breaker: Breaker, sleep: Sleep = asyncio.sleep) -> None:
        self._request, self._breaker, self._sleep = request, breaker, sleep

    async def ask(self, route: Route, **kwargs: Any) -> Any:
        """Make one call that carries no message.

        Raises:
            RateLimited: Too many answers were refusals; calling on would get the address banned.
            PlatformDown: The client is closed already.

        """
        if (wait := self._breaker.wait) > 0:
            raise RateLimited("discord", "too many refusals, so calls are held back", retry_after=wait)
        async with asyncio.timeout(TIMEOUT):
            try:
                return await self._request(route, **kwargs)
            except RuntimeError as error:  # aiohttp's, of a session that is closed
                raise PlatformDown("discord", "the connection is closed") from error

    async def send(self, route: Route, body: Mapping[str, object], file: Attachment | None = None) -> Any:
        """Send a message, which may stand inside the body of a forum's post; it pings nobody, or its one role."""
        if file is None:
            return await self.ask(route, json=hushed(body))
        parts = [{"name": "payload_json", "value": json.dumps(hushed(body))}]
        named = {"filename": file.name, "content_type": file.media_type}
        return await self.ask(route, form=[*parts, {"name": "files[0]", "value": file.content, **named}])

    async def insist(self, route: Route, body: Mapping[str, object], about: str, file: Attachment | None = None) -> Any:
        """Send a message that somebody is waiting for, and try again what was lost on the way.

        Meant for answers: a repeated one replaces the earlier, or at the worst a page of it is seen twice.

        Raises:
            DeliveryError: It could not be sent.

        """
        for wait in (*WAITS, None):
            try:
                return await self.send(route, body, file)
            except FAILURES as error:
                failed = delivery_error(error, about)
                if wait is None or not _may_pass(failed):
                    raise failed from error
                await self._sleep(max(wait, failed.retry_after or 0.0) if isinstance(failed, RateLimited) else wait)
        return None

    async def first(self, answer: Callable[[], Awaitable[object]]) -> None:
        """Give an interaction its first answer, and try again for as long as Discord takes one.

        Raises:
            DeliveryError: Discord did not take it in time; nobody would see an answer.

        """
        clock = asyncio.get_running_loop().time
        began, wait = clock(), 0.05
        while True:
            try:
                await answer()
            except FAILURES as error:
                if isinstance(error, discord.HTTPException) and error.code == ALREADY_ACKNOWLEDGED:
                    return  # an earlier try arrived, only its answer was lost
                failed = delivery_error(error, "discord")
                if not _may_pass(failed) or clock() - began + wait > ACKNOWLEDGE_WITHIN:
                    raise failed from error
            else:
                return
            await self._sleep(wait)
            wait *= 2


def _may_pass(failed: DeliveryError) -> bool:
    """Tell whether a failure may be over in a moment."""
    if isinstance(failed, RateLimited):
        return (failed.retry_after or 0.0) <= LONGEST_LIMIT
    return isinstance(failed, PlatformDown | OutcomeUnknown)


def hushed(body: Mapping[str, object]) -> Json:
    """Return a body whose message, itself or the one inside it, pings nobody but the one role it names itself."""
    inner = body.get("message")
    if isinstance(inner, Mapping):
        return dict(body) | {"message": hushed(inner)}
    given = body.get("allowed_mentions")
    roles = given.get("roles", []) if isinstance(given, Mapping) else []
    nobody = dict(discord.AllowedMentions.none().to_dict())
    return dict(body) | {"allowed_mentions": nobody | ({"roles": roles[:1]} if roles else {})}
