"""Modals and the App Home: Slack takes each of them, and a form gives back what was filled in."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digestbot.chat.slack.answers import messages
from digestbot.chat.slack.views import answer, channel_of, files_of, form, home, submitted, waiting
from digestbot.commands import COMMANDS, CommandSpec, Form, Invocation, Value
from digestbot.domain.digest import Card
from tests.chat.slack.making import cards, story, texts
from tests.rigs.oracles_slack import message_faults, view_faults

FILLED: dict[str, Value] = {"flag": True, "integer": 1, "feed": 3, "digest": 3, "duration": 90, "channel": "C7"}
OFFERS = {
    "feed": [("The Ledger", 3), ("Touchline", 4)],
    "digest": [("Morning brief", 3)],
    "mention": [("Editors", "S12")],
}


def _given(command: CommandSpec) -> dict[str, Value]:
    """Fill every option of a command."""
    return {o.name: o.choices[0] if o.choices else FILLED.get(o.kind, "x") for o in command.options if o.kind != "file"}


def _form(command: CommandSpec, given: dict[str, Value] | None = None, why: str = "") -> Form:
    return Form(command, given or {}, command.options, why)


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.options], ids=lambda c: c.name)
def test_every_form_is_one_that_slack_takes(command: CommandSpec) -> None:
    """Empty, filled, and with a word on what is wrong."""
    for filled, why in (({}, ""), (_given(command), "“stories” must be 1 to 10, not 50")):
        for offers in ({}, OFFERS):
            view = form(_form(command, filled, why), "C1", offers)
            assert view_faults(dict(view)) == []
            assert channel_of(view) == "C1"


@settings(max_examples=10, deadline=None)
@given(texts)
def test_hostile_values_make_valid_forms(text: str) -> None:
    """Whatever was typed before stands in the form within its limits."""
    for command in COMMANDS[:3]:
        options: dict[str, Value] = {o.name: text for o in command.options if o.kind == "text"}
        offers = {"feed": [(text, 1)], "mention": [(text, "S1")]}
        assert view_faults(dict(form(_form(command, options, text), "C1", offers))) == []


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.options], ids=lambda c: c.name)
def test_what_is_filled_in_is_what_is_run(command: CommandSpec) -> None:
    """Slack's state of a form gives the invocation; fields left empty are not given."""
    view: dict[str, Any] = dict(form(_form(command, _given(command)), "C1", OFFERS))
    state = {block["block_id"]: {block["block_id"]: _state(block["element"])} for block in view["blocks"]}
    read = submitted({**view, "state": {"values": state}})
    wanted = {n: v if v is True else f"{v}m" if n == "since" else str(v) for n, v in _given(command).items()}
    assert read == Invocation(command.name, wanted)
    empty = {name: {name: {"type": "plain_text_input", "value": None}} for name in state}
    assert submitted({**view, "state": {"values": empty}}) == Invocation(command.name)


def _state(element: dict[str, Any]) -> dict[str, Any]:
    """Return what Slack sends for an input that was left as it is."""
    if element["type"] == "checkboxes":
        return {"type": "checkboxes", "selected_options": element.get("initial_options", [])}
    if element["type"] == "static_select":
        return {"type": "static_select", "selected_option": element.get("initial_option")}
    if element["type"] == "conversations_select":
        return {"type": "conversations_select", "selected_conversation": element.get("initial_conversation")}
    if element["type"] == "file_input":
        return {"type": "file_input", "files": []}
    return {"type": "plain_text_input", "value": element.get("initial_value")}


def test_what_is_not_shown_comes_back() -> None:
    """A form that asks for some options alone carries the others with it; a file's address is found."""
    (command,) = (one for one in COMMANDS if one.name == "report")
    asks = tuple(o for o in command.options if o.name == "note")
    view: dict[str, Any] = dict(form(Form(command, {"story": 17, "kind": "quote"}, asks), "C1"))
    values = {"note": {"note": {"type": "plain_text_input", "value": "no"}}}
    read = submitted({**view, "state": {"values": values}})
    assert read == Invocation("report", {"story": 17, "kind": "quote", "note": "no"})
    handed = {"type": "file_input", "files": [{"id": "F1", "url_private_download": "https://files.slack.com/x"}]}
    assert files_of({"state": {"values": {"file": {"file": handed}}}}) == {"file": "https://files.slack.com/x"}


@settings(max_examples=6, deadline=None)
@given(st.lists(cards, min_size=1, max_size=6))
def test_answers_of_any_text_are_taken(found: list[Card]) -> None:
    """An answer is valid as a modal, as an App Home and as messages, whatever stands in it."""
    assert view_faults(dict(answer("Sources", found))) == []
    assert view_faults(dict(home(found))) == []
    for message in messages(found):
        assert message_faults(dict(message.payload)) == []


def test_a_long_answer_ends_within_a_view() -> None:
    """A modal shows as many stories as a hundred blocks hold, whole ones; the waiting one is valid too."""
    view: dict[str, Any] = dict(answer("Sources", [story(number, quotes=3) for number in range(60)]))
    assert view_faults(view) == []
    assert 90 < len(view["blocks"]) <= 100
    assert view_faults(dict(waiting("Sources"))) == []
