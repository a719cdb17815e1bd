"""Writes what the scoring tool reads, and prints its tables: extractive summaries and the gate on labelled ones.

python bench/summaries.py [DATA [TOOL]]      by default ../shared/data/summaries and ../shared/tools/score_summaries.py
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from digestbot.domain.news import Article, Story
from digestbot.editorial.grounding import ground, split
from digestbot.inference import EncoderEmbedder, Engine, ExtractiveSummarizer

ROOT = Path(__file__).resolve().parent.parent.parent / "shared"
NOW = datetime(2025, 1, 1, tzinfo=UTC)


def rows(path: Path) -> list[dict[str, object]]:
    """Return the records of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


async def extractive(data: Path, out: Path) -> None:
    """Write the extractive summary of every article."""
    with tempfile.TemporaryDirectory() as cache:
        engine = Engine(cache_dir=Path(cache))
        summarizer = ExtractiveSummarizer(EncoderEmbedder(engine))
        with out.open("w", encoding="utf-8") as lines:
            for row in rows(data):
                story = Story(1, (Article(1, "", "", str(row["text"]), language="en"),), NOW, NOW)
                summary = await summarizer.summarize(story)
                print(json.dumps({"id": row["id"], "summary": summary.text}), file=lines)
        await engine.aclose()


def gate(data: Path, out: Path) -> None:
    """Write the gate's verdict on every labelled summary, and print how often each rule refused."""
    counts: Counter[str] = Counter()
    with out.open("w", encoding="utf-8") as lines:
        for row in rows(data):
            grounding = ground([Article(1, "", "", str(row["text"]))], split(str(row["summary"])))
            counts.update(grounding.counts)
            print(json.dumps({"id": row["id"], "ok": grounding.ok}), file=lines)
    print("sentences refused, by reason:", dict(counts.most_common()))


def main() -> None:
    """Write both, score both."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "data/summaries"
    tool = sys.argv[2] if len(sys.argv) > 2 else str(ROOT / "tools/score_summaries.py")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        gate(data / "labelled.jsonl", out / "gate.jsonl")
        subprocess.run([sys.executable, tool, "gate", data / "labelled.jsonl", out / "gate.jsonl"], check=True)
        asyncio.run(extractive(data / "dev.jsonl", out / "rouge.jsonl"))
        subprocess.run([sys.executable, tool, "rouge", data / "dev.jsonl", out / "rouge.jsonl"], check=True)


if __name__ == "__main__":
    main()
