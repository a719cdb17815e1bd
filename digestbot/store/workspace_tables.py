"""The tables of what belongs to one workspace: its feeds, settings, snoozes, reports and the log of who changed what.

They stand in the same metadata as the others; see ``store.tables``.
"""

from sqlalchemy import Column, ForeignKey, Index, Table, UniqueConstraint

from digestbot.store.columns import Document, Instant, Words
from digestbot.store.tables import Id, metadata


def _home(*, key: bool = False) -> tuple[Column[str], Column[str]]:
    """Return the two columns that name a workspace."""
    return (
        Column("platform", Words, primary_key=key, nullable=False),
        Column("workspace", Words, primary_key=key, nullable=False),
    )


workspaces = Table(
    "workspaces",
    metadata,
    *_home(key=True),
    Column("name", Words, nullable=False),
    Column("settings", Document, nullable=False),
    Column("since", Instant, nullable=False),
)

owners = Table(
    "owners",
    metadata,
    # Whose feed it is; the feed itself is fetched once for all of them.
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    *_home(key=True),
    # What the workspace calls it, its topics and weight there.
    Column("settings", Document, nullable=False),
    Column("paused", Words),
    Column("since", Instant),
    # What the workspace lets through of it; NULL where there are no rules. The operator's stands with the feed.
    Column("filter", Document),
    Index("ix_owners_workspace", "platform", "workspace", "feed_id"),
)

snoozes = Table(
    "snoozes",
    metadata,
    Column("id", Id, primary_key=True),
    *_home(),
    Column("channel", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("until", Instant, nullable=False),
    Column("made_by", Words, nullable=False),
    UniqueConstraint("platform", "workspace", "channel", "topic"),
    sqlite_autoincrement=True,
)

reports = Table(
    "reports",
    metadata,
    Column("id", Id, primary_key=True),
    *_home(),
    Column("channel", Words, nullable=False),
    # No foreign keys: what was reported and corrected is remembered when the story is gone.
    Column("story_id", Id, nullable=False),
    Column("kind", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Column("state", Words, nullable=False),
    Column("closed_by", Words, nullable=False),
    Column("closed_at", Instant),
    Index("ix_reports_workspace", "platform", "workspace", "state", "id"),
    sqlite_autoincrement=True,
)

corrections = Table(
    "corrections",
    metadata,
    Column("id", Id, primary_key=True),
    *_home(),
    Column("story_id", Id, nullable=False),
    Column("report_id", Id),
    Column("document", Document, nullable=False),
    Column("made_by", Words, nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_corrections_story", "platform", "workspace", "story_id"),
    sqlite_autoincrement=True,
)

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    *_home(),
    Column("channel", Words, nullable=False),
    Column("asker", Words, nullable=False),
    Column("command", Words, nullable=False),
    Column("line", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Index("ix_audit_workspace", "platform", "workspace", "id"),
    sqlite_autoincrement=True,
)

held = Table(
    "held",
    metadata,
    # What waits for somebody's yes, such as an import that was shown first.
    Column("key", Words, primary_key=True),
    *_home(),
    Column("document", Document, nullable=False),
    Column("at", Instant, nullable=False),
)

handled = Table(
    "handled",
    metadata,
    # Invocations that were run: a second delivery of one does nothing.
    Column("key", Words, primary_key=True),
    Column("at", Instant, nullable=False, index=True),
)
