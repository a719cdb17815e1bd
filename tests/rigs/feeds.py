"""A publisher's server on loopback that follows a script and judges how it was asked.

It hands out validators, redirects, errors and Retry-After; afterwards :meth:`FeedServer.faults` says which rules of
polite polling the client broke. Time is the test's own clock, so days pass at once.
"""

import re
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from time import monotonic

import trustme
from aiohttp import web

USER_AGENT = re.compile(r"^digestbot/\S+ \(\+\S+; \d+ subscribers?\)$")


@dataclass(frozen=True)
class Reply:
    """One scripted answer; ``conditional`` answers 304 to a request that carries the right validators."""

    body: bytes = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    conditional: bool = True


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it: the test's time, and real time from start to end."""

    path: str
    headers: dict[str, str]
    at: datetime
    began: float
    ended: float
    status: int

    @property
    def is_conditional(self) -> bool:
        """Tell whether it asked only for what changed."""
        return "If-None-Match" in self.headers or "If-Modified-Since" in self.headers


class FeedServer:
    """Plays a server; ``script`` maps paths to what they answer, the last reply of a list again and again."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.script: dict[str, list[Reply]] = {}
        self.log: list[Asked] = []
        self.port = 0
        self._given: dict[str, dict[str, str]] = {}
        self._not_before: dict[str, datetime] = {}
        self._faults: list[str] = []

    def url(self, path: str) -> str:
        """Return a path's address."""
        return f"http://127.0.0.1:{self.port}{path}"

    def says(self, path: str, *replies: Reply) -> None:
        """Set what a path answers from now on."""
        self.script[path] = list(replies)

    def asked(self, path: str) -> list[Asked]:
        """Return the requests for a path."""
        return [one for one in self.log if one.path == path]

    def faults(self, gap: float = 0.0) -> list[str]:
        """Return every rule that was broken, in words."""
        found = list(self._faults)
        for one in self.log:
            if not USER_AGENT.match(one.headers.get("User-Agent", "")):
                found.append(f"User-Agent {one.headers.get('User-Agent')!r}")
            if not {"gzip", "br"} <= set(re.split(r",\s*", one.headers.get("Accept-Encoding", ""))):
                found.append("does not accept gzip and br")
        for before, after in pairwise(self.log):
            if after.began < before.ended:
                found.append(f"two requests at once: {before.path} and {after.path}")
            elif after.began < before.ended + gap:
                found.append(f"no gap between {before.path} and {after.path}")
        return found

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one request, and judge it."""
        began, path = monotonic(), request.path
        self._judge(request, path)
        queue = self.script.get(path, [Reply(status=404)])
        reply = queue.pop(0) if len(queue) > 1 else queue[0]
        validators = {k: v for k, v in reply.headers.items() if k in {"ETag", "Last-Modified"}}
        status, body = reply.status, reply.body
        if status == 200 and reply.conditional and validators and self._matches(request, validators):
            status, body = 304, b""
        if status != 304 and status < 400:
            # A redirect ends what was given before: validators then belong to the address it leads to.
            self._given[path] = validators
        self._note_wait(path, reply)
        response = web.Response(status=status, body=body, headers=reply.headers)
        self.log.append(Asked(path, dict(request.headers), self.now(), began, monotonic(), status))
        return response

    def _judge(self, request: web.Request, path: str) -> None:
        """Note what is wrong about a request given all that was said before."""
        given = self._given.get(path, {})
        for name, header in (("ETag", "If-None-Match"), ("Last-Modified", "If-Modified-Since")):
            sent = request.headers.get(header)
            if name in given and sent != given[name]:
                self._faults.append(f"{path}: {header} is {sent!r}, was given {given[name]!r}")
            if name not in given and sent is not None:
                self._faults.append(f"{path}: {header} {sent!r} was never given there")
        if self.now() < self._not_before.get(path, self.now()):
            self._faults.append(f"{path}: asked before it may be")

    def _note_wait(self, path: str, reply: Reply) -> None:
        """Remember until when a path must not be asked again."""
        wait = 300
        if reply.headers.get("Retry-After", "").isdigit():
            wait = max(wait, int(reply.headers["Retry-After"]))
        if found := re.search(r"max-age=(\d+)", reply.headers.get("Cache-Control", "")):
            wait = max(wait, min(86_400, int(found[1])))
        self._not_before[path] = self.now() + timedelta(seconds=wait)

    @staticmethod
    def _matches(request: web.Request, validators: dict[str, str]) -> bool:
        """Tell whether a request's validators are the present ones: the ETag decides where there is one."""
        if "ETag" in validators:
            return request.headers.get("If-None-Match") == validators["ETag"]
        return request.headers.get("If-Modified-Since") == validators["Last-Modified"]


@asynccontextmanager
async def feed_server(
    now: Callable[[], datetime], *, authority: trustme.CA | None = None, names: Sequence[str] = ()
) -> AsyncIterator[FeedServer]:
    """Open the stand-in on a free port of 127.0.0.1; with an authority it speaks TLS under those names."""
    server = FeedServer(now)
    application = web.Application()
    application.router.add_get("/{tail:.*}", server.answer)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    context = None
    if authority is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        authority.issue_cert("127.0.0.1", *names).configure_cert(context)
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()


def rss(*items: tuple[str, str], ttl: int | None = None, extra: str = "") -> bytes:
    """Return an RSS feed of (guid, title) items, each with a link and text of its own."""
    body = "".join(
        f"<item><guid isPermaLink='false'>{guid}</guid><title>{title}</title>"
        f"<link>https://news.example/{guid}</link><description>About {title}.</description></item>"
        for guid, title in items
    )
    life = f"<ttl>{ttl}</ttl>" if ttl is not None else ""
    return (
        f"<?xml version='1.0'?><rss version='2.0'><channel><title>The Example</title>"
        f"<link>https://news.example/</link>{life}{extra}{body}</channel></rss>"
    ).encode()
