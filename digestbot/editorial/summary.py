"""Chooses the sentences of a story's articles that together are its summary; knows no model and cuts no sentence.

Position, centrality and redundancy are weighed as in centroid summarization (Radev et al. 2004, MEAD) with
redundancy as in maximal marginal relevance (Carbonell and Goldstein 1998); the best set within the word budget
is found by trying every set of the best candidates. Vectors come from outside; :func:`word_vectors` stands in
where there is no encoder.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from digestbot.domain.news import Article, Evidence, SummarySentence
from digestbot.editorial.summary_signs import UNFIT, cost, doubts, leans
from digestbot.editorial.text import sentences, words

Vectors = NDArray[np.float32]

_CANDIDATES = 14
_MOST_SENTENCES = 4
_FADE = 6.0
"""Sentences after which a sentence's place counts 1/e of the first one's: news puts the news first."""
_ALIKE = 0.5
"""Cosine above which two sentences say partly the same (unrelated ones of one article stay below)."""
_SAME = 0.88
"""Cosine above which two sentences say the same; both are never chosen."""
_LEANING = 0.25
_DOUBT = 0.1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a story: which article, where in it, and what its signs cost it.

    ``number`` counts the article's sentences from 0. ``text`` is the slice with white space folded.
    """

    article: int
    number: int
    start: int
    end: int
    text: str
    words: int
    cost: float

    @property
    def fit(self) -> bool:
        """Whether it may stand in a summary."""
        return self.cost < UNFIT

    def cut(self, articles: Sequence[Article]) -> SummarySentence:
        """Return it as a summary's sentence, resting on itself."""
        return SummarySentence(self.text, (Evidence(articles[self.article].id, self.start, self.end),), "article")


def candidates(articles: Sequence[Article]) -> list[Candidate]:
    """Return every sentence of the articles, in order, article by article; those not fit for use included."""
    found: list[Candidate] = []
    for index, article in enumerate(articles):
        for number, (start, end) in enumerate(sentences(article.text)):
            text = " ".join(article.text[start:end].split())
            length = len(text.split())
            found.append(Candidate(index, number, start, end, text, length, cost(text, length)))
    return found


def choose(found: Sequence[Candidate], vectors: Vectors, budget: tuple[int, int]) -> list[Candidate]:
    """Return the sentences that summarize the story within ``budget`` words, in reading order.

    Args:
        found: Every sentence of the story, as :func:`candidates` gives them.
        vectors: A unit vector each, shape (len(found), d).
        budget: Words from and to. Below the lower bound a set loses weight; above the upper one only a
            single sentence may lie, when nothing shorter is fit.

    Returns:
        At most four sentences; empty only when the story has no sentence at all.

    """
    if not found:
        return []
    scores = _scores(found, vectors)
    order = sorted((i for i, c in enumerate(found) if c.fit), key=lambda i: (-scores[i], i))
    short = [i for i in order if found[i].words <= budget[1]][:_CANDIDATES]
    if not short:
        return [min(found, key=lambda c: (not c.fit, c.words > budget[1], c.number, c.article))]
    likeness = vectors[short] @ vectors[short].T
    best = max(
        (subset for size in range(1, _MOST_SENTENCES + 1) for subset in combinations(range(len(short)), size)),
        key=lambda subset: _value(
            [found[short[i]] for i in subset],
            [scores[short[i]] for i in subset],
            likeness[np.ix_(subset, subset)],
            budget,
        ),
    )
    return _reading_order([found[short[i]] for i in best])


def condense(found: Sequence[Candidate], vectors: Vectors, most: int) -> list[Candidate]:
    """Return the sentences worth reading of a story too long to be read at once, in order, within ``most`` words.

    Every sentence of every article is weighed: chunked, ranked and combined, nothing is merely cut off.
    """
    scores = _scores(found, vectors)
    chosen: list[int] = []
    room = most
    for i in sorted(range(len(found)), key=lambda i: (-scores[i], i)):
        if found[i].words <= room:
            chosen.append(i)
            room -= found[i].words
    return [found[i] for i in sorted(chosen)]


def _scores(found: Sequence[Candidate], vectors: Vectors) -> list[float]:
    """Return each sentence's worth: near the start, near the story's core, and plain."""
    place = np.array([math.exp(-c.number / _FADE) for c in found])
    weight = place * np.array([min(c.words, 30) * c.fit for c in found])
    core = (vectors * weight[:, None]).sum(axis=0)
    near = vectors @ (core / max(float(np.linalg.norm(core)), 1e-9))
    return [float(p + n - c.cost) for p, n, c in zip(place, near, found, strict=True)]


def _value(chosen: Sequence[Candidate], scores: Sequence[float], likeness: Vectors, budget: tuple[int, int]) -> float:
    """Return what a set of sentences is worth as a summary."""
    total = sum(c.words for c in chosen)
    if total > budget[1]:
        return -math.inf
    value = sum(score * math.sqrt(c.words) for score, c in zip(scores, chosen, strict=True))
    for i, j in combinations(range(len(chosen)), 2):
        if likeness[i, j] > _SAME:
            return -math.inf
        value -= 2 * max(0.0, float(likeness[i, j]) - _ALIKE) * math.sqrt(min(chosen[i].words, chosen[j].words))
    value -= sum(_LEANING * math.sqrt(c.words) for c in chosen if leans(c.text) and not _supported(c, chosen))
    value += _DOUBT * math.sqrt(total) * any(doubts(c.text) for c in chosen)
    return value - 0.1 * max(0, budget[0] - total)


def _supported(leaning: Candidate, chosen: Sequence[Candidate]) -> bool:
    """Tell whether the sentence before it, or the one before that, is chosen too."""
    return any(c.article == leaning.article and 1 <= leaning.number - c.number <= 2 for c in chosen)  # noqa: PLR2004


def _reading_order(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Return the sentences in the order of the article that leads, then the next article's."""
    first = min(chosen, key=lambda c: (c.number, c.article))
    return sorted(chosen, key=lambda c: (c.article != first.article, c.article, c.number))


def word_vectors(texts: Sequence[str], width: int = 512) -> Vectors:
    """Return unit vectors of hashed TF-IDF word counts, shape (len(texts), width): centrality without an encoder."""
    counts = [Counter(w.lower() for w in words(text) if len(w) > 3) for text in texts]  # noqa: PLR2004  # function words
    spread = Counter(word for row in counts for word in row)
    vectors = np.zeros((len(texts), width), np.float32)
    for row, counted in enumerate(counts):
        for word, count in counted.items():
            vectors[row, _slot(word, width)] += count * math.log(1 + len(texts) / spread[word])
    unit: Vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
    return unit


def _slot(word: str, width: int) -> int:
    """Return a word's place in a vector, the same in every run (``hash`` is not)."""
    value = 0
    for char in word:
        value = (value * 131 + ord(char)) % 1_000_003
    return value % width
