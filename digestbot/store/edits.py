"""What an edit costs: the version that was quoted is kept, and what readers were shown and is gone is written down."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, exists, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.news import Article, Quote
from digestbot.store.quotes import cut_again
from digestbot.store.rows import article_of
from digestbot.store.tables import lost_quotes, posted, quotes, versions

_PLAIN = str.maketrans("“”„«»‘’‚‹›", "\"\"\"\"\"'''''")
"""Marks of one kind are one mark: a publisher who changes their shape has taken nothing back."""


async def keep_quoted(connection: AsyncConnection, row: Row[Any], edit: Article, now: datetime) -> None:
    """Keep the version in ``row`` if it was quoted; note the quotations shown that ``edit`` no longer has."""
    before = article_of(row)
    statement = select(quotes.c.cut).where(quotes.c.article_id == row.id).order_by(quotes.c.id)
    cuts = (await connection.execute(statement)).scalars().all()
    made = [quote for cut in cuts for quote in cut_again(before, cut)]
    if not made:
        return
    await connection.execute(
        insert(versions).values(article_id=row.id, title=before.title, text=before.text, until=now)
    )
    was_posted = select(exists().where(posted.c.article_id == row.id))
    if (await connection.execute(was_posted)).scalar():
        await _note_lost(connection, row.id, gone([quote for quote in made if quote.key], before, edit), now)


def gone(shown: Sequence[Quote], before: Article, after: Article) -> list[Quote]:
    """Return the quotations of one version whose words do not stand in another, each text once."""
    text = _plain(after.text)
    lost = {
        quote.text: quote
        for quote in shown
        if not all(_plain(before.text[p.start : p.end]) in text for p in quote.passages)
    }
    return list(lost.values())


def _plain(text: str) -> str:
    return " ".join(text.translate(_PLAIN).split())


async def _note_lost(connection: AsyncConnection, article_id: int, lost: Sequence[Quote], now: datetime) -> None:
    known = select(lost_quotes.c.text).where(lost_quotes.c.article_id == article_id)
    there = set((await connection.execute(known)).scalars())
    for quote in lost:
        if quote.text not in there:
            speaker = quote.speaker.name if quote.speaker else ""
            await connection.execute(
                insert(lost_quotes).values(article_id=article_id, text=quote.text, speaker=speaker, at=now)
            )
