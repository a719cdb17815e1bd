"""Who may read: everybody on this machine alone, else whoever has the token or whom a trusted proxy names.

A session cookie holds no token: it is a date with a signature that only the token's holder can have made, so changing
the token ends every session. A feed's address carries a key that opens this one feed and nothing else.
"""

import hmac
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from time import monotonic, time
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from digestbot.domain.errors import ConfigError

COOKIE = "digestbot_session"
SESSION = 30 * 24 * 3600
"""Seconds a session lasts."""
TRIES, TRIES_WITHIN = 10, 60.0
"""Wrong tokens within these seconds after which nobody is asked any more for a while."""
CROWD = 20
"""So many times as often as one may all together who come through one trusted proxy."""
MOST_REMOTES = 1_000
"""Addresses whose wrong tokens are remembered."""
OPEN_PATHS = ("/healthz", "/readyz", "/login", "/static/", "/websub/")
LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]", "::1"})

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class Guard:
    """Decides whether a request may be answered.

    Attributes:
        token: What readers log in with; empty: nobody can.
        proxy_header: The header in which a reverse proxy names who is logged in; empty: none is believed.
        trusted: Networks that the header is believed from.
    """

    token: str = ""
    proxy_header: str = ""
    trusted: Sequence[Network] = ()
    _wrong: dict[str, deque[float]] = field(default_factory=dict)

    @classmethod
    def of(cls, token: str, proxy_header: str, trusted_proxies: Sequence[str]) -> "Guard":
        """Return a guard from plain words."""
        return cls(token, proxy_header, tuple(ip_network(proxy) for proxy in trusted_proxies))

    @property
    def is_open(self) -> bool:
        """Whether everybody who reaches the address may read."""
        return not self.token and not self.proxy_header

    def require(self, host: str) -> None:
        """Refuse to serve an address that others reach without asking who they are.

        Raises:
            ConfigError: In one sentence.

        """
        if self.is_open and not is_local(host):
            raise ConfigError(
                [f"web.host: {host} is reached from outside this machine, and nobody would be asked who they are"],
                hint="set DIGESTBOT_WEB__TOKEN or web.proxy_header, or listen on 127.0.0.1",
            )

    def lets_in(self, request: web.Request) -> bool:
        """Tell whether a request may be answered."""
        if self.is_open:
            # A page of somebody else's may make a reader's browser ask this machine under a name of its own (DNS
            # rebinding): where nobody is asked who they are, only this machine's own names are answered.
            return (urlsplit(f"//{request.host}").hostname or "") in LOCAL_NAMES
        return self._is_named(request) or self._has_token(request) or self._has_session(request)

    def is_token(self, given: str, request: web.Request) -> bool:
        """Tell whether this is the token.

        Raises:
            HTTPTooManyRequests: This asker has given too many wrong ones, or all behind one address have.

        """
        peer = request.remote or ""
        askers = {peer: TRIES * CROWD, self.asker(request): TRIES}
        now = monotonic()
        for asker, most in askers.items():
            wrong = self._wrong.setdefault(asker, deque())
            while wrong and now - wrong[0] > TRIES_WITHIN:
                wrong.popleft()
            if len(wrong) >= most:
                raise web.HTTPTooManyRequests(headers={hdrs.RETRY_AFTER: f"{TRIES_WITHIN:.0f}"})
        if self.token and hmac.compare_digest(given.encode("utf-8", "replace"), self.token.encode()):
            # What the others behind a proxy did stays counted.
            self._wrong.pop(self.asker(request), None)
            return True
        for asker in askers:
            self._wrong[asker].append(now)
        while len(self._wrong) > MOST_REMOTES:
            del self._wrong[next(iter(self._wrong))]
        return False

    def asker(self, request: web.Request) -> str:
        """Return whose tries are counted together: the address, or behind a trusted proxy the one that it saw.

        Proxies add to the end of the header; what stands before was said by the asker.
        """
        peer = request.remote or ""
        seen = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        return f"{peer} for {seen[:64]}" if seen and self._is_trusted(peer) else peer

    def _is_trusted(self, peer: str) -> bool:
        try:
            address = ip_address(peer)
        except ValueError:
            return False
        return any(address in network for network in self.trusted)

    def session(self, now: float | None = None) -> str:
        """Return the value of a fresh session cookie."""
        until = str(int((time() if now is None else now) + SESSION))
        return f"{until}.{self._sign('session', until)}"

    def key(self, name: str) -> str:
        """Return the key that opens one address, or an empty one where no token guards it."""
        return self._sign("key", name) if self.token else ""

    def is_key(self, name: str, given: str) -> bool:
        """Tell whether this key opens that address."""
        return bool(self.token) and hmac.compare_digest(given.encode("utf-8", "replace"), self.key(name).encode())

    def _sign(self, kind: str, words: str) -> str:
        return hmac.new(self.token.encode(), f"{kind}:{words}".encode(), sha256).hexdigest()[:40]

    def _is_named(self, request: web.Request) -> bool:
        """Tell whether a trusted proxy names the reader."""
        if not self.proxy_header or not request.headers.get(self.proxy_header, "").strip():
            return False
        return self._is_trusted(request.remote or "")

    def _has_token(self, request: web.Request) -> bool:
        scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        return bool(given) and scheme.lower() == "bearer" and self.is_token(given.strip(), request)

    def _has_session(self, request: web.Request) -> bool:
        until, _, signature = request.cookies.get(COOKIE, "").partition(".")
        if not self.token or not until.isdecimal() or int(until) < time():
            return False
        return hmac.compare_digest(signature.encode("utf-8", "replace"), self._sign("session", until).encode())


def is_local(host: str) -> bool:
    """Tell whether a host is this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_open_path(path: str) -> bool:
    """Tell whether a path is answered to anybody: it tells nothing of what is read here."""
    return path.startswith(OPEN_PATHS)


GUARD: web.AppKey[Guard] = web.AppKey("guard", Guard)
