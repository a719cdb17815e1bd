"""Workspaces and organizations install the app: OAuth, each one's own token, renewal, leaving; on both databases."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import aiohttp
import pytest
from slack_sdk.oauth.installation_store import Bot

from digestbot.app.slack import Membership
from digestbot.chat.slack.adapter import SlackAdapter
from digestbot.chat.slack.bot import UNINSTALLED, SlackBot
from digestbot.chat.slack.install import Installing, installations, states
from digestbot.chat.slack.installed_tokens import InstalledTokens
from digestbot.domain.errors import NotPermitted, PlatformDown
from digestbot.domain.subscription import Channel, Subscription
from digestbot.store import SqlStore, migrate, open_store
from digestbot.store.errors import translated
from digestbot.store.tables import metadata
from tests.chat.slack.hearing import Desks, texts, until
from tests.chat.slack.making import digest, story
from tests.commands.making import a_desk
from tests.fakes.clock import FakeClock
from tests.rigs.postgresql import PostgreSQL, postgresql
from tests.rigs.slack import TOKEN
from tests.rigs.slack_install import CLIENT_ID, CLIENT_SECRET, HALF_A_DAY, SIGNING_SECRET, InstallRig

__all__ = ["postgresql"]
PUBLIC = "https://bot.example.com"
SALES, BOARD, NEWS = Channel("slack", "C8", "T8"), Channel("slack", "C9", "T9"), Channel("slack", "C1", "T1")


@dataclass
class House:
    """The app of many workspaces: its store, tokens, adapter and bot, with a browser that installs it."""

    rig: InstallRig
    store: SqlStore
    desks: Desks
    clock: FakeClock = field(default_factory=FakeClock)

    def tokens(self, own: str = "") -> InstalledTokens:
        """Return tokens as another process, or this one after a restart, would have them."""
        return InstalledTokens(
            installations(CLIENT_ID, self.store.engine),
            lambda: self.store.installed(CLIENT_ID),
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            guard=translated,
            own=own,
            install_url=f"{PUBLIC}/slack/install",
            base_url=self.rig.base_url,
        )

    async def open(self) -> None:
        """Start the app."""
        self.adapter = SlackAdapter(tokens := self.tokens(), base_url=self.rig.base_url, pace=0.0)
        installing = Installing(
            tokens,
            states(self.store.engine),
            client_id=CLIENT_ID,
            client_secret=CLIENT_SECRET,
            public_url=PUBLIC,
            guard=translated,
            base_url=self.rig.base_url,
        )
        membership = Membership(self.store, self.clock)
        installing.back = membership.back
        self.bot = SlackBot(
            self.adapter.clients,
            self.desks.answer,
            signing_secret=SIGNING_SECRET,
            installing=installing,
            gone=membership.gone,
        )
        await self.bot.start()
        assert self.bot.http is not None
        self.url = f"http://127.0.0.1:{self.bot.http.port}/slack/"

    async def close(self) -> None:
        """Stop the app."""
        await self.bot.close()
        await self.adapter.close()

    async def install(self, code: str, *, cookie: bool = True, state: str = "") -> int:
        """Go through the installation in a browser; return the last page's status."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
            async with browser.get(f"{self.url}install") as page:
                assert page.status == 200
                text = await page.text()
                given = page.headers["Set-Cookie"].split(";")[0]
            assert "chat%3Awrite" in text or "chat:write" in text
            right = given.partition("=")[2]
            asked = {"code": code, "state": state or right}
            headers = {"Cookie": given} if cookie else {}
            async with browser.get(f"{self.url}oauth_redirect", params=asked, headers=headers) as page:
                return page.status

    async def post(self, channel: Channel, key: str) -> str:
        """Post a message; return the token it was posted with."""
        await self.adapter.post(channel, self.adapter.render(digest(story(1)))[0], key, None)
        return next(token for method, token in reversed(self.rig.asking) if method == "chat.postMessage")

    async def leave(self, kind: str, team: str, *, enterprise: str = "", **more: object) -> None:
        """Deliver the event that says that the app is gone."""
        payload = {
            "type": "event_callback",
            "event_id": f"Ev{kind}{team}",
            "team_id": team,
            "enterprise_id": enterprise or None,
            "authorizations": [
                {"team_id": team or None, "enterprise_id": enterprise or None, "is_enterprise_install": not team}
            ],
            "event": {"type": kind, **more},
        }
        status, _ = await self.rig.deliver(f"{self.url}events", payload, kind="event")
        assert status == 200


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make one SQLite file with the schema, to be copied by each test."""
    path = tmp_path_factory.mktemp("install") / "empty.sqlite3"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="module")
def database(postgresql: PostgreSQL) -> str:
    """Make one PostgreSQL database with the schema; each test empties it first."""
    name = postgresql.new_database()
    asyncio.run(migrate(postgresql.url(name)))
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the address of a database with the schema and nothing in it, of each kind in turn."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("file"), tmp_path / "bot.sqlite3")
        return f"sqlite:///{tmp_path}/bot.sqlite3"
    server: PostgreSQL = request.getfixturevalue("postgresql")
    name: str = request.getfixturevalue("database")
    asyncio.run(server.ask(f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY CASCADE", name))
    return server.url(name)


@pytest.fixture
async def house(url: str) -> AsyncIterator[House]:
    """Run the app on each database; Slack must have found no fault in any body by the end."""
    rig = InstallRig()
    await rig.start()
    async with await open_store(url) as store:
        made = House(rig, store, Desks(await a_desk()))
        await made.open()
        yield made
        await made.close()
    await rig.stop()
    assert rig.faults == []


# ── coming ───────────────────────────────────────────────────────────────────


async def test_each_workspace_is_served_with_its_own_token(house: House) -> None:
    """Two workspaces install the app; posts, answers and a restart's posts go by the token of the one they are for."""
    for team in ("T8", "T9"):
        assert await house.install(house.rig.allow(team)) == 200
    assert await house.post(SALES, "k1") == house.rig.token_of("T8")
    assert await house.post(BOARD, "k2") == house.rig.token_of("T9")
    house.rig.people = {"U7": {"is_admin": True, "tz": "Europe/Rome", "team_id": "T9"}}
    await house.rig.deliver(f"{house.url}events", house.rig.typed("status", "U7", "C9", "T9"))
    await until(lambda: house.rig.responses)
    assert ("users.info", house.rig.token_of("T9")) in house.rig.asking
    asker = house.desks.asked[0][1]
    assert (asker.workspace, asker.manager, asker.timezone, asker.place) == ("T9", True, "Europe/Rome", "Team T9")
    await house.close()
    await house.open()
    assert await house.post(SALES, "k3") == house.rig.token_of("T8")


