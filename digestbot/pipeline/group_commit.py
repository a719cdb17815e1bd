"""Group commit: what ends while one transaction is being written shares the next; knows nothing of what is written.

A transaction a feed would cost more than asking it did. Nothing waits for a group to fill: the first who comes while
nobody writes is written alone, and those who come meanwhile together (as databases write their logs, DeWitt et al.,
1984, 3.3).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from digestbot.domain.errors import Defect, StoreError, StoreUnavailable
from digestbot.pipeline.defects import defects_told

Item = TypeVar("Item")
Result = TypeVar("Result")
Failed = StoreError | Defect


class GroupCommit(Generic[Item, Result]):
    """Takes items from everywhere in a process and gives them to ``write``, a group at a time.

    ``write`` returns a result for each item, in order, and keeps all or none. A group that the store refuses, or in
    which a fault of ours is met, is written again one by one, so that the item it is of fails alone; when the store
    cannot be reached, all fail.
    """

    def __init__(self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Result]]], most: int) -> None:
        """Take what writes, and how many items it is given at once at most."""
        self._write, self._most = write, most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def add(self, item: Item) -> Result:
        """Return what writing the item gave, once it is written.

        Raises:
            StoreError: It could not be.
            Defect: It meets a fault of ours.

        """
        written: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, written))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all(), name="group-commit")
        return await written

    async def _write_all(self) -> None:
        """Write until nobody waits."""
        while self._waiting:
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                results = await self._results([item for item, _ in group])
                for (_, written), result in zip(group, results, strict=True):
                    _tell(written, result)
            finally:
                # Whatever ended this writer (asyncio tells of it), nobody waits for it for ever.
                for _, written in group:
                    _tell(written, StoreError("the writing was broken off", hint="see the log; it is tried again"))

    async def _results(self, items: Sequence[Item]) -> Sequence[Result | Failed]:
        """Write a group; an item that could not be written has the error in its place."""
        try:
            return await defects_told("what is written", self._write(items))
        except (StoreError, Defect) as error:
            if len(items) == 1 or isinstance(error, StoreUnavailable):
                return [error] * len(items)
        return [result for item in items for result in await self._results([item])]


def _tell(written: "asyncio.Future[Result]", result: Result | Failed) -> None:
    """Give one who waits a result or an error; one who stopped waiting gets nothing."""
    if written.done():
        return
    if isinstance(result, StoreError | Defect):
        written.set_exception(result)
    else:
        written.set_result(result)
