"""Blocks and spans of a document as Block Kit elements; pure, knows no client and nothing of whole messages.

Words of other people stand in ``rich_text`` elements, which Slack shows literally: there is no markup in them
that a hostile title could open, so nothing is escaped and nothing can ping anybody. Small print is ``mrkdwn``
where its characters are plainly safe there, and ``rich_text`` otherwise.
"""

import re
from collections.abc import Sequence
from typing import TypeGuard, assert_never

from digestbot.chat.characters import clean, clip, one_line
from digestbot.chat.paginate import characters
from digestbot.domain.digest import (
    Action,
    Actions,
    Block,
    Card,
    Heading,
    Link,
    Moment,
    MomentStyle,
    Named,
    NamedKind,
    Prose,
    Quotation,
    Rule,
    Sources,
    Span,
    Strong,
    Text,
)

Json = dict[str, object]

MAX_HEADER, MAX_LABEL, MAX_VALUE, MAX_OPTION_VALUE, MAX_SMALL, MAX_URL = 150, 75, 2_000, 150, 2_000, 3_000
"""Characters of a header, of a button's or option's label and value, of small print and of an address
(docs.slack.dev, Block Kit reference)."""
MAX_OPTIONS = 5
BUTTONS = 3
"""Buttons shown in a row; what comes after them goes into the overflow menu."""
ACTION = "run:"
"""How every ``action_id`` begins; the button's value is the invocation to run."""

_FORMATS: dict[MomentStyle, str] = {
    "time": "{time}",
    "date": "{date_long_pretty}",
    "datetime": "{date_short_pretty} at {time}",
    "relative": "{ago}",
}
_NAMED: dict[NamedKind, tuple[str, str, str, str]] = {
    "channel": (r"[CGD][A-Z0-9]+", "channel", "channel_id", "#"),
    "person": (r"[UW][A-Z0-9]+", "user", "user_id", "@"),
    "role": (r"S[A-Z0-9]+", "usergroup", "usergroup_id", "!subteam^"),
}
"""What an id looks like, the ``rich_text`` element that shows its name, and how it is written in ``mrkdwn``."""
_FORMATTING = re.compile(r"[*_~`|\n]|:\S+:|^\s*>")
_ADDRESS = re.compile(r"https?://[^\s<>|\"\x00-\x20\x7f-\x9f\ud800-\udfff]+")
_BROADCASTS = ("here", "channel", "everyone")


# ── blocks ───────────────────────────────────────────────────────────────────


def blocks_of(card: Card, *, compact: bool = False) -> list[Json]:
    """Return a card's blocks; a ``compact`` story has all its buttons in one overflow menu."""
    about = headline(card)
    found: list[Json] = []
    for block in card.blocks:
        if isinstance(block, Actions):
            menu_only = compact and card.story_id is not None
            found += _row(block.actions, about, buttons=0 if menu_only else BUTTONS)
        else:
            found += elements_of(block)
    return found


def elements_of(block: Block) -> list[Json]:
    """Return one block of the document as Block Kit blocks: none when it has nothing to show."""
    match block:
        case Heading():
            return _heading(block)
        case Prose():
            return _small(block.spans) if block.quiet else _rich(block.spans)
        case Quotation():
            return _quotation(block)
        case Sources():
            return _small(_source_spans(block)) if block.links else []
        case Actions():
            return _row(block.actions)
        case Rule():
            return [{"type": "divider"}]
        case _:
            assert_never(block)


def _heading(block: Heading) -> list[Json]:
    if block.level == 1:
        title = one_line(characters(block.spans)).strip()
        return [{"type": "header", "text": _plain(title, MAX_HEADER)}] if title else []
    if block.level == 2:  # noqa: PLR2004 - a topic
        return _small((Strong(characters(block.spans)),))
    return _rich(block.spans, bold=True)


def headline(card: Card) -> str:
    """Return the characters of a story's headline, empty when it has none."""
    return next((one_line(characters(block.spans)).strip() for block in card.blocks if is_headline(block)), "")


def is_headline(block: Block) -> TypeGuard[Heading]:
    """Tell whether a block heads a story: level 1 is the digest, 2 a topic."""
    return isinstance(block, Heading) and block.level > 2  # noqa: PLR2004 - the level of a topic


def mention_blocks(mention: str) -> list[Json]:
    """Return the line that calls a group, a person or the channel; only ever from the subscription's own setting.

    ``mention`` is ``here``, ``channel``, ``everyone``, a user group's id (``S…``) or a person's (``U…``, ``W…``).
    """
    name = mention.strip("<>!@").removeprefix("subteam^")
    element: Json
    if name in _BROADCASTS:
        element = {"type": "broadcast", "range": name}
    elif re.fullmatch(r"S[A-Z0-9]{2,}", name):
        element = {"type": "usergroup", "usergroup_id": name}
    elif re.fullmatch(r"[UW][A-Z0-9]{2,}", name):
        element = {"type": "user", "user_id": name}
    else:
        return []
    return [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [element]}]}]


def section(spans: Sequence[Span], *, bold: bool = False) -> Json:
    """Return spans as one ``rich_text_section``; with ``bold``, all of them stand out."""
    elements = [e for span in spans for e in _rich_elements(span, bold=bold or isinstance(span, Strong))]
    return {"type": "rich_text_section", "elements": elements}


def _rich(spans: Sequence[Span], *, bold: bool = False) -> list[Json]:
    if not one_line(characters(spans)).strip():
        return []
    return [{"type": "rich_text", "elements": [section(spans, bold=bold)]}]


