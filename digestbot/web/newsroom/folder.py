"""The newsroom as a folder of files: outlets, their pieces and the words; knows nothing of feeds, HTML or HTTP.

config/demo/README.md describes the format.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal, get_args

from digestbot.domain.errors import ConfigError

FeedFormat = Literal["rss", "atom", "rdf", "json"]
ParagraphKind = Literal["text", "byline", "caption", "readmore"]
Row = Mapping[str, object]

INDEX = "newsroom.toml"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
CONTENT_TYPES: Mapping[FeedFormat, str] = {
    "rss": "application/rss+xml",
    "atom": "application/atom+xml",
    "rdf": "application/rdf+xml",
    "json": "application/feed+json",
}
OUTLET_KEYS: Mapping[str, type] = {
    "slug": str,
    "name": str,
    "format": str,
    "language": str,
    "title": str,
    "description": str,
}
ARTICLE_KEYS: Mapping[str, type] = {
    "outlet": str,
    "slug": str,
    "title": str,
    "author": str,
    "minutes_ago": int,
    "categories": list,
    "summary": str,
    "full_text_in_feed": bool,
}


@dataclass(frozen=True, slots=True)
class Outlet:
    """A publisher with one feed."""

    slug: str
    name: str
    format: FeedFormat
    language: str
    title: str
    description: str

    @property
    def feed_path(self) -> str:
        """The path of its feed on the server."""
        return f"/{self.slug}/feed.{self.format}"

    @property
    def content_type(self) -> str:
        """The media type of its feed."""
        return CONTENT_TYPES[self.format]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph; every kind but ``text`` is page furniture that no reader of the article wants."""

    kind: ParagraphKind
    text: str


@dataclass(frozen=True, slots=True)
class Piece:
    """What an outlet published: the feed's words about it and the article's own. ``published`` is aware, in UTC."""

    outlet: Outlet
    slug: str
    title: str
    author: str
    published: datetime
    categories: tuple[str, ...]
    summary: str
    full_text_in_feed: bool
    paragraphs: tuple[Paragraph, ...]

    @property
    def path(self) -> str:
        """The path of its page on the server."""
        return f"/{self.outlet.slug}/{self.slug}.html"

    @property
    def text(self) -> str:
        """The article proper, paragraphs parted by blank lines: what a good extractor returns."""
        return "\n\n".join(p.text for p in self.paragraphs if p.kind == "text")

    def furniture(self, kind: ParagraphKind) -> tuple[str, ...]:
        """Return the paragraphs of one kind in their order."""
        return tuple(p.text for p in self.paragraphs if p.kind == kind)


@dataclass(frozen=True, slots=True)
class Newsroom:
    """Outlets and what they published, the newest first; dates count back from ``now``."""

    outlets: tuple[Outlet, ...]
    pieces: tuple[Piece, ...]
    now: datetime

    @classmethod
    def load(cls, path: Path, now: datetime) -> "Newsroom":
        """Read a newsroom's folder; ``now`` is the moment its dates count back from.

        Raises:
            ConfigError: A file is missing or a key is wrong; every fault is named at once.

        """
        index = _read_index(path / INDEX)
        faults: list[str] = []
        outlet_rows = _rows(index, "outlets", OUTLET_KEYS, faults)
        piece_rows = _rows(index, "articles", ARTICLE_KEYS, faults)
        faults += _wrong_references(outlet_rows, piece_rows, path)
        if faults:
            raise ConfigError(faults)
        moment = now.astimezone(UTC).replace(microsecond=0)
        outlets = {str(row["slug"]): _outlet(row) for row in outlet_rows}
        pieces = [_piece(row, outlets[str(row["outlet"])], path, moment) for row in piece_rows]
        pieces.sort(key=lambda piece: piece.published, reverse=True)
        return cls(tuple(outlets.values()), tuple(pieces), moment)

    def outlet(self, slug: str) -> Outlet | None:
        """Return an outlet by its slug, or None."""
        return next((outlet for outlet in self.outlets if outlet.slug == slug), None)

    def piece(self, outlet: str, slug: str) -> Piece | None:
        """Return a piece by the slugs of its outlet and its own, or None."""
        return next((piece for piece in self.published_by(outlet) if piece.slug == slug), None)

    def published_by(self, outlet: str) -> tuple[Piece, ...]:
        """Return an outlet's pieces, the newest first."""
        return tuple(piece for piece in self.pieces if piece.outlet.slug == outlet)

    def feed_urls(self, base: str) -> tuple[str, ...]:
        """Return the address of every feed under a base URL, in the order of the outlets."""
        return tuple(base.rstrip("/") + outlet.feed_path for outlet in self.outlets)


