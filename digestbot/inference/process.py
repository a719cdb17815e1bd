"""The engine's child process: started when needed, asked one frame at a time, ended and reaped; knows no queue."""

import asyncio
import contextlib
import json
import os
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from digestbot.domain.errors import EngineCrashed, InferenceError, InputTooLong, ModelMissing, OutOfMemory
from digestbot.inference.wire import EXIT_MEMORY, Head, read_frame

_QUIET = {
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "HF_HUB_OFFLINE": "1",
}
"""The engine process never goes to the network: models are pulled by a command of their own."""

Results = Any
"""A list (texts) or an array of shape (n, width), one element a given item."""


class EngineProcess:
    """The child, if there is one; it starts at the first :meth:`ask`, and again at the first after its end."""

    def __init__(self, program: Sequence[str], arguments: Mapping[str, Any]) -> None:
        """Take what runs as the child, and what it is told at its start."""
        self._command = (*program, json.dumps(arguments))
        self._child: Process | None = None
        self._chatter: deque[str] = deque(maxlen=20)
        self._listener: asyncio.Task[None] | None = None
        self.starts = 0

    @property
    def pid(self) -> int | None:
        """Its process id, None while there is no child."""
        return self._child.pid if self._child else None

    def resident(self) -> int:
        """Return the bytes of memory it holds, 0 while there is none or where the system does not say."""
        try:
            return int(Path(f"/proc/{self.pid}/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, ValueError, IndexError):
            return 0

    async def ask(self, frame: bytes) -> tuple[Head, Results]:
        """Send a frame, and return the head of the reply and its results.

        Who cancels this in the middle has to :meth:`end` the child: it would answer whoever asks next.

        Raises:
            InferenceError: What the child says, or how it ended.

        """
        child = await self._alive()
        if child.stdin is None or child.stdout is None:  # pragma: no cover  # both are pipes
            raise EngineCrashed("the engine process has no pipes")
        with contextlib.suppress(ConnectionError):
            child.stdin.write(frame)
            await child.stdin.drain()
        try:
            if (answered := await read_frame(child.stdout)) is None:
                raise await self._post_mortem(child)
            return answered[0], _results(*answered)
        except (KeyError, TypeError, ValueError) as error:
            await self.end()
            raise EngineCrashed("the engine process gave an answer that makes no sense") from error

    async def end(self) -> None:
        """End the child, if there is one, and reap it."""
        child = self._child
        if child is None:
            return
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        await child.wait()
        if self._listener:
            await self._listener
            self._listener = None
        if child.stdin:
            child.stdin.close()
        self._child = None

    async def _alive(self) -> Process:
        """Return the child, started if there is none."""
        if self._child is not None and self._child.returncode is None:
            return self._child
        try:
            self._child = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=os.environ | _QUIET, start_new_session=True
            )
        except OSError as error:
            raise EngineCrashed(f"the engine process cannot be started ({error})") from error
        self.starts += 1
        self._listener = asyncio.create_task(self._listen(self._child))
        return self._child

    async def _listen(self, child: Process) -> None:
        """Keep the last lines the child wrote to its error stream."""
        if child.stderr is None:  # pragma: no cover  # it is a pipe
            return
        while chunk := await child.stderr.read(4096):
            self._chatter.extend(chunk.decode("utf-8", "replace").splitlines())

    async def _post_mortem(self, child: Process) -> InferenceError:
        """Return the error that says how the child ended."""
        code = await child.wait()
        await self.end()
        if code == EXIT_MEMORY:
            return OutOfMemory("the engine took more memory than its limit")
        if code == -9:  # noqa: PLR2004  # SIGKILL: what the kernel's out-of-memory killer sends
            return EngineCrashed("the engine process was killed")
        last = next((line for line in reversed(self._chatter) if line.strip()), "")
        return EngineCrashed(f"the engine process ended with code {code}{': ' + last[:160] if last else ''}")


def _results(head: Head, body: bytes) -> Results:
    """Return a reply's results.

    Raises:
        InferenceError: The reply is an error.
        KeyError, TypeError, ValueError: It is no reply.

    """
    if "error" in head:
        raise _error(head)
    if "shape" in head:
        return np.frombuffer(body, np.float32).reshape(head["shape"])
    return head["results"]


def _error(head: Head) -> InferenceError:
    """Return the error a reply tells of, of its own class."""
    what, hint = head["what"], head["hint"]
    match head["error"]:
        case ModelMissing.code:
            error = ModelMissing(head["model"], hint=hint)
            error.what, error.args = what, (what,)
            return error
        case OutOfMemory.code:
            return OutOfMemory(what, hint=hint)
        case InputTooLong.code:
            return InputTooLong(what, hint=hint)
        case _:
            return InferenceError(what, hint=hint)
