"""Discord messages are within every limit, split between stories, and show exactly the words of their articles."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.chat.characters import one_line
from digestbot.chat.discord import components
from digestbot.chat.discord.markup import escape, read, written
from digestbot.domain.digest import (
    Action,
    Actions,
    Card,
    Digest,
    Edition,
    Heading,
    Link,
    Moment,
    Named,
    Prose,
    Quotation,
    Sources,
    Strong,
    Text,
)
from tests.shared import shared

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HOSTILE = [
    "@everyone",
    "<@123456789012345678>",
    "<@&123456789012345678>",
    "](https://evil.example)",
    "[x](https://evil.example)",
    "`code`",
    "```block",
    "||spoiler||",
    "**b** _i_ ~~s~~",
    "> quote",
    "# heading",
    "-# small",
    "- item",
    "1. item",
    "a\\",
    "https://evil.example/a_b_c",
    "<t:0:R>",
    "東京で地震、震度5強",
    "👩‍👩‍👧‍👦🇩🇪",
]
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=400),
    st.lists(st.sampled_from(HOSTILE), max_size=12).map(" ".join),
)
addresses = st.sampled_from(
    ["https://example.org/a", "https://example.org/a_b(c)", "javascript:alert(1)", "", "http://" + "a" * 3000]
)


def story(number, title, summary, words, speaker, url):
    """Return a story's card with every kind of block."""
    return Card(
        (
            Heading((Link(title, url),)),
            Prose((Text("2 outlets, since "), Moment(AT, "08:00")), quiet=True),
            Prose((Text(summary),)),
            Quotation(words, speaker, note="mayor", outlet="The Post", url=url),
            Sources((Link("The Post", url), Link("Wire", url))),
            Actions((Action("Sources", f"sources story={number}"), Action("More", f"more story={number}"))),
        ),
        story_id=number,
    )


def digest_of(*cards, style="full", mention=""):
    """Return a digest with a head."""
    head = Card((Heading((Text("Morning brief · Monday 23 November"),), level=1),))
    return Digest("Morning brief", Edition(1, AT), (head, *cards), style=style, mention=mention)


cards = st.lists(st.builds(story, st.integers(1, 99), texts, texts, texts, texts, addresses), max_size=12)


@given(cards, st.sampled_from(["full", "compact"]))
def test_every_message_is_within_the_limits(stories, style):
    """Whatever the stories hold, every message fits, and each pings nobody."""
    for message in components.render(digest_of(*stories, style=style)):
        assert components.within_limits(message.payload["components"])
        assert message.payload["allowed_mentions"] == {"parse": []}
        assert json.loads(json.dumps(message.payload)) == message.payload


@given(texts.filter(lambda text: one_line(text).strip() and len(text) < 300))
def test_a_reader_sees_the_words_as_they_stand(words):
    """Escaping changes no character of a quotation, its speaker or a headline."""
    wanted = one_line(words).strip()
    messages = components.render(
        digest_of(story(1, words, "The council voted.", words, words, "https://example.org/a"))
    )
    assert "\n".join(map(components.visible, messages)).count(wanted) >= 3


@given(texts)
def test_escaping_reads_back(text):
    """What is escaped reads back as itself, on one line."""
    assert read(escape(text)) == one_line(text)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_markup_of_others_survives(hostile):
    """No sign that opens markup, a mention or a link stands unescaped in another's text."""
    escaped = escape(hostile)
    bare = escaped.replace("\\\\", "").replace("\\", "\0")
    for sign in "*_~`|<>[]()@#":
        assert all(bare[i - 1] == "\0" for i, c in enumerate(bare) if c == sign)
    assert not re.search(r"\w://", bare)


def test_blanks_beside_bold_words_are_kept() -> None:
    """“Feeds: all” has its blank though the first word is bold; names of places are shown by Discord itself."""
    spans = (Strong("Feeds: "), Text("all in "), Named("channel", "500000000000000001"), Named("person", "U1"))
    assert written(spans) == "**Feeds:** all in <#500000000000000001>U1"
    assert read(written(spans)) == "Feeds: all in 500000000000000001U1"


def test_forty_stories_lose_none_and_keep_their_order():
    """Forty stories come in several messages, each whole, in order."""
    stories = [
        story(n, f"Headline {n}", "Words " * 60, f"Quote number {n}.", "Nora Lind", "https://example.org")
        for n in range(40)
    ]
    messages = components.render(digest_of(*stories))
    assert len(messages) > 1
    shown = "\n".join(map(components.visible, messages))
    places = [shown.index(f"“Quote number {n}.”") for n in range(40)]
    assert places == sorted(places)


def test_a_role_is_called_only_where_the_subscription_says_so():
    """A role in the settings is mentioned once, in the first message; any other text in that setting is not."""
    first, *_ = components.render(digest_of(mention="<@&123456789012345678>"))
    assert first.payload["allowed_mentions"] == {"parse": [], "roles": ["123456789012345678"]}
    assert components.visible(first)
    (other, *_) = components.render(digest_of(mention="@everyone"))
    assert other.payload["allowed_mentions"] == {"parse": []}
    assert "everyone" not in json.dumps(other.payload["components"])


def test_bodies_are_valid_by_discords_own_description():
    """Discord's OpenAPI description accepts the bodies (`oneOf` read as `anyOf`, as discord.com does)."""
    jsonschema = pytest.importorskip("jsonschema")
    text = shared("oracles/discord-openapi.json").read_text(encoding="utf-8").replace('"oneOf"', '"anyOf"')
    api = json.loads(text)
    schema = {"$ref": "#/components/schemas/MessageCreateRequest", "components": api["components"]}
    validator = jsonschema.Draft202012Validator(schema)
    stories = [
        story(n, HOSTILE[n], "Words.", HOSTILE[n], "Nora Lind", "https://example.org") for n in range(len(HOSTILE))
    ]
    for message in components.render(digest_of(*stories)):
        assert not list(validator.iter_errors(message.payload))
