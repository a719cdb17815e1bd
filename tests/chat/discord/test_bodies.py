"""Both looks on Discord: every body is valid by Discord's description and limits, and shows the words as they stand."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import count

import pytest
from hypothesis import given, settings

from digestbot.chat.characters import one_line
from digestbot.chat.discord import components, embeds
from digestbot.chat.discord.threads import apart
from digestbot.domain.digest import Action, Actions, Block, Card, Digest, Heading, Link, Prose, Quotation, Text
from tests.chat.slack import making
from tests.rigs.oracles_discord import message_faults, thread_faults
from tests.web.sample import sample

LOOKS = {"components": components, "embeds": embeds}
ROLE = "123456789012345678"


@pytest.fixture(params=sorted(LOOKS))
def look(request):
    return LOOKS[request.param]


@pytest.mark.parametrize("name", sorted(LOOKS))
@settings(max_examples=20, deadline=None)
@given(digest=making.digests)
def test_hostile_digests_are_valid(name: str, digest: Digest):
    """Whatever feeds write, every body is accepted, in every style, pings nobody, and survives JSON.

    So is the older look that a refused message falls back to, and the name of the thread it may begin.
    """
    for message in (*LOOKS[name].render(digest), *LOOKS[name].render(replace(digest, style="posts"))):
        body, how = apart(message.payload)
        assert message_faults(body) == []
        assert thread_faults({"name": how.name}) == []
        if name == "components":
            assert message_faults(embeds.plainer(body)) == []
        assert json.loads(json.dumps(message.payload)) == message.payload


@pytest.mark.parametrize("name", sorted(LOOKS))
@settings(max_examples=20, deadline=None)
@given(digest=making.digests)
def test_a_quotation_is_whole_or_absent(name: str, digest: Digest):
    """Each quotation is in the messages with every one of its characters, or not at all."""
    numbers = count()
    told = [replace(card, blocks=tuple(_numbered(block, numbers) for block in card.blocks)) for card in digest.cards]
    digest = replace(digest, style="full", cards=tuple(told))
    shown = "\n".join(map(LOOKS[name].visible, LOOKS[name].render(digest)))
    for block in (block for card in told for block in card.blocks if isinstance(block, Quotation)):
        text = one_line(block.text)
        assert text in shown or text[:6] not in shown


def _numbered(block: Block, numbers: Iterator[int]) -> Block:
    return replace(block, text=f"q{next(numbers):03}§ {block.text}") if isinstance(block, Quotation) else block


def test_the_sample_reads_the_same_in_both_looks(look):
    """Headlines, summaries, quotations, speakers and sources are all there, in order."""
    digest = sample()
    shown = "\n".join(map(look.visible, look.render(digest)))
    places = []
    for card in digest.cards:
        for block in card.blocks:
            if isinstance(block, Quotation):
                places += [shown.index(block.text), shown.index(block.speaker, shown.index(block.text))]
            elif isinstance(block, Prose) and not block.quiet:
                places.append(shown.index("".join(getattr(s, "text", "") for s in block.spans)))
    assert places == sorted(places)
    assert "Night trains return to the <coast> line & its *tunnel*" in shown


def test_only_the_first_message_starts_and_the_others_reply(look):
    """The first message stands in the channel, the others belong to it."""
    cards = tuple(making.story(n, quotes=3) for n in range(12))
    messages = look.render(making.digest(*cards))
    assert len(messages) > 1
    assert [message.reply for message in messages] == [False] + [True] * (len(messages) - 1)


def test_a_role_is_called_once_by_the_settings_alone(look):
    """A role of the settings is called in the first message; any other text there calls nobody."""
    first, *rest = look.render(making.digest(making.story(1), *(making.story(n) for n in range(2, 12)), mention=ROLE))
    assert first.payload["allowed_mentions"] == {"parse": [], "roles": [ROLE]}
    assert f"<@&{ROLE}>" in json.dumps(first.payload)
    assert all(message.payload["allowed_mentions"] == {"parse": []} for message in rest)
    assert all(
        message.payload["allowed_mentions"] == {"parse": []}
        for message in look.render(making.digest(making.story(1), mention="@everyone"))
    )


def test_buttons_beyond_five_begin_a_row_and_none_stands_twice(look):
    """Seven buttons stand in two rows; the same command line is one button alone."""
    actions = Actions(tuple(Action(f"B{n}", f"story story={min(n, 6)}") for n in range(9)))
    card = Card((Heading((Link("H", "https://x.example"),)), Prose((Text("P"),)), actions), story_id=1)
    rows = [r for m in look.render(making.digest(card)) for r in _rows(m.payload["components"])]
    ids = [button["custom_id"] for row in rows for button in row["components"]]
    assert ids == [f"story story={n}" for n in range(7)]
    assert [len(row["components"]) for row in rows] == [5, 2]


def _rows(found):
    return [c for one in found for c in ([one] if one["type"] == 1 else _rows(one.get("components", [])))]


def test_quotations_are_drawn_apart():
    """Between two quotations stands an empty line, for Discord joins lines that are quoted one after the other."""
    content = json.dumps([m.payload for m in components.render(sample())], ensure_ascii=False)
    assert r"\n\n> “We are willing" in content


def test_an_embed_has_its_headline_as_title_and_link():
    """The story's embed is titled by its linked headline; one too long for a title heads the text instead."""
    payloads = [message.payload for message in embeds.render(sample())]
    first = payloads[0]["embeds"][0]
    assert first["url"] == "https://ledger.example/1"
    assert str(payloads[0]["content"]).startswith("# Morning brief")
    long = Card((Heading((Link("word " * 60, "https://x.example"),)), Prose((Text("P"),))), story_id=1)
    (_, message) = (None, embeds.render(making.digest(long))[-1])
    assert "title" not in message.payload["embeds"][0]
    assert "word word" in embeds.visible(message)
