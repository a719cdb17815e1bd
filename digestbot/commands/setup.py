"""The first steps in a workspace as a wizard: each step is a form of the table, and knows whether it is done."""

from collections.abc import Mapping, Sequence

from digestbot.commands.model import Asker, CommandSpec, Desk, Form, Reply, Step, Value
from digestbot.commands.ownership import digests_here, feeds_here
from digestbot.commands.parse import find
from digestbot.domain.digest import Card, Heading, Text
from digestbot.domain.subscription import ADMINS, WorkspaceSettings


async def setup(desk: Desk, asker: Asker, commands: Sequence[CommandSpec]) -> Reply:
    """Return the steps as forms, done ones marked: each platform shows them with its own buttons."""
    steps = await steps_of(desk, asker, commands)
    done = sum(step.done for step in steps)
    return Reply((Card((Heading((Text(f"Setup · {done} of {len(steps)} done"),), level=1),)),), steps=steps)


async def steps_of(desk: Desk, asker: Asker, commands: Sequence[CommandSpec]) -> tuple[Step, ...]:
    """Return the wizard's steps as they stand now."""
    known = await desk.store.workspace(asker.home)
    settings = known.settings if known else WorkspaceSettings()
    digests = await digests_here(desk, asker)
    feeds = await feeds_here(desk, asker)
    mine = {"timezone": settings.timezone or asker.timezone}
    return (
        Step(
            "Who may change digests",
            "Admins of the workspace always may. Let a role or user group do so too, or anyone.",
            _form(commands, "settings edit", {"managers": settings.managers}, "managers"),
            done=settings.managers != ADMINS,
        ),
        Step(
            "Where problems are reported",
            "A channel in which those who run the bot read what readers find wrong.",
            _form(commands, "settings edit", {"admin_channel": settings.admin_channel}, "admin_channel"),
            done=bool(settings.admin_channel),
        ),
        Step(
            "Time zone and quiet hours",
            "When a morning is a morning here, and when nothing is posted.",
            _form(commands, "settings edit", mine, "timezone", "quiet", "language"),
            done=bool(settings.timezone),
        ),
        *_content(commands, mine, many=asker.typed("import"), feeds=bool(feeds), digests=bool(digests)),
        Step(
            "Is all well?",
            "Permissions in each channel, the feeds, the model, the database.",
            _form(commands, "doctor", {}),
        ),
    )


def _content(
    commands: Sequence[CommandSpec], mine: Mapping[str, Value], *, many: str, feeds: bool, digests: bool
) -> tuple[Step, Step]:
    """Return the steps that bring something to read."""
    return (
        Step(
            "The first feed",
            f"The address of a feed or of a site that has one. An OPML file of many works too: “{many}”.",
            _form(commands, "subscribe", {}, "url", "channel", "topic"),
            done=feeds,
        ),
        Step(
            "The first digest",
            "Its name, its channel, and when it comes.",
            _form(
                commands,
                "schedule create",
                {"name": "Morning brief", **mine},
                "name",
                "channel",
                "frequency",
                "at",
                "timezone",
            ),
            done=digests,
        ),
    )


def _form(commands: Sequence[CommandSpec], name: str, given: Mapping[str, Value], *asks: str) -> Form:
    """Return the form of a command with some of its options."""
    command = find(name, commands)
    return Form(command, {k: v for k, v in given.items() if v}, tuple(o for o in command.options if o.name in asks))
