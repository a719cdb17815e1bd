"""Fits the numbers of the quote engine and writes digestbot/editorial/quotes/data/weights.json.

Usage: ``python bench/fit_quotes.py`` (a minute on one core; needs scipy).

Fitted on ../shared/data/quotes/train.jsonl, on general_fit, general_short, newsrooms_fit and campaigns_fit of
tests/data/quotes, and on tests/editorial/quotes/cases.txt; never on dev.jsonl, general_heldout.jsonl, key_gold.jsonl
or names.txt. Three models: the ranker (which mention speaks; conditional log-linear, L2), the resolver (whom a pronoun
or a noun phrase stands for; the same, L2 around resolver_prior.json, weights set by hand) and the calibration of the
confidence (Platt 1999) on folds that the other two have not seen. Whom the pronouns of train.jsonl stand for was
decided by reading (pronouns.tsv), not taken from its automatic labels; so was what stands between marks that its
makers passed over or mistook (speech.tsv).
"""

import json
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import minimize

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT.parent / "shared" / "tools")]

import score_quotes as scoring  # noqa: E402

from digestbot.editorial.quotes import attribution, ranker, resolver  # noqa: E402
from digestbot.editorial.quotes.features import context  # noqa: E402
from digestbot.editorial.quotes.mentions import Mention  # noqa: E402
from digestbot.editorial.quotes.scene import Scene, lay_out  # noqa: E402
from digestbot.editorial.quotes.spans import find_spans  # noqa: E402
from tests.editorial.quotes.cases import Case, load  # noqa: E402

WEIGHTS = ROOT / "digestbot/editorial/quotes/data/weights.json"
PRONOUNS = frozenset(("he", "she", "it", "they", "who"))
RANKER_L2, RANKER_MIN, RANKER_FLOOR = 6.0, 4, 0.065
RESOLVER_L2, RESOLVER_MIN, RESOLVER_FLOOR = 60.0, 3, 0.05
SHORT = ("general_short", "newsrooms_fit", "campaigns_fit")
OWN = 2.0
"""Weight of an example written for this project against one of 2016."""
CASE = 4.0
"""Weight of an example written for one class of error."""
FEW = 5
"""Words from which the training data's marks were read again (bench/speech.tsv)."""

Record = dict[str, Any]


@dataclass
class Example:
    """The features of every answer, the numbers of the right ones, and the weight."""

    article: str
    answers: list[list[str]]
    right: list[int]
    weight: float


# ── data ─────────────────────────────────────────────────────────────────────


