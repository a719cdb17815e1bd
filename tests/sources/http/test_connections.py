"""Connections and what is said over them, against servers that write their answers by hand, byte by byte."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from digestbot.domain.errors import BlockedAddress, FetchTimeout, ServerError, SourceError
from digestbot.sources.http import PoliteClient, Validators
from digestbot.sources.http import connections as keeping
from digestbot.sources.http.wire import request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Raw:
    """A server that says the given bytes to every request, and notes each request and each connection."""

    answer: bytes = OK
    close_after: bool = False
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    open: int = 0
    port: int = 0
    talks: set["asyncio.Task[None]"] = field(default_factory=set)

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.connections += 1
        self.open += 1
        self.talks.add(asyncio.current_task())
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        head += await reader.readexactly(int(line.split(b":")[1]))
                self.requests.append(head)
                writer.write(self.answer)
                await writer.drain()
                if self.close_after:
                    break
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            await closed(writer)

    async def gone(self) -> None:
        """Return once every connection has ended."""
        if self.talks:
            await asyncio.wait(self.talks, timeout=5)


async def closed(writer: asyncio.StreamWriter) -> None:
    """Close a connection's end, whatever the other end has done."""
    writer.close()
    with suppress(ConnectionError, ssl.SSLError):
        await writer.wait_closed()


@asynccontextmanager
async def raw(
    server: Raw, tls: ssl.SSLContext | None = None, **limits: object
) -> AsyncIterator[tuple[PoliteClient, str]]:
    """Open the server on every loopback address, and a client that may reach it."""
    listening = await asyncio.start_server(server.talk, "0.0.0.0", 0, ssl=tls)  # noqa: S104 - all of 127.0.0.0/8
    server.port = listening.sockets[0].getsockname()[1]
    client = PoliteClient(allow_private_hosts=["127.0.0.0/8", "localhost"], host_gap=0, **limits)
    try:
        yield client, f"http{'s' if tls else ''}://127.0.0.1:{server.port}/feed"
    finally:
        await client.close()
        listening.close()
        await listening.wait_closed()
        await server.gone()


async def test_validators_go_back_with_the_bytes_they_came_with():
    """An ETag in no known encoding is sent back byte for byte."""
    server = Raw(b'HTTP/1.1 200 OK\r\nETag: "\xe9t\xe9"\r\nContent-Length: 2\r\n\r\nok')
    async with raw(server) as (client, url):
        etag = (await client.get(url)).headers["etag"]
        await client.get(url, validators=Validators(url, etag))
    assert b'If-None-Match: "\xe9t\xe9"\r\n' in server.requests[1]


async def test_a_connection_serves_again():
    """Requests to one host share a connection while it is kept, and the next answer is the next answer's."""
    server = Raw()
    async with raw(server) as (client, url):
        for _ in range(5):
            assert (await client.get(url)).body == b"ok"
        assert (server.connections, server.open) == (1, 1)
        server.answer = b"HTTP/1.1 304 Not Modified\r\n\r\n"
        assert (await client.get(url)).status == 304
        server.answer = OK
        assert (await client.get(url)).body == b"ok"
        assert server.connections == 1


async def test_few_connections_are_kept(monkeypatch: pytest.MonkeyPatch):
    """A round over many hosts leaves no more connections open than may be kept, and old ones close by themselves."""
    monkeypatch.setattr(keeping, "MOST_KEPT", 5)
    monkeypatch.setattr(keeping, "KEPT_SECONDS", 0.2)
    server = Raw()
    async with raw(server) as (client, _):
        for number in range(1, 21):
            await client.get(f"http://127.0.0.{number}:{server.port}/")
        await asyncio.sleep(0.05)
        assert server.open <= 5
        await asyncio.sleep(0.6)
        assert server.open == 0


async def test_a_connection_closed_meanwhile_is_opened_anew():
    """A kept connection that its server has closed costs no error."""
    server = Raw(close_after=True)
    async with raw(server) as (client, url):
        for _ in range(3):
            assert (await client.get(url)).body == b"ok"
        assert server.connections == 3


async def test_a_form_is_not_sent_twice():
    """A request that changes something is not repeated when its connection breaks; one that only asks is."""
    server = Raw()
    async with raw(server) as (client, url):
        await client.get(url)
        server.answer, server.close_after = b"", True
        with pytest.raises(ServerError):
            await client.post(url, {"hub.mode": "subscribe", "hub.topic": "https://a.example/?ä"})
        assert len(server.requests) == 2
        assert server.requests[1].endswith(b"hub.mode=subscribe&hub.topic=https%3A%2F%2Fa.example%2F%3F%C3%A4")
        assert b"Content-Type: application/x-www-form-urlencoded\r\n" in server.requests[1]


