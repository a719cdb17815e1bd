"""News, from a subscribed URL to a checked brief; knows nothing of chat, storage or the network.

All offsets are Python character offsets into ``Article.text``, half-open. All datetimes are aware and in UTC.
"""

from collections.abc import Sequence
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Literal

from digestbot.domain.addresses import shown
from digestbot.domain.errors import NotVerbatim
from digestbot.domain.subscription import Filter

OPENING_MARKS = frozenset("\"'“‘„‚«»‹›「『”’`")
"""Characters that can open a quotation in some language (German „ “, Swedish ” ”, Danish » «)."""
CLOSING_MARKS = frozenset("\"'”’“‘»«›‹」』´`")
"""Characters that can close a quotation in some language."""
OMISSION = "[…]"
"""Stands wherever words of an article were left out of a quotation."""

SpeakerKind = Literal["person", "organisation", "document", "unnamed"]
SentenceSource = Literal["model", "article"]


# ── what a publisher gives ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Polling:
    """How a feed has been polled so far; one row beside the feed, so a restart never polls early.

    ``etag`` and ``last_modified`` are kept verbatim and are valid for ``validated_url`` only.
    ``body_hash`` is the SHA-256 of the last body, in hex. ``interval`` is in seconds. ``items`` holds a short
    hash of every item of the last body, parted by spaces, so that only what is new is parsed. ``floor`` is the
    shortest interval the feed asks for, in seconds; ``skips`` the hours and days on which it asks not to be
    polled: bit h for the hour h (GMT), bit 24 + d for the weekday d (Monday is 0). ``why`` says in words why
    the next check is when it is. ``hub`` tells of changes to the feed, which it knows by the address ``topic``.
    """

    next_check_at: datetime
    checked_at: datetime | None = None
    validated_url: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    body_hash: str | None = None
    interval: float = 1800.0
    failures: int = 0
    failing_since: datetime | None = None
    last_error: str | None = None
    alerted: bool = False
    moved_to: str | None = None
    moves_seen: int = 0
    full_parse: bool = False
    items: str = ""
    floor: float = 0.0
    skips: int = 0
    hub: str | None = None
    why: str = ""
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class Feed:
    """A subscribed URL.

    ``baseline_at`` is when its first content was seen; None until then (first sight is a silent baseline).
    ``weight`` multiplies its stories' rank. ``filter`` says which of its articles its owner reads. ``paused`` holds the
    reason it is not polled, or None. ``listed`` tells whether the settings file named it when the bot last started.
    """

    id: int
    url: str
    title: str
    polling: Polling
    link: str = ""
    language: str = ""
    topics: tuple[str, ...] = ()
    weight: float = 1.0
    filter: Filter = field(default_factory=Filter)
    backfill: int = 0
    listed: bool = False
    baseline_at: datetime | None = None
    paused: str | None = None

    @property
    def name(self) -> str:
        """What people know it by: its title, else its address without what only its owner should know."""
        return self.title or shown(self.url)


@dataclass(frozen=True, slots=True)
class Entry:
    """One item as the feed gives it, all text plain.

    ``key`` is its identity within the feed: GUID, else canonical URL, else a hash of title and date. ``aliases``
    are the weaker identities it also has: an entry is known when its key or an alias has been seen, so a feed
    that changes its GUIDs does not post everything again. Mark all of ``keys`` as seen.
    ``content`` is the item's own full text where the feed gives one, with paragraphs parted by blank lines.
    """

    key: str
    guid: str
    link: str
    title: str
    summary: str = ""
    content: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    enclosures: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    def __reduce__(self) -> tuple[type["Entry"], tuple[object, ...]]:
        """Return how it is put together again: entries come from other processes by the ten thousand."""
        return Entry, tuple(getattr(self, name) for name in self.__slots__)

    @property
    def keys(self) -> tuple[str, ...]:
        """Every identity of the entry, the strongest first: what to mark as seen."""
        return (self.key, *self.aliases)


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """What the bytes of a feed say: the feed's own facts and its entries, in the feed's order."""

    title: str
    link: str
    language: str
    entries: tuple[Entry, ...]
    format: str = ""
    ttl: float | None = None
    """The shortest time between polls the feed asks for, in seconds."""
    hub: str | None = None
    skips: int = 0
    topic: str | None = None
    """The address it names as its own (``rel=self``), by which its hub knows it."""


