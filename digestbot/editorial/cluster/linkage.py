"""Average-link clustering of a similarity matrix with numpy alone; knows nothing of news."""

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


def average_link(similarity: Matrix, threshold: float, sizes: NDArray[np.float64] | None = None) -> list[int]:
    """Return a cluster label for each item: merged while two clusters' mean similarity is at least ``threshold``.

    The nearest-neighbour chain (Murtagh 1983) finds the merges in O(n²); average link is reducible, so the clusters
    are those of the usual greedy algorithm. Ties go to the lower index. Labels are the index of each cluster's
    first member.

    Args:
        similarity: Symmetric, shape (n, n); the diagonal is not looked at.
        threshold: The lowest mean similarity of two clusters that are merged.
        sizes: How many articles each item stands for, shape (n,); ones by default.

    """
    count = len(similarity)
    work = similarity.astype(np.float64, copy=True)
    np.fill_diagonal(work, -np.inf)
    weight = np.ones(count) if sizes is None else sizes.astype(np.float64, copy=True)
    parent = list(range(count))
    alive = np.ones(count, dtype=bool)
    chain: list[int] = []
    while True:
        if not chain:
            left = np.flatnonzero(alive)
            if len(left) < 2:  # noqa: PLR2004 — a merge takes two
                break
            chain.append(int(left[0]))
        _extend(chain, work)
        a, b = sorted((chain[-1], chain[-2]))
        best = work[a, b]
        if best < threshold:
            # Likeness grows along a chain, so every cluster in it is too far from all others; as a mean never
            # exceeds the greater part, no later merge brings anything nearer: they are finished.
            for done in chain:
                _retire(work, alive, done)
            chain.clear()
            continue
        del chain[-2:]
        _join(work, weight, alive, a, b)
        parent[b] = a
    return [_root(parent, i) for i in range(count)]


def _extend(chain: list[int], work: NDArray[np.float64]) -> None:
    """Follow nearest neighbours until two clusters are each other's nearest."""
    while True:
        last = chain[-1]
        nearest = int(np.argmax(work[last]))
        # Prefer the previous link on ties, or the chain could run in circles.
        if len(chain) > 1 and work[last, chain[-2]] >= work[last, nearest]:
            return
        chain.append(nearest)


def _join(work: NDArray[np.float64], weight: NDArray[np.float64], alive: NDArray[np.bool_], a: int, b: int) -> None:
    """Merge cluster ``b`` into ``a``: similarities become the mean over all pairs (Lance and Williams)."""
    share = weight[a] / (weight[a] + weight[b])
    merged = share * work[a] + (1 - share) * work[b]
    merged[a] = -np.inf
    work[a], work[:, a] = merged, merged
    weight[a] += weight[b]
    _retire(work, alive, b)


def _retire(work: NDArray[np.float64], alive: NDArray[np.bool_], gone: int) -> None:
    """Take a cluster out of the running."""
    work[gone, :], work[:, gone] = -np.inf, -np.inf
    alive[gone] = False


def _root(parent: list[int], item: int) -> int:
    """Return the first member of an item's cluster."""
    while parent[item] != item:
        item = parent[item]
    return item
