"""Fakes of the inference ports: vectors from hashed words, summaries from first sentences; no model anywhere."""

from collections.abc import Sequence

import numpy as np

from digestbot.domain.errors import InferenceError
from digestbot.domain.news import Evidence, Story, Summary, SummarySentence
from digestbot.domain.subscription import Length
from digestbot.editorial.summary import word_vectors
from digestbot.editorial.text import sentences
from digestbot.ports import Vectors

WIDTH = 384


class FakeEmbedder:
    """Embeds by shared words; counts what it was asked and fails when told to."""

    def __init__(self, *, error: InferenceError | None = None) -> None:
        self.error = error
        self.asked: list[str] = []

    async def embed(self, texts: Sequence[str], *, interactive: bool = False) -> Vectors:
        if self.error:
            raise self.error
        self.asked += texts
        vectors = np.concatenate([word_vectors([text], WIDTH) for text in texts]) if texts else np.zeros((0, WIDTH))
        empty = ~vectors.any(axis=1) if len(vectors) else np.zeros(0, bool)
        vectors[empty, 0] = 1.0
        return vectors.astype(np.float32)


class FakeSummarizer:
    """Summarizes with each article's first sentence; remembers what it was asked and fails when told to."""

    def __init__(self, *, error: InferenceError | None = None, name: str = "fake") -> None:
        self.error = error
        self._name = name
        self.asked: list[tuple[Story, Length, bool]] = []

    @property
    def name(self) -> str:
        return self._name

    async def summarize(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Summary:
        self.asked.append((story, length, interactive))
        if self.error:
            raise self.error
        chosen = []
        for article in story.articles[:2]:
            for start, end in sentences(article.text)[:1]:
                text = " ".join(article.text[start:end].split())
                chosen.append(SummarySentence(text, (Evidence(article.id, start, end),)))
        return Summary(tuple(chosen), self._name)
