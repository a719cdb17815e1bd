"""Words as the indexes take them, without case and accents; knows no database."""

import re

from digestbot.editorial.searching import folded

_WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 50_000
"""Words of a text in PostgreSQL's index: a text search vector may not pass one megabyte."""
FIELD_END = "0fieldend0"
"""Stands between two fields in PostgreSQL's index, so that no phrase reaches from one into the other."""


def fields(*values: str) -> str:
    """Return the folded words of fields as PostgreSQL's index takes them."""
    return f" {FIELD_END} ".join(" ".join(folded(value)[:MOST_WORDS]) for value in values)


def plain(term: str) -> str:
    """Return the words of a term without the marks that FTS5 reads as its own; it folds case and accents itself."""
    return " ".join(_WORD.findall(term))
