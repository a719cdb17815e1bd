"""What watching feeds leaves behind: notices for people, earlier versions, lost quotations, leases at WebSub hubs."""

import sqlalchemy as sa
from alembic import op

from digestbot.store.columns import Instant, Words

revision = "r0005"
down_revision = "r0004"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "notices",
        sa.Column("id", ID, nullable=False),
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("sent_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_notices_at"), "notices", ["at"])
    _texts()
    op.create_table(
        "leases",
        sa.Column("feed_id", ID, nullable=False, autoincrement=False),
        *(sa.Column(name, Words(), nullable=False) for name in ("hub", "topic", "token", "secret")),
        sa.Column("asked_at", Instant(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("until", Instant(), nullable=True),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_leases_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", name=op.f("pk_leases")),
    )


def _texts() -> None:
    """Articles as they were quoted, and what is gone from them."""
    op.create_table(
        "versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_versions_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_versions_article_id"), "versions", ["article_id"])
    op.create_table(
        "lost_quotes",
        sa.Column("id", ID, nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("speaker", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_lost_quotes_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lost_quotes")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_lost_quotes_article_id"), "lost_quotes", ["article_id"])


def downgrade() -> None:
    """Remove them; feeds and articles stay."""
    for table in ("leases", "lost_quotes", "versions", "notices"):
        op.drop_table(table)
