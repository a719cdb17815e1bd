"""The rows that are the truth: SQLAlchemy Core on SQLite or PostgreSQL; knows no pipeline and no chat."""

from digestbot.store.backup import back_up, drop_tables, require_unused, restore
from digestbot.store.database import database_file
from digestbot.store.documents import digest_from_json, digest_to_json
from digestbot.store.repository import SqlStore, open_store
from digestbot.store.schema import SchemaState, goes_down, migrate, schema_state

__all__ = [
    "SchemaState",
    "SqlStore",
    "back_up",
    "database_file",
    "digest_from_json",
    "digest_to_json",
    "drop_tables",
    "goes_down",
    "migrate",
    "open_store",
    "require_unused",
    "restore",
    "schema_state",
]