def read(path: Path) -> list[Record]:
    """Return the records of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def training() -> list[Record]:
    """Return the articles of 2016, those left out that mark speech with two apostrophes."""
    return [r for r in read(ROOT.parent / "shared/data/quotes/train.jsonl") if r["text"].count("''") < 4]


def own() -> list[Record]:
    """Return the articles written for this project."""
    general = read(ROOT / "tests/data/quotes/general_fit.jsonl")
    short = [_record(case, name) for name in SHORT for case in load(ROOT / f"tests/data/quotes/{name}.txt")]
    return [r | {"own": True} for r in general] + short + [_record(case, "case") for case in load()]


def _record(case: Case, sort: str) -> Record:
    """Return a case as a record of the same shape; ``sort`` tells which file it is of."""
    quotes = []
    for span in find_spans(case.text):
        words = case.text[span.start : span.end]
        for expected in case.quotes:
            if words.startswith(expected.begins):
                start = _nearest(case.text, expected.mention, span.start, span.end)
                pronoun = expected.mention.lower() in PRONOUNS
                named = expected.mention.split()[-1] in expected.speaker and not expected.mention.lower().startswith(
                    ("the ", "a ")
                )
                quotes.append(
                    {
                        "start": span.start,
                        "end": span.end,
                        "text": words,
                        "speaker": expected.speaker,
                        "speaker_start": start,
                        "speaker_end": start + len(expected.mention),
                        "speaker_type": "pronoun" if pronoun else "name" if named else "nominal",
                    }
                )
    return {"id": f"{sort}-{case.name}", "text": case.text, "quotes": quotes, "own": True}


def _nearest(text: str, mention: str, start: int, end: int) -> int:
    """Return where a mention stands nearest to a quote."""
    places = [found.start() for found in re.finditer(rf"(?<!\w){re.escape(mention)}(?!\w)", text, re.IGNORECASE)]
    return min(places, key=lambda k: k - end if k >= end else start - k - len(mention) if k < start else len(text))


def speech() -> dict[tuple[str, int], tuple[str, str]]:
    """Return by article and offset what was found, on reading, at marks whose gold is wanting, and who speaks."""
    lines = (ROOT / "bench/speech.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    return {(article, int(start)): (what, who) for article, start, what, who in rows}


def antecedents(records: Sequence[Record]) -> dict[tuple[str, int], str]:
    """Return by article and offset the name of whom a pronoun, or a noun phrase, stands for."""
    known: dict[tuple[str, int], str] = {}
    for line in (ROOT / "bench/pronouns.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            article, offset, name, _ = line.split("\t")
            known[article, int(offset)] = name
    for r in records:
        for q in r["quotes"]:
            takes_up = q["speaker_type"] == "pronoun" or (
                q["speaker_type"] == "nominal" and not r["text"].startswith(q["speaker"], q["speaker_start"])
            )
            if r.get("own") and q["speaker"] and takes_up:
                known[r["id"], q["speaker_start"]] = q["speaker"]
    return known


# ── examples ─────────────────────────────────────────────────────────────────


def ranker_examples(records: Iterable[Record]) -> list[Example]:
    """Return one example a quoted span, the speaker of the quote before taken from the gold.

    What ``ranker.judge`` does not ask of the model is no example: signed spans, paragraphs that continue a quotation.
    """
    examples = []
    judged = speech()
    for r in records:
        scene, gold, previous, spoken = lay_out(r["text"]), _gold(r), None, False
        for number, span in enumerate(scene.spans):
            if span.signed or (span.continues and spoken):
                continue
            answers = ranker.options(scene, context(scene, number), previous)
            quote = gold.get(_bare(r, span.start, span.end))
            weight = _weight(r)
            verdict, name = judged.get((r["id"], span.start), ("", ""))
            spoken = verdict != "nobody" and (quote is not None or bool(verdict))
            if not spoken:
                right = [len(answers) - 1]
            elif verdict:
                right = [k for k, (m, _) in enumerate(answers) if m and name and _names(scene, m, name)]
            else:
                right = _right(answers, quote) if quote and quote["speaker_start"] is not None else []
            if not right:
                continue
            if answers[right[0]][0] is not None:
                previous = answers[right[0]][0]
                weight *= 1.0 if len(r["text"][span.start : span.end].split()) >= FEW else 0.5
            examples.append(Example(r["id"], [names for _, names in answers], right, weight))
    return examples


def _names(scene: Scene, mention: Mention, name: str) -> bool:
    """Tell whether a mention names the one who bears this word of a name."""
    return mention.kind in "PNO" and mention.entity >= 0 and name in scene.cast[mention.entity].name.split()


def _weight(r: Record) -> float:
    """Return how much an article's examples count."""
    return CASE if r["id"].startswith("case-") else OWN if r.get("own") else 1.0


def _gold(r: Record) -> dict[tuple[int, int], Record]:
    """Return the gold quotes of an article by their bare span."""
    return {_bare(r, q["start"], q["end"]): q for q in r["quotes"]}


def _bare(r: Record, start: int, end: int) -> tuple[int, int]:
    """Return a span without marks, blanks and the last punctuation: house styles differ in where a full stop goes."""
    span: tuple[int, int] = scoring.core(r["text"], *scoring.trim(r["text"], start, end))
    return span


def _right(answers: Sequence[tuple[Mention | None, list[str]]], quote: Record) -> list[int]:
    """Return the answers that are the gold mention: by name, by pronoun, or the closest noun phrase."""
    start, end = quote["speaker_start"], quote["speaker_end"]
    over = [(k, m) for k, (m, _) in enumerate(answers) if m is not None and m.start < end and m.end > start]
    if quote["speaker_type"] == "name":
        named = [k for k, m in over if m.kind != "D" and scoring.sp_last(m.text, quote["speaker"])]
        return named or [k for k, m in over if m.kind in "PNR"] or [k for k, _ in over]
    if quote["speaker_type"] == "pronoun" and (pronouns := [k for k, m in over if m.kind == "R"]):
        return pronouns
    shares = {k: (min(m.end, end) - max(m.start, start)) / (max(m.end, end) - min(m.start, start)) for k, m in over}
    return [k for k, share in shares.items() if share >= max(shares.values()) - 1e-9]


