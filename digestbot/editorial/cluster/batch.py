"""Clusters a batch at once: articles from a file, or the stories of an edition before it is posted."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from digestbot.domain.news import Article, Story
from digestbot.editorial.cluster.evidence import evidence_of, title_key, url_key
from digestbot.editorial.cluster.likeness import likeness
from digestbot.editorial.cluster.linkage import average_link
from digestbot.editorial.cluster.minhash import Signature, resemblance, signature

Matrix = NDArray[np.float32]

SAME_EVENT = 0.32
"""Mean likeness from which two clusters are one event; the middle of a wide plateau on labelled headlines."""
SAME_STORY = 0.36
"""Mean likeness from which two stories of an edition are merged: they were parted once for a reason."""
COPY = 0.5
"""Share of equal shingles from which two bodies are one wire text."""
_TITLE_WORDS = 4
"""Words of a headline from which its repetition is no chance ("Morning briefing" comes every day)."""


def group(articles: Sequence[Article], vectors: Matrix, *, threshold: float = SAME_EVENT) -> list[int]:
    """Return a label for each article; equal labels mean one event. Texts may be empty.

    Args:
        articles: The batch, in any order.
        vectors: Their vectors, unit rows, shape (len(articles), d).
        threshold: Mean likeness from which two clusters are one event.

    """
    if not articles:
        return []
    evidences = [evidence_of(article) for article in articles]
    alike = likeness(evidences, vectors)
    same = _copies(articles)
    for i, j in same:
        alike[i, j] = alike[j, i] = 1
    return average_link(alike, threshold)


def regroup(
    stories: Sequence[Story],
    vectors: Mapping[int, NDArray[np.float32]],
    apart: AbstractSet[frozenset[int]] = frozenset(),
) -> list[list[int]]:
    """Return the story ids of an edition in groups that report one event each, in the order given.

    Args:
        stories: The stories of the edition; each stays whole.
        vectors: The vector of each of their articles by article id; an article without one is not looked at.
        apart: Pairs of story ids that a manager has parted: never merged.

    """
    rows = [(number, article) for number, story in enumerate(stories) for article in story.articles]
    rows = [(number, article) for number, article in rows if article.id in vectors]
    if not rows:
        return [[story.id] for story in stories]
    evidences = [evidence_of(article) for _, article in rows]
    matrix = np.stack([vectors[article.id] for _, article in rows])
    alike = likeness(evidences, matrix)
    for i, j in _copies([article for _, article in rows]):
        alike[i, j] = alike[j, i] = 1
    between, sizes = _between(alike, [number for number, _ in rows], len(stories))
    _forbid(between, stories, apart)
    return _as_groups(stories, average_link(between, SAME_STORY, sizes))


def _between(alike: Matrix, owner: Sequence[int], count: int) -> tuple[Matrix, NDArray[np.float64]]:
    """Return the mean likeness of each two stories' articles, and how many articles each story has."""
    member = np.zeros((count, len(owner)), dtype=np.float32)
    member[list(owner), range(len(owner))] = 1
    sizes = np.maximum(member.sum(axis=1), 1)
    mean = (member @ alike @ member.T) / np.outer(sizes, sizes)
    return mean.astype(np.float32), sizes.astype(np.float64)


def _forbid(between: Matrix, stories: Sequence[Story], apart: AbstractSet[frozenset[int]]) -> None:
    """Make parted stories so unlike that no mean over their clusters reaches the threshold."""
    far = np.float32(-1e6)
    for i, one in enumerate(stories):
        for j in range(i):
            if frozenset((one.id, stories[j].id)) in apart:
                between[i, j] = between[j, i] = far


def _as_groups(stories: Sequence[Story], labels: Sequence[int]) -> list[list[int]]:
    """Return the ids with equal labels together."""
    groups: dict[int, list[int]] = {}
    for story, label in zip(stories, labels, strict=True):
        groups.setdefault(label, []).append(story.id)
    return list(groups.values())


def _copies(articles: Sequence[Article]) -> list[tuple[int, int]]:
    """Return the pairs that are one text: the same address, the same headline, or the same body."""
    pairs: list[tuple[int, int]] = []
    first: dict[str, int] = {}
    signed: list[tuple[int, Signature]] = []
    for number, article in enumerate(articles):
        earlier = {first.setdefault(key, number) for key in exact_keys(article)} - {number}
        pairs.extend((other, number) for other in sorted(earlier))
        if (signs := signature(article.text)) is not None:
            pairs.extend((other, number) for other, theirs in signed if resemblance(signs, theirs) >= COPY)
            signed.append((number, signs))
    return pairs


def exact_keys(article: Article) -> tuple[str, ...]:
    """Return the keys by which two articles are the same at once: the address, and a headline of four words or more."""
    return _exact_keys(article.url, article.title)


@lru_cache(maxsize=16_384)
def _exact_keys(url: str, title: str) -> tuple[str, ...]:
    """Return the keys of an address and a headline."""
    keys = (f"url:{url_key(url)}",) if url else ()
    told = title_key(title)
    return (*keys, f"title:{told}") if told.count(" ") >= _TITLE_WORDS - 1 else keys
