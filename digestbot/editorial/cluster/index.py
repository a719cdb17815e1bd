"""The stories that may still grow, ready to say in a few milliseconds which one a new article belongs to."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import log, sqrt

import numpy as np
from numpy.typing import NDArray

from digestbot.domain.news import Article
from digestbot.editorial.cluster.batch import COPY, exact_keys
from digestbot.editorial.cluster.evidence import Evidence, evidence_of
from digestbot.editorial.cluster.likeness import SURE, VECTOR_SHARE
from digestbot.editorial.cluster.minhash import Signature, resemblance, signature

Vector = NDArray[np.float32]

WINDOW = timedelta(hours=72)
"""How long after its last article a story takes in another."""
JOIN = 0.30
"""Likeness to a story from which an article joins it; above the batch threshold, as a wrong join is hard to undo."""
UPDATE = 0.40
"""The same for an outlet that is in the story already: its second article is an update or another event."""
_CANDIDATES = 16
"""Stories looked at closely because their vectors are nearest."""
_BY_WORDS = 8
"""Stories looked at closely because they share rare words, whatever their vectors say."""
_COMMON = 64
"""A word that more stories have points to none of them."""
_NEAR = 0.40
"""Vector cosine below which bodies are not compared: copies have the same first sentences."""
_BACKGROUND = 50
"""Articles that the words' rarity is smoothed with, while few are known."""
_GROW = 256


@dataclass(slots=True)
class _Open:
    """A story that may still grow: its members with what is known of their words."""

    id: int
    count: int
    terms: Counter[str] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    proper: set[str] = field(default_factory=set)
    outlets: set[str] = field(default_factory=set)
    bodies: list[str] = field(default_factory=list)
    signed: list[Signature | None] = field(default_factory=list)
    last_seen: datetime | None = None

    def signatures(self) -> Iterable[Signature]:
        """Return the signatures of its bodies, each computed once."""
        while len(self.signed) < len(self.bodies):
            self.signed.append(signature(self.bodies[len(self.signed)]))
        return (signed for signed in self.signed if signed is not None)


