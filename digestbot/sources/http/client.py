"""The one client: polite to hosts, safe against their answers; knows no feed and no article.

Every hop of a redirect is checked anew; bodies are read under caps and a deadline; each host sees one request at a
time. Errors are SourceErrors that name the address without any password in it.
"""

import asyncio
import socket
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from digestbot.domain.addresses import shown
from digestbot.domain.errors import BlockedAddress, FetchTimeout, ServerError, SourceError, TooLarge
from digestbot.sources.http.addresses import AllowedHosts, was_refused
from digestbot.sources.http.body import Decoder, decoder
from digestbot.sources.http.connections import Connections, Place
from digestbot.sources.http.host_gate import HostGate, SharedTurns
from digestbot.sources.http.wire import exchange, received, request
from digestbot.sources.polling import retry_after

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
MAX_REDIRECTS = 5
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
MAX_BYTES = 10 * 1024 * 1024
PRODUCT = "digestbot"
OVERLOADED = frozenset({429, 503})
BROKEN = (aiohttp.ClientError, HttpProcessingError, OSError, ValueError)
"""What opening a connection, TLS and the parser of answers may raise."""
LONGEST_SHUT = 86_400.0
"""Seconds: whatever one answer says, its host is not left out for longer than a day."""


@dataclass(frozen=True, slots=True)
class Validators:
    """What a server gave to ask "has it changed?", kept verbatim; valid for ``url`` only (RFC 9110, 13.1)."""

    url: str
    etag: str | None = None
    last_modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Return the request headers that ask for the body only if it changed."""
        asked = {"If-None-Match": self.etag, "If-Modified-Since": self.last_modified}
        return {name: value for name, value in asked.items() if value}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request gave in the end.

    ``url`` is the address that answered; ``moved_to`` where permanent redirects alone lead, or None. ``headers``
    have lower-case names. ``body_hash`` is the SHA-256 of ``body`` in hex.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    body_hash: str = ""
    bytes_read: int = 0
    moved_to: str | None = None
    hops: tuple[str, ...] = field(default=())


@dataclass(slots=True)
class _Walk:
    """A request on its way over redirects: its time left (waiting for turns not counted), and where it has been."""

    left: float
    cap: int
    hops: list[str] = field(default_factory=list)
    moved_to: str | None = None


def user_agent(version: str, contact: str, subscribers: int = 1) -> str:
    """Return the User-Agent: product, version, contact and how many read along, as feed servers count readers."""
    readers = f"{subscribers} subscriber{'' if subscribers == 1 else 's'}"
    return f"{PRODUCT}/{version} (+{contact}; {readers})"


class PoliteClient:
    """Fetches over http(s); one instance serves everything that fetches, so that hosts see one visitor."""

    def __init__(
        self,
        *,
        version: str = "0",
        contact: str = "https://github.com/digestbot",
        allow_private_hosts: Iterable[str] = (),
        host_gap: float = 1.0,
        max_bytes: int = MAX_BYTES,
        connect_seconds: float = CONNECT_SECONDS,
        total_seconds: float = TOTAL_SECONDS,
        connections: int = 100,
        ssl_context: ssl.SSLContext | None = None,
        shared_turns: SharedTurns | None = None,
    ) -> None:
        """Take the limits; no connection is made and no loop is needed yet.

        ``shared_turns`` keep the gap of a host across the processes that share them.
        """
        self.version, self.contact = version, contact
        self.gate = HostGate(host_gap, shared_turns)
        self._max_bytes, self._total_seconds = max_bytes, total_seconds
        self._slots = asyncio.Semaphore(connections)
        allowed = AllowedHosts(allow_private_hosts)
        self._connections = Connections(allowed, connect_seconds=connect_seconds, tls=ssl_context)

    async def close(self) -> None:
        """Close every connection; closing twice is the same as closing once."""
        await self._connections.close()

    async def get(
        self,
        url: str,
        *,
        accept: str = "*/*",
        validators: Validators | None = None,
        subscribers: int = 1,
        max_bytes: int | None = None,
    ) -> Answer:
        """Fetch an address, following at most five redirects.

        Statuses other than redirects are returned as they are: what they mean is the caller's matter.

        Raises:
            BlockedAddress: A hop is not http(s) or leads into a private network.
            FetchTimeout: It did not connect or answer in time, all hops together.
            TooLarge: The body passes ``max_bytes``.
            ServerError: It could not be reached, its answer is broken, or its host has asked to be left alone for now.
            SourceError: Redirects run in a circle, lead nowhere or are too many.

        """
        headers = {
            "User-Agent": user_agent(self.version, self.contact, subscribers),
            "Accept": accept,
            "Accept-Encoding": "gzip, deflate, br",
        }
        try:
            return await self._follow(url, headers, validators, max_bytes or self._max_bytes)
        except TimeoutError as error:
            raise FetchTimeout(shown(url)) from error
        except BROKEN as error:
            raise _translated(shown(url), error) from error

    async def post(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Send a form to an address, as hubs take it; redirects are not followed, the answer's body is not kept.

        Raises:
            SourceError: As for :meth:`get`.

        """
        headers = {"User-Agent": user_agent(self.version, self.contact), "Accept": "*/*", "Accept-Encoding": "identity"}
        target = _checked(url)
        try:
            return await self._hop(target, url, request("POST", target, headers, fields), _Walk(self._total_seconds, 0))
        except TimeoutError as error:
            raise FetchTimeout(shown(url)) from error
        except BROKEN as error:
            raise _translated(shown(url), error) from error

    async def _follow(self, url: str, headers: dict[str, str], validators: Validators | None, cap: int) -> Answer:
        """Walk the hops by hand, checking each."""
        walk = _Walk(self._total_seconds, cap)
        permanent = True
        here = url
        while True:
            target = _checked(here)
            if here in walk.hops:
                raise SourceError(shown(url), "redirects in a circle")
            walk.hops.append(here)
            asked = headers | validators.headers() if validators and validators.url == here else headers
            answer = await self._hop(target, here, request("GET", target, asked), walk)
            if answer.status not in REDIRECTS:
                return answer
            if len(walk.hops) > MAX_REDIRECTS:
                raise SourceError(shown(url), f"redirects more than {MAX_REDIRECTS} times")
            here = _next_hop(shown(url), target, answer.headers)
            permanent = permanent and answer.status in PERMANENT
            if permanent:
                walk.moved_to = here

    async def _hop(self, target: URL, url: str, sent: bytes, walk: _Walk) -> Answer:
        """Make one request, in the host's turn, under the deadline."""
        host = f"{target.host}".lower()
        place = Place(target.scheme == "https", f"{target.raw_host}".lower(), target.port or 0)
        async with self.gate.turn(host), self._slots:
            if (wait := self.gate.shut_for(host)) > 0:
                raise ServerError(shown(url), "is on a host that asked to be left alone for now", retry_after=wait)
            began = monotonic()
            try:
                async with asyncio.timeout(max(0.0, walk.left)):
                    answer = await self._ask(place, url, sent, walk)
            finally:
                walk.left -= monotonic() - began
            if answer.status in OVERLOADED:
                asked = retry_after(answer.headers, datetime.now(UTC)) or 0.0
                self.gate.shut(host, min(LONGEST_SHUT, asked))
            return answer

    async def _ask(self, place: Place, url: str, sent: bytes, walk: _Walk) -> Answer:
        """Send a request and read its answer; the connection is kept when it can serve again, and closed otherwise."""
        connection = self._connections.kept(place)
        if connection is not None:
            try:
                head, content = await exchange(connection, sent)
            except (aiohttp.ClientConnectionError, ConnectionError):
                # It was closed while nobody used it, before our request was read. A form is not sent twice.
                if not sent.startswith(b"GET "):
                    raise
                connection = None
        if connection is None:
            connection = await self._connections.open(place)
            head, content = await exchange(connection, sent)
        try:
            headers, body, read, digest = received(head.headers), b"", 0, ""
            # What a redirect or a hub says beside its status is of no interest.
            if walk.cap and head.code not in REDIRECTS and head.code != 304:  # noqa: PLR2004 - Not Modified
                unpack = decoder(headers.get("content-encoding", ""), shown(url))
                body, read, digest = await _read(content, headers, unpack, shown(url), walk.cap)
        finally:
            # A body that was not read to its end leaves a connection that serves no more.
            self._connections.keep(place, connection)
        return Answer(url, head.code, headers, body, digest, read, walk.moved_to, tuple(walk.hops))


