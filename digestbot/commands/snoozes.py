"""Topics that a channel does not want to read for a while: its digests leave them out and say so."""

from collections.abc import Sequence
from datetime import timedelta

from digestbot.commands.documents import MOST_BUTTON, card, here, listed, moment, said
from digestbot.commands.model import Asker, Desk, Invocation, Options, Reply, Value
from digestbot.commands.ownership import channel_meant, digests_here
from digestbot.commands.parse import write
from digestbot.domain.digest import Action, Card, Prose, Strong, Text
from digestbot.domain.errors import NotFound
from digestbot.domain.news import Story
from digestbot.ports import Snooze

USUAL = "7"
"""Days a topic is left out when nobody says how many."""


async def snooze(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Leave a topic out of a channel's digests for some days."""
    channel = channel_meant(asker, options)
    until = desk.clock.now() + timedelta(days=int(options.text("days", USUAL)))
    topic = " ".join(options.text("topic").split()).lower()
    made = await desk.store.snooze(channel, topic, until, asker.user)
    where = (Text(f"“{topic}” is left out of the digests in "), here(channel, asker), Text(" until "))
    line = (*where, moment(until), Text("."))
    return Reply((card(Prose(line), Action("Undo", f"snooze end snooze={made.id}")),))


async def snooze_buttons(desk: Desk, asker: Asker, story: Story) -> Sequence[Action]:
    """Return the button that leaves out the topic under which a story was posted to a digest's channel, if any.

    Of several channels that had the story the one asked in counts, else the one that had it last.
    """
    digests = {one.id: one.channel.home for one in await digests_here(desk, asker)}
    posted = [one for home in set(digests.values()) for one in await desk.store.deliveries_of(home, story.id)]
    posted = [one for one in posted if one.edition.subscription_id in digests]
    for owed in sorted(posted, key=lambda one: (one.channel.id != asker.channel.id, -one.id)):
        digest = await desk.store.digest(owed.edition)
        topic = next((card.topic for card in digest.cards if card.story_id == story.id), "") if digest else ""
        asked: dict[str, Value] = {"topic": topic}
        # A thread is no channel that a digest is for.
        asked |= {"channel": owed.channel.id} if owed.channel.id != asker.channel.id else {}
        line = write(Invocation("snooze", asked))
        if topic.strip() and len(line) <= MOST_BUTTON:
            return (Action("Snooze topic", line),)
    return ()


async def show(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """List the workspace's snoozes."""
    found = await desk.store.snoozes(asker.home, desk.clock.now())
    cards = [_snooze_card(one, asker) for one in found]
    return listed("Left out for now", cards, "No topic is left out.")


async def end(desk: Desk, asker: Asker, options: Options) -> Reply:
    """End a snooze, by its number or its topic: of a topic in this channel first, else wherever it is."""
    wanted = options.text("snooze").strip().removeprefix("#")
    found = await desk.store.snoozes(asker.home, desk.clock.now())
    same = [one for one in found if wanted in {str(one.id), one.topic} or one.topic == wanted.lower()]
    if not same:
        raise NotFound("snooze", wanted, hint=f"see “{asker.typed('snooze list')}”")
    here = [one for one in same if one.channel.id == asker.channel.id]
    ended = (here or same)[0]
    await desk.store.end_snooze(ended.id)
    return said(f"“{ended.topic}” is let in again.")


def _snooze_card(one: Snooze, asker: Asker) -> Card:
    where = (Text(" · "), here(one.channel, asker), Text(" · until "))
    line = Prose((Text(f"{one.id}. "), Strong(one.topic), *where, moment(one.until)))
    return card(line, Action("Let it in", f"snooze end snooze={one.id}")) if asker.manager else Card((line,))
