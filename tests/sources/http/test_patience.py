"""How long the client waits, and for whom: one deadline for all hops, and hosts that ask to be left alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from aiohttp import web

from digestbot.domain.errors import FetchTimeout, ServerError
from digestbot.sources.http import PoliteClient
from digestbot.sources.http.host_gate import SWEEP, HostGate

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(handler: Handler, **limits: float) -> AsyncIterator[tuple[PoliteClient, str, list[str]]]:
    """Open a server on two loopback hosts, a client that may reach both, and the list of paths asked for."""
    asked: list[str] = []

    async def noting(request: web.Request) -> web.StreamResponse:
        asked.append(request.host.partition(":")[0] + request.path)
        return await handler(request)

    application = web.Application()
    application.router.add_get("/{tail:.*}", noting)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "0.0.0.0", 0).start()  # noqa: S104 - all of 127.0.0.0/8
    client = PoliteClient(allow_private_hosts=["127.0.0.0/8"], host_gap=0, **limits)
    try:
        yield client, f":{runner.addresses[0][1]}", asked
    finally:
        await client.close()
        await runner.cleanup()


async def test_the_deadline_holds_for_all_hops_together():
    """A chain of redirects, each just quick enough, is cut when their time adds up."""

    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(0.2)
        return web.Response(status=302, headers={"Location": f"/{int(request.path[1:]) + 1}"})

    async with serving(slow, total_seconds=0.5) as (client, port, asked):
        with pytest.raises(FetchTimeout):
            await client.get(f"http://127.0.0.1{port}/0")
        assert 1 <= len(asked) <= 3


async def test_waiting_for_a_turn_is_not_the_servers_slowness():
    """Requests that queue for one host do not time out for standing in line."""

    async def slow(_: web.Request) -> web.Response:
        await asyncio.sleep(0.15)
        return web.Response(text="here")

    async with serving(slow, total_seconds=0.4) as (client, port, _):
        answers = await asyncio.gather(*(client.get(f"http://127.0.0.1{port}/{n}") for n in range(5)))
        assert [answer.body for answer in answers] == [b"here"] * 5


def in_an_hour() -> str:
    """Return an HTTP date."""
    return format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("said", [lambda: "3600", in_an_hour], ids=["seconds", "date"])
async def test_a_host_that_asks_to_be_left_alone_is(status: int, said: Callable[[], str]):
    """After Retry-After nobody asks that host for anything, whoever it was said to; other hosts are asked."""

    async def tired(request: web.Request) -> web.Response:
        if request.path == "/tired":
            return web.Response(status=status, headers={"Retry-After": said()})
        return web.Response(text="here")

    async with serving(tired) as (client, port, asked):
        assert (await client.get(f"http://127.0.0.1{port}/tired")).status == status
        with pytest.raises(ServerError) as caught:
            await client.get(f"http://127.0.0.1{port}/other")
        assert 3500 < caught.value.retry_after <= 3600
        assert (await client.get(f"http://127.0.0.2{port}/other")).body == b"here"
        assert asked == ["127.0.0.1/tired", "127.0.0.2/other"]


@pytest.mark.parametrize("value", ["0", "-5", "soon", "", "Mon, 02 Mar 2020 09:00:00 GMT"])
async def test_no_time_shuts_no_host(value: str):
    """Retry-After of no time, nonsense or the past leaves the host open."""

    async def tired(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": value})

    async with serving(tired) as (client, port, asked):
        for _ in range(2):
            assert (await client.get(f"http://127.0.0.1{port}/")).status == 429
        assert len(asked) == 2


async def test_a_shut_host_is_remembered_until_it_opens():
    """The gate forgets idle hosts, never one that is still shut."""
    gate = HostGate(gap=0)
    gate.shut("tired.example", 3600)
    for number in range(2 * SWEEP):
        async with gate.turn(f"{number}.example"):
            pass
    assert 3500 < gate.shut_for("tired.example") <= 3600
    assert gate.shut_for("other.example") == 0
    assert len(gate) <= SWEEP + 1
