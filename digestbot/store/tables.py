"""The tables, named in the field's words; what a row means is said here, what is done with it elsewhere."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
)

from digestbot.store.columns import Document, Floats, Instant, Words

Id = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself in a column declared exactly INTEGER PRIMARY KEY."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# ── feeds ────────────────────────────────────────────────────────────────────

feeds = Table(
    "feeds",
    metadata,
    Column("id", Id, primary_key=True),
    Column("url", Words, nullable=False, unique=True),
    # What the operator calls it, or empty: then its own title stands.
    Column("name", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("link", Words, nullable=False),
    Column("language", Words, nullable=False),
    Column("topics", Document, nullable=False),
    Column("weight", Float, nullable=False),
    # What the operator lets through of it; NULL where there are no rules.
    Column("filter", Document),
    Column("backfill", Integer, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("baseline_at", Instant),
    Column("paused", Words),
    Column("next_check_at", Instant, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", Instant),
    # The rest of its Polling: read and written whole, never asked for by itself.
    Column("polling", Document, nullable=False),
    # How many entries one body of it held at most.
    Column("size", Integer, nullable=False),
    Index("ix_feeds_due", "paused", "next_check_at"),
    sqlite_autoincrement=True,
)

seen = Table(
    "seen",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Words, primary_key=True),
    Column("at", Instant, nullable=False),
    Index("ix_seen_at", "at"),
    sqlite_with_rowid=False,
)

# ── news ─────────────────────────────────────────────────────────────────────

stories = Table(
    "stories",
    metadata,
    Column("id", Id, primary_key=True),
    Column("first_seen", Instant, nullable=False),
    Column("last_seen", Instant, nullable=False),
    Column("centroid", Floats, nullable=False),
    Column("sources_hash", Words, nullable=False),
    Column("outlets", Integer, nullable=False),
    Index("ix_stories_last_seen", "last_seen"),
    sqlite_autoincrement=True,
)

articles = Table(
    "articles",
    metadata,
    Column("id", Id, primary_key=True),
    Column("story_id", Id, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False, index=True),
    # Null once its feed is removed.
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="SET NULL")),
    Column("key", Words, nullable=False),
    Column("url", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("outlet", Words, nullable=False),
    Column("authors", Document, nullable=False),
    Column("categories", Document, nullable=False),
    Column("published", Instant),
    Column("fetched_at", Instant, nullable=False, index=True),
    Column("language", Words, nullable=False),
    Column("hash", Words, nullable=False),
    UniqueConstraint("feed_id", "key"),
    # A hash index on PostgreSQL: an address may be longer than a B-tree takes (about 2,700 bytes).
    Index("ix_articles_url", "url", postgresql_using="hash"),
    sqlite_autoincrement=True,
)

vectors = Table(
    "vectors",
    metadata,
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), primary_key=True),
    Column("vector", Floats, nullable=False),
)

merged = Table(
    "merged",
    metadata,
    # A story that is gone, and the one its articles went to.
    Column("story_id", Id, primary_key=True, autoincrement=False),
    Column("into_id", Id, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False, index=True),
)

apart = Table(
    "apart",
    metadata,
    Column("story_id", Id, ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True),
    Column("other_id", Id, ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True, index=True),
    CheckConstraint("story_id < other_id", name="ordered"),
)

briefs = Table(
    "briefs",
    metadata,
    Column("story_id", Id, ForeignKey("stories.id", ondelete="CASCADE"), primary_key=True),
    Column("key", Words, primary_key=True),
    Column("sources_hash", Words, nullable=False),
    Column("headline", Words, nullable=False),
    Column("headline_article_id", Id, nullable=False),
    Column("summary", Document, nullable=False),
    Column("dropped", Document, nullable=False),
    Column("made_at", Instant, nullable=False, index=True),
)

quotes = Table(
    "quotes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("story_id", Id, ForeignKey("stories.id", ondelete="CASCADE"), nullable=False),
    Column("brief_key", Words, nullable=False),
    Column("number", Integer, nullable=False),
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    # Passages, speaker and the rest: what Quote.cut takes. The words are cut from the article on every load.
    Column("cut", Document, nullable=False),
    # For search alone, and checked against the cut words before it is shown.
    Column("text", Words, nullable=False),
    Column("speaker", Words, nullable=False),
    UniqueConstraint("story_id", "brief_key", "number"),
    sqlite_autoincrement=True,
)

# ── editions and the outbox ──────────────────────────────────────────────────

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Words, nullable=False),
    Column("platform", Words, nullable=False),
    Column("workspace", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("paused", Words),
    Column("next_edition_at", Instant),
    Column("window_from", Instant),
    Column("settings", Document, nullable=False),
    UniqueConstraint("platform", "workspace", "name"),
    Index("ix_subscriptions_due", "paused", "next_edition_at"),
    sqlite_autoincrement=True,
)

editions = Table(
    "editions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("subscription_id", Id, ForeignKey("subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("timezone", Words, nullable=False),
    # Null when there was nothing to say, or once it has outlived its time.
    Column("digest", Document),
    UniqueConstraint("subscription_id", "at"),
    Index("ix_editions_at", "at"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Id, primary_key=True),
    Column("edition_id", Id, ForeignKey("editions.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("platform", Words, nullable=False),
    Column("workspace", Words, nullable=False),
    Column("channel", Words, nullable=False),
    Column("state", Words, nullable=False),
    Column("not_before", Instant),
    Column("tries", Integer, nullable=False),
    Column("error", Words, nullable=False),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'undeliverable')", name="state"),
    Index("ix_deliveries_state", "state", "platform", "workspace", "channel", "id"),
    sqlite_autoincrement=True,
)

parts = Table(
    "parts",
    metadata,
    Column("delivery_id", Id, ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("payload", Document, nullable=False),
    Column("text", Words, nullable=False),
    Column("story_id", Id),
    Column("reply", Boolean, nullable=False),
    Column("state", Words, nullable=False),
    Column("attempt", Words, nullable=False),
    Column("attempted_at", Instant),
    Column("message_id", Words),
    Column("posted_at", Instant),
    Column("error", Words, nullable=False),
    CheckConstraint("state IN ('pending', 'sending', 'sent', 'undeliverable')", name="state"),
)

posted = Table(
    "posted",
    metadata,
    # No foreign keys: what a channel got is remembered when the subscription, the story or the article is gone.
    Column("platform", Words, primary_key=True),
    Column("workspace", Words, primary_key=True),
    Column("channel", Words, primary_key=True),
    Column("article_id", Id, primary_key=True, autoincrement=False),
    Column("story_id", Id, nullable=False),
    Column("url", Words, nullable=False),
    Column("at", Instant, nullable=False, index=True),
)

# ── what workspaces installed: slack_sdk's own tables, which its SQLAlchemy stores read and write ────────────


def _installed(name: str, *more: Column[Any], by: tuple[str, ...]) -> Table:
    """Return a table as slack_sdk names its columns; texts without its limits, for tokens have grown before."""
    texts = ("enterprise_id", "enterprise_name", "team_id", "team_name", "bot_token", "bot_id", "bot_user_id")
    return Table(
        name,
        metadata,
        Column("id", Id, primary_key=True),
        Column("client_id", Words, nullable=False),
        Column("app_id", Words, nullable=False),
        *(Column(text, Words) for text in (*texts, "bot_scopes", "bot_refresh_token")),
        *more,
        # Without a zone, in UTC, as the library writes them.
        Column("bot_token_expires_at", DateTime),
        Column("is_enterprise_install", Boolean, nullable=False),
        Column("installed_at", DateTime, nullable=False),
        Index(f"{name}_idx", "client_id", "enterprise_id", "team_id", *by, "installed_at"),
    )


_PERSON = ("enterprise_url", "user_token", "user_scopes", "user_refresh_token", "token_type")
_WEBHOOK = ("url", "channel", "channel_id", "configuration_url")

slack_bots = _installed("slack_bots", by=())

slack_installations = _installed(
    "slack_installations",
    Column("user_id", Words, nullable=False),
    *(Column(name, Words) for name in _PERSON),
    *(Column(f"incoming_webhook_{name}", Words) for name in _WEBHOOK),
    Column("user_token_expires_at", DateTime),
    by=("user_id",),
)

slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", Id, primary_key=True),
    Column("state", Words, nullable=False),
    Column("expire_at", DateTime, nullable=False),
)

# ── what watching feeds leaves behind ────────────────────────────────────────

notices = Table(
    "notices",
    metadata,
    Column("id", Id, primary_key=True),
    # No foreign key: that a feed failed may be told after it was removed.
    Column("feed_id", Id, nullable=False),
    Column("text", Words, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("sent_at", Instant),
    # Until then whoever took it is about to tell it.
    Column("taken_until", Instant),
    sqlite_autoincrement=True,
)

versions = Table(
    "versions",
    metadata,
    # Articles as they were when they were quoted.
    Column("id", Id, primary_key=True),
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("title", Words, nullable=False),
    Column("text", Words, nullable=False),
    Column("until", Instant, nullable=False),
    sqlite_autoincrement=True,
)

lost_quotes = Table(
    "lost_quotes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("article_id", Id, ForeignKey("articles.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("text", Words, nullable=False),
    Column("speaker", Words, nullable=False),
    Column("at", Instant, nullable=False),
    sqlite_autoincrement=True,
)

leases = Table(
    "leases",
    metadata,
    Column("feed_id", Id, ForeignKey("feeds.id", ondelete="CASCADE"), primary_key=True, autoincrement=False),
    Column("hub", Words, nullable=False),
    Column("topic", Words, nullable=False),
    Column("token", Words, nullable=False),
    Column("secret", Words, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("state", Words, nullable=False),
    Column("until", Instant),
)

timekeeping = Table(
    "timekeeping",
    metadata,
    # One row: what the last look at the clock showed.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("leaps", Document, nullable=False),
)
