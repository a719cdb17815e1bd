"""A stand-in for Discord's gateway beside its REST: HELLO, IDENTIFY, RESUME, zlib, and every way it breaks off.

Each shard has a session that survives its connections: what is sent while nobody listens is replayed on RESUME.
"""

import asyncio
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from tests.rigs.discord import BOT_ID, TOKEN, DiscordRig

Json = dict[str, Any]

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11


@dataclass
class Session:
    """A shard's session: what was dispatched in it, and the connection it has now."""

    id: str
    shard: int
    sent: list[Json] = field(default_factory=list)
    line: "Line | None" = None


def shard_of(guild: str, shards: int) -> int:
    """Return the shard that a server belongs to (discord.com/developers/docs, "Sharding formula")."""
    return (int(guild) >> 22) % shards


class Line:
    """One connection, its messages compressed in one stream when the client asks for that."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.socket, self.request = socket, request
        self._zlib = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None

    async def send(self, body: Json) -> None:
        """Send one message."""
        text = json.dumps(body)
        if self._zlib is None:
            await self.socket.send_str(text)
        else:
            await self.socket.send_bytes(self._zlib.compress(text.encode()) + self._zlib.flush(zlib.Z_SYNC_FLUSH))


class GatewayRig(DiscordRig):
    """Discord with its gateway; ``identified`` and ``resumed`` are the shards that did so, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.sessions: dict[str, Session] = {}
        self.identified: list[int] = []
        self.resumed: list[int] = []
        self.intents: set[int] = set()
        self.compressed: set[str] = set()
        self.guilds: list[Json] = []
        self.refuse_resume = False
        self._lines: set[Line] = set()

    def routes(self, app: web.Application) -> None:
        """Serve the websocket."""
        app.router.add_get("/", self._connect)

    async def stop(self) -> None:
        """Close every connection, then stop listening."""
        for line in list(self._lines):
            await line.socket.close()
        await super().stop()

    async def _connect(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        line = Line(socket, request)
        self.compressed.add(request.query.get("compress", "none"))
        self._lines.add(line)
        await line.send({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
        async for message in socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                await self._take(line, json.loads(message.data))
        self._lines.discard(line)
        return socket

    async def _take(self, line: Line, body: Json) -> None:
        match body["op"]:
            case 1:
                await line.send({"op": ACK})
            case 2:
                await self._identify(line, body["d"])
            case 6:
                await self._resume(line, body["d"])

    async def _identify(self, line: Line, about: Json) -> None:
        if about["token"] != TOKEN:
            await line.socket.close(code=4004)
            return
        shard = about.get("shard", [0, 1])[0]
        session = Session(f"session{len(self.sessions)}", shard, line=line)
        self.sessions[session.id] = session
        self.identified.append(shard)
        self.intents.add(about["intents"])
        mine = [guild for guild in self.guilds if shard_of(guild["id"], about.get("shard", [0, 1])[1]) == shard]
        user = {"id": BOT_ID, "username": "digestbot", "discriminator": "0", "avatar": None, "bot": True}
        ready = {
            "v": 10,
            "user": user,
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in mine],
            "session_id": session.id,
            "application": {"id": BOT_ID, "flags": 0},
        }
        resume = {"resume_gateway_url": "wss://gateway.discord.gg", "shard": about.get("shard", [0, 1])}
        await self._dispatch(session, "READY", ready | resume)
        for guild in mine:
            await self._dispatch(session, "GUILD_CREATE", guild)

    async def _resume(self, line: Line, about: Json) -> None:
        session = self.sessions.get(about["session_id"])
        if session is None or self.refuse_resume:
            self.refuse_resume = False
            await line.send({"op": INVALID, "d": False})
            return
        session.line = line
        for body in [one for one in session.sent if one["s"] > about["seq"]]:
            await line.send(body)
        self.resumed.append(session.shard)
        await self._dispatch(session, "RESUMED", {})

    async def _dispatch(self, session: Session, name: str, data: Json) -> None:
        body = {"op": DISPATCH, "t": name, "s": len(session.sent) + 1, "d": data}
        session.sent.append(body)
        if session.line is not None and not session.line.socket.closed:
            await session.line.send(body)

    # ── what happens ────────────────────────────────────────────────────────

    def latest(self, shard: int) -> Session:
        """Return a shard's newest session."""
        return [session for session in self.sessions.values() if session.shard == shard][-1]

    async def bring(self, interaction: Json, shard: int = 0) -> None:
        """Dispatch an interaction to a shard; while nobody listens it waits for the RESUME."""
        await self._dispatch(self.latest(shard), "INTERACTION_CREATE", interaction)

    async def remove(self, guild: str, shard: int = 0) -> None:
        """Let a server remove the bot."""
        await self._dispatch(self.latest(shard), "GUILD_DELETE", {"id": guild})

    async def add(self, guild: Json, shard: int = 0) -> None:
        """Let a server add the bot."""
        await self._dispatch(self.latest(shard), "GUILD_CREATE", guild)

    async def ask_to_reconnect(self, shard: int = 0) -> None:
        """Tell a shard to connect again, as Discord does at every deployment."""
        line = self.latest(shard).line
        if line is not None:
            await line.send({"op": RECONNECT, "d": None})

    async def cut(self, shard: int = 0) -> None:
        """Drop a shard's connection without a word."""
        session = self.latest(shard)
        if session.line is not None and session.line.request.transport is not None:
            session.line.request.transport.abort()
        session.line = None
        await asyncio.sleep(0)
