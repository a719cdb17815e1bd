"""Small documents that replies are made of: lines, lists, errors; text is text, never markup."""

from collections.abc import Sequence
from datetime import datetime

from digestbot.commands.model import Asker, Reply, sentence_of
from digestbot.domain.digest import (
    Action,
    Actions,
    Block,
    Card,
    Heading,
    Link,
    Moment,
    Named,
    Prose,
    Span,
    Strong,
    Text,
)
from digestbot.domain.errors import DigestbotError, NotFound, UnknownCommand
from digestbot.domain.subscription import Channel

MOST_BUTTON = 100
"""Characters of a button's command line that both platforms take."""
PAUSED_BY = "paused by "
"""How the reason of a pause begins that somebody made; who follows."""
LISTS = {
    "digest": ("Digests", "schedule list"),
    "feed": ("Feeds", "list"),
    "snooze": ("Snoozed topics", "snooze list"),
    "report": ("Open reports", "report list"),
}
"""The list of each kind of thing: what is not there is best looked for among those that are."""
SORRY = "Something went wrong on our side. It is logged; please try again."


def said(text: str, *actions: Action) -> Reply:
    """Return a private reply of one sentence, with buttons."""
    return Reply((card(Prose((Text(text),)), *actions),))


def refused(error: DigestbotError) -> Reply:
    """Return an error in words: what, which thing, what to do; what was probably meant, or helps on, is a button."""
    return Reply((card(Prose((Text(sentence_of(error)),)), *_helping_on(error)),), error=error)


def _helping_on(error: DigestbotError) -> tuple[Action, ...]:
    match error:
        case UnknownCommand(nearest=str(near)):
            return (Action(near.capitalize(), near),)
        case UnknownCommand():
            return (Action("Help", "help"),)
        case NotFound(kind=kind) if kind in LISTS:
            return (Action(*LISTS[kind]),)
        case _:
            return ()


def broken(error: Exception) -> Reply:
    """Return the reply to a fault of ours; nothing of the machine is shown."""
    return Reply((card(Prose((Text(SORRY),))),), error=error)


def card(*parts: Block | Action) -> Card:
    """Return a card of blocks, the buttons among the parts in a row at its end."""
    actions = tuple(part for part in parts if isinstance(part, Action))
    blocks = tuple(part for part in parts if not isinstance(part, Action))
    return Card((*blocks, Actions(actions)) if actions else blocks)


def listed(title: str, cards: Sequence[Card], nothing: str) -> Reply:
    """Return a private list under a title, or the sentence that there is nothing."""
    if not cards:
        return said(nothing)
    return Reply((Card((Heading((Text(title),), level=1),)), *cards))


def held(paused: str) -> tuple[Span, ...]:
    """Return why something is paused; who did it is shown by name."""
    by, person = paused.partition(PAUSED_BY)[1:]
    return (Text(PAUSED_BY), Named("person", person)) if by and person else (Text(f"paused: {paused}"),)


def link(text: str, url: str) -> Span:
    """Return a link, or plain text where the address cannot be linked."""
    return Link(text or url, url) if url.startswith(("http://", "https://")) else Text(text or url)


def here(channel: Channel, asker: Asker) -> Span:
    """Return a channel, by its name where it is read on its own platform."""
    if not channel.id:
        return Text("the terminal")
    return Named("channel", channel.id) if channel.platform == asker.platform else Text(str(channel))


def moment(at: datetime) -> Moment:
    """Return a time that readers see in their own zone."""
    return Moment(at, f"{at:%Y-%m-%d %H:%M} UTC")


def strong(text: str) -> Strong:
    """Return characters that stand out."""
    return Strong(text)
