"""The one engine of the process: a bounded queue before the child process that runs the models; imports no framework.

What people wait for goes before batch work, like requests run together, every request has a deadline, and the
event loop never computes: it only writes a frame and awaits the reply. The child starts at the first request
and again at the first request after a crash.
"""

import asyncio
import contextlib
import heapq
import itertools
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from digestbot.domain.errors import Busy, DeadlinePassed, EngineCrashed, InferenceError
from digestbot.inference.process import EngineProcess, Results
from digestbot.inference.wire import pack

INTERACTIVE, SOON, BATCH = 0, 1, 2
"""Ranks in the queue: somebody waits; short work others build on; the rest."""
_RESERVED = 0.25
"""The share of the queue that only interactive work may fill."""


@dataclass(slots=True)
class _Job:
    """A slice of one request, as it waits in the queue."""

    op: str
    settings: Mapping[str, Any]
    items: Sequence[Any]
    most: int
    rank: int
    future: "asyncio.Future[Results]"
    key: str = field(init=False)

    def __post_init__(self) -> None:
        self.key = json.dumps([self.op, self.rank, self.settings], sort_keys=True)


@dataclass(frozen=True, slots=True)
class EngineStatus:
    """What the engine is doing, for metrics: requests waiting, items done, child starts, seconds spent computing.

    ``tokens`` are those that writing models wrote, in ``writing`` seconds.
    """

    waiting: int
    items: int
    starts: int
    seconds: float
    tokens: int = 0
    writing: float = 0.0


