"""First sight of a feed: who its entries are, without reading what they say.

A new feed's items are only marked as seen, so their texts are not needed. Their identities are read by expat;
feedparser, the parser of record, reads the feed's own facts, a sample, and every item that is not plainly written.
Where the sample disagrees, the whole feed is parsed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from digestbot.domain.news import Entry, ParsedFeed
from digestbot.sources.feeds.identity import identified
from digestbot.sources.feeds.outline import Outline, Span, Walk, without
from digestbot.sources.feeds.plain import folded
from digestbot.sources.feeds.syndication import parse_syndication

WEB = ("http://", "https://")
FIRM = (*WEB, "tag:", "urn:")
"""How an identifier starts that no base address changes."""
DATES = frozenset({"pubdate", "published", "dc:date", "updated"})
TEXTS = frozenset({"title", "guid", "id", "link"}) | DATES
DOUBTFUL = frozenset({"dc:title", "dc:identifier", "atom:link", "a10:link", "atom:id", "atom:title"})
"""Elements that feedparser takes for an item's own title, id or link too."""
LEAST_ITEMS = 8
"""With fewer items the sample is the feed."""


@dataclass(slots=True)
class Fields:
    """What an item says of itself, as far as it is plainly written."""

    texts: dict[str, str] = field(default_factory=dict)
    permalink: bool = True
    doubtful: bool = False


class FieldWalk(Walk):
    """The quick pass, reading each item's title, identifier, link and date on its way."""

    def __init__(self, xml: bytes, url: str) -> None:
        """Take the document."""
        super().__init__(xml, url)
        self.fields: list[Fields] = []
        self._now = Fields()
        self._name = ""

    def begin_item(self, attributes: Mapping[str, str]) -> None:
        """Start an item; rdf:about and xml:base make its identity another's business."""
        self._now = Fields(doubtful=bool(attributes) and not attributes.keys() <= {"xml:lang"})

    def end_item(self) -> None:
        """Keep the item's fields beside its span."""
        self.fields.append(self._now)

    def open_within(self, name: str, attributes: Mapping[str, str], level: int) -> None:
        """Note an element within an item; ``level`` is 1 for its own children."""
        if level > 1:
            self._now.doubtful |= bool(self._name)
            return
        lower = name.lower()
        if lower in DOUBTFUL or "xml:base" in attributes:
            self._now.doubtful = True
        elif lower in TEXTS:
            self._name = lower
            if lower == "link" and attributes:
                self._atom_link(attributes)
            elif lower == "guid":
                self._now.permalink = attributes.get("isPermaLink", "true") == "true"
            self.listen()

    def close_within(self, name: str, level: int) -> None:
        """Note the end of an element within an item."""
        if level == 1 and self._name == name.lower():
            text = self.heard().strip()
            kind = {"id": "guid"}.get(self._name, "date" if self._name in DATES else self._name)
            self._name = ""
            if kind == "date":
                self._now.texts.setdefault(kind, text)
            elif text:
                self._now.doubtful |= kind in self._now.texts
                self._now.texts[kind] = text

    def _atom_link(self, attributes: Mapping[str, str]) -> None:
        """Note where an Atom link leads; one alternate page is plain, anything else is feedparser's to judge."""
        if attributes.get("rel", "alternate") == "alternate":
            plain = attributes.get("type", "text/html") == "text/html" and "link" not in self._now.texts
            self._now.doubtful |= not plain
            self._now.texts["link"] = attributes.get("href", "").strip()


def read_baseline(xml: bytes, url: str, found: Outline, fields: list[Fields]) -> tuple[ParsedFeed, bool] | None:
    """Return a feed whose entries have identities, titles and dates, but no texts; None when that is not safe.

    Args:
        xml: The document.
        url: Where it is from.
        found: Its outline.
        fields: What each item of the outline says of itself.

    Returns:
        The feed, and whether it may be read in parts.

    """
    spans = found.spans
    if len(spans) < LEAST_ITEMS or len(fields) != len(spans):
        return None
    quick = [_entry(one) for one in fields]
    checked = {0, len(spans) // 2, len(spans) - 1} | {n for n, one in enumerate(quick) if one is None}
    if len(checked) > len(spans) / 2:
        return None
    parsed = _parsed_alone(xml, url, found, checked)
    if parsed is None or not all(_same(quick[n], entry) for n, entry in parsed[1].items()):
        return None
    own = parsed[1]
    entries, whole = identified([entry for n, one in enumerate(quick) if (entry := own.get(n) or one)])
    return replace(parsed[0], entries=entries), whole


def _parsed_alone(xml: bytes, url: str, found: Outline, wanted: set[int]) -> tuple[ParsedFeed, dict[int, Entry]] | None:
    """Return what feedparser makes of the header and some items; None when they do not match."""
    rest: list[Span] = [span for n, span in enumerate(found.spans) if n not in wanted]
    parsed, _ = parse_syndication(without(xml, rest, {span.hash for span in rest}), url, (found.ttl, found.skips))
    if len(parsed.entries) != len(wanted):
        return None
    return parsed, dict(zip(sorted(wanted), parsed.entries, strict=True))


def _same(quick: Entry | None, own: Entry) -> bool:
    """Tell whether the quick reading of an item is feedparser's."""
    return quick is None or (quick.guid, quick.link, quick.title) == (own.guid, own.link, own.title)


def _entry(fields: Fields) -> Entry | None:
    """Return an item's entry, or None where its identity is not plain."""
    title, guid, link = (fields.texts.get(name, "") for name in ("title", "guid", "link"))
    if not link and fields.permalink and guid.startswith(WEB):
        link = guid
    plain = (
        not fields.doubtful
        and (not guid or guid.startswith(FIRM) or not fields.permalink)
        and link.startswith(WEB)
        and not re.search(r"\s|&\w+;|/\.", f"{link}{guid if fields.permalink else ''}")
        and not re.search(r"[<\x80-\x9f]|&#?\w+;", title)
        and not _twice_encoded(title + guid + link)
    )
    if not plain:
        return None
    return Entry(key="", guid=guid, link=link, title=folded(title), published=_moment(fields.texts.get("date", "")))


def _twice_encoded(text: str) -> bool:
    """Tell whether feedparser would take a text for UTF-8 read as Latin-1, and mend it."""
    if text.isascii():
        return False
    try:
        text.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return False
    return True


def _moment(text: str) -> datetime | None:
    """Return a date in UTC, in either of the two forms feeds should use; it only tells the feed's rhythm."""
    try:
        moment = datetime.fromisoformat(text) if text[4:5] == "-" else parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
