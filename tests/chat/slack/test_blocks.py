"""Slack's renderer: within every limit whatever the text, and every quotation word for word on the screen."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from digestbot.chat.characters import clean, one_line
from digestbot.chat.slack.blocks import MAX_BYTES, render, visible
from digestbot.chat.slack.elements import clip_escaped, elements_of, escape, unescape
from digestbot.domain.digest import (
    Action,
    Actions,
    Card,
    Digest,
    Heading,
    Link,
    Message,
    Named,
    Prose,
    Quotation,
    Strong,
    Text,
)
from tests.chat.slack.making import HOSTILE, digest, digests, quotations, story, texts
from tests.rigs.oracles_slack import ORACLES, block_faults, message_faults


def faults(message: Message) -> list[str]:
    """Return what Slack would refuse."""
    return message_faults(dict(message.payload))


def blocks(message: Message) -> list[dict[str, Any]]:
    """Return a message's blocks."""
    found = message.payload["blocks"]
    assert isinstance(found, list)
    return found


def shown(made: Digest) -> str:
    """Return all that a reader of a digest sees."""
    return "\n".join(visible(message) for message in render(made))


@settings(max_examples=60, deadline=None)
@given(digests)
def test_every_message_is_one_that_slack_takes(made: Digest) -> None:
    """Hostile text of every kind gives messages within every limit and schema, JSON-able, with text set."""
    for message in render(made):
        assert faults(message) == []
        json.dumps(message.payload)
        str(message.payload["text"]).encode()


