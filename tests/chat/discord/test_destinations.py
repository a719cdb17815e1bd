"""Digests in channels, threads and forums: where each message stands, under which name and tags, and how it changes."""

import json

import pytest

from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.discord.embeds import plainer
from digestbot.chat.discord.nonce import bears, stamped
from digestbot.chat.discord.threads import apart, tags_of
from digestbot.domain.errors import ChannelGone, Rejected
from digestbot.domain.subscription import Channel
from tests.chat.discord.test_adapter import a_message, just_now
from tests.chat.slack import making
from tests.rigs.discord import FORUM, GUILD_ID, NEWS, REQUIRES_TAG, TOKEN, DiscordRig
from tests.rigs.oracles_discord import message_faults

HERE, THERE = Channel("discord", NEWS, GUILD_ID), Channel("discord", FORUM, GUILD_ID)
TAGS = [
    {"id": "71", "name": "Moderators only", "moderated": True},
    {"id": "72", "name": "🌍 World News", "moderated": False},
    {"id": "73", "name": "economy", "moderated": False},
]
ROLE = "123456789012345678"


def told(style="full", mention=""):
    """Return the messages of a digest of two topics."""
    stories = (making.story(1, topic="world-news"), making.story(2, topic="Economy"), making.story(3, topic="chess"))
    return DiscordAdapter(TOKEN).render(making.digest(*stories, style=style, mention=mention))


async def posted(adapter, channel, messages):
    """Post messages as the pipeline does; return their ids."""
    ids: list[str] = []
    for number, message in enumerate(messages):
        ids.append(await adapter.post(channel, message, f"deliver:9:{number}", ids[0] if message.reply else None))
    return ids


