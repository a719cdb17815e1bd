"""Words without case and accents, and what somebody looks for; knows no database."""

import re
from unicodedata import combining, normalize

_TERM = re.compile(r'["“”„]([^"“”„]+)["“”„]|(\S+)')
_WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 50_000
"""Words of a text in PostgreSQL's index: a text search vector may not pass one megabyte."""
FIELD_END = "0fieldend0"
"""Stands between two fields in PostgreSQL's index, so that no phrase reaches from one into the other."""


def folded(value: str) -> list[str]:
    """Return the words of a text without case and accents."""
    plain = "".join(c for c in normalize("NFKD", value.casefold()) if not combining(c))
    return _WORD.findall(plain)


def terms(words: str) -> list[str]:
    """Return what must match, words and phrases, as typed; without those that hold nothing to look for."""
    found = (phrase or word for phrase, word in _TERM.findall(words))
    return [term for term in found if folded(term)]


def fields(*values: str) -> str:
    """Return the folded words of fields as PostgreSQL's index takes them."""
    return f" {FIELD_END} ".join(" ".join(folded(value)[:MOST_WORDS]) for value in values)


def plain(term: str) -> str:
    """Return the words of a term without the marks that FTS5 reads as its own; it folds case and accents itself."""
    return " ".join(_WORD.findall(term))
