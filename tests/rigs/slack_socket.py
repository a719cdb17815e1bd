"""Slack's Socket Mode on loopback: a WebSocket that sends envelopes and times their acknowledgements, and response_url.

``answered`` are the ids of the response_urls that were used. ``send`` waits for the acknowledgement; ``refresh`` asks
the client to connect anew as Slack does every some hours, ``cut`` ends the connection without a word.
"""

import asyncio
import json
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count
from typing import Any

from aiohttp import WSMsgType, web

from tests.rigs.oracles_slack import but_names, message_faults
from tests.rigs.slack import Json, SlackRig

USES = 5


@dataclass(frozen=True)
class Acked:
    """An acknowledgement: after how many seconds, and what it said."""

    seconds: float
    payload: Json


class SocketRig(SlackRig):
    """A Slack with Socket Mode: ``responses`` are the bodies that came to a response_url."""

    def __init__(self) -> None:
        super().__init__()
        self.responses: list[Json] = []
        self.answered: list[str] = []
        self.connections = 0
        self.away = False
        self._tickets = count(1)
        self._ticket = 0
        self._sockets: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Json]] = {}
        self._envelopes = count(1)
        self._uses: Counter[str] = Counter()

    def routes(self, app: web.Application) -> None:
        """Serve the socket and the response_urls."""
        app.router.add_get("/socket", self._socket)
        app.router.add_post("/respond/{id}", self._respond)

    async def stop(self) -> None:
        """Close the sockets and stop listening."""
        for socket in self._sockets:
            await socket.close()
        await super().stop()

    def _apps_connections_open(self, _: Json) -> Json:
        self._ticket = next(self._tickets)
        if self.base_url.startswith("https"):
            return {"url": f"wss://wss-primary.slack.com/socket?ticket={self._ticket}"}
        return {"url": self.base_url.replace("http://", "ws://").replace("/api/", f"/socket?ticket={self._ticket}")}

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        right = not self.away and request.query.get("ticket") == str(self._ticket)
        self._ticket = 0  # an address is good for one attempt
        if not right:
            return web.Response(status=503)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        self.connections += 1
        await socket.send_json({"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A1"}})
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                self._acknowledged(json.loads(message.data))
        self._sockets.remove(socket)
        return socket

    def _acknowledged(self, envelope: Json) -> None:
        waiting = self._waiting.pop(envelope.get("envelope_id", ""), None)
        if waiting and not waiting.done():
            waiting.set_result(envelope.get("payload") or {})

    async def _respond(self, request: web.Request) -> web.Response:
        body: Json = await request.json()
        self._uses[request.match_info["id"]] += 1
        if self._uses[request.match_info["id"]] > USES:
            return web.json_response({"ok": False, "error": "used_url"}, status=404)
        if self.later:
            self._unchecked.append(body)
        else:
            self.faults += but_names(message_faults(body))
        self.responses.append(body)
        self.answered.append(request.match_info["id"])
        await asyncio.sleep(self.delay)
        return web.Response(text="ok")

    # ── what Slack sends ────────────────────────────────────────────────────

    async def connected(self, connections: int = 1) -> None:
        """Wait until the bot has connected so many times and is connected."""
        for _ in range(1500):
            if self.connections >= connections and self._sockets:
                return
            await asyncio.sleep(0.01)
        raise TimeoutError(f"the bot did not connect {connections} times")

    async def send(self, kind: str, payload: Json) -> Acked:
        """Send an envelope and wait, as long as Slack does, for its acknowledgement."""
        envelope = {"envelope_id": f"e{next(self._envelopes)}", "type": kind, "payload": payload}
        waiting: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._waiting[str(envelope["envelope_id"])] = waiting
        started = time.monotonic()
        await self._sockets[-1].send_json(envelope | {"accepts_response_payload": True})
        said = await asyncio.wait_for(waiting, 3)
        return Acked(time.monotonic() - started, said)

    async def command(self, text: str, user: str = "U1", channel: str = "C1") -> Acked:
        """Type ``/digest text``."""
        payload = {"command": "/digest", "text": text, **self._who(user, channel)}
        return await self.send("slash_commands", payload | {"user_id": user, "channel_id": channel, "team_id": "T1"})

    async def press(self, value: str, user: str = "U1", channel: str = "C1", *, menu: bool = False) -> Acked:
        """Press a button, or choose from an overflow menu."""
        said: Json = {"selected_option": {"value": value}} if menu else {"value": value}
        kind = "overflow" if menu else "button"
        action = {"type": kind, "action_id": "run:0", "block_id": "b", **said}
        return await self.send(
            "interactive", {"type": "block_actions", "actions": [action], **self._who(user, channel)}
        )

    async def submit(self, view: Json, values: Json, user: str = "U1") -> Acked:
        """Submit an open modal with its fields; such a submission knows no channel and no response_url."""
        submitted = {**view, "id": "V1", "state": {"values": values}}
        who = {key: one for key, one in self._who(user, "C1").items() if key not in {"channel", "response_url"}}
        return await self.send("interactive", {"type": "view_submission", "view": submitted, **who})

    async def event(self, event_id: str, event: Json) -> Acked:
        """Deliver an event."""
        wrapped = {"type": "event_callback", "event_id": event_id, "event": event, "team_id": "T1", "api_app_id": "A1"}
        return await self.send("events_api", wrapped)

    async def shortcut(self, kind: str, callback: str, **more: Any) -> Acked:
        """Use a shortcut."""
        return await self.send("interactive", {"type": kind, "callback_id": callback, **self._who("U1", "C1"), **more})

    def _who(self, user: str, channel: str) -> Json:
        number = next(self._numbers)
        return {
            "user": {"id": user, "team_id": "T1"},
            "team": {"id": "T1", "domain": "news"},
            "channel": {"id": channel, "name": "news"},
            "trigger_id": f"t{number}",
            "response_url": self.base_url.replace("//slack", "//hooks.slack").replace("/api/", f"/respond/{number}"),
            "token": "x",
            "api_app_id": "A1",
        }

    async def refresh(self) -> None:
        """Ask the client to connect anew, as Slack does regularly."""
        await self._sockets[-1].send_json({"type": "disconnect", "reason": "refresh_requested"})

    async def cut(self) -> None:
        """End the connection without a closing handshake."""
        for socket in list(self._sockets):
            transport = socket._req.transport if socket._req else None
            if transport:
                transport.abort()
