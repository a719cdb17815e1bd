"""Replies as Discord messages: the first answers the interaction, the others follow it; pure, knows no client."""

from datetime import UTC, datetime

from digestbot.chat.discord import components
from digestbot.chat.discord.threads import apart
from digestbot.commands import Reply
from digestbot.domain.digest import Action, Actions, Card, Digest, Edition, Message, Prose, Text

Json = dict[str, object]

EPHEMERAL = 1 << 6
FOLLOW_UPS = 4
"""Messages after the first one at most: a bot installed by a user may send five in all."""
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def bodies(reply: Reply, *, private: bool) -> list[Json]:
    """Return a reply's messages, at least one; those beyond what may follow are left out and said to be."""
    messages = components.render(_document(reply.cards))
    payloads = [_body(message) for message in messages or components.render(_document(_NOTHING))]
    if len(payloads) > FOLLOW_UPS + 1:
        rest = components.render(
            _document((Card((Prose((Text("There is more: ask for less at once."),), quiet=True),)),))
        )
        payloads = [*payloads[:FOLLOW_UPS], _body(rest[0])]
    return [body | {"flags": components.COMPONENTS_V2 | (EPHEMERAL if private else 0)} for body in payloads]


def choose(question: str, actions: tuple[Action, ...]) -> Reply:
    """Return a private question whose answers are buttons."""
    return Reply((Card((Prose((Text(question),)), Actions(actions))),))


def _body(message: Message) -> Json:
    return apart(message.payload)[0]


def _document(cards: tuple[Card, ...]) -> Digest:
    return Digest("digestbot", Edition(0, _NO_TIME), cards)


_NOTHING = (Card((Prose((Text("There is nothing to show."),)),)),)
