"""Chooses the sentences of a story's articles that together are its summary; knows no model and cuts no sentence.

Position and centrality are weighed as in centroid summarization (Radev et al. 2004, MEAD), what a set says
together by the words it covers; the best set within the word budget is found by trying every set of the best
candidates. Vectors come from outside; :func:`word_vectors` stands in
where there is no encoder.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from digestbot.domain.news import Article, Evidence, SummarySentence
from digestbot.editorial.grounding_words import words_of
from digestbot.editorial.summary_context import ALONE, Context, contexts
from digestbot.editorial.summary_signs import UNFIT, cost, dateline, doubts, leans, orders
from digestbot.editorial.text import sentences, words

Vectors = NDArray[np.float32]

_CANDIDATES = 14
_ROOM_A_SENTENCE, _MOST_SENTENCES = 15, 5
"""Words of the budget a sentence stands for: two at most in a short summary, four (short ones) in a medium one."""
_FADE = 6.0
"""Sentences after which a sentence's place counts 1/e of the first one's: news puts the news first."""
_SAME = 0.88
"""Cosine above which two sentences say the same; both are never chosen."""
_COVERAGE = 6.0
"""What covering a story's weightiest words is worth beside the sentences' own worth (about 2 a full summary)."""
_EVERYWHERE, _WORD_FADE = 0.3, 8.0
"""A word weighs 1 in the first sentence, fading over some eight sentences to 0.3."""
_HEADLINE = 1.0
"""What a headline adds to a word: as much as the first sentence does."""
_SUMMARY_CONCEPTS = 40
_LEANING, _HALF_NAMED, _ANNOUNCED, _BARE = 0.8, 0.3, 0.6, 0.15
"""What it costs to show a pronoun without whom it means, a surname alone, an announcement, and a mere filler."""
_SIGNS = 0.3
"""What a sentence's signs (a scene, a question, a caption) cost it, whatever its length."""
_DOUBT = 0.3
_LEAD = 3.0
_SHORT = 0.05
_NEVER = datetime.max.replace(tzinfo=UTC)
_STRETCH, _ROOMY = 1.35, 35
"""A short summary may be one sentence somewhat over its words: few news sentences have under thirty."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence of a story: which article, where in it, and what its signs cost it.

    ``number`` counts the article's sentences from 0. ``text`` is the slice with white space folded, a dateline left
    out. ``age`` is the article's place among the story's by the time its publisher gives, the oldest 0.
    """

    article: int
    number: int
    start: int
    end: int
    text: str
    words: int
    cost: float
    context: Context = ALONE
    age: int = 0

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
    told = [article.published or article.fetched_at or _NEVER for article in articles]
    ages = [sum(other < when for other in told) for when in told]
    for index, article in enumerate(articles):
        ordered = orders(article.text)
        spans = sentences(article.text)
        for number, ((start, end), context) in enumerate(zip(spans, contexts(article.text, spans), strict=True)):
            begin = start + dateline(article.text[start:end])
            text = " ".join(article.text[begin:end].split())
            length = len(text.split())
            unfit = context.quoted or any(a <= start < b for a, b in ordered)
            lost = UNFIT if unfit else cost(text, length)
            found.append(Candidate(index, number, begin, end, text, length, lost, context, ages[index]))
    return found


def choose(
    found: Sequence[Candidate], vectors: Vectors, budget: tuple[int, int], headlines: Sequence[str] = ()
) -> list[Candidate]:
    """Return the sentences that summarize the story within ``budget`` words, in reading order.

    Args:
        found: Every sentence of the story, as :func:`candidates` gives them.
        vectors: A unit vector each, shape (len(found), d).
        budget: Words from and to. Below the lower bound a set loses weight; above the upper one only a
            single sentence may lie, when nothing shorter is fit.
        headlines: The articles' headlines: what stands there is what the story is about (Edmundson 1969).

    Returns:
        At most a sentence for each fifteen words of the budget, and five; empty only when the story has no sentence.

    """
    if not found:
        return []
    draft = _Draft(found, _scores(found, vectors), budget, headlines)
    short = draft.best(_CANDIDATES)
    if not short:
        return [min(found, key=lambda c: (not c.fit, c.words > budget[1], c.number, c.article))]
    likeness = vectors[short] @ vectors[short].T
    most = min(_MOST_SENTENCES, max(2, round(budget[1] / _ROOM_A_SENTENCE)))
    sets = (subset for size in range(1, most + 1) for subset in combinations(range(len(short)), size))
    best = max(sets, key=lambda subset: draft.value([short[i] for i in subset], likeness[np.ix_(subset, subset)]))
    return [found[i] for i in draft.in_order([short[i] for i in best])]


