"""Who may read: this machine alone, whoever has the token, whom a trusted proxy names; and what the log keeps."""

import time

import pytest
import structlog
from aiohttp import hdrs

from digestbot.domain.errors import ConfigError
from digestbot.web.access import COOKIE, CROWD, SESSION, TRIES, Guard
from digestbot.web.login import inside
from digestbot.web.server import serving
from tests.web.reader import client_of, read
from tests.web.world import World

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what is tested
TOKEN = "correct horse battery staple"
GUARDED = ("/", "/story/1", "/search?q=a", "/people", "/preview", "/status", "/metrics", "/feed/1.rss", "/edition/1/x")


@pytest.fixture
async def guarded(small_world: World):
    """Serve the world to those who have the token."""
    async with client_of(small_world.desk, Guard(TOKEN)) as client:
        yield client


@pytest.mark.parametrize("host", [EVERYWHERE, "::", "192.0.2.7", "news.example.org"])
async def test_an_address_of_the_world_needs_a_guard(small_world: World, host):
    """An address that others reach is refused in one sentence where nobody would be asked who they are."""
    with pytest.raises(ConfigError) as refusal:
        async with serving(small_world.desk, Guard(), host, 0):
            pass
    (fault,) = refusal.value.faults
    assert host in fault
    assert "DIGESTBOT_WEB__TOKEN" in refusal.value.hint


@pytest.mark.parametrize("guard", [Guard(TOKEN), Guard.of("", "X-Forwarded-User", ["10.0.0.0/8"])])
async def test_with_a_guard_any_address_serves(small_world: World, guard):
    """With a token or a proxy's header an address of the world is served."""
    async with serving(small_world.desk, guard, EVERYWHERE, 0) as base:
        assert base.startswith(f"http://{EVERYWHERE}:")


async def test_a_port_that_is_taken_is_said_in_one_sentence(small_world: World):
    """A second server on one port is a fault of the configuration, with its fix."""
    async with serving(small_world.desk, Guard(), "127.0.0.1", 0) as base:
        port = int(base.rpartition(":")[2])
        with pytest.raises(ConfigError, match=f"web.port: 127.0.0.1:{port}"):
            async with serving(small_world.desk, Guard(), "127.0.0.1", port):
                pass


@pytest.mark.parametrize("path", GUARDED)
async def test_nothing_is_told_without_the_token(guarded, path):
    """Without the token a program gets 401 and a browser the login form; nothing of what is read here."""
    answer = await guarded.get(path)
    assert answer.status == 401
    assert answer.headers[hdrs.WWW_AUTHENTICATE].startswith("Bearer")
    assert "Saltmere" not in await answer.text()
    browser = await guarded.get(path, headers={"Accept": "text/html"}, allow_redirects=False)
    assert browser.status == 303
    assert browser.headers["Location"].startswith("/login?to=/")


async def test_machines_may_ask_whether_it_lives(guarded):
    """Health and readiness, the login form and the style sheet are answered to anybody."""
    for path in ("/healthz", "/readyz", "/login"):
        assert (await guarded.get(path)).status == 200
    page = await read(guarded, "/login")
    for sheet in page.all("link"):
        assert (await guarded.get(sheet["href"])).status == 200


async def test_a_token_in_the_header_is_enough(guarded):
    """A program gives the token as a bearer; a wrong one, or another scheme, gets nothing."""
    for words, status in (
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        ("Bearer x", 401),
        (f"Basic {TOKEN}", 401),
    ):
        assert (await guarded.get("/metrics", headers={"Authorization": words})).status == status


