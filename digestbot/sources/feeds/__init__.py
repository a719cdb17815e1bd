"""Feeds: bytes → entries, each with an identity that holds; polling; OPML; knows no store and no chat."""

from digestbot.sources.feeds.identity import canonical_url
from digestbot.sources.feeds.opml import OpmlFeed, OpmlList, OpmlPreview, preview_opml, read_opml, write_opml
from digestbot.sources.feeds.parse import Reading, parse_feed, read_feed
from digestbot.sources.feeds.source import HttpFeedSource

__all__ = [
    "HttpFeedSource",
    "OpmlFeed",
    "OpmlList",
    "OpmlPreview",
    "Reading",
    "canonical_url",
    "parse_feed",
    "preview_opml",
    "read_feed",
    "read_opml",
    "write_opml",
]
