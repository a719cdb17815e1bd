"""Where a message goes: a channel, a thread begun by the digest's first message, or a post in a forum.

Discord gives a thread the id of the message it begins with, so the first message's id leads to the thread. What kind
of channel an id is never changes, so it is asked once.
"""

from collections.abc import Mapping
from typing import Any

import discord
from discord.http import Route

from digestbot.chat.discord.nonce import Json, bears
from digestbot.chat.discord.requests import Wire
from digestbot.chat.discord.threads import Opening, tags_of

FORUMS = frozenset({discord.ChannelType.forum.value, discord.ChannelType.media.value})
STARTERS = frozenset({discord.ChannelType.text.value, discord.ChannelType.news.value})
"""Channels in which a message can begin a thread."""
HAS_THREAD = 160004
"""Discord's code for a message that has begun a thread already."""


class Places:
    """Finds and makes the places of one bot.

    Args:
        wire: Makes the calls.
        threads: Whether a digest's replies go into a thread of its first message; a forum has its posts anyway.

    """

    def __init__(self, wire: Wire, *, threads: bool = False) -> None:
        self._wire = wire
        self._threads = threads
        self._known: dict[str, Mapping[str, Any]] = {}
        self._begun: set[str] = set()

    async def is_forum(self, channel_id: str) -> bool:
        """Tell whether a channel holds posts instead of messages."""
        return (await self.about(channel_id)).get("type") in FORUMS

    async def about(self, channel_id: str) -> Mapping[str, Any]:
        """Return a channel's ``type`` and ``guild_id``."""
        if channel_id not in self._known:
            found = await self._read(channel_id)
            self._known[channel_id] = {"type": found["type"], "guild_id": found.get("guild_id")}
        return self._known[channel_id]

    async def _read(self, channel_id: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = await self._wire.ask(Route("GET", "/channels/{channel_id}", channel_id=channel_id))
        return found

    async def target(self, channel_id: str, first: str | None) -> str:
        """Return the id of the channel that a message goes to; ``first`` is the digest's first message."""
        if first is None:
            return channel_id
        kind = (await self.about(channel_id)).get("type")
        return first if kind in FORUMS or (self._threads and kind in STARTERS) else channel_id

    async def begin(self, channel_id: str, first: str, name: str) -> bool:
        """Let a message begin a thread, unless it has one; tell whether it has one now.

        Where the bot may not make threads there is none, and the digest goes on in the channel: late in its place is
        better than lost. The doctor names the permission.
        """
        if first in self._begun or await self.is_forum(channel_id):
            return True
        route = Route(
            "POST", "/channels/{channel_id}/messages/{message_id}/threads", channel_id=channel_id, message_id=first
        )
        try:
            await self._wire.ask(route, json={"name": name})
        except discord.Forbidden:
            return False
        except discord.HTTPException as error:
            if error.code != HAS_THREAD:
                raise
        self._begun.add(first)
        return True

    async def open_post(self, channel_id: str, how: Opening, body: Json) -> Any:
        """Open a post in a forum and return Discord's answer; its id is the post's and its first message's."""
        message = {key: value for key, value in body.items() if key not in {"nonce", "enforce_nonce"}}
        tags = tags_of(await self._read(channel_id), how.topics)
        route = Route("POST", "/channels/{channel_id}/threads", channel_id=channel_id)
        post: Json = {"name": how.name, "message": message}
        return await self._wire.send(route, post | ({"applied_tags": tags} if tags else {}))

    async def find_post(self, channel_id: str, key: str, after: int, owner: str) -> str | None:
        """Return the post of ours that was opened under ``key`` after a snowflake, or None."""
        guild = str((await self.about(channel_id)).get("guild_id"))
        active = await self._wire.ask(Route("GET", "/guilds/{guild_id}/threads/active", guild_id=guild))
        for thread in active.get("threads", []):
            post = str(thread["id"])
            if thread.get("parent_id") != channel_id or thread.get("owner_id") != owner or int(post) <= after:
                continue
            route = Route("GET", "/channels/{channel_id}/messages/{message_id}", channel_id=post, message_id=post)
            if bears(await self._wire.ask(route), key):
                return post
        return None
