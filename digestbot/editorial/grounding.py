"""The grounding gate: what a summary may say is what its sources say; knows no model and trusts none.

Each sentence is kept with the passages that support it, replaced by the source sentence it comes nearest to, or
dropped; every refusal is counted by reason. :func:`ground` judges, :meth:`Grounding.repaired` mends.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from digestbot.domain.news import Article, Evidence, Quote, Refusal, SummarySentence
from digestbot.editorial.grounding_claim import Claim
from digestbot.editorial.grounding_rules import FORM, PLACEHOLDER, RULES
from digestbot.editorial.grounding_sources import Sources
from digestbot.editorial.grounding_words import words_of
from digestbot.editorial.summary_signs import UNFIT, cost

_ALIKE = 0.7
"""Share of words at which a sentence says again what an earlier one said."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The gate's word on one sentence.

    ``reasons`` are the names of the rules it broke, ``claims`` the words that broke them, ``evidence`` the source
    sentences it rests on (or would have to), best first, at most two.
    """

    text: str
    reasons: tuple[str, ...]
    claims: tuple[str, ...]
    evidence: tuple[Evidence, ...]

    @property
    def ok(self) -> bool:
        """Whether it may be posted."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Grounding:
    """The gate's word on a summary, sentence by sentence."""

    verdicts: tuple[Verdict, ...]
    sources: tuple[Article, ...]

    @property
    def ok(self) -> bool:
        """Whether it says nothing but what its sources say.

        A sentence that is only badly formed (broken off, or "click here") is refused too, but says nothing untrue.
        """
        return bool(self.verdicts) and all(FORM.issuperset(verdict.reasons) for verdict in self.verdicts)

    @property
    def counts(self) -> Counter[str]:
        """How often each reason refused a sentence."""
        return Counter(reason for verdict in self.verdicts for reason in verdict.reasons)

    @property
    def claims(self) -> tuple[str, ...]:
        """The words that were refused."""
        return tuple(claim for verdict in self.verdicts for claim in verdict.claims)

    @property
    def refusals(self) -> tuple[Refusal, ...]:
        """The sentences that were refused, with the source sentence that takes the place of each, if one does."""
        texts = {article.id: article.text for article in self.sources}
        standing = {sentence.text for sentence in self.repaired()}
        refused = []
        for verdict in self.verdicts:
            if not verdict.ok:
                other = _replacement(verdict, texts)
                instead = other.text if other is not None and other.text in standing else ""
                refused.append(Refusal(verdict.text, verdict.reasons, verdict.claims, instead))
        return tuple(refused)

    def repaired(self) -> tuple[SummarySentence, ...]:
        """Return what may be posted: sentences kept, replaced by their source sentence, none said twice.

        Empty when nothing was kept: a summary of replacements alone is the extractive engine's business.
        """
        if not any(verdict.ok for verdict in self.verdicts):
            return ()
        texts = {article.id: article.text for article in self.sources}
        kept: list[SummarySentence] = []
        for verdict in self.verdicts:
            sentence = _kept(verdict) if verdict.ok else _replacement(verdict, texts)
            if sentence and not any(_says_again(sentence.text, earlier.text) for earlier in kept):
                kept.append(sentence)
        return tuple(kept)


def ground(
    sources: Sequence[Article],
    summary_sentences: Sequence[str],
    quotes: Sequence[Quote] = (),
    *,
    strict: bool = False,
    wary: bool = False,
) -> Grounding:
    """Judge the sentences of a summary by its sources.

    Args:
        sources: The articles it must rest on; their headlines count as theirs.
        summary_sentences: The summary, sentence by sentence (:func:`split` cuts one up).
        quotes: The articles' quotations with their speakers, to tell when one is given to somebody else.
        strict: Also refuse every new word and every longer jump: for what small models write, where a refusal
            costs nothing because the article's own sentence stands in.
        wary: Also hold together what is wired together: for chat models, which compose freely; implies ``strict``.

    """
    index = Sources(sources)
    uncased = not any(word.capital and word.raw != PLACEHOLDER for text in summary_sentences for word in words_of(text))
    verdicts = tuple(
        _judge(text, index, quotes, uncased=uncased, strict=strict or wary, wary=wary)
        for text in summary_sentences
        if text.strip()
    )
    return Grounding(verdicts, tuple(sources))


def split(summary: str) -> list[str]:
    """Return the sentences of a generated summary, by its stops alone: generated text may have no capitals."""
    flat = " ".join(summary.split())
    parts = re.split(r"(?<=[.!?…][\"'”’)])\s+(?=\S)|(?<![A-Z]\.[A-Z])(?<=[.!?…])\s+(?=\S)", flat)
    joined: list[str] = []
    for part in filter(None, parts):
        if joined and re.search(
            r"(?:\b(?:[A-Z]|Mr|Mrs|Ms|Dr|St|Sen|Rep|Gov|Gen|Lt|Sgt|Jr|Sr|vs|No|mr|mrs|ms|dr)|\b[a-z]\.[a-z])\.$",
            joined[-1],
        ):
            joined[-1] += f" {part}"
        else:
            joined.append(part)
    return joined


def _judge(text: str, index: Sources, quotes: Sequence[Quote], *, uncased: bool, strict: bool, wary: bool) -> Verdict:
    """Judge one sentence by every rule."""
    claim = Claim.of(text, index, quotes, uncased=uncased, strict=strict, wary=wary)
    found = [(reason, list(rule(claim))) for reason, rule in RULES]
    reasons = tuple(dict.fromkeys(reason for reason, claims in found if claims))
    evidence = tuple(s.evidence for n in claim.nearest if not (s := index.sentences[n]).headline)
    return Verdict(text, reasons, tuple(c for _, claims in found for c in claims), evidence)


def _kept(verdict: Verdict) -> SummarySentence | None:
    """Return a sentence that passed, with what it rests on."""
    return SummarySentence(verdict.text, verdict.evidence, "model") if verdict.evidence else None


def _replacement(verdict: Verdict, texts: dict[int, str]) -> SummarySentence | None:
    """Return the source sentence a refused one comes nearest to, or None when that cannot stand in a summary."""
    if not verdict.evidence or "boilerplate" in verdict.reasons:
        return None
    best = verdict.evidence[0]
    text = " ".join(texts[best.article_id][best.start : best.end].split())
    if cost(text, len(text.split())) >= UNFIT:
        return None
    return SummarySentence(text, (best,), "article")


def _says_again(text: str, earlier: str) -> bool:
    """Tell whether a sentence says what an earlier one said."""
    ours, theirs = ({w.stem for w in words_of(t) if w.content} for t in (text, earlier))
    return len(ours & theirs) >= _ALIKE * min(len(ours), len(theirs)) if ours and theirs else text == earlier
