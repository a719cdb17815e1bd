"""Articles going in, and what a story is computed from: centroid, outlets, times; works inside a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

import numpy as np
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Article
from digestbot.ports import NewArticle, RefreshRecord, Vector
from digestbot.store.columns import storable, stored_key
from digestbot.store.database import batches, new_id
from digestbot.store.edits import keep_quoted
from digestbot.store.search import index_articles
from digestbot.store.tables import articles, merged, stories, vectors

ORDER = (articles.c.fetched_at, articles.c.id)
"""Oldest first, by when we fetched it: a publisher's re-dating reorders nothing, so the sources' hash stays."""


def cleaned(article: Article) -> Article:
    """Return the article as a database holds it, so that its hash is that of what is read back."""
    return replace(article, title=storable(article.title), text=storable(article.text), key=stored_key(article.key))


def centroid(members: Sequence[Vector]) -> Vector:
    """Return the mean of unit vectors as a unit vector, shape (384,)."""
    mean = np.mean(np.stack(members), axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    unit: Vector = np.asarray(mean / length if length else mean, dtype=np.float32)
    return unit


async def store_articles(
    connection: AsyncConnection, record: RefreshRecord, fresh: set[str], now: datetime
) -> Mapping[str, int]:
    """Store the record's articles whose keys are ``fresh``, each in its story; return the stories by key."""
    new: dict[str, NewArticle] = {}
    for item in record.articles:
        if (key := stored_key(item.article.key)) in fresh:
            new.setdefault(key, item)
    for key in await _already_there(connection, record.feed_id, new):
        del new[key]
    if not new:
        return {}
    homes = await _homes(connection, list(new.values()), now)
    stored = {}
    for key, item in new.items():
        story_id = stored[key] = homes[id(item)]
        await _insert(connection, item, record.feed_id, story_id, now)
    await rebuild(connection, stored.values())
    return {item.article.key: stored[key] for key, item in new.items()}


async def _already_there(connection: AsyncConnection, feed_id: int, new: Mapping[str, NewArticle]) -> set[str]:
    """Return the keys whose articles are stored, taking over those that a removed feed left behind."""
    there: set[str] = set()
    for batch in batches(list(new)):
        mine = select(articles.c.key).where(articles.c.feed_id == feed_id, articles.c.key.in_(batch))
        there.update((await connection.execute(mine)).scalars())
        left = select(articles.c.id, articles.c.key, articles.c.url).where(
            articles.c.feed_id.is_(None), articles.c.key.in_(batch)
        )
        for row in (await connection.execute(left.order_by(articles.c.id))).all():
            if row.key not in there and row.url == storable(new[row.key].article.url):
                await connection.execute(update(articles).where(articles.c.id == row.id).values(feed_id=feed_id))
                there.add(row.key)
    return there


async def _homes(connection: AsyncConnection, new: Sequence[NewArticle], now: datetime) -> dict[int, int]:
    """Return the story of each new article by the object's identity, starting those that are not there yet."""
    named = sorted({item.story_id for item in new if item.story_id is not None and item.story_id > 0})
    standing = await hold_stories(connection, named)
    started: dict[int | None, int] = {}
    homes: dict[int, int] = {}
    for item in new:
        home = standing.get(item.story_id) if item.story_id else None
        if home is None:
            # Without a number every article starts a story of its own; with one (negative, or gone) they share it.
            home = started.get(item.story_id) if item.story_id else None
            home = home or await start_story(connection, item.vector, now)
            started[item.story_id] = home
        homes[id(item)] = home
    return homes


async def hold_stories(connection: AsyncConnection, story_ids: Sequence[int]) -> dict[int, int]:
    """Lock stories against other writers; return where each number leads: to itself, or where it was merged into."""
    lead = {story_id: story_id for story_id in story_ids}
    for batch in batches(list(story_ids)):
        rows = await connection.execute(select(merged).where(merged.c.story_id.in_(batch)))
        lead.update({row.story_id: row.into_id for row in rows})
    standing: set[int] = set()
    # In the order of their ids, so that two writers never wait for each other.
    for batch in batches(sorted(set(lead.values()))):
        statement = select(stories.c.id).where(stories.c.id.in_(batch)).order_by(stories.c.id).with_for_update()
        standing.update((await connection.execute(statement)).scalars())
    return {story_id: home for story_id, home in lead.items() if home in standing}


