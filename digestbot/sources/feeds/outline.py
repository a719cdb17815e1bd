"""A quick pass over a feed's XML: where each item starts and ends, and what would choke a parser; no feedparser.

expat gives byte positions, so items that are known already can be cut out before the slow parser sees them, and
a document made to hurt (a tag with 100,000 attributes, a pile of nested tags) is refused before it does.
"""

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from xml.parsers import expat

from digestbot.domain.errors import TooLarge

MAX_ATTRIBUTES = 256
MAX_DEPTH = 256
MAX_TAGS = 400_000
ITEMS = frozenset({"item", "entry"})
_ITEM_START = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s>/]", re.IGNORECASE)
_VOLATILE = re.compile(
    rb"<(?:slash:(?:comments|hit_parade)|thr:total)\b[^<>]*>[^<>]*</[^<>]*>|<media:(?:statistics|starRating)\b[^<>]*>"
)
"""What counts readers and comments: an item whose counts alone changed is the item that is known."""
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True)
class Span:
    """One item's bytes, half-open, and a short hash of them, its counts of comments and readers left out."""

    start: int
    end: int
    hash: str


@dataclass(slots=True)
class Outline:
    """What the quick pass found; ``spans`` is empty when the XML is not well formed or not a feed's.

    ``ttl`` is in seconds; ``skips`` are the bits of ``Polling.skips``.
    """

    well_formed: bool = False
    spans: list[Span] = field(default_factory=list)
    ttl: float | None = None
    skips: int = 0


def outline(xml: bytes, url: str) -> Outline:
    """Walk the XML once.

    Raises:
        TooLarge: It is made in a way that would take a parser too long.

    """
    return Walk(xml, url).run()


def without(xml: bytes, spans: Sequence[Span], known: Container[str]) -> bytes:
    """Return the XML with the known items cut out."""
    pieces: list[bytes] = []
    at = 0
    for span in spans:
        if span.hash in known:
            pieces.append(xml[at : span.start])
            at = span.end
    pieces.append(xml[at:])
    return b"".join(pieces)


def shortened(xml: bytes, found: Outline, max_items: int) -> tuple[bytes, list[Span]]:
    """Return the XML with its first ``max_items`` items only, and their spans."""
    if len(found.spans) > max_items:
        rest = found.spans[max_items:]
        return without(xml, rest, {span.hash for span in rest}), found.spans[:max_items]
    if not found.well_formed:
        starts = [match.start() for match, _ in zip(_ITEM_START.finditer(xml), range(max_items + 1), strict=False)]
        if len(starts) > max_items:
            return xml[: starts[max_items]], []
    return xml, found.spans


class Walk:
    """One pass; expat calls its methods. A subclass may look into the items."""

    def __init__(self, xml: bytes, url: str) -> None:
        """Take the document; ``url`` is named in errors."""
        self._xml, self._url = xml, url
        self._found = Outline()
        self._depth = self._tags = 0
        self._item_depth = 0
        self._start = 0
        self._words: list[str] = []
        self._parser = expat.ParserCreate("utf-8")
        # Names of HTML like &nbsp; are no error here; nothing is ever loaded.
        self._parser.UseForeignDTD(True)
        self._parser.ExternalEntityRefHandler = self._external
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.buffer_text = True

    def run(self) -> Outline:
        """Walk it; no spans are given for what is not well formed.

        Raises:
            TooLarge: It is made in a way that would take a parser too long.

        """
        try:
            self._parser.Parse(self._xml, True)
        except expat.ExpatError:
            self._found.spans = []
            return self._found
        self._found.well_formed = True
        return self._found

    @staticmethod
    def _external(*_: object) -> int:
        return 1

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._tags += 1
        if self._depth > MAX_DEPTH or len(attributes) > MAX_ATTRIBUTES or self._tags > MAX_TAGS:
            raise TooLarge(self._url, "is built in a way no feed needs: too many tags, attributes or levels")
        if self._item_depth:
            self.open_within(name, attributes, self._depth - self._item_depth)
            return
        local = name.rpartition(":")[2].lower()
        if local in ITEMS and self._depth in (2, 3):
            self._item_depth, self._start = self._depth, self._parser.CurrentByteIndex
            self.begin_item(attributes)
        elif local in {"ttl", "hour", "day"} and self._depth <= 4:  # noqa: PLR2004 - rss/channel/skipHours/hour
            self.listen()

    def _close(self, name: str) -> None:
        if self._item_depth:
            if self._depth == self._item_depth:
                self._end_item()
            else:
                self.close_within(name, self._depth - self._item_depth)
        elif self._parser.CharacterDataHandler is not None:
            self._note(name.lower(), self.heard().strip().lower())
        self._depth -= 1

    def _end_item(self) -> None:
        """Keep an item's span; an empty one, ``<item/>``, says nothing and stays."""
        self._item_depth = 0
        at = self._parser.CurrentByteIndex
        if at != self._start:
            end = self._xml.find(b">", at) + 1
            digest = blake2b(_VOLATILE.sub(b"", self._xml[self._start : end]), digest_size=8).hexdigest()
            self._found.spans.append(Span(self._start, end, digest))
            self.end_item()

    def listen(self) -> None:
        """Collect the characters that follow."""
        self._words.clear()
        self._parser.CharacterDataHandler = self._words.append

    def heard(self) -> str:
        """Return the characters collected, and collect no more."""
        self._parser.CharacterDataHandler = None
        return "".join(self._words)

    def begin_item(self, attributes: Mapping[str, str]) -> None:
        """Do nothing at an item's start; a subclass may."""

    def end_item(self) -> None:
        """Do nothing at an item's end; a subclass may."""

    def open_within(self, name: str, attributes: Mapping[str, str], level: int) -> None:
        """Do nothing about an element within an item; a subclass may."""

    def close_within(self, name: str, level: int) -> None:
        """Do nothing about its end; a subclass may."""

    def _note(self, name: str, word: str) -> None:
        """Note what RSS says about polling: minutes to live, hours (0 or 24 is midnight, GMT) and days to skip."""
        if name == "ttl" and word.isdecimal() and len(word) < 8:  # noqa: PLR2004 - minutes, at most 19 years
            self._found.ttl = int(word) * 60.0
        elif name == "hour" and word.isdecimal() and len(word) < 3:  # noqa: PLR2004 - two digits
            self._found.skips |= 1 << int(word) % 24
        elif name == "day" and word in _DAYS:
            self._found.skips |= 1 << 24 + _DAYS.index(word)
