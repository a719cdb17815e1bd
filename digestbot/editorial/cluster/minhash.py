"""Near-duplicate bodies by MinHash over word shingles: wire copy is recognised whatever headline it runs under.

Broder, "On the resemblance and containment of documents" (1997): the share of equal minima estimates the Jaccard
similarity of the shingle sets. One hash is parted into 128 bins with a minimum each, which costs one pass instead of
128 (Li, Owen and Zhang, "One permutation hashing", 2012); the standard error is about 0.05.
"""

import zlib

import numpy as np
from numpy.typing import NDArray

from digestbot.editorial.text import words

Signature = NDArray[np.uint64]
"""The least shingle hash in each bin, shape (128,); the greatest number stands in an empty bin."""

BINS = 128
SHINGLE = 4
"""Words of a shingle: short enough to survive an editor's cuts, long enough that two authors rarely share one."""
SHORTEST = 40
"""A body with fewer words says too little to be called a copy."""
_LONGEST = 400
"""Words looked at; an agency's text is recognised well before."""
_LONGEST_TEXT = 4_000
"""Characters that hold as many words in most languages."""
_EMPTY = np.uint64(0xFFFFFFFFFFFFFFFF)
_BIN_SHIFT = np.uint64(64 - 7)
_BASE = 0x9E3779B97F4A7C15
"""The splitmix64 increment (Steele, Lea and Flood, 2014), also the base that mixes the words of a shingle."""


def _splitmix(x: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return well-mixed 64-bit values, by the finaliser of splitmix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def signature(text: str) -> Signature | None:
    """Return the signature of a body, or None when it has fewer than 40 words."""
    found = words(text[:_LONGEST_TEXT])[:_LONGEST]
    if len(found) < SHORTEST:
        return None
    codes = np.array([zlib.crc32(word.casefold().encode("utf-8", "surrogatepass")) for word in found], dtype=np.uint64)
    shingles = np.zeros(len(codes) - SHINGLE + 1, dtype=np.uint64)
    for offset in range(SHINGLE):
        shingles = shingles * np.uint64(_BASE) + codes[offset : len(codes) - SHINGLE + 1 + offset]
    mixed = _splitmix(shingles)
    minima = np.full(BINS, _EMPTY, dtype=np.uint64)
    np.minimum.at(minima, (mixed >> _BIN_SHIFT).astype(np.intp), mixed)
    return minima


def resemblance(a: Signature, b: Signature) -> float:
    """Return the estimated Jaccard similarity of two bodies' shingles, 0 to 1."""
    filled = (a != _EMPTY) | (b != _EMPTY)
    return float(np.count_nonzero((a == b) & filled) / np.count_nonzero(filled))
