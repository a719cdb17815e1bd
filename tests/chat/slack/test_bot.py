"""The Slack app over a real socket: acknowledged at once, answered where it was asked, and acting once."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from digestbot.chat.slack.bot import SlackBot
from digestbot.chat.slack.typed_text import meant, plain
from digestbot.commands import Asker, Invocation, Reply
from digestbot.commands.documents import said
from digestbot.domain.errors import NotPermitted
from tests.chat.slack.hearing import Desks, listening, texts, until
from tests.commands.making import a_desk
from tests.rigs.slack import TOKEN
from tests.rigs.slack_socket import SocketRig


@pytest.fixture
async def rig() -> AsyncIterator[SocketRig]:
    """Serve a Slack with Socket Mode; it must have found no fault in any body by the end."""
    made = SocketRig()
    made.people = {"U1": {"tz": "Europe/Berlin"}, "U2": {"is_admin": True, "tz": "UTC"}}
    await made.start()
    yield made
    await made.stop()
    assert made.faults == []


@pytest.fixture
async def desks() -> Desks:
    """Return what answers."""
    return Desks(await a_desk())


@pytest.fixture
async def bot(rig: SocketRig, desks: Desks) -> AsyncIterator[SlackBot]:
    """Run the app, connected."""
    async with listening(rig, desks.answer, admin_channel="C2") as made:
        yield made


async def test_a_command_is_acknowledged_and_then_answered_alone(rig: SocketRig, bot: SlackBot) -> None:
    """The ack says that it is being worked on; the answer comes by response_url, to the asker alone."""
    acked = await rig.command("now 24h")
    assert acked.payload == {"response_type": "ephemeral", "text": "Working on it…"}
    await until(lambda: rig.responses)
    assert rig.responses[0]["response_type"] == "ephemeral"
    assert "News of the barrier" in texts(rig.responses)


async def test_a_shared_answer_is_for_the_channel(rig: SocketRig, bot: SlackBot) -> None:
    """“share” makes the answer visible to all."""
    await rig.command("now share")
    await until(lambda: rig.responses)
    assert rig.responses[0]["response_type"] == "in_channel"


async def test_the_asker_has_rights_and_a_time_zone(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """Workspace admins manage, others read, each in their own zone; somebody unknown to Slack may only read."""
    for user in ("U1", "U2", "U9"):
        await rig.command("status", user=user)
    await until(lambda: len(desks.asked) == 3)
    assert {(a.user, a.manager, a.timezone, a.workspace, a.channel.id) for _, a in desks.asked} == {
        ("U1", False, "Europe/Berlin", "T1", "C1"), ("U2", True, "UTC", "T1", "C1"), ("U9", False, "UTC", "T1", "C1"),
    }  # fmt: skip


async def test_wrong_input_is_answered_in_the_acknowledgement(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """A slip is corrected at once, and nothing is run."""
    acked = await rig.command("sumarize https://x.example")
    assert "did you mean “summarize”" in texts(acked.payload)
    assert not desks.asked


async def test_a_command_without_what_it_needs_opens_its_form(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """The modal asks for it; what is filled in is run, and the answer is shown to the asker in that channel."""
    await rig.command("search")
    await until(lambda: rig.views)
    (view,) = rig.views
    assert view["callback_id"] == "form:search"
    await rig.submit(view, {"words": {"words": {"type": "plain_text_input", "value": "ferry"}}})
    await until(lambda: any(method == "chat.postEphemeral" for method, _ in rig.calls))
    assert desks.asked[-1][0] == Invocation("search", {"words": "ferry"})
    body = next(body for method, body in rig.calls if method == "chat.postEphemeral")
    assert (body["channel"], body["user"]) == ("C1", "U1")


async def test_a_press_shows_sources_in_a_modal(rig: SocketRig, bot: SlackBot) -> None:
    """The modal opens at once and is filled with each quote in its sentence."""
    await rig.press("sources story=1")
    await until(lambda: len(rig.views) == 2)
    assert "One moment" in texts(rig.views[0])
    assert "We are ready to build the barrier" in texts(rig.views[1])
    shown = str(rig.views[1])
    assert "https://ledger.example/barrier" in shown
    assert "<!date^" in shown or "'type': 'date'" in shown


async def test_what_is_pressed_in_a_thread_is_answered_in_it(rig: SocketRig, bot: SlackBot) -> None:
    """A story stands in the digest's thread: its answers come there, alone too; where that fails, beside it."""
    within = {"message": {"ts": "5.2", "thread_ts": "5.1"}}
    action = {"type": "button", "action_id": "run:0", "block_id": "b"}

    async def press(line: str) -> None:
        action["value"] = line
        await rig.send(
            "interactive", {"type": "block_actions", "actions": [dict(action)], **rig._who("U1", "C1"), **within}
        )

    await press("more story=1")
    await until(lambda: any(method == "chat.postEphemeral" for method, _ in rig.calls))
    told = next(body for method, body in rig.calls if method == "chat.postEphemeral")
    assert (told["channel"], told["user"], told["thread_ts"]) == ("C1", "U1", "5.1")
    await press("report story=1")
    await until(lambda: rig.views)
    kind = {"kind": {"kind": {"type": "static_select", "selected_option": {"value": "fact"}}}}
    await rig.submit(rig.views[-1], kind)
    await until(lambda: sum(method == "chat.postEphemeral" for method, _ in rig.calls) == 2)
    assert [body["thread_ts"] for method, body in rig.calls if method == "chat.postEphemeral"] == ["5.1", "5.1"]
    assert rig.responses == []
    rig.refuse("chat.postEphemeral", "user_not_in_channel")
    await press("story story=2")
    await until(lambda: rig.responses)
    assert rig.responses[0]["response_type"] == "ephemeral"


