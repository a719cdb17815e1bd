"""Modals and the App Home as views: a form for any command of the table, an answer, the home; pure, knows no client."""

import json
from collections.abc import Mapping, Sequence

from digestbot.chat.characters import clip, one_line
from digestbot.chat.paginate import shrink
from digestbot.chat.slack.elements import Json, blocks_of
from digestbot.commands import CommandSpec, Invocation, Option, Value
from digestbot.domain.digest import Card

FORM = "form:"
"""How the callback id of a form begins; the command's name follows."""
MAX_TITLE, MAX_BLOCKS, MAX_HINT, MAX_INPUT = 24, 100, 150, 3_000
"""Characters of a modal's title, blocks of a view, characters of a hint and of a text input (Block Kit reference)."""
MAX_BYTES = 200_000
"""Bytes of a view as JSON: Slack refuses more than 250 KB (``view_too_large``)."""


def form(command: CommandSpec, given: Mapping[str, Value], channel: str, why: str = "") -> Json:
    """Return the modal that asks for a command's options, filled with what was given; ``why`` says what is wrong."""
    blocks: list[Json] = []
    if why:
        blocks.append({"type": "section", "text": _plain(why, MAX_INPUT)})
    blocks += [_input(option, given.get(option.name)) for option in command.options]
    return {
        "type": "modal",
        "callback_id": f"{FORM}{command.name}",
        "private_metadata": json.dumps({"channel": channel}),
        "title": _plain(command.name.capitalize(), MAX_TITLE),
        "submit": _plain("Go", MAX_TITLE),
        "close": _plain("Cancel", MAX_TITLE),
        "blocks": blocks,
    }


def _input(option: Option, given: Value | None) -> Json:
    """Return one option as an input: a menu for choices, a tick box for a flag, else a line of text."""
    return {
        "type": "input",
        "block_id": option.name,
        "optional": not option.required,
        "label": _plain(option.name.replace("_", " ").capitalize(), MAX_HINT),
        "hint": _plain(option.description, MAX_HINT),
        "element": _element(option, given),
    }


def _element(option: Option, given: Value | None) -> Json:
    if option.kind == "flag":
        yes = _choice("yes", "Yes")
        ticked: Json = {"initial_options": [yes]} if given is True else {}
        return {"type": "checkboxes", "action_id": option.name, "options": [yes]} | ticked
    if option.kind == "choice":
        options = [_choice(choice, choice.capitalize()) for choice in option.choices]
        chosen = next((one for one in options if one["value"] == given), None)
        first: Json = {"initial_option": chosen} if chosen else {}
        return {"type": "static_select", "action_id": option.name, "options": options} | first
    text: Json = {"type": "plain_text_input", "action_id": option.name, "multiline": option.rest}
    if option.kind == "text" and option.most:
        text["max_length"] = min(option.most, MAX_INPUT)
    if given is not None:
        shown = f"{given}m" if option.kind == "duration" else str(given)
        text["initial_value"] = shown[: min(option.most or MAX_INPUT, MAX_INPUT)]
    return text


def submitted(view: Mapping[str, object]) -> Invocation:
    """Return the invocation that a submitted form stands for."""
    name = str(view.get("callback_id", "")).removeprefix(FORM)
    state = view.get("state")
    values = state.get("values", {}) if isinstance(state, dict) else {}
    options: dict[str, Value] = {}
    for inputs in values.values():
        for option, element in inputs.items():
            value = _value(element)
            if value not in {None, "", False}:
                options[option] = value
    return Invocation(name, options)


def _value(element: Mapping[str, object]) -> Value:
    match element:
        case {"type": "checkboxes", "selected_options": list(chosen)}:
            return bool(chosen)
        case {"selected_option": {"value": str(value)}} | {"value": str(value)}:
            return value
        case _:
            return ""


def channel_of(view: Mapping[str, object]) -> str:
    """Return the channel a form was opened in."""
    try:
        kept = json.loads(str(view.get("private_metadata") or "{}"))
    except ValueError:
        return ""
    return str(kept.get("channel", "")) if isinstance(kept, dict) else ""


def answer(title: str, cards: Sequence[Card]) -> Json:
    """Return an answer as a modal, as much of it as fits."""
    return {"type": "modal", "title": _plain(title, MAX_TITLE), "close": _plain("Close", MAX_TITLE)} | _body(cards)


def waiting(title: str) -> Json:
    """Return the modal that stands until its answer is there: it must be opened within three seconds."""
    line: Json = {"type": "section", "text": _plain("One moment…", MAX_INPUT)}
    return {
        "type": "modal",
        "title": _plain(title, MAX_TITLE),
        "close": _plain("Close", MAX_TITLE),
        "blocks": [line],
    }


def home(cards: Sequence[Card]) -> Json:
    """Return the App Home."""
    return {"type": "home"} | _body(cards)


def _body(cards: Sequence[Card]) -> Json:
    blocks: list[Json] = []
    for card in cards:
        more = blocks_of(shrink(card, _fits))
        if not _small([*blocks, *more]):
            break
        blocks += more
    nothing: Json = {"type": "section", "text": _plain("There is nothing to show.", MAX_INPUT)}
    return {"blocks": blocks or [nothing]}


def _fits(cards: Sequence[Card]) -> bool:
    return _small([block for card in cards for block in blocks_of(card)])


def _small(blocks: Sequence[Json]) -> bool:
    """Tell whether blocks fit a view."""
    return len(blocks) <= MAX_BLOCKS and len(json.dumps(list(blocks)).encode()) < MAX_BYTES


def _choice(value: str, label: str) -> Json:
    return {"text": _plain(label, 75), "value": value}


def _plain(text: str, limit: int) -> Json:
    return {"type": "plain_text", "text": clip(one_line(text), limit) or "…", "emoji": False}
