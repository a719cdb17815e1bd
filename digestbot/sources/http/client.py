"""The one client: polite to hosts, safe against their answers; knows no feed and no article.

Every hop of a redirect is checked anew; bodies are read under caps and a deadline; each host sees one request at a
time. Errors are SourceErrors that name the address without any password in it.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from time import monotonic

import aiohttp
from yarl import URL

from digestbot.domain.addresses import shown
from digestbot.domain.errors import BlockedAddress, FetchTimeout, ServerError, SourceError, TooLarge
from digestbot.sources.http.addresses import AllowedHosts, guarded_socket, is_public, refusal, was_refused
from digestbot.sources.http.body import Decoder, decoder
from digestbot.sources.http.gate import HostGate, SharedTurns
from digestbot.sources.polling import retry_after

REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})
MAX_REDIRECTS = 5
CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 30.0
MAX_BYTES = 10 * 1024 * 1024
PRODUCT = "digestbot"
OVERLOADED = frozenset({429, 503})
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
class _Budget:
    """What is left of a request's time, over all its hops; waiting for a host's turn is not counted."""

    left: float

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Spend time; TimeoutError when nothing is left."""
        began = monotonic()
        try:
            async with asyncio.timeout(max(0.0, self.left)):
                yield
        finally:
            self.left -= monotonic() - began


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
        self._allowed = AllowedHosts(allow_private_hosts)
        self._max_bytes = max_bytes
        self._connect_seconds, self._total_seconds = connect_seconds, total_seconds
        self._slots = asyncio.Semaphore(connections)
        self._ssl = ssl_context
        self._guarded: aiohttp.ClientSession | None = None
        self._unguarded: aiohttp.ClientSession | None = None

    async def close(self) -> None:
        """Close every connection; closing twice is the same as closing once."""
        for session in (self._guarded, self._unguarded):
            if session is not None:
                await session.close()
        self._guarded = self._unguarded = None

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
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(shown(url), error) from error

    async def post(self, url: str, fields: Mapping[str, str]) -> Answer:
        """Send a form to an address, as hubs take it; redirects are not followed, the answer's body is not kept.

        Raises:
            SourceError: As for :meth:`get`.

        """
        headers = {"User-Agent": user_agent(self.version, self.contact), "Accept": "*/*", "Accept-Encoding": "identity"}
        budget = _Budget(self._total_seconds)
        target = self._checked(url)
        host = f"{target.host}".lower()
        try:
            async with self.gate.turn(host), self._slots, budget.running():
                session = self._session(host, target.port)
                async with session.post(
                    target, headers=headers, data=dict(fields), allow_redirects=False, ssl=self._ssl or True
                ) as response:
                    return Answer(url, response.status, _received(response))
        except TimeoutError as error:
            raise FetchTimeout(shown(url)) from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise _translated(shown(url), error) from error

    async def _follow(self, url: str, headers: dict[str, str], validators: Validators | None, cap: int) -> Answer:
        """Walk the hops by hand, checking each."""
        hops: list[str] = []
        moved_to: str | None = None
        permanent = True
        budget = _Budget(self._total_seconds)
        here = url
        while True:
            target = self._checked(here)
            if here in hops:
                raise SourceError(shown(url), "redirects in a circle")
            hops.append(here)
            asked = headers | (validators.headers() if validators and validators.url == here else {})
            answer = await self._hop(target, here, asked, cap, budget)
            if answer.status not in REDIRECTS:
                return Answer(
                    url=here,
                    status=answer.status,
                    headers=answer.headers,
                    body=answer.body,
                    body_hash=answer.body_hash,
                    bytes_read=answer.bytes_read,
                    moved_to=moved_to,
                    hops=tuple(hops),
                )
            if len(hops) > MAX_REDIRECTS:
                raise SourceError(shown(url), f"redirects more than {MAX_REDIRECTS} times")
            here = _next_hop(shown(url), target, answer.headers)
            permanent = permanent and answer.status in PERMANENT
            if permanent:
                moved_to = here

    def _checked(self, url: str) -> URL:
        """Return the parsed address, or refuse it."""
        try:
            target = URL(url)
            host, port = target.host, target.port
        except ValueError as error:
            raise BlockedAddress(shown(url), "is not a usable address") from error
        if target.scheme not in {"http", "https"} or not host or port is None:
            raise BlockedAddress(shown(url), "is not an http(s) address")
        return target

    async def _hop(self, target: URL, url: str, headers: dict[str, str], cap: int, budget: _Budget) -> Answer:
        """Make one request, in the host's turn, under the deadline."""
        host = f"{target.host}".lower()
        async with self.gate.turn(host), self._slots, budget.running():
            if (wait := self.gate.shut_for(host)) > 0:
                raise ServerError(shown(url), "is on a host that asked to be left alone for now", retry_after=wait)
            session = self._session(host, target.port)
            async with session.get(target, headers=headers, allow_redirects=False, ssl=self._ssl or True) as response:
                received = _received(response)
                if response.status in OVERLOADED:
                    asked = retry_after(received, datetime.now(UTC)) or 0.0
                    self.gate.shut(host, min(LONGEST_SHUT, asked))
                if response.status in REDIRECTS or response.status == 304:  # noqa: PLR2004 - Not Modified
                    return Answer(url, response.status, received)
                body, read, digest = await _read(
                    response, decoder(received.get("content-encoding", ""), shown(url)), shown(url), cap
                )
                return Answer(url, response.status, received, body, digest, read)

    def _session(self, host: str, port: int | None) -> aiohttp.ClientSession:
        """Return the session for a host: guarded against private addresses unless the host is named as allowed."""
        if self._allowed.allows(host, port):
            if self._unguarded is None:
                self._unguarded = self._new_session(guard=False)
            return self._unguarded
        if _is_literal(host) and not is_public(host):
            raise refusal(host)
        if self._guarded is None:
            self._guarded = self._new_session(guard=True)
        return self._guarded

    def _new_session(self, *, guard: bool) -> aiohttp.ClientSession:
        """Open a session: no cookies kept, no proxy from the environment, no decompression behind our back."""
        connector = aiohttp.TCPConnector(
            limit=0,
            limit_per_host=1,
            ttl_dns_cache=60,
            keepalive_timeout=15,
            socket_factory=guarded_socket if guard else None,
        )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(
                total=None, sock_connect=self._connect_seconds, sock_read=self._total_seconds
            ),
        )


