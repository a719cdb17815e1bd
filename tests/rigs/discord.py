"""A stand-in for Discord's REST interface on loopback, over real TLS, reached as ``discord.com`` by the real client.

It keeps what is posted, checks every body (``faults`` must stay empty), knows nonces as Discord does, and does next
what it is told: ``refuse`` a call, ``limit`` it, ``ban`` the address, ``break_down``, ``lose_answer``.
"""

import json
import ssl
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import aiohttp
import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.rigs.oracles_discord import (
    callback_faults,
    edit_faults,
    forum_faults,
    interaction_faults,
    message_faults,
    thread_faults,
)

Json = dict[str, Any]

TOKEN = "bot-token"
BOT_ID = "900000000000000001"
GUILD_ID = "700000000000000001"
NEWS, TRADE, FORUM = "500000000000000001", "500000000000000002", "500000000000000003"
ROLE_ID = "800000000000000001"
EVERYONE = sum(1 << bit for bit in (10, 11, 14, 16, 35, 38))
"""What everyone may do: view, send, embed links, read the history, begin threads and write in them."""
FORUM_TYPE, REQUIRES_TAG = 15, 1 << 4
EPOCH = 1_420_070_400_000
HOSTS = ("discord.com", "gateway.discord.gg", "cdn.discordapp.com")
FIRST_ANSWER = 3.0
"""Seconds within which an interaction must be answered first."""
Check = Callable[[Json], list[str]]


@dataclass
class Place:
    """A channel, a forum or a thread."""

    id: str
    type: int = 0
    parent: str | None = None
    refused: tuple[int, int] | None = None
    messages: list[Json] = field(default_factory=list)
    overwrites: list[Json] = field(default_factory=list)
    tags: list[Json] = field(default_factory=list)
    flags: int = 0
    name: str = "news"
    applied: list[str] = field(default_factory=list)
    threads_refused: bool = False


@dataclass
class Told:
    """What the next call to a route meets."""

    body: Json | str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    carried_out: bool = False
    drop: bool = False


class HostMap(AbstractResolver):
    """Resolves Discord's names to the loopback address; every other name is refused, so a stray call fails loudly."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        """Return where a name leads."""
        if host not in HOSTS:
            raise OSError(f"{host} is not for a test to call")
        return [ResolveResult(hostname=host, host="127.0.0.1", port=self._port, family=2, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is held."""


