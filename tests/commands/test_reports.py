"""A reported problem is checked against the stored articles, and a confirmed one corrects what was posted, visibly."""

from dataclasses import replace

import pytest

from digestbot.commands import COMMANDS, Desk, Reply, dispatch, parse
from digestbot.commands.reports import stands
from digestbot.domain.digest import Quotation
from digestbot.domain.errors import ChannelGone, DeliveryError, NotFound
from digestbot.domain.news import Article
from digestbot.domain.subscription import WorkspaceSettings
from digestbot.pipeline.deliver import Deliverer
from tests.commands.making import HERE, MANAGER, READER, SAID, STRANGER, a_desk, buttons, shown
from tests.fakes.chat import FakeChat


async def ask(desk: Desk, typed: str, asker=MANAGER) -> Reply:
    """Ask something."""
    return await dispatch(desk, parse(typed, COMMANDS), asker)


@pytest.fixture
def chat() -> FakeChat:
    """Return a Slack in memory."""
    return FakeChat()


@pytest.fixture
async def desk(chat: FakeChat) -> Desk:
    """Return a desk whose digest of three stories is posted."""
    made = await a_desk(chat)
    await ask(made, "schedule create Brief quotes=3")
    (digest,) = await made.store.subscriptions()
    # What the store holds is older than the digest: its first window reaches back to it.
    await made.store.save_subscription(replace(digest, window_from=None, next_edition_at=made.clock.now()))
    await made.publisher.run_due()
    await Deliverer(made.store, made.publisher.adapters, made.clock).run_due()
    assert len(chat.posted) == 4
    return made


def texts(chat: FakeChat) -> str:
    """Return all that stands in the channel."""
    return "\n".join(one.text for one in chat.posted)


async def reported(desk: Desk, kind: str = "quote") -> Reply:
    """Report the story with the quotation, which is the first."""
    return await ask(desk, f"report 1 {kind} her deputy said it", READER)


async def test_a_report_is_kept_and_told(desk: Desk) -> None:
    """The reader is thanked; the notice goes to the workspace's admin channel with what was said and what to do."""
    await desk.store.save_workspace(HERE.home, "", WorkspaceSettings(admin_channel="C-ADMIN"), desk.clock.now())
    reply = await reported(desk)
    notice = Reply(reply.notice)
    assert reply.notify == "C-ADMIN"
    assert "her deputy said it" in shown(notice)
    assert list(buttons(notice)) == ["Check again", "Sources", "Nothing is wrong"]
    (kept,) = await desk.store.reports(HERE.home, "open")
    assert (kept.story_id, kept.kind, kept.made_by) == (1, "quote", "U1")


async def test_the_check_reads_what_was_posted(desk: Desk) -> None:
    """Each quotation posted is looked up in the articles, the summary is held against them; buttons offer remedies."""
    reply = await ask(desk, buttons(Reply((await reported(desk)).notice))["Check again"])
    assert "stands word for word, with the speaker's name, in The Ledger" in shown(reply)
    assert "every sentence stands in the articles" in shown(reply)
    assert buttons(reply)["Remove it"] == "correct report=1 remedy=quotes quote=1"
    assert all(len(line) <= 100 for line in buttons(reply).values())


async def test_a_confirmed_quotation_is_removed_where_it_was_posted(desk: Desk, chat: FakeChat) -> None:
    """The posted message is edited, says so, and has the quotation no more; the others are left alone."""
    await reported(desk)
    before = {one.id: one.text for one in chat.posted}
    assert SAID in texts(chat)
    reply = await ask(desk, "correct report=1 remedy=quotes quote=1")
    assert "Changed 1 message;" in shown(reply)
    changed = [one for one in chat.posted if one.text != before[one.id]]
    assert len(changed) == 1
    assert "Correction: A quotation was removed, as it could not be confirmed." in changed[0].text
    assert SAID not in texts(chat)
    assert (await desk.store.report(1)).state == "confirmed"


async def test_what_was_withdrawn_is_not_shown_again(desk: Desk) -> None:
    """The quotation is gone from the story, its sources and new editions of this workspace; elsewhere it stays."""
    await reported(desk)
    await ask(desk, "correct report=1 remedy=quotes quote=1")
    for typed in ("story 1", "now 24h quotes=3"):
        assert SAID not in shown(await ask(desk, typed))
        assert SAID in shown(await ask(desk, typed, STRANGER))


