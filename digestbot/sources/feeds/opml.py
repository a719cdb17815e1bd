"""OPML in and out: lists of feeds, folders as topics; knows no store."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

from digestbot.domain.errors import NotAFeed, TooLarge
from digestbot.sources.feeds.encoding import as_utf8_xml
from digestbot.sources.feeds.identity import canonical_url
from digestbot.sources.feeds.plain import folded

MAX_FEEDS = 20_000
MAX_DEPTH = 64
LONGEST_NAMED = 80
"""Characters of an unusable address that are told: whoever wrote the file chose its length."""
_OBEYED = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys or lets it turn a line round."""


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """One feed of a list: ``topics`` are the names of the folders around it, the outermost first."""

    url: str
    title: str = ""
    link: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpmlList:
    """What a file lists: ``feeds``, each once; how often one was named again; addresses that are none, as told."""

    feeds: tuple[OpmlFeed, ...]
    repeated: int = 0
    unusable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OpmlPreview:
    """What an import would do: ``new`` feeds to add, ``known`` ones already here."""

    new: tuple[OpmlFeed, ...]
    known: tuple[OpmlFeed, ...]


class Listed(Protocol):
    """What a list needs to know of a feed; the domain's Feed and OpmlFeed both do."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    @property
    def title(self) -> str:
        """Its name."""
        ...

    @property
    def link(self) -> str:
        """The page it belongs to."""
        ...

    @property
    def topics(self) -> tuple[str, ...]:
        """Its topics."""
        ...


def read_opml(data: bytes, name: str = "the file") -> OpmlList:
    """Return what an OPML file lists; a feed in several folders has all their topics.

    Args:
        data: The file's bytes, in any encoding.
        name: What errors call it.

    Raises:
        NotAFeed: It is not OPML.
        TooLarge: It lists more than 20,000 feeds or nests deeper than any list does.

    """
    reader = _Reader(name)
    reader.read(as_utf8_xml(data))
    merged: dict[str, OpmlFeed] = {}
    for feed in reader.feeds:
        key = canonical_url(feed.url)
        if key in merged:
            topics = tuple(dict.fromkeys((*merged[key].topics, *feed.topics)))
            merged[key] = replace(merged[key], topics=topics)
        else:
            merged[key] = feed
    return OpmlList(tuple(merged.values()), len(reader.feeds) - len(merged), tuple(reader.unusable))


def preview_opml(feeds: Iterable[OpmlFeed], here: Iterable[str]) -> OpmlPreview:
    """Part a list into what is new and what is here already; ``here`` are the addresses of the present feeds."""
    present = {canonical_url(url) for url in here}
    listed = list(feeds)
    return OpmlPreview(
        new=tuple(feed for feed in listed if canonical_url(feed.url) not in present),
        known=tuple(feed for feed in listed if canonical_url(feed.url) in present),
    )


def write_opml(feeds: Sequence[Listed], title: str = "digestbot feeds") -> bytes:
    """Return feeds as OPML 2.0 in UTF-8, in folders by first topic; a feed's further topics follow as categories."""
    folders: dict[str, list[Listed]] = {}
    for feed in feeds:
        folders.setdefault(feed.topics[0] if feed.topics else "", []).append(feed)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{escape(_xml(title))}</title></head>",
        "  <body>",
    ]
    for folder in sorted(folders, key=lambda name: (not name, name.casefold())):
        inner = "      " if folder else "    "
        if folder:
            lines.append(f"    <outline text={_attribute(folder)} title={_attribute(folder)}>")
        lines += [f"{inner}{_outline(feed)}" for feed in folders[folder]]
        if folder:
            lines.append("    </outline>")
    lines += ["  </body>", "</opml>", ""]
    text = "\n".join(lines)
    # The list is shown in terminals too: what those obey is written as a reference, which reads back as it was.
    return _OBEYED.sub(lambda found: f"&#{ord(found[0])};", text).encode()


class _Reader:
    """Walks an OPML document; entities are not expanded, nothing is loaded."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._folders: list[str] = []
        self._is_opml = False
        self.feeds: list[OpmlFeed] = []
        self.unusable: list[str] = []

    def read(self, xml: bytes) -> None:
        parser = expat.ParserCreate("utf-8")
        parser.StartElementHandler = self._open
        parser.EndElementHandler = self._close
        parser.EntityDeclHandler = self._refuse
        try:
            parser.Parse(xml, True)
        except expat.ExpatError as error:
            raise NotAFeed(self._name, "is not well-formed OPML", hint=f"mend it: {error}") from error
        if not self._is_opml:
            raise NotAFeed(self._name, "is not an OPML list", hint="export one from a feed reader")

    def _refuse(self, *_: object) -> None:
        raise NotAFeed(self._name, "declares entities, which no OPML list needs", hint="remove its DOCTYPE")

    def _open(self, tag: str, attributes: dict[str, str]) -> None:
        tag = tag.lower()
        if tag == "opml":
            self._is_opml = True
        elif tag == "outline":
            found = {name.lower(): value for name, value in attributes.items()}
            name = folded(found.get("title") or found.get("text") or "")
            url = found.get("xmlurl", "").strip()
            if url.lower().startswith(("http://", "https://", "feed:")):
                self._add(url, name, found)
            elif url:
                self.unusable.append(_named(url))
            # A feed holds no feeds; an empty name keeps the levels in step and is no topic.
            self._folders.append("" if url else name)
            if len(self._folders) > MAX_DEPTH or len(self.feeds) + len(self.unusable) > MAX_FEEDS:
                raise TooLarge(self._name, "lists more than an OPML file may")

    def _add(self, url: str, title: str, found: dict[str, str]) -> None:
        """Keep a feed; ``feed://host`` and ``feed:https://host`` are how browsers used to write feeds' addresses."""
        if url.lower().startswith("feed:"):
            rest = url[5:]
            url = f"https:{rest}" if rest.startswith("//") else rest
        extra = (folded(part).strip("/") for part in found.get("category", "").split(","))
        topics = dict.fromkeys(topic for topic in (*self._folders, *extra) if topic)
        self.feeds.append(OpmlFeed(url, title, found.get("htmlurl", "").strip(), tuple(topics)))

    def _close(self, tag: str) -> None:
        if tag.lower() == "outline":
            self._folders.pop()


def _named(url: str) -> str:
    """Return an address that is none as people are told of it: on one line, without control characters, cut."""
    plain = "".join(char for char in folded(url) if char.isprintable())
    return plain if len(plain) <= LONGEST_NAMED else plain[: LONGEST_NAMED - 1] + "…"


def _outline(feed: Listed) -> str:
    """Return one feed's line."""
    name = feed.title or feed.url
    parts = [f"text={_attribute(name)}", f"title={_attribute(name)}", 'type="rss"', f"xmlUrl={_attribute(feed.url)}"]
    if feed.link:
        parts.append(f"htmlUrl={_attribute(feed.link)}")
    # Categories are parted by commas and levels by slashes (OPML 2.0): a topic with either goes without.
    rest = [topic for topic in feed.topics[1:] if not set(topic) & {",", "/"}]
    if rest:
        parts.append(f"category={_attribute(','.join(rest))}")
    return f"<outline {' '.join(parts)}/>"


def _attribute(text: str) -> str:
    return quoteattr(_xml(text))


def _xml(text: str) -> str:
    """Return text without the characters XML cannot hold."""
    return "".join(max(char, " ") for char in text if char not in "\ufffe\uffff").encode("utf-8", "ignore").decode()
