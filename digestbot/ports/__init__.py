"""What the core needs from the world, as Protocols; an adapter has the shape, it does not inherit.

Every port has a fake in ``tests/fakes`` and one contract suite that runs on the fake and on the real thing.
"""

from digestbot.ports.archive import ArchiveStore, Backlog, Due, FeedHealth, Saying, Tally, Voice
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
from digestbot.ports.watching import Lease, LostQuote, Notice, Poll, WatchStore
from digestbot.ports.workspaces import Change, Correction, Known, Report, ReportState, Snooze, WorkspaceStore
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
    "ArchiveStore",
    "ArticleSource",
    "Backlog",
    "Change",
    "ChatAdapter",
    "Clock",
    "Correcting",
    "Correction",
    "Dispatcher",
    "Due",
    "EditionStore",
    "Embedder",
    "Examining",
    "FeedHealth",
    "FeedSource",
    "FeedStore",
    "Fetched",
    "Hit",
    "Known",
    "Lease",
    "LostQuote",
    "NewArticle",
    "NewsStore",
    "Notice",
    "OpenStory",
    "Poll",
    "Pruned",
    "RefreshRecord",
    "Report",
    "ReportState",
    "Retention",
    "Saying",
    "SearchKind",
    "Snooze",
    "Status",
    "Store",
    "Summarizer",
    "Tally",
    "Vector",
    "Vectors",
    "Voice",
    "WatchStore",
    "WorkspaceStore",
    "brief_key",
]
