"""Modals and the App Home as views: a form for any command of the table, an answer, the home; pure, knows no client."""

import json
from collections.abc import Mapping, Sequence

from digestbot.chat.characters import clip, one_line
from digestbot.chat.paginate import shrink
from digestbot.chat.slack.elements import Json, blocks_of
from digestbot.commands import Form, Invocation, Option, Value
from digestbot.domain.digest import Card

FORM = "form:"
"""How the callback id of a form begins; the command's name follows."""
MAX_TITLE, MAX_BLOCKS, MAX_HINT, MAX_INPUT = 24, 100, 150, 3_000
"""Characters of a modal's title, blocks of a view, characters of a hint and of a text input (Block Kit reference)."""
MAX_MENU, MAX_MEMORY = 100, 3_000
"""Options of a menu, and characters of ``private_metadata`` (the same page)."""
MAX_BYTES = 200_000
"""Bytes of a view as JSON: Slack refuses more than 250 KB (``view_too_large``)."""

Offers = Mapping[str, Sequence[tuple[str, Value]]]
"""What there is to choose from, by option: (label, value)."""
NOTHING: Offers = {}


def form(wanted: Form, channel: str, offers: Offers = NOTHING, *, home: bool = False, thread: str = "") -> Json:
    """Return the modal of a form: its options filled with what is known, and what is wrong if something is.

    ``offers`` are, by option, the things there are to choose from: feeds, digests, user groups. What is known of
    options that are not shown goes along and comes back, as does whether it was opened from the App Home.
    """
    blocks: list[Json] = []
    if wanted.fault:
        blocks.append({"type": "section", "text": _plain(wanted.fault, MAX_INPUT)})
    blocks += [_input(option, wanted.given.get(option.name), offers, channel) for option in wanted.asks]
    shown = {option.name for option in wanted.asks}
    kept = {name: value for name, value in wanted.given.items() if name not in shown}
    return {
        "type": "modal",
        "callback_id": f"{FORM}{wanted.command.name}",
        "private_metadata": _memory({"channel": channel, "home": home, "thread": thread}, kept),
        "title": _plain(wanted.command.heading, MAX_TITLE),
        "submit": _plain("Go", MAX_TITLE),
        "close": _plain("Cancel", MAX_TITLE),
        "blocks": blocks[:MAX_BLOCKS] or [{"type": "section", "text": _plain(wanted.command.description, MAX_INPUT)}],
    }


def _memory(where: Mapping[str, Value], kept: Mapping[str, Value]) -> str:
    """Return what a view carries with it; values too long for that are left out."""
    memory = json.dumps({**where, "given": kept})
    return memory if len(memory) <= MAX_MEMORY else json.dumps(where)


def _input(option: Option, given: Value | None, offers: Offers, channel: str) -> Json:
    """Return one option as an input: menus for choices, channels and things there are, else a line of text.

    Where it is asked for in no channel, as in the App Home, “this one” means none: one has to be chosen.
    """
    needed = option.required or (option.kind == "channel" and not channel and not option.empties)
    return {
        "type": "input",
        "block_id": option.name,
        "optional": not needed,
        "label": _plain(option.shown, MAX_HINT),
        "hint": _plain(option.description, MAX_HINT),
        "element": _element(option, given, offers),
    }


def _element(option: Option, given: Value | None, offers: Offers) -> Json:
    match option.kind:
        case "flag":
            yes = _choice("yes", "Yes")
            ticked: Json = {"initial_options": [yes]} if given is True else {}
            return {"type": "checkboxes", "action_id": option.name, "options": [yes]} | ticked
        case "choice":
            return _menu(option, option.offered, given)
        case "channel":
            chosen: Json = {"initial_conversation": given} if given else {"default_to_current_conversation": True}
            only: Json = {"include": ["public", "private"], "exclude_bot_users": True}
            return {"type": "conversations_select", "action_id": option.name, "filter": only} | chosen
        case "file":
            return {"type": "file_input", "action_id": option.name, "max_files": 1}
        case _ if _is_offered(offers.get(option.name, ()), given):
            return _menu(option, offers[option.name], given)
    return _line(option, given)


def _is_offered(offered: Sequence[tuple[str, Value]], given: Value | None) -> bool:
    """Tell whether a menu holds the things there are, and what is chosen now among them."""
    return 0 < len(offered) <= MAX_MENU and (given is None or str(given) in {str(value) for _, value in offered})


def _menu(option: Option, offered: Sequence[tuple[str, Value]], given: Value | None) -> Json:
    options = [_choice(str(value), label) for label, value in offered]
    chosen = next((one for one in options if given is not None and one["value"] == str(given)), None)
    first: Json = {"initial_option": chosen} if chosen else {}
    return {"type": "static_select", "action_id": option.name, "options": options} | first


def _line(option: Option, given: Value | None) -> Json:
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
    given = _remembered(view).get("given", {})
    options: dict[str, Value] = dict(given) if isinstance(given, dict) else {}
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
        case {"selected_option": {"value": str(value)}} | {"selected_conversation": str(value)} | {"value": str(value)}:
            return value
        case _:
            return ""


def files_of(view: Mapping[str, object]) -> Mapping[str, str]:
    """Return the addresses of the files that were put into a submitted form, by option."""
    state = view.get("state")
    values = state.get("values", {}) if isinstance(state, dict) else {}
    found: dict[str, str] = {}
    for inputs in values.values():
        for option, element in inputs.items():
            match element:
                case {"type": "file_input", "files": [{"url_private_download": str(url)}, *_]}:
                    found[option] = url
    return found


def channel_of(view: Mapping[str, object]) -> str:
    """Return the channel a form was opened in."""
    return str(_remembered(view).get("channel", ""))


def thread_of(view: Mapping[str, object]) -> str:
    """Return the thread a form was opened in, empty where it was opened in none."""
    return str(_remembered(view).get("thread", ""))


def is_from_home(view: Mapping[str, object]) -> bool:
    """Tell whether a form was opened from the App Home."""
    return _remembered(view).get("home") is True


def _remembered(view: Mapping[str, object]) -> Mapping[str, object]:
    try:
        kept = json.loads(str(view.get("private_metadata") or "{}"))
    except ValueError:
        return {}
    return kept if isinstance(kept, dict) else {}


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
        if not _small([*blocks, *more, _REST]):
            blocks.append(_REST)
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


_REST: Json = {"type": "section", "text": _plain("There is more: ask with /digest for what is not shown.", MAX_INPUT)}
