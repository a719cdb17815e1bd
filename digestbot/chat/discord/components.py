"""Turn a Digest into Components V2 messages, and read back what they show; pure, knows no client.

A story is one container: a text of headline, summary, quotations and sources, and a row of buttons. Limits are those
of discord.com/developers/docs, "Component reference", and one that no page names (``MAX_BYTES``).
"""

import re
from collections.abc import Iterator, Sequence
from typing import assert_never

from digestbot.chat.characters import clip, one_line, units
from digestbot.chat.discord.markup import escape, is_address, read, written
from digestbot.chat.discord.threads import KEY, opening
from digestbot.chat.paginate import characters, compacted, headed, paginate
from digestbot.domain.digest import (
    Actions,
    Block,
    Card,
    Digest,
    Heading,
    Link,
    Message,
    Prose,
    Quotation,
    Rule,
    Sources,
    Strong,
    Text,
)
from digestbot.domain.subscription import Style

Json = dict[str, object]

COMPONENTS_V2 = 1 << 15
"""The message flag; a message that has it may hold neither content nor embeds."""
MAX_COMPONENTS = 40
MAX_CHARACTERS = 4_000
"""Characters over all texts of a message."""
MAX_BYTES = 10_000
"""UTF-8 bytes of all texts and 12 for each: beyond 10,170 Discord answers 500, and no page says so."""
TEXT_OVERHEAD = 12
MAX_CUSTOM_ID, MAX_LABEL, BUTTONS = 100, 80, 5
ROW, BUTTON, TEXT, SEPARATOR, CONTAINER = 1, 2, 10, 14, 17
SECONDARY = 2
ACCENT = 0x2F6F8F
"""The colour of the line at a story's left; it carries no meaning."""


Weight = tuple[int, int, int]
"""Components, UTF-16 units of text, and bytes of text as Discord counts them."""


def render(digest: Digest) -> tuple[Message, ...]:
    """Return the digest as messages within Discord's limits, in order; a story is never split."""
    cards = headed(digest.cards)
    if digest.style == "compact":
        cards = tuple(compacted(card) for card in cards)
    mention = _mention(digest.mention)
    scale = Scale(mention)
    shown = [card for card in cards if _card(card)]
    pages = [page for group in groups(shown, digest.style) for page in paginate(group, scale.fits) if _page(page)]
    return tuple(_message(digest, page, mention if number == 0 else [], number) for number, page in enumerate(pages))


def groups(cards: Sequence[Card], style: Style) -> list[list[Card]]:
    """Return the cards that may share messages: all of them, or each story alone where each is a post of its own.

    The head stands above the first story then, and the foot below the last one.
    """
    found: list[list[Card]] = [[]]
    for card in cards:
        if style == "posts" and card.story_id is not None and any(one.story_id is not None for one in found[-1]):
            found.append([])
        found[-1].append(card)
    return found


class Scale:
    """Weighs pages of one digest; each card is rendered and weighed once, for a long list would cost its square."""

    def __init__(self, lead: Sequence[Json]) -> None:
        self._lead = weight(lead)
        self._known: dict[int, tuple[Card, Weight]] = {}

    def fits(self, page: Sequence[Card]) -> bool:
        """Tell whether cards, below the first message's lead, are within every limit."""
        weights = [self._lead, *(self._of(card) for card in page)]
        return _light(*(sum(one[at] for one in weights) for at in range(3)))

    def _of(self, card: Card) -> Weight:
        if id(card) not in self._known:
            self._known[id(card)] = (card, weight(_card(card)))  # the card is kept, so that its id stays its own
        return self._known[id(card)][1]


def weight(components: Sequence[Json]) -> Weight:
    """Return how much of a message's limits components take up."""
    texts = list(_texts(components))
    return (
        _count(components),
        sum(units(text) for text in texts),
        sum(len(text.encode("utf-8", "replace")) + TEXT_OVERHEAD for text in texts),
    )


def within_limits(components: Sequence[Json]) -> bool:
    """Tell whether components are few and short enough for one message."""
    return _light(*weight(components))


def _light(count: int, letters: int, size: int) -> bool:
    return count <= MAX_COMPONENTS and letters <= MAX_CHARACTERS and size <= MAX_BYTES


def visible(message: Message) -> str:
    """Return the characters a reader of the message sees, escaping undone; times in UTC."""
    components = message.payload.get("components")
    return "\n".join(read(text) for text in _texts(components if isinstance(components, list) else []))


# ── messages ─────────────────────────────────────────────────────────────────


def _message(digest: Digest, page: Sequence[Card], mention: list[Json], number: int) -> Message:
    payload: Json = {
        "flags": COMPONENTS_V2,
        "components": [*mention, *_page(page)],
        "allowed_mentions": allowed_mentions(digest.mention if mention else ""),
        KEY: begun(digest, page),
    }
    stories = [card.story_id for card in page if card.story_id is not None]
    headlines = [characters(b.spans) for c in page for b in c.blocks if isinstance(b, Heading)]
    text = clip(one_line(" · ".join(headlines) or digest.title), 300)
    reply = number > 0 and digest.style != "posts"
    return Message(payload, text, story_id=stories[0] if len(stories) == 1 else None, reply=reply)


def begun(digest: Digest, page: Sequence[Card]) -> Json:
    """Return how a thread that a message begins is called and what it is about: the digest, or its one story."""
    told = [card for card in page if card.story_id is not None] if digest.style == "posts" else []
    headlines = [characters(b.spans) for c in told for b in c.blocks if isinstance(b, Heading) and b.level > 2]  # noqa: PLR2004 - a story's
    return opening(headlines[0] if headlines else digest.title, (card.topic for card in told or digest.cards))


