"""The first steps in a workspace, as a wizard."""

from digestbot.commands.model import Asker, Desk, Options, Reply
from digestbot.commands.words import said


async def setup(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Answer."""
    return said("Not yet.")
