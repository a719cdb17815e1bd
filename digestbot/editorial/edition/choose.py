"""Chooses the stories of an edition and says why each other one is left out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from digestbot.domain.news import Article, Feed, Story
from digestbot.domain.subscription import Subscription
from digestbot.editorial.edition.novelty import WORTH_TELLING, novelty
from digestbot.editorial.edition.score import Score, loosely, score, topic_fit
from digestbot.editorial.filters import Search, Verdict, judge

Why = Literal[
    "feed", "feed_filter", "filter", "topic", "snoozed", "posted", "retold", "update", "per_feed", "per_topic", "full"
]
_IN_THE_REST: frozenset[Why] = frozenset({"per_feed", "per_topic", "full"})
MOST_STORIES = 10
"""An edition shows ten stories at most (the project's digest guide)."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A story of an edition.

    ``new`` are its articles that this channel has not got, oldest first; for an ``update`` they are all that is
    told. ``topic`` is the one it stands under, or empty.
    """

    story: Story
    score: Score
    new: tuple[Article, ...]
    topic: str = ""
    update: bool = False


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A story that an edition does not show: ``why`` as a code, ``reason`` as the end of a sentence."""

    story: Story
    why: Why
    reason: str
    score: Score | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """What an edition shows, most important first, and what it leaves out."""

    chosen: tuple[Chosen, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def rest(self) -> tuple[LeftOut, ...]:
        """The stories left out for want of room alone, most important first: "and 7 more"."""
        return tuple(out for out in self.left_out if out.why in _IN_THE_REST)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an edition is chosen for (see :func:`choose`)."""

    subscription: Subscription
    posted: Mapping[int, int]
    now: datetime
    feeds: Mapping[int, Feed]
    search: Search | None
    snoozed: frozenset[str]


def choose(
    stories: Iterable[Story],
    *,
    subscription: Subscription,
    posted: Mapping[int, int],
    now: datetime,
    feeds: Mapping[int, Feed],
    search: Search | None = None,
    snoozed: frozenset[str] = frozenset(),
) -> Selection:
    """Choose the stories of an edition; the order of ``stories`` does not matter.

    Args:
        stories: The stories with an article in the edition's window.
        subscription: Whose edition it is: its feeds, topics, filter, caps and policies.
        posted: Story id by article id of what its channel has got.
        now: The edition's time.
        feeds: Feeds by id, each with its own filter: what that stops is no part of its story here.
        search: The engine for the filters' regular expressions.
        snoozed: Topics that the channel does not want to read now.

    Raises:
        BadOption: A filter has a regular expression that is not one.

    """
    asked = _Asked(subscription, posted, now, feeds, search, snoozed)
    candidates: list[Chosen] = []
    left_out: list[LeftOut] = []
    for story in sorted(stories, key=lambda story: story.id):
        let_in = _let_in(story, asked)
        found = let_in if isinstance(let_in, LeftOut) else _candidate(let_in, asked)
        if isinstance(found, Chosen) and (resting := snoozed_topic(found.new, snoozed, feeds)):
            found = LeftOut(story, "snoozed", f"is about {resting}, which is snoozed here")
        if isinstance(found, Chosen):
            candidates.append(found)
        else:
            left_out.append(found)
    candidates.sort(key=_rank)
    chosen, crowded = _capped(candidates, subscription)
    return Selection(tuple(chosen), (*crowded, *left_out))


def _rank(chosen: Chosen) -> tuple[float, float, int]:
    """Return what candidates are sorted by: score, then the newest, then the oldest id."""
    return -chosen.score.total, -chosen.story.last_seen.timestamp(), chosen.story.id


def _candidate(story: Story, asked: _Asked) -> Chosen | LeftOut:
    """Return the story as a candidate, or the reason why it is none."""
    subscription, posted, feeds = asked.subscription, asked.posted, asked.feeds
    allowed = _allowed(story, subscription, asked.search)
    if isinstance(allowed, LeftOut):
        return allowed
    topic, fit = _topic(story.articles, subscription, feeds)
    if subscription.topics and not fit:
        return LeftOut(story, "topic", f"is about none of {', '.join(subscription.topics)}")
    new = tuple(article for article in allowed if article.id not in posted)
    if not new:
        return LeftOut(story, "posted", "was posted here before, and nothing has come since")
    known = [article for article in story.articles if article.id in posted]
    told = novelty(new, known)
    parts = score(story.articles, feeds=feeds, topic=fit, novelty=told, now=asked.now)
    if known and subscription.updates == "skip":
        return LeftOut(story, "update", "was posted here before, and updates are not wanted", parts)
    if known and told < WORTH_TELLING:
        return LeftOut(story, "retold", f"was posted here before, and only {told:.0%} of what came since is new", parts)
    return Chosen(story, parts, new, topic, update=bool(known))


def snoozed_topic(articles: Sequence[Article], snoozed: frozenset[str], feeds: Mapping[int, Feed]) -> str:
    """Return the snoozed topic that a story is about, or empty; what it is about is told as for topics wanted."""
    return next((topic for topic in sorted(snoozed) if topic_fit(topic, articles, feeds)), "")


def _let_in(story: Story, asked: _Asked) -> Story | LeftOut:
    """Return the story without the articles that their own feed's filter stops, or why none of its feeds' is left."""
    wanted = asked.subscription.feeds
    stopped = {
        article.id: verdict for article in story.articles if not (verdict := _by_its_feed(article, asked)).passed
    }
    mine = [article for article in story.articles if not wanted or article.feed_id in wanted]
    if mine and all(article.id in stopped for article in mine):
        name, reason = asked.feeds[mine[0].feed_id].name, stopped[mine[0].id].reason
        return LeftOut(story, "feed_filter", f"is stopped by the filter of its feed “{name}”: {reason}")
    kept = tuple(article for article in story.articles if article.id not in stopped)
    return replace(story, articles=kept) if stopped and kept else story


def _by_its_feed(article: Article, asked: _Asked) -> Verdict:
    """Return what the filter of an article's own feed says to it."""
    feed = asked.feeds.get(article.feed_id)
    return judge(feed.filter, article, asked.search) if feed else Verdict(passed=True)


def _allowed(story: Story, subscription: Subscription, search: Search | None) -> list[Article] | LeftOut:
    """Return the articles that the subscription's feeds, language and filter let through, or why there are none."""
    mine = [a for a in story.articles if not subscription.feeds or a.feed_id in subscription.feeds]
    if not mine:
        return LeftOut(story, "feed", "comes from none of its feeds")
    if subscription.language:
        mine = [a for a in mine if not a.language or _primary(a.language) == _primary(subscription.language)]
        if not mine:
            return LeftOut(story, "filter", f"is not in the language “{subscription.language}”")
    verdicts = [(article, judge(subscription.filter, article, search)) for article in mine]
    passed = [article for article, verdict in verdicts if verdict.passed]
    return passed or LeftOut(story, "filter", verdicts[0][1].reason)


def _primary(tag: str) -> str:
    """Return the primary subtag of a language tag (RFC 5646)."""
    return tag.lower().replace("_", "-").partition("-")[0]


def _topic(articles: Sequence[Article], subscription: Subscription, feeds: Mapping[int, Feed]) -> tuple[str, float]:
    """Return the topic a story stands under and how well it fits: one asked for, else its feed's first."""
    if subscription.topics:
        fits = [(topic_fit(topic, articles, feeds) or loosely(topic, articles), topic) for topic in subscription.topics]
        best = max(fits, key=lambda fit: fit[0])
        return (best[1], best[0]) if best[0] else ("", 0.0)
    named = [feeds[a.feed_id].topics[0] for a in articles if a.feed_id in feeds and feeds[a.feed_id].topics]
    return (Counter(named).most_common(1)[0][0] if named else "", 0.0)


def _capped(candidates: Sequence[Chosen], subscription: Subscription) -> tuple[list[Chosen], list[LeftOut]]:
    """Take candidates in order while there is room: in all, for each feed, for each topic."""
    chosen: list[Chosen] = []
    crowded: list[LeftOut] = []
    per_feed, per_topic = Counter[int](), Counter[str]()
    limit = min(subscription.stories, MOST_STORIES)
    for one in candidates:
        feed = _only_feed(one.story)
        if len(chosen) >= limit:
            crowded.append(LeftOut(one.story, "full", f"the edition is full with {limit}", one.score))
        elif feed is not None and subscription.per_feed and per_feed[feed] >= subscription.per_feed:
            reason = f"its feed has {subscription.per_feed} already"
            crowded.append(LeftOut(one.story, "per_feed", reason, one.score))
        elif one.topic and subscription.per_topic and per_topic[one.topic] >= subscription.per_topic:
            reason = f"“{one.topic}” has {subscription.per_topic} already"
            crowded.append(LeftOut(one.story, "per_topic", reason, one.score))
        else:
            chosen.append(one)
            per_topic[one.topic] += 1
            if feed is not None:
                per_feed[feed] += 1
    return chosen, crowded


def _only_feed(story: Story) -> int | None:
    """Return the feed a story rests on alone, or None: what several report is not one feed's noise."""
    feeds = {article.feed_id for article in story.articles}
    return feeds.pop() if len(feeds) == 1 else None