def _checked(url: str) -> URL:
    """Return the parsed address, or refuse it."""
    try:
        target = URL(url)
        host, port = target.host, target.port
    except ValueError as error:
        raise BlockedAddress(shown(url), "is not a usable address") from error
    if target.scheme not in {"http", "https"} or not host or port is None:
        raise BlockedAddress(shown(url), "is not an http(s) address")
    return target


async def _read(
    content: aiohttp.StreamReader, headers: Mapping[str, str], unpack: Decoder, url: str, cap: int
) -> tuple[bytes, int, str]:
    """Read and unpack a body; return it, the bytes that came over the wire, and its SHA-256 in hex."""
    declared = headers.get("content-length", "")
    if declared.isdecimal() and int(declared[:19]) > cap:
        raise TooLarge(url)
    digest = sha256()
    pieces: list[bytes] = []
    read = size = 0
    async for chunk in content.iter_any():
        read += len(chunk)
        for piece in unpack.feed(chunk):
            size += len(piece)
            if size > cap:
                raise TooLarge(url)
            digest.update(piece)
            pieces.append(piece)
            if len(pieces) % 4 == 0:
                await asyncio.sleep(0)
    return b"".join(pieces), read, digest.hexdigest()


def _next_hop(asked: str, target: URL, headers: Mapping[str, str]) -> str:
    """Return where a redirect leads; credentials of the first address are not carried on."""
    location = headers.get("location", "").strip()
    if not location:
        raise SourceError(asked, "redirects without saying where to")
    try:
        return str(target.join(URL(location)).with_fragment(None))
    except ValueError as error:
        raise BlockedAddress(asked, "redirects to an unusable address") from error


def _translated(url: str, error: Exception) -> SourceError:
    """Turn what sockets, TLS and the parser raise into our own error."""
    if was_refused(error):
        return BlockedAddress(url)
    if isinstance(error, socket.gaierror):
        return ServerError(url, "cannot be found: its host name is not known")
    if isinstance(error, ssl.SSLError):
        return ServerError(url, "cannot be trusted: its certificate is not valid")
    if isinstance(error, aiohttp.ClientPayloadError | HttpProcessingError):
        return ServerError(url, "sent an answer that cannot be read")
    if isinstance(error, ValueError):
        return BlockedAddress(url, "is not a usable address")
    return ServerError(url, "cannot be reached")


@contextmanager
def nobody_retries() -> Iterator[None]:
    """Change the advice of an error that may pass: what was asked once, on demand, is not asked again by itself."""
    try:
        yield
    except SourceError as error:
        if error.transient:
            error.hint = "try again in a while"
        raise
