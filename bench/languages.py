"""Counts how often attributions in French, German and Spanish are right: ``python -m bench.languages``.

Reads tests/data/quotes/languages.txt, sentences written for this, and writes
digestbot/editorial/quotes/data/languages.json: by language and grade how many attributions were right, of how many.
The engine's confidence in these languages rests on these counts alone.
"""

import json
from pathlib import Path

from digestbot.domain.news import Article
from digestbot.editorial.quotes import find_quotes
from digestbot.editorial.quotes.simple import COUNTS, attribute_simply

SENTENCES = Path(__file__).resolve().parent.parent / "tests/data/quotes/languages.txt"
Counts = dict[str, dict[str, list[int]]]


def sentences() -> list[tuple[str, str, list[str]]]:
    """Return language, text and the speakers of its quotes ("-": nobody) of every line."""
    lines = SENTENCES.read_text(encoding="utf-8").splitlines()
    rows = [line.split(" | ") for line in lines if line and not line.startswith("#")]
    return [(language, text, speakers.split(";")) for language, text, speakers in rows]


def count(*, show: bool = False) -> Counts:
    """Return by language and grade how many attributions are right, and how many there are."""
    counts: Counts = {}
    for language, text, expected in sentences():
        grades = _grades(text, language)
        quotes = [q for q in find_quotes(Article(1, "", "", text, language=language)) if q.speaker]
        names = [name for name in expected if name != "-"]
        for number, (quote, plain) in enumerate(zip(quotes, grades, strict=True)):
            said = quote.speaker.name if quote.speaker else ""
            right = number < len(names) and said == names[number]
            tally = counts.setdefault(language, {}).setdefault("plain" if plain else "loose", [0, 0])
            tally[0] += right
            tally[1] += 1
            if show and not (right and plain):
                print(language, "plain" if plain else "loose", "right" if right else "WRONG", said, "|", text)
        if show and len(quotes) < len(names):
            print(language, "missing", names, "|", text)
    return counts


def _grades(text: str, language: str) -> list[bool]:
    """Return of every attributed quote whether its attribution is a plain one."""
    _, found = attribute_simply(text, language)
    return [one.plain for one in found if one.speaker is not None]


def main() -> None:
    """Count and write."""
    counts = count(show=True)
    COUNTS.write_text(json.dumps(counts, sort_keys=True) + "\n", encoding="utf-8")
    for language, grades in sorted(counts.items()):
        print(language, ", ".join(f"{grade} {right} of {n} right" for grade, (right, n) in sorted(grades.items())))


if __name__ == "__main__":
    main()
