"""The Slack adapter: renders digests, posts their messages one by one, and finds them again when an answer was lost.

A message carries its idempotency key as metadata: only :meth:`SlackAdapter.settle` may tell whether a call that was
cut off has been carried out. Each workspace is served with its own token.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from digestbot.chat.slack import blocks
from digestbot.chat.slack.clients import Clients
from digestbot.chat.slack.doctor import Finding, examine
from digestbot.chat.slack.errors import FAILURES, code_of, delivery_error, reading_error
from digestbot.chat.slack.tokens import TokenSource
from digestbot.domain.digest import Digest, Message
from digestbot.domain.errors import ChannelGone, OutcomeUnknown, PlatformDown, RateLimited, Rejected
from digestbot.domain.subscription import Channel, Platform

PACE = 1.05
"""Seconds between two messages in one channel: Slack allows about one a second (docs.slack.dev, rate limits)."""
PATIENCE = 5.0
"""Longest wait for a channel's turn in seconds; beyond it the caller is told when to come again."""
SKEW = timedelta(hours=2)
"""How far the clock may be ahead of Slack's for a message to be found again: an hour's mistake, and then some."""
PAGE = 200
"""Messages a page of history."""
EVENT_TYPE = "digestbot_part"


class SlackAdapter:
    """Posts to the workspaces that its tokens are for.

    Args:
        tokens: A bot token, ``xoxb-…``, or what gives each workspace's.
        base_url: Where the Web API is; Slack's own when None.
        pace: Seconds between two messages in one channel.

    """

    def __init__(self, tokens: TokenSource | str, *, base_url: str | None = None, pace: float = PACE) -> None:
        self.clients = Clients(tokens, base_url=base_url)
        self._pace = pace
        self._turns: dict[str, float] = {}

    @property
    def platform(self) -> Platform:
        """The platform it serves."""
        return "slack"

    async def close(self) -> None:
        """Close the connections."""
        await self.clients.close()

    def render(self, digest: Digest) -> Sequence[Message]:
        """Return the digest as messages within Slack's limits, in order; pure and deterministic."""
        return blocks.render(digest)

    def visible(self, message: Message) -> str:
        """Return the characters a reader of the message sees, escaping undone."""
        return blocks.visible(message)

    async def post(self, channel: Channel, message: Message, key: str, thread: str | None) -> str:
        """Post one message, tagged with ``key``, and return its ``ts``.

        Raises:
            DeliveryError: It was not posted, or (OutcomeUnknown) nobody knows whether it was.

        """
        await self._turn(channel)
        body = dict(message.payload) | {"channel": channel.id, **_tagged(key)}
        if thread:
            body["thread_ts"] = thread
        answer = await self._write(channel, "chat.postMessage", body)
        if not isinstance(ts := answer.get("ts"), str):
            raise OutcomeUnknown(str(channel), "the answer cannot be read")
        return ts

    async def correct(self, channel: Channel, message_id: str, message: Message, thread: str | None) -> None:  # noqa: ARG002 - Slack needs no thread
        """Put ``message`` in the place of a posted one; Slack keeps the tag it was posted with. See the port.

        Raises:
            ChannelGone: The message is no longer there.
            DeliveryError: It was not changed, or (OutcomeUnknown) nobody knows whether it was.

        """
        await self._turn(channel)
        kept = {name: value for name, value in message.payload.items() if not name.startswith("unfurl_")}
        try:
            await self._write(channel, "chat.update", kept | {"channel": channel.id, "ts": message_id})
        except Rejected as error:
            if not isinstance(error.__cause__, SlackApiError) or code_of(error.__cause__) != "message_not_found":
                raise
            raise ChannelGone(str(channel), "the message is deleted", hint="nothing is left to correct") from error

    async def _write(self, channel: Channel, method: str, body: Mapping[str, object]) -> AsyncSlackResponse:
        """Call a method that changes something in a channel; a limit keeps the channel from being called."""
        try:
            return await self.clients.call(channel.workspace, method, json=body)
        except FAILURES as error:
            failed = delivery_error(error, str(channel))
            if isinstance(failed, RateLimited):
                self._turns[channel.id] = _now() + (failed.retry_after or self._pace)
            raise failed from error

    async def settle(self, channel: Channel, key: str, thread: str | None, since: datetime) -> str | None:
        """Look for a message tagged with ``key`` since then; return its ``ts``, or None when it never arrived.

        Raises:
            DeliveryError: The platform could not be asked.

        """
        oldest = f"{(since - SKEW).timestamp():.6f}"
        cursor = ""
        while True:
            page = await self._page(channel, thread, oldest, cursor)
            found = next((m["ts"] for m in page.get("messages", ()) if _key_of(m) == key), None)
            if found is not None:
                return str(found)
            cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return None

    async def _page(self, channel: Channel, thread: str | None, oldest: str, cursor: str) -> dict[str, Any]:
        """Return one page of a channel's or a thread's messages with their metadata."""
        asked = {"channel": channel.id, "oldest": oldest, "limit": PAGE, "include_all_metadata": True}
        if thread:
            asked["ts"] = thread
        if cursor:
            asked["cursor"] = cursor
        method = "conversations.replies" if thread else "conversations.history"
        try:
            answer = await self.clients.call(channel.workspace, method, params=asked)
        except FAILURES as error:
            raise reading_error(error, str(channel)) from error
        if not isinstance(answer.data, dict):
            raise PlatformDown(str(channel), "the answer cannot be read")
        return answer.data

    async def examine(self, channels: Sequence[Channel] = ()) -> list[Finding]:
        """Look at the token, its scopes and each channel: (name, well, what was seen, what to do)."""
        return await examine(self.clients, channels)

    async def _turn(self, channel: Channel) -> None:
        """Wait for the channel's turn: one message a channel in ``pace`` seconds.

        Raises:
            RateLimited: The turn is further away than anybody should be kept waiting.

        """
        now = _now()
        turn = max(now, self._turns.get(channel.id, 0.0))
        if turn - now > PATIENCE:
            raise RateLimited(str(channel), retry_after=turn - now)
        self._turns = {name: at for name, at in self._turns.items() if at > now} | {channel.id: turn + self._pace}
        await asyncio.sleep(turn - now)


def _tagged(key: str) -> dict[str, object]:
    return {"metadata": {"event_type": EVENT_TYPE, "event_payload": {"key": key}}}


def _now() -> float:
    return asyncio.get_running_loop().time()


def _key_of(message: Mapping[str, object]) -> str:
    """Return the idempotency key a message is tagged with, empty when it is not ours."""
    match message.get("metadata"):
        case {"event_type": "digestbot_part", "event_payload": {"key": str(key)}}:
            return key
        case _:
            return ""