def role_of(mention: str) -> str:
    """Return the id of the role that a subscription's setting names, empty when it names none."""
    role = mention.strip("<@&>")
    return role if re.fullmatch(r"\d{15,20}", role) else ""


def allowed_mentions(mention: str) -> Json:
    """Return whom a message may ping: nobody, but for the role of the subscription's own setting."""
    role = role_of(mention)
    return {"parse": [], "roles": [role]} if role else {"parse": []}


def _mention(mention: str) -> list[Json]:
    """Return the line that calls a role; only ever from the subscription's own setting, and only a role."""
    role = role_of(mention)
    return [_text(f"<@&{role}>")] if role else []


def _page(cards: Sequence[Card]) -> list[Json]:
    """Return the components of a message; Discord refuses one that has two buttons of one ``custom_id``."""
    seen: set[str] = set()
    return once([component for card in cards for component in _card(card)], seen)


def once(components: Sequence[Json], seen: set[str]) -> list[Json]:
    """Return components without buttons that were seen, and without what that leaves empty."""
    kept: list[Json] = []
    for component in components:
        inner = component.get("components")
        name = component.get("custom_id")
        if isinstance(inner, list):
            left = once(inner, seen)
            kept += [component | {"components": left}] if left else []
        elif not isinstance(name, str) or name not in seen:
            seen.update([name] if isinstance(name, str) else [])
            kept.append(component)
    return kept


def _card(card: Card) -> list[Json]:
    """Return a story as a container; a head or foot stands free."""
    above = [b for b in card.blocks if isinstance(b, Heading) and b.level == 2]  # noqa: PLR2004 - a topic
    rest = [b for b in card.blocks if b not in above]
    inner = list(_components(rest))
    if card.story_id is not None and inner:
        inner = [{"type": CONTAINER, "accent_color": ACCENT, "components": inner}]
    return [*_components(above), *inner]


def _components(blocks: Sequence[Block]) -> Iterator[Json]:
    """Yield components, the lines between two that are not text gathered in one text."""
    lines: list[Block] = []
    for block in blocks:
        if not isinstance(block, Actions | Rule):
            lines.append(block)
            continue
        yield from _texts_of(lines)
        lines = []
        separator: Json = {"type": SEPARATOR}
        yield from rows_of(block) if isinstance(block, Actions) else [separator]
    yield from _texts_of(lines)


def _texts_of(blocks: Sequence[Block]) -> list[Json]:
    content = markdown(blocks)
    return [_text(content)] if content else []


def markdown(blocks: Sequence[Block]) -> str:
    """Return blocks as Discord's Markdown, a line each; buttons and rules have none.

    Between two quotations stands an empty line: without it Discord draws them as one.
    """
    lines: list[str] = []
    quoted = False
    for block in blocks:
        if isinstance(block, Actions | Rule):
            continue
        written_lines = _lines(block)
        if quoted and isinstance(block, Quotation) and written_lines:
            lines.append("")
        quoted = isinstance(block, Quotation)
        lines += written_lines
    return "\n".join(lines)


def _lines(block: Heading | Prose | Quotation | Sources) -> list[str]:
    match block:
        case Heading():
            line = written(block.spans).strip()
            mark = {1: "# ", 2: "-# ", 3: "### "}.get(block.level, "### ")
        case Prose():
            line, mark = written(block.spans).strip(), "-# " if block.quiet else ""
        case Quotation():
            return _quotation(block)
        case Sources():
            line, mark = " · ".join(written((link,)) for link in block.links), "-# Sources: "
        case _:
            assert_never(block)
    return [mark + line] if line else []


def _quotation(block: Quotation) -> list[str]:
    """Return the words in quotation marks, then who said them, who that is, and the outlet."""
    words = escape(block.text)
    if not words.strip():
        return []
    who = written((Strong(block.speaker),))
    note = f", {escape(block.note)}" if block.note.strip() else ""
    outlet = written((Link(block.outlet, block.url) if is_address(block.url) else Text(block.outlet),))
    return [f"> “{words}”", f"> — {who}{note}" + (f" · {outlet}" if outlet.strip() else "")]


def rows_of(block: Actions) -> list[Json]:
    """Return buttons in rows of five; what cannot be a button's payload is left out."""
    buttons: list[Json] = [
        {"type": BUTTON, "style": SECONDARY, "label": clip(one_line(a.label), MAX_LABEL), "custom_id": a.invocation}
        for a in block.actions
        if one_line(a.label).strip() and 0 < len(a.invocation) <= MAX_CUSTOM_ID
    ]
    rows = [buttons[at : at + BUTTONS] for at in range(0, len(buttons), BUTTONS)]
    return [{"type": ROW, "components": row} for row in rows]


def _text(content: str) -> Json:
    return {"type": TEXT, "content": content}


# ── counting ─────────────────────────────────────────────────────────────────


def _count(components: object) -> int:
    """Count components with all those inside them."""
    if not isinstance(components, list):
        return 0
    return sum(1 + _count(component.get("components")) for component in components)


def _texts(components: object) -> Iterator[str]:
    """Yield the content of every text, those inside containers too."""
    for component in components if isinstance(components, list) else []:
        if component.get("type") == TEXT:
            yield str(component["content"])
        yield from _texts(component.get("components"))
