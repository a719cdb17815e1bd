"""The app over signed HTTP: good, bad and stale signatures, commands, buttons, events, the app's own address."""

from collections.abc import AsyncIterator

import pytest

from digestbot.chat.slack.bot import SlackBot
from digestbot.chat.slack.clients import Clients
from digestbot.commands import Invocation
from digestbot.domain.errors import PlatformDown
from tests.chat.slack.hearing import Desks, texts, until
from tests.commands.making import a_desk
from tests.rigs.slack import TOKEN
from tests.rigs.slack_install import SIGNING_SECRET, InstallRig

MENTION = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "7.7", "text": "<@UBOT> brief me on the barrier"}


@pytest.fixture
async def rig() -> AsyncIterator[InstallRig]:
    """Serve a Slack that posts to the app; it must have found no fault in any body by the end."""
    made = InstallRig()
    made.people = {"U1": {"tz": "Europe/Berlin"}}
    await made.start()
    yield made
    await made.stop()
    assert made.faults == []


@pytest.fixture
async def desks() -> Desks:
    """Return what answers."""
    return Desks(await a_desk())


@pytest.fixture
async def url(rig: InstallRig, desks: Desks) -> AsyncIterator[str]:
    """Run the app behind a port; give the address it is called at."""
    clients = Clients(TOKEN, base_url=rig.base_url)
    made = SlackBot(clients, desks.answer, signing_secret=SIGNING_SECRET)
    await made.start()
    assert made.http is not None
    yield f"http://127.0.0.1:{made.http.port}/slack/events"
    await made.close()
    await clients.close()


async def test_a_signed_command_is_acknowledged_and_answered(rig: InstallRig, url: str) -> None:
    """The answer to the request is the acknowledgement; what was asked for comes by response_url."""
    status, said = await rig.deliver(url, rig.typed("now 24h"))
    assert (status, said) == (200, {"response_type": "ephemeral", "text": "Working on it…"})
    await until(lambda: rig.responses)
    assert "News of the barrier" in texts(rig.responses)


@pytest.mark.parametrize(("secret", "age"), [("another", 0), (SIGNING_SECRET, 301), (SIGNING_SECRET, -301)])
async def test_what_slack_did_not_sign_is_refused(
    rig: InstallRig, url: str, desks: Desks, secret: str, age: float
) -> None:
    """A wrong signature, and a right one older or newer than five minutes, is refused and nothing is run."""
    for kind, payload in (
        ("command", rig.typed("status")),
        ("event", {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": MENTION}),
        ("event", {"type": "url_verification", "challenge": "abc"}),
    ):
        status, _ = await rig.deliver(url, payload, kind=kind, secret=secret, age=age)
        assert status == 401
    assert desks.asked == []


async def test_the_address_is_verified(rig: InstallRig, url: str) -> None:
    """Slack's challenge is answered."""
    status, said = await rig.deliver(url, {"type": "url_verification", "challenge": "abc"}, kind="event")
    assert (status, said) == (200, {"challenge": "abc"})


async def test_events_and_buttons_come_in_by_the_same_door(rig: InstallRig, url: str, desks: Desks) -> None:
    """An event delivered again is answered and acts once; a button runs its invocation."""
    event = {"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": MENTION}
    for _ in range(3):
        assert (await rig.deliver(url, event, kind="event"))[0] == 200
    press = {
        "type": "block_actions",
        "actions": [{"type": "button", "action_id": "run:0", "block_id": "b", "value": "more story=1"}],
        **rig._who("U1", "C1"),
    }
    assert (await rig.deliver(url, press, kind="interaction"))[0] == 200
    await until(lambda: len(desks.asked) == 2)
    assert [invocation for invocation, _ in desks.asked] == [
        Invocation("now", {"topic": "the barrier"}),
        Invocation("more", {"story": 1}),
    ]


async def test_a_taken_port_is_named(rig: InstallRig, url: str, desks: Desks) -> None:
    """The operator is told which port, and which setting to change."""
    port = int(url.split(":")[2].split("/", maxsplit=1)[0])
    clients = Clients(TOKEN, base_url=rig.base_url)
    second = SlackBot(clients, desks.answer, signing_secret=SIGNING_SECRET, listen=("127.0.0.1", port))
    with pytest.raises(PlatformDown, match=r"slack\.listen"):
        await second.start()
    await clients.close()
