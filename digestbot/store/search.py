"""Search over stories, quotes and people: FTS5 on SQLite, text search vectors on PostgreSQL, one answer.

SQLite's index follows its tables by triggers (see the migrations). PostgreSQL's holds words folded here, since its
own folding of case and accents depends on how the database was made.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, column, func, literal_column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.news import Article
from digestbot.editorial.searching import Term, excerpt, terms
from digestbot.ports import Hit, SearchKind
from digestbot.store.normalization import fields, plain
from digestbot.store.quotes import cut_again
from digestbot.store.rows import Role, article_of
from digestbot.store.tables import articles, quotes

# ── PostgreSQL's index is written here ───────────────────────────────────────


async def index_articles(connection: AsyncConnection, changed: Mapping[int, Article]) -> None:
    """Make articles' titles and texts searchable."""
    if changed and connection.dialect.name == "postgresql":
        await connection.execute(
            text(
                "INSERT INTO article_words (article_id, words) VALUES (:id, to_tsvector('simple', :words)) "
                "ON CONFLICT (article_id) DO UPDATE SET words = excluded.words"
            ),
            [{"id": key, "words": fields(article.title, article.text)} for key, article in changed.items()],
        )


async def index_quotes(connection: AsyncConnection, changed: Mapping[int, tuple[str, str]]) -> None:
    """Make quotes searchable: by id, their text and their speaker's name."""
    if changed and connection.dialect.name == "postgresql":
        await connection.execute(
            text(
                "INSERT INTO quote_words (quote_id, words, speaker) "
                "VALUES (:id, to_tsvector('simple', :words), to_tsvector('simple', :speaker)) "
                "ON CONFLICT (quote_id) DO UPDATE SET words = excluded.words, speaker = excluded.speaker"
            ),
            [
                {"id": key, "words": fields(words, speaker), "speaker": fields(speaker)}
                for key, (words, speaker) in changed.items()
            ],
        )


# ── asking ───────────────────────────────────────────────────────────────────

_article_words = table("article_words", column("rowid"), column("article_words"), column("article_id"), column("words"))
_quote_words = table(
    "quote_words", column("rowid"), column("quote_words"), column("quote_id"), column("words"), column("speaker")
)


class SqlSearch(Role):
    """Search over what is stored."""

    async def search(
        self, words: str, *, since: datetime | None = None, limit: int = 20, kind: SearchKind | None = None
    ) -> Sequence[Hit]:
        """Return what matches all the words, newest first, over stories, quotes and people, or one kind of them."""
        wanted = terms(words)
        if not wanted:
            return ()
        recent = articles.c.fetched_at >= since if since is not None else literal_column("1") == literal_column("1")
        async with self._database.read() as connection:
            searches = [_SEARCHES[kind]] if kind else _SEARCHES.values()
            hits = [hit for search in searches for hit in await search(connection, wanted, recent, limit)]
        return sorted(hits, key=lambda hit: (hit.at, hit.story_id), reverse=True)[:limit]


async def _stories(
    connection: AsyncConnection, wanted: Sequence[Term], recent: ColumnElement[bool], limit: int
) -> Sequence[Hit]:
    """Find stories by their articles; the newest matching article's title is the line."""
    found = select(
        articles.c.id, articles.c.story_id, articles.c.title, articles.c.fetched_at, articles.c.outlet,
        articles.c.url, _place(articles.c.id, articles.c.story_id),
    )  # fmt: skip
    found = _matching(connection, found, articles.c.id, wanted, articles.c.title, articles.c.text).where(recent)
    rows = (await connection.execute(_first_of_each(found, limit))).all()
    # Read apart: sorting every match with its text would move megabytes.
    kept = select(articles.c.id, articles.c.text).where(articles.c.id.in_([row.id for row in rows]))
    texts = {row.id: row.text for row in await connection.execute(kept)}
    return [
        Hit(row.story_id, "story", row.title, row.fetched_at, "", excerpt(texts[row.id], wanted), row.outlet, row.url)
        for row in rows
    ]


