"""The doctor's look at Discord: the token, and for each channel the permissions that lack, each with its fix.

Permissions are computed as Discord does (discord.com/developers/docs, "Permissions": roles of the server, then the
channel's overwrites for everyone, for the bot's roles, for the bot).
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any

import discord
from discord.http import Route

from digestbot.chat.discord.errors import FAILURES, reading_error
from digestbot.domain.subscription import Channel

Finding = tuple[str, bool, str, str]
"""What was looked at, whether it is well, what was seen, and what to do when it is not."""
Call = Callable[[Route], Awaitable[Any]]

NEEDED: dict[str, str] = {
    "view_channel": "View Channel",
    "send_messages": "Send Messages",
    "embed_links": "Embed Links",
    "read_message_history": "Read Message History",
}
"""What the bot needs in every channel it posts to, by discord.py's name and by the name in Discord's settings."""
BEGIN_THREADS: dict[str, str] = {"create_public_threads": "Create Public Threads"}
"""What it needs besides to begin a thread for a digest."""
IN_THREADS: dict[str, str] = {"send_messages_in_threads": "Send Messages in Threads"}
"""What it needs to write in threads and in forums' posts."""
_FORUMS = frozenset({discord.ChannelType.forum.value, discord.ChannelType.media.value})
_THREADS = frozenset({10, 11, 12})
"""Kinds of threads: announcement, public, private."""
_ROLE = 0
"""The type of an overwrite for a role; 1 is for a member."""


def invite_link(application_id: str) -> str:
    """Return the link that adds the bot to a server with exactly the permissions it needs."""
    wanted = discord.Permissions(**dict.fromkeys([*NEEDED, *BEGIN_THREADS, *IN_THREADS], True))
    return discord.utils.oauth_url(int(application_id), permissions=wanted, scopes=("bot", "applications.commands"))


async def examine(
    call: Call, channels: Sequence[Channel], user: Mapping[str, str], *, threads: bool = False
) -> list[Finding]:
    """Look at each channel; a fault is a finding, never an error. ``user`` is the bot: ``id`` and ``name``."""
    findings: list[Finding] = [("discord", True, f"the token is {user['name']}'s", "")]
    for channel in dict.fromkeys(channels):
        findings += await _channel(call, channel, user["id"], threads=threads)
    return findings


async def _channel(call: Call, channel: Channel, user: str, *, threads: bool) -> list[Finding]:
    """Return a finding for each permission that lacks in a channel, or that the channel is well."""
    try:
        info = await call(Route("GET", "/channels/{channel_id}", channel_id=channel.id))
        missing = await _missing(call, info, user, threads=threads)
    except FAILURES as error:
        fault = reading_error(error, str(channel))
        return [(channel.id, False, fault.what, fault.hint)]
    title = f"#{info.get('name', channel.id)}"
    if not missing:
        return [(channel.id, True, f"{title} can be posted to", "")]
    return [(channel.id, False, f"the bot lacks “{one}” in {title}", f"give it “{one}” in {title}") for one in missing]


async def _missing(call: Call, info: Mapping[str, Any], user: str, *, threads: bool) -> list[str]:
    """Return the names of the permissions that the bot needs in a channel and does not have."""
    kind = info.get("type")
    if not info.get("guild_id"):
        return []  # a direct message has no permissions
    if kind in _THREADS:
        info = await call(Route("GET", "/channels/{channel_id}", channel_id=info["parent_id"]))
    granted = await permissions(call, info, user)
    needed = NEEDED
    if kind in _THREADS:
        needed = {name: label for name, label in NEEDED.items() if name != "send_messages"} | IN_THREADS
    elif kind in _FORUMS:
        needed = NEEDED | IN_THREADS
    elif threads:
        needed = NEEDED | BEGIN_THREADS | IN_THREADS
    return [label for name, label in needed.items() if not getattr(granted, name)]


async def permissions(call: Call, info: Mapping[str, Any], user: str) -> discord.Permissions:
    """Return what a member may do in a channel."""
    guild_id = str(info["guild_id"])
    guild = await call(Route("GET", "/guilds/{guild_id}", guild_id=guild_id))
    member = await call(Route("GET", "/guilds/{guild_id}/members/{user_id}", guild_id=guild_id, user_id=user))
    roles = {guild_id, *member.get("roles", [])}
    base = 0
    for role in guild.get("roles", []):
        base |= int(role["permissions"]) if role["id"] in roles else 0
    if guild.get("owner_id") == user or discord.Permissions(base).administrator:
        return discord.Permissions.all()
    overwrites = info.get("permission_overwrites", [])
    everyone = [o for o in overwrites if o["id"] == guild_id]
    of_roles = [o for o in overwrites if o["type"] == _ROLE and o["id"] in roles - {guild_id}]
    own = [o for o in overwrites if o["id"] == user]
    for step in (everyone, of_roles, own):
        base = base & ~_bits(step, "deny") | _bits(step, "allow")
    return discord.Permissions(base)


def _bits(overwrites: Iterable[Mapping[str, Any]], name: str) -> int:
    found = 0
    for overwrite in overwrites:
        found |= int(overwrite[name])
    return found
