"""The stand-in server itself: it must see a rude client for what it is, or its silence proves nothing."""

import asyncio

import aiohttp
import pytest

from tests.rigs.feeds import FeedServer, Reply, feed_server, rss
from tests.sources.polling_rig import Now

POLITE = {"User-Agent": "digestbot/1.2 (+https://ops.example; 3 subscribers)", "Accept-Encoding": "gzip, deflate, br"}
FEED = Reply(rss(("1", "One")), headers={"ETag": '"1"'})


async def ask(server: FeedServer, path: str = "/feed", **headers: str) -> int:
    """Ask once with a connection of its own."""
    sent = POLITE | {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.ClientSession() as session, session.get(server.url(path), headers=sent) as response:
        return response.status


async def test_a_polite_client_has_no_faults():
    """Asked as it should be, the server has nothing to say."""
    now = Now()
    async with feed_server(now) as server:
        server.says("/feed", FEED)
        assert await ask(server) == 200
        now.at = now.at.replace(hour=10)
        assert await ask(server, If_None_Match='"1"') == 304
        assert server.faults() == []


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ({"User_Agent": "python-requests/2"}, "User-Agent"),
        ({"User_Agent": "digestbot/1.2 (+https://ops.example)"}, "User-Agent"),
        ({"Accept_Encoding": "identity"}, "gzip and br"),
        ({"If_None_Match": '"made up"'}, "never given"),
        ({"If_Modified_Since": "Mon, 02 Mar 2026 08:00:00 GMT"}, "never given"),
    ],
)
async def test_rude_headers_are_seen(headers: dict[str, str], fault: str):
    """A client that hides who it is, refuses compression or invents validators is told on."""
    async with feed_server(Now()) as server:
        server.says("/feed", FEED)
        await ask(server, **headers)
        assert any(fault in one for one in server.faults())


async def test_forgotten_validators_and_haste_are_seen():
    """A second request without the validators, and one before its time, are faults."""
    now = Now()
    async with feed_server(now) as server:
        server.says("/feed", FEED)
        await ask(server)
        await ask(server)
        faults = server.faults()
        assert any("If-None-Match is None" in one for one in faults)
        assert any("before it may be" in one for one in faults)


async def test_a_retry_after_that_is_ignored_is_seen():
    """Coming back within a Retry-After is a fault, after it none."""
    now = Now()
    async with feed_server(now) as server:
        server.says("/feed", Reply(status=503, headers={"Retry-After": "7200"}))
        await ask(server)
        now.at = now.at.replace(hour=10)
        await ask(server)
        assert any("before it may be" in one for one in server.faults())


async def test_no_gap_between_requests_is_seen():
    """Requests one right after the other break the gap of a host."""
    async with feed_server(Now()) as server:
        for path in ("/a", "/b"):
            server.says(path, Reply(rss(("1", "One"))))
        await asyncio.gather(ask(server, "/a"), ask(server, "/b"))
        assert any("no gap" in one or "at once" in one for one in server.faults(gap=5.0))
