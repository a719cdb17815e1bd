"""What each owner lets through of a feed: the operator's rules with the feed, a workspace's with what is its own."""

import sqlalchemy as sa
from alembic import op

from digestbot.store.columns import Document

revision = "r0006"
down_revision = "r0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the two columns; no feed has rules yet."""
    for table in ("feeds", "owners"):
        op.add_column(table, sa.Column("filter", Document(), nullable=True))


def downgrade() -> None:
    """Remove them with the rules; the feeds stay, and every article of them is let through again."""
    for table in ("owners", "feeds"):
        op.drop_column(table, "filter")
