"""How Slack reaches the app: a WebSocket that the bot opens (Socket Mode), or signed HTTP requests to a port of ours.

Both lead to the same app; what it does is not known here.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import web
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp

from digestbot.chat.slack.errors import FAILURES, reading_error
from digestbot.domain.errors import PlatformDown, StoreError

PING = 10.0
"""Seconds between two pings, and between two attempts to connect, as slack_sdk has it."""
EVENTS = "/slack/events"
"""The path of events, commands and interactions alike."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logging.getLogger(__name__)


class SocketDoor:
    """Socket Mode; the client connects anew by itself when the connection ends or Slack asks for it.

    Args:
        app: The app.
        app_token: The app-level token, ``xapp-…``.

    """

    def __init__(self, app: AsyncApp, app_token: str) -> None:
        self._handler = AsyncSocketModeHandler(app, app_token, ping_interval=PING)
        self._watch: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Connect.

        Raises:
            DeliveryError: Slack refuses the token or cannot be reached.

        """
        client = self._handler.client
        try:
            # The client itself would try a refused token again for ever.
            client.wss_uri = await client.issue_new_wss_url()
            await client.connect()  # type: ignore[no-untyped-call]  # slack_sdk leaves it untyped
        except FAILURES as error:
            raise reading_error(error, "slack") from error
        self._watch = asyncio.create_task(self._keep_fresh(), name="slack socket")

    async def _keep_fresh(self) -> None:
        """Have a new address asked for while there is no connection: one is good for half a minute only.

        After an outage the client would try the old one again and again.
        """
        client, lost = self._handler.client, 0
        while not client.closed:
            await asyncio.sleep(PING)
            session = client.current_session
            lost = lost + 1 if session is None or session.closed else 0
            if lost > 1:
                client.wss_uri = None

    async def close(self) -> None:
        """Disconnect."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        await self._handler.client.close()  # type: ignore[no-untyped-call]  # the same


class HttpDoor:
    """An HTTP server whose requests Slack signs; Bolt refuses those with a bad signature or older than five minutes.

    Args:
        app: The app.
        host: The address to listen on.
        port: The port; 0 takes a free one.

    """

    def __init__(self, app: AsyncApp, host: str, port: int) -> None:
        self._app, self._host, self.port = app, host, port
        self._runner: web.AppRunner | None = None

    async def open(self) -> None:
        """Listen.

        Raises:
            PlatformDown: The port is taken or may not be used.

        """
        served = self._app.web_app(path=EVENTS, port=self.port)
        served.middlewares.append(_unavailable)
        self._runner = web.AppRunner(served, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self.port)
        try:
            await site.start()
        except OSError as error:
            await self.close()
            what = f"the port {self._host}:{self.port} cannot be listened on ({error.strerror})"
            raise PlatformDown("slack", what, hint="set slack.listen to a free one") from error
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
        self._runner = None


@web.middleware
async def _unavailable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 503 when the database cannot be written: who installs may try again."""
    try:
        return await handler(request)
    except StoreError as error:
        log.warning("an installation was not begun: %s", error)
        return web.Response(status=503, text="The bot's database is busy; please try again in a moment.")
