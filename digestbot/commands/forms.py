"""Forms: what to ask for when a command needs more than was given, or was given something wrong; knows no platform.

A platform opens ``Reply.form`` where it can: a modal is asked for before the command runs (:func:`read` tells, without
asking the store), and filled in by :func:`filled`.
"""

from collections.abc import Sequence

from digestbot.commands.documents import MOST_BUTTON, card
from digestbot.commands.model import (
    Asker,
    CommandSpec,
    Desk,
    Form,
    Invocation,
    Kind,
    Option,
    Options,
    Reply,
    sentence_of,
)
from digestbot.commands.parse import find, missing, understood, write
from digestbot.domain.digest import Action, Prose, Text
from digestbot.domain.errors import BadOption

BARE = {"schedule": "schedule create", "filter": "filter add", "feed": "subscribe", "digest": "schedule create"}
"""What the bare first word of several commands opens."""


def read(text: str, commands: Sequence[CommandSpec]) -> Invocation | Form:
    """Return what was typed as an invocation that can be run, or the form that asks for the rest; asks no store.

    Bare text is help. A known command with a wrong option gives its form, with what was understood and the fault.

    Raises:
        UnknownCommand: It begins with no command's name; the nearest is named.

    """
    words = text.strip()
    words = BARE.get(words.lower(), words) or "help"
    invocation, fault = understood(words, commands)
    command = find(invocation.name, commands)
    if fault is not None:
        return Form(command, invocation.options, shown(command, invocation), sentence_of(fault))
    if wants_form(command, invocation):
        return Form(command, invocation.options, shown(command, invocation))
    return invocation


def wants_form(command: CommandSpec, invocation: Invocation) -> bool:
    """Tell whether a command asks for more before it can run."""
    if missing(command, invocation):
        return True
    return command.form and not set(invocation.options) - command.needed


def shown(command: CommandSpec, invocation: Invocation) -> tuple[Option, ...]:
    """Return the options a form asks for: all but the thing it is about, where that is known."""
    return tuple(
        option
        for option in command.options
        if option.name not in command.settled(invocation.options)
        and not (_is_thing(option, command) and invocation.options.get(option.name, "") != "")
    )


def _is_thing(option: Option, command: CommandSpec) -> bool:
    """Tell whether an option names what a command is about, as a button does: a digest, a feed, a story."""
    return option.name in command.needed and (command.form or option.kind in THINGS)


THINGS: frozenset[Kind] = frozenset({"digest", "feed", "integer"})
"""The kinds that name a thing there is."""


async def filled(desk: Desk, asker: Asker, form: Form) -> Form:
    """Return a form that starts with what there is: the present values of the thing to change, then what was given.

    Raises:
        UserError: The thing to change is not there, or not the asker's.

    """
    if form.command.prefill is None:
        return form
    there = await form.command.prefill(desk, asker, Options(form.given))
    return Form(form.command, {**there, **form.given}, form.asks, form.fault)


async def form_of(desk: Desk, asker: Asker, command: CommandSpec, invocation: Invocation) -> Reply:
    """Return a command's form as an answer."""
    form = await filled(desk, asker, Form(command, invocation.options, shown(command, invocation)))
    lacking = missing(command, invocation)
    needs = BadOption(lacking[0].name, f"is needed: {command.usage}") if lacking else None
    line = sentence_of(needs) if needs else f"Say what to change: {command.usage}"
    return Reply((card(Prose((Text(line),))),), error=needs, form=form)


def faulty(command: CommandSpec, invocation: Invocation, error: BadOption) -> Reply:
    """Return a wrong option in words, with the form that mends it and the nearest right one as a button."""
    usable = Invocation(command.name, {k: v for k, v in invocation.options.items() if k != error.option})
    asks = shown(command, usable)
    # What the form does not ask for again, such as a feed beside a digest, must not be wrong a second time.
    given = invocation.options if error.option in {option.name for option in asks} else usable.options
    form = Form(command, given, asks, sentence_of(error))
    actions: tuple[Action, ...] = ()
    if error.nearest and (option := command.option(error.option)) and error.nearest in option.choices:
        line = write(Invocation(command.name, {**invocation.options, option.name: error.nearest}))
        actions = (Action(error.nearest.capitalize(), line),) if len(line) <= MOST_BUTTON else ()
    return Reply((card(Prose((Text(sentence_of(error)),)), *actions),), error=error, form=form)
