"""Briefs by story and key; a stored quotation is verified again every time it is loaded."""

from collections import Counter
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Brief, Quote
from digestbot.store.database import new_id, put
from digestbot.store.documents import quote_to_json, summary_from_json, summary_to_json
from digestbot.store.quotes import cut_again
from digestbot.store.rows import Role, article_of
from digestbot.store.search import index_quotes
from digestbot.store.tables import articles, briefs, quotes, stories


class SqlBriefs(Role):
    """The briefs' half of the NewsStore port on a database."""

    async def brief(self, story_id: int, key: str) -> Brief | None:
        """Return the brief of a story made under ``key``, its quotes cut anew, or None."""
        async with self._database.read() as connection:
            chosen = select(briefs).where(briefs.c.story_id == story_id, briefs.c.key == key)
            row = (await connection.execute(chosen)).first()
            if row is None:
                return None
            return await brief_of(connection, row)

    async def save_brief(self, key: str, brief: Brief) -> None:
        """Keep a brief under its key; saving the same key again replaces it."""
        row = {
            "story_id": brief.story_id,
            "key": key,
            "sources_hash": brief.sources_hash,
            "headline": brief.headline,
            "headline_article_id": brief.headline_article_id,
            "summary": summary_to_json(brief.summary),
            "dropped": [list(pair) for pair in brief.dropped],
            "made_at": brief.made_at,
        }
        async with self._database.write() as connection:
            held = select(stories.c.id).where(stories.c.id == brief.story_id).with_for_update(key_share=True)
            if (await connection.execute(held)).first() is None:
                raise NotFound("story", brief.story_id)
            await put(connection, briefs, row, "story_id", "key")
            mine = (quotes.c.story_id == brief.story_id) & (quotes.c.brief_key == key)
            await connection.execute(delete(quotes).where(mine))
            await _insert(connection, key, brief)


async def brief_of(connection: AsyncConnection, row: Row[Any]) -> Brief:
    """Return the brief of a row of ``briefs``, its quotes cut anew; one that no longer stands counts as dropped."""
    dropped = Counter({reason: int(count) for reason, count in row.dropped})
    kept = await _quotes(connection, row.story_id, row.key, dropped)
    return Brief(
        story_id=row.story_id,
        sources_hash=row.sources_hash,
        headline=row.headline,
        headline_article_id=row.headline_article_id,
        summary=summary_from_json(row.summary),
        quotes=kept,
        made_at=row.made_at,
        dropped=tuple(dropped.items()),
    )


async def _quotes(connection: AsyncConnection, story_id: int, key: str, dropped: Counter[str]) -> tuple[Quote, ...]:
    """Cut a brief's quotes from the story's articles; an article that left the story takes its quotes along."""
    statement = (
        select(articles, quotes.c.cut)
        .join(quotes, (quotes.c.article_id == articles.c.id) & (quotes.c.story_id == articles.c.story_id))
        .where(quotes.c.story_id == story_id, quotes.c.brief_key == key)
        .order_by(quotes.c.number)
    )
    rows = await connection.execute(statement)
    return tuple(quote for row in rows for quote in cut_again(article_of(row), row.cut, dropped))


async def _insert(connection: AsyncConnection, key: str, brief: Brief) -> None:
    indexed: dict[int, tuple[str, str]] = {}
    for number, quote in enumerate(brief.quotes):
        said = (quote.text, quote.speaker.name if quote.speaker else "")
        row = {
            "story_id": brief.story_id,
            "brief_key": key,
            "number": number,
            "article_id": quote.article_id,
            "cut": quote_to_json(quote),
            "text": said[0],
            "speaker": said[1],
        }
        result = await connection.execute(insert(quotes).values(row))
        indexed[new_id(result)] = said
    await index_quotes(connection, indexed)
