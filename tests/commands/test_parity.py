"""Every command of the table works on both platforms: under the name the table says, asked the same, answered the same.

Both real apps run against their stand-ins, over sockets. What reaches the command core from each is compared, and what
a reader then sees.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from digestbot.chat.discord import components
from digestbot.chat.discord.bot import DiscordBot
from digestbot.chat.slack.bot import SlackBot
from digestbot.commands import (
    COMMANDS,
    Asker,
    CommandSpec,
    Form,
    Invocation,
    Option,
    Reply,
    checked,
    find,
    read,
    shown,
    wants_form,
    write,
)
from digestbot.commands.documents import card
from digestbot.domain.digest import Action, Message, Prose, Text
from tests.chat.discord.interactions import Picked, Speaker, answered
from tests.chat.slack.hearing import listening, texts, until
from tests.rigs.discord import TOKEN, DiscordRig
from tests.rigs.slack_socket import SocketRig

FILES = frozenset({"import"})
"""Commands that need a file: on both platforms it is put into a form, not typed."""
TYPED = frozenset({"confirm"})
"""Options that Discord asks for in a form of their own: what cannot be undone is typed, not completed."""
CHANNEL = "777"


@dataclass
class Core:
    """Takes the place of the command core: remembers what reaches it and answers with it."""

    asked: list[Invocation] = field(default_factory=list)

    async def __call__(self, invocation: Invocation, _asker: Asker) -> Reply:
        """Return an answer that names the invocation, with a button; or the form, where something is missing."""
        command = find(invocation.name, COMMANDS)
        if wants_form(command, invocation):
            form = Form(command, invocation.options, shown(command, invocation))
            return Reply((card(Prose((Text("Say more"),))),), form=form)
        self.asked.append(invocation)
        return Reply((card(Prose((Text(f"Answer to {invocation.name}"),)), Action("Again", "help")),))


def value_of(option: Option) -> Any:
    """Return a value for an option as somebody gives it."""
    values = {
        "integer": option.least or 1, "feed": 3, "digest": 3, "flag": True, "duration": "12h", "zone": "Europe/Berlin",
        "times": "08:00", "hours": "22:00-07:00", "url": "https://example.com/a", "channel": CHANNEL, "role": "S7",
    }  # fmt: skip
    return option.choices[0] if option.choices else values.get(option.kind, "some words")


def invocation_of(command: CommandSpec, *, instead: bool = False) -> Invocation:
    """Return an invocation with everything the command needs, and one thing more where a form would open else.

    With ``instead`` it is given the option that stands in for another where there is one.
    """
    given = {option.name: value_of(option) for option in command.options if option.required}
    given |= {(option.unless if instead else option.name): 3 for option in command.options if option.unless}
    if command.form:
        extra = next(option for option in command.options if option.name not in command.needed)
        given[extra.name] = value_of(extra)
    if command.name == "more":
        given["story"] = 1
    return Invocation(command.name, given)


RUN = [(command, invocation_of(command)) for command in COMMANDS if command.name not in FILES]
RUN += [(c, invocation_of(c, instead=True)) for c in COMMANDS if any(option.unless for option in c.options)]
"""Every command with what it needs; those about one of two kinds of things once for each."""


# ── Slack ────────────────────────────────────────────────────────────────────


@pytest.fixture
async def slack() -> AsyncIterator[tuple[SocketRig, SlackBot, Core]]:
    """Run the Slack app at its stand-in, which must have found no fault in any body by the end."""
    rig, core = SocketRig(), Core()
    await rig.start()
    try:
        async with listening(rig, core) as bot:
            yield rig, bot, core
    finally:
        await rig.stop()
    assert rig.faults == []


@pytest.fixture
async def discord() -> AsyncIterator[tuple[DiscordRig, DiscordBot, Core]]:
    """Run the Discord client at its stand-in, which must have found no fault in any body by the end."""
    rig, core = DiscordRig(), Core()
    await rig.start()

    async def names(_kind: str, _asker: Asker) -> list[tuple[str, int]]:
        return []

    problems: list[object] = []
    bot = DiscordBot(
        COMMANDS, core, names, lambda *seen: problems.append(seen), news_a_minute=10_000, connector=rig.connector()
    )
    await bot.login(TOKEN)
    yield rig, bot, core
    await bot.close()
    await rig.stop()
    assert rig.faults == []
    assert problems == []


def use(speaker: Speaker, command: CommandSpec, invocation: Invocation) -> str:
    """Use a command on Discord: its slash command, or a button where it has none; return the interaction's token."""
    if not command.discord:
        return speaker.press(write(invocation))
    top, *middle, name = command.discord.split(" ")
    kinds = {bool: 5, int: 4, str: 3, Picked: 7}
    options: list[dict[str, Any]] = []
    channels = {}
    for key, value in invocation.options.items():
        option = command.option(key)
        given = Picked(value) if option is not None and option.kind == "channel" else value
        if key in TYPED:
            continue
        name_there = option.on_discord if option is not None else key
        options.append({"name": name_there, "type": kinds[type(given)], "value": given})
        if isinstance(given, Picked):
            channels[given] = {"id": given, "type": 0, "name": "news", "permissions": "0", "guild_id": "1"}
    data: dict[str, Any] = {"name": name, "type": 1, "options": options}
    for group in reversed(middle):
        data = {"name": group, "type": 2, "options": [data]}
    body = {"id": "400", "name": top, "type": 1, "options": [data], "resolved": {"channels": channels}}
    return speaker._send(2, body)


