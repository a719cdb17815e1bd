"""OPML by command: shown before anything is added, folders as topics, and back again as a file."""

import pytest

from digestbot.app.desk import OpmlOutlines
from digestbot.commands import COMMANDS, Asker, Desk, Invocation, Reply, dispatch, parse
from digestbot.domain.errors import BadOption, NotAFeed, NotFound
from tests.commands.making import HERE, MANAGER, STRANGER, a_desk, buttons, shown

OPML = """<opml version="2.0"><head><title>Mine</title></head><body>
<outline text="Trade"><outline text="Ports"><outline type="rss" text="Port News" xmlUrl="https://ports.example/rss"/>
</outline></outline>
<outline type="rss" text="Again" xmlUrl="https://ports.example/rss"/>
<outline type="rss" text="Known" xmlUrl="http://www.ledger.example/old.xml/"/>
<outline text="A file" xmlUrl="file:///etc/passwd"/>
<outline type="rss" text="Ship &lt;b&gt;Daily&lt;/b&gt;" xmlUrl="https://ships.example/feed?a=1&amp;b=2"/>
</body></opml>"""


@pytest.fixture
async def desk() -> Desk:
    """Return a desk that reads and writes OPML."""
    made = await a_desk()
    made.outlines = OpmlOutlines()
    return made


async def take(desk: Desk, text: str, asker: Asker = MANAGER) -> Reply:
    """Give a file."""
    return await dispatch(desk, Invocation("import", {"file": text}), asker)


async def ask(desk: Desk, typed: str, asker: Asker = MANAGER) -> Reply:
    """Ask something."""
    return await dispatch(desk, parse(typed, COMMANDS), asker)


async def test_a_file_is_shown_and_then_added(desk: Desk) -> None:
    """New feeds and those here already are counted, folders are topics; the button adds them to the digest here."""
    reply = await take(desk, OPML)
    told = shown(reply)
    assert "2 new feeds, 1 is here already" in told
    assert "Ports (1)" in told
    assert "1 line names a feed a second time." in told
    assert "Left out, as no http(s) address: file:///etc/passwd." in told
    assert "Nothing is added yet." in told
    assert len(await desk.store.feeds()) == 1
    line = buttons(reply)["Add 2 feeds"]
    assert len(line) <= 100
    assert "Added 2 feeds to the digest “Morning brief”" in shown(await ask(desk, line))
    own = {feed.url: feed for feed in await desk.store.feeds_of(HERE.home)}
    assert own["https://ports.example/rss"].topics == ("Trade", "Ports")
    assert "https://ships.example/feed?a=1&b=2" in own
    (digest,) = await desk.store.subscriptions()
    assert len(digest.feeds) == 2


async def test_adding_twice_is_adding_once(desk: Desk) -> None:
    """A second press adds nothing; the same file again has nothing new."""
    line = buttons(await take(desk, OPML))["Add 2 feeds"]
    for _ in range(2):
        await ask(desk, line)
    assert len(await desk.store.feeds()) == 3
    assert shown(await take(desk, OPML)) == (
        "All 3 feeds of the file are here already. 1 line names a feed a second time. "
        "Left out, as no http(s) address: file:///etc/passwd."
    )


async def test_what_waits_is_its_workspaces_and_for_a_day(desk: Desk) -> None:
    """Another workspace cannot say yes to it, and after a day nobody can."""
    line = buttons(await take(desk, OPML))["Add 2 feeds"]
    assert isinstance((await ask(desk, line, STRANGER)).error, NotFound)
    assert len(await desk.store.feeds()) == 1


@pytest.mark.parametrize("text", ["no XML", "<html/>", "<opml><body>"])
async def test_what_is_not_opml_is_refused(desk: Desk, text: str) -> None:
    """The sentence says so, and nothing is kept."""
    reply = await take(desk, text)
    assert isinstance(reply.error, NotAFeed), reply


async def test_too_much_is_refused(desk: Desk) -> None:
    """A thousand feeds and two megabytes at once; an empty list says that it is empty."""
    many = "".join(f'<outline type="rss" xmlUrl="https://{n}.example/"/>' for n in range(1_001))
    assert isinstance((await take(desk, f"<opml><body>{many}</body></opml>")).error, BadOption)
    assert isinstance((await take(desk, OPML + f"<!--{'x' * 2_000_000}-->")).error, BadOption)
    assert shown(await take(desk, "<opml><body/></opml>")) == "There are no feeds in it."


async def test_an_export_can_be_imported(desk: Desk) -> None:
    """The file has the feeds the asker reads with their topics, and brings them into another workspace."""
    await ask(desk, buttons(await take(desk, OPML))["Add 2 feeds"])
    reply = await ask(desk, "export")
    assert reply.file is not None
    assert (reply.file.name, reply.file.media_type) == ("feeds.opml", "text/x-opml+xml")
    assert "2 new feeds, 1 is here already" in shown(await take(desk, reply.file.content.decode(), STRANGER))


async def test_without_a_reader_of_opml_the_command_says_where(desk: Desk) -> None:
    """A desk without one names the command line's way."""
    desk.outlines = None
    assert "digestbot import" in shown(await take(desk, OPML))
