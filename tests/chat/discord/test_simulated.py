"""How people meet the client: the real discord.py over a simulated Discord, in virtual time (simcord)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import discord
import pytest
import simcord

from digestbot.chat.discord import components
from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.discord.answers import answers
from digestbot.chat.discord.bot import DiscordBot
from digestbot.commands import COMMANDS, Asker, Attachment, Form, Invocation, Reply, Step, dispatch, find
from digestbot.commands.documents import said
from digestbot.domain.digest import Card, Message, Prose, Text
from digestbot.domain.errors import BadOption
from tests.commands.desk import AskedDesk, desk
from tests.rigs.discord import TOKEN

OPML = '<?xml version="1.0" encoding="windows-1251"?><opml><body><outline text="Новости" xmlUrl="https://n.example/"/></body></opml>'


@dataclass
class World:
    """A server with a channel, a member and one who manages it; ``script`` answers instead of the desk."""

    env: simcord.Env
    room: AskedDesk
    guild: Any
    channel: Any
    reader: Any
    manager: Any
    asked: list[tuple[Invocation, Asker]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    script: dict[str, Reply] = field(default_factory=dict)
    takes: float = 0.0

    async def ask(self, invocation: Invocation, asker: Asker) -> Reply:
        """Answer as the script says, else as the desk does."""
        self.asked.append((invocation, asker))
        await asyncio.sleep(self.takes)
        if invocation.name in self.script:
            return self.script[invocation.name]
        return await dispatch(self.room.desk, invocation, asker)

    def client(self) -> DiscordBot:
        """Return a new client that answers by this world."""
        return DiscordBot(
            COMMANDS,
            self.ask,
            lambda kind, _asker: asyncio.sleep(0, [(f"{kind} {number}", number) for number in range(1, 40)]),
            lambda _error, where: self.problems.append(where),
            shard_count=1,
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    room = await desk()
    room.house.publisher.adapters = {"discord": DiscordAdapter(TOKEN)}
    made = World(None, room, None, None, None, None)  # type: ignore[arg-type]  # filled below, once the client runs
    bot = made.client()
    env = simcord.Env(bot, settle_timeout=20)
    await env.start()
    await bot.publish_commands()
    made.env, made.guild = env, env.create_guild()
    made.channel = made.guild.create_text_channel("news")
    mods = made.guild.create_role("Mods", permissions=discord.Permissions(manage_guild=True))
    made.reader = made.guild.add_member(env.create_user("reader"))
    made.manager = made.guild.add_member(env.create_user("manager"), roles=[mods])
    yield made
    await env.shutdown()
    env.raise_errors()


def shown(answer: Any) -> str:
    """Return the characters of an answer."""
    return components.visible(Message({"components": answer.components}, ""))


def buttons(answer: Any) -> dict[str, str]:
    """Return an answer's buttons: payload by label."""
    return {b["label"]: b["custom_id"] for b in _every(answer.components) if b["type"] == 2}


def _every(found: Any) -> Any:
    for component in found:
        yield component
        yield from _every(component.get("components", []))


async def test_the_news_is_private_unless_it_is_asked_to_be_public(world: World):
    """A brief is shown to its asker alone, with its buttons; with ``share`` the whole channel sees it."""
    private = await world.reader.slash(world.channel, "news brief")
    assert private.ephemeral
    assert "Saltmere council votes" in shown(private.response)
    assert set(buttons(private.response)) == {"Sources", "More", "Report a problem"}
    public = await world.reader.slash(world.channel, "news brief", public=True)
    assert not public.ephemeral


async def test_buttons_live_after_a_restart(world: World):
    """A press on a message from before a restart is answered by the new process, which kept nothing of it."""
    brief = await world.reader.slash(world.channel, "news brief")
    await world.env.restart_bot(world.client())
    sources = await world.reader.click(brief.response, custom_id="sources story=1")
    assert sources.ephemeral
    assert "We will close the harbour gates" in shown(sources.response)
    assert "<t:" in str(sources.response.components)


async def test_a_second_press_within_two_seconds_acts_once(world: World):
    """Pressed twice at once a button runs its command once; two seconds later it runs again; others may press too."""
    brief = await world.reader.slash(world.channel, "news brief", public=True)
    for _ in range(2):
        await world.reader.click(brief.response, custom_id="sources story=1")
    assert [invocation.name for invocation, _ in world.asked] == ["now", "sources"]
    await world.manager.click(brief.response, custom_id="sources story=1")
    await world.env.advance_time(2.1)
    await world.reader.click(brief.response, custom_id="sources story=1")
    assert len(world.asked) == 4


