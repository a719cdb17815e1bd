"""Modals of the Slack app: for what is missing or wrong, filled with what there is, sent back and run."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from digestbot.app.chat import Answering
from digestbot.app.desk import OpmlOutlines
from digestbot.chat.slack.adapter import SlackAdapter
from digestbot.chat.slack.bot import SlackBot
from digestbot.commands import COMMANDS, Form, Invocation, read
from digestbot.domain.subscription import Channel, Subscription, Workspace, WorkspaceSettings
from tests.chat.slack.hearing import Desks, listening, texts, until
from tests.commands.making import a_desk
from tests.rigs.slack import TOKEN
from tests.rigs.slack_socket import SocketRig

TEAM = Workspace("slack", "T1")
FORMS = [c.name for c in COMMANDS if isinstance(read(c.name, COMMANDS), Form)]
ASKED_AT_ONCE = {"filter"}
"""What the bare word opens another command's form for."""


@pytest.fixture
async def rig() -> AsyncIterator[SocketRig]:
    """Serve a Slack; it must have found no fault in any body by the end."""
    made = SocketRig()
    made.people = {"U1": {"tz": "Europe/Berlin"}, "U2": {"is_admin": True, "tz": "Europe/Rome"}, "U3": {"tz": "UTC"}}
    made.groups = {"S1": ["U3"]}
    await made.start()
    yield made
    await made.stop()
    assert made.faults == []


@pytest.fixture
async def desks() -> Desks:
    """Return what answers, with a digest there already."""
    desk = await a_desk()
    desk.outlines = OpmlOutlines()
    await desk.store.save_subscription(Subscription(0, "Evening brief", Channel("slack", "C2", "T1")))
    return Desks(desk)


@pytest.fixture
async def bot(rig: SocketRig, desks: Desks) -> AsyncIterator[SlackBot]:
    """Run the app, its menus filled as the bot fills them."""
    async with listening(rig, desks.answer, naming=Answering(desks.desk).names) as made:
        yield made


async def opened(rig: SocketRig, text: str, user: str = "U2") -> dict[str, Any]:
    """Type a command and return the modal it opens."""
    before = len(rig.views)
    await rig.command(text, user=user)
    await until(lambda: len(rig.views) > before)
    return rig.views[-1]


