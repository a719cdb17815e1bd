"""Shows, on one page, how a digest looks in Slack and in Discord; reads the payloads, knows no chat library."""

from digestbot.web.preview.page import preview_page, windows

__all__ = ["preview_page", "windows"]
