"""Articles: a page's bytes → its text, without what stands around it; knows no store and no chat."""

from digestbot.sources.articles.extract import extract_article
from digestbot.sources.articles.source import WebArticleSource

__all__ = ["WebArticleSource", "extract_article"]
