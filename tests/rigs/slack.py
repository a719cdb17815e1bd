"""A stand-in for Slack on loopback: its Web API over real HTTP, with channels, threads, limits and failures.

It keeps what is posted, checks every body it gets (``faults`` must stay empty), and does next what it is told:
``refuse`` a call, ``limit`` it, ``lose_answer`` (carry it out, then drop the connection), ``break_down`` with a
status of its own, be ``slow``.
"""

import asyncio
import json
import ssl
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import trustme
from aiohttp import web

from tests.rigs.oracles_slack import body_faults, but_names, message_faults

Json = dict[str, Any]

TOKEN = "xoxb-1-good"
APP_TOKEN = "xapp-1-good"
HOSTS = ("slack.com", "www.slack.com", "hooks.slack.com", "wss-primary.slack.com")
SCOPES = (
    "app_mentions:read,channels:history,channels:read,chat:write,commands,files:read,files:write,groups:history,"
    "groups:read,im:write,usergroups:read,users:read"
)


@dataclass
class Room:
    """A channel."""

    id: str
    name: str
    member: bool = True
    archived: bool = False
    messages: list[Json] = field(default_factory=list)
    posted_at: list[float] = field(default_factory=list)


@dataclass
class Told:
    """What the next call of a method meets: an answer with a status, or a connection that ends."""

    body: Json | str | None = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    carried_out: bool = False
    drop: bool = False
    wait: float = 0.0


