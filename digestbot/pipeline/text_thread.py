"""Pure text work beside the event loop, in one thread; knows no model.

Python threads share one lock: with several of them computing, the loop waits for its turn behind each. With one
it waits for at most one switch interval, and the work is done no later, as it cannot run in parallel anyway. The loop
waits anew after every write to a pipe or socket, many in one round, so that interval is short here.
"""

import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
_SWITCH_SECONDS = 0.0005
"""How long this thread computes before another one that wants to gets its turn (Python's own default is 0.005)."""
_THREAD = ThreadPoolExecutor(1, "digestbot-text", initializer=sys.setswitchinterval, initargs=(_SWITCH_SECONDS,))


async def aside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what ``function`` returns, computed in the one thread for such work."""
    return await asyncio.get_running_loop().run_in_executor(_THREAD, lambda: function(*args, **kwargs))