async def test_a_command_given_twice_at_once_acts_once_and_says_so(world: World):
    """The slash command pressed twice in two seconds makes one digest."""
    world.script["schedule run"] = said("It is being made.")
    first = await world.manager.slash(world.channel, "digest run", digest=1)
    second = await world.manager.slash(world.channel, "digest run", digest=1)
    assert "being made" in shown(first.response)
    assert "a moment ago" in shown(second.response)
    assert len(world.asked) == 1


async def test_one_person_cannot_ask_without_end(world: World):
    """The eleventh brief within a minute is put off with the seconds to wait; others and later ones are answered."""
    for number in range(10):
        await world.reader.slash(world.channel, "news search", words=f"word {number}")
    eleventh = await world.reader.slash(world.channel, "news search", words="one more")
    assert "too often; try again in" in shown(eleventh.response)
    assert len(world.asked) == 10
    other = await world.manager.slash(world.channel, "news search", words="one more")
    assert "too often" not in shown(other.response)
    await world.env.advance_time(60)
    again = await world.reader.slash(world.channel, "news search", words="one more still")
    assert "too often" not in shown(again.response)


async def test_what_managers_do_is_not_even_offered_to_others(world: World):
    """Members see ``/news`` alone; the commands of managers are there for who manages the server."""
    assert {name.split()[0] for name in world.reader.available_commands(world.channel)} == {"news"}
    managers = {name.split()[0] for name in world.manager.available_commands(world.channel)}
    assert managers == {"news", "feed", "digest", "digestbot"}
    world.script["schedule run"] = said("Yes.")
    await world.manager.slash(world.channel, "digest run", digest=1)
    assert world.asked[0][1].manager
    assert world.asked[0][1].groups
    assert world.asked[0][1].place == world.guild.name


async def test_direct_messages_get_the_news(world: World):
    """In a direct message ``/news`` works, and nobody manages anything there."""
    answer = await world.env.create_user("stranger").slash("news help")
    assert "What digestbot can do" in shown(answer.response)
    assert not world.asked[-1][1].manager


async def test_topics_feeds_roles_and_zones_are_offered(world: World):
    """Each option that names something offers what there is; a list goes on after its last comma."""
    feeds = await world.manager.autocomplete(world.channel, "feed pause", "feed", "feed 3")
    assert [one["value"] for one in feeds][:2] == [3, 30]
    topics = await world.manager.autocomplete(world.channel, "digest create", "topics", "economy,top")
    assert topics[0]["value"] == "economy,1"
    zones = await world.manager.autocomplete(world.channel, "digest create", "timezone", "berlin")
    assert zones[0]["value"] == "Europe/Berlin"
    roles = await world.manager.autocomplete(world.channel, "digest create", "mention", "")
    assert [one["name"] for one in roles] == ["none", "Mods"]


async def test_a_digest_is_edited_in_a_form_that_shows_what_stands(world: World):
    """``/digest edit`` alone opens a filled form; its first page is sent, the next one is offered behind a button."""
    spec = find("schedule edit", COMMANDS)
    given = {"digest": 1, "name": "Morning", "frequency": "weekly", "channel": str(world.channel.id)}
    world.script["schedule edit"] = Reply((), form=Form(spec, given, spec.options[1:]))
    first = await world.manager.slash(world.channel, "digest edit", digest=1)
    fields = {one["component"]["custom_id"]: one["component"] for one in first.modal["components"]}
    assert list(fields) == ["name", "channel", "frequency", "at", "weekday"]
    assert fields["name"]["value"] == "Morning"
    assert [one["value"] for one in fields["frequency"]["options"] if one.get("default")] == ["weekly"]
    world.script["schedule edit"] = said("Changed.")
    done = await world.manager.submit_modal(first, {"name": "Evening", "at": "18:00"})
    assert dict(world.asked[-1][0].options) == given | {"name": "Evening", "at": "18:00"}
    assert "Changed" in shown(done.response)
    (payload,) = buttons(done.response).values()
    second = await world.manager.click(done.response, custom_id=payload)
    assert second.modal["components"][0]["component"]["custom_id"] == "timezone"


async def test_a_form_opens_empty_when_what_stands_takes_long(world: World):
    """With a slow database the form opens within the three seconds, empty: what is left empty stays as it is."""
    world.takes = 30.0
    opened = await world.manager.slash(world.channel, "digest edit", digest=1)
    fields = [one["component"] for one in opened.modal["components"]]
    assert [one["custom_id"] for one in fields][:2] == ["name", "channel"]
    assert "value" not in fields[0]