def paragraphs_of(text: str) -> tuple[Paragraph, ...]:
    r"""Part a text at blank lines and tell each paragraph's kind by its marker.

    >>> paragraphs_of("[byline] By A. Writer\n\nIt rained.")
    (Paragraph(kind='byline', text='By A. Writer'), Paragraph(kind='text', text='It rained.'))
    """
    blocks = (" ".join(block.split()) for block in text.replace("\r\n", "\n").split("\n\n"))
    return tuple(_paragraph(block) for block in blocks if block)


def _paragraph(block: str) -> Paragraph:
    for kind in get_args(ParagraphKind):
        marker = f"[{kind}]"
        if block.startswith(marker):
            return Paragraph(kind, block.removeprefix(marker).strip())
    return Paragraph("text", block)


def _read_index(path: Path) -> Row:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error


def _rows(index: Row, name: str, keys: Mapping[str, type], faults: list[str]) -> list[Row]:
    """Return the tables of one list; a fault is added for each key that is missing, unknown or of the wrong type."""
    tables = index.get(name)
    if not isinstance(tables, list) or not tables:
        faults.append(f"{INDEX}: {name}: must be a list of tables")
        return []
    rows: list[Row] = []
    for number, table in enumerate(tables):
        found = _faults_of_row(table, f"{INDEX}: {name}[{number}]", keys)
        faults += found
        if not found:
            rows.append(table)
    return rows


def _faults_of_row(row: object, where: str, keys: Mapping[str, type]) -> list[str]:
    if not isinstance(row, dict):
        return [f"{where}: must be a table"]
    wrong = [
        f"{where}.{key}: must be a {kind.__name__}" for key, kind in keys.items() if type(row.get(key)) is not kind
    ]
    unknown = [f"{where}.{key}: is not a key of this list" for key in row if key not in keys]
    if "format" in keys and isinstance(row.get("format"), str) and row["format"] not in get_args(FeedFormat):
        wrong.append(f"{where}.format: must be one of {', '.join(get_args(FeedFormat))}")
    return wrong + unknown


def _wrong_references(outlets: Sequence[Row], pieces: Sequence[Row], path: Path) -> list[str]:
    known = {row["slug"] for row in outlets}
    faults = []
    for row in pieces:
        if row["outlet"] not in known:
            faults.append(f"{INDEX}: articles.outlet: there is no outlet {row['outlet']!r}")
        if not _article_path(path, row).is_file():
            faults.append(f"{_article_path(path, row)}: is missing")
    return faults


def _article_path(path: Path, row: Row) -> Path:
    return path / "articles" / f"{row['outlet']}--{row['slug']}.txt"


def _outlet(row: Row) -> Outlet:
    (form,) = (form for form in get_args(FeedFormat) if form == row["format"])
    return Outlet(
        slug=str(row["slug"]),
        name=str(row["name"]),
        format=form,
        language=str(row["language"]),
        title=str(row["title"]),
        description=str(row["description"]),
    )


def _piece(row: Row, outlet: Outlet, path: Path, now: datetime) -> Piece:
    categories = row["categories"]
    words = _article_path(path, row).read_text(encoding="utf-8")
    words = words.replace("{weekday}", WEEKDAYS[now.weekday()]).replace("{yesterday}", WEEKDAYS[now.weekday() - 1])
    return Piece(
        outlet=outlet,
        slug=str(row["slug"]),
        title=str(row["title"]),
        author=str(row["author"]),
        published=now - timedelta(minutes=int(str(row["minutes_ago"]))),
        categories=tuple(str(category) for category in categories) if isinstance(categories, list) else (),
        summary=str(row["summary"]),
        full_text_in_feed=bool(row["full_text_in_feed"]),
        paragraphs=paragraphs_of(words),
    )
