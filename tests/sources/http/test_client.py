"""The client against servers that mean harm: caps, deadlines, redirects, private targets, compression."""

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import brotli
import pytest
from aiohttp import web

from digestbot.domain.errors import BlockedAddress, FetchTimeout, ServerError, SourceError, TooLarge
from digestbot.sources.http import PoliteClient, shown
from digestbot.sources.http.host_gate import SWEEP, HostGate

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, **limits: float) -> AsyncIterator[tuple[PoliteClient, str]]:
    """Open a server on loopback and a client that may reach it under its number, not under its name."""
    application = web.Application()
    application.router.add_get("/{tail:.*}", handler)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0, **limits)
    try:
        yield client, f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await client.close()
        await runner.cleanup()


def answering(body: bytes = b"", status: int = 200, **headers: str) -> Handler:
    """Return a handler that always answers the same."""

    async def handler(_: web.Request) -> web.Response:
        return web.Response(body=body, status=status, headers={k.replace("_", "-"): v for k, v in headers.items()})

    return handler


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


TEXT = "“Wörter”".encode() * 1000


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("gzip", gzip.compress(TEXT[:5], mtime=0) + gzip.compress(TEXT[5:], mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", _raw_deflate(TEXT)),
        ("br", brotli.compress(TEXT)),
        ("identity", TEXT),
    ],
    ids=["gzip", "gzip in two members", "deflate", "raw deflate", "br", "identity"],
)
async def test_bodies_are_unpacked(encoding: str, body: bytes):
    """Bodies in gzip (several members), deflate (both kinds) and br come out whole; bytes on the wire are counted."""
    async with serving(answering(body, Content_Encoding=encoding)) as (client, url):
        answer = await client.get(url)
        assert (answer.body, answer.bytes_read) == (TEXT, len(body))


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, brotli.compress])
async def test_a_bomb_stops_at_the_cap(pack: Callable[[bytes], bytes]):
    """A small body that unpacks to 20 MB is given up after 10 MB."""
    encoding = {"gzip": "gzip", "zlib": "deflate"}.get(pack.__module__, "br")
    bomb = pack(bytes(20 * 1024 * 1024))
    async with serving(answering(bomb, Content_Encoding=encoding)) as (client, url):
        with pytest.raises(TooLarge):
            await client.get(url)


@pytest.mark.parametrize(("encoding", "body"), [("gzip", b"no gzip"), ("br", b"\xff\xff\xff"), ("zstd", b"x")])
async def test_broken_compression_is_told(encoding: str, body: bytes):
    """What cannot be unpacked is the server's error."""
    async with serving(answering(body, Content_Encoding=encoding)) as (client, url):
        with pytest.raises(ServerError):
            await client.get(url)


async def test_a_large_body_stops_at_the_cap():
    """A body is refused by its announced size, or once it passes the cap."""

    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(bytes(64 * 1024))
        return response

    for handler in (answering(bytes(2_000_000)), endless):
        async with serving(handler) as (client, url):
            with pytest.raises(TooLarge):
                await client.get(url, max_bytes=1_000_000)


async def test_slow_drips_are_cut():
    """A server that sends a byte now and then is cut at the total deadline."""

    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b"x")
            await asyncio.sleep(0.05)
        return response

    async with serving(drip, total_seconds=0.3) as (client, url):
        with pytest.raises(FetchTimeout):
            await client.get(url)


@pytest.mark.parametrize(
    "target",
    [
        "http://localhost:{port}/", "http://0x7f000001:{port}/", "http://2130706433:{port}/", "http://127.1:{port}/",
        "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://169.254.169.254/latest/meta-data",
        "http://10.0.0.1/", "file:///etc/passwd", "ftp://a.example/", "gopher://a.example/", "javascript:alert(1)",
        "http://", "http://:80/", "//[", "",
    ],
)  # fmt: skip
async def test_private_and_unusable_addresses_are_refused(target: str):
    """Neither asked for directly nor as the target of a redirect is a private address connected to."""
    reached: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        reached.append(request.path)
        where = target.format(port=request.url.port)
        return web.Response(status=302, headers={"Location": where or "http:///"})

    async with serving(handler) as (client, url):
        port = url.rpartition(":")[2]
        with pytest.raises(BlockedAddress):
            await client.get(target.format(port=port))
        assert reached == []
        with pytest.raises(SourceError):
            await client.get(f"{url}/start")
        assert reached in (["/start"], ["/start", "/"])


async def test_redirects():
    """Relative and absolute targets are followed; permanent ones are told as far as they go without a break."""

    async def handler(request: web.Request) -> web.Response:
        where = {"/a": (301, "/b"), "/b": (308, "c?x=1"), "/c": (302, "/d"), "/d": (301, "/end")}.get(request.path)
        return web.Response(status=where[0], headers={"Location": where[1]}) if where else web.Response(text="end")

    async with serving(handler) as (client, url):
        answer = await client.get(f"{url}/a")
        assert (answer.url, answer.moved_to) == (f"{url}/end", f"{url}/c?x=1")
        assert (await client.get(f"{url}/c")).moved_to is None


@pytest.mark.parametrize("location", ["/same", "", None, "/{n}"])
async def test_redirects_that_lead_nowhere(location: str | None):
    """Circles, too many hops and redirects without a target end in an error."""
    count = iter(range(100))

    async def handler(_: web.Request) -> web.Response:
        where = location.format(n=next(count)) if location else location
        return web.Response(status=301, headers={"Location": where} if where is not None else {})

    async with serving(handler) as (client, url):
        with pytest.raises(SourceError):
            await client.get(f"{url}/same")
        assert next(count) <= 7


async def test_credentials_are_never_shown():
    """User name and password of an address stand in no error."""
    client = PoliteClient()
    with pytest.raises(SourceError) as caught:
        await client.get("http://user:secret@127.0.0.1:1/feed")
    assert "secret" not in str(caught.value)
    assert shown("https://u:p@a.example/x@y") == "https://a.example/x@y"
    await client.close()


async def test_an_unreachable_host_is_told():
    """A closed port is a ServerError, which may pass."""
    async with serving(answering()) as (client, _):
        with pytest.raises(ServerError) as caught:
            await client.get("http://127.0.0.1:1/")
        assert caught.value.transient


async def test_the_gate_forgets_idle_hosts():
    """Memory is flat in the number of hosts ever asked."""
    gate = HostGate(gap=0)
    for number in range(5 * SWEEP):
        async with gate.turn(f"{number}.example"):
            pass
    assert len(gate) <= SWEEP


async def test_busy_hosts_are_not_looked_through_at_every_turn():
    """Thousands of hosts within their gap cannot be forgotten; each turn costs the same all the same."""
    gate, swept = HostGate(gap=60.0), []
    sweep = gate._sweep
    gate._sweep = lambda: swept.append(sweep())
    for number in range(8 * SWEEP):
        async with gate.turn(f"h{number}.example"):
            pass
    assert len(gate) == 8 * SWEEP
    assert len(swept) <= 4


async def test_the_gate_lets_one_through_at_a_time():
    """Requests to one host never overlap; those to others do not wait."""
    gate, inside, most = HostGate(gap=0.01), 0, 0

    async def ask(host: str) -> None:
        nonlocal inside, most
        async with gate.turn(host):
            inside += host == "a"
            most = max(most, inside)
            await asyncio.sleep(0.005)
            inside -= host == "a"

    await asyncio.gather(*(ask(host) for host in "abacada"))
    assert most == 1
