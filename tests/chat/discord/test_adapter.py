"""The Discord adapter with the real client over real TLS: posted once, or known not to be posted, or found again."""

import ast
import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import digestbot.chat.discord
from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.discord.nonce import bears, marks_of, nonce_of, stamped
from digestbot.chat.discord.requests import hushed
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
from tests.rigs.discord import BOT_ID, FORUM, GUILD_ID, NEWS, TOKEN, TRADE, DiscordRig
from tests.web.sample import sample

CHANNEL = Channel("discord", NEWS, GUILD_ID)
KEY = "deliver:17:0"


def a_message() -> Message:
    return DiscordAdapter(TOKEN).render(sample())[0]


def just_now() -> datetime:
    return datetime.now(UTC)


async def test_a_digest_is_posted_whole(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """Every message stands in the channel in order, tells nobody but its readers, and names its delivery part."""
    messages = discord_adapter.render(sample())
    ids = [await discord_adapter.post(CHANNEL, m, f"deliver:1:{n}", None) for n, m in enumerate(messages)]
    assert [message["id"] for message in rig.sent()] == ids
    assert [message["nonce"] for message in rig.sent()] == [nonce_of(f"deliver:1:{n}") for n in range(len(ids))]
    bodies = [body for method, path, body in rig.calls if method == "POST" and path.endswith("/messages")]
    assert all(body["allowed_mentions"] == {"parse": []} and body["enforce_nonce"] is True for body in bodies)


async def test_the_same_part_is_posted_once(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """Sending a part again gives the earlier message's id."""
    first = await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    assert await discord_adapter.post(CHANNEL, a_message(), KEY, None) == first
    assert len(rig.sent()) == 1


@pytest.mark.parametrize("carried_out", [True, False])
async def test_a_lost_answer_is_settled(rig: DiscordRig, discord_adapter: DiscordAdapter, carried_out: bool):
    """After a lost answer the message is found by its marks, though Discord forgot the nonce, or known to be absent."""
    rig.knows_nonces = False
    since = just_now()
    rig.lose_answer(carried_out=carried_out)
    with pytest.raises(OutcomeUnknown) as caught:
        await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    assert caught.value.retry_after
    found = await discord_adapter.settle(CHANNEL, KEY, None, since)
    assert found == (rig.sent()[0]["id"] if carried_out else None)
    assert await discord_adapter.settle(CHANNEL, "deliver:17:1", None, since) is None


async def test_settling_reads_on_past_a_page(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """The message is found behind three hundred others, with a clock minutes behind Discord's."""
    rig.skew = -300.0
    since = just_now()
    for _ in range(150):
        rig.say(NEWS, content="chatter")
    posted = await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    for _ in range(150):
        rig.say(NEWS, content="chatter")
    assert await discord_adapter.settle(CHANNEL, KEY, None, since) == posted
    assert rig.calls_to("GET", "/messages") == 2


async def test_another_bots_marks_are_not_ours(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """A stranger's message with the very same marks is not taken for ours; older messages are not looked at."""
    copied = stamped(a_message().payload, KEY)["components"]
    rig.say(NEWS, components=copied)
    assert await discord_adapter.settle(CHANNEL, KEY, None, just_now()) is None
    rig.say(NEWS, author=BOT_ID, components=copied)
    assert await discord_adapter.settle(CHANNEL, KEY, None, just_now())
    assert await discord_adapter.settle(CHANNEL, KEY, None, just_now() + timedelta(hours=3)) is None


REFUSALS = [
    (404, 10003, ChannelGone, "another channel"),
    (403, 50001, NotPermitted, "View Channel"),
    (403, 50013, NotPermitted, "Send Messages"),
    (403, 160005, NotPermitted, "unlock"),
    (403, 40333, NotPermitted, "give it the right to post"),
    (401, 0, NotPermitted, "DIGESTBOT_DISCORD__TOKEN"),
    (400, 50109, Rejected, "fault of ours"),
    (400, 200000, Rejected, "AutoMod"),
    (400, 20028, RateLimited, "by itself"),
    (400, 987654, Rejected, "fault of ours"),
    (403, 340004, NotPermitted, "age-restricted"),
]


@pytest.mark.parametrize(("status", "code", "kind", "fix"), REFUSALS)
async def test_a_refusal_says_what_to_do(
    rig: DiscordRig, discord_adapter: DiscordAdapter, status: int, code: int, kind: type[DeliveryError], fix: str
):
    """Each of Discord's codes becomes the error the pipeline acts on, with the fix in its sentence."""
    rig.refuse("POST messages", status, code)
    with pytest.raises(kind) as caught:
        await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    assert fix in str(caught.value)
    assert str(CHANNEL) in str(caught.value)
    assert rig.calls_to("POST", "/messages") == 1
    assert rig.sent() == []


async def test_a_wrong_token_is_said(rig: DiscordRig):
    """A token that Discord does not know is the operator's to mend, and may be tried again after that."""
    adapter = DiscordAdapter("wrong", connector=rig.connector)
    for _ in range(2):
        with pytest.raises(NotPermitted, match="DIGESTBOT_DISCORD__TOKEN"):
            await adapter.post(CHANNEL, a_message(), KEY, None)
    await adapter.close()


async def test_a_channel_that_is_gone_is_known_before_sending(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """An unknown channel is gone; a hidden one is a missing permission; nothing is sent to either."""
    with pytest.raises(ChannelGone):
        await discord_adapter.post(Channel("discord", "5999"), a_message(), KEY, None)
    rig.places[TRADE].refused = (403, 50001)
    with pytest.raises(NotPermitted, match="View Channel"):
        await discord_adapter.post(Channel("discord", TRADE), a_message(), KEY, None)
    assert rig.calls_to("POST", "/messages") == 0


async def test_limits(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """A short limit is waited out, a long one and Cloudflare's are handed back with the wait they ask for."""
    rig.limit("POST messages", 0.05)
    await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    rig.limit("POST messages", 90.0)
    with pytest.raises(RateLimited) as long:
        await discord_adapter.post(CHANNEL, a_message(), "deliver:17:1", None)
    assert long.value.retry_after == pytest.approx(90)
    rig.ban("POST messages", 300)
    with pytest.raises(RateLimited) as banned:
        await discord_adapter.post(CHANNEL, a_message(), "deliver:17:1", None)
    assert banned.value.retry_after == pytest.approx(300)
    rig.ban("POST messages")
    with pytest.raises(RateLimited) as unsaid:
        await discord_adapter.post(CHANNEL, a_message(), "deliver:17:1", None)
    assert unsaid.value.retry_after == pytest.approx(60)
    assert len(rig.sent()) == 1


async def test_a_failure_of_theirs_leaves_the_outcome_open(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """503 is not retried blindly: nobody knows whether the message stands, and looking tells."""
    rig.break_down("POST messages", 503, carried_out=True)
    since = just_now()
    with pytest.raises(OutcomeUnknown):
        await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    assert rig.calls_to("POST", "/messages") == 1
    assert await discord_adapter.settle(CHANNEL, KEY, None, since) == rig.sent()[0]["id"]


async def test_looking_fails_as_a_question_does(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """When the history cannot be read the platform is down: the outcome stays to be settled later."""
    rig.break_down("GET messages", 503)
    with pytest.raises(PlatformDown):
        await discord_adapter.settle(CHANNEL, KEY, None, just_now())
    for _ in range(2):  # aiohttp asks a second time by itself when a kept connection turns out to be closed
        rig.lose_answer("GET messages")
    with pytest.raises(PlatformDown):
        await discord_adapter.settle(CHANNEL, KEY, None, just_now())


async def test_an_unreachable_platform_is_down(rig: DiscordRig):
    """Nothing listens: certainly nothing was posted."""
    await rig.stop()
    adapter = DiscordAdapter(TOKEN, connector=rig.connector)
    with pytest.raises(PlatformDown):
        await adapter.post(CHANNEL, a_message(), KEY, None)
    await adapter.close()


async def test_many_refusals_stop_the_calls(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """After the breaker's limit of refusals no call goes out, and the caller is told when to come again."""
    discord_adapter._breaker._limit = 5
    for _ in range(5):
        rig.refuse("POST messages", 403, 50013)
        with pytest.raises(NotPermitted):
            await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    before = len(rig.calls)
    with pytest.raises(RateLimited) as caught:
        await discord_adapter.post(CHANNEL, a_message(), KEY, None)
    assert caught.value.retry_after == pytest.approx(600, abs=5)
    assert len(rig.calls) == before


async def test_replies_go_into_a_thread_when_asked(rig: DiscordRig):
    """With threads on, the first message begins a thread once and the others stand in it, found there again."""
    adapter = DiscordAdapter(TOKEN, connector=rig.connector, threads=True)
    first = await adapter.post(CHANNEL, a_message(), "deliver:1:0", None)
    assert await adapter.settle(CHANNEL, "deliver:1:1", first, just_now()) is None
    replies = [await adapter.post(CHANNEL, a_message(), f"deliver:1:{n}", first) for n in (1, 2)]
    assert [message["id"] for message in rig.sent(first)] == replies
    assert len(rig.sent()) == 1
    assert rig.calls_to("POST", "/threads") == 1
    assert await adapter.settle(CHANNEL, "deliver:1:2", first, just_now()) == replies[1]
    await adapter.close()
    again = DiscordAdapter(TOKEN, connector=rig.connector, threads=True)
    await again.post(CHANNEL, a_message(), "deliver:1:3", first)
    assert len(rig.sent(first)) == 3
    await again.close()


async def test_without_threads_everything_stands_in_the_channel(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """Further messages follow the first one in the channel itself."""
    first = await discord_adapter.post(CHANNEL, a_message(), "deliver:1:0", None)
    await discord_adapter.post(CHANNEL, a_message(), "deliver:1:1", first)
    assert len(rig.sent()) == 2
    assert rig.calls_to("POST", "/threads") == 0


async def test_a_forum_gets_a_post_a_digest(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """In a forum the first message opens a post, the others stand in it; a lost answer is settled there too."""
    forum = Channel("discord", FORUM, GUILD_ID)
    since = just_now()
    rig.lose_answer("POST threads")
    with pytest.raises(OutcomeUnknown):
        await discord_adapter.post(forum, a_message(), "deliver:1:0", None)
    post = await discord_adapter.settle(forum, "deliver:1:0", None, since)
    assert post is not None
    assert await discord_adapter.settle(forum, "deliver:2:0", None, since) is None
    reply = await discord_adapter.post(forum, a_message(), "deliver:1:1", post)
    assert [message["id"] for message in rig.sent(post)] == [post, reply]
    assert await discord_adapter.settle(forum, "deliver:1:1", post, since) == reply


async def test_a_role_is_pinged_only_by_the_settings(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """A payload may ping one role at most, and never what its text says."""
    payload = dict(a_message().payload) | {"allowed_mentions": {"parse": ["everyone"], "roles": ["11", "22"]}}
    await discord_adapter.post(CHANNEL, Message(payload, "x"), KEY, None)
    assert rig.calls[-1][2]["allowed_mentions"] == {"parse": [], "roles": ["11"]}


async def test_many_channels_at_once_log_in_once(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """Channels are served side by side by one client."""
    channels = [CHANNEL, Channel("discord", TRADE, GUILD_ID)]
    await asyncio.gather(*(discord_adapter.post(c, a_message(), f"k{c.id}{n}", None) for c in channels for n in (0, 1)))
    assert rig.calls_to("GET", "users/@me") == 1
    assert len(rig.sent(NEWS)) == len(rig.sent(TRADE)) == 2


def test_a_stamp_is_stable_and_leaves_the_message_as_it_was():
    """The same part has the same nonce and marks after every restart; other parts have others; the payload is kept."""
    payload = a_message().payload
    before = json.dumps(payload)
    body = stamped(payload, KEY)
    assert body == stamped(payload, KEY)
    assert json.dumps(payload) == before
    assert len(str(body["nonce"])) == 25
    assert bears(body, KEY)
    assert bears({"components": body["components"]}, KEY)
    assert not bears({"components": body["components"]}, "deliver:17:1")
    assert not bears({"components": []}, KEY)
    assert len({mark for n in range(2000) for mark in marks_of(f"deliver:{n}:0")}) == 4000


SENDERS = {"send", "send_message", "reply", "edit", "edit_message", "edit_original_response", "create_thread"}
"""What discord.py would send a message by, with whatever may be pinged left to its caller."""


def test_every_message_leaves_by_the_one_way_that_says_what_may_be_pinged():
    """A walk over all call sites: requests are handed to the wire alone, and it hushes every message it sends."""
    folder = Path(digestbot.chat.discord.__file__).parent
    calls = [(path.name, call) for path in sorted(folder.rglob("*.py")) for call in _calls(path)]
    assert {name for name, call in calls if _method(call) == "request"} == {"adapter.py", "bot.py"}
    sent = [(name, ast.unparse(call)) for name, call in calls if _method(call) in SENDERS]
    assert sent
    assert [one for one in sent if "wire.send(" not in one[1] and one[1] != "self.send(route, body, file)"] == []
    with_body = [call for _, call in calls if any(keyword.arg in {"json", "form"} for keyword in call.keywords)]
    assert {ast.unparse(call) for call in with_body if "Reply(" not in ast.unparse(call) and _method(call)} == {
        "self.ask(route, json=hushed(body))",
        "self.ask(route, form=[*parts, {'name': 'files[0]', 'value': file.content, **named}])",  # parts are hushed too
        "self._wire.ask(route, json={'name': name})",  # a thread's name: no message
    }


def _calls(path: Path) -> list[ast.Call]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


@pytest.mark.parametrize(
    ("body", "allowed"),
    [
        ({}, {"parse": []}),
        ({"allowed_mentions": {"parse": ["everyone", "users"]}}, {"parse": []}),
        (
            {"allowed_mentions": {"parse": ["roles"], "roles": ["1", "2"], "users": ["3"]}},
            {"parse": [], "roles": ["1"]},
        ),
    ],
)
def test_a_hushed_body_pings_nobody_but_one_role(body: dict[str, object], allowed: dict[str, object]):
    """Whatever a body says, it pings at most the one role it names, inside a forum's post too."""
    assert hushed(body)["allowed_mentions"] == allowed
    assert hushed({"name": "x", "message": body}) == {"name": "x", "message": {**body, "allowed_mentions": allowed}}
