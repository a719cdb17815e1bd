"""Connections to hosts: opened under the guard, kept for the next request to the same place; knows no request.

aiohttp's client session serves many needs that polling has not (cookies, proxies, traces, redirects of its own), and
takes four times as long over a request on a new connection as its protocol and parser do by themselves. Polls are
requests on new connections, so those two are used here directly.
"""

import asyncio
import socket
import ssl
from collections import OrderedDict
from collections.abc import Sequence
from time import monotonic
from typing import Any, NamedTuple, cast

import aiohappyeyeballs
from aiohttp.client_proto import ResponseHandler

from digestbot.sources.http.addresses import AllowedHosts, address_of, guarded_socket, is_public, refusal

KEPT_SECONDS = 15.0
"""How long a connection that nobody uses is kept."""
MOST_KEPT = 100
"""Connections kept at once, so that a round over thousands of hosts does not hold a socket for each."""
NAMES_KEPT = 60.0
"""Seconds for which the addresses of a name are remembered."""
MOST_NAMES = 4096
HEAD_START = 0.25
"""Seconds one address is given before the next one is tried beside it (RFC 8305, 5)."""

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]


class Place(NamedTuple):
    """Where a connection leads: over TLS or not, and to which host (ASCII, without brackets) and port."""

    secure: bool
    host: str
    port: int


class Connections:
    """Opens connections and keeps those that can serve again."""

    def __init__(self, allowed: AllowedHosts, *, connect_seconds: float, tls: ssl.SSLContext | None = None) -> None:
        """Take the private hosts that may be reached, and how long name, connection and handshake may take together."""
        self._allowed, self._connect_seconds, self._tls = allowed, connect_seconds, tls
        self._kept: OrderedDict[Place, tuple[float, ResponseHandler]] = OrderedDict()
        self._names: OrderedDict[tuple[str, int], tuple[float, Sequence[AddressInfo]]] = OrderedDict()
        self._sweeper: asyncio.TimerHandle | None = None

    async def close(self) -> None:
        """Close every connection that is kept; closing twice is the same as closing once."""
        kept, self._kept = self._kept, OrderedDict()
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        ended = [closed for _, connection in kept.values() if (closed := connection.closed) is not None]
        for _, connection in kept.values():
            connection.abort()
        if ended:
            await asyncio.wait(ended, timeout=1.0)

    def kept(self, place: Place) -> ResponseHandler | None:
        """Return a connection that was kept, now the caller's, or None when there is none that still serves."""
        _, connection = self._kept.pop(place, (0.0, None))
        if connection is None:
            return None
        if connection.is_connected() and not connection.should_close:
            return connection
        connection.close()
        return None

    def keep(self, place: Place, connection: ResponseHandler) -> None:
        """Take a connection back after an answer; it is closed when it cannot serve again."""
        if connection.should_close or not connection.is_connected():
            connection.close()
            return
        if (before := self._kept.pop(place, None)) is not None:
            before[1].close()
        self._kept[place] = (monotonic(), connection)
        self._sweep()

    async def open(self, place: Place) -> ResponseHandler:
        """Connect to a place.

        Raises:
            PermissionError: The guard refused every address.
            TimeoutError: It took longer than a connection may.
            OSError: Nobody answers there, its name is not known, or its certificate is not valid.

        """
        tls = await self._tls_context() if place.secure else None
        guarded = not self._allowed.allows(place.host, place.port)
        async with asyncio.timeout(self._connect_seconds):
            if number := _literal(place.host):
                if guarded and not is_public(number):
                    raise refusal(number)
                return await _connect(place, tls, host=number, port=place.port)
            found = await self._addresses(place.host, place.port, guarded=guarded)
            if len(found) == 1 and len(found[0][4]) == 2:  # noqa: PLR2004 - an IPv4 address and its port
                return await _connect(place, tls, host=found[0][4][0], port=place.port)
            sock = await aiohappyeyeballs.start_connection(
                cast("Any", found),
                happy_eyeballs_delay=HEAD_START,
                interleave=1,
                socket_factory=guarded_socket if guarded else None,
            )
            try:
                return await _connect(place, tls, sock=sock)
            except BaseException:
                sock.close()
                raise

    async def _addresses(self, host: str, port: int, *, guarded: bool) -> Sequence[AddressInfo]:
        """Return where a name leads, without what the guard refuses."""
        until, found = self._names.get((host, port), (0.0, ()))
        if until <= monotonic():
            loop = asyncio.get_running_loop()
            asked = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
            found = cast("Sequence[AddressInfo]", asked)
        # What is connected to is what was judged here: a name that changes its answer gains nothing.
        open_to_all = [info for info in found if not guarded or is_public(str(info[4][0]))]
        if not open_to_all:
            raise refusal(str(found[0][4][0]) if found else host)
        if until <= monotonic():
            self._names[host, port] = (monotonic() + NAMES_KEPT, found)
            while len(self._names) > MOST_NAMES:
                self._names.popitem(last=False)
        return open_to_all

    async def _tls_context(self) -> ssl.SSLContext:
        """Return the context that checks certificates; reading the trusted ones takes too long for the loop."""
        if self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        return self._tls

    def _sweep(self) -> None:
        """Close what was kept too long or is too much, and come back for the rest."""
        oldest = monotonic() - KEPT_SECONDS
        while self._kept:
            since, connection = next(iter(self._kept.values()))
            if since > oldest and len(self._kept) <= MOST_KEPT:
                break
            self._kept.popitem(last=False)
            connection.close()
        if self._kept and self._sweeper is None:
            self._sweeper = asyncio.get_running_loop().call_later(KEPT_SECONDS, self._come_back)

    def _come_back(self) -> None:
        self._sweeper = None
        self._sweep()


async def _connect(place: Place, tls: ssl.SSLContext | None, **where: Any) -> ResponseHandler:
    """Return a connection to an address, or over a socket that is connected."""
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(
        lambda: ResponseHandler(loop), ssl=tls, server_hostname=place.host.rstrip(".") if tls else None, **where
    )
    return connection


def _literal(host: str) -> str:
    """Return the IP address that a host is as the standards write it, or nothing; the rest is the resolver's matter."""
    number = host.rstrip(".")
    return number if address_of(number) is not None and "%" not in number else ""
