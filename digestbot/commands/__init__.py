"""The command core: one table, typed text in, an Invocation run for an Asker, a Reply out; knows no platform."""

from digestbot.commands.dispatch import dispatch
from digestbot.commands.documents import refused
from digestbot.commands.forms import filled, read, shown, wants_form
from digestbot.commands.helping import allowed, help_card
from digestbot.commands.model import (
    Asker,
    Attachment,
    CommandSpec,
    Desk,
    FeedReader,
    Form,
    Invocation,
    Option,
    Options,
    Reply,
    Step,
    Value,
)
from digestbot.commands.parse import checked, convert, find, missing, parse, write
from digestbot.commands.table import COMMANDS

__all__ = [
    "COMMANDS",
    "Asker",
    "Attachment",
    "CommandSpec",
    "Desk",
    "FeedReader",
    "Form",
    "Invocation",
    "Option",
    "Options",
    "Reply",
    "Step",
    "Value",
    "allowed",
    "checked",
    "convert",
    "dispatch",
    "filled",
    "find",
    "help_card",
    "missing",
    "parse",
    "read",
    "refused",
    "shown",
    "wants_form",
    "write",
]