@pytest.mark.parametrize("wrong", ["no cookie", "another state", "code"])
async def test_an_installation_that_nobody_began_is_refused(house: House, wrong: str) -> None:
    """Without the browser's cookie, with a state not given out, or with a code Slack does not know: refused."""
    code = "made-up" if wrong == "code" else house.rig.allow("T8")
    status = await house.install(code, cookie=wrong != "no cookie", state="forged" if wrong == "another state" else "")
    assert status in {400, 401}
    assert await house.store.installed(CLIENT_ID) == []
    with pytest.raises(NotPermitted, match=r"https://bot\.example\.com/slack/install"):
        await house.post(SALES, "k")


async def test_a_state_is_good_for_one_use(house: House) -> None:
    """Coming back twice with the same state installs once."""
    code, again = house.rig.allow("T8"), house.rig.allow("T9")
    async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as browser:
        async with browser.get(f"{house.url}install") as page:
            given = page.headers["Set-Cookie"].split(";")[0]
        statuses = []
        for one in (code, again):
            asked = {"code": one, "state": given.partition("=")[2]}
            async with browser.get(f"{house.url}oauth_redirect", params=asked, headers={"Cookie": given}) as page:
                statuses.append(page.status)
    assert statuses == [200, 401]
    assert await house.store.installed(CLIENT_ID) == [("", "T8")]


async def test_an_organization_installs_for_all_its_workspaces(house: House) -> None:
    """The installation is kept under the organization; each of its workspaces is served by it, and no other is."""
    house.rig.teams["E1"] = ["T8", "T9"]
    assert await house.install(house.rig.allow("", "E1")) == 200
    assert await house.store.installed(CLIENT_ID) == [("E1", "")]
    token = house.rig.token_of("", "E1")
    assert [await house.post(SALES, "k1"), await house.post(BOARD, "k2")] == [token, token]
    with pytest.raises(NotPermitted, match="not installed"):
        await house.post(NEWS, "k3")
    await house.close()
    await house.open()
    assert await house.post(BOARD, "k4") == token


async def test_a_workspaces_own_installation_comes_before_its_organizations(house: House) -> None:
    """One workspace of an organization installed by itself first: its own token serves it, the other's the rest."""
    house.rig.teams["E1"] = ["T8", "T9"]
    for team in ("T8", ""):
        assert await house.install(house.rig.allow(team, "E1")) == 200
    assert await house.store.installed(CLIENT_ID) == [("E1", ""), ("E1", "T8")]
    assert await house.post(SALES, "k1") == house.rig.token_of("T8", "E1")
    assert await house.post(BOARD, "k2") == house.rig.token_of("", "E1")


