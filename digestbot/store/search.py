"""Search over stories, quotes and people: FTS5 on SQLite, text search vectors on PostgreSQL, one answer.

SQLite's index follows its tables by triggers (see the migrations). PostgreSQL's holds words folded here, since its
own folding of case and accents depends on how the database was made.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import Any

from sqlalchemy import ColumnElement, Select, TableClause, column, func, literal_column, select, table, text
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.news import Article
from digestbot.ports import Hit, SearchKind
from digestbot.store.cutting import cut_again
from digestbot.store.folding import fields, folded, plain, terms
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
    connection: AsyncConnection, wanted: Sequence[str], recent: ColumnElement[bool], limit: int
) -> Sequence[Hit]:
    """Find stories by their articles; the newest matching article's title is the line."""
    joined, matching = _matching(connection, _article_words, articles.c.id, wanted)
    found = (
        select(articles.c.story_id, articles.c.title, articles.c.fetched_at, _place(articles.c.id, articles.c.story_id))
        .join(_article_words, joined)
        .where(matching, recent)
    )
    rows = await connection.execute(_first_of_each(found, limit))
    return [Hit(row.story_id, "story", row.title, row.fetched_at) for row in rows]


async def _quotes(
    connection: AsyncConnection, wanted: Sequence[str], recent: ColumnElement[bool], limit: int
) -> Sequence[Hit]:
    """Find quotes by their words and speakers; each is cut from its article anew before it is shown."""
    joined, matching = _matching(connection, _quote_words, quotes.c.id, wanted)
    found = _said(quotes.c.text).join(_quote_words, joined).where(matching, recent)
    rows = (await connection.execute(_first_of_each(found, limit))).all()
    return [
        Hit(row.story_id, "quote", quote.text, row.fetched_at, quote.speaker.name if quote.speaker else "")
        for row in rows
        for quote in cut_again(article_of(row), row.cut)
        if quote.text == row.said
    ]


async def _people(
    connection: AsyncConnection, wanted: Sequence[str], recent: ColumnElement[bool], limit: int
) -> Sequence[Hit]:
    """Find people by their names, through the quotations they still have."""
    joined, matching = _matching(connection, _quote_words, quotes.c.id, wanted, field="speaker")
    found = _said(quotes.c.speaker).join(_quote_words, joined).where(matching, recent)
    rows = (await connection.execute(_first_of_each(found, limit))).all()
    return [
        Hit(row.story_id, "person", quote.speaker.name, row.fetched_at)
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
    connection: AsyncConnection, index: TableClause, row_id: ColumnElement[int], wanted: Sequence[str], field: str = ""
) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return how an index joins its table, and the condition that every term matches."""
    if connection.dialect.name == "sqlite":
        # Quoted, a term is words and never syntax (sqlite.org/fts5.html, 3.1).
        words = " AND ".join(f'"{plain(term)}"' for term in wanted)
        query = f"{field} : ({words})" if field else words
        return row_id == index.c.rowid, index.c[index.name].op("MATCH")(query)
    asked = (func.phraseto_tsquery(literal_column("'simple'::regconfig"), " ".join(folded(term))) for term in wanted)
    key = index.c.article_id if index is _article_words else index.c.quote_id
    both: ColumnElement[Any] = reduce(lambda one, other: one.op("&&")(other), asked)
    return row_id == key, index.c[field or "words"].op("@@")(both)