class SlackRig:
    """The Web API at ``base_url`` once it is started; ``calls`` are (method, body) in order."""

    def __init__(self) -> None:
        self.rooms = {"C1": Room("C1", "news"), "C2": Room("C2", "trade")}
        self.tokens = {TOKEN: "", APP_TOKEN: ""}
        self.scopes = SCOPES
        self.calls: list[tuple[str, Json]] = []
        self.faults: list[str] = []
        self.views: list[Json] = []
        self.people: dict[str, Json] = {}
        self.groups: dict[str, list[str]] = {}
        self.files: dict[str, bytes] = {}
        self.shared: list[Json] = []
        self.asking: list[tuple[str, str]] = []
        self.page_size = 200
        self.skew = 0.0
        self.paced = False
        self.delay = 0.0
        self.later = False
        self._unchecked: list[Json] = []
        self._told: defaultdict[str, deque[Told]] = defaultdict(deque)
        self._numbers = count(1)
        self._runner: web.AppRunner | None = None
        self.base_url = ""
        self.port = 0

    async def start(self, authority: trustme.CA | None = None) -> None:
        """Listen on a free port of the loopback address.

        With an authority it speaks TLS as slack.com, for a process that is led here by :meth:`hosts`.
        """
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/api/{method}", self._answer)
        app.router.add_post("/upload/{id}", self._upload)
        app.router.add_get("/files/{id}", self._download)
        self.routes(app)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        context = None
        if authority is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert(*HOSTS).configure_cert(context)
        site = web.TCPSite(self._runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        host, self.port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{self.port}/api/" if context is None else "https://slack.com/api/"

    def hosts(self) -> dict[str, str]:
        """Return which of Slack's hosts lead here (see tests/rigs/hostmap)."""
        return {f"{host}:443": f"127.0.0.1:{self.port}" for host in HOSTS}

    def routes(self, app: web.Application) -> None:
        """Add what a larger rig serves beside the Web API."""

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    # ── what comes next ─────────────────────────────────────────────────────

    def refuse(self, method: str, code: str, **more: object) -> None:
        """Answer the next call with an error code; nothing is carried out."""
        self._told[method].append(Told({"ok": False, "error": code, **more}))

    def limit(self, method: str, seconds: int) -> None:
        """Answer the next call with 429 and how long to wait."""
        body = {"ok": False, "error": "ratelimited"}
        self._told[method].append(Told(body, 429, {"Retry-After": str(seconds)}))

    def break_down(self, method: str, status: int, body: Json | str = "", *, carried_out: bool = False) -> None:
        """Answer the next call with a status and body that are not Slack's."""
        self._told[method].append(Told(body, status, carried_out=carried_out))

    def lose_answer(self, method: str = "chat.postMessage", *, carried_out: bool = True) -> None:
        """Carry the next call out (or not) and drop the connection without an answer."""
        self._told[method].append(Told(carried_out=carried_out, drop=True))

    def slow(self, method: str, seconds: float) -> None:
        """Carry the next call out at once and answer late."""
        self._told[method].append(Told(carried_out=True, wait=seconds))

    def check(self) -> int:
        """Look at every body that came while ``later`` was set; return how many there were."""
        for method, body in self.calls:
            self.faults += but_names(body_faults(method, body))
        for body in self._unchecked:
            self.faults += but_names(message_faults(body))
        return len(self.calls) + len(self._unchecked)

    # ── answering ───────────────────────────────────────────────────────────

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        method = request.match_info["method"]
        body = await _body_of(request)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        self.calls.append((method, body))
        self.asking.append((method, token))
        found = [] if self.later else but_names(body_faults(method, body))
        self.faults += found
        if found:
            return web.json_response({"ok": False, "error": "invalid_arguments", "errors": found})
        if refused := self._refusal(method, token):
            return web.json_response({"ok": False, "error": refused})
        told = self._told[method].popleft() if self._told[method] else Told(carried_out=True)
        answer = self._carry_out(method, body) if told.carried_out else {}
        await asyncio.sleep(told.wait or self.delay)
        if told.drop:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return self._say(told, answer)

    def _refusal(self, method: str, token: str) -> str:
        """Return why a token may not call a method, empty when it may."""
        return "" if method == "oauth.v2.access" else self.tokens.get(token, "invalid_auth")

    def _say(self, told: Told, answer: Json) -> web.Response:
        headers = {"x-oauth-scopes": self.scopes, **told.headers}
        if isinstance(told.body, str):
            return web.Response(text=told.body, status=told.status, headers=headers, content_type="text/plain")
        body = answer if told.body is None else told.body
        return web.json_response(
            body, status=429 if body.get("error") == "ratelimited" else told.status, headers=headers
        )

    def _carry_out(self, method: str, body: Json) -> Json:
        act = getattr(self, "_" + method.replace(".", "_"), None)
        if act is None:
            return {"ok": False, "error": "unknown_method"}
        answer: Json = act(body)
        return {"ok": "error" not in answer, **answer}

    def _auth_test(self, _: Json) -> Json:
        return {"team": "Newsroom", "team_id": "T1", "user": "digestbot", "user_id": "UBOT", "bot_id": "B1", "url": "x"}

    def _chat_postMessage(self, body: Json) -> Json:  # noqa: N802 - named after the method
        room = self.rooms.get(body["channel"])
        if refused := _closed(room):
            return {"error": refused}
        room = self.rooms[body["channel"]]
        now = time.monotonic()
        if self.paced and room.posted_at and now - room.posted_at[-1] < 1:
            return {"error": "ratelimited"}
        room.posted_at.append(now)
        kept = {key: body[key] for key in ("text", "blocks", "metadata", "thread_ts") if key in body}
        message = {"type": "message", "ts": self._ts(), "user": "UBOT", **kept}
        room.messages.append(message)
        return {"channel": room.id, "ts": message["ts"], "message": message}

    def _chat_postEphemeral(self, body: Json) -> Json:  # noqa: N802 - the same
        return (
            {"error": refused} if (refused := _closed(self.rooms.get(body["channel"]))) else {"message_ts": self._ts()}
        )

    def _chat_update(self, body: Json) -> Json:
        room = self.rooms.get(body["channel"])
        message = next((m for m in room.messages if m["ts"] == body["ts"]), None) if room else None
        if message is None:
            return {"error": "message_not_found"}
        message.update({key: body[key] for key in ("text", "blocks", "metadata") if key in body})
        return {"channel": body["channel"], "ts": message["ts"], "text": message["text"]}

    def _conversations_history(self, body: Json) -> Json:
        room = self.rooms.get(body["channel"])
        if refused := _closed(room):
            return {"error": refused}
        found = [m for m in reversed(self.rooms[body["channel"]].messages) if "thread_ts" not in m]
        return self._page(found, body)

    def _conversations_replies(self, body: Json) -> Json:
        room = self.rooms.get(body["channel"])
        if refused := _closed(room):
            return {"error": refused}
        messages = self.rooms[body["channel"]].messages
        found = [m for m in messages if m["ts"] == body["ts"] or m.get("thread_ts") == body["ts"]]
        return self._page(found, body) if found else {"error": "thread_not_found"}

    def _page(self, found: list[Json], body: Json) -> Json:
        """Return one page: without ``include_all_metadata`` the tags of messages are not shown."""
        since = float(body.get("oldest", 0))
        shown = [m for m in found if float(m["ts"]) > since or m["ts"] == body.get("ts")]
        if body.get("include_all_metadata") not in {"1", "true", True}:
            shown = [{k: v for k, v in m.items() if k != "metadata"} for m in shown]
        start = int(body.get("cursor") or 0)
        size = min(self.page_size, int(body.get("limit", 100)))
        more = start + size < len(shown)
        return {
            "messages": shown[start : start + size],
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + size) if more else ""},
        }

    def _conversations_info(self, body: Json) -> Json:
        room = self.rooms.get(body["channel"])
        if room is None:
            return {"error": "channel_not_found"}
        return {"channel": {"id": room.id, "name": room.name, "is_member": room.member, "is_archived": room.archived}}

    def _users_info(self, body: Json) -> Json:
        person = self.people.get(body["user"])
        return {"user": {"id": body["user"], **person}} if person else {"error": "user_not_found"}

    def _usergroups_list(self, body: Json) -> Json:
        members = body.get("include_users") in {"true", True}
        return {
            "usergroups": [
                {"id": group, "name": f"group {group}", **({"users": users} if members else {})}
                for group, users in self.groups.items()
            ]
        }

    def _conversations_open(self, body: Json) -> Json:
        room = self.rooms.setdefault(f"D{body['users']}", Room(f"D{body['users']}", "", True))
        return {"channel": {"id": room.id}}

    def _files_getUploadURLExternal(self, body: Json) -> Json:  # noqa: N802 - named after the method
        number = f"F{next(self._numbers)}"
        self.files[number] = b""
        return {"upload_url": self.base_url.replace("/api/", f"/upload/{number}"), "file_id": number}

    def _files_completeUploadExternal(self, body: Json) -> Json:  # noqa: N802 - the same
        named = json.loads(body["files"]) if isinstance(body["files"], str) else body["files"]
        if any(not self.files.get(one["id"]) for one in named):
            return {"error": "file_not_found"}
        self.shared.append({"files": named, "channel": body.get("channel_id", "")})
        return {"files": named}

    async def _upload(self, request: web.Request) -> web.Response:
        """Take a file's bytes at the address that was given out for it."""
        self.files[request.match_info["id"]] = await request.read()
        return web.Response(text="OK")

    async def _download(self, request: web.Request) -> web.Response:
        """Give a file to who has a token; others are shown a page to sign in, as Slack does."""
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.tokens.get(token, "invalid_auth"):
            return web.Response(status=302, headers={"Location": "/signin"})
        return web.Response(body=self.files[request.match_info["id"]])

    def _views_open(self, body: Json) -> Json:
        return self._view(body)

    def _views_publish(self, body: Json) -> Json:
        return self._view(body)

    def _views_update(self, body: Json) -> Json:
        return self._view(body)

    def _view(self, body: Json) -> Json:
        view = body["view"]
        self.views.append(json.loads(view) if isinstance(view, str) else view)
        return {"view": {"id": f"V{len(self.views)}", "hash": "h"}}

    def _ts(self) -> str:
        return f"{int(time.time() + self.skew)}.{next(self._numbers):06d}"

    def say(self, room: str, text: str) -> None:
        """Let somebody else write into a channel."""
        self.rooms[room].messages.append({"type": "message", "ts": self._ts(), "user": "U9", "text": text})


def _closed(room: Room | None) -> str:
    if room is None:
        return "channel_not_found"
    if room.archived:
        return "is_archived"
    return "" if room.member else "not_in_channel"


async def _body_of(request: web.Request) -> Json:
    """Return a call's arguments from JSON, a form or the address, as Slack takes them."""
    if request.content_type == "application/json":
        return dict(await request.json())
    return {**request.query, **(await request.post())}
