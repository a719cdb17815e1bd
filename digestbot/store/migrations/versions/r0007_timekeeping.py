"""When upkeep last looked at the clock, so that a clock that is far ahead removes nothing."""

import sqlalchemy as sa
from alembic import op

from digestbot.store.columns import Document, Instant

revision = "r0007"
down_revision = "r0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; the clock was last looked at when the newest article came, as the clock may be wrong now."""
    op.create_table(
        "timekeeping",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("leaps", Document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timekeeping")),
    )
    op.execute(
        "INSERT INTO timekeeping (id, at, leaps) "
        "SELECT 1, max(fetched_at), '[]' FROM articles HAVING max(fetched_at) IS NOT NULL"
    )


def downgrade() -> None:
    """Remove it; the clock is believed again."""
    op.drop_table("timekeeping")