async def test_what_comes_before_an_answer_is_passed_over():
    """Early hints are not the answer."""
    server = Raw(b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + OK)
    async with raw(server) as (client, url):
        answer = await client.get(url)
        assert (answer.status, answer.body, "link" in answer.headers) == (200, b"ok", False)


async def test_a_body_may_end_with_its_connection():
    """HTTP/1.0 without a length: the body goes on to the end."""
    server = Raw(b"HTTP/1.0 200 OK\r\nContent-Type: text/xml\r\n\r\n<rss/>", close_after=True)
    async with raw(server) as (client, url):
        assert (await client.get(url)).body == b"<rss/>"


async def test_chunks_are_put_together():
    """A chunked body comes out whole, and its connection serves again."""
    server = Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
    async with raw(server) as (client, url):
        assert [(await client.get(url)).body for _ in range(2)] == [b"abc", b"abc"]
        assert server.connections == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Length: no\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX: " + b"y" * 100_000 + b"\r\n\r\nok",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"",
    ],
    ids=["no HTTP", "cut off", "no length", "no chunk", "a long header", "another protocol", "nothing"],
)
async def test_broken_answers_are_told(answer: bytes):
    """Whatever a server writes, the client tells it as the server's error, and its connection is closed."""
    server = Raw(answer, close_after=True)
    async with raw(server, total_seconds=5.0) as (client, url):
        with pytest.raises(ServerError) as caught:
            await client.get(url)
        assert url in str(caught.value)
        server.answer, server.close_after = OK, False
        assert (await client.get(url)).body == b"ok"


async def test_user_and_password_are_sent_where_they_belong():
    """An address with a password is asked with it; where its host redirects to is not."""
    server = Raw()
    async with raw(server) as (client, url):
        await client.get(url.replace("127.0.0.1", "m%C3%A9:p%3Aw@127.0.0.1"))
        assert b"Authorization: Basic bcOpOnA6dw==\r\n" in server.requests[0]
        server.answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.2:%d/\r\n\r\n" % server.port
        with pytest.raises(SourceError):
            await client.get(url.replace("127.0.0.1", "me:pw@127.0.0.1"))
        assert b"Authorization" not in server.requests[2]


@given(st.text(max_size=20), st.sampled_from("\r\n\0"), st.text(max_size=20))
def test_no_value_ends_its_line(before: str, end: str, after: str):
    """A header value with the end of a line in it is refused, so that no server can write our requests."""
    with pytest.raises(ValueError, match="end of a line"):
        request("GET", URL("http://a.example/"), {"If-None-Match": f"{before}{end}{after}"})


@given(st.text(max_size=60))
def test_no_address_ends_its_line(path: str):
    """Whatever stands in an address, the request has the lines it should have."""
    target = URL("http://a.example/").join(URL.build(path="/", query={"q": path}))
    assert request("GET", target, {"A": "b"}).count(b"\r\n") == 4


async def test_tls_is_checked():
    """A certificate that nobody trusts, or another name's, is an error of the server; a trusted one is not."""
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(serving)
    authority.configure_trust(trusting)
    server = Raw()
    async with raw(server, serving, ssl_context=trusting) as (client, url):
        assert (await client.get(url.replace("127.0.0.1", "localhost"))).body == b"ok"
        with pytest.raises(ServerError, match="certificate"):
            await client.get(url)
    async with raw(server, serving) as (client, url):
        with pytest.raises(ServerError, match="certificate"):
            await client.get(url.replace("127.0.0.1", "localhost"))


async def test_the_next_address_is_tried(monkeypatch: pytest.MonkeyPatch):
    """A name of several addresses answers from the one that does; private ones among them are left out."""
    server, loop = Raw(), asyncio.get_running_loop()
    found = [["127.0.0.1", 1], ["127.0.0.2", 0]]

    async def getaddrinfo(_host: str, _port: int, **_: object) -> list[tuple[object, ...]]:
        return [(2, 1, 6, "", (address, port or server.port)) for address, port in found]

    monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
    async with raw(server) as (client, _):
        assert (await client.get(f"http://localhost:{server.port}/")).body == b"ok"
        with pytest.raises(BlockedAddress):
            await client.get(f"http://other.example:{server.port}/")
        assert server.connections == 1


async def test_a_handshake_that_never_ends_is_cut():
    """A host that takes a connection and says nothing is left after the connect deadline."""

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        await closed(writer)

    listening = await asyncio.start_server(silent, "127.0.0.1", 0)
    client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0, connect_seconds=0.3)
    began = monotonic()
    with pytest.raises(FetchTimeout):
        await client.get(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/")
    assert monotonic() - began < 10
    await client.close()
    listening.close()
    await listening.wait_closed()
    await asyncio.sleep(0.1)
