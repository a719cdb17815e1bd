"""Which event loop the bot runs on: uvloop where it is installed (the extra ``fast``), asyncio's own elsewhere."""

import asyncio
from collections.abc import Callable
from importlib import import_module


def loop_factory(name: str = "uvloop") -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes loops of that library, or None where it is not installed: asyncio's own are then made."""
    try:
        library = import_module(name)
    except ImportError:
        return None
    made: Callable[[], asyncio.AbstractEventLoop] = library.new_event_loop
    return made
