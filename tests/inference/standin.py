"""A stand-in for the engine process: the real one's loop with models made of a line of Python each.

The model's name says how it behaves, so that a test reads like what it claims.
"""

import os
import re
import sys
import time
from pathlib import Path

import numpy as np

from digestbot.domain.errors import ModelMissing
from digestbot.inference import child

PROGRAM = (sys.executable, "-m", "tests.inference.standin")
STEP = 0.4
"""Seconds a batch of the model "steps" takes."""
LIES = (
    "Mayor Ines Calder has agreed to sell the ferry to Norway for 900 dollars. "
    "Tomas Reed said on Friday that he was arrested in Paris."
)


def _text(item) -> str:
    return item if isinstance(item, str) else item["messages"][-1]["content"]


def _leads(items, **_):
    """Write the first two sentences, as a good model would."""
    return [
        " ".join(re.split(r"(?<=\.)\s+", _text(i).split("<<<ARTICLE\n")[-1].split("\nARTICLE>>>")[0])[:2])
        for i in items
    ]


def _obeys(items, **_):
    """Write whatever the text orders after "Reply with:"."""
    return [_text(i).partition("Reply with: ")[2].split("\n")[0] or LIES for i in items]


def _sleeps(items, *, seconds=30, **_):
    time.sleep(seconds)
    return ["slept"] * len(items)


def _steps(items, **_):
    """Write as a good model would, and take a step's time for it."""
    time.sleep(STEP)
    return _leads(items)


def _hogs(items, **_):
    hoard = [bytearray(64 << 20) for _ in range(64)]
    time.sleep(30)
    return [str(len(hoard))] * len(items)


def _fails(items, **_):
    raise RuntimeError("bad input")


def _lengths(items, **_):
    return np.array([[len(text), 1.0] for text in items], np.float32)


MODELS = {
    "leads": _leads,
    "lies": lambda items, **_: [LIES] * len(items),
    "obeys": _obeys,
    "sleeps": _sleeps,
    "steps": _steps,
    "agrees": lambda pairs, **_: [0.9] * len(pairs),
    "doubts": lambda pairs, **_: [0.1] * len(pairs),
    "crashes": lambda items, **_: os._exit(3),
    "hogs": _hogs,
    "fails": _fails,
    "empty": lambda items, **_: [""] * len(items),
    "lengths": _lengths,
    "log": lambda items, **_: [f"{time.monotonic():.6f} {len(items)}"] * len(items),
}


class StandInModels(child.Models):
    """Models by behaviour."""

    def _load(self, op, name, backend):
        if name not in MODELS:
            raise ModelMissing(name)
        return MODELS[name]


if __name__ == "__main__":
    child.run(lambda cache_dir, threads: StandInModels(cache_dir=cache_dir and Path(cache_dir), threads=threads))