def resolver_examples(
    records: Iterable[Record],
    known: Mapping[tuple[str, int], str],
    table: Mapping[str, float],
    prior: Mapping[str, float],
) -> list[Example]:
    """Return one example a pronoun or noun phrase whose antecedent is known, in the order the engine meets them."""
    examples = []
    for r in records:
        scene = lay_out(r["text"])
        at_work, done = resolver.Resolver(scene, prior), set()
        for verdict in ranker.judge(scene, table):
            mention = verdict.mention
            if mention is None:
                continue
            name = known.get((r["id"], mention.start))
            asked = mention.kind == "R" or (mention.kind == "D" and at_work.may_take_up(mention))
            if asked and name and mention.i not in done:
                done.add(mention.i)
                answers = at_work.options(mention)
                right = [k for k, (m, _) in enumerate(answers) if _is_called(scene, m, name)]
                if right:
                    examples.append(Example(r["id"], [names for _, names in answers], right, _weight(r)))
                    at_work.settle(mention, answers[right[0]][0])
            target, _ = attribution.resolve(at_work, mention)
            if target is not None:
                at_work.speakers.append(target)
    return examples


def _is_called(scene: Scene, mention: Mention, name: str) -> bool:
    """Tell whether a mention is of the one who bears this name."""
    text = scene.cast[mention.entity].name if mention.entity >= 0 else mention.text
    return (
        scoring.sp_last(text, name, "nominal" if mention.kind == "D" else None) or name.lower() in text.lower().split()
    )


# ── fitting ──────────────────────────────────────────────────────────────────


def fit(examples: Sequence[Example], prior: Mapping[str, float], *, l2: float, fewest: int) -> dict[str, float]:
    """Return the weights of greatest likelihood, pulled towards ``prior`` by ``l2``."""
    counts = Counter(name for e in examples for names in e.answers for name in names)
    index = {name: k for k, name in enumerate(sorted({n for n, c in counts.items() if c >= fewest} | set(prior)))}
    pointers, groups, right = [0], list[int](), list[bool]()
    columns: list[int] = []
    for number, e in enumerate(examples):
        for k, names in enumerate(e.answers):
            columns.extend(index[name] for name in names if name in index)
            pointers.append(len(columns))
            groups.append(number)
            right.append(k in e.right)
    matrix = sparse.csr_matrix((np.ones(len(columns)), columns, pointers), shape=(len(groups), len(index)))
    group, hit = np.array(groups), np.array(right)
    starts = np.r_[0, np.flatnonzero(np.diff(group)) + 1]
    weight = np.array([e.weight for e in examples])
    centre = np.array([prior.get(name, 0.0) for name in index])

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        scores = matrix @ w
        shares = np.exp(scores - np.maximum.reduceat(scores, starts)[group])
        total = np.add.reduceat(shares, starts)
        good = np.where(hit, shares, 0.0)
        good_total = np.add.reduceat(good, starts) + 1e-12
        slope = (shares / total[group] - good / good_total[group]) * weight[group]
        return -(weight * np.log(good_total / total)).sum() + l2 / 2 * (
            (w - centre) ** 2
        ).sum(), matrix.T @ slope + l2 * (w - centre)

    found = minimize(loss, centre.copy(), jac=True, method="L-BFGS-B", options={"maxiter": 150}).x
    return {name: float(found[k]) for name, k in index.items()}