@pytest.mark.parametrize(
    ("remedy", "gone", "there"),
    [
        ("withdraw", "approved the tidal barrier", "Correction: This story is withdrawn."),
        ("summary", "", "The council approved the tidal barrier on Monday."),
        ("fresh", "", "Correction: The summary was made anew from its articles."),
    ],
)
async def test_every_remedy_is_visible(desk: Desk, chat: FakeChat, remedy: str, gone: str, there: str) -> None:
    """Withdrawn leaves the headline; the article's own words and a fresh summary take the place of the old one."""
    await reported(desk, "fact")
    await ask(desk, f"correct report=1 remedy={remedy}")
    (message,) = [one.text for one in chat.posted if "Correction: " in one.text]
    assert "News of the barrier" in message
    assert there in message
    assert not gone or gone not in message


async def test_the_managers_words_are_the_correction(desk: Desk, chat: FakeChat) -> None:
    """A note replaces the usual sentence, and the archive has the corrected digest."""
    await reported(desk)
    await ask(desk, "correct report=1 remedy=quotes quote=1 note=“Her deputy, Ben Ito, said this”")
    assert "Correction: Her deputy, Ben Ito, said this." in texts(chat)
    (edition,) = await desk.store.editions(1)
    assert "Ben Ito" in str(edition)
    assert SAID not in str(edition)


async def test_a_withdrawn_story_is_in_no_further_edition(desk: Desk) -> None:
    """It is left out of this workspace's next brief."""
    await reported(desk, "duplicate")
    await ask(desk, "correct report=1 remedy=withdraw")
    assert "News of the barrier" not in shown(await ask(desk, "now 24h"))
    assert "News of the barrier" in shown(await ask(desk, "now 24h", STRANGER))


async def test_a_message_that_cannot_be_changed_keeps_the_report_open(desk: Desk, chat: FakeChat) -> None:
    """The reason is told with a button to try again, which then works; nothing is changed twice."""
    await reported(desk)
    chat.refuse(ChannelGone("slack:T1/C1", "the message is no longer there"))
    reply = await ask(desk, "correct report=1 remedy=quotes quote=1")
    assert isinstance(reply.error, DeliveryError)
    assert "no longer there" in shown(reply)
    assert (await desk.store.report(1)).state == "open"
    assert "Changed 1 message;" in shown(await ask(desk, buttons(reply)["Try again"]))
    assert texts(chat).count("Correction: ") == 1


async def test_a_report_is_closed_once(desk: Desk) -> None:
    """Dismissed it changes nothing and cannot be corrected any more; the second one is told who was first."""
    await reported(desk)
    assert "is closed" in shown(await ask(desk, "dismiss 1"))
    assert "closed by U2 already" in shown(await ask(desk, "dismiss 1"))
    assert "closed already: dismissed by U2" in shown(await ask(desk, "correct report=1 remedy=fresh"))


async def test_open_reports_are_listed_for_their_workspace(desk: Desk) -> None:
    """With what was said and the buttons; closed ones and another workspace's are not."""
    await reported(desk)
    await ask(desk, "report 2 fact")
    await ask(desk, "dismiss 2")
    reply = await ask(desk, "report list")
    assert "1. a wrong quotation in story 1" in shown(reply)
    assert "her deputy said it" in shown(reply)
    assert "2. " not in shown(reply)
    assert buttons(reply)["Check again"] == "recheck story=1 report=1"
    assert shown(await ask(desk, "report list", STRANGER)) == "No problem is open."


async def test_another_workspaces_report_is_not_there(desk: Desk, chat: FakeChat) -> None:
    """It is neither checked, corrected nor dismissed from elsewhere."""
    await reported(desk)
    for typed in ("recheck story=1 report=1", "correct report=1 remedy=withdraw", "dismiss 1"):
        assert isinstance((await ask(desk, typed, STRANGER)).error, NotFound)
    assert "Correction" not in texts(chat)
    assert "must be 1 to" in shown(await ask(desk, "correct report=1 remedy=quotes quote=9"))


@pytest.mark.parametrize(
    ("quote", "speaker", "holds"),
    [
        ("We are ready to build the barrier", "Ana Reyes", True),
        ("We are ready […] will not wait for the spring.", "Ana Reyes", True),
        ("will not wait […] We are ready", "Ana Reyes", False),
        ("We were ready", "Ana Reyes", False),
        ("We are ready to build the barrier", "Ben Ito", False),
        ("We are ready to build the barrier", "The Ledger", True),
    ],
)
def test_a_quotation_stands_word_for_word_in_order(quote: str, speaker: str, holds: bool) -> None:
    """Pieces around an omission must follow each other; the speaker's name must be there, if only as the outlet."""
    article = Article(1, "", "", f"“{SAID}” said Ana Reyes,\n the mayor.", "The Ledger")
    assert stands(Quotation(quote, speaker), article) is holds
