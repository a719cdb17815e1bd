"""A chat platform in memory that can be told to fail in every way a real one does."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from digestbot.domain.digest import Card, Digest, Heading, Message, Prose, Quotation, Sources
from digestbot.domain.errors import ChannelGone, DeliveryError, OutcomeUnknown
from digestbot.domain.subscription import Channel, Platform

_ANSWER_LOST = object()
_AS_USUAL = object()


def words(card: Card) -> str:
    """Return a card's characters, a line a block."""
    lines = []
    for block in card.blocks:
        match block:
            case Heading() | Prose():
                lines.append(
                    "".join(
                        getattr(span, "text", getattr(span, "fallback", getattr(span, "id", "")))
                        for span in block.spans
                    )
                )
            case Quotation():
                lines.append(f"“{block.text}” — {block.speaker}, {block.note}, {block.outlet}")
            case Sources():
                lines.append(" · ".join(link.text for link in block.links))
            case _:
                pass
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Posted:
    """One message that stands in a channel."""

    id: str
    channel: Channel
    text: str
    key: str
    thread: str | None


@dataclass
class FakeChat:
    """A platform: one message a card, replies in the first one's thread.

    Verbs say what happens next: ``refuse(error)`` lets the next post fail before it is posted,
    ``lose_answer()`` lets it be posted and its answer be lost, ``garble(words)`` shows them otherwise.
    """

    platform: Platform = "slack"
    posted: list[Posted] = field(default_factory=list)
    knows_keys: bool = True
    _script: deque[object] = field(default_factory=deque)
    _garbled: set[str] = field(default_factory=set)

    def refuse(self, error: DeliveryError, times: int = 1) -> None:
        """Let the next posts fail with an error; nothing is posted then."""
        self._script.extend([error] * times)

    def lose_answer(self) -> None:
        """Let the next post be posted although its answer is lost."""
        self._script.append(_ANSWER_LOST)

    def garble(self, text: str) -> None:
        """Show these words otherwise, as a faulty escaping would."""
        self._garbled.add(text)

    def render(self, digest: Digest) -> Sequence[Message]:
        """Return one message a card."""
        cards = [(card, words(card)) for card in digest.cards]
        return tuple(
            Message({"text": text}, text.partition("\n")[0], story_id=card.story_id, reply=number > 0)
            for number, (card, text) in enumerate(cards)
        )

    def visible(self, message: Message) -> str:
        """Return the message's text, garbled where asked."""
        text = str(message.payload["text"])
        for wrong in self._garbled:
            text = text.replace(wrong, wrong[::-1])
        return text

    async def post(self, channel: Channel, message: Message, key: str, thread: str | None) -> str:
        """Post a message once a key, or fail as told."""
        earlier = next((p for p in self.posted if p.key == key), None) if self.knows_keys else None
        if earlier:
            return earlier.id
        told = self._script.popleft() if self._script else _AS_USUAL
        if isinstance(told, DeliveryError):
            raise told
        posted = Posted(f"m{len(self.posted) + 1}", channel, str(message.payload["text"]), key, thread)
        self.posted.append(posted)
        if told is _ANSWER_LOST:
            raise OutcomeUnknown(str(channel))
        return posted.id

    async def settle(self, channel: Channel, key: str, thread: str | None, since: datetime) -> str | None:
        """Return the id of the message posted under a key, or None."""
        return next((p.id for p in self.posted if p.key == key and p.channel == channel), None)

    async def correct(self, channel: Channel, message_id: str, message: Message, thread: str | None) -> None:
        """Put another text in the place of a posted message, or fail as told."""
        told = self._script.popleft() if self._script else _AS_USUAL
        if isinstance(told, DeliveryError):
            raise told
        place = next((n for n, p in enumerate(self.posted) if (p.id, p.channel) == (message_id, channel)), None)
        if place is None:
            raise ChannelGone(str(channel), "the message is no longer there")
        self.posted[place] = replace(self.posted[place], text=str(message.payload["text"]), thread=thread)
