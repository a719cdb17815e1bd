"""Topics that a channel does not want to read for a while."""

from digestbot.commands.model import Asker, Desk, Options, Reply
from digestbot.commands.words import said


async def snooze(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Answer."""
    return said("Not yet.")


async def show(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Answer."""
    return said("Not yet.")


async def end(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Answer."""
    return said("Not yet.")
