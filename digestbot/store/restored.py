"""What makes rows from a backup safe to go on with: nobody knows what happened after it was taken."""

from datetime import datetime, timedelta

from sqlalchemy import func, insert, literal, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.store.tables import articles, metadata, posted, subscriptions

UNREAD = timedelta(hours=1)
"""How far before the end of its last edition's window an article may still get into a channel, on the safe side."""
ROOM = 1_000_000
"""How many numbers of each kind may have been given since the backup; they are never given again."""

BEGUN = text(
    "INSERT INTO sqlite_sequence (name, seq) "
    "SELECT :name, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)"
)
MOVED = text("UPDATE sqlite_sequence SET seq = seq + :room WHERE name = :name")
SEQUENCE = text("SELECT pg_get_serial_sequence(:name, 'id')")


async def count_as_posted(connection: AsyncConnection, now: datetime) -> None:
    """Let each channel count as having what it may have got after its last edition; without one, everything."""
    place = (posted.c.platform, posted.c.workspace, posted.c.channel)
    columns = (*place, posted.c.article_id, posted.c.story_id, posted.c.url, posted.c.at)
    for row in (await connection.execute(select(subscriptions).order_by(subscriptions.c.id))).all():
        here = (row.platform, row.workspace, row.channel)
        known = select(posted.c.article_id).where(*(column == value for column, value in zip(place, here, strict=True)))
        found = select(
            *(literal(value, column.type) for column, value in zip(place, here, strict=True)),
            articles.c.id,
            articles.c.story_id,
            articles.c.url,
            literal(now, posted.c.at.type),
        ).where(articles.c.id.not_in(known))
        if row.window_from is not None:
            found = found.where(articles.c.fetched_at > row.window_from - UNREAD)
        await connection.execute(insert(posted).from_select(columns, found))


async def number_on(connection: AsyncConnection) -> None:
    """Leave out the numbers that may have been given since the backup.

    A delivery of the same number would have the keys of messages that are posted already, and be taken for sent; a
    button under an old message would lead to another story.
    """
    numbered = [table for table in metadata.sorted_tables if "id" in table.c and table.c.id.primary_key]
    if connection.dialect.name == "sqlite":
        for table in (table for table in numbered if table.dialect_kwargs.get("sqlite_autoincrement")):
            await connection.execute(BEGUN, {"name": table.name})
            await connection.execute(MOVED, {"name": table.name, "room": ROOM})
        return
    for table in numbered:
        sequence = (await connection.execute(SEQUENCE, {"name": table.name})).scalar()
        if sequence:
            last = func.nextval(sequence) - 1
            await connection.execute(select(func.setval(sequence, last + ROOM)))
