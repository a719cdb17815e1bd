"""A correction changes the messages that told a story, in their place and within what fits there, and nothing else."""

from dataclasses import dataclass, replace

import pytest

from digestbot.domain.digest import (
    Action,
    Actions,
    Card,
    Delivery,
    Digest,
    Edition,
    Heading,
    Message,
    Prose,
    Quotation,
    Receipt,
    Text,
)
from digestbot.domain.errors import ChannelGone, Rejected
from digestbot.domain.subscription import Channel, Subscription, Workspace
from digestbot.pipeline.correct import Corrector, Remedy, corrected, summary_text
from tests.fakes.chat import FakeChat, words
from tests.fakes.clock import START
from tests.fakes.store import MemoryStore

HERE = Channel("slack", "C1", "T1")
HOME = Workspace("slack", "T1")
WRONG = Remedy("The speaker was wrong.", ("Never said.",))


def story(number: int, quote: str = "Never said.") -> Card:
    """Return a story's card."""
    return Card(
        (
            Heading((Text(f"Headline {number}"),)),
            Prose((Text("2 outlets"),), quiet=True),
            Prose((Text(f"Summary {number}."),)),
            Quotation(quote, "Ana Reyes"),
            Actions((Action("Sources", f"sources story={number}"),)),
        ),
        story_id=number,
    )


@dataclass
class Compact(FakeChat):
    """A platform that puts a whole digest into one message, and a long one into two."""

    room: int = 10_000

    def render(self, digest: Digest) -> list[Message]:
        """Return the messages."""
        text = "\n".join(map(words, digest.cards))
        pages = [text[at : at + self.room] for at in range(0, len(text), self.room)]
        return [Message({"text": page}, page[:20], reply=number > 0) for number, page in enumerate(pages)]


async def posted(chat: FakeChat, *, sent: int = 3) -> tuple[MemoryStore, Delivery]:
    """Return a store whose digest of two stories is posted, its first ``sent`` messages at least."""
    store = MemoryStore()
    made = await store.save_subscription(Subscription(0, "Brief", HERE))
    edition = Edition(made.id, START)
    digest = Digest("Brief", edition, (Card((Heading((Text("Brief"),), level=1),)), story(7), story(8, "Truly said.")))
    owed = await store.publish(
        edition, channel=HERE, digest=digest, messages=chat.render(digest), article_ids={1: 7, 2: 8},
        next_edition_at=None, window_from=START,
    )  # fmt: skip
    assert owed is not None
    for part in owed.parts[:sent]:
        await store.mark_sending(owed.id, part.number, "a", START)
        number = await chat.post(HERE, part.message, owed.key(part.number), None)
        await store.record_receipt(Receipt(owed.id, part.number, number, START))
    return store, await store.delivery(owed.id)


async def test_only_the_storys_message_changes() -> None:
    """Head and other stories stay as they were; the changed one says so and keeps its place in the thread."""
    chat = FakeChat()
    store, _ = await posted(chat)
    before = [one.text for one in chat.posted]
    done = await Corrector(store, {"slack": chat}).correct(HOME, 7, WRONG)
    assert (done.changed, done.failed) == (1, ())
    after = [one.text for one in chat.posted]
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False, True]
    assert after[1] == "Headline 7\nCorrection: The speaker was wrong.\n2 outlets\nSummary 7."
    assert chat.posted[1].thread == chat.posted[0].id


async def test_doing_it_again_changes_nothing_and_says_it_once() -> None:
    """A second run edits no message; a second correction replaces the first one's line."""
    chat = FakeChat()
    store, _ = await posted(chat)
    corrector = Corrector(store, {"slack": chat})
    await corrector.correct(HOME, 7, WRONG)
    assert (await corrector.correct(HOME, 7, WRONG)).changed == 0
    await corrector.correct(HOME, 7, replace(WRONG, text="It was her deputy."))
    assert chat.posted[1].text.count("Correction: ") == 1
    assert "It was her deputy." in chat.posted[1].text


async def test_what_is_not_yet_sent_is_sent_corrected() -> None:
    """A part that waits in the outbox is changed there; nothing is edited for it."""
    chat = FakeChat()
    store, owed = await posted(chat, sent=1)
    assert (await Corrector(store, {"slack": chat}).correct(HOME, 7, WRONG)).changed == 0
    assert "Correction: " in str((await store.delivery(owed.id)).parts[1].message.payload)


async def test_one_message_for_all_stories_is_changed_whole() -> None:
    """In the compact style the one message has the correction, and the other story as it was."""
    chat = Compact()
    store, _ = await posted(chat, sent=1)
    assert (await Corrector(store, {"slack": chat}).correct(HOME, 7, WRONG)).changed == 1
    assert "Correction: The speaker was wrong." in chat.posted[0].text
    assert "“Truly said.”" in chat.posted[0].text
    assert "Never said." not in chat.posted[0].text


async def test_a_correction_without_room_leaves_the_headline_and_itself() -> None:
    """Where the longer text would need a further message, the story is withdrawn instead; never a new message."""
    chat = Compact()
    chat.room = len("\n".join(map(words, (Card((Heading((Text("Brief"),)),)), story(7), story(8, "Truly said.")))))
    store, _ = await posted(chat, sent=1)
    done = await Corrector(store, {"slack": chat}).correct(HOME, 7, Remedy("A long word."))
    assert done.changed == 1
    assert len(chat.posted) == 1
    assert "Summary 7." not in chat.posted[0].text
    assert "Correction: A long word." in chat.posted[0].text
    refused = await Corrector(store, {"slack": chat}).correct(HOME, 7, Remedy("A long word. " * 30))
    assert isinstance(refused.failed[0], Rejected)


async def test_each_delivery_stands_for_itself() -> None:
    """A channel whose message is gone is told of, another workspace's messages are not touched."""
    chat = FakeChat()
    store, _ = await posted(chat)
    assert (await Corrector(store, {"slack": chat}).correct(Workspace("slack", "T9"), 7, WRONG)).changed == 0
    chat.posted.pop(1)
    done = await Corrector(store, {"slack": chat}).correct(HOME, 7, WRONG)
    assert isinstance(done.failed[0], ChannelGone)
    without = await Corrector(store, {}).correct(HOME, 7, WRONG)
    assert isinstance(without.failed[0], Rejected)


@pytest.mark.parametrize(
    ("remedy", "summary", "blocks"),
    [
        (Remedy("x", summary="Other."), "Other.", 6),
        (Remedy("x", summary=""), "", 5),
        (Remedy("x", ("Never said.",)), "Summary 7.", 5),
        (Remedy("x", withdrawn=True), "", 3),
    ],
)
def test_a_remedy_is_what_it_says(remedy: Remedy, summary: str, blocks: int) -> None:
    """A summary is replaced or left out, a quotation goes, a withdrawn story keeps headline and buttons."""
    whole = corrected(Digest("", Edition(1, START), (story(7), story(8))), 7, remedy)
    assert summary_text(whole.cards[0]) == summary
    assert len(whole.cards[0].blocks) == blocks
    assert whole.cards[1] == story(8)
