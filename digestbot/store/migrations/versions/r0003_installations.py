"""The tables in which slack_sdk keeps what workspaces installed; columns for tokens are wider than its own."""

import sqlalchemy as sa
from alembic import op

from digestbot.store.columns import Words

revision = "r0003"
down_revision = "r0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BOT = (
    "enterprise_id",
    "enterprise_name",
    "team_id",
    "team_name",
    "bot_token",
    "bot_id",
    "bot_user_id",
    "bot_scopes",
    "bot_refresh_token",
)
PERSON = (
    "enterprise_url",
    "user_token",
    "user_scopes",
    "user_refresh_token",
    "incoming_webhook_url",
    "incoming_webhook_channel",
    "incoming_webhook_channel_id",
    "incoming_webhook_configuration_url",
    "token_type",
)


def upgrade() -> None:
    """Make the three tables of slack_sdk's SQLAlchemy stores."""
    op.create_table(
        "slack_bots",
        *_head(),
        *(sa.Column(name, Words(), nullable=True) for name in BOT),
        *_tail(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_bots")),
    )
    op.create_index("slack_bots_idx", "slack_bots", ["client_id", "enterprise_id", "team_id", "installed_at"])
    op.create_table(
        "slack_installations",
        *_head(),
        *(sa.Column(name, Words(), nullable=True) for name in BOT),
        sa.Column("user_id", Words(), nullable=False),
        *(sa.Column(name, Words(), nullable=True) for name in PERSON),
        sa.Column("user_token_expires_at", sa.DateTime(), nullable=True),
        *_tail(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_installations")),
    )
    op.create_index(
        "slack_installations_idx",
        "slack_installations",
        ["client_id", "enterprise_id", "team_id", "user_id", "installed_at"],
    )
    op.create_table(
        "slack_oauth_states",
        sa.Column("id", ID, nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("expire_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slack_oauth_states")),
    )


def _head() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("id", ID, nullable=False),
        sa.Column("client_id", Words(), nullable=False),
        sa.Column("app_id", Words(), nullable=False),
    )


def _tail() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("bot_token_expires_at", sa.DateTime(), nullable=True),
        sa.Column("is_enterprise_install", sa.Boolean(), nullable=False),
        sa.Column("installed_at", sa.DateTime(), nullable=False),
    )


def downgrade() -> None:
    """Remove them: every workspace has to install the app again."""
    op.drop_table("slack_oauth_states")
    op.drop_table("slack_installations")
    op.drop_table("slack_bots")
