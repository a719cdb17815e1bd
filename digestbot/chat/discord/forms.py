"""Forms as Discord's modals: one field an option, each by its kind; knows the table's shape, not what commands do.

A modal holds five fields. What a form asks beyond them is asked on further pages, where its command changes only what
is filled in.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import discord

from digestbot.chat.characters import clip, one_line
from digestbot.commands import CommandSpec, Form, Option, Value

Files = Mapping[str, discord.Attachment]
"""What was attached, by option."""
Submit = Callable[[discord.Interaction, Form, dict[str, Value], Files], Awaitable[None]]
"""Takes a form that was filled in: what was given before with what is filled in, and the files."""

MAX_FIELDS, MAX_LABEL, MAX_TITLE, LONG = 5, 45, 45, 300
"""Fields of a form, characters of its labels and title (Discord, "Modal"), and of a text that gets a large field."""
MAX_HINT, MAX_TYPED = 100, 4_000
"""Characters of a field's description, and of what can be typed into one."""
CHANNELS = [
    discord.ChannelType.text,
    discord.ChannelType.news,
    discord.ChannelType.forum,
    discord.ChannelType.public_thread,
    discord.ChannelType.private_thread,
    discord.ChannelType.news_thread,
]
"""The kinds of channels that digests can be posted to."""


def asking(command: CommandSpec, given: Mapping[str, Value]) -> Form:
    """Return the form for what a command was not given, what it needs first."""
    settled = command.settled(given)
    lacking = (option for option in command.options if given.get(option.name, "") == "" and option.kind != "flag")
    open_ones = [option for option in lacking if option.name not in settled]
    return Form(command, given, tuple(sorted(open_ones, key=lambda option: not option.required)))


def rest_of(form: Form) -> Form | None:
    """Return the form's next page, None when there is none or its command would do its work a second time."""
    left = form.asks[MAX_FIELDS:]
    changes = form.command.form  # such a command changes what is given and leaves the rest as it is
    return replace(form, asks=left, fault="") if left and changes else None


class Sheet(discord.ui.Modal):
    """A form's first page."""

    def __init__(self, form: Form, submit: Submit) -> None:
        super().__init__(title=clip(one_line(form.command.heading), MAX_TITLE))
        self._form, self._submit = form, submit
        self._fields: list[tuple[Option, discord.ui.Item[Any]]] = []
        if form.fault:
            self.add_item(discord.ui.TextDisplay(discord.utils.escape_markdown(clip(one_line(form.fault), 1_000))))
        for option in form.asks[:MAX_FIELDS]:
            field = _field(option, form.given.get(option.name))
            self._fields.append((option, field))
            self.add_item(discord.ui.Label(text=_label(option), description=_hint(option), component=field))

    async def on_submit(self, interaction: discord.Interaction) -> None:
        """Hand on what was filled in; a field left as it was says what it said."""
        filled: dict[str, Value] = {name: v for name, v in self._form.given.items() if self._form.command.option(name)}
        files: dict[str, discord.Attachment] = {}
        for option, field in self._fields:
            match field:
                case discord.ui.FileUpload() if field.values:
                    files[option.name] = field.values[0]
                case discord.ui.TextInput():
                    filled[option.name] = field.value
                case discord.ui.ChannelSelect() | discord.ui.RoleSelect() if field.values:
                    filled[option.name] = str(field.values[0].id)
                case discord.ui.Select() if field.values:
                    filled[option.name] = field.values[0]
        await self._submit(interaction, self._form, {name: v for name, v in filled.items() if v != ""}, files)


def _label(option: Option) -> str:
    return clip(option.shown, MAX_LABEL)


def _hint(option: Option) -> str:
    return clip(option.description, MAX_HINT)


def _field(option: Option, value: Value | None) -> discord.ui.Item[Any]:
    """Return the field that takes an option of its kind, filled with the value there is."""
    match option.kind:
        case "choice":
            return _menu(option, option.offered, value)
        case "flag":
            ticked = None if value is None else "yes" if value is True else "no"
            return _menu(option, (("Yes", "yes"), ("No", "no")), ticked)
        case "channel":
            return _channel(option, value)
        case "file":
            return discord.ui.FileUpload(custom_id=option.name, required=option.required, max_values=1)
        case _:
            return _text(option, value)


def _menu(option: Option, offered: Sequence[tuple[str, str]], value: Value | None) -> discord.ui.Select[Any]:
    options = [discord.SelectOption(label=label, value=one, default=one == value) for label, one in offered]
    return discord.ui.Select(
        custom_id=option.name, options=options, required=option.required, min_values=int(option.required)
    )


def _channel(option: Option, value: Value | None) -> discord.ui.ChannelSelect[Any]:
    text = str(value or "")
    kind = discord.SelectDefaultValueType.channel
    return discord.ui.ChannelSelect(
        custom_id=option.name,
        channel_types=CHANNELS,
        required=option.required,
        min_values=int(option.required),
        default_values=[discord.SelectDefaultValue(id=int(text), type=kind)] if text.isdecimal() else [],
    )


def _text(option: Option, value: Value | None) -> discord.ui.TextInput[Any]:
    most = min(option.most or 1_000, MAX_TYPED)
    shown = "" if value is None else f"{value}m" if option.kind == "duration" else str(value)
    return discord.ui.TextInput(
        custom_id=option.name,
        default=shown[:most] or None,
        required=option.required,
        max_length=most,
        style=discord.TextStyle.long if most > LONG else discord.TextStyle.short,
    )


__all__ = ["CHANNELS", "Files", "Sheet", "Submit", "asking", "rest_of"]
