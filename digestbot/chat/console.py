"""Shows digests in a terminal: the platform that is always there, for a first look and for a bot without chat.

It implements the ChatAdapter port over any text stream; it knows no client library.
"""

import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, assert_never

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule as Line
from rich.text import Text as Styled

from digestbot.chat.characters import clean, one_line
from digestbot.domain.digest import (
    Actions,
    Block,
    Card,
    Digest,
    Heading,
    Link,
    Message,
    Moment,
    Named,
    Prose,
    Quotation,
    Rule,
    Sources,
    Span,
    Strong,
    Text,
)
from digestbot.domain.errors import PlatformDown
from digestbot.domain.subscription import Channel, Platform

WIDTH = 100
"""Columns of a digest at most: longer lines are hard to read."""


class ConsoleAdapter:
    """Prints each digest whole, as one message."""

    platform: Platform = "console"

    def __init__(self, stream: IO[str] | None = None) -> None:
        """Print to ``stream``, standard output when None."""
        self._stream = stream

    def render(self, digest: Digest) -> Sequence[Message]:
        """Return the digest as one message; its payload holds the lines as spans of text with a style each."""
        payload: dict[str, object] = {"blocks": [list(_lines(card)) for card in digest.cards]}
        return (Message(payload, one_line(digest.title)),)

    def visible(self, message: Message) -> str:
        """Return what the terminal shows, without rules and before lines are wrapped."""
        lines = (line for card in _typed(message.payload["blocks"]) for line in card)
        return "\n".join(_words(line).plain for line in lines)

    async def post(self, channel: Channel, message: Message, key: str, thread: str | None) -> str:  # noqa: ARG002
        """Print the message; its key serves as its id.

        Raises:
            PlatformDown: The stream is closed or its disk is full.

        """
        stream = self._stream or sys.stdout
        console = Console(file=stream, highlight=False)
        try:
            console.print(_page(message), width=min(console.width, WIDTH))
            stream.flush()
        except (OSError, ValueError) as error:
            raise PlatformDown(str(channel), "the output stream is closed") from error
        return key

    async def settle(self, channel: Channel, key: str, thread: str | None, since: datetime) -> str | None:  # noqa: ARG002
        """Return None: nobody can look up what a terminal has shown.

        A digest interrupted while being printed is printed again: a terminal's reader sees where it broke off.
        """
        return None


# ── the document as JSON-able lines ──────────────────────────────────────────

Piece = list[str]
"""A text, its style and (for links) its address."""


def _lines(card: Card) -> Iterator[dict[str, object]]:
    for block in card.blocks:
        if (line := _line(block)) is not None:
            yield line


def _line(block: Block) -> dict[str, object] | None:
    match block:
        case Heading():
            return {"kind": f"heading{block.level}", "pieces": [_piece(span) for span in block.spans]}
        case Prose():
            return {"kind": "quiet" if block.quiet else "prose", "pieces": [_piece(span) for span in block.spans]}
        case Quotation():
            small = ", ".join(one_line(part) for part in (block.note, block.outlet) if part)
            pieces = [[f"“{clean(block.text)}”", "quote", ""], [one_line(block.speaker), "strong", ""], [small, "", ""]]
            return {"kind": "quotation", "pieces": pieces}
        case Sources():
            return {"kind": "sources", "pieces": [_piece(link) for link in block.links]}
        case Actions():
            return None  # a terminal has no buttons; `digestbot` has the commands
        case Rule():
            return {"kind": "rule", "pieces": []}
        case _:
            assert_never(block)


def _piece(span: Span) -> Piece:
    match span:
        case Text():
            return [clean(span.text), "", ""]
        case Strong():
            return [clean(span.text), "strong", ""]
        case Link():
            return [clean(span.text), "link", span.url]
        case Moment():
            return [clean(span.fallback), "", ""]
        case Named():
            return [clean(span.id), "", ""]
        case _:
            assert_never(span)


# ── lines as rich shows them ─────────────────────────────────────────────────

_STYLES = {"strong": "bold", "quote": "italic", "link": "", "": ""}


def _page(message: Message) -> RenderableType:
    cards = message.payload["blocks"]
    return Group(*(part for card in _typed(cards) for part in (*(_shown(line) for line in card), Styled())))


def _typed(cards: object) -> list[list[dict[str, object]]]:
    """Return the cards of a payload, which may have been through the store as JSON."""
    return cards if isinstance(cards, list) else []


_BASES = {"heading1": "bold cyan", "heading2": "bold underline", "heading3": "bold", "quiet": "dim", "prose": ""}


def _shown(line: dict[str, object]) -> RenderableType:
    match line["kind"]:
        case "quotation":
            return Padding(_words(line), (0, 0, 0, 2))
        case "rule":
            return Line(style="dim")
        case "heading1":
            return Group(Line(style="cyan"), _words(line), Line(style="cyan"))
        case _:
            return _words(line)


def _words(line: dict[str, object]) -> Styled:
    kind = str(line["kind"])
    pieces = line["pieces"] if isinstance(line["pieces"], list) else []
    if kind == "quotation":
        return _quotation(pieces)
    return _sources(pieces) if kind == "sources" else _joined(pieces, base=_BASES.get(kind, ""))


def _joined(pieces: Sequence[Piece], base: str = "") -> Styled:
    text = Styled(style=base)
    for words, style, url in pieces:
        text.append(words, style=f"{_STYLES[style]} link {url}".strip() if _linkable(url) else _STYLES[style])
    return text


def _quotation(pieces: Sequence[Piece]) -> Styled:
    (words, *_), (speaker, *_), (small, *_) = pieces
    text = Styled(words, style="italic")
    text.append(" — ", style="not italic")
    text.append(speaker, style="bold not italic")
    if small:
        text.append(f", {small}", style="dim not italic")
    return text


def _sources(pieces: Sequence[Piece]) -> Styled:
    text = Styled("Sources: ", style="dim")
    for number, (words, _, url) in enumerate(pieces):
        text.append(" · " if number else "")
        text.append(words, style=f"link {url}" if _linkable(url) else "")
    return text


def _linkable(url: str) -> bool:
    """Tell whether an address may become a terminal link: web addresses without characters that end one."""
    return url.startswith(("http://", "https://")) and url.isprintable() and not any(c in url for c in " \\[]")
