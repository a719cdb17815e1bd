"""Frames between the bot and its engine process."""

import asyncio
import io

from hypothesis import given
from hypothesis import strategies as st

from digestbot.inference.wire import pack, read_frame, read_frame_blocking

HEADS = st.dictionaries(st.text(), st.one_of(st.text(), st.integers(), st.lists(st.text())))


@given(HEADS, st.binary())
def test_what_is_packed_is_read(head, body):
    """A frame comes out as it went in, also with characters that are no text (lone surrogates)."""
    assert read_frame_blocking(io.BytesIO(pack(head, body))) == (head, body)


@given(st.integers(0, 30))
def test_a_torn_frame_is_no_frame(cut):
    """A frame torn at any byte is the end of the conversation, not an error."""
    whole = pack({"op": "embed", "items": ["one"]}, b"body")
    assert read_frame_blocking(io.BytesIO(whole[:cut])) is None


async def test_the_event_loops_side_agrees():
    """The asynchronous reader reads what the blocking writer wrote, and None at the end."""
    reader = asyncio.StreamReader()
    reader.feed_data(pack({"a": 1}, b"x"))
    reader.feed_eof()
    assert await read_frame(reader) == ({"a": 1}, b"x")
    assert await read_frame(reader) is None
