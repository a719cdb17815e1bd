"""The Discord client: commands from the table, answered at once and then in full, buttons that live after a restart."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from digestbot.chat.discord import components
from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.discord.answers import EPHEMERAL, bodies
from digestbot.chat.discord.bot import DiscordBot
from digestbot.chat.discord.slash import zones
from digestbot.commands import COMMANDS, Asker, Invocation, Reply, dispatch
from digestbot.domain.digest import Card, Message, Prose, Text
from digestbot.domain.subscription import Channel, Subscription
from tests.chat.discord.interactions import Picked, Speaker, answered, until
from tests.chat.slack import making
from tests.commands.desk import AskedDesk, desk
from tests.rigs.discord import GUILD_ID, NEWS, TOKEN, TRADE, DiscordRig
from tests.rigs.oracles_discord import command_faults

DEFERRED, SILENT, SUGGESTIONS, FORM = 5, 6, 8, 9


class House:
    """A client over a desk of fakes; ``slow`` is how long every command takes, ``asked`` who asked what."""

    def __init__(self, rig: DiscordRig, room: AskedDesk) -> None:
        self.rig, self.room, self.slow = rig, room, 0.0
        room.house.publisher.adapters = {"discord": DiscordAdapter(TOKEN)}
        self.asked: list[tuple[Invocation, Asker]] = []
        self.problems: list[tuple[Exception, str]] = []

    async def start(self) -> None:
        """Log in."""
        self.bot = DiscordBot(
            COMMANDS, self._ask, self._names, lambda *seen: self.problems.append(seen),
            notify=TRADE, connector=self.rig.connector(),
        )  # fmt: skip
        await self.bot.login(TOKEN)

    async def _ask(self, invocation: Invocation, asker: Asker) -> Reply:
        self.asked.append((invocation, asker))
        await asyncio.sleep(self.slow)
        return await dispatch(self.room.desk, invocation, asker)

    async def _names(self, kind: str, _asker: Asker) -> list[tuple[str, int]]:
        return [(f"{kind} {number}", number) for number in range(1, 40)]


@pytest.fixture
async def house(rig: DiscordRig) -> AsyncIterator[House]:
    made = House(rig, await desk())
    await made.start()
    yield made
    await made.bot.close()


def shown(answer) -> str:
    """Return the characters of an answer."""
    return components.visible(Message(answer, ""))


def leaves(command, path=""):
    """Yield the commands of a group and of the groups in it by their paths."""
    path = f"{path} {command['name']}".strip()
    inner = [one for one in command.get("options", []) if one["type"] in {1, 2}]
    if not inner and command["type"] == 1 and " " in path:
        yield path, command
    for one in inner:
        yield from leaves(one, path)


async def test_the_commands_are_the_tables_and_valid(rig: DiscordRig, house: House):
    """Every row with a path on Discord is told to it, each body valid by Discord's own description."""
    await house.bot.publish_commands()
    assert [fault for command in rig.commands for fault in command_faults(command)] == []
    told = dict(row for top in rig.commands for row in leaves(top))
    assert set(told) == {command.discord for command in COMMANDS if command.discord}
    for command in COMMANDS:
        if command.discord:
            shown = {o.on_discord for o in command.options if o.name != "confirm"}  # typed into a form alone
            assert {o["name"] for o in told[command.discord].get("options", [])} == shown
    guarded = {top["name"]: top.get("default_member_permissions") for top in rig.commands if top["type"] == 1}
    assert [top["name"] for top in rig.commands if top["type"] == 3] == ["Summarize link", "Show sources"]
    assert guarded == {"news": None, "feed": 32, "digest": 32, "digestbot": 32}


def weight(command) -> int:
    """Return the characters of a command as Discord counts them: names, descriptions, and the values of choices."""
    own = len(command.get("name", "")) + len(command.get("description", "")) + len(str(command.get("value", "")))
    return own + sum(weight(one) for one in (*command.get("options", []), *command.get("choices", [])))


async def test_the_commands_are_within_discords_limits(rig: DiscordRig, house: House):
    """No command has more than 8,000 characters in all, no group more than 25 rows, no row more than 25 options."""
    await house.bot.publish_commands()
    assert max(map(weight, rig.commands)) <= 8_000
    assert all(len(top.get("options", [])) <= 25 for top in rig.commands)
    rows = [row for top in rig.commands for _, row in leaves(top)]
    assert max(len(row.get("options", [])) for row in rows) <= 25
    assert all(1 <= len(row["description"]) <= 100 for row in rows)


async def test_the_news_goes_where_people_take_it(rig: DiscordRig, house: House):
    """``/news`` and the menus of messages work in servers, direct messages and for who installed the bot alone."""
    await house.bot.publish_commands()
    by_name = {top["name"]: top for top in rig.commands}
    for name in ("news", "Summarize link", "Show sources"):
        assert by_name[name]["integration_types"] == [0, 1]
        assert by_name[name]["contexts"] == [0, 1, 2]
    for name in ("feed", "digest", "digestbot"):
        assert by_name[name]["integration_types"] == [0]
        assert by_name[name]["contexts"] == [0]


