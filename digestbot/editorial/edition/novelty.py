"""Says how much of what new articles tell was not told before: a retelling is not an update."""

from collections.abc import Sequence

from digestbot.domain.news import Article
from digestbot.editorial.cluster.evidence import evidence_of, headline_terms
from digestbot.editorial.cluster.lexicon import WEAK_WORDS
from digestbot.editorial.cluster.minhash import resemblance, signature

WORTH_TELLING = 0.3
"""Share of new words in headline and first sentences from which an update is one."""
_COPY = 0.5
"""Share of equal shingles from which a body is a copy (as in clustering)."""
_NAME_WEIGHT = 2.0
_BODY = 6_000
"""Characters of the known bodies that are read."""


def novelty(new: Sequence[Article], known: Sequence[Article]) -> float:
    """Return the share, 0 to 1, of the new articles' words that stand nowhere in the known ones.

    Words of the headline and the first sentences count, names and numbers twice, common words not at all. Copies
    of a known body add nothing. 1 when nothing is known.
    """
    if not known:
        return 1.0
    told = {term for article in known for term in headline_terms(f"{article.title}\n{article.text[:_BODY]}")}
    bodies = [signed for article in known if (signed := signature(article.text)) is not None]
    weights: dict[str, float] = {}
    for article in new:
        signed = signature(article.text)
        if signed is not None and any(resemblance(signed, body) >= _COPY for body in bodies):
            continue
        evidence = evidence_of(article)
        for term, _ in evidence.terms:
            if term not in WEAK_WORDS:
                weights[term] = _NAME_WEIGHT if term in evidence.names else 1.0
    total = sum(weights.values())
    return sum(weight for term, weight in weights.items() if term not in told) / total if total else 0.0
