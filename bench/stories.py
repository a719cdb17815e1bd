"""Measures story clustering: ``python -m bench.stories [--data FILE.jsonl …] [--halves N] [--speed]``.

Each file holds {"id", "title", "text", "published", "source", "story"} a line. For each one it prints B-cubed
precision, recall and F1 of the whole batch (what ``digestbot cluster --jsonl`` does) and of the stream (one article
after the other into the index, then the look over an edition), and how the batch fares when the threshold is off.
With ``--halves`` the threshold is chosen on a random half of the stories and scored on the other half: if that does
much worse than the threshold in the code does on its own data, the code's was fitted to it. ``--speed`` times one
article against 2,000 open stories.
"""

import argparse
import json
import random
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digestbot.domain.news import Article, Story
from digestbot.editorial.cluster import StoryIndex, batch, event_text, group, regroup
from digestbot.inference.models import ENCODER
from digestbot.inference.vectors import VectorModel

ROOT = Path(__file__).resolve().parent.parent
FILES = (ROOT / "tests/data/stories/newsroom.jsonl", ROOT.parent / "shared/data/stories/dev.jsonl")
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
THRESHOLDS = tuple(round(0.20 + 0.03 * n, 2) for n in range(10))
Vectors = NDArray[np.float32]
Scores = tuple[float, float, float]


def b_cubed(gold: Sequence[object], out: Sequence[object]) -> Scores:
    """Return B-cubed precision, recall and F1 (Bagga and Baldwin 1998)."""
    sizes, clusters = Counter(gold), defaultdict(list)
    for story, label in zip(gold, out, strict=True):
        clusters[label].append(story)
    precision = recall = 0.0
    for members in clusters.values():
        for story, count in Counter(members).items():
            precision += count * count / len(members) / len(gold)
            recall += count * count / sizes[story] / len(gold)
    return precision, recall, 2 * precision * recall / (precision + recall)


def read(path: Path) -> tuple[list[Article], list[str]]:
    """Return a file's articles and the story each belongs to."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    articles = [
        Article(
            number,
            "",
            row["title"],
            row["text"],
            outlet=row["source"],
            published=datetime.fromisoformat(row["published"]),
        )
        for number, row in enumerate(rows, 1)
    ]
    return articles, [row["story"] for row in rows]


def embed(articles: Sequence[Article]) -> Vectors:
    """Return the vectors of articles, from the embedded encoder."""
    model = VectorModel(ENCODER, cache_dir=None)
    return model([event_text(article.title, article.text) for article in articles])


def stream(articles: Sequence[Article], vectors: Vectors) -> tuple[list[int], list[int]]:
    """Return the labels after the stream, and after the stories were looked over."""
    index, labels = StoryIndex(), []
    members: dict[int, list[Article]] = defaultdict(list)
    for article, vector in zip(articles, vectors, strict=True):
        joined = index.assign(article, vector)
        label = len(index) + 1 if joined is None else joined
        index.add(label, article, vector)
        labels.append(label)
        members[label].append(article)
    stories = [Story(label, tuple(found), EPOCH, EPOCH) for label, found in members.items()]
    by_id = {article.id: vector for article, vector in zip(articles, vectors, strict=True)}
    merged = {story_id: ids[0] for ids in regroup(stories, by_id) for story_id in ids}
    return labels, [merged[label] for label in labels]


def at_thresholds(articles: Sequence[Article], vectors: Vectors, gold: Sequence[str]) -> dict[float, Scores]:
    """Return the scores of the batch at each threshold."""
    return {t: b_cubed(gold, group(articles, vectors, threshold=t)) for t in THRESHOLDS}


def halves(articles: Sequence[Article], vectors: Vectors, gold: Sequence[str], times: int) -> None:
    """Choose the threshold on half of the stories, score it on the other half, and print both."""
    names, rng = sorted(set(gold)), random.Random(1)  # noqa: S311 — halves, not secrets
    chosen, fixed = [], []
    for _ in range(times):
        rng.shuffle(names)
        first = set(names[: len(names) // 2])
        for half in (first, set(names) - first):
            mine = [i for i, story in enumerate(gold) if story in half]
            other = [i for i, story in enumerate(gold) if story not in half]
            picked = [(articles[i], gold[i]) for i in mine]
            curve = at_thresholds([a for a, _ in picked], vectors[mine], [g for _, g in picked])
            best = max(THRESHOLDS, key=lambda t: curve[t][2])
            args = [articles[i] for i in other], vectors[other]
            chosen.append(b_cubed([gold[i] for i in other], group(*args, threshold=best)))
            fixed.append(b_cubed([gold[i] for i in other], group(*args)))
    print(f"  threshold chosen on one half, scored on the other ({2 * times} times): {mean(chosen)}")
    print(f"  the code's threshold on the same halves:                      {mean(fixed)}")


def mean(scores: Sequence[Scores]) -> str:
    """Return mean scores as a line, with the lowest."""
    p, r, f = (statistics.mean(score[i] for score in scores) for i in range(3))
    return f"precision {p:.3f}  recall {r:.3f}  F1 {f:.3f}  (lowest F1 {min(s[2] for s in scores):.3f})"


def line(score: Scores) -> str:
    """Return a score as text."""
    return "precision {:.3f}  recall {:.3f}  F1 {:.3f}".format(*score)


def speed(articles: Sequence[Article], vectors: Vectors) -> None:
    """Time one article against 2,000 open stories with bodies."""
    rng, index = np.random.default_rng(1), StoryIndex()
    for number in range(2000):
        base = number % len(articles)
        vector = vectors[base] + np.asarray(rng.normal(0, 0.03, vectors.shape[1]), np.float32)
        body = f"The body of report {number} says much the same, in words of its own. " * 40
        article = Article(number, "", f"{articles[base].title} {number}", body, outlet=f"Outlet {number}")
        index.add(number + 1, article, vector / np.linalg.norm(vector))
    taken = []
    for number in range(300):
        base = number % len(articles)
        article = Article(0, f"https://x.example/{number}", articles[base].title, f"Another body {number}. " * 150)
        begun = time.perf_counter()
        index.assign(article, vectors[base])
        taken.append((time.perf_counter() - begun) * 1000)
    taken.sort()
    print(
        f"one article against {len(index)} open stories: median {taken[150]:.1f} ms, 95 in 100 under {taken[285]:.1f}"
    )


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, nargs="*", default=[path for path in FILES if path.exists()])
    parser.add_argument("--halves", type=int, default=5)
    parser.add_argument("--speed", action="store_true")
    options = parser.parse_args()
    for path in options.data:
        articles, gold = read(path)
        begun = time.perf_counter()
        vectors = embed(articles)
        embedded = time.perf_counter()
        score = b_cubed(gold, group(articles, vectors))
        took = time.perf_counter() - embedded
        print(f"{path.name}: {len(articles)} articles, {len(set(gold))} stories")
        print(f"  batch ({took:.1f} s, vectors {embedded - begun:.1f} s): {line(score)}   threshold {batch.SAME_EVENT}")
        first, second = stream(articles, vectors)
        print(f"  stream: {line(b_cubed(gold, first))}")
        print(f"  stream, then looked over: {line(b_cubed(gold, second))}")
        for threshold, found in at_thresholds(articles, vectors, gold).items():
            print(f"    threshold {threshold:.2f}: {line(found)}")
        if options.halves:
            halves(articles, vectors, gold, options.halves)
        if options.speed:
            speed(articles, vectors)


if __name__ == "__main__":
    main()
