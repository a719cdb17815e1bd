"""Calls of the Web API for a workspace: its own token, one session, and once again when a token was spent."""

from collections.abc import Mapping
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse
from slack_sdk.webhook.async_client import AsyncWebhookClient

from digestbot.chat.slack.errors import code_of
from digestbot.chat.slack.tokens import OneToken, TokenSource

TIMEOUT = 30
"""Seconds for one call."""
SPENT = frozenset({"token_expired", "token_revoked", "invalid_auth"})
"""Refusals that a newer token may mend; nothing was carried out, so the call may be made again."""


class Clients:
    """The Web API, workspace by workspace; made in any thread, used in one running loop.

    The client's own retries are off: a call that was cut off may have been carried out.

    Args:
        tokens: What gives a workspace's token; a string is the one token for all.
        base_url: Where the Web API is; Slack's own when None.

    """

    def __init__(self, tokens: TokenSource | str, *, base_url: str | None = None) -> None:
        self.tokens: TokenSource = OneToken(tokens) if isinstance(tokens, str) else tokens
        self.base_url = base_url or AsyncWebClient.BASE_URL
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """The connections, opened at their first use: they live in the running loop."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT))
        return self._session

    async def close(self) -> None:
        """Let a token be renewed to the end, and close the connections."""
        await self.tokens.close()
        if self._session is not None:
            await self._session.close()
        self._session = None

    def of(self, token: str | None) -> AsyncWebClient:
        """Return the client for a token, or for none."""
        return AsyncWebClient(
            token, base_url=self.base_url, timeout=TIMEOUT, session=self.session, retry_handlers=[]
        )  # fmt: skip

    def hook(self, url: str) -> AsyncWebhookClient:
        """Return the client for a response_url."""
        return AsyncWebhookClient(url, timeout=TIMEOUT, session=self.session, retry_handlers=[])

    async def call(
        self,
        workspace: str,
        method: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, Any] | None = None,
    ) -> AsyncSlackResponse:
        """Call a method for a workspace: with ``json`` as it is, with ``params`` by GET.

        Raises:
            NotPermitted: The app is not installed there.
            PlatformDown: The token had to be renewed and that could not be done.
            Exception: What the client raises, as ``faults.FAILURES`` names it.

        """
        access = await self.tokens.access(workspace)
        try:
            return await self._send(access.token, method, json, params)
        except SlackApiError as error:
            if code_of(error) not in SPENT:
                raise
            fresh = await self.tokens.renew(workspace, access.token)
            if fresh is None:
                raise
        return await self._send(fresh.token, method, json, params)

    async def _send(
        self, token: str, method: str, json: Mapping[str, Any] | None, params: Mapping[str, Any] | None
    ) -> AsyncSlackResponse:
        if params is not None:
            return await self.of(token).api_call(method, http_verb="GET", params=dict(params))
        return await self.of(token).api_call(method, json=dict(json or {}))
