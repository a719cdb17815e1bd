"""For machines: whether it lives, whether it can work, and its numbers."""

from digestbot.web.health.answers import routes

__all__ = ["routes"]