class _Draft:
    """What sets of sentences are worth as a summary.

    A set is worth the news it covers (the weight of its different words, each word weighing more the oftener and
    the earlier the story uses it: Filatova and Hatzivassiloglou 2004) and the worth of its sentences.
    """

    def __init__(
        self, found: Sequence[Candidate], scores: Sequence[float], budget: tuple[int, int], headlines: Sequence[str]
    ) -> None:
        """Weigh the story's words."""
        self.found = found
        self.scores = scores
        self.budget = budget
        self.several = len({c.article for c in found}) > 1
        self.concepts = [
            frozenset(w.stem for w in words_of(c.text) if w.content) if c.fit else frozenset() for c in found
        ]
        weights: Counter[str] = Counter()
        for candidate, concepts in zip(found, self.concepts, strict=True):
            weight = _EVERYWHERE + (1 - _EVERYWHERE) * math.exp(-candidate.number / _WORD_FADE)
            weights.update(dict.fromkeys(concepts, weight))
        for headline in headlines:
            told = {w.stem for w in words_of(headline) if w.content}
            weights.update(dict.fromkeys(told & weights.keys(), _HEADLINE))
        whole = sum(sorted(weights.values(), reverse=True)[:_SUMMARY_CONCEPTS]) or 1.0
        self.weights = {concept: weight / whole for concept, weight in weights.items()}

    def covers(self, numbers: Sequence[int]) -> float:
        """Return the share of the story's weight that sentences cover together, about 0 to 1."""
        together: frozenset[str] = frozenset().union(*(self.concepts[i] for i in numbers))
        return sum(self.weights[concept] for concept in together)

    def best(self, most: int) -> list[int]:
        """Return the numbers of the sentences worth trying, in order."""
        room = self.budget[1] * _STRETCH
        fit = [i for i, c in enumerate(self.found) if c.fit and c.words <= room]
        return sorted(sorted(fit, key=lambda i: (-self.scores[i] - self.covers([i]), i))[:most])

    def value(self, numbers: Sequence[int], likeness: Vectors) -> float:
        """Return what a set is worth; minus infinity when it is too long or says a thing twice."""
        chosen = [self.found[i] for i in numbers]
        total = sum(c.words for c in chosen)
        over = total - self.budget[1]
        if over > 0 and (len(chosen) > 1 or self.budget[1] >= _ROOMY):
            return -math.inf
        if any(likeness[i, j] > _SAME for i, j in combinations(range(len(chosen)), 2)):
            return -math.inf
        value = _COVERAGE * self.covers(numbers) + 2 * sum(self.scores[i] * self.found[i].words for i in numbers) / 60
        value -= _flaws(chosen)
        value += _DOUBT * any(doubts(c.text) and not c.context.announces for c in chosen)
        value += self._opening(numbers)
        return value - _SHORT * max(0, self.budget[0] - total) - _SHORT * max(0, over)

    def in_order(self, numbers: Sequence[int]) -> list[int]:
        """Return sentences in reading order: the article that leads, then the next one's.

        That article leads whose chosen sentence stands nearest its start; of equals, the oldest: what happened is
        reported before what people say of it.
        """
        lead = min(numbers, key=lambda i: (self.found[i].number, self.found[i].age, i))
        first = self.found[lead].article
        return sorted(numbers, key=lambda i: (self.found[i].article != first, i))

    def _opening(self, numbers: Sequence[int]) -> float:
        """Return what it is worth to begin with an article's own lead: by the share of the news that lead tells.

        Among several outlets each tells the event anew, and a sentence from the middle of one has no beginning.
        """
        if not self.several:
            return 0.0
        first = self.in_order(numbers)[0]
        if self.found[first].number or leans(self.found[first].text):
            return 0.0
        return _LEAD * self.covers([first])


def _flaws(chosen: Sequence[Candidate]) -> float:
    """Return what it costs that sentences are shown without those they need."""
    total = 0.0
    named: set[str] = set()
    numbers = {(c.article, c.number) for c in chosen}
    for c in chosen:
        if c.context.after and not any((c.article, before) in numbers for before in c.context.after):
            total += _LEANING
        total += _ANNOUNCED * c.context.announces + _BARE * c.context.bare + _SIGNS * c.cost
        named |= c.context.introduces
        total += _HALF_NAMED * bool(c.context.surnames - named)
    return total


def _scores(found: Sequence[Candidate], vectors: Vectors) -> list[float]:
    """Return each sentence's worth: near the start, near the story's core, and plain."""
    place = np.array([math.exp(-c.number / _FADE) for c in found])
    weight = place * np.array([min(c.words, 30) * c.fit for c in found])
    core = (vectors * weight[:, None]).sum(axis=0)
    near = vectors @ (core / max(float(np.linalg.norm(core)), 1e-9))
    return [float(p + n - c.cost) for p, n, c in zip(place, near, found, strict=True)]


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
