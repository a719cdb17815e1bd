"""Turn a Digest into messages with embeds: the older look, for servers that prefer it; pure, knows no client.

A story is one message: an embed with its headline, summary, quotations and sources, and its buttons below. Limits are
those of discord.com/developers/docs, "Embed limits" and "Create message".
"""

import re
from collections.abc import Iterator, Mapping

from digestbot.chat.characters import clip, one_line, units
from digestbot.chat.discord.components import (
    ACCENT,
    ROW,
    TEXT,
    allowed_mentions,
    begun,
    markdown,
    once,
    role_of,
    rows_of,
)
from digestbot.chat.discord.markup import escape, is_address, read
from digestbot.chat.discord.threads import KEY
from digestbot.chat.paginate import characters, compacted, headed, shrink
from digestbot.domain.digest import Actions, Card, Digest, Heading, Link, Message

Json = dict[str, object]

MAX_TITLE, MAX_DESCRIPTION, MAX_CONTENT = 256, 4_096, 2_000
MAX_EMBEDS = 10
_CALL = re.compile(r"<@&\d+>")
MAX_ROWS = 5
"""Rows of buttons in a message."""


def render(digest: Digest) -> tuple[Message, ...]:
    """Return the digest as messages within Discord's limits, in order; a story is never split."""
    cards = headed(digest.cards)
    if digest.style == "compact":
        cards = tuple(compacted(card) for card in cards)
    role = role_of(digest.mention)
    bodies = _joined([body for card in cards if (body := _body(card, role)) is not None])
    return tuple(_message(digest, card, body, first=number == 0) for number, (card, body) in enumerate(bodies))


def visible(message: Message) -> str:
    """Return the characters a reader of the message sees, escaping undone; times in UTC."""
    embeds = message.payload.get("embeds")
    texts = [message.payload.get("content")]
    for embed in embeds if isinstance(embeds, list) else []:
        texts += [embed.get("title"), embed.get("description")]
    return "\n".join(read(text) for text in texts if isinstance(text, str))


def _body(card: Card, role: str) -> tuple[Card, Json] | None:
    """Return a card, made small enough, with its content or embed and its buttons; None when nothing is left."""
    room = MAX_CONTENT - len(f"<@&{role}>\n")
    small = shrink(card, lambda cards: all(_fits(one, room) for one in cards))
    rows = once([row for block in small.blocks if isinstance(block, Actions) for row in rows_of(block)], set())[
        :MAX_ROWS
    ]
    shown: Json = _embedded(small) if card.story_id is not None else {"content": markdown(small.blocks)}
    if not any(shown.values()):
        return None
    return small, shown | ({"components": rows} if rows else {})


def _joined(bodies: list[tuple[Card, Json]]) -> list[tuple[Card, Json]]:
    """Put the head's text above the first story: a message with buttons can be found again after a lost answer."""
    if len(bodies) < 2 or bodies[0][1].keys() != {"content"} or "content" in bodies[1][1]:  # noqa: PLR2004 - two to join
        return bodies
    (head, text), (card, story), *rest = bodies
    return [(Card((*head.blocks, *card.blocks), card.story_id, card.topic), text | story), *rest]


def _fits(card: Card, room: int) -> bool:
    if card.story_id is None:
        return units(markdown(card.blocks)) <= room
    title, _, rest = _parts(card)
    return units(title) <= MAX_TITLE and units(rest) <= MAX_DESCRIPTION


def _embedded(card: Card) -> Json:
    title, url, rest = _parts(card)
    embed: Json = {"color": ACCENT}
    embed |= {"title": title} if title else {}
    embed |= {"url": url} if title and url else {}
    embed |= {"description": rest} if rest else {}
    return {"embeds": [embed]} if title or rest else {}


def _parts(card: Card) -> tuple[str, str, str]:
    """Return an embed's title, its address, and its description; a title that is too long goes into that."""
    headline = next((b for b in card.blocks if isinstance(b, Heading) and b.level > 2), None)  # noqa: PLR2004 - a story's
    if headline is None:
        return "", "", markdown(card.blocks)
    title = escape(characters(headline.spans)).strip()
    if units(title) > MAX_TITLE:
        return "", "", markdown(card.blocks)
    link = next((span for span in headline.spans if isinstance(span, Link) and is_address(span.url)), None)
    return title, link.url if link else "", markdown([b for b in card.blocks if b is not headline])


def _message(digest: Digest, card: Card, body: Json, *, first: bool) -> Message:
    role = role_of(digest.mention) if first else ""
    payload = body | {"allowed_mentions": allowed_mentions(role), KEY: begun(digest, (card,))}
    if role:
        content = body.get("content")
        payload["content"] = f"<@&{role}>" + (f"\n{content}" if content else "")
    headlines = [characters(b.spans) for b in card.blocks if isinstance(b, Heading)]
    text = clip(one_line(" · ".join(headlines) or digest.title), 300)
    return Message(payload, text, story_id=card.story_id, reply=not first and digest.style != "posts")


# ── the fall-back ────────────────────────────────────────────────────────────


def plainer(payload: Mapping[str, object]) -> Json:
    """Return a Components V2 body in the older look, for a server or client that does not take the newer one.

    A text becomes the embed it would have been, with the same Markdown: 4,000 characters are within the 6,000 of all
    embeds. Rows of buttons beyond the fifth are left out. A line that calls a role stays outside, where it calls.
    """
    content: list[str] = []
    texts: list[list[str]] = []
    rows: list[Json] = []
    for component in _listed(payload.get("components")):
        found = list(_texts(component))
        if found and not texts and _CALL.fullmatch(found[0]):
            content = found
        elif found:
            texts.append(found)
        rows += _rows(component)
    if len(texts) > MAX_EMBEDS:
        texts = [*texts[: MAX_EMBEDS - 1], [text for rest in texts[MAX_EMBEDS - 1 :] for text in rest]]
    body: Json = {"embeds": [{"color": ACCENT, "description": "\n".join(found)} for found in texts]}
    body |= {"content": content[0]} if content else {}
    body |= {"components": rows[:MAX_ROWS]} if rows else {}
    return body | {"allowed_mentions": payload.get("allowed_mentions", allowed_mentions(""))}


def _listed(found: object) -> list[Json]:
    return found if isinstance(found, list) else []


def _texts(component: Json) -> Iterator[str]:
    if component.get("type") == TEXT:
        yield str(component["content"])
    for inner in _listed(component.get("components")):
        yield from _texts(inner)


def _rows(component: Json) -> list[Json]:
    if component.get("type") == ROW:
        return [component]
    return [row for inner in _listed(component.get("components")) for row in _rows(inner)]
