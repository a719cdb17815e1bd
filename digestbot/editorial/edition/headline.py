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
    if len(articles) == 1:
        return articles[0]
    titles = [frozenset(headline_terms(article.title)) for article in articles]
    leads = [frozenset(headline_terms(article.text[:_LEAD])) for article in articles]
    in_titles = Counter(term for terms in titles for term in terms)
    in_leads = Counter(term for terms in leads for term in terms)

    def clarity(number: int) -> float:
        """Return how clear a headline is: what the other headlines and the other leads say too, less its faults."""
        if not articles[number].title.strip():
            return -100.0
        among_titles = _agreement(titles[number], in_titles, titles[number])
        among_leads = _agreement(titles[number], in_leads, leads[number])
        agreed = (_AMONG_TITLES * among_titles + _IN_LEADS * among_leads) / (len(articles) - 1)
        return agreed - _faults(articles[number].title)

    def rank(number: int) -> tuple[float, datetime, int]:
        return -clarity(number), articles[number].published or _NEVER, articles[number].id

    return articles[min(range(len(articles)), key=rank)]


def _agreement(terms: frozenset[str], told: Counter[str], own: frozenset[str]) -> float:
    """Return how often other articles have a headline's terms, for its length; a longer one may say more.

    ``told`` counts the articles that have a term, this one among them where its ``own`` terms have it.
    """
    return sum(told[term] - (term in own) for term in terms) / sqrt(len(terms)) if terms else 0.0


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
