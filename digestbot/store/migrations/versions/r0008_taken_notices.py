"""Who tells people something has taken it first, so that several processes do not tell it several times."""

import sqlalchemy as sa
from alembic import op

from digestbot.store.columns import Instant

revision = "r0008"
down_revision = "r0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; nothing is taken yet."""
    op.add_column("notices", sa.Column("taken_until", Instant(), nullable=True))


def downgrade() -> None:
    """Remove it; every process tells again what it finds untold."""
    op.drop_column("notices", "taken_until")