async def test_one_login_opens_every_page(guarded):
    """The right token gives a session cookie that scripts cannot read, and leads where the reader wanted to go."""
    answer = await guarded.post("/login", data={"token": TOKEN, "to": "/status"}, allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/status")
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert TOKEN not in cookie.value
    assert not cookie["secure"]
    for path in ("/", "/status", "/metrics"):
        assert (await guarded.get(path)).status == 200
    out = await guarded.post("/logout", allow_redirects=False)
    assert out.headers["Location"] == "/login"
    assert (await guarded.get("/")).status == 401


async def test_behind_https_the_cookie_stays_there(guarded):
    """Where the proxy says that the reader speaks HTTPS, the cookie never travels without it."""
    answer = await guarded.post(
        "/login", data={"token": TOKEN}, headers={"X-Forwarded-Proto": "https"}, allow_redirects=False
    )
    assert answer.cookies[COOKIE]["secure"]


async def test_behind_a_proxy_a_stranger_locks_nobody_out(small_world: World):
    """Wrong tokens are counted by whom the trusted proxy saw, and by all together who come through it."""
    async with client_of(small_world.desk, Guard.of(TOKEN, "", ["127.0.0.1"])) as client:

        async def status(token: str, seen: str) -> int:
            headers = {"X-Forwarded-For": seen}
            answer = await client.post("/login", data={"token": token}, headers=headers, allow_redirects=False)
            return answer.status

        assert [await status("wrong", "6.6.6.6, 192.0.2.9") for _ in range(11)][-1] == 429
        assert await status(TOKEN, "192.0.2.9") == 429
        assert await status(TOKEN, "192.0.2.9, 192.0.2.10") == 303
        answers = [await status("wrong", f"198.51.100.{number % 250}") for number in range(TRIES * CROWD)]
        assert answers[-1] == 429


async def test_a_stranger_is_not_believed_where_it_comes_from(small_world: World):
    """Where no proxy is trusted, what an asker says of where it comes from changes nothing."""
    async with client_of(small_world.desk, Guard(TOKEN)) as client:
        answers = [
            await client.post("/login", data={"token": "wrong"}, headers={"X-Forwarded-For": f"192.0.2.{number}"})
            for number in range(11)
        ]
        assert answers[-1].status == 429


async def test_no_answer_says_which_library_gave_it(client):
    """The Server header names no library and no version."""
    for path in ("/", "/nothing", "/healthz"):
        assert (await client.get(path)).headers[hdrs.SERVER] == "digestbot"


async def test_a_wrong_token_is_said_and_then_not_asked_any_more(guarded):
    """A wrong token gets the form again; after ten nobody is asked for a minute."""
    answer = await guarded.post("/login", data={"token": "wrong"}, allow_redirects=False)
    assert answer.status == 403
    assert "That is not the token" in await answer.text()
    statuses = [(await guarded.post("/login", data={"token": f"w{n}"})).status for n in range(12)]
    assert statuses[-1] == 429
    late = await guarded.post("/login", data={"token": TOKEN})
    assert late.status == 429
    assert late.headers["Retry-After"] == "60"


@pytest.mark.parametrize(
    "cookie",
    [
        lambda: "x",
        lambda: ".",
        lambda: "99999999999.",
        lambda: "99999999999." + "0" * 40,
        lambda: "-1.x",
        lambda: Guard(TOKEN).session(now=0),
        lambda: Guard("another token, long").session(),
        lambda: Guard(TOKEN).session(now=time.time() - SESSION - 5),
    ],
    ids=["a letter", "a dot", "no mark", "zeros", "before time", "of 1970", "another token's", "just over"],
)
async def test_a_session_cannot_be_made_up(guarded, cookie):
    """A cookie that is old, altered, or signed with another token opens nothing."""
    assert (await guarded.get("/", headers={"Cookie": f"{COOKIE}={cookie()}"})).status == 401


async def test_a_form_from_elsewhere_is_refused(guarded):
    """A form that another site's page sends is refused, whatever it holds."""
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert (await guarded.post("/login", data={"token": TOKEN}, headers=headers)).status == 403


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", "", "/a\nb"]
)
def test_a_login_never_leads_out(to):
    """Only an address of ours is led to after the login."""
    assert inside(to) == "/"
    assert inside("/status?page=2") == "/status?page=2"


