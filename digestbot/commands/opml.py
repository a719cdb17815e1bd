"""Feeds come and go as OPML: what a file would bring is shown before it is added; folders are topics."""

from collections import Counter
from collections.abc import Sequence
from secrets import token_hex

from digestbot.commands.documents import card, link, said
from digestbot.commands.feeds import put_into
from digestbot.commands.model import Asker, Attachment, Desk, Options, Outline, OutlineList, Outlines, Reply, counted
from digestbot.commands.ownership import channel_meant, feeds_here
from digestbot.domain.addresses import shown
from digestbot.domain.digest import Action, Card, Heading, Prose, Strong, Text
from digestbot.domain.errors import BadOption, NotFound
from digestbot.domain.subscription import Channel

LARGEST = 2_000_000
"""Bytes of an OPML file that is taken."""
MOST_FEEDS = 1_000
"""Feeds of one import."""
SHOWN = 20
MOST_NAMED = 5
"""Addresses that are no feed's, named in a sentence."""
KINDS = "text/x-opml+xml"


async def take(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Read an OPML file and show what it would add: new feeds by topic, and those that are here already."""
    outlines = _codec(desk)
    data = options.text("file").encode()
    if len(data) > LARGEST:
        raise BadOption("file", f"has {len(data)} bytes; {LARGEST} are taken")
    listed = outlines.read(data, [feed.url for feed in await feeds_here(desk, asker)])
    new = listed.new
    if not new:
        told = (
            f"All {listed.known} feeds of the file are here already." if listed.known else "There are no feeds in it."
        )
        return said(" ".join((told, *_left_out(listed))))
    if len(new) > MOST_FEEDS:
        raise BadOption("file", f"has {len(new)} new feeds; {MOST_FEEDS} are taken at once")
    key = token_hex(8)
    document = {
        "channel": channel_meant(asker, options).id,
        "feeds": [[one.url, one.title, list(one.topics)] for one in new],
    }
    await desk.store.hold(key, asker.home, document, desk.clock.now())
    return Reply((*_preview(listed), _buttons(key, len(new))))


async def confirm(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Add the feeds that were shown, and put them into the channel's digest."""
    held = await desk.store.held(options.text("key"), asker.home)
    if held is None:
        raise NotFound("import", options.text("key"), hint="give the file again: what was shown is kept for a day")
    now = desk.clock.now()
    feeds = []
    for url, title, topics in _rows(held):
        feeds.append(await desk.store.add_feed(url, title=title, topics=topics, owner=asker.home, now=now))
    channel = Channel(asker.platform, str(held["channel"]), asker.workspace)
    (wanted,) = await put_into(desk, asker, channel, feeds)
    return said(
        f"Added {counted(len(feeds), 'feed')} to the digest “{wanted.name}”. They are read within the next minutes; "
        f"“{asker.typed('list', 'failing')}” names those that cannot be.",
        Action("Feeds", "list"),
    )


async def give(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """Hand over the feeds the asker reads as an OPML file."""
    feeds = await feeds_here(desk, asker)
    data = _codec(desk).write([Outline(feed.url, feed.title, feed.topics) for feed in feeds])
    words = f"{counted(len(feeds), 'feed')}, their topics as folders."
    return Reply((card(Prose((Text(words),))),), file=Attachment("feeds.opml", data, KINDS))


def _codec(desk: Desk) -> Outlines:
    if desk.outlines is None:
        raise NotFound("reader of OPML", "here", hint="use “digestbot import” and “digestbot export” on the machine")
    return desk.outlines


def _rows(held: object) -> Sequence[tuple[str, str, tuple[str, ...]]]:
    """Return the feeds of a held document."""
    rows = held.get("feeds") if isinstance(held, dict) else None
    return [(str(url), str(title), tuple(map(str, topics))) for url, title, topics in rows or ()]


def _left_out(listed: OutlineList) -> list[str]:
    """Return the sentences on what an import would not add."""
    again, unusable = listed.repeated, listed.unusable
    told = [f"{counted(again, 'line')} {'names' if again == 1 else 'name'} a feed a second time."] if again else []
    if unusable:
        some = ", ".join(shown(url) for url in unusable[:MOST_NAMED]) + (", …" if len(unusable) > MOST_NAMED else "")
        told.append(f"Left out, as no http(s) address: {some}.")
    return told


def _preview(listed: OutlineList) -> list[Card]:
    """Return what an import would bring, and what it would leave out."""
    new, known = listed.new, listed.known
    topics = Counter(topic for one in new for topic in one.topics)
    told = counted(len(new), "new feed") + (f", {known} {'is' if known == 1 else 'are'} here already" if known else "")
    folders = ", ".join(f"{topic} ({count})" for topic, count in topics.most_common(10))
    lines = [Prose((Strong("Topics: "), Text(folders)))] if folders else []
    lines += [Prose((Text(sentence),), quiet=True) for sentence in _left_out(listed)]
    cards = [Card((Heading((Text(told),), level=1), *lines))]
    for one in new[:SHOWN]:
        about = f" · {', '.join(one.topics)}" if one.topics else ""
        cards.append(Card((Prose((link(one.title or shown(one.url), shown(one.url)), Text(about))),)))
    if len(new) > SHOWN:
        cards.append(card(Prose((Text(f"and {len(new) - SHOWN} more"),), quiet=True)))
    return cards


def _buttons(key: str, count: int) -> Card:
    question = Prose((Text("Nothing is added yet."),), quiet=True)
    return card(question, Action(f"Add {counted(count, 'feed')}", f"import confirm key={key}"))