class DiscordRig:
    """Discord's REST interface; ``calls`` are (method, path, body) in order."""

    def __init__(self) -> None:
        self.places = {NEWS: Place(NEWS), TRADE: Place(TRADE), FORUM: Place(FORUM, type=15)}
        self.calls: list[tuple[str, str, Json]] = []
        self.faults: list[str] = []
        self.knows_nonces = True
        self.roles = {GUILD_ID: EVERYONE, ROLE_ID: 0}
        self.owner = "1"
        self.answers: defaultdict[str, list[Json]] = defaultdict(list)
        self.commands: list[Json] = []
        self.files: list[tuple[str, bytes]] = []
        self.attached: dict[str, bytes] = {}
        self.skew = 0.0
        self.shards = 2
        self.later = False
        self._unchecked: list[tuple[Check, Json]] = []
        self._told: defaultdict[str, deque[Told]] = defaultdict(deque)
        self._nonces: dict[tuple[str, str], Json] = {}
        self._numbers = count(1)
        self._authority = trustme.CA()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def start(self, authority: trustme.CA | None = None) -> None:
        """Listen on a free port of the loopback address, with a certificate of the authority given, or its own."""
        self._authority = authority or self._authority
        app = web.Application()
        app.router.add_route("*", "/api/v10/{path:.*}", self._answer)
        app.router.add_get("/attachments/{name}", self._attachment)
        self.routes(app)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*HOSTS).configure_cert(context)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context).start()
        self.port = self._runner.addresses[0][1]

    def hosts(self) -> dict[str, str]:
        """Return which of Discord's hosts lead here (see tests/rigs/hostmap)."""
        return {f"{host}:443": f"127.0.0.1:{self.port}" for host in HOSTS}

    def routes(self, app: web.Application) -> None:
        """Add what a larger rig serves beside the REST interface."""

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def connector(self) -> aiohttp.TCPConnector:
        """Return a connector that finds discord.com here and trusts the rig's certificate alone."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return aiohttp.TCPConnector(resolver=HostMap(self.port), ssl=context)

    def sent(self, place: str = NEWS) -> list[Json]:
        """Return the messages that stand in a place, oldest first."""
        return self.places[place].messages

    def calls_to(self, method: str, path: str) -> int:
        """Count the calls of one method whose path ends in ``path``."""
        return sum(1 for m, p, _ in self.calls if m == method and p.endswith(path))

    # ── what comes next ─────────────────────────────────────────────────────

    def refuse(self, route: str, status: int, code: int, message: str = "refused") -> None:
        """Answer the next call of a route (``POST messages``) with one of Discord's error codes."""
        self._told[route].append(Told({"message": message, "code": code}, status))

    def exhaust(self, route: str, seconds: float) -> None:
        """Let the next call of a route take the last of its bucket, which is full again after so many seconds."""
        bucket = {"X-RateLimit-Bucket": "b1", "X-RateLimit-Limit": "5", "X-RateLimit-Remaining": "0"}
        resets = {"X-RateLimit-Reset-After": str(seconds), "X-RateLimit-Reset": str(time.time() + seconds)}
        self._told[route].append(Told(headers=bucket | resets, carried_out=True))

    def limit(self, route: str, seconds: float, *, everywhere: bool = False) -> None:
        """Answer the next call with Discord's own 429."""
        body = {"message": "You are being rate limited.", "retry_after": seconds, "global": everywhere}
        self._told[route].append(Told(body, 429, {"Via": "1.1 google", "Retry-After": str(seconds)}))

    def ban(self, route: str, seconds: int | None = None) -> None:
        """Answer the next call with Cloudflare's 429: a page, and no ``Via``."""
        headers = {} if seconds is None else {"Retry-After": str(seconds)}
        self._told[route].append(Told("<html>error 1015</html>", 429, headers))

    def break_down(self, route: str, status: int, times: int = 1, *, carried_out: bool = False) -> None:
        """Answer the next calls with a failure of Discord's own."""
        self._told[route].extend(Told("upstream", status, carried_out=carried_out) for _ in range(times))

    def lose_answer(self, route: str = "POST messages", *, carried_out: bool = True) -> None:
        """Carry the next call out (or not) and drop the connection without an answer."""
        self._told[route].append(Told(carried_out=carried_out, drop=True))

    async def _attachment(self, request: web.Request) -> web.Response:
        return web.Response(body=self.attached[request.match_info["name"]])

    # ── answering ───────────────────────────────────────────────────────────

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.match_info["path"]
        body = await self._body(request)
        self.calls.append((request.method, path, body))
        if not path.startswith("interactions/") and request.headers.get("Authorization") != f"Bot {TOKEN}":
            return _say(401, {"message": "401: Unauthorized", "code": 0})
        route = f"{request.method} {path.rsplit('/', 1)[-1]}"
        told = self._told[route].popleft() if self._told[route] else Told(carried_out=True)
        status, answer = self._carry_out(request.method, path.split("/"), body) if told.carried_out else (200, {})
        if told.drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        if told.body is not None:
            return _say(told.status, told.body, told.headers)
        return _say(status, answer, told.headers)

    async def _body(self, request: web.Request) -> Json:
        """Return what was sent: JSON, the JSON part beside files, or what stands in the address."""
        if request.method == "GET":
            return dict(request.query)
        if not request.content_type.startswith("multipart/"):
            return (
                dict(found) if isinstance(found := json.loads(await request.read() or b"{}"), dict) else {"list": found}
            )
        parts = await request.post()
        files = {key: part for key, part in parts.items() if key != "payload_json"}
        self.files += [(part.filename, part.file.read()) for part in files.values() if isinstance(part, web.FileField)]
        return dict(json.loads(str(parts["payload_json"])))

    def _carry_out(self, method: str, path: list[str], body: Json) -> tuple[int, Any]:
        answer: tuple[int, Any] = (404, {"message": "404: Not Found", "code": 0})
        match method, path:
            case "GET", ["users", "@me"]:
                answer = 200, {"id": BOT_ID, "username": "digestbot", "discriminator": "0", "avatar": None, "bot": True}
            case "GET", ["oauth2", "applications", "@me"]:
                answer = 200, _application()
            case "POST", ["interactions", number, token, _]:
                answer = self._called_back(number, token, body)
            case "GET", ["gateway", "bot"]:
                start = {"total": 1_000, "remaining": 1_000, "reset_after": 0, "max_concurrency": 1}
                answer = 200, {"url": "wss://gateway.discord.gg", "shards": self.shards, "session_start_limit": start}
            case _, ["webhooks", _, token, *_]:
                self._check(interaction_faults, body)
                self.answers[token].append(body | {"sent": method})
                answer = 200, self._message(self._snowflake(), body)
            case "PUT", ["applications", _, "commands"]:
                self.commands = list(body["list"])
                answer = 200, [self._known(command) for command in self.commands]
            case "GET", ["guilds", _, *rest]:
                answer = 200, self._in_guild(rest)
            case _, ["channels", place, *rest]:
                answer = self._in_channel(method, self.places.get(place), rest, body)
        return answer

    def _called_back(self, number: str, token: str, body: Json) -> tuple[int, Any]:
        """Take the first answer to an interaction within three seconds; a second one is refused, as Discord does."""
        if time.time() * 1000 - ((int(number) >> 22) + EPOCH) > FIRST_ANSWER * 1000:
            return 404, {"message": "Unknown interaction", "code": 10062}
        if any("callback" in answer for answer in self.answers[token]):
            return 400, {"message": "Interaction has already been acknowledged.", "code": 40060}
        self._check(callback_faults, body)
        self.answers[token].append({"callback": body, "at": time.monotonic()})
        return 200, {"interaction": {"id": number, "type": 2, "response_message_id": self._snowflake()}}

    def _check(self, check: Check, body: Json) -> None:
        """Look for faults in a body, at once or (``later``) when :meth:`check` is called."""
        if self.later:
            self._unchecked.append((check, body))
        else:
            self.faults += check(body)

    def check(self) -> int:
        """Look at what was put off; return how many bodies that were."""
        put_off, self._unchecked = self._unchecked, []
        for check, body in put_off:
            self.faults += check(body)
        return len(put_off)

    def _known(self, command: Json) -> Json:
        return {"description": "", "version": "1"} | command | {"id": self._snowflake(), "application_id": BOT_ID}

    def _in_guild(self, path: list[str]) -> Json:
        match path:
            case ["threads", "active"]:
                return {"threads": [_thread(p) for p in self.places.values() if p.parent], "members": []}
            case ["members", user]:
                return {"user": {"id": user}, "roles": [ROLE_ID]}
        roles = [{"id": role, "permissions": str(bits)} for role, bits in self.roles.items()]
        return {"id": GUILD_ID, "owner_id": self.owner, "roles": roles}

    def _in_channel(self, method: str, place: Place | None, path: list[str], body: Json) -> tuple[int, Any]:
        if place is None:
            return 404, {"message": "Unknown Channel", "code": 10003}
        if place.refused:
            return place.refused[0], {"message": "refused", "code": place.refused[1]}
        answer: tuple[int, Any] = (404, {"message": "404: Not Found", "code": 0})
        match method, path:
            case "GET", []:
                forum = {"available_tags": place.tags, "flags": place.flags} if place.type == FORUM_TYPE else {}
                answer = 200, _thread(place) | {"name": place.name, "permission_overwrites": place.overwrites} | forum
            case "POST", ["messages"]:
                answer = self._create(place, body)
            case "GET", ["messages"]:
                answer = 200, _history(place, body)
            case "GET", ["messages", message]:
                found = next((m for m in place.messages if m["id"] == message), None)
                answer = (200, _shown(found)) if found else (404, {"message": "Unknown Message", "code": 10008})
            case "PATCH", ["messages", message]:
                answer = self._edit(place, message, body)
            case "POST", ["messages", message, "threads"]:
                answer = self._begin(place, message, body)
            case "POST", ["threads"]:
                answer = self._open_post(place, body)
        return answer

    def _create(self, place: Place, body: Json) -> tuple[int, Any]:
        self._check(message_faults, body)
        if place.type in {15, 16}:
            return 400, {"message": "Cannot send messages in a non-text channel", "code": 50008}
        known = (place.id, str(body.get("nonce")))
        if self.knows_nonces and body.get("enforce_nonce") and known in self._nonces:
            return 200, self._nonces[known]
        message = self._message(self._snowflake(), body)
        place.messages.append(message)
        self._nonces[known] = message
        return 200, message

    def _message(self, number: str, body: Json) -> Json:
        kept = {key: value for key, value in body.items() if key in {"content", "embeds", "components", "nonce"}}
        allowed = body.get("allowed_mentions", {})
        return {"id": number, "author": {"id": BOT_ID, "bot": True}, "pinged": allowed.get("roles", []), **kept}

    def _edit(self, place: Place, number: str, body: Json) -> tuple[int, Any]:
        self._check(edit_faults, body)
        found = next((message for message in place.messages if message["id"] == number), None)
        if found is None:
            return 404, {"message": "Unknown Message", "code": 10008}
        found |= self._message(number, body) | {"edited": True}
        return 200, found

    def _begin(self, place: Place, message: str, body: Json) -> tuple[int, Any]:
        self._check(thread_faults, body)
        if place.threads_refused:
            return 403, {"message": "Missing Permissions", "code": 50013}
        if message in self.places:
            return 400, {"message": "A thread has already been created for this message", "code": 160004}
        self.places[message] = Place(message, type=11, parent=place.id, name=body["name"])
        return 201, _thread(self.places[message])

    def _open_post(self, place: Place, body: Json) -> tuple[int, Any]:
        self._check(forum_faults, body)
        known = {tag["id"] for tag in place.tags}
        if place.flags & REQUIRES_TAG and not body.get("applied_tags"):
            return 400, {"message": "A tag is required to create a forum post in this channel", "code": 40067}
        if not set(body.get("applied_tags", [])) <= known:
            return 400, {"message": "Unknown tag", "code": 10087}
        post = Place(self._snowflake(), type=11, parent=place.id, name=body["name"])
        post.applied = body.get("applied_tags", [])
        post.messages.append(self._message(post.id, body["message"]))
        self.places[post.id] = post
        return 201, _thread(post)

    def say(self, place: str, author: str = "1", **more: object) -> None:
        """Let somebody else write into a place."""
        self.places[place].messages.append({"id": self._snowflake(), "author": {"id": author}, **more})

    def _snowflake(self) -> str:
        milliseconds = int((time.time() + self.skew) * 1000) - EPOCH
        return str((milliseconds << 22) + next(self._numbers))