async def test_a_workspace_that_is_forgotten_leaves_no_token(house: House) -> None:
    """Forgetting removes the workspace's own installation; its organization's, which serves others, stays."""
    house.rig.teams["E1"] = ["T8", "T9"]
    for team in ("T8", ""):
        await house.install(house.rig.allow(team, "E1"))
    await house.store.forget("slack", "T8")
    assert await house.store.installed(CLIENT_ID) == [("E1", "")]


async def test_the_operators_own_token_serves_its_own_workspace(house: House) -> None:
    """Beside what others installed, the token of the settings serves its workspace and channels that name none."""
    await house.install(house.rig.allow("T8"))
    tokens = house.tokens(own=TOKEN)
    await tokens.warm()
    assert [(await tokens.access(team)).token for team in ("", "T1")] == [TOKEN, TOKEN]
    assert (await tokens.access("T8")).token == house.rig.token_of("T8")
    known = tokens.known("", "T1")
    assert known is not None
    assert (known.bot_user, known.name) == ("UBOT", "Team T1")
    assert await tokens.renew("T1", TOKEN) is None


async def test_who_is_not_installed_is_told(house: House) -> None:
    """A command from a workspace without an installation is acknowledged and answered with where to install."""
    status, _ = await house.rig.deliver(f"{house.url}events", house.rig.typed("status", team="T5"))
    assert status == 200
    await until(lambda: house.rig.responses)
    assert "install the app at https://bot.example.com/slack/install" in texts(house.rig.responses)
    assert house.desks.asked == []


# ── tokens that end ──────────────────────────────────────────────────────────


async def test_an_ending_token_is_renewed_once_for_a_scheduled_post(house: House) -> None:
    """Nobody asked anything for hours: the post itself renews the token, once for all who post, and it is kept."""
    house.rig.lives = 60
    await house.install(house.rig.allow("T8"))
    first = house.rig.token_of("T8")
    house.rig.lives = HALF_A_DAY
    await asyncio.gather(*(house.post(SALES, f"k{n}") for n in range(5)))
    second = house.rig.token_of("T8")
    assert first != second
    assert {token for method, token in house.rig.asking if method == "chat.postMessage"} == {second}
    assert [method for method, _ in house.rig.calls].count("oauth.v2.access") == 2
    await house.close()
    await house.open()
    assert await house.post(SALES, "k9") == second
    assert [method for method, _ in house.rig.calls].count("oauth.v2.access") == 2


async def test_a_refused_token_is_renewed_and_the_post_made(house: House) -> None:
    """Slack says that the token has ended before its time: it is renewed and the same message posted once."""
    house.rig.lives = HALF_A_DAY
    await house.install(house.rig.allow("T8"))
    house.rig.end(house.rig.token_of("T8"))
    assert await house.post(SALES, "k1") == house.rig.token_of("T8")
    assert len(house.rig.rooms["C8"].messages) == 1


async def test_another_process_may_have_been_first(house: House) -> None:
    """The refresh token was used by another process: its token is taken from the database, and nothing is asked."""
    house.rig.lives = 60
    await house.install(house.rig.allow("T8"))
    house.rig.lives = HALF_A_DAY
    other = await house.tokens().access("T8")
    assert await house.post(SALES, "k1") == other.token
    assert [method for method, _ in house.rig.calls].count("oauth.v2.access") == 2


async def test_a_token_that_cannot_be_renewed_says_what_to_do(house: House) -> None:
    """Slack refuses the refresh token and the token has ended: the owner is told to install the app again."""
    house.rig.lives = 0
    await house.install(house.rig.allow("T8"))
    house.rig.refreshes.clear()
    with pytest.raises(NotPermitted, match="could not be renewed; install the app at"):
        await house.post(SALES, "k1")


async def test_an_outage_while_renewing_is_waited_out(house: House) -> None:
    """Slack cannot be asked for a new token: one that still lives is used, one that has ended is tried later."""
    house.rig.lives = 3600
    await house.install(house.rig.allow("T8"))
    house.rig.break_down("oauth.v2.access", 503)
    assert await house.post(SALES, "k1") == house.rig.token_of("T8")
    house.rig.lives = 0
    await house.install(house.rig.allow("T9"))
    for _ in range(2):
        house.rig.lose_answer("oauth.v2.access", carried_out=False)
    with pytest.raises(PlatformDown):
        await house.post(BOARD, "k2")