def _received(response: aiohttp.ClientResponse) -> dict[str, str]:
    """Return the headers of an answer by lower-case name; of those sent twice the last, of links all."""
    received = {name.lower(): value for name, value in response.headers.items()}
    if "link" in received:
        received["link"] = ", ".join(response.headers.getall("Link"))
    return received


async def _read(response: aiohttp.ClientResponse, unpack: Decoder, url: str, cap: int) -> tuple[bytes, int, str]:
    """Read and unpack a body; return it, the bytes that came over the wire, and its SHA-256 in hex."""
    declared = response.content_length
    if declared is not None and declared > cap:
        raise TooLarge(url)
    digest = sha256()
    pieces: list[bytes] = []
    read = size = 0
    async for chunk in response.content.iter_any():
        read += len(chunk)
        for piece in unpack.feed(chunk):
            size += len(piece)
            if size > cap:
                response.close()
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


def _is_literal(host: str) -> bool:
    """Tell whether a host is an IP address rather than a name."""
    return ":" in host or host.replace(".", "").isdigit()


def _translated(url: str, error: Exception) -> SourceError:
    """Turn what aiohttp and the socket raise into our own error."""
    if was_refused(error):
        return BlockedAddress(url)
    if isinstance(error, aiohttp.InvalidURL | ValueError) and not isinstance(error, aiohttp.ClientPayloadError):
        return BlockedAddress(url, "is not a usable address")
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return ServerError(url, "cannot be found: its host name is not known")
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return ServerError(url, "cannot be trusted: its certificate is not valid")
    if isinstance(error, aiohttp.ClientConnectionError | OSError):
        return ServerError(url, "cannot be reached")
    return ServerError(url, "sent an answer that cannot be read")