def _shown(message: Json) -> Json:
    """Return a message as the history shows it: without its nonce."""
    return {key: value for key, value in message.items() if key != "nonce"}


def _history(place: Place, asked: Json) -> list[Json]:
    """Return the messages right after ``after``, newest first, as Discord does."""
    later = [m for m in place.messages if int(m["id"]) > int(asked.get("after", 0))]
    return [_shown(message) for message in reversed(later[: int(asked.get("limit", 50))])]


def _thread(place: Place) -> Json:
    return {"id": place.id, "type": place.type, "parent_id": place.parent, "owner_id": BOT_ID, "guild_id": GUILD_ID}


def _application() -> Json:
    return {
        "id": BOT_ID, "name": "digestbot", "icon": None, "description": "", "bot_public": True, "flags": 0,
        "bot_require_code_grant": False, "verify_key": "0" * 64, "team": None, "summary": "",
        "owner": {"id": "1", "username": "owner", "discriminator": "0", "avatar": None},
    }  # fmt: skip


def _say(status: int, body: Any, headers: dict[str, str] | None = None) -> web.Response:
    """Answer as Discord does: a charset behind ``application/json`` would break the client's login."""
    if isinstance(body, str):
        return web.Response(text=body, status=status, headers=headers, content_type="text/html")
    content = json.dumps(body).encode()
    return web.Response(body=content, status=status, headers={"Content-Type": "application/json", **(headers or {})})
