"""Discord's refusals and the client's failures in our words: what happened, and the exact fix.

Codes are those of discord.com/developers/docs, "Opcodes and status codes", that posting and reading can meet. A code
that nobody knows yet goes by its HTTP status. When it is not certain that nothing was posted, nobody knows.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
import discord
from discord import app_commands

from digestbot.domain.errors import (
    ChannelGone,
    DeliveryError,
    NotPermitted,
    OutcomeUnknown,
    PlatformDown,
    RateLimited,
    Rejected,
)

Fix = tuple[type[DeliveryError], str, str]
"""The error, what happened, and what to do."""

MOVE = "move the subscription to another channel"
TOKEN = "copy the bot's token from the developer portal and set DIGESTBOT_DISCORD__TOKEN"  # noqa: S105 - a sentence
OURS = "report this with the message's delivery id; it is a fault of ours"
AGAIN = "run the digest again"
AGAIN_ASK = "use the command again"
WAITS_AFTER_LOSS = 5.0
"""Seconds before a message whose answer was lost is looked for."""
WAITS_AFTER_BAN = 60.0
"""Seconds to wait when Cloudflare turns the address away without saying for how long."""
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TIMED_OUT, _TOO_MANY, _FAILED = 401, 403, 404, 408, 429, 500

CODES: dict[int, Fix] = {
    10003: (ChannelGone, "the channel is deleted", MOVE),
    10004: (ChannelGone, "the server is gone or the bot was removed from it", "invite the bot again"),
    10008: (Rejected, "the digest's first message is deleted", AGAIN),
    10015: (Rejected, "the command's answer came more than fifteen minutes late", AGAIN_ASK),
    10062: (Rejected, "the command was not answered within three seconds", AGAIN_ASK),
    20016: (RateLimited, "the channel is in slow mode", RateLimited.hint),
    20022: (RateLimited, RateLimited.default, RateLimited.hint),
    20028: (RateLimited, "the channel takes no more messages for now", RateLimited.hint),
    30046: (Rejected, "the message was edited too often", AGAIN),
    40001: (NotPermitted, "the token is not valid", TOKEN),
    40002: (NotPermitted, "the bot's account must be verified", "verify it in the developer portal"),
    40003: (RateLimited, "messages are opened too fast", RateLimited.hint),
    40004: (PlatformDown, "sending messages is switched off by Discord for now", PlatformDown.hint),
    40005: (Rejected, "the message is too large", OURS),
    40060: (Rejected, "the command is answered already", OURS),
    40067: (
        Rejected,
        "the forum asks for a tag",
        "choose a tag for the subscription, or make tags optional in the forum",
    ),
    50001: (NotPermitted, "the bot cannot see the channel", "give the bot the permission “View Channel” there"),
    50004: (NotPermitted, "the channel's widget is off", MOVE),
    50006: (Rejected, "the message is empty", OURS),
    50007: (NotPermitted, "the person takes no direct messages from the bot", "ask them to allow direct messages"),
    50008: (ChannelGone, "this kind of channel takes no messages", MOVE),
    50013: (
        NotPermitted,
        "the bot lacks a permission in the channel",
        "give it “Send Messages” and “Embed Links” there (in threads “Send Messages in Threads”)",
    ),
    50014: (NotPermitted, "the token is not valid", TOKEN),
    50024: (ChannelGone, "this kind of channel takes no messages", MOVE),
    50027: (NotPermitted, "the token is not valid", TOKEN),
    50033: (Rejected, "a recipient is not valid", OURS),
    50035: (Rejected, "Discord refused the message's form", OURS),
    50068: (Rejected, "this kind of message is not allowed here", OURS),
    50083: (NotPermitted, "the thread is archived", "reopen the thread, or give the bot “Manage Threads”"),
    50109: (Rejected, "the request was not valid JSON", OURS),
    130000: (PlatformDown, "Discord is overloaded", PlatformDown.hint),
    160002: (NotPermitted, "the bot may not read the history it answers to", "give it “Read Message History” there"),
    160004: (Rejected, "the message has a thread already", AGAIN),
    160005: (NotPermitted, "the thread is locked", "unlock the thread"),
    160006: (RateLimited, "the server has too many active threads", "archive some threads"),
    160007: (RateLimited, "the channel has too many active announcement threads", "archive some threads"),
    200000: (Rejected, "the server's AutoMod blocked the message", "let the bot's role pass the rule"),
    200001: (Rejected, "the server's AutoMod blocked the thread's name", "let the bot's role pass the rule"),
    220001: (Rejected, "the forum's posts need a name", OURS),
    240000: (Rejected, "Discord blocks a link in the message", "filter out the feed that brings it"),
    340004: (NotPermitted, "the server has age-restricted the channel", MOVE),
}
"""Error codes in JSON answers."""

_CLIENT_FAULT: Fix = (Rejected, "the request could not be made", OURS)
_NOT_CONNECTED: Fix = (PlatformDown, "the connection is closed", PlatformDown.hint)
_COMMAND: Fix = (Rejected, "a command failed", OURS)
CLIENT: dict[type[Exception], Fix] = {
    discord.LoginFailure: (NotPermitted, "the token is not valid", TOKEN),
    discord.PrivilegedIntentsRequired: (
        NotPermitted,
        "the bot asks for intents it does not have",
        "switch them on in the developer portal, or report this: the bot needs none",
    ),
    discord.GatewayNotFound: (PlatformDown, "the gateway cannot be found", PlatformDown.hint),
    discord.ConnectionClosed: _NOT_CONNECTED,
    discord.InvalidData: (OutcomeUnknown, "the answer cannot be read", OutcomeUnknown.hint),
    discord.MissingApplicationID: _CLIENT_FAULT,
    discord.InteractionResponded: _CLIENT_FAULT,
    discord.FFmpegProcessError: _CLIENT_FAULT,
    discord.opus.OpusError: _CLIENT_FAULT,
    discord.opus.OpusNotLoaded: _CLIENT_FAULT,
    app_commands.AppCommandError: _COMMAND,
    discord.ClientException: _CLIENT_FAULT,
}
"""The client's own errors, special ones first; those with an answer are :class:`discord.HTTPException`."""