class Engine:
    """Runs models in a child process for everybody in this process.

    Use one per process, within one event loop, and :meth:`aclose` it.
    """

    def __init__(
        self,
        *,
        cache_dir: Path | None = None,
        threads: int = 0,
        queue_size: int = 64,
        memory_limit: int | None = None,
        patience: float = 60.0,
        program: Sequence[str] = (sys.executable, "-m", "digestbot.inference.child"),
    ) -> None:
        """Prepare an engine; nothing starts until the first request.

        Args:
            cache_dir: Where converted models are kept; without it nothing is converted.
            threads: Threads a model may use; 0 for one a core.
            queue_size: Requests that may wait; a quarter of the places is kept for interactive ones.
            memory_limit: Bytes of resident memory at which the child is ended.
            patience: Seconds a computation that nobody waits for any more may go on before the child is ended.
            program: What runs as the child.

        """
        told = {
            "cache_dir": str(cache_dir) if cache_dir else None,
            "threads": threads or os.cpu_count() or 1,
            "memory_limit": memory_limit,
        }
        self._process = EngineProcess(program, told)
        self._queue_size = queue_size
        self._patience = patience
        self._heap: list[tuple[int, int, _Job]] = []
        self._order = itertools.count()
        self._waiting = 0
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._items, self._seconds = 0, 0.0
        self._tokens, self._writing = 0, 0.0

    @property
    def status(self) -> EngineStatus:
        """What it is doing now."""
        return EngineStatus(
            self._waiting, self._items, self._process.starts, self._seconds, self._tokens, self._writing
        )

    @property
    def pid(self) -> int | None:
        """The child's process id, None while there is no child."""
        return self._process.pid

    async def run(
        self,
        op: str,
        settings: Mapping[str, Any],
        items: Sequence[Any],
        *,
        rank: int = BATCH,
        most: int = 64,
        deadline: float | None = None,
    ) -> Results:
        """Run one operation over items, in slices of at most ``most``, and return one result an item.

        Args:
            op: ``embed``, ``seq2seq`` or ``chat``.
            settings: The model and its options; requests with equal settings share batches.
            items: What to run it on; JSON values.
            rank: ``INTERACTIVE``, ``SOON`` or ``BATCH``.
            most: Items the model takes at once: what an interactive request may have to wait for.
            deadline: Seconds until the answer is of no use any more.

        Raises:
            Busy: The queue is full.
            DeadlinePassed: The answer did not come in time.
            EngineCrashed: The child ended in the middle.
            OutOfMemory: It needed more memory than it may take.
            InferenceError: The model is missing or refused its input.

        """
        limit = self._queue_size * (1 if rank == INTERACTIVE else 1 - _RESERVED)
        if self._waiting >= limit:
            raise Busy(f"the engine has {self._waiting} requests waiting", retry_after=self._expected_wait())
        slices = [items[i : i + most] for i in range(0, len(items), most)]
        futures = [self._enqueue(op, settings, part, most, rank) for part in slices]
        self._waiting += 1
        try:
            async with asyncio.timeout(deadline):
                return _joined([await future for future in futures])
        except TimeoutError as error:
            raise DeadlinePassed(f"the engine did not answer within {deadline:g} seconds") from error
        finally:
            self._waiting -= 1
            for future in futures:
                _retire(future)

    async def resident(self) -> int:
        """Return the bytes of memory the child holds, 0 while there is none."""
        return self._process.resident()

    async def aclose(self) -> None:
        """End the child; requests still waiting fail."""
        if self._worker:
            self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker
            self._worker = None
        await self._process.end()
        for _, _, job in self._heap:
            _fail(job, EngineCrashed("the engine was closed"))
        self._heap.clear()

    # ── the queue ────────────────────────────────────────────────────────────

    def _enqueue(
        self, op: str, settings: Mapping[str, Any], items: Sequence[Any], most: int, rank: int
    ) -> "asyncio.Future[Results]":
        """Put one slice into the queue and see that somebody works on it."""
        future: asyncio.Future[Results] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._heap, (rank, next(self._order), _Job(op, settings, items, most, rank, future)))
        self._wake.set()
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work(), name="digestbot-engine")
        return future

    def _next_batch(self) -> list[_Job]:
        """Take the first job and those like it, as many as run together; jobs nobody waits for are left out."""
        batch: list[_Job] = []
        kept: list[tuple[int, int, _Job]] = []
        room = 0
        while self._heap:
            entry = heapq.heappop(self._heap)
            job = entry[2]
            if job.future.done():
                continue
            if not batch:
                batch, room = [job], job.most - len(job.items)
            elif job.key == batch[0].key and len(job.items) <= room:
                batch.append(job)
                room -= len(job.items)
            else:
                kept.append(entry)
                if room <= 0 or job.rank > batch[0].rank:
                    break
        for entry in kept:
            heapq.heappush(self._heap, entry)
        return batch

    def _expected_wait(self) -> float:
        """Return the seconds after which the queue should have room, from what requests took so far."""
        each = self._seconds / self._items if self._items else 0.5
        return max(1.0, round(each * len(self._heap), 1))

    async def _work(self) -> None:
        """Work on batches for ever."""
        while True:
            batch = self._next_batch()
            if not batch:
                self._wake.clear()
                await self._wake.wait()
                continue
            began = time.monotonic()
            try:
                results = await self._exchange(batch)
            except InferenceError as error:
                for job in batch:
                    _fail(job, error)
            except asyncio.CancelledError:
                for job in batch:
                    _fail(job, EngineCrashed("the engine was closed"))
                raise
            else:
                _hand_out(batch, results)
            self._seconds += time.monotonic() - began
            self._items += sum(len(job.items) for job in batch)

    # ── asking the child ─────────────────────────────────────────────────────

    async def _exchange(self, batch: Sequence[_Job]) -> Results:
        """Send a batch to the child and return its results.

        Raises:
            InferenceError: What the child says, or that it is gone.

        """
        items = [item for job in batch for item in job.items]
        frame = pack({"op": batch[0].op, "settings": dict(batch[0].settings), "items": items})
        # Starting the child and writing to it may take for ever, too.
        reply = asyncio.create_task(self._process.ask(frame), name="digestbot-engine-reply")
        try:
            await self._wait_for_reply(reply, batch)
        finally:
            if not reply.done():
                reply.cancel()
                await asyncio.wait({reply})
                await self._process.end()
        head, results = reply.result()
        self._tokens += int(head.get("tokens", 0))
        self._writing += float(head.get("writing", 0.0))
        return results

    async def _wait_for_reply(self, reply: "asyncio.Future[Any]", batch: Sequence[_Job]) -> None:
        """Wait for the reply while anybody does; a computation nobody waits for gets ``patience`` seconds more.

        Raises:
            DeadlinePassed: It got them, and did not end.

        """
        waiting = {job.future for job in batch}
        while waiting and not reply.done():
            await asyncio.wait({reply, *waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting = {future for future in waiting if not future.done()}
        if not reply.done():
            await asyncio.wait({reply}, timeout=self._patience)
            if not reply.done():
                raise DeadlinePassed(f"the engine was still computing after {self._patience:g} seconds more")


def _joined(parts: list[Results]) -> Results:
    """Put the results of the slices of one request together again."""
    if parts and isinstance(parts[0], np.ndarray):
        return np.concatenate(parts)
    return [result for part in parts for result in part]


def _hand_out(batch: Sequence[_Job], results: Results) -> None:
    """Give each job of a batch its own results."""
    start = 0
    for job in batch:
        if not job.future.done():
            job.future.set_result(results[start : start + len(job.items)])
        start += len(job.items)


def _fail(job: _Job, error: InferenceError) -> None:
    """Give a job an error, unless nobody waits for it."""
    if not job.future.done():
        job.future.set_exception(error)


def _retire(future: "asyncio.Future[Results]") -> None:
    """Say that nobody waits for a slice any more, and that its error, if it has one, is seen."""
    if not future.cancel() and not future.cancelled():
        future.exception()