async def test_a_wrong_value_leads_back_into_the_form(world: World):
    """A fault is told in words with a button; behind it stands the form with what was typed and what is wrong."""
    spec = find("settings edit", COMMANDS)
    form = Form(spec, {"timezone": "Berlin"}, spec.options[:3], fault="“timezone” is no zone")
    world.script["settings edit"] = Reply(
        said("That is no zone.").cards, error=BadOption("timezone", "is no zone"), form=form
    )
    world.script["setup"] = Reply(
        said("Welcome.").cards, steps=(Step("Time zone", "Say which.", Form(spec, {}, spec.options[:3])),)
    )
    wizard = await world.manager.slash(world.channel, "digestbot setup")
    opened = await world.manager.click(wizard.response, label="Time zone")
    wrong = await world.manager.submit_modal(opened, {"timezone": "Berlin"})
    back = await world.manager.click(wrong.response, label="Correct it")
    assert "no zone" in back.modal["components"][0]["content"]
    assert back.modal["components"][3]["component"]["value"] == "Berlin"


async def test_the_wizard_shows_its_steps_and_what_is_done(world: World):
    """Each step has its button, in words and not by colour; a form that is gone after a restart is said to be."""
    spec = find("settings edit", COMMANDS)
    form = Form(spec, {}, spec.options[:2])
    steps = (Step("Time zone", "When is morning?", form, done=True), Step("Managers", "Who may change it?", form))
    world.script["setup"] = Reply(said("Three steps.").cards, steps=steps)
    wizard = await world.manager.slash(world.channel, "digestbot setup")
    assert list(buttons(wizard.response)) == ["Change", "Managers"]
    assert "1. Time zone (done)" in shown(wizard.response)
    await world.env.restart_bot(world.client())
    gone = await world.manager.click(wizard.response, label="Managers")
    assert "closed by now" in shown(gone.response)


async def test_forgetting_is_confirmed_by_typing(world: World):
    """``/digestbot forget`` asks for the word in a form: nothing is removed by a slip."""
    world.script["forget"] = said("Removed.")
    asked = await world.manager.slash(world.channel, "digestbot forget")
    assert [one["component"]["custom_id"] for one in asked.modal["components"]] == ["confirm"]
    assert world.asked == []
    done = await world.manager.submit_modal(asked, {"confirm": world.guild.name})
    assert "Removed" in shown(done.response)
    assert world.asked[0][0].options == {"confirm": world.guild.name}


async def test_a_problem_is_reported_in_a_form(world: World):
    """The button opens a form with the kinds and room for a note; the report has both."""
    world.script["report"] = said("Thank you.")
    brief = await world.reader.slash(world.channel, "news brief")
    form = await world.reader.click(brief.response, label="Report a problem")
    assert [one["component"]["custom_id"] for one in form.modal["components"]] == ["kind", "note"]
    await world.reader.submit_modal(form, {"kind": ["speaker"], "note": "It was her deputy."})
    assert world.asked[-1][0].options == {"story": 1, "kind": "speaker", "note": "It was her deputy."}


async def test_feeds_come_and_go_as_a_file(world: World):
    """An attached OPML file reaches the command as text, whatever its encoding; an export is handed over as a file."""
    world.script["import"] = said("Two feeds.")
    await world.manager.slash(world.channel, "feed import", file=("feeds.opml", OPML.encode("windows-1251")))
    assert world.asked[0][0].options["file"] == OPML
    world.script["import"] = said("Never.")
    wrong = await world.manager.slash(world.channel, "feed import", file=("cat.png", b"\x89PNG\xff\xfe"))
    assert "is no text file" in shown(wrong.response)
    assert len(world.asked) == 1


async def test_an_answer_that_comes_too_late_is_logged(world: World):
    """After fifteen minutes nobody can be answered: the log is told, and the client goes on."""
    world.takes = 1_000.0
    await world.reader.slash(world.channel, "news help")
    await world.env.advance_time(1_001)
    assert world.problems == ["answering an interaction"]
    world.takes = 0.0
    again = await world.reader.slash(world.channel, "news privacy")
    assert again.response is not None


def test_a_file_is_handed_over_with_the_answer():
    """The answer names its file and shows it as one."""
    file = Attachment("feeds.opml", b"<opml/>", "text/x-opml")
    reply = Reply((Card((Prose((Text("Your feeds."),)),)),), file=file)
    (body,) = answers(reply, private=True, keep=lambda _form: "form:1")
    assert body.file is file
    assert body.content["attachments"] == [{"id": "0", "filename": "feeds.opml"}]
    assert body.content["components"][-1] == {"type": 13, "file": {"url": "attachment://feeds.opml"}}
