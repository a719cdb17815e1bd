"""Feeds come and go as OPML: shown before they are added, handed over as a file."""

from digestbot.commands.model import Asker, Desk, Options, Reply
from digestbot.commands.words import said


async def take(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Answer."""
    return said("Not yet.")


async def give(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Answer."""
    return said("Not yet.")


async def confirm(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Answer."""
    return said("Not yet.")
