"""The Slack adapter with the real client over real sockets: posted once, or known not to be posted, or found again."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from digestbot.chat.slack.adapter import SlackAdapter
from digestbot.chat.slack.scopes import SCOPES
from digestbot.domain.digest import Message
from digestbot.domain.errors import (
    ChannelGone,
    DeliveryError,
    NotPermitted,
    OutcomeUnknown,
    PlatformDown,
    RateLimited,
    Rejected,
)
from digestbot.domain.subscription import Channel
from tests.chat.slack.making import digest, story
from tests.rigs.slack import TOKEN, SlackRig

NEWS = Channel("slack", "C1", "T1")
TRADE = Channel("slack", "C2", "T1")
KEY = "deliver:17:0"


def a_message(slack: SlackAdapter) -> Message:
    """Return a message that carries a story."""
    return slack.render(digest(story(1)))[1]


def just_now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


async def test_a_digest_is_a_message_and_its_thread(rig: SlackRig, slack: SlackAdapter) -> None:
    """The parent stands in the channel, the stories in its thread, each tagged with its key, none unfurled."""
    parent, *replies = slack.render(digest(story(1), story(2)))
    thread = await slack.post(NEWS, parent, "deliver:1:0", None)
    for number, reply in enumerate(replies, 1):
        await slack.post(NEWS, reply, f"deliver:1:{number}", thread)
    messages = rig.rooms["C1"].messages
    assert [m.get("thread_ts") for m in messages] == [None, thread, thread]
    assert [m["metadata"]["event_payload"]["key"] for m in messages] == [f"deliver:1:{n}" for n in range(3)]
    assert all(body["unfurl_links"] is False and body["unfurl_media"] is False for _, body in rig.calls)
    assert all(body["text"] for _, body in rig.calls)


@pytest.mark.parametrize(
    ("code", "kind", "fix"),
    [
        ("channel_not_found", ChannelGone, "/invite @digestbot"),
        ("is_archived", ChannelGone, "unarchive"),
        ("not_in_channel", NotPermitted, "/invite @digestbot"),
        ("token_revoked", NotPermitted, "DIGESTBOT_SLACK__BOT_TOKEN"),
        ("account_inactive", NotPermitted, "install the app again"),
        ("restricted_action", NotPermitted, "admin"),
        ("msg_blocks_too_long", Rejected, "fault of ours"),
        ("thread_not_found", Rejected, "run the digest again"),
        ("org_login_required", PlatformDown, "by itself"),
        ("a_code_of_next_year", Rejected, "fault of ours"),
        ("internal_error", OutcomeUnknown, "looked up"),
    ],
)
async def test_a_refusal_says_what_to_do(
    rig: SlackRig, slack: SlackAdapter, code: str, kind: type[DeliveryError], fix: str
) -> None:
    """Each of Slack's codes becomes the error the pipeline acts on, with the fix in its sentence."""
    rig.refuse("chat.postMessage", code)
    with pytest.raises(kind) as caught:
        await slack.post(NEWS, a_message(slack), KEY, None)
    assert fix in str(caught.value)
    assert "slack:T1/C1" in str(caught.value)
    assert len(rig.calls) == 1


async def test_a_missing_scope_is_named(rig: SlackRig, slack: SlackAdapter) -> None:
    """The sentence names the scope that Slack says is needed."""
    rig.refuse("chat.postMessage", "missing_scope", needed="chat:write", provided="commands")
    with pytest.raises(NotPermitted, match="add chat:write"):
        await slack.post(NEWS, a_message(slack), KEY, None)


async def test_refused_blocks_are_told_in_slacks_words(rig: SlackRig, slack: SlackAdapter) -> None:
    """What Slack says of a wrong block stands in the error."""
    rig.refuse("chat.postMessage", "invalid_blocks", response_metadata={"messages": ["[ERROR] too long [/blocks/0]"]})
    with pytest.raises(Rejected, match="too long"):
        await slack.post(NEWS, a_message(slack), KEY, None)


async def test_a_limit_is_kept(rig: SlackRig, slack: SlackAdapter) -> None:
    """429 carries Slack's wait; until it is over the channel is not even called, and another channel is."""
    rig.limit("chat.postMessage", 40)
    for _ in range(2):
        with pytest.raises(RateLimited) as caught:
            await slack.post(NEWS, a_message(slack), KEY, None)
        assert caught.value.retry_after == pytest.approx(40, abs=1)
    assert len(rig.calls) == 1
    await slack.post(TRADE, a_message(slack), KEY, None)


