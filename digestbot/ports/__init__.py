"""What the core needs from the world, as Protocols; an adapter has the shape, it does not inherit.

Every port has a fake in ``tests/fakes`` and one contract suite that runs on the fake and on the real thing.
"""

from digestbot.ports.rows import (
    Hit,
    NewArticle,
    OpenStory,
    Pruned,
    RefreshRecord,
    Retention,
    SearchKind,
    Status,
    brief_key,
)
from digestbot.ports.store import EditionStore, FeedStore, NewsStore, Store
from digestbot.ports.world import (
    ArticleSource,
    ChatAdapter,
    Clock,
    Correcting,
    Dispatcher,
    Embedder,
    Examining,
    FeedSource,
    Fetched,
    Summarizer,
    Vector,
    Vectors,
)

__all__ = [
    "ArticleSource",
    "ChatAdapter",
    "Clock",
    "Correcting",
    "Dispatcher",
    "EditionStore",
    "Embedder",
    "Examining",
    "FeedSource",
    "FeedStore",
    "Fetched",
    "Hit",
    "NewArticle",
    "NewsStore",
    "OpenStory",
    "Pruned",
    "RefreshRecord",
    "Retention",
    "SearchKind",
    "Status",
    "Store",
    "Summarizer",
    "Vector",
    "Vectors",
    "brief_key",
]
