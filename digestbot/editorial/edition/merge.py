"""Makes one story of several that turn out to report the same event."""

from collections.abc import Sequence
from datetime import UTC, datetime

from digestbot.domain.news import Article, Story

_NEVER = datetime.min.replace(tzinfo=UTC)


def merged(stories: Sequence[Story], groups: Sequence[Sequence[int]]) -> list[Story]:
    """Return one story a group of story ids; the largest story of a group, the oldest of equals, gives its id."""
    by_id = {story.id: story for story in stories}
    return [_one([by_id[story_id] for story_id in group]) for group in groups]


def _one(parts: Sequence[Story]) -> Story:
    """Return the parts as one story, its articles oldest first and each once."""
    if len(parts) == 1:
        return parts[0]
    main = min(parts, key=lambda story: (-len(story.articles), story.first_seen, story.id))
    articles = {article.id or id(article): article for story in parts for article in story.articles}
    return Story(
        id=main.id,
        articles=tuple(sorted(articles.values(), key=_age)),
        first_seen=min(story.first_seen for story in parts),
        last_seen=max(story.last_seen for story in parts),
    )


def _age(article: Article) -> tuple[datetime, int]:
    """Return what articles are sorted by within a story."""
    return article.fetched_at or article.published or _NEVER, article.id