async def test_a_menu_and_a_button_run_the_same_command(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """An overflow's option is its invocation as a button's value is."""
    await rig.press("more story=2", menu=True)
    await until(lambda: rig.responses)
    assert desks.asked[0][0] == Invocation("more", {"story": 2})
    assert rig.responses[0]["replace_original"] is False


async def test_a_report_asks_what_is_wrong_and_reaches_the_admins(rig: SocketRig, bot: SlackBot) -> None:
    """The button opens a form; what is reported stands in the admin channel with a button to check again."""
    await rig.press("report story=1")
    await until(lambda: rig.views)
    values = {
        "story": {"story": {"type": "plain_text_input", "value": "1"}},
        "kind": {"kind": {"type": "static_select", "selected_option": {"value": "speaker"}}},
        "note": {"note": {"type": "plain_text_input", "value": None}},
    }
    await rig.submit(rig.views[0], values)
    await until(lambda: rig.rooms["C2"].messages)
    assert "a wrong speaker" in texts(rig.rooms["C2"].messages)
    assert "recheck story=1" in str(rig.rooms["C2"].messages)


async def test_double_presses_and_deliveries_act_once(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """The same command within two seconds, the same button, the same event again: each acts once."""
    mention = {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "1.1", "text": "<@UBOT> status"}
    for _ in range(3):
        await rig.command("status")
        await rig.press("more story=1")
        await rig.event("Ev1", mention)
    await until(lambda: len(desks.asked) == 3)
    await asyncio.sleep(0.2)
    assert sorted(invocation.name for invocation, _ in desks.asked) == ["more", "status", "status"]


async def test_a_mention_is_answered_in_its_thread(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """“brief me on …” is a brief on it, posted under the message that asked."""
    text = "<@UBOT> brief me on grain prices, please"
    await rig.event("Ev2", {"type": "app_mention", "user": "U1", "channel": "C1", "ts": "7.7", "text": text})
    await until(lambda: rig.rooms["C1"].messages)
    assert desks.asked[0][0] == Invocation("now", {"topic": "grain prices, please"})
    assert rig.rooms["C1"].messages[0]["thread_ts"] == "7.7"


async def test_the_home_shows_digests_feeds_and_what_can_be_done(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """Opening the App Home publishes it; its buttons open forms, and what they answer stands at its top."""
    await rig.event("Ev3", {"type": "app_home_opened", "user": "U2", "channel": "D1", "tab": "home"})
    await until(lambda: rig.views)
    assert rig.views[0]["type"] == "home"
    assert "The Ledger" in texts(rig.views[0])
    doors = [element for block in rig.views[0]["blocks"] if block["type"] == "actions" for element in block["elements"]]
    assert {"News brief", "Add a feed", "New digest"} <= {one["text"]["text"] for one in doors if "text" in one}
    assert "No feed fails" not in texts(rig.views[0])
    home = {"type": "home", "id": "V0"}
    action = {"type": "button", "action_id": "run:0", "block_id": "b", "value": "now"}
    who = {key: one for key, one in rig._who("U2", "").items() if key not in {"channel", "response_url"}}
    await rig.send("interactive", {"type": "block_actions", "actions": [action], "view": home, **who})
    await until(lambda: len(rig.views) == 2)
    assert (rig.views[1]["callback_id"], desks.asked[-1][0].name) == ("form:now", "list")
    await rig.submit(rig.views[1], {"topic": {"topic": {"type": "plain_text_input", "value": "ferry"}}}, user="U2")
    await until(lambda: len(rig.views) == 3)
    assert rig.views[2]["type"] == "home"
    assert "Ferry · " in texts(rig.views[2]["blocks"][0])


async def test_bare_input_asks_what_the_brief_is_about(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """A bare /digest opens the brief's form, says where help is, and runs nothing."""
    acked = await rig.command("  ")
    await until(lambda: rig.views)
    assert acked.payload == {}
    assert rig.views[0]["callback_id"] == "form:now"
    assert "/digest help" in texts(rig.views[0]["blocks"][0])
    assert desks.asked == []


async def test_a_form_that_takes_long_is_announced_in_time(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """With a slow database a modal opens within the trigger's three seconds and is filled when the form is there."""
    desks.wait = 4.0
    await rig.command("schedule create", user="U2")
    began = time.monotonic()
    await until(lambda: rig.views)
    assert time.monotonic() - began < 2.5
    assert "One moment" in texts(rig.views[0])
    await until(lambda: len(rig.views) == 2)
    assert rig.views[1]["callback_id"] == "form:schedule create"
    desks.wait = 1.5
    await rig.command("schedule create", user="U1")
    await until(lambda: len(rig.views) == 4)
    assert "for those who manage" in texts(rig.views[3])


async def test_shortcuts(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """A message's link is summarized, one without a link is asked about, the global one opens the brief's form."""
    message = {"text": "read <https://ledger.example/a?b=1&amp;c=2|this>", "ts": "1.1"}
    await rig.shortcut("message_action", "summarize_link", message=message)
    await until(lambda: desks.asked)
    assert desks.asked[0][0] == Invocation("summarize", {"url": "https://ledger.example/a?b=1&c=2"})
    block = {"type": "section", "text": {"type": "mrkdwn", "text": "<https://ledger.example/block|headline>"}}
    rich = {
        "type": "rich_text",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "link", "url": "https://x.example/r"}]}],
    }
    preview = {"from_url": "https://x.example/p", "title": "A preview"}
    for number, more in enumerate(({"blocks": [block]}, {"blocks": [rich]}, {"attachments": [preview]}), 2):
        await rig.shortcut("message_action", "summarize_link", message={"text": "of another app", "ts": "1.1", **more})
        await until(lambda: len(desks.asked) == number)  # noqa: B023 - awaited before the next round
    urls = [asked.options["url"] for asked, _ in desks.asked[1:]]
    assert urls == ["https://ledger.example/block", "https://x.example/r", "https://x.example/p"]
    await rig.shortcut("message_action", "summarize_link", message={"text": "no link", "ts": "1.2"})
    await rig.shortcut("shortcut", "news_brief")
    await until(lambda: len(rig.views) == 2)
    assert {view["callback_id"] for view in rig.views} == {"form:summarize", "form:now"}


async def test_acknowledgements_do_not_wait_for_work_or_slack(rig: SocketRig, bot: SlackBot, desks: Desks) -> None:
    """Fifty commands at once, with a slow model and a slow Web API, are all acknowledged long before three seconds."""
    desks.wait = 1.5
    for _ in range(50):
        rig.slow("users.info", 1.0)
    acked = await asyncio.gather(*(rig.command(f"search word{n}", user=f"U{n % 25}") for n in range(50)))
    assert max(one.seconds for one in acked) < 1.0
    await until(lambda: len(rig.responses) == 50)


async def test_what_nobody_knows_is_acknowledged(rig: SocketRig, bot: SlackBot) -> None:
    """An event or a button of another version is not delivered again and again."""
    await rig.event("Ev9", {"type": "team_join", "user": "U5"})
    payload = {
        "type": "block_actions",
        "actions": [{"type": "button", "action_id": "old", "block_id": "b", "value": "x"}],
    }
    await rig.send("interactive", payload | {"user": {"id": "U1", "team_id": "T1"}, "team": {"id": "T1"}})


@pytest.mark.parametrize("how", ["refresh", "cut"])
async def test_a_lost_connection_is_made_again(
    rig: SocketRig, desks: Desks, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After Slack's refresh, and after a connection that just ends, commands are heard again."""
    monkeypatch.setattr("digestbot.chat.slack.transports.PING", 0.5)
    async with listening(rig, desks.answer):
        await (rig.refresh() if how == "refresh" else rig.cut())
        await rig.connected(2)
        await rig.command("status")
        await until(lambda: desks.asked)


async def test_an_outage_is_outlived(rig: SocketRig, desks: Desks, monkeypatch: pytest.MonkeyPatch) -> None:
    """While Slack is away for some seconds nothing is heard; when it is back, under new addresses, commands are."""
    monkeypatch.setattr("digestbot.chat.slack.transports.PING", 0.2)
    async with listening(rig, desks.answer):
        rig.away = True
        await rig.cut()
        await asyncio.sleep(1.5)
        assert rig.connections == 1
        assert not desks.asked
        rig.away = False
        await rig.connected(2)
        await rig.command("status")
        await until(lambda: desks.asked)


async def test_who_we_are_is_asked_once(rig: SocketRig, bot: SlackBot) -> None:
    """auth.test is called at start-up and never before an answer."""
    for n in range(3):
        await rig.command(f"search w{n}")
    await until(lambda: len(rig.responses) == 3)
    assert [method for method, _ in rig.calls].count("auth.test") == 1


async def test_a_dead_token_stops_the_start(rig: SocketRig, desks: Desks) -> None:
    """The operator is told at once, with the fix."""
    rig.tokens[TOKEN] = "token_revoked"
    with pytest.raises(NotPermitted, match="DIGESTBOT_SLACK__BOT_TOKEN"):
        async with listening(rig, desks.answer):
            pass


async def test_a_limited_answer_is_given_when_slack_says(rig: SocketRig, bot: SlackBot) -> None:
    """Slack asks to wait before a modal's answer is posted: it is waited, and the answer is there once."""
    await rig.command("search")
    await until(lambda: rig.views)
    rig.limit("chat.postEphemeral", 1)
    await rig.submit(rig.views[0], {"words": {"words": {"type": "plain_text_input", "value": "ferry"}}})
    await until(lambda: [method for method, _ in rig.calls].count("chat.postEphemeral") == 2)


async def test_five_uses_of_a_response_url_are_enough(rig: SocketRig, desks: Desks) -> None:
    """An answer of many pages ends after five messages; a sixth would be refused."""
    long = said("x").cards * 400

    async def much(_invocation: Invocation, _asker: Asker) -> Reply:
        return Reply(long)

    async with listening(rig, much):
        await rig.command("status")
        await until(lambda: len(rig.responses) == 5)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("subscribe <https://x.example/a?b=1&amp;c=2> <#C12|news>", "subscribe https://x.example/a?b=1&c=2 C12"),
        ("search a &lt; b &amp;amp; c", "search a < b &amp; c"),
    ],
)
def test_slacks_escaping_is_undone(typed: str, read: str) -> None:
    """Addresses and channels are bare, entities undone once."""
    assert plain(typed) == read


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("<@U1> brief me on grain prices", Invocation("now", {"topic": "grain prices"})),
        ("<@U1> brief us", Invocation("now")),
        ("<@U1>", Invocation("now")),
        ("<@U1> quotes Ana Reyes", Invocation("quotes", {"who": "Ana Reyes"})),
        ("<@U1> summarize <https://x.example/a>", Invocation("summarize", {"url": "https://x.example/a"})),
        ("<@U1> summarize", Invocation("help", {"command": "summarize"})),
        ("<@U1> volcano?", Invocation("now", {"topic": "volcano"})),
    ],
)
def test_a_mention_is_understood(text: str, wanted: Invocation) -> None:
    """A command is a command; anything else is what to brief about."""
    assert meant(text) == wanted


async def test_acknowledgements_keep_their_time_at_fifty_a_second(rig: SocketRig, desks: Desks) -> None:
    """At 50 commands a second, the desk and every call of Slack taking a second, no acknowledgement takes one.

    The figure itself is for ``make bench-chat``: here neighbours share the processor.
    """
    rig.later, rig.delay, desks.wait = True, 1.0, 1.0
    async with listening(rig, desks.answer):
        sending = []
        for number in range(75):
            sending.append(asyncio.create_task(rig.command(f"search word{number}", user=f"U{number}")))
            await asyncio.sleep(0.02)
        acked = [one.seconds for one in await asyncio.gather(*sending)]
        assert max(acked) < 1.0
        await until(lambda: len(rig.responses) == 75)
    assert rig.check() >= 150
