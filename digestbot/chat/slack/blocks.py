"""Turn a Digest into Slack messages within every limit; pure, knows no client."""

import json
from collections.abc import Iterator, Sequence

from digestbot.chat.characters import clip, one_line
from digestbot.chat.paginate import Fits, characters, clip_spans, compacted, headed, paginate, shrink
from digestbot.chat.slack.elements import (
    Json,
    blocks_of,
    clip_escaped,
    elements_of,
    headline,
    is_headline,
    mention_blocks,
    section,
)
from digestbot.chat.slack.visible_text import visible
from digestbot.domain.digest import Block, Card, Digest, Heading, Message, Moment, Prose, Sources, Span, Text

__all__ = [
    "MAX_BLOCKS",
    "MAX_BYTES",
    "MAX_TEXT",
    "card_message",
    "cards_message",
    "fits",
    "remembering",
    "render",
    "visible",
    "within_limits",
]

MAX_BLOCKS = 50
"""Blocks in one message (docs.slack.dev, Block Kit reference)."""
MAX_BYTES = 12_000
"""Bytes of a message's blocks as JSON. Slack refuses about 13,200 (``msg_blocks_too_long``) and no page says so."""
MAX_TEXT = 4_000
"""Characters of ``text`` that Slack advises (chat.postMessage)."""

_CONTENTS = ((150, 1_000), (150, 300), (80, 0), (40, 0))
"""How the list of headlines shrinks: characters of a headline and of its address, step by step."""


def render(digest: Digest) -> tuple[Message, ...]:
    """Return the digest as messages within Slack's limits, in order.

    ``full``: a parent with the headlines, then one threaded reply a story. ``compact``: everything in one
    message; where that is too much, one quotation a story, and the rest in its thread.
    """
    cards = headed(digest.cards)
    if digest.style == "compact":
        return _compact(digest, cards)
    stories = tuple(card for card in cards if card.story_id is not None)
    return (_parent(digest, cards), *(card_message(card, reply=True) for card in stories if blocks_of(card)))


def card_message(card: Card, *, reply: bool = False) -> Message:
    """Return one card as a message of its own."""
    small = shrink(card, fits)
    return _message(blocks_of(small), _notification(small), story_id=card.story_id, reply=reply)


def cards_message(cards: Sequence[Card]) -> Message:
    """Return the cards of one page as a message; they must fit (see :func:`fits`)."""
    said = "; ".join(filter(None, map(_notification, cards)))
    return _message([block for card in cards for block in blocks_of(card)], clip(said, 600))


def fits(cards: Sequence[Card]) -> bool:
    """Tell whether the cards' blocks fit one message."""
    return within_limits([block for card in cards for block in blocks_of(card)])


def remembering() -> Fits:
    """Return :func:`fits` for one answer of many cards: each of them is measured once, not with every page anew."""
    known: dict[int, tuple[Card, int, int]] = {}

    def measured(card: Card) -> tuple[Card, int, int]:
        if id(card) not in known:
            blocks = blocks_of(card)
            known[id(card)] = (card, len(blocks), sum(_size([block]) for block in blocks))
        return known[id(card)]

    def fitting(cards: Sequence[Card]) -> bool:
        found = [measured(card) for card in cards]
        # The brackets around each block count for the comma and the space between two of them.
        return sum(n for _, n, _ in found) <= MAX_BLOCKS and sum(size for *_, size in found) < MAX_BYTES

    return fitting


def within_limits(blocks: Sequence[Json]) -> bool:
    """Tell whether blocks are few and short enough for one message."""
    return len(blocks) <= MAX_BLOCKS and _size(blocks) < MAX_BYTES


def _size(blocks: Sequence[Json]) -> int:
    """Return the bytes of blocks as JSON; a half surrogate counts as what would replace it."""
    return len(json.dumps(list(blocks), ensure_ascii=False).encode(errors="replace"))


def _message(blocks: Sequence[Json], text: str, *, story_id: int | None = None, reply: bool = False) -> Message:
    said = text if one_line(text).strip() else "News digest"
    payload: Json = {
        "text": clip_escaped(said, MAX_TEXT),
        "blocks": list(blocks),
        "unfurl_links": False,
        "unfurl_media": False,
    }
    return Message(payload, said, story_id=story_id, reply=reply)


def _notification(card: Card) -> str:
    """Return what a phone's notification says of a card: its headline and the start of its summary."""
    lines = [
        characters(b.spans)
        for b in card.blocks
        if (isinstance(b, Heading) and b.level != 2)  # noqa: PLR2004 - a topic says nothing of the story
        or (isinstance(b, Prose) and not b.quiet)
    ]
    return clip(one_line(" — ".join(lines)), 300)


# ── compact ──────────────────────────────────────────────────────────────────


def _compact(digest: Digest, cards: Sequence[Card]) -> tuple[Message, ...]:
    """Return the pages of a compact digest; the first is the message, the others its thread."""
    lead = mention_blocks(digest.mention)

    def small(page: Sequence[Card]) -> bool:
        return within_limits([*lead, *_compact_blocks(page)])

    rest = [card for card in map(_without_title, cards) if card.blocks]
    head = Card(_title(digest, cards))
    pages = paginate([head, *rest], small)
    if len(pages) > 1:
        pages = paginate([head, *map(compacted, rest)], small)
    return tuple(_compact_pages(digest, pages, lead))


