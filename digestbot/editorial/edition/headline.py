"""Chooses the clearest of the outlets' own headlines; never writes one.

A clear headline says what the others say too, and says it in the words of the reports below them: a play on words
("a light thumb on the scales") or a detail stands in no other outlet's lead. It is one whole statement of 40 to 95
characters, without a question, a tease, a wire's serial number or the outlet's own name.
"""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from math import sqrt

from digestbot.domain.news import Article
from digestbot.editorial.cluster.evidence import clean_title, headline_terms

_SHORT, _LONG = 40, 95
_LEAD = 1500
"""Characters of an article that tell its news: about the first ten sentences."""
_AMONG_TITLES, _IN_LEADS = 1.0, 1.0
"""What saying what the other headlines say, and what the other leads say, weighs against the faults."""
_TEASE = re.compile(
    r"you won.t believe|you need to know|here.s (?:what|why|how)|what (?:we know|to know|happened)|"
    r"(?:^|: )(?:why|how|what|who|when|where|this is|meet|watch|see|inside)\b|\bexplained\b|\bthings\b|^\d+ |"
    r"\bshocking\b|\bslams?\b|\bdestroys?\b|\bgoes viral\b|\bquiz\b|\bopinion\b|\banalysis\b|\blive\b|\bin pictures\b",
    re.IGNORECASE,
)
_SERIES = re.compile(r"\s[|–—-]\s[^|–—-]{2,30}$")
_CUT_OFF = re.compile(r"(?:\.{2,}|…)\s*$")
_VOICE = re.compile(r"^[\"“‘'«„]")
"""One side's words before anybody has said what happened."""
_LOUD_WORD = re.compile(r"\b[A-Z]{4,}\b")
_NEVER = datetime.max.replace(tzinfo=UTC)


def choose_headline(articles: Sequence[Article]) -> Article:
    """Return the article, of at least one, whose title is the clearest; the earliest of equals."""
    titles = [Counter(set(headline_terms(article.title))) for article in articles]
    leads = [Counter(set(headline_terms(article.text[:_LEAD]))) for article in articles]
    in_titles, in_leads = sum(titles, Counter()), sum(leads, Counter())

    def rank(number: int) -> tuple[float, datetime, int]:
        others = in_titles - titles[number], in_leads - leads[number]
        article = articles[number]
        return (-_clarity(article.title, *others, len(articles)), article.published or _NEVER, article.id)

    return articles[min(range(len(articles)), key=rank)]


def _clarity(title: str, shared: Counter[str], told: Counter[str], count: int) -> float:
    """Return how clear a headline is: what the other headlines and the other leads say too, less its faults."""
    if not title.strip():
        return -100.0
    return (
        _AMONG_TITLES * _agreement(title, shared, count) + _IN_LEADS * _agreement(title, told, count) - _faults(title)
    )


def _agreement(title: str, others: Counter[str], count: int) -> float:
    """Return how much of this headline the other articles say, about 0 to 3; a longer one may say more.

    ``others`` tells for each term how many of the other articles, ``count`` with this one, have it.
    """
    terms = set(headline_terms(title))
    if count < 2 or not terms:  # noqa: PLR2004 — nothing to agree with
        return 0.0
    return sum(others[term] for term in terms) / (count - 1) / sqrt(len(terms))


def _faults(title: str) -> float:
    """Return the weight of what makes a headline unclear."""
    plain = clean_title(title)
    length = len(plain)
    faults = max(0, _SHORT - length) / 15 + max(0, length - _LONG) / 25
    faults += 3.0 * bool(_CUT_OFF.search(title))
    faults += 1.5 * ("?" in title) + 1.0 * ("!" in title)
    faults += 1.5 * bool(_TEASE.search(plain))
    faults += 0.5 * bool(_VOICE.match(plain))
    faults += 0.5 * (plain != " ".join(title.split())) + 0.7 * bool(_SERIES.search(title))
    faults += 0.7 * (";" in title) + 0.5 * min(3, len(_LOUD_WORD.findall(title)))
    return faults + (2.0 if title.upper() == title else 0.0)