async def test_every_command_is_asked_and_answered_alike(
    slack: tuple[SocketRig, SlackBot, Core], discord: tuple[DiscordRig, DiscordBot, Core]
) -> None:
    """The same invocation reaches the core from both, with the same values, and both show the same answer."""
    slack_rig, _, slack_core = slack
    discord_rig, bot, discord_core = discord
    speaker = Speaker(bot, discord_rig, manager=True)
    for number, (command, wanted) in enumerate(RUN, 1):
        await slack_rig.command(write(wanted))
        await until(lambda: len(slack_core.asked) >= number)  # noqa: B023 - awaited before the next round
        await until(lambda: len(slack_rig.responses) >= number)  # noqa: B023 - the same
        token = use(speaker, command, wanted)
        if TYPED & wanted.options.keys():
            await answered(discord_rig, token, 1)
            token = speaker.fill(token, **{name: str(wanted.options[name]) for name in TYPED})
        last = (await answered(discord_rig, token, 2))[-1]
        one, other = slack_core.asked[-1], discord_core.asked[-1]
        assert one.name == other.name == command.name
        assert checked(command, one) == checked(command, other), command.name
        said = f"Answer to {command.name}"
        assert said in texts(slack_rig.responses[-1])
        assert said in components.visible(Message(last, ""))
    assert len(slack_core.asked) == len(discord_core.asked) == len(RUN)


def test_what_is_typed_on_slack_is_the_tables_name() -> None:
    """Every command, typed with what it needs, is that command."""
    for command in COMMANDS:
        found = read(write(invocation_of(command)), COMMANDS)
        assert isinstance(found, Invocation)
        assert found.name == command.name


async def test_discord_has_every_command_under_the_tables_path(discord: tuple[DiscordRig, DiscordBot, Core]) -> None:
    """The tree's leaves are the table's paths, each with the table's options, and there is nothing beside them."""
    _, bot, _ = discord
    leaves: dict[str, Any] = {}
    for top in bot.tree.get_commands():
        for leaf in getattr(top, "walk_commands", lambda: ())():
            if not hasattr(leaf, "commands"):
                leaves[leaf.qualified_name] = {parameter.display_name for parameter in leaf.parameters}
    assert leaves == {c.discord: {o.on_discord for o in c.options} - TYPED for c in COMMANDS if c.discord}


async def test_a_command_that_needs_more_asks_for_it_on_both(
    slack: tuple[SocketRig, SlackBot, Core], discord: tuple[DiscordRig, DiscordBot, Core]
) -> None:
    """A bare “search”, “edit 3” and “import” open a form with the same fields, and nothing is run."""
    slack_rig, _, slack_core = slack
    discord_rig, bot, discord_core = discord
    speaker = Speaker(bot, discord_rig, manager=True)
    for number, line in enumerate(("search", "import"), 1):
        await slack_rig.command(line)
        await until(lambda: len(slack_rig.views) >= number)  # noqa: B023 - awaited before the next round
        asked = {block["block_id"] for block in slack_rig.views[-1]["blocks"] if block["type"] == "input"}
        token = speaker.press(line)
        form = (await answered(discord_rig, token, 1))[0]["callback"]["data"]
        fields = {row["component"]["custom_id"] for row in form["components"] if "component" in row}
        command = next(c for c in COMMANDS if c.name == line)
        required = {option.name for option in command.options if option.required}
        assert required <= asked
        assert required <= fields
    assert slack_core.asked == discord_core.asked == []
