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

_SIGNED = 0.99
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
        ranks[side] += not mention.inside
    described.append((None, describe_none(scene, ctx)))
    return described


def judge(scene: Scene, table: Mapping[str, float] | None = None) -> list[Verdict]:
    """Return one verdict a span of the scene, in order."""
    table = ranker_weights() if table is None else table
    verdicts: list[Verdict] = []
    previous: Mention | None = None
    for number in range(len(scene.spans)):
        verdict = (
            _signed(scene, number)
            or _continued(scene, number, verdicts)
            or _best(options(scene, context(scene, number), previous), table)
        )
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


def _continued(scene: Scene, number: int, verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the verdict of the paragraph before where a quotation goes on with it, or None where it does not."""
    goes_on = scene.spans[number].continues and bool(verdicts) and verdicts[-1].mention is not None
    return verdicts[-1] if goes_on else None


def _best(answers: Sequence[tuple[Mention | None, list[str]]], table: Mapping[str, float]) -> Verdict:
    """Return the answer of the greatest weight, with the share of all that its person has under every mention."""
    get = table.get
    scores = [sum([get(name, 0.0) for name in names]) for _, names in answers]
    top = max(scores)
    shares = [exp(score - top) for score in scores]
    best = answers[scores.index(top)][0]
    whose = sum(share for (mention, _), share in zip(answers, shares, strict=True) if _is_one(mention, best))
    return Verdict(best, whose / sum(shares))


def _is_one(mention: Mention | None, other: Mention | None) -> bool:
    """Tell whether two answers name one person."""
    if mention is None or other is None:
        return mention is other
    return mention is other or mention.entity == other.entity >= 0
