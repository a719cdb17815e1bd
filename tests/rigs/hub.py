"""A stand-in WebSub hub over loopback: takes subscriptions, verifies the intent, signs what it pushes."""

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web


@dataclass
class StandInHub:
    """Plays a hub; ``forged`` callbacks get what they were sent, ``lease`` is what it grants, in seconds."""

    lease: int = 864_000
    refuses: bool = False
    asked: list[dict[str, str]] = field(default_factory=list)
    verified: list[tuple[str, int]] = field(default_factory=list)
    subscribers: dict[str, dict[str, str]] = field(default_factory=dict)
    port: int = 0
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)

    @property
    def url(self) -> str:
        """Return the hub's address."""
        return f"http://127.0.0.1:{self.port}/hub"

    async def take(self, request: web.Request) -> web.Response:
        """Take a subscription, and verify it a moment later as the recommendation has it (5.3)."""
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.asked.append(fields)
        if self.refuses:
            return web.Response(status=403)
        task = asyncio.create_task(self._verify(fields))
        self._tasks.add(task)
        return web.Response(status=202)

    async def settled(self) -> None:
        """Wait until every verification is over."""
        await asyncio.gather(*self._tasks)

    async def ask(self, callback: str, mode: str, topic: str) -> tuple[int, str]:
        """Ask a callback whether it meant it."""
        query = {
            "hub.mode": mode,
            "hub.topic": topic,
            "hub.challenge": "c0ffee",
            "hub.lease_seconds": str(self.lease),
        }
        async with aiohttp.ClientSession() as session, session.get(callback, params=query) as answer:
            return answer.status, await answer.text()

    async def _verify(self, fields: dict[str, str]) -> None:
        callback, mode = fields["hub.callback"], fields["hub.mode"]
        status, text = await self.ask(callback, mode, fields["hub.topic"])
        self.verified.append((mode, status))
        if status == 200 and text == "c0ffee":
            if mode == "subscribe":
                self.subscribers[callback] = fields
            else:
                self.subscribers.pop(callback, None)

    async def push(self, body: bytes, method: str = "sha256", secret: str | None = None) -> list[int]:
        """Send what is new to every subscriber, signed; return how each answered."""
        statuses = []
        async with aiohttp.ClientSession() as session:
            for callback, fields in list(self.subscribers.items()):
                key = (fields["hub.secret"] if secret is None else secret).encode()
                signature = f"{method}={hmac.new(key, body, getattr(hashlib, method)).hexdigest()}"
                async with session.post(callback, data=body, headers={"X-Hub-Signature": signature}) as answer:
                    statuses.append(answer.status)
        return statuses


@asynccontextmanager
async def stand_in_hub() -> AsyncIterator[StandInHub]:
    """Open the hub on a free port of 127.0.0.1."""
    hub = StandInHub()
    application = web.Application()
    application.router.add_post("/hub", hub.take)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hub.port = runner.addresses[0][1]
    try:
        yield hub
    finally:
        await hub.settled()
        await runner.cleanup()
