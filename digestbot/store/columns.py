"""How values lie in a column: instants in UTC, text a database can hold, documents as JSON; knows no table."""

import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import numpy as np
from sqlalchemy import DateTime, Dialect, LargeBinary, Text
from sqlalchemy.types import TypeDecorator

from digestbot.ports import Vector

REPLACEMENT = "\ufffd"
"""Unicode's own sign for a character that cannot be shown."""
LONGEST_KEY = 1500
"""Bytes of a key: PostgreSQL's B-tree takes about 2,700 of a row (its manual, 67.4.1)."""
_UNSTORABLE = {0: REPLACEMENT, **dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT)}


def storable(text: str) -> str:
    """Return ``text`` with what no database takes replaced one for one, so that every offset stays right.

    PostgreSQL has no NUL character, and a lone surrogate has no UTF-8 form.
    """
    # Most text has neither: one pass in C decides that.
    if "\0" not in text:
        try:
            text.encode()
        except UnicodeEncodeError:
            return text.translate(_UNSTORABLE)
        return text
    return text.translate(_UNSTORABLE)


def stored_key(key: str) -> str:
    """Return an entry's key as it is stored: one too long for an index is cut and told apart by its SHA-256."""
    if len(key) <= LONGEST_KEY // 4 or len(key.encode("utf-8", "surrogatepass")) <= LONGEST_KEY:
        return storable(key)
    digest = sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{storable(key[:200])}…{digest}"


class Instant(TypeDecorator[datetime]):
    """An aware datetime: ``timestamptz`` on PostgreSQL, text of fixed width in UTC on SQLite, so that it sorts."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Take an aware datetime; a naive one is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError(f"{value!r} has no time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Give an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that any database can hold."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, _dialect: Dialect) -> str | None:
        """Replace what cannot be stored."""
        return None if value is None else storable(value)


class Document(TypeDecorator[Any]):
    """A JSON document as ASCII text: the same bytes on every database, any character of Python's kept."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        """Write JSON."""
        return None if value is None else json.dumps(value, separators=(",", ":"))

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        """Read JSON."""
        return None if value is None else json.loads(value)


class Floats(TypeDecorator[Vector]):
    """A vector as the bytes of its little-endian float32 numbers."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Vector | None, _dialect: Dialect) -> bytes | None:
        """Write the bytes."""
        return None if value is None else np.asarray(value, dtype="<f4").tobytes()

    def process_result_value(self, value: bytes | None, _dialect: Dialect) -> Vector | None:
        """Read the bytes into an array of its own."""
        return None if value is None else np.frombuffer(value, dtype="<f4").astype(np.float32)
