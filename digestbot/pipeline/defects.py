"""A fault of ours that one thing of a step meets: an outcome of that thing, so that the things beside it are done.

Foreign text goes through many rules. Where one of them fails on a shape nobody thought of, a story, a feed or a digest
is lost for a while, never the step: the things that are due longest come first, and the same one would stop the others
at every tick. Beside the worker's loop and the commands' this is the only place where ``except Exception`` stands.
"""

from collections.abc import Awaitable
from typing import TypeVar

from digestbot.domain.errors import Defect, DigestbotError

T = TypeVar("T")


async def defects_told(what: str, work: Awaitable[T]) -> T:
    """Return what ``work`` on ``what`` gives.

    Raises:
        DigestbotError: It did; or, as a :class:`Defect` with its cause, anything else.

    """
    try:
        return await work
    except DigestbotError:
        raise
    except Exception as error:
        raise Defect(f"{what} meets a fault of ours ({type(error).__name__})") from error
