"""The bot's processes as the world of chaos has them: begun in a moment, killed, frozen, and asked what they did."""

import asyncio
import json
import os
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.rigs.process import ROOT


class Nursery:
    """Forks bots: see :mod:`tests.rigs.nursery`."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment, self._folder = environment, folder
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it has imported everything."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.rigs.nursery",
            str(self._folder),
            cwd=ROOT,
            env=self.environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        await self._line()

    async def stop(self) -> None:
        """End it."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
            await self._process.wait()

    async def bear(self, **wish: object) -> int:
        """Begin a life and return its process's number."""
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("the nursery is not open")
        self._process.stdin.write((json.dumps(wish) + "\n").encode())
        return int(await self._line())

    async def _line(self) -> bytes:
        if self._process is None or self._process.stdout is None:
            raise RuntimeError("the nursery is not open")
        return await self._process.stdout.readline()


@dataclass
class Life:
    """One process of the bot, and the log of this life."""

    number: int
    err: Path
    killed: bool = False

    @property
    def lives(self) -> bool:
        """Tell whether it still runs."""
        try:
            os.kill(self.number, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """End it where it stands."""
        self.killed = True
        self._signal(signal.SIGKILL)

    async def stop(self, seconds: float = 15) -> None:
        """Ask it to end, and wait; after that it is killed."""
        self._signal(signal.SIGTERM)
        end = time.monotonic() + seconds
        while self.lives and time.monotonic() < end:  # noqa: ASYNC110 - a process has no event
            await asyncio.sleep(0.02)
        if self.lives:
            self.kill()

    async def freeze(self, seconds: float) -> None:
        """Stop it where it stands for a while, as a machine does that swaps, and let it go on."""
        self._signal(signal.SIGSTOP)
        await asyncio.sleep(seconds)
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.kill(self.number, number)
        except ProcessLookupError:
            return

    def said(self) -> str:
        """Return its log."""
        return self.err.read_text("utf-8", "replace") if self.err.exists() else ""

    def under_way(self) -> list[str]:
        """Return the steps that its log says have begun and not ended."""
        runs: Counter[str] = Counter()
        for line in self.said().splitlines():
            if '"step begins"' in line or '"step ended"' in line:
                said = json.loads(line)
                runs[said["step"]] += 1 if said["event"] == "step begins" else -1
        return [step for step, open_runs in runs.items() if open_runs > 0]
