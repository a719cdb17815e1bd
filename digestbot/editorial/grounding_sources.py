"""The sources of a summary, indexed for the grounding gate, and how a sentence lies on them; knows no rules.

A summary's sentence is laid over its sources word by word: each content word on one of the places where it
stands there, so that the sentence jumps as little as possible (a Viterbi search). A faithful sentence follows
its source with words left out; one that is wired together wrongly has to jump between sentences or backwards.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from digestbot.domain.news import Article, Evidence
from digestbot.editorial.grounding_words import PLACES, Word, values, words_of
from digestbot.editorial.summary_signs import orders
from digestbot.editorial.text import sentences

_PLACES_A_WORD = 24
_CROSS, _BACK, _SKIP, _FAR_SKIP, _NEW = 1.0, 0.6, 0.25, 0.4, 0.9
"""What a jump costs: into another sentence, backwards, over a few words, over many; and a word not there at all."""
_FEW = 8


@dataclass(frozen=True, slots=True)
class SourceSentence:
    """A sentence of a source: its article, its offsets there (None for a headline) and its words."""

    article_id: int
    start: int
    end: int
    words: tuple[Word, ...]
    headline: bool = False

    @property
    def evidence(self) -> Evidence:
        """Where it stands."""
        return Evidence(self.article_id, self.start, self.end)


@dataclass(frozen=True, slots=True)
class Laid:
    """A sentence laid over its sources.

    ``path`` gives, for each content word that is there, its number in the sentence and its place in
    :attr:`Sources.words`. ``cost`` is the sum of its jumps and of its new words, ``new`` those words.
    """

    path: tuple[tuple[int, int], ...]
    cost: float
    new: tuple[Word, ...]
    content: int

    @property
    def rate(self) -> float:
        """Its cost a content word; short sentences are not judged more strictly than ones of six words."""
        return self.cost / max(6, self.content)


@dataclass(slots=True)
class Sources:
    """The articles a summary must rest on, as one run of words."""

    articles: Sequence[Article]
    sentences: list[SourceSentence] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    sentence_of: list[int] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    values: frozenset[float] = frozenset()
    names: frozenset[str] = frozenset()
    peoples: frozenset[str] = frozenset()
    plain: str = ""

    def __post_init__(self) -> None:
        """Index the articles."""
        for article in self.articles:
            headline = tuple(words_of(article.title))
            if headline:
                self._add(SourceSentence(article.id, 0, 0, headline, headline=True))
            ordered = orders(article.text)
            for start, end in sentences(article.text):
                if any(a <= start < b for a, b in ordered):
                    continue
                self._add(SourceSentence(article.id, start, end, tuple(words_of(article.text[start:end], start))))
        self.values = values(self.words)
        self.names = _names(self.sentences)
        self.peoples = frozenset(PLACES[w.lower] for w in self.words if w.lower in PLACES) | (
            {"us"} if "usa" in self.places else frozenset()
        )
        self.plain = plain(" ".join(part for a in self.articles for part in (a.title, a.text)))

    def _add(self, sentence: SourceSentence) -> None:
        number = len(self.sentences)
        self.sentences.append(sentence)
        for word in sentence.words:
            self.places[word.stem].append(len(self.words))
            self.words.append(word)
            self.sentence_of.append(number)

    def lay(self, words: Sequence[Word]) -> Laid:
        """Lay a sentence over the sources so that it jumps as little as possible."""
        content = [(i, word) for i, word in enumerate(words) if word.content]
        new = tuple(word for _, word in content if not self.stands(word))
        layers = [(i, self.places[w.stem][:_PLACES_A_WORD]) for i, w in content if w.stem in self.places]
        path, cost = self._shortest(layers)
        return Laid(path, cost + _NEW * len(new), new, len(content))

    def stands(self, word: Word) -> bool:
        """Tell whether a word stands in the sources, or another word for the same country or people does."""
        if word.stem in self.places:
            return True
        return PLACES.get("us" if word.stem == "usa" else word.lower, "") in self.peoples

    def _shortest(self, layers: Sequence[tuple[int, Sequence[int]]]) -> tuple[tuple[tuple[int, int], ...], float]:
        """Return the cheapest way through one place of every word, and what it costs."""
        if not layers:
            return (), 0.0
        best, links = [0.0] * len(layers[0][1]), []
        for (i, before), (j, here) in pairwise(layers):
            steps = [
                min((b + self._jump(p, q, j - i), k) for k, (b, p) in enumerate(zip(best, before, strict=True)))
                for q in here
            ]
            best = [cost for cost, _ in steps]
            links.append([k for _, k in steps])
        at = min(range(len(best)), key=best.__getitem__)
        cost, path = best[at], [at]
        for link in reversed(links):
            path.append(link[path[-1]])
        path.reverse()
        return tuple((i, places[k]) for (i, places), k in zip(layers, path, strict=True)), cost

    def _jump(self, place: int, following: int, apart: int) -> float:
        """Return what it costs to go from one place to another for words ``apart`` words apart in the sentence."""
        if self.sentence_of[place] != self.sentence_of[following]:
            return _CROSS
        ahead = following - place
        if ahead <= 0:
            return _BACK
        left_out = ahead - apart
        if -1 <= left_out <= 1:
            return 0.0
        return _SKIP if ahead <= _FEW else _FAR_SKIP

    def nearest(self, words: Sequence[Word], most: int = 2) -> list[int]:
        """Return the numbers of the sentences that together hold the most of a sentence's content words."""
        wanted = {word.stem for word in words if word.content}
        chosen: list[int] = []
        while wanted and len(chosen) < most:
            held = Counter(n for s in wanted for n in {self.sentence_of[p] for p in self.places.get(s, ())})
            held = Counter({n: c for n, c in held.items() if n not in chosen})
            if not held:
                break
            number = max(held, key=lambda n: (held[n], not self.sentences[n].headline, -n))
            chosen.append(number)
            wanted -= {word.stem for word in self.sentences[number].words}
        return chosen

    def recall(self, words: Sequence[Word], numbers: Sequence[int]) -> float:
        """Return the share of a sentence's content words that stand in the numbered sentences, 0 to 1."""
        wanted = {word.stem for word in words if word.content}
        held = {word.stem for n in numbers for word in self.sentences[n].words}
        return len(wanted & held) / len(wanted) if wanted else 0.0

    def adjacent(self, first: str, second: str, gap: int = 1) -> bool:
        """Tell whether two stems stand one after the other, at most ``gap`` places apart, in one sentence."""
        after = set(self.places.get(second, ()))
        return any(
            p + step in after and self.sentence_of[p] == self.sentence_of[p + step]
            for p in self.places.get(first, ())
            for step in range(1, gap + 1)
        )


def _names(sentences: Sequence[SourceSentence]) -> frozenset[str]:
    """Return the stems that the sources write with a capital only: names, in whatever case a summary has them.

    A sentence's first word has its capital from there, so it must have one elsewhere too; headlines capitalize at
    will and are not asked.
    """
    words = [word for sentence in sentences if not sentence.headline for word in sentence.words]
    inside = [word for sentence in sentences if not sentence.headline for word in sentence.words[1:]]
    capital = {word.stem for word in inside if word.capital and word.content and not word.number}
    return frozenset(capital - {word.stem for word in words if not word.capital})


def plain(text: str) -> str:
    """Return a text as quotations are compared: its words in lower case, whatever marks stand between them."""
    return " " + " ".join(re.findall(r"\w+", text.lower())) + " "