async def test_a_trusted_proxy_names_the_reader(small_world: World):
    """The header is believed from a trusted proxy alone, and only where it names somebody."""
    here, elsewhere = (Guard.of("", "X-Forwarded-User", [net]) for net in ("127.0.0.0/8", "10.0.0.0/8"))
    async with client_of(small_world.desk, here) as client:
        assert (await client.get("/", headers={"X-Forwarded-User": "ana"})).status == 200
        assert (await client.get("/", headers={"X-Forwarded-User": " "})).status == 401
        assert (await client.get("/")).status == 401
    async with client_of(small_world.desk, elsewhere) as client:
        assert (await client.get("/", headers={"X-Forwarded-User": "ana"})).status == 401


async def test_a_feed_has_a_key_of_its_own(guarded):
    """A feed reader cannot log in: the feed's address carries a key that opens this feed and nothing else."""
    guard = Guard(TOKEN)
    key = guard.key("/feed/1.rss")
    assert (await guarded.get("/feed/1.rss", params={"key": key})).status == 200
    for path in ("/feed/2.rss", "/feed/1.json", "/", "/status"):
        assert (await guarded.get(path, params={"key": key})).status == 401
    assert key not in TOKEN
    page = await read_logged_in(guarded, "/")
    assert f"/feed/1.rss?key={key}" in page.links()


async def read_logged_in(client, path):
    """Log in and read a page."""
    await client.post("/login", data={"token": TOKEN})
    return await read(client, path)


async def test_without_a_guard_only_this_machines_names_are_answered(client):
    """A page of somebody else's that sends a reader's browser here under its own name gets nothing (DNS rebinding)."""
    assert (await client.get("/", headers={"Host": "evil.example"})).status == 421
    assert (await client.get("/metrics", headers={"Host": "evil.example:80"})).status == 421
    assert (await client.get("/", headers={"Host": "localhost:8080"})).status == 200
    assert (await client.get("/", headers={"Host": "[::1]:8080"})).status == 200


async def test_the_log_keeps_no_token_and_no_query(guarded):
    """A line a request, with neither the query nor a header: keys, tokens and searches stay out."""
    with structlog.testing.capture_logs() as lines:
        await guarded.get("/feed/1.rss", params={"key": Guard(TOKEN).key("/feed/1.rss")})
        await guarded.get("/search", params={"q": "secret matter"}, headers={"Authorization": f"Bearer {TOKEN}"})
        await guarded.post("/login", data={"token": TOKEN})
    assert [line["path"] for line in lines if line["event"] == "answered"][:2] == ["/feed/1.rss", "/search"]
    text = str(lines)
    for secret in (TOKEN, "secret matter", Guard(TOKEN).key("/feed/1.rss"), "key="):
        assert secret not in text
    assert {"method", "path", "status", "milliseconds", "remote"} <= lines[0].keys()


async def test_every_answer_says_what_a_browser_may_do(client):
    """Each answer, faults included, has the policy without inline script or style, and is kept by nobody else."""
    for path in ("/", "/status", "/nothing", "/healthz", "/feed/1.rss", "/preview/3", "/story/1", "/preview"):
        answer = await client.get(path, allow_redirects=False)
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"].startswith(("private", "no-store"))


async def test_pages_and_files_are_cached_as_they_should_be(client):
    """A page the reader has is answered with 304; a file of ours is kept for good, as its address changes with it."""
    first = await client.get("/people")
    again = await client.get("/people", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status, await again.text()) == (304, "")
    sheet = (await read(client, "/")).all("link", rel="stylesheet")[0]["href"]
    kept = await client.get(sheet)
    assert kept.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert kept.headers["Content-Type"] == "text/css; charset=utf-8"


async def test_a_large_form_is_refused(guarded):
    """A body over 16 KB is refused before it is read whole."""
    assert (await guarded.post("/login", data={"token": "x" * 40_000})).status == 413
