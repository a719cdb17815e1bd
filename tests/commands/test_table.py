"""The table fits both platforms: names, lengths and counts are within their limits, and every example can be typed."""

import re

from digestbot.commands import COMMANDS, Asker, checked, find, help_card, parse
from digestbot.domain.digest import Actions
from digestbot.domain.subscription import Channel
from tests.commands.desk import desk

NAME, DESCRIPTION, OPTIONS, CHOICES, WHOLE = 32, 100, 25, 25, 8_000
"""discord.com/developers/docs, "Application commands"."""


def test_names_and_paths_are_unique_and_within_limits():
    """Every command has a name of its own, and every path on Discord is two or three words of 32 small letters."""
    names = [command.name for command in COMMANDS]
    paths = [command.discord for command in COMMANDS if command.discord]
    assert len(set(names)) == len(names)
    assert len(set(paths)) == len(paths)
    for path in paths:
        assert re.fullmatch(rf"[a-z]{{1,{NAME}}}( [a-z]{{1,{NAME}}}){{1,2}}", path)
    assert {path.split()[0] for path in paths} <= {"news", "feed", "digest", "digestbot"}


def test_what_everyone_may_do_stands_under_news_or_shows_only():
    """Discord grants permission per top-level command: a command of everyone's changes nothing for others."""
    for command in COMMANDS:
        if command.discord.startswith("news"):
            assert command.permission == "everyone"
        if command.discord.startswith("digestbot") and command.name not in {"status", "settings"}:
            assert command.permission == "manager"


def test_options_are_within_limits():
    """Descriptions, options and choices are as many and as long as Discord takes; required ones come first."""
    for command in COMMANDS:
        assert 1 <= len(command.description) <= DESCRIPTION
        assert len(command.options) <= OPTIONS
        assert [o.required for o in command.options] == sorted((o.required for o in command.options), reverse=True)
        assert sum(o.rest for o in command.options) <= 1
        for option in command.options:
            assert re.fullmatch(rf"[a-z_]{{1,{NAME}}}", option.name)
            assert 1 <= len(option.description) <= DESCRIPTION
            assert len(option.choices) <= CHOICES
            assert (option.kind == "choice") == bool(option.choices)
    for top in ("news", "feed", "digest", "digestbot"):
        rows = [command for command in COMMANDS if command.discord.split(" ")[0] == top]
        assert len({" ".join(command.discord.split(" ")[:2]) for command in rows}) <= OPTIONS
        assert sum(len(c.discord) + len(c.description) + sum(map(_size, c.options)) for c in rows) <= WHOLE


def _size(option) -> int:
    return len(option.name) + len(option.description) + 2 * sum(map(len, option.choices))


def test_every_example_can_be_typed():
    """Each command's example is understood, and is that command."""
    for command in COMMANDS:
        if command.example:
            invocation = parse(command.example, COMMANDS)
            assert invocation.name == command.name
            checked(command, invocation)


def test_help_tells_of_every_option():
    """A command's help names its usage, its options and its example."""
    for command in COMMANDS:
        for channel in (Channel("slack", "C1", "T1"), Channel("discord", "5", "7")):
            asker = Asker("U1", channel, paths={command.name: command.discord})
            said = str(help_card(command, asker, whole=True))
            assert all(option.description in said for option in command.options)
            assert asker.typed(command.name) in said
        assert command.example in str(help_card(command, Asker("U1", Channel("slack", "C1", "T1")), whole=True))


async def test_every_button_is_a_command_that_can_be_run():
    """The buttons of a digest and of the answers are read by the same parser, and fit a button on both platforms."""
    house = await desk()
    pressed: set[str] = set()
    waiting = [
        "now",
        "story 1",
        "more story=1",
        "list",
        "schedule list",
        "status",
        "report 1 fact wrong",
        "search council",
    ]
    while waiting:
        line = waiting.pop()
        reply = await house.ask(line, manager=True)
        assert reply.error is None, line
        found = [b for c in (*reply.cards, *reply.notice) for b in c.blocks if isinstance(b, Actions)]
        for action in (action for row in found for action in row.actions):
            invocation = parse(action.invocation, COMMANDS)
            checked(find(invocation.name, COMMANDS), invocation) if invocation.name != "report" else None
            assert len(action.invocation) <= 100
            if action.invocation not in pressed and invocation.name != "report":
                pressed.add(action.invocation)
                waiting.append(action.invocation)
    assert len(pressed) >= 5
