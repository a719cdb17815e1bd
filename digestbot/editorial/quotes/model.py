"""The fitted numbers, read once from data/weights.json; how they are made is told in bench/fit_quotes.py."""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from math import exp, log
from typing import Any

from digestbot.editorial.quotes.lexicon import DATA


@cache
def _loaded() -> dict[str, Any]:
    """Return the whole file."""
    loaded: dict[str, Any] = json.loads((DATA / "weights.json").read_text(encoding="utf-8"))
    for table in ("ranker", "resolver"):
        loaded[table] = {name: hundredths / 100 for name, hundredths in loaded[table].items()}
    return loaded


def calibration() -> Sequence[float]:
    """Return the weights of :func:`calibrated`."""
    numbers: list[float] = _loaded()["calibration"]
    return numbers


def calibrated(verdict: float, antecedent: float | None, *, full_name: bool) -> float:
    """Return the probability that a speaker is right (Platt 1999), fitted on articles the models had not seen.

    Args:
        verdict: The ranker's share for the mention, 0 to 1.
        antecedent: The resolver's share where the mention is a pronoun, else None.
        full_name: Whether the name has more than one word.

    """
    bias, ranker, resolver, pronoun, full = calibration()
    score = bias + ranker * _logit(verdict) + full * full_name
    if antecedent is not None:
        score += pronoun + resolver * _logit(antecedent)
    return 1 / (1 + exp(-score))


def _logit(share: float) -> float:
    """Return the log odds of a share, kept finite."""
    share = min(max(share, 1e-4), 1 - 1e-4)
    return log(share / (1 - share))


def ranker_weights() -> Mapping[str, float]:
    """Return the ranker's weights by feature."""
    weights: dict[str, float] = _loaded()["ranker"]
    return weights


def resolver_weights() -> Mapping[str, float]:
    """Return the resolver's weights by feature."""
    weights: dict[str, float] = _loaded()["resolver"]
    return weights
