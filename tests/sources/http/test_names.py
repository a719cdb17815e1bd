"""The guard against names: what a host name resolves to counts, at the moment the connection is made."""

import asyncio
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web

from digestbot.domain.errors import BlockedAddress
from digestbot.sources.http import PoliteClient

LITERALS = {
    "loopback": "http://127.0.0.1:{port}/",
    "private": "http://10.0.0.1:{port}/",
    "link-local": "http://169.254.169.254:{port}/latest/meta-data/",
    "shared": "http://100.64.0.1:{port}/",
    "any": "http://0.0.0.0:{port}/",
    "decimal": "http://2130706433:{port}/",
    "octal": "http://0177.0.0.1:{port}/",
    "short": "http://127.1:{port}/",
    "full stop": "http://127.0.0.1.:{port}/",
    "v6": "http://[::1]:{port}/",
    "unique local": "http://[fd00::1]:{port}/",
    "link-local v6": "http://[fe80::1]:{port}/",
    "mapped": "http://[::ffff:127.0.0.1]:{port}/",
    "mapped hex": "http://[::ffff:7f00:1]:{port}/",
    "compatible": "http://[::7f00:1]:{port}/",
    "nat64": "http://[64:ff9b::7f00:1]:{port}/",
    "6to4": "http://[2002:7f00:1::]:{port}/",
    "teredo": "http://[2001:0:7f00:1::80ff:fffe]:{port}/",
}


@dataclass
class Names:
    """A name server whose answers the test writes, and a web server that notes who got through."""

    answers: dict[str, list[list[str]]] = field(default_factory=dict)
    reached: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    location: str = ""
    port: int = 0

    def resolves(self, host: str, *answers: list[str]) -> str:
        """Let a name resolve to these lists of addresses in turn, the last one again and again."""
        self.answers[host] = list(answers)
        return f"http://{host}:{self.port}/"

    async def getaddrinfo(self, host, port, *, family=0, type=0, proto=0, flags=0):  # noqa: A002 - the loop's own name
        """Stand in for the event loop's name look-up."""
        self.asked.append(host)
        if host not in self.answers:
            # Numbers in odd spellings are numbers to the C library.
            return socket.getaddrinfo(host, port, family, type, proto, flags | socket.AI_NUMERICHOST)
        queue = self.answers[host]
        found = queue.pop(0) if len(queue) > 1 else queue[0]
        return [
            (socket.AF_INET6, type, proto, "", (one, port, 0, 0))
            if ":" in one
            else (socket.AF_INET, type, proto, "", (one, port))
            for one in found
        ]

    async def handle(self, request: web.Request) -> web.Response:
        """Answer, or send elsewhere."""
        self.reached.append(request.host)
        if self.location:
            return web.Response(status=302, headers={"Location": self.location})
        return web.Response(text="inside")


@pytest.fixture
async def names(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Names]:
    """Open both servers."""
    one = Names()
    application = web.Application()
    application.router.add_get("/{tail:.*}", one.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.port = runner.addresses[0][1]
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", one.getaddrinfo)
    yield one
    await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[PoliteClient]:
    """Open a client that may reach one private host by its name."""
    one = PoliteClient(allow_private_hosts=["intranet.example"], host_gap=0, connect_seconds=1.0)
    yield one
    await one.close()


@pytest.mark.parametrize("url", LITERALS.values(), ids=LITERALS.keys())
async def test_literal_addresses_are_refused(names: Names, client: PoliteClient, url: str):
    """Every spelling of a private address is refused, asked for directly or as a redirect's target."""
    with pytest.raises(BlockedAddress):
        await client.get(url.format(port=names.port))
    names.resolves("intranet.example", ["127.0.0.1"])
    names.location = url.format(port=names.port)
    with pytest.raises(BlockedAddress):
        await client.get(f"http://intranet.example:{names.port}/")
    assert names.reached == [f"intranet.example:{names.port}"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fd00::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "2001:0:7f00:1::80ff:fffe",
    ],
)  # fmt: skip
async def test_names_that_lead_inside_are_refused(names: Names, client: PoliteClient, address: str):
    """A public name that resolves to a private address reaches nothing, and the error names the address asked for."""
    url = names.resolves("news.example", [address])
    with pytest.raises(BlockedAddress) as caught:
        await client.get(url)
    assert caught.value.url == url
    assert names.asked == ["news.example"]
    assert names.reached == []


async def test_several_private_answers_are_all_refused(names: Names, client: PoliteClient):
    """A name with many addresses has none of them tried that is private, whichever family comes first."""
    url = names.resolves("many.example", ["10.0.0.1", "::1", "127.0.0.1"], ["::1", "127.0.0.1"])
    for _ in range(2):
        with pytest.raises(BlockedAddress):
            await client.get(url)
    assert names.reached == []


async def test_a_name_that_changes_its_answer_gains_nothing(names: Names, client: PoliteClient):
    """Rebinding fails: it is the address connected to that is checked, not an earlier answer."""
    url = names.resolves("rebind.example", ["0.0.0.0"], ["127.0.0.1"])  # noqa: S104 - an address to refuse
    for _ in range(3):
        with pytest.raises(BlockedAddress):
            await client.get(url)
    assert names.reached == []


async def test_a_named_host_may_be_private(names: Names, client: PoliteClient):
    """The operator's own host answers; a redirect from it to another private name does not."""
    names.resolves("other.example", ["127.0.0.1"])
    url = names.resolves("intranet.example", ["127.0.0.1"])
    assert (await client.get(url)).body == b"inside"
    names.location = f"http://other.example:{names.port}/"
    with pytest.raises(BlockedAddress):
        await client.get(url)
    assert len(names.reached) == 2


async def test_redirects_to_other_schemes_are_refused(names: Names, client: PoliteClient):
    """A redirect to what is no web address is refused, even from a host that is allowed."""
    names.resolves("intranet.example", ["127.0.0.1"])
    for location in ("file:///etc/passwd", "gopher://127.0.0.1/", "javascript:alert(1)", "data:,x"):
        names.location = location
        with pytest.raises(BlockedAddress):
            await client.get(f"http://intranet.example:{names.port}/")