def fit_both(
    records: Sequence[Record], known: Mapping[tuple[str, int], str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the ranker's and the resolver's weights, small ones left out."""
    prior = json.loads((ROOT / "bench/resolver_prior.json").read_text(encoding="utf-8"))
    ranks = fit(ranker_examples(records), {}, l2=RANKER_L2, fewest=RANKER_MIN)
    ranks = {name: round(w, 2) for name, w in ranks.items() if abs(w) > RANKER_FLOOR}
    resolves = prior
    for _ in range(2):  # the second time the chains of pronouns are resolved with what the first has learnt
        pronouns = resolver_examples(records, known, ranks, resolves)
        resolves = fit(pronouns, prior, l2=RESOLVER_L2, fewest=RESOLVER_MIN)
    return ranks, {name: round(w, 2) for name, w in resolves.items() if abs(w) > RESOLVER_FLOOR}


# ── calibration ──────────────────────────────────────────────────────────────


def outcomes(
    records: Iterable[Record],
    known: Mapping[tuple[str, int], str],
    ranks: Mapping[str, float],
    resolves: Mapping[str, float],
) -> list[tuple[list[float], bool, float]]:
    """Return for every quote of a named person what the models said of it, whether it is right, and its weight."""
    found = []
    for r in records:
        scene, gold = lay_out(r["text"]), _gold(r)
        at_work = resolver.Resolver(scene, resolves)
        for span, verdict in zip(scene.spans, ranker.judge(scene, ranks), strict=True):
            mention = verdict.mention
            target, share = attribution.resolve(at_work, mention) if mention is not None else (None, 0.0)
            if mention is None or target is None:
                continue
            at_work.speakers.append(target)
            speaker = attribution.speaker_of(scene, target, mention)
            quote = gold.get(_bare(r, span.start, span.end))
            short = len(r["text"][span.start : span.end].split()) <= FEW
            ok = _is_right(r, quote, speaker.name, known)
            if speaker.kind == "person" and not short and ok is not None:
                pronoun = mention.kind == "R"
                says = [1.0, _odds(verdict.probability), _odds(share) if pronoun else 0.0, pronoun, " " in speaker.name]
                found.append(([float(x) for x in says], ok, 4.0 if r.get("own") else 1.0))
    return found


def _is_right(r: Record, quote: Record | None, name: str, known: Mapping[tuple[str, int], str]) -> bool | None:
    """Tell whether a speaker is right; None where the gold cannot tell."""
    if quote is None:
        return False if r.get("own") else None
    if quote["speaker_type"] != "pronoun":
        return any(
            scoring.sp_last(name, x, quote["speaker_type"]) for x in [quote["speaker"], *quote.get("speaker_alt", [])]
        )
    truth = known.get((r["id"], quote["speaker_start"]))
    return None if truth is None else scoring.sp_last(name, truth) or truth.lower() in name.lower()


def _odds(share: float) -> float:
    """Return the log odds of a share, kept finite."""
    share = min(max(share, 1e-4), 1 - 1e-4)
    return log(share / (1 - share))


def calibrate(records: Sequence[Record], known: Mapping[tuple[str, int], str], folds: int = 3) -> list[float]:
    """Return the calibration's weights, fitted on what models say of articles they were not fitted on."""
    seen: list[tuple[list[float], bool, float]] = []
    for fold in range(folds):
        ranks, resolves = fit_both([r for k, r in enumerate(records) if k % folds != fold], known)
        seen += outcomes([r for k, r in enumerate(records) if k % folds == fold], known, ranks, resolves)
    x, y, weight = (np.array([row[k] for row in seen], dtype=float) for k in range(3))

    def loss(b: np.ndarray) -> tuple[float, np.ndarray]:
        p = 1 / (1 + np.exp(-(x @ b)))
        return -(weight * (y * np.log(p + 1e-12) + (1 - y) * np.log(1 - p + 1e-12))).sum() + b @ b / 2, x.T @ (
            weight * (p - y)
        ) + b

    b = minimize(loss, np.zeros(x.shape[1]), jac=True).x
    p = 1 / (1 + np.exp(-(x @ b)))
    for threshold in (0.98, 0.97, 0.96, 0.95, 0.93, 0.9, 0.8):
        sure = p >= threshold
        share, right = 100 * sure.mean(), 100 * y[sure].mean()
        print(f"confidence ≥ {threshold:.2f}: {share:5.1f} % of named quotes, {right:5.1f} % right")
    return [round(float(value), 3) for value in b]


def main() -> None:
    """Fit everything and write the weights."""
    records = training() + own()
    random.Random(0).shuffle(records)  # noqa: S311 folds are no secret
    known = antecedents(records)
    calibration = calibrate(records, known)
    ranks, resolves = fit_both(records, known)
    note = "made by bench/fit_quotes.py, which tells what they were fitted on; weights in hundredths"
    tables = [{name: round(100 * weight) for name, weight in table.items()} for table in (ranks, resolves)]
    whole = {"note": note, "ranker": tables[0], "resolver": tables[1], "calibration": calibration}
    WEIGHTS.write_text(json.dumps(whole, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{len(ranks)} ranker and {len(resolves)} resolver weights, {WEIGHTS.stat().st_size / 1000:.1f} KB")


if __name__ == "__main__":
    main()
