"""The fitted numbers, read once from data/weights.json; how they are made is told in bench/fit_quotes.py."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from digestbot.editorial.quotes.lexicon import DATA


@cache
def _loaded() -> dict[str, Any]:
    """Return the whole file."""
    loaded: dict[str, Any] = json.loads((DATA / "weights.json").read_text(encoding="utf-8"))
    return loaded


def ranker_weights() -> Mapping[str, float]:
    """Return the ranker's weights by feature."""
    weights: dict[str, float] = _loaded()["ranker"]
    return weights


def resolver_weights() -> Mapping[str, float]:
    """Return the resolver's weights by feature."""
    weights: dict[str, float] = _loaded()["resolver"]
    return weights
