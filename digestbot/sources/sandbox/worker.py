"""The process that parses: reads a task, runs it under a CPU timer, writes the answer; has no secrets and no files.

The kernel ends the process when the timer runs out (SIGPROF's default action), even within C code that never
returns to Python. Run as ``python -m digestbot.sources.sandbox.worker``.
"""

import os
import pickle
import resource
import signal
import sys
from importlib import import_module
from typing import BinaryIO, Protocol

from digestbot.domain.errors import SourceError, TooLarge
from digestbot.sources.sandbox.wire import HEADER, error_fields, pack


class Task(Protocol):
    """What a worker runs: a module-level function."""

    def __call__(self, *args: object) -> object:
        """Return the answer."""
        ...


def main() -> None:
    """Serve tasks until standard input ends."""
    memory, cpu_milliseconds = int(sys.argv[1]), int(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    # What a library prints must not end up among the answers.
    os.dup2(2, 1)
    for prepare in sys.argv[3:]:
        module, _, function = prepare.partition(":")
        getattr(import_module(module), function)()
    _confine(memory)
    tasks = sys.stdin.buffer
    while message := _next_message(tasks):
        answers.write(pack(_answer(message, cpu_milliseconds / 1000)))
        answers.flush()


def _confine(memory: int) -> None:
    """Give up what a parser does not need: memory beyond ``memory`` bytes, writing files, core dumps."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    if memory:
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def _next_message(tasks: BinaryIO) -> bytes:
    """Return the next message; nothing at the end."""
    header = tasks.read(HEADER.size)
    return tasks.read(HEADER.unpack(header)[0]) if len(header) == HEADER.size else b""


def _answer(message: bytes, cpu_seconds: float) -> tuple[str, object]:
    """Run one task under the timer."""
    module, name, args, url = pickle.loads(message)  # noqa: S301 - from the process that started this one
    task: Task = getattr(import_module(module), name)
    signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
    try:
        return "ok", task(*args)
    except SourceError as error:
        return "error", error_fields(error)
    except (MemoryError, RecursionError):
        return "error", error_fields(TooLarge(url, "takes more memory to read than the limits allow"))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


if __name__ == "__main__":
    main()