async def test_the_doctor_names_each_missing_permission(rig: DiscordRig, house: House):
    """``/digestbot doctor`` tells, for each channel of the server's digests, what lacks and what to do."""
    adapter = DiscordAdapter(TOKEN, connector=rig.connector)
    house.room.house.publisher.adapters = {"discord": adapter}
    await house.room.house.store.save_subscription(Subscription(0, "Ours", Channel("discord", NEWS, GUILD_ID)))
    rig.places[NEWS].overwrites = [{"id": GUILD_ID, "type": 0, "allow": "0", "deny": str(1 << 11 | 1 << 14)}]
    _, full = await answered(rig, Speaker(house.bot, rig, manager=True).slash("digestbot doctor"))
    assert "give it “Send Messages” in #news" in shown(full)
    assert "give it “Embed Links”" in shown(full)
    await adapter.close()


async def test_a_command_is_deferred_then_answered(rig: DiscordRig, house: House):
    """The first answer says "thinking", privately; the second one holds the news in its place, pinging nobody."""
    token = Speaker(house.bot, rig).slash("news brief")
    first, full = await answered(rig, token)
    assert first["callback"] == {"type": DEFERRED, "data": {"flags": EPHEMERAL}}
    assert "Saltmere council votes" in shown(full)
    assert full["allowed_mentions"] == {"parse": []}
    assert full["flags"] & EPHEMERAL


async def test_a_channel_is_given_by_its_id(rig: DiscordRig, house: House):
    """A channel chosen in Discord's own picker reaches the command as its id."""
    speaker = Speaker(house.bot, rig, manager=True)
    await answered(rig, speaker.slash("digest create", name="Evening", channel=Picked(TRADE)))
    ((invocation, _),) = house.asked
    assert invocation.options == {"name": "Evening", "channel": TRADE}


async def test_shared_answers_are_public(rig: DiscordRig, house: House):
    """Whether others see it is decided before the first answer."""
    first, full = await answered(rig, Speaker(house.bot, rig).slash("news brief", public=True))
    assert not (first["callback"].get("data") or {}).get("flags", 0) & EPHEMERAL
    assert not full["flags"] & EPHEMERAL


async def test_the_first_answer_waits_for_nothing(rig: DiscordRig, house: House):
    """Fifty commands at once, each taking a second, are all acknowledged long before three seconds are over."""
    house.slow = 1.0
    started = asyncio.get_running_loop().time()
    tokens = [Speaker(house.bot, rig, user=str(n)).slash("news brief") for n in range(50)]
    for token in tokens:
        await answered(rig, token, 1)
    assert asyncio.get_running_loop().time() - started < 2.0
    for token in tokens:
        assert len(await answered(rig, token, 2)) == 2


async def test_who_manages_the_server_is_a_manager(rig: DiscordRig, house: House):
    """“Manage Server” makes a manager; without it a manager's command is refused in words; nobody manages a message."""
    await answered(rig, Speaker(house.bot, rig, manager=True).slash("digestbot audit"))
    _, refused = await answered(rig, Speaker(house.bot, rig, user="32").slash("digestbot audit"))
    assert "manage" in shown(refused)
    await answered(rig, Speaker(house.bot, rig, manager=True).slash("news help", guild=False))
    assert [asker.manager for _, asker in house.asked] == [True, False, False]
    assert house.asked[-1][1].workspace == ""
    assert house.problems == []


async def test_a_button_is_a_command_and_works_once(rig: DiscordRig, house: House):
    """A press runs the line in the button; a second one within two seconds does nothing; a strange one is told so."""
    speaker = Speaker(house.bot, rig)
    first, second = speaker.press("sources story=1"), speaker.press("sources story=1")
    _, full = await answered(rig, first)
    assert "said Nora Lind" in shown(full)
    (silent,) = await answered(rig, second, 1)
    assert silent["callback"]["type"] == SILENT
    assert len(house.asked) == 1
    _, unknown = await answered(rig, speaker.press("dance now"))
    assert "no command" in shown(unknown)


async def test_a_report_asks_what_is_wrong_and_reaches_the_admins(rig: DiscordRig, house: House):
    """“Report” opens a form of kind and note; filled in, it thanks the reader and posts the story for the admins."""
    speaker = Speaker(house.bot, rig)
    token = speaker.press("report story=1")
    (form,) = await answered(rig, token, 1)
    assert form["callback"]["type"] == FORM
    _, thanks = await answered(rig, speaker.fill(token, kind="quote", note="He said “might”."))
    assert "Thank" in shown(thanks)
    await until(lambda: bool(rig.sent(TRADE)))
    posted = json.dumps(rig.sent(TRADE), ensure_ascii=False)
    assert "recheck story=1" in posted
    assert "He said" in posted