async def test_a_forum_gets_a_post_a_story_with_its_own_tags(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """In the style “posts” each story is a post named by its headline, tagged by its topic; no topic has no tag."""
    rig.places[FORUM].tags = TAGS
    ids = await posted(discord_adapter, THERE, told("posts"))
    posts = [rig.places[number] for number in ids]
    assert [post.name for post in posts] == [f"Barrier {n} approved after long debate" for n in (1, 2, 3)]
    assert [post.applied for post in posts] == [["72"], ["73"], []]
    assert [len(post.messages) for post in posts] == [1, 1, 1]
    assert "Morning brief" in json.dumps(rig.sent(ids[0]))
    since = just_now()
    assert await discord_adapter.settle(THERE, "deliver:9:1", None, since) == ids[1]


async def test_a_forum_gets_a_post_a_digest_with_all_its_tags(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """In the other styles one post holds the digest, named by its title, with the tags of all its topics."""
    rig.places[FORUM].tags = TAGS
    first, *_ = await posted(discord_adapter, THERE, told())
    assert rig.places[first].name == "Morning brief · Monday"
    assert rig.places[first].applied == ["72", "73"]


async def test_a_forum_that_asks_for_a_tag_gets_one(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """Where no topic has a tag and the forum asks for one, it is the first that is free to use."""
    rig.places[FORUM].tags, rig.places[FORUM].flags = TAGS, REQUIRES_TAG
    ids = await posted(discord_adapter, THERE, told("posts"))
    assert rig.places[ids[2]].applied == ["72"]
    assert tags_of({"available_tags": TAGS[:1], "flags": REQUIRES_TAG}, ()) == []
    many = [{"id": str(n), "name": f"t{n}"} for n in range(9)]
    assert len(tags_of({"available_tags": many}, [f"T{n}" for n in range(9)])) == 5


async def test_in_a_channel_each_story_is_a_message(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """The style “posts” in an ordinary channel gives each story a message of its own, and begins no thread."""
    await posted(discord_adapter, HERE, told("posts"))
    assert len(rig.sent()) == 3
    assert rig.calls_to("POST", "/threads") == 0


async def test_a_role_is_pinged_by_the_first_post_alone(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """The role of the subscription's settings is called once, also in a forum of posts."""
    ids = await posted(discord_adapter, THERE, told("posts", mention=ROLE))
    assert [rig.sent(number)[0]["pinged"] for number in ids] == [[ROLE], [], []]


async def test_without_the_right_to_make_threads_the_digest_goes_on_in_the_channel(rig: DiscordRig):
    """What would stand in the thread stands in the channel, is found there again, and is corrected there."""
    rig.places[NEWS].threads_refused = True
    adapter = DiscordAdapter(TOKEN, connector=rig.connector, threads=True)
    since = just_now()
    first = await adapter.post(HERE, a_message(), "deliver:1:0", None)
    reply = await adapter.post(HERE, a_message(), "deliver:1:1", first)
    assert [message["id"] for message in rig.sent()] == [first, reply]
    assert await adapter.settle(HERE, "deliver:1:1", first, since) == reply
    await adapter.correct(HERE, reply, told()[0], first)
    assert rig.sent()[1]["edited"]
    await adapter.close()


@pytest.mark.parametrize("place", ["channel", "thread", "post"])
async def test_what_was_posted_is_corrected_in_its_place(rig: DiscordRig, place: str):
    """A correction takes the message's place, wherever it stands, pings nobody, and twice is the same as once."""
    adapter = DiscordAdapter(TOKEN, connector=rig.connector, threads=place == "thread")
    channel = THERE if place == "post" else HERE
    first = await adapter.post(channel, a_message(), "deliver:1:0", None)
    reply = await adapter.post(channel, a_message(), "deliver:1:1", first)
    corrected = told(mention=ROLE)[0]
    for _ in range(2):
        await adapter.correct(channel, reply, corrected, first)
    await adapter.correct(channel, first, corrected, None)
    stands = rig.sent(NEWS) if place == "channel" else rig.sent(first) + (rig.sent(NEWS) if place == "thread" else [])
    assert all("Barrier 1" in json.dumps(message["components"]) for message in stands)
    assert len(stands) == 2
    bodies = [body for method, path, body in rig.calls if method == "PATCH"]
    assert {json.dumps(body["allowed_mentions"]) for body in bodies} == {'{"parse": []}'}
    await adapter.close()


async def test_a_correction_of_what_is_gone_says_so(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """A message that a moderator deleted cannot be corrected, and no new one is posted."""
    await discord_adapter.post(HERE, a_message(), "deliver:1:0", None)
    rig.places[NEWS].messages.clear()
    with pytest.raises(ChannelGone, match="no longer there"):
        await discord_adapter.correct(HERE, "600", told()[0], None)
    assert rig.sent() == []


async def test_embeds_are_the_fall_back(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """A message whose newer form is refused is posted in the older one, and found again by its marks."""
    message = told(mention=ROLE)[0]
    rig.refuse("POST messages", 400, 50035)
    since = just_now()
    number = await discord_adapter.post(HERE, message, "deliver:1:0", None)
    (stands,) = rig.sent()
    assert stands["id"] == number
    assert stands["content"] == f"<@&{ROLE}>"
    assert stands["pinged"] == [ROLE]
    assert "Barrier 1 approved" in json.dumps(stands["embeds"])
    assert await discord_adapter.settle(HERE, "deliver:1:0", None, since) == number


async def test_a_form_refused_twice_is_refused(rig: DiscordRig, discord_adapter: DiscordAdapter):
    """When the older look is refused as well there is nothing left to try."""
    for _ in range(2):
        rig.refuse("POST messages", 400, 50035)
    with pytest.raises(Rejected, match="form"):
        await discord_adapter.post(HERE, told()[0], "deliver:1:0", None)
    assert rig.sent() == []


def test_the_fall_back_is_within_the_older_looks_limits():
    """Forty stories in the older look are valid bodies with the same words, each findable by its marks."""
    digest = making.digest(*(making.story(number, quotes=3) for number in range(40)))
    for message in DiscordAdapter(TOKEN).render(digest):
        body, _ = apart(message.payload)
        plain = plainer(body)
        assert message_faults(plain) == []
        marked = stamped(plain, "deliver:1:0")
        assert bears({"components": marked["components"]}, "deliver:1:0")
        for line in str(body["components"]).split("“")[1:]:
            assert line.split("”")[0] in str(plain["embeds"])
