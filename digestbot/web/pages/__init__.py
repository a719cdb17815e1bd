"""Pages out of templates: everything put in is escaped, and what no screen should show is left out."""

from digestbot.web.pages.making import STATIC, page, paint, static_path

__all__ = ["STATIC", "page", "paint", "static_path"]
