"""A process that writes to a store without end, to be killed: says in a line what is written, once it is.

Started as ``python -m tests.rigs.store_writer``, it forks one writer for each address read from stdin, so that only
the first pays for the imports. A line on stdout is one system call: what was told was written before.
"""

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

from digestbot.domain.digest import Edition, Receipt
from digestbot.domain.subscription import Channel, Subscription
from digestbot.ports import RefreshRecord, Store, brief_key
from digestbot.store import open_store
from tests.store.making import brief, digest, messages, new

START = datetime(2026, 4, 15, 8, 0, tzinfo=UTC)
ARTICLES = 4
PARTS = 3


def tell(*words: object) -> None:
    """Say that something is written."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def keys_of(feed_id: int, turn: int) -> list[str]:
    """Return the keys of one refresh's articles."""
    return [f"{feed_id}/{turn}/{number}" for number in range(ARTICLES)]


def edition_of(subscription_id: int, turn: int) -> Edition:
    """Return the edition of one turn."""
    return Edition(subscription_id, START + timedelta(hours=turn))


async def write_turn(store: Store, turn: int) -> None:
    """Refresh, brief, publish and deliver once, telling each step."""
    now = START + timedelta(hours=turn)
    feed = await store.add_feed("https://example.org/feed", now=now)
    keys = keys_of(feed.id, turn)
    record = RefreshRecord(
        feed.id, feed.polling, title=f"turn {turn}", seen=tuple(keys), articles=tuple(new(key, -1) for key in keys)
    )
    homes = await store.record_refresh(record, now)
    tell("refreshed", feed.id, turn)
    for story_id in set(homes.values()):
        story = await store.story(story_id)
        await store.save_brief(brief_key(story.sources_hash, "e", "medium"), brief(story))
        tell("briefed", story_id)
    saved = await store.save_subscription(Subscription(0, "s", Channel("slack", "C"), next_edition_at=now))
    edition = edition_of(saved.id, turn)
    owed = await store.publish(
        edition,
        channel=saved.channel,
        digest=digest(edition),
        messages=messages(PARTS),
        article_ids={turn * 1000 + number: turn for number in range(ARTICLES)},
        next_edition_at=now + timedelta(hours=1),
        window_from=now,
    )
    if owed is None:
        return
    tell("published", saved.id, turn, owed.id)
    for part in range(PARTS):
        await store.mark_sending(owed.id, part, f"{turn}", now)
        tell("sending", owed.id, part)
        await store.record_receipt(Receipt(owed.id, part, f"m{owed.id}-{part}", now))
        tell("sent", owed.id, part)


async def write(url: str, turn: int) -> None:
    """Write turn after turn until somebody kills this process."""
    store = await open_store(url)
    tell("open")
    while True:
        await write_turn(store, turn)
        turn += 1


def main() -> None:
    """Fork a writer for each line of stdin, and say when it is gone."""
    for line in sys.stdin:
        url, turn = line.split()
        child = os.fork()
        if child == 0:
            asyncio.run(write(url, int(turn)))
        tell("pid", child)
        os.waitpid(child, 0)
        tell("gone", child)


if __name__ == "__main__":
    main()
