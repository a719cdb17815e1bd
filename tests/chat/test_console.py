"""The terminal shows a digest whole, verbatim, and obeys no hostile text."""

import io
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.chat.console import ConsoleAdapter
from digestbot.domain.digest import (
    Action,
    Actions,
    Card,
    Digest,
    Edition,
    Heading,
    Link,
    Moment,
    Prose,
    Quotation,
    Rule,
    Sources,
    Strong,
    Text,
)
from digestbot.domain.errors import PlatformDown
from digestbot.domain.subscription import Channel

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
CHANNEL = Channel("console", "")


def digest_of(title="Barrier approved", words="We start on Monday.", speaker="Nora Lind", url="https://example.org/a"):
    """Return a digest with every kind of block."""
    card = Card(
        (
            Heading((Strong("Update"), Text(" · "), Link(title, url))),
            Prose((Text("2 outlets, since "), Moment(AT, "08:00")), quiet=True),
            Prose((Text("The council voted."),)),
            Quotation(words, speaker, note="mayor, on X", outlet="The Post", url=url),
            Sources((Link("The Post", url), Link("Wire", url))),
            Rule(),
            Actions((Action("Sources", "sources story=1"),)),
        ),
        story_id=1,
    )
    return Digest("Morning brief", Edition(1, AT), (Card((Heading((Text("Morning brief"),), level=1),)), card))


def shown(digest):
    """Return what a reader of the terminal sees."""
    adapter = ConsoleAdapter()
    return "\n".join(adapter.visible(message) for message in adapter.render(digest))


def test_everything_a_reader_needs_is_there():
    """Title, headline, count, summary, quotation with speaker, note and outlet, and sources are shown; buttons not."""
    text = shown(digest_of())
    for part in ("Morning brief", "Update · Barrier approved", "2 outlets, since 08:00", "The council voted."):
        assert part in text
    assert "“We start on Monday.” — Nora Lind, mayor, on X, The Post" in text
    assert "Sources: The Post · Wire" in text
    assert "sources story=1" not in text


@given(
    st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cf", "Zl", "Zp", "Zs")), min_size=1)
)
def test_a_quotation_is_shown_verbatim(words):
    """Whatever the words hold — markup, brackets, emoji codes — a reader sees exactly them."""
    assert words in shown(digest_of(words=words)) or "\u3000" in words


@pytest.mark.parametrize(
    "hostile", ["\x1b[2J\x1b[1;31mowned", "a\x07b", "\x9b31m", "[bold]x[/bold]", "[link=x]y", ":smile:", "\u202eabc"]
)
def test_hostile_text_moves_nothing(hostile):
    """Control sequences are gone and markup is shown as it stands."""
    text = shown(digest_of(title=hostile, words=hostile, speaker=hostile))
    assert not any(c in text for c in "\x1b\x07\x9b\u202e")
    if hostile.startswith(("[", ":")):
        assert text.count(hostile) == 3


async def test_it_prints_to_its_stream_and_returns_the_key():
    """Posting prints the digest; the key is the message's id, and nothing can be looked up."""
    stream = io.StringIO()
    adapter = ConsoleAdapter(stream)
    (message,) = adapter.render(digest_of())
    assert await adapter.post(CHANNEL, message, "deliver:1:0", None) == "deliver:1:0"
    assert "We start on Monday." in stream.getvalue()
    assert await adapter.settle(CHANNEL, "deliver:1:0", None, AT) is None


async def test_a_closed_stream_is_a_delivery_error():
    """When nobody reads any more the digest is kept for later."""
    stream = io.StringIO()
    stream.close()
    adapter = ConsoleAdapter(stream)
    with pytest.raises(PlatformDown):
        await adapter.post(CHANNEL, adapter.render(digest_of())[0], "k", None)


def test_the_console_loads_no_chat_library():
    """Importing the console adapter loads neither discord nor slack_sdk."""
    code = "import sys, digestbot.chat.console; print([m for m in ('discord', 'slack_sdk') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
