"""Commands do what they say, for those who may, in their own workspace; what goes wrong is an answer in words."""

import pytest

from digestbot.commands import COMMANDS, Asker, Invocation, dispatch
from digestbot.domain.errors import BadOption, NotAFeed, NotAllowed, NotFound, NothingToRead
from tests.commands.desk import ELSEWHERE, FEED, HERE, AskedDesk, desk, words
from tests.pipeline.test_publish import WORDS


@pytest.fixture
async def room() -> AskedDesk:
    """Return a desk."""
    return await desk()


async def test_now_answers_with_the_news_and_is_private(room):
    """A brief of the last day shows the story and its quotation, to the asker alone unless shared."""
    reply = await room.ask("now")
    assert "Saltmere council votes" in words(reply)
    assert WORDS.removesuffix(".") in words(reply)
    assert reply.private
    assert not (await room.ask("now share")).private
    assert "nothing new on “chess”" in await room.told("now chess")


async def test_the_window_is_the_one_asked_for(room):
    """Two hours are two hours: a story of five hours ago is in the brief of twelve and not in that of two."""
    room.house.clock.tick(hours=5)
    assert "nothing new" in await room.told("now 2h")
    assert "Saltmere" in await room.told("now 12h")


async def test_sources_shows_the_quote_in_its_sentence(room):
    """Behind a story stand each quote with its sentence, its outlet and its article."""
    told = await room.told("sources 1")
    assert f"“{WORDS}” said Nora Lind, the harbour master." in told
    assert "Courier" in told


async def test_search_and_quotes_find(room):
    """Words find the story, a name finds what was said; nothing found is said."""
    assert "Saltmere" in await room.told("search council")
    await room.ask("now")  # quotes are known once a story is briefed
    assert WORDS.removesuffix(".") in await room.told("quotes Nora Lind")
    assert "Nothing" in await room.told("search zeppelin")


async def test_an_article_is_summarized(room):
    """An address is read and summarized without buttons; a page without text says so."""
    room.house.press.page(77, "The dam held. “It held,” said Rolf Munz, the keeper of the dam at Elm.")
    reply = await room.ask("summarize https://news.example/77")
    assert "The dam held." in words(reply)
    assert isinstance((await room.ask("summarize https://news.example/78")).error, NothingToRead)


async def test_subscribing_makes_a_digest_or_joins_one(room):
    """A feed joins the channel's digest; in a channel without one a morning digest is made in the asker's zone."""
    await room.ask(f"subscribe {FEED}", manager=True)
    assert len(await room.house.store.subscriptions()) == 1
    await room.ask(f"subscribe {FEED} channel=C2", manager=True)
    _, fresh = await room.house.store.subscriptions()
    assert (fresh.channel.id, fresh.schedule.timezone) == ("C2", "Europe/Berlin")
    assert fresh.next_edition_at is not None
    room.reader.error = NotAFeed("https://news.example/x")
    assert isinstance((await room.ask("subscribe https://news.example/x", manager=True)).error, NotAFeed)


MANAGERS = [command for command in COMMANDS if command.permission == "manager"]


@pytest.mark.parametrize("command", MANAGERS, ids=lambda command: command.name)
async def test_what_changes_things_is_for_managers(room, command):
    """Somebody who does not manage the workspace is told so, whatever options they give, and nothing changes."""
    before = (await room.house.store.subscriptions(), await room.house.store.feeds())
    reply = await dispatch(room.desk, Invocation(command.name, {"digest": 1, "feed": 1}), Asker("U2", HERE))
    assert isinstance(reply.error, NotAllowed)
    assert (await room.house.store.subscriptions(), await room.house.store.feeds()) == before


@pytest.mark.parametrize(
    "line",
    [
        "schedule edit 1 stories=7", "schedule run 1", "schedule pause 1", "schedule delete 1", "schedule preview 1",
        "schedule skip 1", "schedule resume 1", "filter 1 exclude=x", "more subscription=1 at=2026-11-23",
    ],
)  # fmt: skip
async def test_a_workspace_sees_its_own_digests_alone(room, line):
    """A manager of another workspace can neither see nor change this one's digest, nor learn that it is there."""
    before = await room.house.store.subscriptions()
    reply = await room.ask(line, manager=True, channel=ELSEWHERE)
    assert isinstance(reply.error, NotFound)
    assert "Morning brief" not in words(reply)
    assert await room.house.store.subscriptions() == before
    assert "Morning brief" not in await room.told("schedule list", channel=ELSEWHERE)


async def test_a_schedule_is_made_changed_paused_and_deleted(room):
    """A digest goes through its life by commands, and keeps what is not changed."""
    store = room.house.store
    await room.ask('schedule create "Evening" weekly at=18:30 weekday=friday timezone=Europe/Paris', manager=True)
    made = (await store.subscriptions())[1]
    assert (made.name, made.schedule.frequency, made.schedule.weekday) == ("Evening", "weekly", 4)
    assert (await room.ask('schedule create "Evening"', manager=True)).error is not None
    await room.ask(f"schedule edit {made.id} stories=7", manager=True)
    await room.ask(f"schedule pause {made.id}", manager=True)
    paused = await store.subscription(made.id)
    assert (paused.stories, paused.schedule, bool(paused.paused)) == (7, made.schedule, True)
    assert isinstance((await room.ask(f"schedule run {made.id}", manager=True)).error, BadOption)
    await room.ask(f"schedule resume {made.id}", manager=True)
    assert (await store.subscription(made.id)).paused is None
    await room.ask(f"schedule delete {made.id}", manager=True)
    assert len(await store.subscriptions()) == 1


async def test_a_filter_is_shown_to_all_and_changed_by_managers(room):
    """Without rules the filter is shown; rules of somebody who may not are refused; a rule says what it stops."""
    assert "no rules" in await room.told("filter 1")
    assert isinstance((await room.ask("filter 1 exclude=council")).error, NotAllowed)
    assert "stopped: " in await room.told("filter 1 exclude=council", manager=True)
    assert "no rules" in await room.told("filter 1 clear", manager=True)


async def test_a_report_reaches_the_admins(room):
    """The asker is thanked; the admins get the story, the kind, the words and a button that checks again."""
    reply = await room.ask("report 1 quote he said otherwise")
    notice = str(reply.notice)
    assert "Thank you" in words(reply)
    assert "wrong quotation" in notice
    assert "he said otherwise" in notice
    assert "recheck story=1" in notice
    assert "word for word" in await room.told("recheck 1", manager=True)


async def test_a_fault_of_ours_is_an_answer_without_a_trace(room, monkeypatch):
    """Whatever breaks, the asker gets a sentence and the log gets the error."""

    async def broken(*_args):
        raise KeyError("secret detail")

    monkeypatch.setattr(room.house.store, "story", broken)
    reply = await room.ask("story 1")
    assert isinstance(reply.error, KeyError)
    assert "secret" not in words(reply)
    assert "wrong on our side" in words(reply)


async def test_help_shows_what_the_asker_may_do(room):
    """The list holds the asker's commands; one command's help tells its options."""
    plain, whole = await room.told("help"), await room.told("help", manager=True)
    assert "schedule delete" not in plain
    assert "schedule delete" in whole
    assert "1 to 10" in await room.told("help now")
    assert (await room.ask("help nwo")).error is not None
