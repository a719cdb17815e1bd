"""A small newsroom on the loopback interface: sample outlets as real feeds and real pages, for the demo and for tests.

It must not know who reads it: nothing of digestbot's own client, store or pipeline is imported here.
"""

from digestbot.web.newsroom.folder import Newsroom, Outlet, Paragraph, Piece
from digestbot.web.newsroom.server import serve

__all__ = ["Newsroom", "Outlet", "Paragraph", "Piece", "serve"]
