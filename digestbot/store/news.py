"""Stories and their articles: what clustering, editions and managers ask of the store."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Article, Story
from digestbot.domain.subscription import Length
from digestbot.ports import OpenStory, Vector, brief_key
from digestbot.store.articles import ORDER, held_articles, hold_stories, rebuild, start_stories
from digestbot.store.database import MOST_VALUES, batches, insert_new
from digestbot.store.rows import Role, article_of
from digestbot.store.tables import apart, articles, briefs, merged, stories, vectors


class SqlNews(Role):
    """The stories' half of the NewsStore port on a database."""

    async def open_stories(self, since: datetime) -> Sequence[OpenStory]:
        """Return the stories with an article since then, by id."""
        async with self._database.read() as connection:
            found = await _stories(connection, stories.c.last_seen >= since)
        return [OpenStory(row.id, row.centroid, members, row.first_seen, row.last_seen) for row, members in found]

    async def story(self, story_id: int) -> Story:
        """Return one story with its articles; a merged one leads to where it went."""
        async with self._database.read() as connection:
            into = (await connection.execute(select(merged.c.into_id).where(merged.c.story_id == story_id))).scalar()
            for story in await _told(connection, stories.c.id == (into or story_id)):
                return story
        raise NotFound("story", story_id)

    async def stories(self, since: datetime, until: datetime, feeds: Sequence[int] = ()) -> Sequence[Story]:
        """Return the stories with an article fetched in ``(since, until]``, by id; of those feeds when given."""
        within = and_(articles.c.fetched_at > since, articles.c.fetched_at <= until)
        told = select(articles.c.story_id).where(within)
        async with self._database.read() as connection:
            if len(feeds) <= MOST_VALUES:
                few = told.where(articles.c.feed_id.in_(feeds)) if feeds else told
                return await _told(connection, stories.c.id.in_(few))
            # More feeds than one statement takes values: they are told apart here.
            wanted = frozenset(feeds)
            rows = await connection.execute(told.add_columns(articles.c.feed_id).distinct())
            ids = sorted({row.story_id for row in rows if row.feed_id in wanted})
            return [one for batch in batches(ids) for one in await _told(connection, stories.c.id.in_(batch))]

    async def stale_stories(self, since: datetime, engine: str, length: Length, limit: int = 50) -> Sequence[Story]:
        """Return stories since then without a brief under their present key, most outlets first."""
        key = stories.c.sources_hash + brief_key("", engine, length)
        fresh = exists().where(briefs.c.story_id == stories.c.id, briefs.c.key == key)
        order = (stories.c.outlets.desc(), stories.c.last_seen.desc(), stories.c.id)
        statement = select(stories.c.id).where(stories.c.last_seen >= since, ~fresh).order_by(*order).limit(limit)
        async with self._database.read() as connection:
            wanted = list((await connection.execute(statement)).scalars())
            found = {
                story.id: story for ids in batches(wanted) for story in await _told(connection, stories.c.id.in_(ids))
            }
        return [found[story_id] for story_id in wanted]

    async def article_by_url(self, url: str) -> Article | None:
        """Return the stored article at an address, or None; the latest where there are several."""
        statement = select(articles).where(articles.c.url == url).order_by(articles.c.id.desc()).limit(1)
        async with self._database.read() as connection:
            row = (await connection.execute(statement)).first()
        return article_of(row) if row else None

    async def vectors(self, article_ids: Sequence[int]) -> Mapping[int, Vector]:
        """Return the stored vectors of articles."""
        found: dict[int, Vector] = {}
        async with self._database.read() as connection:
            for batch in batches(list(article_ids)):
                rows = await connection.execute(select(vectors).where(vectors.c.article_id.in_(batch)))
                found.update({row.article_id: row.vector for row in rows})
        return found

    async def move_articles(self, article_ids: Sequence[int], story_id: int | None) -> int:
        """Move articles into a story (None: a new one) and return its id; a manager's decision, which sticks."""
        if not article_ids:
            raise NotFound("article", "none", hint="name at least one")
        async with self._database.write() as connection:
            homes = set((await held_articles(connection, article_ids)).values())
            target = await _target(connection, article_ids, homes, story_id)
            for batch in batches(list(article_ids)):
                await connection.execute(update(articles).where(articles.c.id.in_(batch)).values(story_id=target))
            left = homes - {target}
            for emptied in await _emptied(connection, left):
                await _lead(connection, emptied, target)
                left.discard(emptied)
            await insert_new(connection, apart, [_pair(home, target) for home in sorted(left)], "story_id", "other_id")
            await rebuild(connection, {*left, target})
            return target

    async def join_stories(self, story_ids: Sequence[int], into_id: int) -> int:
        """Join whole stories into one, with all that has come to them by now, and return its id."""
        async with self._database.write() as connection:
            standing = await hold_stories(connection, sorted({*story_ids, into_id}))
            if into_id not in standing:
                raise NotFound("story", into_id)
            target = standing[into_id]
            others = {standing[number] for number in story_ids if number in standing} - {target}
            for other in sorted(others):
                await connection.execute(update(articles).where(articles.c.story_id == other).values(story_id=target))
                await _lead(connection, other, target)
            await rebuild(connection, {target} if others else ())
            return target

    async def kept_apart(self, story_ids: Sequence[int]) -> frozenset[tuple[int, int]]:
        """Return the pairs among these stories, lower id first, that a manager split."""
        asked = set(story_ids)
        pairs: set[tuple[int, int]] = set()
        async with self._database.read() as connection:
            for batch in batches(sorted(asked)):
                rows = await connection.execute(select(apart).where(apart.c.story_id.in_(batch)))
                pairs.update((row.story_id, row.other_id) for row in rows if row.other_id in asked)
        return frozenset(pairs)


