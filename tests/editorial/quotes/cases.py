"""Reads the articles of cases.txt with the quotes and speakers they are written for."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Expected:
    """A quote by its first words, the mention beside it, and the speaker ("-": nobody)."""

    begins: str
    mention: str
    speaker: str


@dataclass(frozen=True)
class Case:
    """One article written for one class of error."""

    name: str
    text: str
    quotes: tuple[Expected, ...]


def load(path: Path = Path(__file__).parent / "cases.txt") -> list[Case]:
    """Return the cases in the file's order."""
    cases = []
    for block in path.read_text(encoding="utf-8").split("\n## ")[1:]:
        name, *lines = block.rstrip("\n").split("\n")
        text = "\n".join(line for line in lines if not line.startswith("> "))
        quotes = tuple(Expected(*line[2:].split(" | ")) for line in lines if line.startswith("> "))
        cases.append(Case(name, text, quotes))
    return cases