FAILURES: tuple[type[Exception], ...] = (
    discord.DiscordException,
    aiohttp.ClientError,
    asyncio.TimeoutError,
    OSError,
    # An answer that is not Discord's (a proxy's page with status 200) ends in these inside the client.
    AttributeError,
    KeyError,
    TypeError,
    ValueError,
)
"""What a call of the client may raise."""


def delivery_error(error: BaseException, channel: str) -> DeliveryError:
    """Return a failed call as our error; when it is not certain that nothing was posted, as OutcomeUnknown."""
    if isinstance(error, discord.RateLimited):
        return RateLimited(channel, retry_after=error.retry_after)
    if isinstance(error, discord.HTTPException):
        return _refused(error, channel)
    for kind, (ours, what, hint) in CLIENT.items():
        if isinstance(error, kind):
            return ours(channel, what, hint=hint)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return PlatformDown(channel, "Discord cannot be reached")
    return OutcomeUnknown(channel, retry_after=WAITS_AFTER_LOSS)


def reading_error(error: BaseException, channel: str) -> DeliveryError:
    """Return a failed question as our error: asking changes nothing, so what is lost is simply asked again."""
    translated = delivery_error(error, channel)
    if isinstance(translated, OutcomeUnknown):
        return PlatformDown(channel, retry_after=translated.retry_after)
    return translated


def _refused(error: discord.HTTPException, channel: str) -> DeliveryError:
    """Translate an answer: a limit, a failure of theirs, a code we know, or a status."""
    if error.status == _TOO_MANY:
        return RateLimited(channel, retry_after=_wait(error))
    if error.status >= _FAILED or error.status == _TIMED_OUT:
        return OutcomeUnknown(channel, f"Discord answered {error.status}", retry_after=WAITS_AFTER_LOSS)
    ours, what, hint = CODES.get(error.code) or _by_status(error)
    if ours is Rejected and error.text:
        what = f"{what}: {' '.join(error.text.split())[:300]}"
    retry = WAITS_AFTER_BAN if ours is RateLimited else None
    return ours(channel, what, hint=hint, retry_after=retry)


def _by_status(error: discord.HTTPException) -> Fix:
    by_status: Mapping[int, Fix] = {
        _UNAUTHORIZED: (NotPermitted, "the token is not valid", TOKEN),
        _FORBIDDEN: (NotPermitted, f"the bot may not post there ({error.code})", NotPermitted.hint),
        _NOT_FOUND: (ChannelGone, "the channel does not exist", MOVE),
    }
    return by_status.get(error.status, (Rejected, f"Discord refused the message ({error.status}, {error.code})", OURS))


def _wait(error: discord.HTTPException) -> float:
    """Return the wait that a 429 asks for in seconds; a minute when it does not say."""
    headers = getattr(error.response, "headers", {})
    text = str(headers.get("Retry-After", ""))
    return max(1.0, float(text)) if text.replace(".", "", 1).isdecimal() else WAITS_AFTER_BAN
