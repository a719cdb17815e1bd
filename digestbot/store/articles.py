"""Articles going in, and what a story is computed from: centroid, outlets, times; works inside a transaction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from itertools import groupby
from typing import Any

import numpy as np
from sqlalchemy import Insert, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Article
from digestbot.ports import NewArticle, RefreshRecord, Vector
from digestbot.store.columns import storable, stored_key
from digestbot.store.database import batches
from digestbot.store.edits import keep_quoted
from digestbot.store.search import index_articles
from digestbot.store.tables import articles, merged, stories, vectors

ORDER = (articles.c.fetched_at, articles.c.id)
"""Oldest first, by when we fetched it: a publisher's re-dating reorders nothing, so the sources' hash stays."""

# Built once: putting a statement together costs more than the database takes to run it.
_MINE = select(articles.c.feed_id, articles.c.key).where(
    articles.c.feed_id.in_(bindparam("b_feeds", expanding=True)),
    articles.c.key.in_(bindparam("b_keys", expanding=True)),
)
_LEFT = (
    select(articles.c.id, articles.c.key, articles.c.url)
    .where(articles.c.feed_id.is_(None), articles.c.key.in_(bindparam("b_keys", expanding=True)))
    .order_by(articles.c.id)
)
_STARTED = insert(stories).returning(stories.c.id, sort_by_parameter_order=True)
_WRITTEN = insert(articles).returning(articles.c.id, sort_by_parameter_order=True)
_DIRECTED = insert(vectors)
_MEMBERS = (
    select(articles.c.story_id, articles.c.outlet, articles.c.hash, articles.c.fetched_at, vectors.c.vector)
    .outerjoin(vectors)
    .where(articles.c.story_id.in_(bindparam("b_ids", expanding=True)))
    .order_by(articles.c.story_id, *ORDER)
)
_COMPUTED = ("centroid", "sources_hash", "outlets", "first_seen", "last_seen")
_REBUILT = update(stories).where(stories.c.id == bindparam("b_id")).values({n: bindparam(f"b_{n}") for n in _COMPUTED})
_MERGED = select(merged).where(merged.c.story_id.in_(bindparam("b_ids", expanding=True)))
_STANDING = (
    select(stories.c.id)
    .where(stories.c.id.in_(bindparam("b_ids", expanding=True)))
    .order_by(stories.c.id)
    .with_for_update()
)


def cleaned(article: Article) -> Article:
    """Return the article as a database holds it, so that its hash is that of what is read back."""
    return replace(article, title=storable(article.title), text=storable(article.text), key=stored_key(article.key))


def centroid(members: Sequence[Vector]) -> Vector:
    """Return the mean of unit vectors as a unit vector, shape (384,)."""
    mean = np.mean(np.stack(members), axis=0, dtype=np.float64)
    length = float(np.linalg.norm(mean))
    unit: Vector = np.asarray(mean / length if length else mean, dtype=np.float32)
    return unit


@dataclass(frozen=True, slots=True)
class NewRow:
    """An article to store: the feed it is of, its key as stored, and what is new."""

    feed_id: int
    key: str
    item: NewArticle


async def store_articles(
    connection: AsyncConnection, new: Sequence[NewRow], now: datetime
) -> dict[int, dict[str, int]]:
    """Store articles of different feeds and keys, each in its story; return the stories by feed and article key.

    One that is stored already is left out.
    """
    there = await _already_there(connection, new)
    rows = [row for row in new if (row.feed_id, row.key) not in there]
    if not rows:
        return {}
    homes = await _homes(connection, [row.item for row in rows], now)
    await _insert(connection, rows, homes, now)
    await rebuild(connection, homes)
    went: dict[int, dict[str, int]] = {}
    for row, home in zip(rows, homes, strict=True):
        went.setdefault(row.feed_id, {})[row.item.article.key] = home
    return went


async def _already_there(connection: AsyncConnection, new: Sequence[NewRow]) -> set[tuple[int, str]]:
    """Return feed and key of what is stored, taking over the articles that a removed feed left behind."""
    there: set[tuple[int, str]] = set()
    left: dict[tuple[str, str], list[int]] = {}
    for part in batches(new):
        keys = [row.key for row in part]
        mine = {"b_feeds": sorted({row.feed_id for row in part}), "b_keys": keys}
        there.update((row.feed_id, row.key) for row in await connection.execute(_MINE, mine))
        for orphan in await connection.execute(_LEFT, {"b_keys": keys}):
            left.setdefault((orphan.key, orphan.url), []).append(orphan.id)
    for row in new if left else ():
        waiting = left.get((row.key, storable(row.item.article.url)))
        if waiting and (row.feed_id, row.key) not in there:
            await connection.execute(
                update(articles).where(articles.c.id == waiting.pop(0)).values(feed_id=row.feed_id)
            )
            there.add((row.feed_id, row.key))
    return there


async def _homes(connection: AsyncConnection, new: Sequence[NewArticle], now: datetime) -> list[int]:
    """Return the story of each new article, starting those that are not there yet."""
    named = sorted({item.story_id for item in new if item.story_id is not None and item.story_id > 0})
    standing = await hold_stories(connection, named)
    # Without a number every article starts a story of its own; with one (negative, or gone) they share it.
    marks = [item.story_id or f"alone {place}" for place, item in enumerate(new)]
    first = {mark: item.vector for mark, item in zip(reversed(marks), reversed(new), strict=True)}
    starting = [mark for mark in dict.fromkeys(marks) if mark not in standing]
    started = dict(zip(starting, await start_stories(connection, [first[m] for m in starting], now), strict=True))
    return [standing[mark] if isinstance(mark, int) and mark in standing else started[mark] for mark in marks]


async def hold_stories(connection: AsyncConnection, story_ids: Sequence[int]) -> dict[int, int]:
    """Lock stories against other writers; return where each number leads: to itself, or where it was merged into."""
    lead = {story_id: story_id for story_id in story_ids}
    for batch in batches(list(story_ids)):
        lead.update({row.story_id: row.into_id for row in await connection.execute(_MERGED, {"b_ids": batch})})
    standing: set[int] = set()
    # In the order of their ids, so that two writers never wait for each other.
    for batch in batches(sorted(set(lead.values()))):
        standing.update((await connection.execute(_STANDING, {"b_ids": batch})).scalars())
    return {story_id: home for story_id, home in lead.items() if home in standing}


async def start_stories(connection: AsyncConnection, of: Sequence[Vector], now: datetime) -> Sequence[int]:
    """Insert a story for each vector, which :func:`rebuild` fills from its articles; return their ids in order."""
    rest = {"first_seen": now, "last_seen": now, "sources_hash": "", "outlets": 0}
    return await _ids(connection, _STARTED, [{"centroid": vector, **rest} for vector in of])


async def _insert(connection: AsyncConnection, new: Sequence[NewRow], homes: Sequence[int], now: datetime) -> None:
    clean = [cleaned(row.item.article) for row in new]
    rows = [
        _columns(article)
        | {"story_id": home, "feed_id": row.feed_id, "key": row.key}
        | {"fetched_at": max(now, article.fetched_at or now)}
        for row, home, article in zip(new, homes, clean, strict=True)
    ]
    ids = await _ids(connection, _WRITTEN, rows)
    directions = [{"article_id": key, "vector": row.item.vector} for key, row in zip(ids, new, strict=True)]
    await connection.execute(_DIRECTED, directions)
    await index_articles(connection, dict(zip(ids, clean, strict=True)))


async def _ids(connection: AsyncConnection, statement: Insert, rows: Sequence[Mapping[str, Any]]) -> Sequence[int]:
    """Insert rows and return the ids the database gave them, in their order."""
    return list((await connection.execute(statement, list(rows))).scalars()) if rows else []


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
        rows = (await connection.execute(_MEMBERS, {"b_ids": batch})).all()
        changed += [
            _computed(story_id, list(group)) for story_id, group in groupby(rows, lambda row: int(row.story_id))
        ]
    if changed:
        await connection.execute(_REBUILT, changed)


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
