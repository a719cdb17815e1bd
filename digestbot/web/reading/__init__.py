"""The reading room: the archive, search, a page a story and a page a speaker, and every digest as a feed."""

from digestbot.web.reading.routes import routes

__all__ = ["routes"]
