"""A few worker processes and the queue before them; knows what a task costs, not what it does.

A worker that passes its CPU deadline is ended by the kernel, one that stalls by this side; the next task gets a new
one. Whatever happened to a worker is told as a SourceError of the address whose bytes it read.
"""

import asyncio
import os
import pickle
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ParamSpec, TypeVar, cast

from digestbot.domain.errors import SourceError, TooLarge
from digestbot.sources.sandbox.wire import HEADER, MAX_REPLY, error_from, pack, unpack

LARGE = 256 * 1024
"""Bytes of a message that are packed or unpacked in a thread: more would hold the loop for milliseconds."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one task may use: CPU and wall-clock seconds, bytes of address space (0: no limit)."""

    cpu_seconds: float = 5.0
    wall_seconds: float = 30.0
    memory_bytes: int = 2 * 1024**3


class _Worker:
    """One process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ask(self, message: bytes) -> bytes:
        """Send a task and return the answer's bytes; EOFError when the process has ended."""
        if self.process.stdin is None or self.process.stdout is None:
            raise EOFError
        try:
            self.process.stdin.write(message)
            await self.process.stdin.drain()
            (length,) = HEADER.unpack(await self.process.stdout.readexactly(HEADER.size))
            if length > MAX_REPLY:
                raise EOFError
            return await self.process.stdout.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise EOFError from error

    async def end(self) -> None:
        """Kill the process and wait for it."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()


async def _packed(task: tuple[object, ...]) -> bytes:
    """Return a task's message; a large one is made in a thread, so that the loop goes on."""
    size = sum(len(value) for value in cast("tuple[object, ...]", task[2]) if isinstance(value, bytes))
    return pack(task) if size < LARGE else await asyncio.to_thread(pack, task)


async def _unpacked(reply: bytes) -> object:
    """Return what a worker answered; a long answer is read in a thread."""
    return unpack(reply) if len(reply) < LARGE else await asyncio.to_thread(unpack, reply)


class Sandbox:
    """Runs functions on foreign bytes elsewhere; workers start when first needed."""

    def __init__(
        self, workers: int = 2, limits: Limits | None = None, prepare: Sequence[Callable[[], None]] = ()
    ) -> None:
        """Take how many tasks run at once, and what each worker does before it may no longer write files."""
        self._prepare = [f"{one.__module__}:{one.__name__}" for one in prepare]
        self.limits = limits or Limits()
        self._free: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._slots = asyncio.Semaphore(max(1, workers))

    async def close(self) -> None:
        """End every worker; closing twice is the same as closing once."""
        workers, self._all = self._all, set()
        self._free.clear()
        await asyncio.gather(*(worker.end() for worker in workers))

    async def run(self, url: str, task: Callable[P, T], *args: P.args, **_: P.kwargs) -> T:
        """Run a module-level function in a worker and return what it returns.

        Args:
            url: Whose bytes these are; errors name it.
            task: The function; it may raise SourceErrors.
            args: Its arguments.

        Raises:
            TooLarge: It passed a limit.
            SourceError: What the task raised, or that its parser broke down.

        """
        message = await _packed((task.__module__, task.__name__, args, url))
        async with self._slots:
            worker = self._free.pop() if self._free else await self._start()
            done = False
            try:
                async with asyncio.timeout(self.limits.wall_seconds):
                    reply = await _unpacked(await worker.ask(message))
                done = True
            except TimeoutError as error:
                raise TooLarge(url, "takes too long to read") from error
            except EOFError as error:
                raise await self._post_mortem(url, worker) from error
            except pickle.UnpicklingError as error:
                raise SourceError(url, "broke its parser") from error
            finally:
                if done:
                    self._free.append(worker)
                else:
                    self._all.discard(worker)
                    await worker.end()
        kind, value = cast("tuple[str, object]", reply)
        if kind == "error":
            raise error_from(cast("tuple[str, str, str, str]", value))
        return cast("T", value)

    async def _start(self) -> _Worker:
        """Start a worker: it inherits where to find this package, and none of the environment's secrets."""
        environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "digestbot.sources.sandbox.worker",
            str(self.limits.memory_bytes),
            str(int(self.limits.cpu_seconds * 1000)),
            *self._prepare,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
            # Ctrl-C in a terminal goes to a whole group: the bot ends its workers itself, and no feed is to blame.
            start_new_session=True,
        )
        worker = _Worker(process)
        self._all.add(worker)
        return worker

    @staticmethod
    async def _post_mortem(url: str, worker: _Worker) -> SourceError:
        """Say why a worker ended: by its timer or for want of memory it used too much, otherwise its parser broke."""
        code = await worker.process.wait()
        if -code in {signal.SIGPROF, signal.SIGKILL}:
            return TooLarge(url, "takes too long to read")
        return SourceError(url, "broke its parser")