async def test_a_renewal_outlives_whoever_waits_for_it(house: House) -> None:
    """A post is given up while Slack takes its time to renew: the new token is kept, as the old ones are spent."""
    house.rig.lives = 60
    await house.install(house.rig.allow("T8"))
    house.rig.lives = HALF_A_DAY
    house.rig.slow("oauth.v2.access", 0.4)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await house.post(SALES, "k1")
    assert await house.post(SALES, "k1") == house.rig.token_of("T8")
    assert [method for method, _ in house.rig.calls].count("oauth.v2.access") == 2
    assert (await house.tokens().access("T8")).token == house.rig.token_of("T8")


# ── leaving ──────────────────────────────────────────────────────────────────


async def _digests(house: House) -> None:
    for number, channel in enumerate((SALES, BOARD)):
        await house.store.save_subscription(
            Subscription(0, f"D{number}", channel, next_edition_at=house.clock.now() + timedelta(hours=1))
        )


async def _paused(house: House) -> list[str | None]:
    return [one.paused for one in await house.store.subscriptions()]


async def test_a_workspace_that_removes_the_app_is_paused_with_the_reason(house: House) -> None:
    """Its tokens are deleted and its digests paused, the other's go on; installed again, they go on by themselves."""
    for team in ("T8", "T9"):
        await house.install(house.rig.allow(team))
    await _digests(house)
    await house.leave("app_uninstalled", "T8")
    await _until(house, lambda found: found == [UNINSTALLED, None])
    assert await house.store.installed(CLIENT_ID) == [("", "T9")]
    with pytest.raises(NotPermitted, match="install the app at"):
        await house.post(SALES, "k1")
    assert await house.post(BOARD, "k2") == house.rig.token_of("T9")
    house.clock.tick(days=3)
    await house.install(house.rig.allow("T8"))
    first, _ = await house.store.subscriptions()
    assert first.paused is None
    assert first.next_edition_at is not None
    assert first.next_edition_at > house.clock.now()
    assert await house.post(SALES, "k3") == house.rig.token_of("T8")


async def test_digests_paused_for_want_of_a_token_go_on_once_it_is_there(house: House) -> None:
    """What a refused post paused is let go on by the installation; what a person paused stays paused."""
    await _digests(house)
    first, second = await house.store.subscriptions()
    with pytest.raises(NotPermitted) as caught:
        await house.post(SALES, "k1")
    await house.store.pause_subscription(first.id, str(caught.value))
    await house.store.pause_subscription(second.id, "paused by U2")
    for team in ("T8", "T9"):
        await house.install(house.rig.allow(team))
    assert await _paused(house) == [None, "paused by U2"]


async def test_an_organization_that_removes_the_app_takes_its_workspaces_along(house: House) -> None:
    """The organization's installation is deleted and the digests of all its workspaces are paused."""
    house.rig.teams["E1"] = ["T8", "T9"]
    await house.install(house.rig.allow("", "E1"))
    await _digests(house)
    assert await house.post(SALES, "k1") == await house.post(BOARD, "k2")
    await house.leave("app_uninstalled", "", enterprise="E1")
    await _until(house, lambda found: found == [UNINSTALLED, UNINSTALLED])
    assert await house.store.installed(CLIENT_ID) == []


async def test_revoked_tokens_count_when_they_are_the_bots(house: House) -> None:
    """A person's revoked token is nothing to us; the bot's pauses the workspace's digests."""
    await house.install(house.rig.allow("T8"))
    await _digests(house)
    await house.leave("tokens_revoked", "T8", tokens={"oauth": ["U7"]})
    await house.rig.deliver(f"{house.url}events", house.rig.typed("status", team="T8"))
    await until(lambda: house.rig.responses)
    assert await _paused(house) == [None, None]
    payload = {"type": "event_callback", "event_id": "Ev77", "team_id": "T8"}
    payload |= {"event": {"type": "tokens_revoked", "tokens": {"bot": ["UBOT"]}}}
    await house.rig.deliver(f"{house.url}events", payload, kind="event")
    await _until(house, lambda found: "revoked" in str(found[0]))


async def _until(house: House, there: Callable[[list[str | None]], bool]) -> None:
    end = time.monotonic() + 5
    while not there(await _paused(house)):
        assert time.monotonic() < end, await _paused(house)
        await asyncio.sleep(0.02)


# ── long tokens ──────────────────────────────────────────────────────────────


async def test_tokens_may_be_longer_than_the_library_thinks(house: House) -> None:
    """A token of 500 characters is kept whole on both databases."""
    long = "xoxe.xoxb-1-" + "A" * 500
    bot = Bot(bot_token=long, bot_id="B1", bot_user_id="U1", app_id="A1", team_id="T8", installed_at=time.time())
    await installations(CLIENT_ID, house.store.engine).async_save_bot(bot)
    assert (await house.tokens().access("T8")).token == long
