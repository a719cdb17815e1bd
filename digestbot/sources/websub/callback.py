"""What hubs call: verification of intent, and signed pushes; plain values in and out, then two aiohttp routes.

A callback is known by the token in its address. Pushes without a valid signature are answered like valid ones and
do nothing, as the recommendation wants it (8.1): whoever guesses learns nothing.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from aiohttp import web

from digestbot.ports import Clock, Lease, WatchStore

PATH = "/websub/"
"""Where the callbacks lie; the token follows."""
MOST = 10 * 1024 * 1024
"""Bytes of a push that are read to check its signature."""
METHODS = {"sha1": hashlib.sha1, "sha256": hashlib.sha256, "sha384": hashlib.sha384, "sha512": hashlib.sha512}
LONGEST_LEASE = timedelta(days=30)
SHORTEST_LEASE = timedelta(minutes=5)
FRESH = timedelta(seconds=60)
"""How long the leases that were read serve, as long as a token is among them."""
LATE = timedelta(days=1)
"""A hub verifies what was asked of it within that long."""


def is_signed(header: str, body: bytes, secret: str) -> bool:
    """Tell whether an ``X-Hub-Signature`` is the HMAC of a body under a secret."""
    method, _, given = header.strip().partition("=")
    if method.lower() not in METHODS:
        return False
    made = hmac.new(secret.encode(), body, METHODS[method.lower()]).hexdigest()
    return hmac.compare_digest(made, given.strip().lower().encode("ascii", "replace").decode())


@dataclass(slots=True)
class Pushes:
    """Answers hubs; a valid push makes its feed due."""

    store: WatchStore
    clock: Clock
    _leases: dict[str, Lease] = field(default_factory=dict)
    _read_at: datetime | None = None

    async def verify(self, token: str, query: Mapping[str, str]) -> tuple[int, str]:
        """Answer a hub that asks whether we meant it: the challenge if we did, 404 if not.

        Raises:
            StoreError: The leases could not be read or written.

        """
        now = self.clock.now()
        self._read_at = None
        lease = await self._lease(token)
        if lease is None or query.get("hub.topic") != lease.topic or lease.asked_at < now - LATE:
            return 404, ""
        challenge = query.get("hub.challenge", "")
        match query.get("hub.mode"):
            case "subscribe" if lease.state != "leaving" and challenge:
                await self.store.save_lease(replace(lease, state="held", until=now + _granted(query)))
                return 200, challenge
            case "unsubscribe" if lease.state == "leaving" and challenge:
                await self.store.remove_lease(lease.feed_id)
                self._read_at = None
                return 200, challenge
            case "denied":
                # Asked again later: the feed is polled meanwhile, as one without a hub is.
                await self.store.save_lease(replace(lease, state="asked", until=None))
                return 200, ""
        return 404, ""

    async def receive(self, token: str, signature: str, body: bytes) -> int:
        """Take a push; return the status to answer with: 410 where nobody wants it any more.

        Raises:
            StoreError: The leases could not be read, or the feed not be made due.

        """
        lease = await self._lease(token)
        if lease is None or lease.state == "leaving":
            return 410
        if is_signed(signature, body, lease.secret):
            await self.store.make_due(lease.feed_id, self.clock.now())
        return 202

    async def _lease(self, token: str) -> Lease | None:
        """Return the lease whose callback this is; read anew where it is not known or was read a while ago."""
        now = self.clock.now()
        if self._read_at is None or now - self._read_at > FRESH or token not in self._leases:
            self._leases = {lease.token: lease for lease in await self.store.leases()}
            self._read_at = now
        return self._leases.get(token)


def _granted(query: Mapping[str, str]) -> timedelta:
    """Return the lease a hub grants, within reason."""
    said = query.get("hub.lease_seconds", "")
    granted = timedelta(seconds=int(said)) if said.isdecimal() and len(said) < 10 else LONGEST_LEASE  # noqa: PLR2004
    return max(SHORTEST_LEASE, min(LONGEST_LEASE, granted))


def callback_routes(pushes: Pushes) -> list[web.RouteDef]:
    """Return the routes of the callbacks, for whichever aiohttp application serves them."""

    async def verify(request: web.Request) -> web.Response:
        status, text = await pushes.verify(request.match_info["token"], request.query)
        return web.Response(status=status, text=text)

    async def receive(request: web.Request) -> web.Response:
        body = await request.content.read(MOST + 1) if (request.content_length or 0) <= MOST else b""
        while len(body) <= MOST and (more := await request.content.read(MOST + 1 - len(body))):
            body += more
        signature = request.headers.get("X-Hub-Signature-256", "") or request.headers.get("X-Hub-Signature", "")
        return web.Response(status=await pushes.receive(request.match_info["token"], signature, body))

    path = PATH + "{token:[A-Za-z0-9_-]{16,64}}"
    return [web.get(path, verify, allow_head=False), web.post(path, receive)]
