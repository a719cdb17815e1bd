"""What the commands about stored state do: status, migrate, and OPML in and out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from digestbot.app.compose import read_settings
from digestbot.app.files import read_file
from digestbot.domain.addresses import shown
from digestbot.domain.errors import NotFound
from digestbot.domain.news import Feed, Polling

Rows = dict[str, Any]


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None


def feed_row(feed: Feed) -> Rows:
    """Return a feed with its health, for JSON and for tables."""
    polling = feed.polling
    return {
        "id": feed.id,
        "url": feed.url,
        "title": feed.title,
        "topics": list(feed.topics),
        "checked_at": _iso(polling.checked_at),
        "next_check_at": _iso(polling.next_check_at),
        "failures": polling.failures,
        "failing_since": _iso(polling.failing_since),
        "last_error": polling.last_error,
        "paused": feed.paused,
        "why": polling.why,
        "cached": cached_row(polling),
        "hub": polling.hub,
        "moving_to": polling.moved_to,
    }


def cached_row(polling: Polling) -> Rows:
    """Return what is remembered of a feed's last answer, so that only what changes is asked for and parsed."""
    return {
        "etag": polling.etag,
        "last_modified": polling.last_modified,
        "body_hash": polling.body_hash,
        "items": len(polling.items.split()),
        "parsed_in_parts": not polling.full_parse,
    }


async def status_rows(config: Path | None) -> Rows:
    """Return counts, feeds that need a look, the latest notices, quotations shown that are gone from their articles.

    Then subscriptions with their next edition, and undeliverable messages.
    """
    from digestbot.store import open_store

    settings = read_settings(config)
    async with await open_store(settings.database.url, exclusive=False) as store:
        counts = await store.status(datetime.now(UTC))
        return {
            "counts": {name: getattr(counts, name) for name in counts.__slots__},
            "failing": [feed_row(feed) | {"url": shown(feed.url)} for feed in await store.failing_feeds()],
            "notices": [
                {"at": _iso(n.at), "text": n.text, "told": n.sent_at is not None} for n in await store.notices(limit=10)
            ],
            "lost_quotes": [
                {"story": lost.story_id, "at": _iso(lost.at), "text": lost.text, "speaker": lost.speaker}
                for lost in await store.lost_quotes(limit=10)
            ],
            "subscriptions": [
                {
                    "id": s.id,
                    "name": s.name,
                    "channel": str(s.channel),
                    "next_edition_at": _iso(s.next_edition_at),
                    "paused": s.paused,
                }
                for s in await store.subscriptions()
            ],
            "undeliverable": [
                {
                    "id": d.id,
                    "channel": str(d.channel),
                    "error": next((part.error for part in d.parts if part.error), ""),
                }
                for d in await store.deliveries("undeliverable")
            ],
        }


async def question_before(config: Path | None, revision: str) -> str:
    """Return what a person is asked before the schema is brought to a revision: nothing where no data would go."""
    from digestbot.store import goes_down, schema_state

    state = await schema_state(read_settings(config).database.url)
    if not state.known or not goes_down(state.have, revision):
        return ""
    if revision == "base":
        return "Remove everything in the database? It cannot be undone"
    return f"Remove what only schemas after {revision} hold? It cannot be undone"


async def migrate_database(config: Path | None, revision: str) -> tuple[str | None, str | None]:
    """Bring the schema to a revision, on PostgreSQL the queue's too; return the revision before and the one after."""
    from digestbot.store import migrate, schema_state

    url = read_settings(config).database.url
    before = (await schema_state(url)).have
    await migrate(url, revision)
    if revision == "head" and url.startswith("postgres"):
        from digestbot.runtime.queue import prepare_queue

        await prepare_queue(url)
    return before, (await schema_state(url)).have


async def feed_list(config: Path | None) -> list[Rows]:
    """Return every feed with its health."""
    from digestbot.store import open_store

    async with await open_store(read_settings(config).database.url, exclusive=False) as store:
        return [feed_row(feed) for feed in await store.feeds()]


async def audit_rows(config: Path | None, workspace: str, limit: int) -> list[Rows]:
    """Return the audit log, newest first: everybody's, or one workspace's (``slack:T0123456789``).

    Raises:
        NotFound: The workspace has not used the bot.

    """
    from digestbot.store import open_store

    async with await open_store(read_settings(config).database.url, exclusive=False) as store:
        home = next((known.home for known in await store.workspaces() if str(known.home) == workspace), None)
        if workspace and home is None:
            raise NotFound("workspace", workspace, hint="“digestbot audit” without it names those there are")
        return [
            {
                "at": change.at.isoformat(timespec="seconds"),
                "channel": str(change.channel),
                "asker": change.asker,
                "command": change.command,
                "line": change.line,
                "outcome": change.outcome,
            }
            for change in await store.changes(home, limit)
        ]


async def export_opml(config: Path | None) -> bytes:
    """Return the stored feeds as OPML, topics as folders."""
    from digestbot.sources.feeds import write_opml
    from digestbot.store import open_store

    async with await open_store(read_settings(config).database.url, exclusive=False) as store:
        feeds = await store.feeds()
    return write_opml(feeds)


async def import_opml(path: Path, config: Path | None, *, dry_run: bool) -> Rows:
    """Add the feeds of an OPML file to the store; with ``dry_run`` only say which are new.

    Raises:
        UserError: There is no such file, or it cannot be read.
        SourceError: It is not OPML.

    """
    from digestbot.sources.feeds import preview_opml, read_opml
    from digestbot.store import database_file, open_store

    listed = read_opml(read_file(path, hint="give the path of an OPML file"))
    settings = read_settings(config)
    now = datetime.now(UTC)
    file = database_file(settings.database.url)
    here: set[str] = set()
    if not dry_run or file is None or file.exists():
        async with await open_store(settings.database.url, exclusive=not dry_run) as store:
            kept = {feed.url: feed for feed in await store.feeds()}
            here = set(kept)
            new = set(preview_opml(listed.feeds, here).new)
            # A feed that is here takes the name and topics of the file, unless the settings file says them; one under
            # another spelling is no second feed.
            ours = {url for url, feed in kept.items() if not feed.listed}
            for feed in () if dry_run else (one for one in listed.feeds if one in new or one.url in ours):
                await store.add_feed(feed.url, title=feed.title, topics=feed.topics, now=now)
    new = set(preview_opml(listed.feeds, here).new)
    rows = [{"url": f.url, "title": f.title, "topics": list(f.topics), "new": f in new} for f in listed.feeds]
    return {
        "feeds": rows,
        "added": len(new),
        "repeated": listed.repeated,
        "unusable": list(listed.unusable),
        "dry_run": dry_run,
    }
