"""Correct: a story found wrong → every message that told it, changed in its place, and visibly so.

Knows the ports; does not know any platform. The messages are changed first and the store last: what is broken off
midway is done again by doing it again, and a message changed twice is the same as once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from digestbot.domain.digest import (
    Actions,
    Block,
    Card,
    Delivery,
    Digest,
    Heading,
    Message,
    Part,
    Prose,
    Quotation,
    Strong,
    Text,
)
from digestbot.domain.errors import DeliveryError, Rejected
from digestbot.domain.subscription import Platform, Workspace
from digestbot.ports import ChatAdapter, Correcting, Store


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is changed of a story: the sentence readers see, quotations that go, a summary in place of the old one.

    ``withdrawn`` leaves headline and sentence alone. ``summary`` is None where the old one stays.
    """

    text: str
    quotes: tuple[str, ...] = ()
    summary: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Corrected:
    """What one correction did: messages changed, and what could not be changed with the reason."""

    changed: int
    failed: tuple[DeliveryError, ...] = ()


@dataclass(slots=True)
class Corrector:
    """Runs the correct step over the adapters that can change what they posted."""

    store: Store
    adapters: Mapping[Platform, ChatAdapter]

    async def correct(self, home: Workspace, story_id: int, remedy: Remedy) -> Corrected:
        """Change every message of a workspace's channels that told a story.

        Raises:
            StoreError: The store could not be read or written.

        """
        changed = 0
        failed: list[DeliveryError] = []
        for delivery in await self.store.deliveries_of(home, story_id):
            try:
                changed += await self._one(delivery, story_id, remedy)
            except DeliveryError as error:
                failed.append(error)
        return Corrected(changed, tuple(failed))

    async def _one(self, delivery: Delivery, story_id: int, remedy: Remedy) -> int:
        """Change the messages of one delivery; return how many were changed in their channel."""
        adapter = self.adapters.get(delivery.channel.platform)
        digest = await self.store.digest(delivery.edition)
        if digest is None or not any(card.story_id == story_id for card in digest.cards):
            return 0
        if adapter is None or not isinstance(adapter, Correcting):
            raise Rejected(str(delivery.channel), "its messages cannot be changed", hint="change them by hand")
        whole, messages = _fitting(delivery, digest, story_id, remedy, adapter)
        thread = next((part.receipt.message_id for part in delivery.parts[:1] if part.receipt), None)
        changed = 0
        for part, message in zip(delivery.parts, messages, strict=True):
            if part.receipt is None or message == part.message:
                continue
            reply_to = thread if part.message.reply else None
            await adapter.correct(delivery.channel, part.receipt.message_id, message, reply_to)
            changed += 1
        await self.store.correct_delivery(delivery.id, whole, messages)
        return changed


def _fitting(
    delivery: Delivery, digest: Digest, story_id: int, remedy: Remedy, adapter: ChatAdapter
) -> tuple[Digest, Sequence[Message]]:
    """Return the corrected digest and one message for each part posted; what has no room is left out of the story.

    Raises:
        Rejected: Even the headline and the sentence alone do not fit the messages that are there.

    """
    for attempt in (remedy, replace(remedy, withdrawn=True)):
        whole = corrected(digest, story_id, attempt)
        messages = _in_place(delivery.parts, adapter.render(whole), story_id)
        if messages is not None:
            return whole, messages
    raise Rejected(str(delivery.channel), "the correction does not fit the messages posted", hint="post it by hand")


def _in_place(parts: Sequence[Part], fresh: Sequence[Message], story_id: int) -> Sequence[Message] | None:
    """Return a message for each part: the fresh ones, where they are as many; else the story's own part is changed."""
    if len(fresh) == len(parts):
        return tuple(replace(new, reply=part.message.reply) for part, new in zip(parts, fresh, strict=True))
    own = [message for message in fresh if message.story_id == story_id]
    places = [part for part in parts if part.message.story_id == story_id]
    if len(own) != 1 or len(places) != 1:
        return None
    return tuple(own[0] if part is places[0] else part.message for part in parts)


def corrected(digest: Digest, story_id: int, remedy: Remedy) -> Digest:
    """Return a digest in which a story is corrected; nothing else changes."""
    cards = tuple(_corrected(card, remedy) if card.story_id == story_id else card for card in digest.cards)
    return replace(digest, cards=cards)


def _corrected(card: Card, remedy: Remedy) -> Card:
    """Return a story's card with the correction under its headline, once however often it is corrected."""
    heads = [block for block in card.blocks if isinstance(block, Heading)]
    notice = Prose((Strong("Correction: "), Text(remedy.text)))
    if remedy.withdrawn:
        buttons = tuple(block for block in card.blocks if isinstance(block, Actions))
        return replace(card, blocks=(*heads, notice, *buttons))
    blocks: list[Block] = [*heads, notice]
    summary = _summary_of(card)
    for block in card.blocks:
        if isinstance(block, Heading) or is_correction(block):
            continue
        if isinstance(block, Quotation) and block.text in remedy.quotes:
            continue
        if block is summary and remedy.summary is not None:
            blocks += [Prose((Text(remedy.summary),))] if remedy.summary else []
        else:
            blocks.append(block)
    return replace(card, blocks=tuple(blocks))


def is_correction(block: Block) -> bool:
    """Tell whether a block is the line of an earlier correction."""
    return isinstance(block, Prose) and block.spans[:1] == (Strong("Correction: "),)


def _summary_of(card: Card) -> Block | None:
    """Return the block that holds a card's summary."""
    plain = [block for block in card.blocks if isinstance(block, Prose) and not block.quiet]
    return next((block for block in plain if not is_correction(block)), None)


def summary_text(card: Card) -> str:
    """Return the words of a card's summary, empty where it has none."""
    block = _summary_of(card)
    spans = block.spans if isinstance(block, Prose) else ()
    return "".join(span.text for span in spans if isinstance(span, Text | Strong))
