"""Where the words of a search stand in a line, without case and accents; pure computing."""

import re
from collections.abc import Callable, Iterator
from unicodedata import combining, normalize

_WORD = re.compile(r"[^\W_]+")


def plain(word: str) -> str:
    """Return a word without case and accents."""
    return "".join(c for c in normalize("NFKD", word.casefold()) if not combining(c))


def finder(query: str) -> Callable[[str], Iterator[tuple[int, int]]]:
    """Return what yields the spans of a line's words that a query looks for."""
    wanted = {plain(word) for word in _WORD.findall(query)}

    def find(line: str) -> Iterator[tuple[int, int]]:
        return (match.span() for match in _WORD.finditer(line) if plain(match[0]) in wanted)

    return find
