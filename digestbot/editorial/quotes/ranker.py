"""Weighs the candidate speakers of each quote with fitted weights, first quote to last; resolves no pronoun.

A conditional log-linear model over the candidates and the answer "nobody" (Berger et al. 1996); weights are fitted
by bench/fit_quotes.py and live in data/weights.json.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from digestbot.editorial.quotes.features import Context, context, describe, describe_none
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.model import ranker_weights
from digestbot.editorial.quotes.scene import Scene, candidates

_SIGNED = 0.98
"""How surely the name below a quotation set apart is its speaker: a layout made to say so."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Who the ranker takes for the speaker (None: nobody speaks) and how surely, 0 to 1."""

    mention: Mention | None
    probability: float


def options(scene: Scene, ctx: Context, previous: Mention | None) -> list[tuple[Mention | None, list[str]]]:
    """Return every possible answer for a quote with its features, "nobody" last."""
    described: list[tuple[Mention | None, list[str]]] = []
    ranks = {"A": 0, "B": 0}
    for mention in candidates(scene, ctx.number, previous):
        side = "A" if mention.i > ctx.place else "B"
        described.append((mention, describe(scene, ctx, mention, ranks[side], previous)))
        ranks[side] += 1
    described.append((None, describe_none(scene, ctx)))
    return described


def judge(scene: Scene, table: Mapping[str, float] | None = None) -> list[Verdict]:
    """Return one verdict a span of the scene, in order."""
    table = ranker_weights() if table is None else table
    verdicts: list[Verdict] = []
    previous: Mention | None = None
    for number in range(len(scene.spans)):
        verdict = _signed(scene, number) or _best(options(scene, context(scene, number), previous), table)
        verdicts.append(verdict)
        if verdict.mention is not None:
            previous = verdict.mention
    return verdicts


def _signed(scene: Scene, number: int) -> Verdict | None:
    """Return the name on the line that signs a quotation set apart, or None where there is none."""
    signed = scene.spans[number].signed
    if signed is None:
        return None
    on_it = [m for m in scene.mentions if signed[0] <= m.start and m.end <= signed[1] and m.kind in "PNOD"]
    return Verdict(min(on_it, key=lambda m: ("PNOD".index(m.kind), m.i)), _SIGNED) if on_it else None


def _best(answers: Sequence[tuple[Mention | None, list[str]]], table: Mapping[str, float]) -> Verdict:
    """Return the answer of the greatest weight with its share of all."""
    get = table.get
    scores = [sum([get(name, 0.0) for name in names]) for _, names in answers]
    top = max(range(len(scores)), key=scores.__getitem__)
    total = sum(exp(score - scores[top]) for score in scores)
    return Verdict(answers[top][0], 1.0 / total)
