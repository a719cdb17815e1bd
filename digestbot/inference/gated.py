"""What every engine with a model of its own shares: the model proposes, the gate disposes, the article stands in.

A subclass only writes a draft. Whatever goes wrong on the way (no model, a full queue, a passed deadline, a crash,
no memory, nothing that stands in the sources) ends in the extractive summary, whose ``engine`` says why.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from digestbot.domain.errors import InferenceError, Ungrounded, WrongLanguage
from digestbot.domain.news import Article, Quote, Refusal, Story, Summary, SummarySentence
from digestbot.domain.subscription import LENGTH_WORDS, Length
from digestbot.editorial.grounding import ground, split
from digestbot.editorial.summary import Vectors, candidates, condense, word_vectors
from digestbot.inference.entailment import REASON, EntailmentChecker
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.inference.language import language_of
from digestbot.pipeline.text_thread import aside
from digestbot.ports import Embedder

Judged = tuple[tuple[SummarySentence, ...], tuple[Refusal, ...]]
"""What the gate let through, and what it refused."""
FindQuotes = Callable[[Article], Sequence[Quote]]
SHORT = 60
"""Words under which a story is not worth a model: it is its own summary."""
MATERIAL = 650
"""Words a model is given to read: with them BART's 1,024 tokens are seldom passed."""


class ModelSummarizer(ABC):
    """Summarizes with a model behind the gate.

    ``rejections`` counts by reason what the gate refused so far; ``checker``, where there is one, is its second tier.
    """

    composes = False
    """Whether the model writes freely, as chat models do, and the gate is to be wary of how it joins things."""

    def __init__(
        self,
        fallback: ExtractiveSummarizer,
        embedder: Embedder,
        *,
        languages: Sequence[str] = ("en",),
        find_quotes: FindQuotes | None = None,
    ) -> None:
        """Take what stands in, what ranks the sentences of long stories, and the quote engine.

        Args:
            fallback: The extractive engine.
            embedder: Ranks sentences of stories too long to be read at once.
            languages: Two-letter codes the model writes in; other stories are not given to it. Empty: all.
            find_quotes: Finds an article's quotations and their speakers, for the gate.

        """
        self._fallback = fallback
        self._embedder = embedder
        self._languages = frozenset(languages)
        self._find_quotes = find_quotes
        self.rejections: Counter[str] = Counter()
        self.checker: EntailmentChecker | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """The engine with its model and revision."""

    @property
    def tier_two(self) -> str:
        """The part of the name that tells of the gate's second tier; '' without one."""
        return f"+{self.checker.name}" if self.checker else ""

    @abstractmethod
    async def _write(self, material: str, length: Length, *, interactive: bool) -> str:
        """Return a draft of the summary of ``material``.

        Raises:
            InferenceError: The model could not write one.

        """

    async def summarize(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Summary:
        """Summarize a story; what the gate does not let through never gets out.

        Raises:
            InputTooLong: The story holds no sentence at all.

        """
        try:
            sentences, refused = await self._grounded(story, length, interactive=interactive)
        except InferenceError as error:
            return await self._fallback.summarize(story, length, interactive=interactive, because=error.code)
        if not sentences:
            because = Ungrounded.code if refused else ""
            instead = await self._fallback.summarize(story, length, interactive=interactive, because=because)
            return replace(instead, refused=refused)
        return Summary(sentences, self.name, refused)

    async def _grounded(self, story: Story, length: Length, *, interactive: bool) -> Judged:
        """Return what the gate let through and what it did not; nothing for a story not the model's business.

        Raises:
            InferenceError: The model could not write, or wrote nothing.

        """
        if sum(len(article.text.split()) for article in story.articles) < SHORT:
            return (), ()
        if self._languages and await aside(language_of, story.articles) not in self._languages:
            raise WrongLanguage(f"{self.name} does not write this story's language")
        material = await self._material(story, interactive=interactive)
        draft = await self._write(material, length, interactive=interactive)
        sentences, refused = await aside(self._judge, story, draft, length)
        return await self._entailed(story, sentences, refused, interactive=interactive)

    async def _entailed(
        self, story: Story, sentences: Sequence[SummarySentence], refused: tuple[Refusal, ...], *, interactive: bool
    ) -> Judged:
        """Return the sentences that the second tier lets through too; an article's own are not asked about.

        Raises:
            InferenceError: The second tier could not be asked: then nothing the model wrote is posted.

        """
        wrote = [sentence for sentence in sentences if sentence.source == "model"]
        if self.checker is None or not wrote:
            return tuple(sentences), refused
        texts = {article.id: article.text for article in story.articles}
        pairs = [(" ".join(texts[e.article_id][e.start : e.end] for e in s.evidence), s.text) for s in wrote]
        holds = await self.checker.entailed(pairs, interactive=interactive)
        doubted = tuple(s for s, entailed in zip(wrote, holds, strict=True) if not entailed)
        self.rejections.update({REASON: len(doubted)} if doubted else {})
        more = tuple(Refusal(sentence.text, (REASON,)) for sentence in doubted)
        kept = tuple(sentence for sentence in sentences if sentence not in doubted)
        # What stood in for refused sentences alone makes no summary: that is the extractive engine's business.
        return (kept if any(s.source == "model" for s in kept) else ()), refused + more

    async def _material(self, story: Story, *, interactive: bool = False) -> str:
        """Return what the model reads: the articles whole, or of long ones the sentences that matter, in order."""
        found = await aside(candidates, story.articles)
        readable = [c for c in found if c.fit] or found
        if sum(c.words for c in readable) <= MATERIAL:
            return " ".join(c.text for c in readable)
        vectors = await self._vectors([c.text for c in readable], interactive=interactive)
        return " ".join(c.text for c in await aside(condense, readable, vectors, MATERIAL))

    async def _vectors(self, texts: Sequence[str], *, interactive: bool) -> Vectors:
        """Return the sentences' vectors, by shared words when the encoder cannot serve."""
        try:
            return await self._embedder.embed(texts, interactive=interactive)
        except InferenceError:
            return await aside(word_vectors, texts)

    def _judge(self, story: Story, draft: str, length: Length) -> Judged:
        """Return the sentences of a draft that may be posted, within the length's words, and those that may not.

        Raises:
            Ungrounded: There is neither.

        """
        quotes = [q for article in story.articles for q in self._find_quotes(article)] if self._find_quotes else []
        grounding = ground(story.articles, split(draft), quotes, strict=True, wary=self.composes)
        self.rejections.update(grounding.counts)
        kept = within(grounding.repaired(), LENGTH_WORDS[length][1])
        if not kept and not grounding.refusals:
            raise Ungrounded((draft[:80],))
        return kept, grounding.refusals


def within(sentences: Sequence[SummarySentence], most: int) -> tuple[SummarySentence, ...]:
    """Return the sentences, in order, that fit into ``most`` words."""
    kept: list[SummarySentence] = []
    room = most
    for sentence in sentences:
        words = len(sentence.text.split())
        if words <= room:
            kept.append(sentence)
            room -= words
    return tuple(kept)