async def start_story(connection: AsyncConnection, vector: Vector, now: datetime) -> int:
    """Insert a story that :func:`rebuild` fills from its articles; return its id."""
    row = {"first_seen": now, "last_seen": now, "centroid": vector, "sources_hash": "", "outlets": 0}
    return new_id(await connection.execute(insert(stories).values(row)))


async def _insert(connection: AsyncConnection, new: NewArticle, feed_id: int, story_id: int, now: datetime) -> None:
    article = cleaned(new.article)
    fetched_at = max(now, article.fetched_at or now)
    row = _columns(article) | {"story_id": story_id, "feed_id": feed_id, "key": article.key, "fetched_at": fetched_at}
    article_id = new_id(await connection.execute(insert(articles).values(row)))
    await connection.execute(insert(vectors).values(article_id=article_id, vector=new.vector))
    await index_articles(connection, {article_id: article})


def _columns(article: Article) -> dict[str, Any]:
    """Return the columns of what an article says."""
    return {
        "url": article.url,
        "title": article.title,
        "text": article.text,
        "outlet": article.outlet,
        "authors": list(article.authors),
        "categories": list(article.categories),
        "published": article.published,
        "language": article.language,
        "hash": article.hash,
    }


async def edit_articles(connection: AsyncConnection, record: RefreshRecord, now: datetime) -> None:
    """Write what publishers changed in articles already stored; an unknown article is left alone.

    The version that was quoted is kept, and what readers were shown and is gone is written down.
    """
    touched: dict[int, Article] = {}
    homes: set[int] = set()
    for edit in map(cleaned, record.edits):
        by_key = (articles.c.feed_id == record.feed_id) & (articles.c.key == edit.key)
        found = select(articles).where(articles.c.id == edit.id if edit.id else by_key).with_for_update()
        row = (await connection.execute(found)).first()
        if row is None:
            continue
        if row.hash != edit.hash:
            await keep_quoted(connection, row, edit, now)
        await connection.execute(update(articles).where(articles.c.id == row.id).values(_columns(edit)))
        if row.hash != edit.hash or row.outlet != edit.outlet:
            touched[row.id] = edit
            homes.add(row.story_id)
    await index_articles(connection, touched)
    await hold_stories(connection, sorted(homes))
    await rebuild(connection, homes)


async def rebuild(connection: AsyncConnection, story_ids: Iterable[int]) -> None:
    """Compute stories anew from their articles: centroid, hash of sources, outlets, first and last seen."""
    changed: list[dict[str, Any]] = []
    for batch in batches(sorted(set(story_ids))):
        statement = (
            select(articles.c.story_id, articles.c.outlet, articles.c.hash, articles.c.fetched_at, vectors.c.vector)
            .outerjoin(vectors)
            .where(articles.c.story_id.in_(batch))
            .order_by(articles.c.story_id, *ORDER)
        )
        rows = (await connection.execute(statement)).all()
        changed += [
            _computed(story_id, list(group)) for story_id, group in groupby(rows, lambda row: int(row.story_id))
        ]
    if changed:
        names = ("centroid", "sources_hash", "outlets", "first_seen", "last_seen")
        await connection.execute(
            update(stories).where(stories.c.id == bindparam("b_id")).values({n: bindparam(f"b_{n}") for n in names}),
            changed,
        )


def _computed(story_id: int, members: Sequence[Any]) -> dict[str, Any]:
    return {
        "b_id": story_id,
        "b_centroid": centroid([row.vector for row in members if row.vector is not None]),
        "b_sources_hash": sha256("".join(row.hash for row in members).encode()).hexdigest(),
        "b_outlets": len({row.outlet for row in members}),
        "b_first_seen": members[0].fetched_at,
        "b_last_seen": members[-1].fetched_at,
    }


async def held_articles(connection: AsyncConnection, article_ids: Sequence[int]) -> dict[int, int]:
    """Return the story of each article.

    Raises:
        NotFound: There is no such article.

    """
    homes: dict[int, int] = {}
    for batch in batches(list(article_ids)):
        rows = await connection.execute(select(articles.c.id, articles.c.story_id).where(articles.c.id.in_(batch)))
        homes.update({row.id: row.story_id for row in rows})
    for article_id in article_ids:
        if article_id not in homes:
            raise NotFound("article", article_id)
    return homes
