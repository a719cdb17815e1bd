"""How alike the articles of a batch are: vectors, weighted words, and a guard that asks for shared names.

The similarity of two articles is half the cosine of their vectors and half that of their TF-IDF. Then each article
is moved towards its nearest neighbours, in two steps of graph diffusion: headlines on one event that share few words
with each other share them with those between. Neighbours count only as far as they exceed a floor, so that a lonely
article stays where it is; the second floor is higher, as all similarities have grown by then. The figures were
chosen on random halves of labelled headlines and checked on the other halves (``bench/stories.py``): what counts is
that a wide range of thresholds serves dense and sparse news alike.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from digestbot.editorial.cluster.evidence import Evidence

Matrix = NDArray[np.float32]

VECTOR_SHARE = 0.5
"""Part of the vectors in the similarity; the rest belongs to words."""
_NEIGHBOURS = 6
_STEPS = ((0.20, 2.0), (0.35, 1.0))
"""Each step of diffusion: the similarity at which a neighbour starts to count, and how strongly it pulls."""
UNSHARED = 0.05
"""What two articles lose that share neither a name nor a number nor two words."""
CONTRADICTED = 0.5
"""What two articles lose of which each names somebody or some place that the other does not: two quakes, two towns."""
SURE = 0.72
"""Vector cosine that needs no shared name: the same sentence in other words."""


def tfidf(evidences: Sequence[Evidence]) -> Matrix:
    """Return unit rows of logarithmic TF-IDF weights, shape (n, terms)."""
    frequency = Counter(term for evidence in evidences for term, _ in evidence.terms)
    column = {term: number for number, term in enumerate(sorted(frequency))}
    matrix = np.zeros((len(evidences), max(1, len(column))), dtype=np.float32)
    for row, evidence in enumerate(evidences):
        for term, count in evidence.terms:
            rarity = np.log((1 + len(evidences)) / frequency[term])
            matrix[row, column[term]] = (1 + np.log(count)) * rarity
    return _unit(matrix)


def likeness(evidences: Sequence[Evidence], vectors: Matrix) -> Matrix:
    """Return the similarity of each two articles, shape (n, n), -1 to 1.

    Args:
        evidences: What the articles' words say.
        vectors: Their vectors, unit rows, shape (n, d).

    """
    words = tfidf(evidences)
    features = np.concatenate([np.sqrt(VECTOR_SHARE) * vectors, np.sqrt(1 - VECTOR_SHARE) * words], axis=1)
    apart = contradictions(evidences)
    for floor, pull in _STEPS:
        similarity = features @ features.T
        np.fill_diagonal(similarity, 0)
        similarity[apart] = 0
        features = _unit(features + pull * (_pulls(similarity, floor) @ features))
    result: Matrix = features @ features.T
    result[~shares_evidence(evidences, vectors)] -= UNSHARED
    result[apart] -= CONTRADICTED
    return result


def contradictions(evidences: Sequence[Evidence]) -> NDArray[np.bool_]:
    """Tell for each two articles whether each names somebody or some place that the other does not, shape (n, n)."""
    vocabulary = sorted(frozenset(term for evidence in evidences for term, _ in evidence.terms))
    column = {word: number for number, word in enumerate(vocabulary)}
    terms = _incidence([frozenset(term for term, _ in evidence.terms) for evidence in evidences], column)
    proper = _incidence([evidence.proper for evidence in evidences], column)
    named = proper.sum(axis=1) > 0
    crossed = proper @ terms.T
    result: NDArray[np.bool_] = named[:, None] & named[None, :] & (crossed == 0) & (crossed.T == 0)
    return result


def shares_evidence(evidences: Sequence[Evidence], vectors: Matrix) -> NDArray[np.bool_]:
    """Tell for each two articles whether words or numbers allow that they are on one event, shape (n, n)."""
    vocabulary = sorted(frozenset(term for evidence in evidences for term, _ in evidence.terms))
    column = {word: number for number, word in enumerate(vocabulary)}
    names = _incidence([evidence.names for evidence in evidences], column)
    content = _incidence([frozenset(term for term, _ in evidence.terms) for evidence in evidences], column)
    shared_names, shared_terms = names @ names.T, content @ content.T
    result: NDArray[np.bool_] = (shared_names >= 1) | (shared_terms >= 2) | (vectors @ vectors.T >= SURE)  # noqa: PLR2004
    return result


def _incidence(sets: Sequence[frozenset[str]], column: Mapping[str, int]) -> Matrix:
    """Return which row holds which word, as ones and zeros."""
    matrix = np.zeros((len(sets), max(1, len(column))), dtype=np.float32)
    for row, words in enumerate(sets):
        matrix[row, [column[word] for word in words]] = 1
    return matrix


def _pulls(similarity: Matrix, floor: float) -> Matrix:
    """Return the weight of each article's nearest neighbours, zero for all others."""
    nearest = min(_NEIGHBOURS, len(similarity))
    least = np.sort(similarity, axis=1)[:, -nearest][:, None]
    pulls: Matrix = np.where(similarity >= least, np.maximum(similarity - floor, 0), 0).astype(np.float32)
    return pulls


def _unit(matrix: Matrix) -> Matrix:
    """Return the rows at unit length; rows of zeros stay."""
    unit: Matrix = (matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return unit