def _quotation(block: Quotation) -> list[Json]:
    """Return the words in quotation marks, then who said them, who that is, and the outlet.

    Words that cannot be shown as they are (a character in them would be obeyed by a screen) are not shown at all.
    """
    if not block.text.strip() or clean(block.text) != block.text:
        return []
    elements: list[Json] = [{"type": "text", "text": f"“{block.text}”\n— "}]
    elements += _rich_elements(Strong(block.speaker), bold=True)
    if block.note.strip():
        elements += _rich_elements(Text(f", {block.note}"))
    if block.outlet.strip():
        elements += _rich_elements(Text(" · "))
        elements += _rich_elements(Link(block.outlet, block.url) if block.url else Text(block.outlet))
    return [{"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": elements}]}]


def _source_spans(block: Sources) -> tuple[Span, ...]:
    spans: list[Span] = [Text("Sources: ")]
    for link in block.links:
        spans += [Text(" · "), link] if len(spans) > 1 else [link]
    return tuple(spans)


# ── buttons ──────────────────────────────────────────────────────────────────


def _row(actions: Sequence[Action], about: str = "", buttons: int = BUTTONS) -> list[Json]:
    """Return buttons, and an overflow menu for what comes after ``buttons`` of them."""
    usable = [a for a in actions if one_line(a.label).strip() and 0 < len(a.invocation) <= MAX_VALUE]
    elements: list[Json] = [_button(action, number, about) for number, action in enumerate(usable[:buttons])]
    elements.extend(_menu(usable[buttons:]))
    return [{"type": "actions", "elements": elements}] if elements else []


def _button(action: Action, number: int, about: str) -> Json:
    button: Json = {
        "type": "button",
        "text": _plain(action.label, MAX_LABEL),
        "action_id": f"{ACTION}{number}",
        "value": action.invocation,
    }
    if about:
        button["accessibility_label"] = clip(f"{one_line(action.label)}: {about}", MAX_LABEL)
    return button


def _menu(actions: Sequence[Action]) -> list[Json]:
    options: list[Json] = [
        {"text": _plain(action.label, MAX_LABEL), "value": action.invocation}
        for action in [a for a in actions if len(a.invocation) <= MAX_OPTION_VALUE][:MAX_OPTIONS]
    ]
    return [{"type": "overflow", "action_id": f"{ACTION}menu", "options": options}] if options else []


def _plain(text: str, limit: int) -> Json:
    return {"type": "plain_text", "text": clip(one_line(text), limit), "emoji": False}


# ── spans ────────────────────────────────────────────────────────────────────


def _rich_elements(span: Span, *, bold: bool = False) -> list[Json]:
    """Return a span as ``rich_text`` elements, where characters stand for themselves."""
    style: Json = {"style": {"bold": True}} if bold else {}
    match span:
        case Text() | Strong():
            text = one_line(span.text)
            return [{"type": "text", "text": text} | style] if text else []
        case Link():
            label = one_line(span.text)
            if not label.strip() or not is_address(span.url):
                return _rich_elements(Text(span.text), bold=bold)
            return [{"type": "link", "url": span.url, "text": label} | style]
        case Moment():
            date: Json = {"type": "date", "timestamp": int(span.at.timestamp()), "format": _FORMATS[span.style]}
            return [date | {"fallback": one_line(span.fallback) or "?"} | style]
        case Named():
            form, kind, key, _ = _NAMED[span.kind]
            if not re.fullmatch(form, span.id):
                return _rich_elements(Text(span.id), bold=bold)
            return [{"type": kind, key: span.id} | style]
        case _:
            assert_never(span)


def is_address(url: str) -> bool:
    """Tell whether an address may be linked: http(s), not too long, nothing in it that ends a link early."""
    return len(url) <= MAX_URL and _ADDRESS.fullmatch(url) is not None


def _small(spans: Sequence[Span]) -> list[Json]:
    """Return small print; in ordinary size where a character would be taken for markup there."""
    shown = one_line(characters(spans))
    markup = len(spans) > 1 and any(isinstance(span, Strong) for span in spans)  # bold needs a space around it
    if markup or _FORMATTING.search(shown) or len(text := _mrkdwn_line(spans)) > MAX_SMALL:
        return _rich(spans)
    return [{"type": "context", "elements": [{"type": "mrkdwn", "text": text, "verbatim": True}]}] if text else []


def _mrkdwn_line(spans: Sequence[Span]) -> str:
    return "".join(_mrkdwn(span) for span in spans).strip()


def _mrkdwn(span: Span) -> str:
    """Return a span in Slack's markup, escaped once, here."""
    match span:
        case Text():
            return escape(one_line(span.text))
        case Strong():
            text = one_line(span.text).strip()
            return f"*{escape(text)}*" if text else ""
        case Link():
            label = escape(one_line(span.text))
            return f"<{escape(span.url)}|{label}>" if label.strip() and is_address(span.url) else label
        case Moment():
            fallback = escape(one_line(span.fallback)) or "?"
            return f"<!date^{int(span.at.timestamp())}^{_FORMATS[span.style]}|{fallback}>"
        case Named():
            form, _, _, sign = _NAMED[span.kind]
            return f"<{sign}{span.id}>" if re.fullmatch(form, span.id) else escape(one_line(span.id))
        case _:
            assert_never(span)


# ── escaping ─────────────────────────────────────────────────────────────────


def escape(text: str) -> str:
    """Escape the three characters that Slack's markup knows."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo :func:`escape`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def clip_escaped(text: str, limit: int) -> str:
    """Return ``text`` escaped, clipped so that the escaped form stays within ``limit`` and no entity is cut."""
    room = limit
    while len(escaped := escape(clip(clean(text), room))) > limit:
        room = room * 3 // 4
    return escaped
