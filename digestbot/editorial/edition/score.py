"""Ranks a story by parts that can be shown: outlets, recency, topic and novelty, times the weight of its sources."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log2

from digestbot.domain.news import Article, Feed
from digestbot.editorial.filters import mentions

HALF_LIFE_HOURS = 12.0
"""Age at which recency counts half."""
_OUTLETS, _RECENCY, _TOPIC, _NOVELTY = 2.0, 1.0, 0.5, 0.5
"""What the parts weigh: how many newsrooms find it worth telling says most about importance."""
_MANY = 8
"""Outlets from which more of them say no more."""
_IN_FEED, _IN_HEADLINE, _IN_LEAD, _APART = 1.0, 0.9, 0.6, 0.4
_WORD = 3
"""Letters from which a word of a topic says something by itself."""
_LEAD = 300
"""Characters of a text that are looked at for a topic: what is named later is not what it is about."""


@dataclass(frozen=True, slots=True)
class Score:
    """A story's rank and its parts, each 0 to 1 before weighing but ``weight``, which multiplies their sum."""

    outlets: float
    recency: float
    topic: float
    novelty: float
    weight: float

    @property
    def total(self) -> float:
        """The rank: higher is more important."""
        parts = _OUTLETS * self.outlets + _RECENCY * self.recency + _TOPIC * self.topic + _NOVELTY * self.novelty
        return self.weight * parts

    def explain(self) -> str:
        """Return the parts as a line for ``--explain``."""
        return (
            f"{self.total:.2f} = {self.weight:g} × (outlets {_OUTLETS * self.outlets:.2f}"
            f" + recency {_RECENCY * self.recency:.2f} + topic {_TOPIC * self.topic:.2f}"
            f" + novelty {_NOVELTY * self.novelty:.2f})"
        )


def score(
    articles: Sequence[Article], *, feeds: Mapping[int, Feed], topic: float, novelty: float, now: datetime
) -> Score:
    """Return the score of a story's articles, at least one.

    Args:
        articles: The story's articles.
        feeds: Feeds by id; an article of an unknown feed weighs 1.
        topic: How well it fits a topic asked for, 0 to 1.
        novelty: How much of it this channel has not seen, 0 to 1.
        now: The edition's time.

    """
    outlets = len({article.outlet for article in articles})
    return Score(
        outlets=min(1.0, log2(1 + outlets) / log2(1 + _MANY)),
        recency=0.5 ** (_age_hours(articles, now) / HALF_LIFE_HOURS),
        topic=topic,
        novelty=novelty,
        weight=max(feeds[a.feed_id].weight if a.feed_id in feeds else 1.0 for a in articles),
    )


def topic_fit(topic: str, articles: Sequence[Article], feeds: Mapping[int, Feed]) -> float:
    """Return how well a story fits a topic, 0 to 1: by its feed, its categories, its headlines or first lines."""
    return max((_fit(topic, article, feeds.get(article.feed_id)) for article in articles), default=0.0)


def loosely(topic: str, articles: Sequence[Article]) -> float:
    """Return how well a story fits a topic of several words that stand apart in it: “the price of grain”."""
    words = [word for word in topic.split() if len(word) >= _WORD]
    if len(words) < 2:  # noqa: PLR2004 - one word stands or does not
        return 0.0
    starts = (f"{article.title}\n{article.text[:_LEAD]}" for article in articles)
    return _APART if any(all(_stands(word, start) for word in words) for start in starts) else 0.0


def _stands(word: str, text: str) -> bool:
    """Tell whether a word stands in a text, in the singular or the plural as English has them."""
    return any(mentions(text, one) for one in {word, f"{word}s", word.removesuffix("s")})


def _fit(topic: str, article: Article, feed: Feed | None) -> float:
    """Return how well one article fits a topic, 0 to 1."""
    wanted = topic.casefold()
    named = (*article.categories, *(feed.topics if feed else ()))
    if any(wanted == name.casefold() for name in named):
        return _IN_FEED
    if mentions(article.title, topic):
        return _IN_HEADLINE
    return _IN_LEAD if mentions(article.text[:_LEAD], topic) else 0.0


def _age_hours(articles: Sequence[Article], now: datetime) -> float:
    """Return hours since the latest article; dates in the future count as now, missing ones as when it was fetched."""
    ages = [(now - at).total_seconds() / 3600 for a in articles if (at := a.published or a.fetched_at) is not None]
    return max(0.0, min(ages, default=0.0))