@settings(deadline=None)
@given(st.lists(quotations, min_size=1, max_size=3), st.sampled_from(["full", "compact"]))
def test_a_quotation_is_seen_word_for_word_or_not_at_all(quotes: list[Quotation], style: Any) -> None:
    """What is shown of a quotation is exactly its text between quotation marks; one that cannot be is left out."""
    seen = shown(digest(Card((Heading((Text("Headline"),)), *quotes), story_id=1), style=style))
    for quote in quotes[:1]:
        sayable = bool(quote.text.strip()) and clean(quote.text) == quote.text
        # A name as long as the words themselves leaves no room for both in one message.
        assume(len(f"{quote.text}{quote.speaker}".encode(errors="replace")) < MAX_BYTES * 2 // 3)
        assert (f"“{quote.text}”" in seen) == sayable


@given(texts)
def test_escaping_changes_no_character(text: str) -> None:
    """In a heading, in prose and in small print, a reader sees the characters of the document."""
    wanted = one_line(text)
    for block in (Prose((Text(text),)), Prose((Text(text),), quiet=True), Heading((Text(text), Strong("!")), level=3)):
        seen = shown(digest(Card((block, Prose((Text("end"),))), story_id=1)))
        assert wanted.strip() in seen


@given(texts)
def test_escaping_can_be_undone(text: str) -> None:
    """Escaping is reversible, and a clipped escaped text is within its limit and has no half entity."""
    assert unescape(escape(text)) == text
    clipped = clip_escaped(text, 50)
    assert len(clipped) <= 50
    assert escape(unescape(clipped)) == clipped


def test_a_full_digest_is_a_parent_and_a_reply_a_story() -> None:
    """The parent lists the headlines with counts and time; each story follows in the thread with its number."""
    messages = render(digest(story(1), story(2)))
    assert [(m.reply, m.story_id) for m in messages] == [(False, None), (True, 1), (True, 2)]
    parent = visible(messages[0])
    assert parent.splitlines() == [
        "Morning brief · Monday",
        "2025-11-24 08:00 UTC",
        "Barrier 1 approved after long debate · 3 outlets",
        "Barrier 2 approved after long debate · 3 outlets",
    ]
    assert messages[0].text.startswith("Morning brief · Monday: Barrier 1 approved")
    assert visible(messages[1]).splitlines() == [
        "Barrier 1 approved after long debate",
        "3 outlets, since 08:00",
        "The council approved barrier 1 on Monday after a debate of nine hours.",
        "“We are ready to build number 1-0.”",
        "— Ana Reyes, the mayor · The Ledger",
        "Sources: The Ledger · Harbour Courier · Kestrel",
        "Sources",
        "More",
        "Report a problem",
        "Snooze",
    ]


def test_buttons_carry_their_command_and_say_what_they_are_about() -> None:
    """Three buttons, the fourth in the overflow menu; each value is the command line, each label names the story."""
    row = blocks(render(digest(story(3)))[1])[-1]
    assert row["type"] == "actions"
    assert [(e["type"], e["action_id"]) for e in row["elements"]] == [
        ("button", "run:0"), ("button", "run:1"), ("button", "run:2"), ("overflow", "run:menu"),
    ]  # fmt: skip
    assert row["elements"][0]["value"] == "sources story=3"
    assert row["elements"][0]["accessibility_label"] == "Sources: Barrier 3 approved after long debate"
    assert row["elements"][3]["options"][0]["value"] == "snooze story=3"


def test_a_compact_digest_is_one_message() -> None:
    """Title, stories with all their quotations, and one menu a story stand in one message."""
    (message,) = render(digest(story(1, quotes=2), story(2), style="compact"))
    assert "number 1-1" in visible(message)
    assert [b["elements"][0]["type"] for b in blocks(message) if b["type"] == "actions"] == ["overflow"] * 2


def test_a_compact_digest_that_is_too_long_goes_on_in_its_thread() -> None:
    """Forty stories keep one quotation each; what does not fit the first message is its thread."""
    messages = render(digest(*(story(n, quotes=3) for n in range(40)), style="compact"))
    assert [m.reply for m in messages] == [False] + [True] * (len(messages) - 1)
    seen = "\n".join(map(visible, messages))
    assert all(f"number {n}-0." in seen for n in range(40))
    assert all(faults(m) == [] for m in messages)


@pytest.mark.parametrize("title", [*HOSTILE, "標題" * 1500])
def test_forty_stories_with_hostile_titles_fit(title: str) -> None:
    """A parent with forty such headlines is one message within limits, and every story is there."""
    card = story(1, quotes=3)
    heading = Heading((Link(title, "https://ledger.example/" + "y" * 900),))
    hostile = [replace(card, blocks=(heading, *card.blocks[1:]), story_id=n) for n in range(1, 41)]
    messages = render(digest(*hostile, title=title))
    assert [m.story_id for m in messages] == [None, *range(1, 41)]
    assert all(faults(m) == [] for m in messages[:2])
    assert all("“We are ready to build number 1-0.”" in visible(m) for m in messages[1:])


def test_hundreds_of_headlines_are_counted_when_they_cannot_be_listed() -> None:
    """The parent says how many more stand in the thread."""
    parent = render(digest(*(story(n) for n in range(400))))[0]
    assert faults(parent) == []
    assert "more in the thread" in visible(parent)


def test_topics_stand_above_their_headlines() -> None:
    """With two topics the parent groups the headlines, and each topic heads its first story."""
    messages = render(digest(story(1, topic="Trade"), story(2, topic="Health")))
    lines = visible(messages[0]).splitlines()
    assert [line for line in lines if line in {"Trade", "Health"}] == ["Trade", "Health"]
    assert visible(messages[2]).startswith("Health\n")


@pytest.mark.parametrize(
    ("mention", "element"),
    [
        ("here", {"type": "broadcast", "range": "here"}),
        ("<!subteam^S0123ABC>", {"type": "usergroup", "usergroup_id": "S0123ABC"}),
        ("<@U0123ABC>", {"type": "user", "user_id": "U0123ABC"}),
    ],
)
def test_only_the_setting_calls_people(mention: str, element: dict[str, str]) -> None:
    """The subscription's mention stands in the parent; the same characters in a title call nobody."""
    dump = json.dumps([m.payload["blocks"] for m in render(digest(story(1), mention=mention))])
    assert json.dumps(element) in dump
    quiet = json.dumps([m.payload["blocks"] for m in render(digest(story(1), title=mention))])
    assert f'"type": "{element["type"]}"' not in quiet


def test_what_has_a_name_is_shown_by_it() -> None:
    """Channels, people and user groups are Slack's own elements, small print too; what is no id of theirs is text."""
    spans = (Named("channel", "C0123AB"), Text(" "), Named("person", "U0123AB"), Text(" "), Named("role", "S0123AB"))
    (rich,) = elements_of(Prose(spans))
    assert block_faults([rich]) == []
    (section,) = rich["elements"]  # type: ignore[misc]  # a list
    assert [one["type"] for one in section["elements"]] == ["channel", "text", "user", "text", "usergroup"]
    (small,) = elements_of(Prose(spans, quiet=True))
    assert small["elements"][0]["text"] == "<#C0123AB> <@U0123AB> <!subteam^S0123AB>"  # type: ignore[index]  # the same
    (plain,) = elements_of(Prose((Named("channel", "<!here>"),), quiet=True))
    assert plain["elements"][0]["text"] == "&lt;!here&gt;"  # type: ignore[index]  # the same


def test_a_digest_with_nothing_to_say_is_one_message() -> None:
    """The note of an empty edition stands under the title."""
    head = Card((Heading((Text("Morning brief"),), level=1), Prose((Text("Nothing new."),), quiet=True)))
    made = replace(digest(), cards=(head,))
    (message,) = render(made)
    assert visible(message) == "Morning brief\nNothing new."
    assert faults(message) == []


def test_the_foot_stands_in_the_parent_with_its_button() -> None:
    """“and 7 more” comes after the headlines."""
    foot = Card((Prose((Text("and 7 more"),), quiet=True), Actions((Action("Show 7 more", "more subscription=7"),))))
    parent = blocks(render(digest(story(1), foot))[0])
    assert [b["type"] for b in parent] == ["header", "context", "rich_text", "context", "actions"]


def test_the_oracle_sees_faults() -> None:
    """The check itself refuses what Slack refuses: an empty label, a long header, an unknown key, markup in text."""
    bad: list[dict[str, Any]] = [
        {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}},
        {
            "type": "actions",
            "elements": [{"type": "button", "action_id": "a", "text": {"type": "plain_text", "text": ""}}],
        },
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "<!here>"}]},
        {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": ""}]}]},
    ]
    assert all(block_faults([block]) for block in bad)
    assert message_faults({"text": "<!here>", "blocks": []})
    if ORACLES.exists():
        assert block_faults([{"type": "divider", "colour": "red"}])