async def _quotes(
    connection: AsyncConnection, wanted: Sequence[Term], recent: ColumnElement[bool], limit: int
) -> Sequence[Hit]:
    """Find quotes by their words and speakers; each is cut from its article anew before it is shown."""
    found = _matching(
        connection, _said(quotes.c.text), quotes.c.id, wanted, quotes.c.text, quotes.c.speaker
    ).where(recent)  # fmt: skip
    rows = (await connection.execute(_first_of_each(found, limit))).all()
    return [
        Hit(
            row.story_id,
            "quote",
            quote.text,
            row.fetched_at,
            quote.speaker.name if quote.speaker else "",
            outlet=row.outlet,
            url=row.url,
        )
        for row in rows
        for quote in cut_again(article_of(row), row.cut)
        if quote.text == row.said
    ]


async def _people(
    connection: AsyncConnection, wanted: Sequence[Term], recent: ColumnElement[bool], limit: int
) -> Sequence[Hit]:
    """Find people by their names, through the quotations they still have."""
    found = _matching(connection, _said(quotes.c.speaker), quotes.c.id, wanted, quotes.c.speaker).where(recent)
    rows = (await connection.execute(_first_of_each(found, limit))).all()
    return [
        Hit(row.story_id, "person", quote.speaker.name, row.fetched_at, outlet=row.outlet, url=row.url)
        for row in rows
        for quote in cut_again(article_of(row), row.cut)
        if quote.speaker and quote.speaker.kind == "person"
    ]


_SEARCHES: Mapping[SearchKind, Callable[..., Awaitable[Sequence[Hit]]]] = {
    "story": _stories,
    "quote": _quotes,
    "person": _people,
}


def _said(once: ColumnElement[Any]) -> Select[Any]:
    """Select quotes with the articles they stand in, each ``once`` value of a story counted from the newest."""
    return select(
        articles, quotes.c.cut, quotes.c.text.label("said"), _place(quotes.c.id, quotes.c.story_id, once)
    ).join(articles, (articles.c.id == quotes.c.article_id) & (articles.c.story_id == quotes.c.story_id))


def _place(last: ColumnElement[Any], *group: ColumnElement[Any]) -> ColumnElement[int]:
    order = (articles.c.fetched_at.desc(), last.desc())
    return func.row_number().over(partition_by=group, order_by=order).label("place")


def _first_of_each(found: Select[Any], limit: int) -> Select[Any]:
    hits = found.subquery("hits")
    return select(hits).where(hits.c.place == 1).order_by(hits.c.fetched_at.desc(), hits.c.story_id.desc()).limit(limit)


def _matching(
    connection: AsyncConnection,
    found: Select[Any],
    row_id: ColumnElement[int],
    wanted: Sequence[Term],
    *columns: ColumnElement[str],
) -> Select[Any]:
    """Hold rows to those in which every term matches: words by the index, scripts without spaces by the letters."""
    loose = [term for term in wanted if term.anywhere]
    # Each in one column, as a phrase may not reach from one into the other.
    for term in loose:
        found = found.where(reduce(lambda one, other: one | other, [_has(column, term.typed) for column in columns]))
    words = [term for term in wanted if not term.anywhere]
    if not words:
        return found
    index = _article_words if row_id is articles.c.id else _quote_words
    field = "speaker" if index is _quote_words and len(columns) == 1 else ""
    if connection.dialect.name == "sqlite":
        query = " AND ".join(_fts5(term) for term in words)
        query = f"{field} : ({query})" if field else query
        return found.join(index, row_id == index.c.rowid).where(index.c[index.name].op("MATCH")(query))
    key = index.c.article_id if index is _article_words else index.c.quote_id
    both = reduce(lambda one, other: one.op("&&")(other), (_tsquery(term) for term in words))
    return found.join(index, and_(row_id == key, index.c[field or "words"].op("@@")(both)))


def _has(column: ColumnElement[str], typed: str) -> ColumnElement[bool]:
    return column.icontains(typed, autoescape=True)


def _fts5(term: Term) -> str:
    """Return a term for FTS5: quoted, it is words and never syntax (sqlite.org/fts5.html, 3.1 and 3.3)."""
    return f'"{plain(term.typed)}"{" *" if term.begins else ""}'


def _tsquery(term: Term) -> ColumnElement[Any]:
    """Return a term for PostgreSQL; its words are letters and digits alone, so nothing in them is syntax."""
    asked = " <-> ".join(term.words) + (":*" if term.begins else "")
    return func.to_tsquery(literal_column("'simple'::regconfig"), asked)