def elements(view: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a modal's inputs by option."""
    return {block["block_id"]: block["element"] for block in view["blocks"] if block["type"] == "input"}


def filled(view: dict[str, Any], **values: object) -> dict[str, Any]:
    """Return what Slack sends for a modal: what it was opened with, and what is typed or chosen."""
    state: dict[str, Any] = {}
    for name, element in elements(view).items():
        value = values.get(name)
        kind = element["type"]
        sent: dict[str, Any] = {"type": kind}
        if kind == "static_select":
            initial = element.get("initial_option")
            sent["selected_option"] = initial if value is None else {"value": value}
        elif kind == "conversations_select":
            sent["selected_conversation"] = element.get("initial_conversation") if value is None else value
        elif kind == "checkboxes":
            sent["selected_options"] = [{"value": "yes"}] if value else []
        elif kind == "file_input":
            sent["files"] = [{"id": "F0", "url_private_download": value}] if value else []
        else:
            sent["value"] = element.get("initial_value") if value is None else value
        state[name] = {name: sent}
    assert set(values) <= set(state), (values, state)
    return state


@pytest.mark.parametrize("name", FORMS)
async def test_every_bare_command_opens_its_form(rig: SocketRig, bot: SlackBot, name: str) -> None:
    """A command that needs something asks for it in a modal that Slack takes, with menus of feeds and digests."""
    view = await opened(rig, name)
    assert view["callback_id"] == f"form:{'filter add' if name in ASKED_AT_ONCE else name}"
    fields = elements(view)
    assert fields.get("digest", {"type": "static_select"})["type"] == "static_select"
    assert fields.get("channel", {"type": "conversations_select"})["type"] == "conversations_select"


async def test_wrong_input_opens_the_form_with_what_was_understood(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """The modal says what is wrong and keeps the rest, and nothing has been run."""
    view = await opened(rig, "now 24h stories=50 grain prices", user="U1")
    assert "must be 1 to 10, not 50" in texts(view["blocks"][0])
    fields = elements(view)
    assert fields["since"]["initial_value"] == "1440m"
    assert fields["topic"]["initial_value"] == "grain prices"
    assert desks.asked == []


async def test_a_slip_of_the_pen_is_answered_with_the_nearest_command(rig: SocketRig, bot: SlackBot) -> None:
    """The nearest command is named, and a button runs it."""
    acked = await rig.command("serch ferry")
    assert "did you mean “search”" in texts(acked.payload)
    assert '"value": "search"' in str(acked.payload).replace("'", '"')


async def test_a_wrong_value_is_told_beside_its_field(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """The modal stays open, the field says what is wrong, and nothing is run until it is right."""
    view = await opened(rig, "schedule")
    asked = len(desks.asked)
    acked = await rig.submit(view, filled(view, name="Morning", stories="50"), user="U2")
    assert acked.payload["response_action"] == "errors"
    assert "must be 1 to 10" in acked.payload["errors"]["stories"]
    assert len(desks.asked) == asked


async def test_the_schedule_modal_makes_a_digest(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """Cron line, length, mention, quiet hours, channel: everything a digest can be is asked and kept."""
    view = await opened(rig, "schedule")
    assert {"cron", "length", "mention", "quiet", "timezone", "style", "channel", "at"} <= set(elements(view))
    assert elements(view)["timezone"]["initial_value"] == "Europe/Rome"
    given = filled(
        view, name="Grain", frequency="cron", cron="30 7 * * 1-5", length="long", mention="S1", quiet="22:00-06:00",
        channel="C1", stories="7",
    )  # fmt: skip
    assert (await rig.submit(view, given, user="U2")).payload == {}
    await until(lambda: desks.asked and desks.asked[-1][0].options.get("name") == "Grain")
    await until(lambda: any("Made “Grain”" in texts(body) for _, body in rig.calls))
    made = (await desks.desk.store.subscriptions())[-1]
    assert (made.name, made.channel.id, made.length, made.mention, made.stories) == ("Grain", "C1", "long", "S1", 7)
    assert (made.schedule.frequency, made.schedule.cron) == ("cron", "30 7 * * 1-5")
    assert made.schedule.quiet_from is not None
    assert made.schedule.timezone == "Europe/Rome"


async def test_the_edit_form_starts_with_what_there_is(rig: SocketRig, bot: SlackBot) -> None:
    """A digest's form shows its present settings; the digest itself goes along unseen."""
    view = await opened(rig, "schedule edit 1")
    assert "digest" not in elements(view)
    assert elements(view)["name"]["initial_value"] == "Evening brief"
    assert elements(view)["channel"]["initial_conversation"] == "C2"
    await rig.submit(view, filled(view, stories="9"), user="U2")
    await until(lambda: any("9 stories" in texts(body) for _, body in rig.calls))


async def test_settings_let_a_user_group_manage(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """The form offers admins, everybody and each user group; a member of the group may manage from then on."""
    await rig.command("audit", user="U3")
    await until(lambda: rig.responses)
    assert "manage" in texts(rig.responses[-1])
    view = await opened(rig, "settings edit")
    offered = [option["value"] for option in elements(view)["managers"]["options"]]
    assert offered == ["admins", "anyone", "S1"]
    await rig.submit(view, filled(view, managers="S1", admin_channel="C2"), user="U2")
    await until(lambda: any("Saved" in texts(body) for _, body in rig.calls))
    known = await desks.desk.store.workspace(TEAM)
    assert known is not None
    assert known.settings == WorkspaceSettings(managers="S1", admin_channel="C2", timezone="Europe/Rome")
    before = len(rig.responses)
    await rig.command("audit ", user="U3", channel="C2")
    await until(lambda: len(rig.responses) > before)
    assert "settings edit" in texts(rig.responses[-1])


async def test_a_report_reaches_the_workspaces_own_channel(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """Where a workspace has set one, reports go there, with the buttons that check and answer them."""
    await desks.desk.store.save_workspace(
        TEAM, "Newsroom", WorkspaceSettings(admin_channel="C2"), desks.desk.clock.now()
    )
    await rig.press("report story=1", user="U1")
    await until(lambda: rig.views)
    view = rig.views[-1]
    await rig.submit(view, filled(view, kind="speaker", note="it was her deputy"), user="U1")
    await until(lambda: rig.rooms["C2"].messages)
    told = rig.rooms["C2"].messages[-1]
    assert "it was her deputy" in texts(told)
    assert "recheck" in str(told)


async def test_feeds_come_in_by_a_file(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """The form takes a file, which is fetched with the bot's token; it is shown first and added by a button."""
    rig.files["F9"] = b'<opml><body><outline xmlUrl="https://new.example/feed"/></body></opml>'
    view = await opened(rig, "import")
    assert elements(view)["file"]["type"] == "file_input"
    url = rig.base_url.replace("/api/", "/files/F9")
    await rig.submit(view, filled(view, file=url), user="U2")
    await until(lambda: any("1 new feed" in texts(body) for _, body in rig.calls))
    shown = next(body for _, body in reversed(rig.calls) if "1 new feed" in texts(body))
    line = re.search(r"import confirm key=\w+", str(shown))
    assert line
    await rig.press(line[0], user="U2")
    await until(lambda: any("Added 1 feed" in texts(body) for body in rig.responses))
    assert "https://new.example/feed" in {feed.url for feed in await desks.desk.store.feeds()}


async def test_a_file_that_cannot_be_had_says_so(rig: SocketRig, bot: SlackBot) -> None:
    """A page to sign in, or none, is not read as a list of feeds: the form is there again and says so."""
    view = await opened(rig, "import")
    await rig.submit(view, filled(view, file=rig.base_url.replace("/api/", "/missing")), user="U2")
    await until(lambda: len(rig.views) == 2)
    assert "could not be had" in texts(rig.views[-1]["blocks"][0])


async def test_feeds_go_out_as_a_file_to_the_asker_alone(rig: SocketRig, bot: SlackBot) -> None:
    """The list is handed over in the asker's direct messages: a file in the channel would be everybody's."""
    await rig.command("export", user="U2")
    await until(lambda: rig.shared)
    (shared,) = rig.shared
    assert shared["channel"] == "DU2"
    assert b"ledger.example/old.xml" in rig.files[shared["files"][0]["id"]]
    await until(lambda: rig.responses)
    assert "The file is in your messages with this app." in texts(rig.responses)
    rig.refuse("conversations.open", "missing_scope", needed="im:write")
    await rig.command("export ", user="U3")
    await until(lambda: len(rig.responses) == 2)
    assert "could not be handed over" in texts(rig.responses[1])


# ── the App Home ─────────────────────────────────────────────────────────────


def pressed(rig: SocketRig, line: str, user: str) -> dict[str, Any]:
    """Return the press of a button in the App Home: such a press has no channel and no response_url."""
    who = {key: one for key, one in rig._who(user, "").items() if key not in {"channel", "response_url"}}
    action = {"type": "button", "action_id": "run:0", "block_id": "b", "value": line}
    return {"type": "block_actions", "actions": [action], "view": {"type": "home", "id": "V0"}, **who}


async def home_of(rig: SocketRig, user: str) -> dict[str, Any]:
    """Open the App Home and return it."""
    before = len(rig.views)
    event = {"type": "app_home_opened", "user": user, "channel": "D1", "tab": "home"}
    await rig.event(f"Ev-{user}-{before}", event)
    await until(lambda: len(rig.views) > before)
    return rig.views[-1]


async def test_the_home_guides_the_first_steps(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """Who manages sees the steps until there are a feed and a digest; a step's button opens its form."""
    desk = desks.desk
    for one in await desk.store.subscriptions():
        await desk.store.remove_subscription(one.id)
    home = await home_of(rig, "U2")
    assert "Setup · " in texts(home)
    assert "The first digest" in texts(home)
    assert "Setup" not in texts(await home_of(rig, "U1"))
    before = len(rig.views)
    await rig.send("interactive", pressed(rig, "setup 5", "U2"))
    await until(lambda: len(rig.views) > before)
    view = rig.views[-1]
    assert view["callback_id"] == "form:schedule create"
    await rig.submit(view, filled(view, channel="C1"), user="U2")
    await until(lambda: rig.views[-1]["type"] == "home")
    assert "Made “Morning brief”" in texts(rig.views[-1])
    assert "Setup" not in texts(await home_of(rig, "U2"))


async def test_a_digest_made_in_the_home_needs_a_channel(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """There is no channel that “this one” could mean: the form asks for one, and nothing is made without."""
    await rig.send("interactive", pressed(rig, "schedule create", "U2"))
    await until(lambda: rig.views)
    channel = next(block for block in rig.views[-1]["blocks"] if block.get("block_id") == "channel")
    assert channel["optional"] is False
    await rig.submit(rig.views[-1], filled(rig.views[-1], name="Nowhere"), user="U2")
    await until(lambda: len(rig.views) > 1)
    assert "“channel” is needed" in texts(rig.views[-1]["blocks"][0])
    assert "Nowhere" not in {one.name for one in await desks.desk.store.subscriptions()}


async def test_the_home_pauses_and_edits(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """Digests have their next run as a date that Slack shows in the reader's zone, and buttons that act on the spot."""
    await desks.desk.store.save_subscription(
        Subscription(0, "Grain", Channel("slack", "C1", "T1"), next_edition_at=desks.desk.clock.now())
    )
    home = await home_of(rig, "U2")
    assert any(element.get("type") == "date" for element in _nodes(home)) or "<!date^" in str(home)
    values = [node["value"] for node in _nodes(home) if "value" in node]
    assert {"schedule pause digest=2", "schedule edit digest=2"} <= set(values)
    before = len(rig.views)
    await rig.send("interactive", pressed(rig, "schedule pause digest=2", "U2"))
    await until(lambda: len(rig.views) > before)
    assert rig.views[-1]["type"] == "home"
    assert "Paused “Grain”" in texts(rig.views[-1])
    await rig.send("interactive", pressed(rig, "schedule edit digest=2", "U2"))
    await until(lambda: rig.views[-1]["type"] == "modal")
    assert elements(rig.views[-1])["name"]["initial_value"] == "Grain"


def _nodes(thing: object) -> list[dict[str, Any]]:
    if isinstance(thing, dict):
        return [thing, *(node for value in thing.values() for node in _nodes(value))]
    return [node for one in thing for node in _nodes(one)] if isinstance(thing, list) else []


async def test_the_doctor_names_missing_scopes_and_channels(rig: SocketRig, desks: Desks) -> None:
    """Asked in Slack, the doctor names each missing scope and each channel without the bot, with the fix."""
    rig.scopes = "chat:write,commands,users:read"
    rig.rooms["C2"].member = False
    adapter = SlackAdapter(TOKEN, base_url=rig.base_url)
    desks.desk.publisher.adapters = {"slack": adapter}
    async with listening(rig, desks.answer):
        await rig.command("doctor", user="U2")
        await until(lambda: rig.responses)
    await adapter.close()
    told = texts(rig.responses)
    assert "channels:history" in told
    assert "usergroups:read" in told
    assert "the bot is not in #trade" in told
    assert "/invite @digestbot" in told


async def test_the_forms_of_a_button_come_back_as_its_invocation(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """“Snooze topic” in a story's menu leaves that topic out of the channel's digests."""
    await rig.press('snooze topic="Grain"', user="U2", menu=True)
    await until(lambda: rig.responses)
    assert desks.asked[-1][0] == Invocation("snooze", {"topic": "Grain"})
    assert "“grain” is left out of the digests in" in texts(rig.responses)