async def test_one_message_a_second_a_channel(rig: SlackRig) -> None:
    """Messages of one channel wait for their turn, those of another do not wait with them."""
    rig.paced = True
    slack = SlackAdapter(TOKEN, base_url=rig.base_url)
    message = a_message(slack)
    started = time.monotonic()
    await asyncio.gather(
        *(slack.post(channel, message, f"k{n}", None) for n in range(3) for channel in (NEWS, TRADE)),
    )
    await slack.close()
    assert 2.0 <= time.monotonic() - started < 4.0


async def test_a_long_queue_is_turned_away(rig: SlackRig) -> None:
    """Who would wait too long for the channel's turn is told when to come again, and nothing is sent."""
    slack = SlackAdapter(TOKEN, base_url=rig.base_url, pace=60.0)
    await slack.post(NEWS, a_message(slack), "k0", None)
    with pytest.raises(RateLimited) as caught:
        await slack.post(NEWS, a_message(slack), "k1", None)
    await slack.close()
    assert caught.value.retry_after == pytest.approx(60, abs=1)
    assert len(rig.calls) == 1


# ── lost answers ─────────────────────────────────────────────────────────────


def _drop(rig: SlackRig) -> None:
    rig.lose_answer()


def _drop_before(rig: SlackRig) -> None:
    rig.lose_answer(carried_out=False)


def _gateway(rig: SlackRig) -> None:
    rig.break_down("chat.postMessage", 502, "<html>Bad gateway</html>", carried_out=True)


def _unreadable(rig: SlackRig) -> None:
    rig.break_down("chat.postMessage", 200, "<html>Sign in to the network</html>")


def _server_error(rig: SlackRig) -> None:
    rig.break_down("chat.postMessage", 503, {"ok": False, "error": "service_unavailable"}, carried_out=True)


@pytest.mark.parametrize("event", [_drop, _drop_before, _gateway, _unreadable, _server_error])
async def test_a_lost_answer_is_not_guessed(
    rig: SlackRig, slack: SlackAdapter, event: Callable[[SlackRig], None]
) -> None:
    """A dropped connection, a 5xx or an unreadable answer is unknown; the call is never made twice by itself."""
    event(rig)
    with pytest.raises(OutcomeUnknown) as caught:
        await slack.post(NEWS, a_message(slack), KEY, None)
    assert caught.value.retry_after
    assert len(rig.calls) == 1


