"""Runs parsers of foreign bytes in processes of their own, killed at a deadline; knows no feed and no page."""

from digestbot.sources.sandbox.pool import Limits, Sandbox

__all__ = ["Limits", "Sandbox"]
