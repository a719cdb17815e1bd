"""Whose things are whose: workspaces with their settings and feeds, snoozes, reports, corrections, who changed what."""

import json

import sqlalchemy as sa
from alembic import op

from digestbot.store.columns import Document, Instant, Words

revision = "r0004"
down_revision = "r0003"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables, and say of each feed there is whose it is."""
    _workspaces()
    _reports()
    _asked()
    _own()


def _home() -> tuple[sa.Column[str], sa.Column[str]]:
    return sa.Column("platform", Words(), nullable=False), sa.Column("workspace", Words(), nullable=False)


def _workspaces() -> None:
    """Workspaces, the feeds that are theirs, what their channels do not want to read for a while."""
    op.create_table(
        "workspaces",
        *_home(),
        sa.Column("name", Words(), nullable=False),
        sa.Column("settings", Document(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", name=op.f("pk_workspaces")),
    )
    op.create_table(
        "owners",
        sa.Column("feed_id", ID, nullable=False),
        *_home(),
        sa.Column("settings", Document(), nullable=False),
        sa.Column("paused", Words(), nullable=True),
        sa.Column("since", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_owners_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "platform", "workspace", name=op.f("pk_owners")),
    )
    op.create_index("ix_owners_workspace", "owners", ["platform", "workspace", "feed_id"])
    op.create_table(
        "snoozes",
        sa.Column("id", ID, nullable=False),
        *_home(),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("topic", Words(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.Column("made_by", Words(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snoozes")),
        sa.UniqueConstraint(
            "platform",
            "workspace",
            "channel",
            "topic",
            name=op.f("uq_snoozes_platform_workspace_channel_topic"),
        ),
        sqlite_autoincrement=True,
    )


def _reports() -> None:
    """Problems that readers report, and what was corrected."""
    op.create_table(
        "reports",
        sa.Column("id", ID, nullable=False),
        *_home(),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("kind", Words(), nullable=False),
        sa.Column("note", Words(), nullable=False),
        sa.Column("made_by", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("closed_by", Words(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_reports_workspace", "reports", ["platform", "workspace", "state", "id"])
    op.create_table(
        "corrections",
        sa.Column("id", ID, nullable=False),
        *_home(),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("report_id", ID, nullable=True),
        sa.Column("document", Document(), nullable=False),
        sa.Column("made_by", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_corrections_story", "corrections", ["platform", "workspace", "story_id"])


def _asked() -> None:
    """Who changed what, what waits for a yes, and which invocations were run."""
    op.create_table(
        "audit",
        sa.Column("id", ID, nullable=False),
        *_home(),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("asker", Words(), nullable=False),
        sa.Column("command", Words(), nullable=False),
        sa.Column("line", Words(), nullable=False),
        sa.Column("outcome", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_workspace", "audit", ["platform", "workspace", "id"])
    op.create_index(op.f("ix_audit_at"), "audit", ["at"])
    op.create_table(
        "held",
        sa.Column("key", Words(), nullable=False),
        *_home(),
        sa.Column("document", Document(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_held")),
    )
    op.create_table(
        "handled",
        sa.Column("key", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_handled")),
    )
    op.create_index(op.f("ix_handled_at"), "handled", ["at"])


def _own() -> None:
    """Give a feed that digests made in chat name to their workspaces, and every other one to the operator."""
    connection = op.get_bind()
    named: dict[int, set[tuple[str, str]]] = {}
    for row in connection.execute(sa.text("SELECT platform, workspace, settings FROM subscriptions")).all():
        for feed_id in json.loads(row.settings).get("feeds", ()) if row.workspace else ():
            named.setdefault(feed_id, set()).add((row.platform, row.workspace))
    for feed_id, listed in connection.execute(sa.text("SELECT id, listed FROM feeds")).all():
        homes = {("console", "")} if listed else named.get(feed_id, {("console", "")})
        for platform, workspace in sorted(homes):
            connection.execute(
                sa.text(
                    "INSERT INTO owners (feed_id, platform, workspace, settings) VALUES (:feed, :on, :place, '{}')"
                ),
                {"feed": feed_id, "on": platform, "place": workspace},
            )


def downgrade() -> None:
    """Remove the tables; feeds and digests stay."""
    for table in ("handled", "held", "audit", "corrections", "reports", "snoozes", "owners", "workspaces"):
        op.drop_table(table)