async def test_a_time_out_is_unknown_and_asked_about_later(
    rig: SlackRig, slack: SlackAdapter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow call may still arrive: it is looked for after half a minute, not at once."""
    monkeypatch.setattr("digestbot.chat.slack.clients.TIMEOUT", 0.2)
    rig.slow("chat.postMessage", 1.0)
    with pytest.raises(OutcomeUnknown) as caught:
        await slack.post(NEWS, a_message(slack), KEY, None)
    assert caught.value.retry_after == 30


async def test_nobody_listening_is_not_posted() -> None:
    """When no connection is made, nothing was posted and the same call may be made again."""
    slack = SlackAdapter(TOKEN, base_url="http://127.0.0.1:9/api/")
    with pytest.raises(PlatformDown):
        await slack.post(NEWS, a_message(slack), KEY, None)
    await slack.close()


async def test_a_proxys_refusal_is_not_posted(rig: SlackRig, slack: SlackAdapter) -> None:
    """A 403 without Slack's JSON never reached Slack."""
    rig.break_down("chat.postMessage", 403, "Forbidden by policy")
    with pytest.raises(PlatformDown, match="403"):
        await slack.post(NEWS, a_message(slack), KEY, None)


@pytest.mark.parametrize("thread", [False, True])
async def test_a_message_whose_answer_was_lost_is_found(rig: SlackRig, slack: SlackAdapter, *, thread: bool) -> None:
    """The tag finds it in the channel or in the thread, among many others and over pages."""
    began = just_now()
    parent = await slack.post(NEWS, a_message(slack), "deliver:17:9", None) if thread else None
    rig.lose_answer()
    with pytest.raises(OutcomeUnknown):
        await slack.post(NEWS, a_message(slack), KEY, parent)
    lost = rig.rooms["C1"].messages[-1]["ts"]
    for n in range(7):
        rig.say("C1", f"chatter {n}")
        await slack.post(NEWS, a_message(slack), f"deliver:18:{n}", parent)
    rig.page_size = 3
    assert await slack.settle(NEWS, KEY, parent, began) == lost


async def test_a_message_that_never_arrived_is_not_found(rig: SlackRig, slack: SlackAdapter) -> None:
    """Then settle says None, and the message may be sent again."""
    rig.lose_answer(carried_out=False)
    with pytest.raises(OutcomeUnknown):
        await slack.post(NEWS, a_message(slack), KEY, None)
    rig.say("C1", KEY)
    assert await slack.settle(NEWS, KEY, None, just_now()) is None


@pytest.mark.parametrize("minutes", [-61, 9, 61])
async def test_clocks_need_not_agree(rig: SlackRig, slack: SlackAdapter, minutes: int) -> None:
    """A message is found although Slack's clock is some minutes before or behind ours."""
    rig.skew = minutes * 60
    ts = await slack.post(NEWS, a_message(slack), KEY, None)
    assert await slack.settle(NEWS, KEY, None, just_now()) == ts


async def test_messages_from_before_are_not_searched(rig: SlackRig, slack: SlackAdapter) -> None:
    """The search begins where the attempt began, so a busy channel costs few calls."""
    await slack.post(NEWS, a_message(slack), KEY, None)
    assert await slack.settle(NEWS, KEY, None, just_now() + timedelta(hours=3)) is None


async def test_a_lost_question_is_no_unknown_outcome(rig: SlackRig, slack: SlackAdapter) -> None:
    """Asking changes nothing: a dropped connection while asking means only that the platform is down."""
    for _ in range(2):  # aiohttp asks a second time by itself: a GET may be repeated
        rig.lose_answer("conversations.history")
    with pytest.raises(PlatformDown):
        await slack.settle(NEWS, KEY, None, just_now())
    rig.limit("conversations.history", 30)
    with pytest.raises(RateLimited):
        await slack.settle(NEWS, KEY, None, just_now())


# ── corrections ──────────────────────────────────────────────────────────────


async def test_a_correction_takes_the_place_of_what_was_posted(rig: SlackRig, slack: SlackAdapter) -> None:
    """The message keeps its place and its tag, shows the new words, and doing it twice changes nothing more."""
    ts = await slack.post(NEWS, a_message(slack), KEY, None)
    fresh = slack.render(digest(story(2)))[1]
    for _ in range(2):
        await slack.correct(NEWS, ts, fresh, None)
    (message,) = rig.rooms["C1"].messages
    assert message["blocks"] == fresh.payload["blocks"]
    assert await slack.settle(NEWS, KEY, None, just_now() - timedelta(minutes=1)) == ts


async def test_a_message_that_is_gone_is_said_to_be_gone(rig: SlackRig, slack: SlackAdapter) -> None:
    """What a moderator deleted cannot be corrected, and no new message is posted for it."""
    with pytest.raises(ChannelGone):
        await slack.correct(NEWS, "1.000001", a_message(slack), None)
    rig.refuse("chat.update", "edit_window_closed")
    with pytest.raises(Rejected):
        await slack.correct(NEWS, "1.000001", a_message(slack), None)
    assert rig.rooms["C1"].messages == []


# ── the doctor ───────────────────────────────────────────────────────────────


async def test_a_healthy_app_is_said_to_be_well(rig: SlackRig, slack: SlackAdapter) -> None:
    """Token, scopes and channel are each a finding without a fault."""
    findings = await slack.examine([NEWS])
    assert [(name, well) for name, well, _, _ in findings] == [("slack", True), ("slack", True), ("C1", True)]


async def test_each_fault_has_its_fix(rig: SlackRig, slack: SlackAdapter) -> None:
    """Each missing scope is named by itself; a channel without the bot, an archived and a missing one have a fix."""
    rig.scopes = "chat:write,commands"
    rig.rooms["C1"].member = False
    rig.rooms["C2"].archived = True
    (_, *scopes, _, _, _), channels = (found := await slack.examine([NEWS, TRADE, Channel("slack", "C9")])), found[-3:]
    assert len(scopes) == len(SCOPES) - 2
    assert all(not well and fix for _, well, _, fix in [*scopes, *channels])
    assert any("channels:history" in what for _, _, what, _ in scopes)
    absent, archived, missing = (fix for *_, fix in channels)
    assert absent == "type “/invite @digestbot” in the channel"
    assert archived == "unarchive it, or move the subscription to another channel"
    assert missing.startswith("if it is private, type “/invite @digestbot” in the channel; if it is deleted, move")


async def test_a_dead_token_is_one_finding(rig: SlackRig, slack: SlackAdapter) -> None:
    """When the token is revoked, nothing else is asked."""
    rig.tokens[TOKEN] = "token_revoked"
    ((_, well, what, fix),) = await slack.examine([NEWS])
    assert not well
    assert what == "slack: the token is revoked"
    assert "DIGESTBOT_SLACK__BOT_TOKEN" in fix
