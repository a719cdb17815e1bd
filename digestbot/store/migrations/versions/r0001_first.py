"""The first schema: feeds, news, briefs, editions and the outbox."""

import sqlalchemy as sa
from alembic import op

from digestbot.store.columns import Document, Floats, Instant, Words

revision = "r0001"
down_revision = None
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    _feeds()
    _news()
    _decisions()
    _briefs()
    _editions()
    _outbox()


def _feeds() -> None:
    """Feeds and what has been seen of them."""
    op.create_table(
        "feeds",
        sa.Column("id", ID, nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("link", Words(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("topics", Document(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("backfill", sa.Integer(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("baseline_at", Instant(), nullable=True),
        sa.Column("paused", Words(), nullable=True),
        sa.Column("next_check_at", Instant(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("polling", Document(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("url", name=op.f("uq_feeds_url")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_feeds_due", "feeds", ["paused", "next_check_at"])
    op.create_table(
        "seen",
        sa.Column("feed_id", ID, nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_seen_feed_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("feed_id", "key", name=op.f("pk_seen")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_seen_at", "seen", ["at"])


def _news() -> None:
    """Stories and their articles."""
    op.create_table(
        "stories",
        sa.Column("id", ID, nullable=False),
        sa.Column("first_seen", Instant(), nullable=False),
        sa.Column("last_seen", Instant(), nullable=False),
        sa.Column("centroid", Floats(), nullable=False),
        sa.Column("sources_hash", Words(), nullable=False),
        sa.Column("outlets", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stories")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_stories_last_seen", "stories", ["last_seen"])
    op.create_table(
        "articles",
        sa.Column("id", ID, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("feed_id", ID, nullable=True),
        sa.Column("key", Words(), nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("title", Words(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("outlet", Words(), nullable=False),
        sa.Column("authors", Document(), nullable=False),
        sa.Column("categories", Document(), nullable=False),
        sa.Column("published", Instant(), nullable=True),
        sa.Column("fetched_at", Instant(), nullable=False),
        sa.Column("language", Words(), nullable=False),
        sa.Column("hash", Words(), nullable=False),
        sa.ForeignKeyConstraint(["feed_id"], ["feeds.id"], name=op.f("fk_articles_feed_id"), ondelete="SET NULL"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_articles_story_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("feed_id", "key", name=op.f("uq_articles_feed_id_key")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_articles_fetched_at"), "articles", ["fetched_at"])
    op.create_index(op.f("ix_articles_story_id"), "articles", ["story_id"])
    op.create_index("ix_articles_url", "articles", ["url"], unique=False, postgresql_using="hash")


def _decisions() -> None:
    """Vectors of articles, and what managers decided about stories."""
    op.create_table(
        "vectors",
        sa.Column("article_id", ID, nullable=False),
        sa.Column("vector", Floats(), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_vectors_article_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("article_id", name=op.f("pk_vectors")),
    )
    op.create_table(
        "merged",
        sa.Column("story_id", ID, autoincrement=False, nullable=False),
        sa.Column("into_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["into_id"], ["stories.id"], name=op.f("fk_merged_into_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("story_id", name=op.f("pk_merged")),
    )
    op.create_index(op.f("ix_merged_into_id"), "merged", ["into_id"])
    op.create_table(
        "apart",
        sa.Column("story_id", ID, nullable=False),
        sa.Column("other_id", ID, nullable=False),
        sa.CheckConstraint("story_id < other_id", name=op.f("ck_apart_ordered")),
        sa.ForeignKeyConstraint(["other_id"], ["stories.id"], name=op.f("fk_apart_other_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_apart_story_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("story_id", "other_id", name=op.f("pk_apart")),
    )
    op.create_index(op.f("ix_apart_other_id"), "apart", ["other_id"])


def _briefs() -> None:
    """What is said of stories."""
    op.create_table(
        "briefs",
        sa.Column("story_id", ID, nullable=False),
        sa.Column("key", Words(), nullable=False),
        sa.Column("sources_hash", Words(), nullable=False),
        sa.Column("headline", Words(), nullable=False),
        sa.Column("headline_article_id", ID, nullable=False),
        sa.Column("summary", Document(), nullable=False),
        sa.Column("dropped", Document(), nullable=False),
        sa.Column("made_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_briefs_story_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("story_id", "key", name=op.f("pk_briefs")),
    )
    op.create_index(op.f("ix_briefs_made_at"), "briefs", ["made_at"])
    op.create_table(
        "quotes",
        sa.Column("id", ID, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("brief_key", Words(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("article_id", ID, nullable=False),
        sa.Column("cut", Document(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("speaker", Words(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_quotes_article_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["story_id"], ["stories.id"], name=op.f("fk_quotes_story_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quotes")),
        sa.UniqueConstraint("story_id", "brief_key", "number", name=op.f("uq_quotes_story_id_brief_key_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_quotes_article_id"), "quotes", ["article_id"])


def _editions() -> None:
    """Who is owed what, and what each channel has had."""
    op.create_table(
        "subscriptions",
        sa.Column("id", ID, nullable=False),
        sa.Column("name", Words(), nullable=False),
        sa.Column("platform", Words(), nullable=False),
        sa.Column("workspace", Words(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("paused", Words(), nullable=True),
        sa.Column("next_edition_at", Instant(), nullable=True),
        sa.Column("window_from", Instant(), nullable=True),
        sa.Column("settings", Document(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("platform", "workspace", "name", name=op.f("uq_subscriptions_platform_workspace_name")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_subscriptions_due", "subscriptions", ["paused", "next_edition_at"])
    op.create_table(
        "editions",
        sa.Column("id", ID, nullable=False),
        sa.Column("subscription_id", ID, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("timezone", Words(), nullable=False),
        sa.Column("digest", Document(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_editions_subscription_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_editions")),
        sa.UniqueConstraint("subscription_id", "at", name=op.f("uq_editions_subscription_id_at")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_editions_at", "editions", ["at"])
    op.create_table(
        "posted",
        sa.Column("platform", Words(), nullable=False),
        sa.Column("workspace", Words(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("article_id", ID, autoincrement=False, nullable=False),
        sa.Column("story_id", ID, nullable=False),
        sa.Column("url", Words(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("platform", "workspace", "channel", "article_id", name=op.f("pk_posted")),
    )
    op.create_index(op.f("ix_posted_at"), "posted", ["at"])


def _outbox() -> None:
    """Deliveries and their parts."""
    op.create_table(
        "deliveries",
        sa.Column("id", ID, nullable=False),
        sa.Column("edition_id", ID, nullable=False),
        sa.Column("platform", Words(), nullable=False),
        sa.Column("workspace", Words(), nullable=False),
        sa.Column("channel", Words(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("not_before", Instant(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", Words(), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'undeliverable')", name=op.f("ck_deliveries_state")
        ),
        sa.ForeignKeyConstraint(
            ["edition_id"], ["editions.id"], name=op.f("fk_deliveries_edition_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("edition_id", name=op.f("uq_deliveries_edition_id")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_deliveries_state", "deliveries", ["state", "platform", "workspace", "channel", "id"])
    op.create_table(
        "parts",
        sa.Column("delivery_id", ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("payload", Document(), nullable=False),
        sa.Column("text", Words(), nullable=False),
        sa.Column("story_id", ID, nullable=True),
        sa.Column("reply", sa.Boolean(), nullable=False),
        sa.Column("state", Words(), nullable=False),
        sa.Column("attempt", Words(), nullable=False),
        sa.Column("attempted_at", Instant(), nullable=True),
        sa.Column("message_id", Words(), nullable=True),
        sa.Column("posted_at", Instant(), nullable=True),
        sa.Column("error", Words(), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'sending', 'sent', 'undeliverable')", name=op.f("ck_parts_state")),
        sa.ForeignKeyConstraint(
            ["delivery_id"], ["deliveries.id"], name=op.f("fk_parts_delivery_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("delivery_id", "number", name=op.f("pk_parts")),
    )


def downgrade() -> None:
    """Remove every table."""
    for table in (
        "parts",
        "deliveries",
        "posted",
        "editions",
        "subscriptions",
        "quotes",
        "briefs",
        "apart",
        "merged",
        "vectors",
        "articles",
        "stories",
        "seen",
        "feeds",
    ):
        op.drop_table(table)
