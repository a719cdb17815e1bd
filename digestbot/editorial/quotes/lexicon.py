"""Word lists read once from the data files beside this module: cue verbs, titles, role nouns, given names."""

import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

DATA = Path(__file__).parent / "data"
_TRADES = (
    "ist", "ologer", "ician", "keeper", "maker", "holder", "worker", "owner", "player", "grower", "monger", "wright"
)  # fmt: skip
"""How words for what people do end: bassoonist, obstetrician, season-ticket holder."""
_SHORTEST_TRADE = 5


@dataclass(frozen=True, slots=True)
class Lexicon:
    """The words of one language.

    ``cues`` maps every form of a cue verb to its class: ``C`` says, ``R`` reports, ``G`` says as a participle in
    -ing. ``sections`` holds the other lists by name.
    """

    cues: dict[str, str]
    sections: dict[str, frozenset[str]]
    bases: frozenset[str]

    def __getitem__(self, name: str) -> frozenset[str]:
        """Return one list of words, empty where the language has none."""
        return self.sections.get(name, frozenset())


@cache
def lexicon(language: str = "en") -> Lexicon:
    """Return the word lists of a language; English where there is no file for it."""
    path = DATA / f"{language}.txt"
    sections = _read(path if path.exists() else DATA / "en.txt")
    cues: dict[str, str] = {}
    bases: set[str] = set()
    for name, kind in (("report", "R"), ("say", "C")):
        for entry in sections.pop(name, ()):
            bases.add(_forms(entry)[0])
            for form in _forms(entry):
                cues[form] = "G" if form.endswith("ing") else kind
    return Lexicon(cues, {name: frozenset(words) for name, words in sections.items()}, frozenset(bases))


@cache
def given_names() -> dict[str, str]:
    """Return given names in lower case with ``m``, ``f`` or ``u`` (borne by both)."""
    return {name: sex for sex, names in _read(DATA / "given_names.txt").items() for name in names}


def given_sex(name: str) -> str:
    """Return ``m``, ``f`` or ``u`` of a given name in lower case, with or without its accents; nothing if unknown."""
    found = given_names().get(name, "")
    if found or name.isascii():
        return found
    bare = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    return given_names().get(bare, "")


def is_trade(word: str, words: Lexicon) -> bool:
    """Tell whether a word says what a person is or does: a listed role, or one that ends like a trade."""
    listed = word in words["roles"] or word in words["person_heads"]
    return listed or (len(word) > _SHORTEST_TRADE and word.endswith(_TRADES))


def _read(path: Path) -> dict[str, list[str]]:
    """Read a file of bracketed sections of words."""
    sections: dict[str, list[str]] = {}
    current: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[] "), [])
        elif not line.startswith("#"):
            current.extend(line.split())
    return sections


def _forms(entry: str) -> tuple[str, ...]:
    """Return the forms of a verb: listed ones as they are, regular ones by rule."""
    if "/" in entry:
        return tuple(entry.split("/"))
    stem = entry.removesuffix("e")
    third = f"{entry}es" if entry.endswith(("s", "sh", "ch", "x", "z")) else f"{entry}s"
    return (entry, third, f"{stem}ed", f"{stem}ing")