async def _stories(
    connection: AsyncConnection, condition: ColumnElement[bool]
) -> Sequence[tuple[Any, tuple[Article, ...]]]:
    """Return the rows of stories with their articles, by id."""
    rows = (await connection.execute(select(stories).where(condition).order_by(stories.c.id))).all()
    ids = select(stories.c.id).where(condition)
    statement = select(articles).where(articles.c.story_id.in_(ids)).order_by(articles.c.story_id, *ORDER)
    found = await connection.execute(statement)
    members = {
        story_id: tuple(article_of(row) for row in group)
        for story_id, group in groupby(found.all(), lambda row: row.story_id)
    }
    # On PostgreSQL the two statements may see two states; a story that came or went between them is left out.
    return [(row, members[row.id]) for row in rows if row.id in members]


async def _told(connection: AsyncConnection, condition: ColumnElement[bool]) -> Sequence[Story]:
    found = await _stories(connection, condition)
    return [Story(row.id, members, row.first_seen, row.last_seen) for row, members in found]


async def _target(
    connection: AsyncConnection, article_ids: Sequence[int], homes: set[int], story_id: int | None
) -> int:
    """Lock every story a move touches and return the one the articles go to, started if need be."""
    standing = await hold_stories(connection, sorted(homes | ({story_id} if story_id is not None else set())))
    if story_id is not None:
        if story_id not in standing:
            raise NotFound("story", story_id)
        return standing[story_id]
    first = await connection.execute(
        select(vectors.c.vector, articles.c.fetched_at).join(articles).where(articles.c.id == article_ids[0])
    )
    row = first.one()
    (story,) = await start_stories(connection, [row.vector], row.fetched_at)
    return story


async def _emptied(connection: AsyncConnection, story_ids: set[int]) -> set[int]:
    """Return those of the stories that have no article left."""
    full: set[int] = set()
    for batch in batches(sorted(story_ids)):
        statement = select(articles.c.story_id).where(articles.c.story_id.in_(batch)).distinct()
        full.update((await connection.execute(statement)).scalars())
    return story_ids - full


async def _lead(connection: AsyncConnection, story_id: int, target: int) -> None:
    """Remove a story without articles; its number, and what was kept apart from it, pass to the target."""
    await connection.execute(update(merged).where(merged.c.into_id == story_id).values(into_id=target))
    await insert_new(connection, merged, [{"story_id": story_id, "into_id": target}], "story_id")
    mine = (apart.c.story_id == story_id) | (apart.c.other_id == story_id)
    pairs = (await connection.execute(select(apart).where(mine))).all()
    others = {row.story_id + row.other_id - story_id for row in pairs} - {target}
    await insert_new(connection, apart, [_pair(other, target) for other in sorted(others)], "story_id", "other_id")
    await connection.execute(delete(stories).where(stories.c.id == story_id))


def _pair(one: int, other: int) -> dict[str, int]:
    return {"story_id": min(one, other), "other_id": max(one, other)}