def _compact_pages(digest: Digest, pages: Sequence[Sequence[Card]], lead: list[Json]) -> Iterator[Message]:
    for number, page in enumerate(pages):
        blocks = _compact_blocks(page)
        if number == 0:
            blocks[1:1] = lead
        yield _message(blocks, _headlines(digest.title, page), reply=number > 0)


def _compact_blocks(page: Sequence[Card]) -> list[Json]:
    return [block for card in page for block in blocks_of(card, compact=True)]


# ── full: the parent ─────────────────────────────────────────────────────────


def _parent(digest: Digest, cards: Sequence[Card]) -> Message:
    """Return the digest's parent message: title, time, the headlines, the foot."""
    stories = [card for card in cards if card.story_id is not None]
    head, foot = _head_and_foot(digest, cards)
    text = _headlines(digest.title, stories)
    if not stories:
        return _message([*head, *foot], text)
    for limit, address in _CONTENTS:
        blocks = [*head, _contents(stories, limit, address), *foot]
        if within_limits(blocks):
            return _message(blocks, text)
    shown = len(stories)
    while not within_limits(blocks := [*head, _contents(stories[:shown], 40, 0, rest=len(stories) - shown), *foot]):
        shown = shown * 3 // 4
    return _message(blocks, text)


def _head_and_foot(digest: Digest, cards: Sequence[Card]) -> tuple[list[Json], list[Json]]:
    """Return the parent's blocks above and below the headlines, short enough to leave room for those."""
    first = next((n for n, card in enumerate(cards) if card.story_id is not None), len(cards))
    title = [block for b in _title(digest, cards) for block in elements_of(b)]
    above = [b for card in cards[:first] if card.story_id is None for b in _without_title(card).blocks]
    below = [b for card in cards[first:] if card.story_id is None for b in _without_title(card).blocks]
    head = blocks_of(shrink(Card(tuple(above)), _quarter))
    foot = blocks_of(shrink(Card(tuple(below)), _quarter))
    return [*title[:1], *mention_blocks(digest.mention), *title[1:], *head], foot


def _quarter(cards: Sequence[Card]) -> bool:
    """Tell whether a head or foot is short enough to leave room for the headlines."""
    blocks = [block for card in cards for block in blocks_of(card)]
    return len(blocks) <= MAX_BLOCKS // 4 and _size(blocks) < MAX_BYTES // 4


def _headlines(title: str, cards: Sequence[Card]) -> str:
    """Return the parent's notification: the title and the first headlines."""
    lines = "; ".join(filter(None, (headline(card) for card in cards if card.story_id is not None)))
    return clip(one_line(": ".join(filter(None, (clip(title, 150), lines)))), 600)


def _contents(stories: Sequence[Card], limit: int, address: int, *, rest: int = 0) -> Json:
    """Return the headlines: numbered, or by topic where there are topics."""
    topics = any(isinstance(b, Heading) and b.level == 2 for card in stories for b in card.blocks)  # noqa: PLR2004
    elements: list[Json] = []
    items: list[Json] = []
    for card in stories:
        for block in card.blocks:
            if isinstance(block, Heading) and block.level == 2:  # noqa: PLR2004 - a topic's heading
                elements += _list(items, "bullet")
                items = []
                if topic := one_line(characters(block.spans)).strip():
                    elements.append(section((Text(clip(topic, limit)),), bold=True))
        items.append(section(_contents_line(card, limit, address)))
    elements += _list(items, "bullet" if topics else "ordered")
    if rest:
        elements.append(section((Text(f"and {rest} more in the thread"),)))
    return {"type": "rich_text", "elements": elements}


def _list(items: list[Json], style: str) -> list[Json]:
    return [{"type": "rich_text_list", "style": style, "indent": 0, "elements": items}] if items else []


def _contents_line(card: Card, limit: int, address: int) -> tuple[Span, ...]:
    """Return a story's headline and how many outlets have it."""
    spans = next((b.spans for b in card.blocks if is_headline(b)), ())
    if not headline(card):
        spans = (Text("…"),)
    outlets = max((len(block.links) for block in card.blocks if isinstance(block, Sources)), default=0)
    count = (Text(f" · {outlets} outlets"),) if outlets > 1 else ()
    return (*clip_spans(spans, limit, address), *count)


def _title(digest: Digest, cards: Sequence[Card]) -> tuple[Block, ...]:
    """Return the digest's title: its head card's own, else its name; and the time when the head gives none."""
    own = next((b for c in cards for b in c.blocks if _is_title(b)), None)
    title = own or Heading((Text(digest.title),), level=1)
    if any(card.story_id is None and any(isinstance(b, Prose) for b in card.blocks) for card in cards[:1]):
        return (title,)
    at = digest.edition.at
    return (title, Prose((Moment(at, f"{at:%Y-%m-%d %H:%M} UTC"),), quiet=True))


def _is_title(block: Block) -> bool:
    return isinstance(block, Heading) and block.level == 1 and bool(one_line(characters(block.spans)).strip())


def _without_title(card: Card) -> Card:
    kept = tuple(b for b in card.blocks if not (isinstance(b, Heading) and b.level == 1))
    return Card(kept, card.story_id, card.topic)
