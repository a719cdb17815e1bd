"""Search: the words of articles, and of quotes and their speakers."""

from functools import reduce

import sqlalchemy as sa
from alembic import op

from digestbot.store.normalization import fields

revision = "r0002"
down_revision = "r0001"
branch_labels = None
depends_on = None

INDEXED = {"article_words": ("articles", "title", "text"), "quote_words": ("quotes", "text", "speaker")}

ADD = "INSERT INTO @index (rowid, @first, @second) VALUES (new.id, new.@first, new.@second);"
DROP = "INSERT INTO @index (@index, rowid, @first, @second) VALUES ('delete', old.id, old.@first, old.@second);"
FOLLOW = (
    (
        "CREATE VIRTUAL TABLE @index USING fts5(@first, @second, content='@table', content_rowid='id', "
        "tokenize='unicode61 remove_diacritics 2')"
    ),
    "CREATE TRIGGER @table_insert AFTER INSERT ON @table BEGIN " + ADD + " END",
    "CREATE TRIGGER @table_delete AFTER DELETE ON @table BEGIN " + DROP + " END",
    "CREATE TRIGGER @table_update AFTER UPDATE OF @first, @second ON @table BEGIN " + DROP + " " + ADD + " END",
    "INSERT INTO @index (@index) VALUES ('rebuild')",
)
"""An index with its table's content, as FTS5's manual has it (sqlite.org/fts5.html, 4.4.3)."""


def upgrade() -> None:
    """Make the indexes and take up what is stored."""
    if op.get_bind().dialect.name == "sqlite":
        for index, (table, first, second) in INDEXED.items():
            _follow(index, table, first, second)
    else:
        _postgresql()


def downgrade() -> None:
    """Remove the indexes; what is stored stays."""
    for index, (table, *_) in INDEXED.items():
        if op.get_bind().dialect.name == "sqlite":
            for event in ("insert", "delete", "update"):
                op.execute(f"DROP TRIGGER {table}_{event}")
        op.execute(f"DROP TABLE {index}")


def _follow(index: str, table: str, first: str, second: str) -> None:
    """Make an FTS5 index over a table's own text, kept in step by triggers."""
    names = {"@index": index, "@table": table, "@first": first, "@second": second}
    for statement in FOLLOW:
        op.execute(reduce(lambda sql, name: sql.replace(name, names[name]), names, statement))


def _postgresql() -> None:
    op.execute(
        "CREATE TABLE article_words (article_id BIGINT PRIMARY KEY REFERENCES articles ON DELETE CASCADE, "
        "words TSVECTOR NOT NULL)"
    )
    op.execute(
        "CREATE TABLE quote_words (quote_id BIGINT PRIMARY KEY REFERENCES quotes ON DELETE CASCADE, "
        "words TSVECTOR NOT NULL, speaker TSVECTOR NOT NULL)"
    )
    connection = op.get_bind()
    for row in connection.execute(sa.text("SELECT id, title, text FROM articles")).all():
        connection.execute(
            sa.text("INSERT INTO article_words VALUES (:id, to_tsvector('simple', :words))"),
            {"id": row.id, "words": fields(row.title, row.text)},
        )
    for row in connection.execute(sa.text("SELECT id, text, speaker FROM quotes")).all():
        connection.execute(
            sa.text("INSERT INTO quote_words VALUES (:id, to_tsvector('simple', :words), to_tsvector('simple', :who))"),
            {"id": row.id, "words": fields(row.text, row.speaker), "who": fields(row.speaker)},
        )
    op.execute("CREATE INDEX ix_article_words_words ON article_words USING gin (words)")
    op.execute("CREATE INDEX ix_quote_words_words ON quote_words USING gin (words)")
    op.execute("CREATE INDEX ix_quote_words_speaker ON quote_words USING gin (speaker)")
