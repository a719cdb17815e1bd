"""The doctor's look at Discord names each missing permission and its fix, over the real client and real TLS."""

from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.domain.errors import NotPermitted
from digestbot.domain.subscription import Channel
from tests.rigs.discord import BOT_ID, FORUM, GUILD_ID, NEWS, ROLE_ID, TOKEN, TRADE, DiscordRig

CHANNEL = Channel("discord", NEWS, GUILD_ID)
SEND, EMBED, VIEW, IN_THREADS, ADMINISTRATOR = 1 << 11, 1 << 14, 1 << 10, 1 << 38, 1 << 3


def overwrite(who: str, *, allow: int = 0, deny: int = 0):
    return {"id": who, "type": 1 if who == BOT_ID else 0, "allow": str(allow), "deny": str(deny)}


async def test_a_well_channel_is_well(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """The token and the channel are well, and each is said by name."""
    findings = await discord_adapter.examine([CHANNEL])
    assert [well for _, well, _, _ in findings] == [True, True]
    assert "digestbot" in findings[0][2]
    assert "#news can be posted to" in findings[1][2]


async def test_each_missing_permission_is_named(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """What lacks is named as Discord's settings name it, with where to give it."""
    rig.places[NEWS].overwrites = [overwrite(GUILD_ID, deny=SEND | EMBED)]
    found = (await discord_adapter.examine([CHANNEL]))[1:]
    assert [(name, well, fix) for name, well, _, fix in found] == [
        (NEWS, False, "give it “Send Messages” in #news"),
        (NEWS, False, "give it “Embed Links” in #news"),
    ]
    assert "lacks “Send Messages” in #news" in found[0][2]


@pytest.mark.parametrize(
    ("overwrites", "well"),
    [
        ([overwrite(GUILD_ID, deny=SEND), overwrite(ROLE_ID, allow=SEND)], True),
        ([overwrite(ROLE_ID, deny=SEND), overwrite(BOT_ID, allow=SEND)], True),
        ([overwrite(BOT_ID, deny=SEND), overwrite(ROLE_ID, allow=SEND)], False),
        ([overwrite("800000000000000009", deny=SEND)], True),
    ],
)
async def test_overwrites_are_applied_in_discords_order(
    rig: DiscordRig, discord_adapter: DiscordAdapter, overwrites, well: bool
):
    """Everyone's overwrite comes first, then the bot's roles', then the bot's own; others' do not count."""
    rig.places[NEWS].overwrites = overwrites
    assert (await discord_adapter.examine([CHANNEL]))[1][1] is well


async def test_administrators_and_owners_may_do_everything(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """No overwrite binds an administrator or the server's owner."""
    rig.places[NEWS].overwrites = [overwrite(GUILD_ID, deny=VIEW)]
    rig.roles[ROLE_ID] = ADMINISTRATOR
    assert (await discord_adapter.examine([CHANNEL]))[1][1]
    rig.roles[ROLE_ID] = 0
    rig.owner = BOT_ID
    assert (await discord_adapter.examine([CHANNEL]))[1][1]


async def test_forums_and_threads_need_more(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """Where posts or threads are made, writing in threads is asked for too, and elsewhere it is not."""
    for place in (NEWS, FORUM):
        rig.places[place].overwrites = [overwrite(GUILD_ID, deny=IN_THREADS)]
    news, forum = (await discord_adapter.examine([CHANNEL, Channel("discord", FORUM, GUILD_ID)]))[1:]
    assert news[1]
    assert "Send Messages in Threads" in forum[2]
    threaded = DiscordAdapter(TOKEN, connector=rig.connector, threads=True)
    assert not (await threaded.examine([CHANNEL]))[1][1]
    await threaded.close()


async def test_what_cannot_be_seen_is_a_finding(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """A hidden channel, an unknown one and a wrong token are findings with their fix, never errors."""
    rig.places[TRADE].refused = (403, 50001)
    hidden, unknown = (await discord_adapter.examine([Channel("discord", TRADE), Channel("discord", "5999")]))[1:]
    assert "View Channel" in hidden[3]
    assert "another channel" in unknown[3]
    wrong = DiscordAdapter("wrong", connector=rig.connector)
    ((_, well, _, fix),) = await wrong.examine([CHANNEL])
    assert not well
    assert "DIGESTBOT_DISCORD__TOKEN" in fix
    with pytest.raises(NotPermitted):
        await wrong.invite()
    await wrong.close()


async def test_the_invite_asks_for_exactly_what_is_needed(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """The link names the bot, its commands and six permissions, administrator not among them."""
    asked = parse_qs(urlsplit(await discord_adapter.invite()).query)
    granted = {name for name, has in discord.Permissions(int(asked["permissions"][0])) if has}
    assert asked["client_id"] == [BOT_ID]
    assert set(asked["scope"][0].split()) == {"bot", "applications.commands"}
    assert granted == {
        "view_channel", "read_messages", "send_messages", "embed_links", "read_message_history",
        "create_public_threads", "send_messages_in_threads",
    } - ({"read_messages"} if "view_channel" in granted else {"view_channel"})  # fmt: skip