@dataclass(frozen=True, slots=True)
class Article:
    """The text behind an entry, as published; ``text`` keeps paragraphs and quotation marks exactly.

    ``id`` is 0 until the store has given one. ``outlet`` is the name readers know the publisher by.
    """

    id: int
    url: str
    title: str
    text: str
    outlet: str = ""
    feed_id: int = 0
    key: str = ""
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    published: datetime | None = None
    fetched_at: datetime | None = None
    language: str = ""

    @property
    def hash(self) -> str:
        """The SHA-256 of title and text in hex: what a brief rests on."""
        return sha256(f"{self.title}\0{self.text}".encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class Story:
    """Articles on one event, oldest first; never empty. ``id`` is 0 until stored."""

    id: int
    articles: tuple[Article, ...]
    first_seen: datetime
    last_seen: datetime

    @property
    def outlets(self) -> tuple[str, ...]:
        """The names of the outlets that cover it, in the order they came, each once."""
        return tuple(dict.fromkeys(article.outlet for article in self.articles))

    @property
    def sources_hash(self) -> str:
        """The SHA-256 over its articles' hashes in hex; a brief made from it is stale when this changes."""
        return sha256("".join(article.hash for article in self.articles).encode()).hexdigest()


# ── what we say about it ─────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage of an article that a summary sentence rests on."""

    article_id: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class SummarySentence:
    """One sentence of a summary with the passages that support it."""

    text: str
    evidence: tuple[Evidence, ...]
    source: SentenceSource = "article"


@dataclass(frozen=True, slots=True)
class Refusal:
    """A sentence of a model that the grounding gate did not let through.

    ``reasons`` are the rules it broke, ``claims`` the words that broke them. ``instead`` is the article's own
    sentence that took its place, or empty where none did.
    """

    text: str
    reasons: tuple[str, ...]
    claims: tuple[str, ...] = ()
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """A story's summary; ``engine`` names what wrote it, and says so when it fell back (``extractive: busy``).

    ``refused`` is what a model wrote and the gate kept back.
    """

    sentences: tuple[SummarySentence, ...]
    engine: str
    refused: tuple[Refusal, ...] = ()

    @property
    def text(self) -> str:
        """The sentences, one space between them."""
        return " ".join(sentence.text for sentence in self.sentences)


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who said it, as the article (or its feed's metadata) writes the name; nobody is invented.

    ``start``/``end`` say where ``name`` stands in the article's text; both None when it comes from the
    article's own authors or outlet. ``mention`` is the span next to the quote that names the speaker there
    ("he", "Rubio"), ``cue`` the span of the attribution verb. ``description`` is a slice of the article that
    says who the speaker is ("Secretary of State"), or empty.
    """

    name: str
    start: int | None
    end: int | None
    kind: SpeakerKind = "person"
    mention: tuple[int, int] | None = None
    cue: tuple[int, int] | None = None
    description: str = ""

    def stands_in(self, article: Article) -> bool:
        """Tell whether the name is written in the article at its offsets, or in its metadata."""
        if self.start is None or self.end is None:
            return bool(self.name) and self.name in (*article.authors, article.outlet)
        return bool(self.name) and article.text[self.start : self.end] == self.name


@dataclass(frozen=True, slots=True)
class Passage:
    """A slice of an article that lies within one pair of quotation marks.

    ``start``/``end`` bound the words; ``opened``/``closed`` bound the inside of the marks around them.
    A quotation that goes on in the next paragraph has no closing mark: ``closed`` is then the paragraph's end.
    """

    start: int
    end: int
    opened: int
    closed: int


_SEAL = object()


@dataclass(frozen=True, slots=True)
class Quote:
    """Words in quotation marks, verbatim from one article; made by :meth:`Quote.cut` alone.

    ``text`` is what a reader sees: the passages, with ``[…]`` wherever the article has words that are left out.
    ``confidence`` is the calibrated probability, 0 to 1, that ``speaker`` is right. ``key`` marks a quote
    chosen to be shown. ``venue`` is a slice of the article saying where it was said ("on X"), or empty.
    """

    article_id: int
    text: str
    passages: tuple[Passage, ...]
    speaker: Speaker | None
    confidence: float = 0.0
    key: bool = False
    partial: bool = False
    venue: str = ""
    seal: InitVar[object] = field(default=None)

    def __post_init__(self, seal: object) -> None:
        """Refuse every construction but :meth:`cut`'s."""
        if seal is not _SEAL:
            raise TypeError("a Quote is made by Quote.cut alone, which checks it against the article")

    @classmethod
    def cut(
        cls,
        article: Article,
        passages: Sequence[Passage],
        speaker: Speaker | None,
        *,
        confidence: float = 0.0,
        key: bool = False,
        partial: bool = False,
        venue: str = "",
    ) -> "Quote":
        """Cut a quotation out of an article, or refuse.

        Args:
            article: Where the words stand.
            passages: The slices to show, in the article's order, at least one.
            speaker: Who said it, or None when nobody is known to have.
            confidence: Probability that the speaker is right.
            key: Whether it was chosen to be shown.
            partial: Whether it is a fragment rather than a full sentence.
            venue: Where it was said, as the article tells it.

        Raises:
            NotVerbatim: A passage is not within quotation marks of the article, passages overlap or are out of
                order, or the speaker or venue does not stand in the article. ``reason`` tells which.

        """
        _check_passages(article.text, passages)
        if speaker is not None and not speaker.stands_in(article):
            raise NotVerbatim(
                "speaker", f"the speaker “{speaker.name}” does not stand in {article.url or 'the article'}"
            )
        if venue and venue not in article.text:
            raise NotVerbatim("venue", f"the venue “{venue}” does not stand in {article.url or 'the article'}")
        text = _shown(article.text, passages)
        return cls(article.id, text, tuple(passages), speaker, confidence, key, partial, venue, seal=_SEAL)

    @property
    def start(self) -> int:
        """Where its first passage starts in the article."""
        return self.passages[0].start

    @property
    def end(self) -> int:
        """Where its last passage ends in the article."""
        return self.passages[-1].end


def _check_passages(text: str, passages: Sequence[Passage]) -> None:
    """Raise NotVerbatim unless the passages are ordered slices of ``text`` within quotation marks."""
    if not passages:
        raise NotVerbatim("empty", "a quotation needs at least one passage")
    previous = 0
    for p in passages:
        if not (previous <= p.start and p.opened <= p.start < p.end <= p.closed <= len(text)):
            raise NotVerbatim("bounds", f"passage {p.start}–{p.end} is not a slice of the article in order")
        if p.opened < 1 or text[p.opened - 1] not in OPENING_MARKS:
            raise NotVerbatim("opening", f"no quotation mark opens before {p.opened}")
        # An open quotation goes on in the next paragraph: no mark closes this one (Chicago Manual of Style 13.32).
        if p.closed < len(text) and text[p.closed] not in CLOSING_MARKS and text[p.closed] not in "\r\n":
            raise NotVerbatim("closing", f"no quotation mark closes at {p.closed}")
        if not text[p.start : p.end].strip():
            raise NotVerbatim("empty", "a quotation needs words")
        previous = p.end


def _shown(text: str, passages: Sequence[Passage]) -> str:
    """Join passages as a reader sees them: white space folded, ``[…]`` wherever words are left out."""
    pieces: list[str] = []
    before = passages[0].opened
    for p in passages:
        # Between the paragraphs of one quotation there is only white space and a mark: nothing is left out there.
        if _has_words(text[before : p.start]):
            pieces.append(OMISSION)
        pieces.append(" ".join(text[p.start : p.end].split()))
        before = p.end
    if _has_words(text[before : passages[-1].closed]):
        pieces.append(OMISSION)
    return " ".join(pieces)


def _has_words(text: str) -> bool:
    """Tell whether anything a reader would miss stands in ``text``."""
    return any(c.isalnum() for c in text)


@dataclass(frozen=True, slots=True)
class Brief:
    """What we say of a story: headline, summary and quotes, each checked against its articles.

    ``headline`` is one of the articles' own titles, ``headline_article_id`` whose. ``dropped`` counts, by
    reason, what the checks removed.
    """

    story_id: int
    sources_hash: str
    headline: str
    headline_article_id: int
    summary: Summary
    quotes: tuple[Quote, ...]
    made_at: datetime
    dropped: tuple[tuple[str, int], ...] = ()