async def test_a_manager_snoozes_a_topic_from_more(rig: DiscordRig, house: House):
    """“More” offers whoever manages the server to snooze the topic the story was posted under, and a press does it."""
    room = house.room.house
    here = Channel("discord", NEWS, GUILD_ID)
    await room.store.save_subscription(
        Subscription(0, "Gates", here, topics=("harbour gates",), next_edition_at=room.clock.now())
    )
    await room.publisher.run_due()
    _, theirs = await answered(rig, Speaker(house.bot, rig).press("more story=1"))
    assert "Snooze topic" not in json.dumps(theirs)
    manager = Speaker(house.bot, rig, user="32", manager=True)
    _, full = await answered(rig, manager.press("more story=1"))
    row = full["components"][-1]["components"][-1]["components"]
    assert [button["label"] for button in row] == ["Sources", "Report a problem", "Snooze topic"]
    _, done = await answered(rig, manager.press(row[-1]["custom_id"]))
    assert "“harbour gates” is left out of the digests in" in shown(done)
    (snooze,) = await room.store.snoozes(here.home, room.clock.now())
    assert (snooze.channel, snooze.topic) == (here, "harbour gates")


async def test_a_form_asks_for_what_is_missing(rig: DiscordRig, house: House):
    """A button without what its command needs opens a form; what is filled in runs the command."""
    speaker = Speaker(house.bot, rig)
    token = speaker.press("search")
    (form,) = await answered(rig, token, 1)
    assert form["callback"]["type"] == FORM
    _, full = await answered(rig, speaker.fill(token, words="council"))
    assert "Saltmere" in shown(full)


async def test_a_messages_menu_summarizes_its_link_and_shows_its_sources(rig: DiscordRig, house: House):
    """The first link of a message is summarized, a digest's story shows its sources; without either one is told so."""
    house.room.house.press.page(77, "The dam held through the night. Nobody was hurt at Elm.")
    speaker = Speaker(house.bot, rig)
    _, full = await answered(rig, speaker.menu("Summarize link", content="look (https://news.example/77), all"))
    assert "The dam held" in shown(full)
    story = components.render(making.digest(making.story(1)))[-1].payload["components"]
    _, sources = await answered(rig, speaker.menu("Show sources", components=story))
    assert "said Nora Lind" in shown(sources)
    _, nothing = await answered(rig, speaker.menu("Summarize link", content="no link"))
    assert "with a link" in shown(nothing)
    _, empty = await answered(rig, speaker.menu("Show sources", content="x"))
    assert "shows a story" in shown(empty)


async def test_a_command_discord_knows_and_we_do_not_is_answered(rig: DiscordRig, house: House):
    """A command that an older version told Discord of gets a sentence, and the log the error."""
    _, full = await answered(rig, Speaker(house.bot, rig).slash("news gone"))
    assert "went wrong" in shown(full)
    assert house.problems[0][1] == "a slash command"


async def test_options_complete_by_what_is_typed(rig: DiscordRig, house: House):
    """Feeds are offered by name or number, at most twenty-five."""
    (answer,) = await answered(rig, Speaker(house.bot, rig, manager=True).complete("feed pause", "feed", "feed 3"), 1)
    assert answer["callback"]["type"] == SUGGESTIONS
    names = [choice["name"] for choice in answer["callback"]["data"]["choices"]]
    assert names[:2] == ["feed 3", "feed 30"]
    (every,) = await answered(rig, Speaker(house.bot, rig, manager=True).complete("feed pause", "feed", ""), 1)
    assert len(every["callback"]["data"]["choices"]) == 25


async def test_a_lost_answer_is_a_problem_in_the_log(rig: DiscordRig, house: House):
    """When Discord will not take the answer the log is told, and the client goes on."""
    rig.refuse("PATCH @original", 404, 10015)
    await answered(rig, Speaker(house.bot, rig).slash("news help"), 1)
    await until(lambda: bool(house.problems))
    assert house.problems[0][1] == "answering an interaction"
    await answered(rig, Speaker(house.bot, rig).slash("news help"))


def test_zones_are_found_by_city():
    """A city's name finds its zone first."""
    assert zones("berlin")[0] == ("Europe/Berlin", "Europe/Berlin")
    assert zones("new york")[0][0] == "America/New_York"
    assert len(zones("")) == 25


def test_a_long_reply_is_cut_between_cards_and_says_so():
    """More than five messages are not sent: the last one says that there is more. An empty reply says so too."""
    cards = tuple(Card((Prose((Text(f"{n} " + "word " * 300),)),), story_id=n) for n in range(1, 30))
    found = bodies(Reply(cards), private=True)
    assert len(found) == 5
    assert "There is more" in shown(found[-1])
    assert "nothing to show" in shown(bodies(Reply(()), private=True)[0])
    assert all(body["flags"] & EPHEMERAL for body in found)