class StoryIndex:
    """Open stories, searched by address, headline, body, vector and words; grows as articles come.

    ``assign`` decides, ``add`` makes the decision known once the store has given the story its id.
    """

    def __init__(self, window: timedelta = WINDOW) -> None:
        """Start empty; ``window`` is how long after its last article a story takes in another."""
        self._window = window
        self._stories: list[_Open] = []
        self._row: dict[int, int] = {}
        self._centroids: NDArray[np.float32] = np.zeros((0, 0), dtype=np.float32)
        self._exact: dict[str, int] = {}
        self._frequency: Counter[str] = Counter()
        self._having: dict[str, list[int]] = {}
        self._articles = 0

    def __len__(self) -> int:
        """Return how many stories it holds."""
        return len(self._stories)

    def load(self, story_id: int, centroid: Vector, members: Sequence[Article]) -> None:
        """Take in a stored story: its unit centroid, shape (d,), and its articles."""
        row = self._open(story_id, centroid)
        for article in members:
            self._learn(row, article)

    def add(self, story_id: int, article: Article, vector: Vector) -> None:
        """Take in an article of a story, new or known; ``vector`` has unit length, shape (d,)."""
        row = self._row.get(story_id)
        if row is None:
            row = self._open(story_id, vector)
        else:
            mean = self._centroids[row] * self._stories[row].count + vector
            self._centroids[row] = mean / max(float(np.linalg.norm(mean)), 1e-9)
        self._learn(row, article)

    def assign(self, article: Article, vector: Vector) -> int | None:
        """Return the id of the story an article joins, or None when it starts one.

        In this order: the same address or headline, the same body, the same event.
        """
        for key in exact_keys(article):
            row = self._exact.get(key)
            if row is not None and self._is_open(row, article):
                return self._stories[row].id
        evidence = evidence_of(article)
        near = self._nearest(article, evidence, vector)
        copied = self._copied(article, near)
        if copied is not None:
            return copied
        blind = not vector.any()
        best = max(((self._likeness(evidence, row, None if blind else c), -row) for row, c in near), default=None)
        if best is None:
            return None
        score, row = best[0], -best[1]
        story = self._stories[row]
        return story.id if score >= (UPDATE if article.outlet in story.outlets else JOIN) else None

    def _open(self, story_id: int, centroid: Vector) -> int:
        """Make room for a story and return its row."""
        row = len(self._stories)
        if row == len(self._centroids):
            grown = np.zeros((row + _GROW, len(centroid)), dtype=np.float32)
            grown[:row, : self._centroids.shape[1]] = self._centroids
            self._centroids = grown
        self._centroids[row] = centroid
        self._stories.append(_Open(story_id, 0))
        self._row[story_id] = row
        return row

    def _learn(self, row: int, article: Article) -> None:
        """Take an article's words, outlet, body and time into its story."""
        story, evidence = self._stories[row], evidence_of(article)
        terms = [term for term, _ in evidence.terms]
        story.terms.update(terms)
        story.names.update(evidence.names)
        story.proper |= evidence.proper
        story.outlets.add(article.outlet)
        story.bodies.append(article.text)
        story.count += 1
        for term in terms:
            rows = self._having.setdefault(term, [])
            if not rows or rows[-1] != row:
                rows.append(row)
        self._frequency.update(terms)
        self._articles += 1
        for key in exact_keys(article):
            self._exact[key] = row
        at = _time_of(article)
        if at is not None and (story.last_seen is None or at > story.last_seen):
            story.last_seen = at

    def _is_open(self, row: int, article: Article) -> bool:
        """Tell whether a story still takes in articles at the time of this one."""
        at, last = _time_of(article), self._stories[row].last_seen
        return at is None or last is None or at - last <= self._window

    def _nearest(self, article: Article, evidence: Evidence, vector: Vector) -> list[tuple[int, float]]:
        """Return the open stories worth a closer look, with their vectors' cosine: near by vector or by rare words."""
        count = len(self._stories)
        if not count:
            return []
        # One thread does this in half a millisecond; waking BLAS's threads costs more on a busy machine.
        cosines = np.einsum("ij,j->i", self._centroids[:count], vector)
        order = [int(row) for row in np.argsort(-cosines, kind="stable")[: 2 * _CANDIDATES]]
        by_vector = [row for row in order if self._is_open(row, article)][:_CANDIDATES]
        by_words = [row for row in self._sharing(evidence) if self._is_open(row, article)][:_BY_WORDS]
        return [(row, float(cosines[row])) for row in dict.fromkeys((*by_vector, *by_words))]

    def _sharing(self, evidence: Evidence) -> list[int]:
        """Return the stories that share the article's rare words, those that share most first."""
        votes: dict[int, float] = {}
        for term, _ in evidence.terms:
            rows = self._having.get(term, ())
            if len(rows) <= _COMMON:
                for row in rows:
                    votes[row] = votes.get(row, 0.0) + self._rarity(term)
        return sorted(votes, key=lambda row: (-votes[row], row))

    def _copied(self, article: Article, near: Sequence[tuple[int, float]]) -> int | None:
        """Return the story that holds this very body, or None."""
        signed = signature(article.text)
        if signed is None:
            return None
        for row, cosine in near:
            if cosine >= _NEAR and any(resemblance(signed, s) >= COPY for s in self._stories[row].signatures()):
                return self._stories[row].id
        return None

    def _likeness(self, evidence: Evidence, row: int, cosine: float | None) -> float:
        """Return how alike an article and a story are, or 0 when nothing but the topic is shared.

        ``cosine`` is None where there is no encoder: words then decide alone.
        """
        story = self._stories[row]
        if not self._allowed(evidence, story, cosine or 0.0):
            return 0.0
        ours = {term: (1 + log(count)) * self._rarity(term) for term, count in evidence.terms}
        theirs = {term: (count / story.count) * self._rarity(term) for term, count in story.terms.items()}
        dot = sum(weight * theirs[term] for term, weight in ours.items() if term in theirs)
        length = sqrt(sum(w * w for w in ours.values()) * sum(w * w for w in theirs.values()))
        alike = dot / length if length else 0.0
        return alike if cosine is None else VECTOR_SHARE * cosine + (1 - VECTOR_SHARE) * alike

    def _allowed(self, evidence: Evidence, story: _Open, cosine: float) -> bool:
        """Tell whether a shared name, number or two shared words let them be on one event.

        Two quakes in two towns share words enough, but each names a town that the other does not.
        """
        terms = {term for term, _ in evidence.terms}
        named = bool(evidence.proper and story.proper)
        if named and evidence.proper.isdisjoint(story.terms) and story.proper.isdisjoint(terms):
            return False
        if cosine >= SURE or any(name in story.names for name in evidence.names):
            return True
        return sum(term in story.terms for term in terms) >= 2  # noqa: PLR2004

    def _rarity(self, term: str) -> float:
        """Return the inverse document frequency of a term, smoothed while few articles are known."""
        return log((1 + self._articles + _BACKGROUND) / (self._frequency[term] + 1))


def _time_of(article: Article) -> datetime | None:
    """Return when an article came: fetched, as publishers' own dates may lie in the future or be missing."""
    return article.fetched_at or article.published
