"""What is posted can be changed: the port of correcting, as the commands use it."""

import pytest

from digestbot.domain.digest import Card, Digest, Edition, Prose, Text
from digestbot.domain.errors import ChannelGone
from digestbot.domain.subscription import Channel
from digestbot.ports import Correcting
from tests.fakes.chat import FakeChat
from tests.fakes.clock import START

HERE = Channel("slack", "C1", "T1")


async def test_a_correction_takes_the_place_of_what_was_posted() -> None:
    """The message keeps its id and shows the new words; doing it twice changes nothing more."""
    chat = FakeChat()
    assert isinstance(chat, Correcting)
    first, second = (
        chat.render(Digest("", Edition(1, START), (Card((Prose((Text(said),)),)),)))[0] for said in ("wrong", "right")
    )
    posted = await chat.post(HERE, first, "k", None)
    for _ in range(2):
        await chat.correct(HERE, posted, second, None)
    assert [(one.id, one.text) for one in chat.posted] == [(posted, "right")]


async def test_a_message_that_is_gone_is_said_to_be_gone() -> None:
    """Correcting what a moderator deleted is an error of its own, not a new message."""
    chat = FakeChat()
    message = chat.render(Digest("", Edition(1, START), (Card((Prose((Text("right"),)),)),)))[0]
    with pytest.raises(ChannelGone):
        await chat.correct(HERE, "m9", message, None)
    assert chat.posted == []
