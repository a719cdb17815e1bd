"""Pure text work beside the event loop, in one thread; knows no model.

Python threads share one lock: with several of them computing, the loop waits for its turn behind each. With one
it waits for at most one switch interval (5 ms), and the work is done no later, as it cannot run in parallel anyway.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_THREAD = ThreadPoolExecutor(1, "digestbot-text")


async def aside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``function`` returns, computed in the one thread for such work."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, lambda: function(*args, **kwargs))
