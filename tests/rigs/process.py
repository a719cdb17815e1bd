"""The bot as a process of its own, which knows nothing of being under test; it can be waited for, stopped and killed.

Its settings are a file, its hosts are mapped to stand-ins by :mod:`tests.rigs.hostmap`, and it trusts the test's own
certificate authority through ``SSL_CERT_FILE`` as any program does.
"""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import trustme

ROOT = Path(__file__).resolve().parent.parent.parent
HOSTMAP = ROOT / "tests" / "rigs" / "hostmap"


def mapped(hosts: Mapping[str, str], authority: trustme.CA | None = None, folder: Path | None = None) -> dict[str, str]:
    """Return the environment that leads a process to stand-ins: ``{"slack.com:443": "127.0.0.1:40001"}``.

    The authority's certificate is written into ``folder``.
    """
    way = os.pathsep.join(filter(None, (str(HOSTMAP), os.environ.get("PYTHONPATH", ""))))
    # uvloop connects by itself, beneath where hosts are mapped.
    environment = {"PYTHONPATH": way, "RIG_HOSTS": json.dumps(dict(hosts)), "RIG_WITHOUT": "uvloop"}
    if authority is not None and folder is not None:
        authority.cert_pem.write_to_path(str(folder / "authority.pem"))
        environment["SSL_CERT_FILE"] = str(folder / "authority.pem")
    return environment


class BotProcess:
    """``digestbot run`` with a settings file; ``out`` and ``err`` are what it has written over all its lives.

    Args:
        folder: Where its settings file, output and certificate go; it is made if need be.
        settings: The settings file's text (TOML).
        hosts: Which hosts lead where, as a rig's ``hosts()`` says.
        authority: The certificate authority of the rigs that speak TLS.
        environment: More variables, such as ``DIGESTBOT_SLACK__BOT_TOKEN``.
        arguments: What follows ``digestbot``, but for ``--config``.

    """

    def __init__(
        self,
        folder: Path,
        settings: str,
        *,
        hosts: Mapping[str, str] | None = None,
        authority: trustme.CA | None = None,
        environment: Mapping[str, str] | None = None,
        arguments: tuple[str, ...] = ("run",),
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.config = folder, folder / "digestbot.toml"
        self.config.write_text(settings, encoding="utf-8")
        self.out, self.err = folder / "out", folder / "err"
        self.arguments = arguments
        self.lives = 0
        own = {name: value for name, value in os.environ.items() if not name.startswith("DIGESTBOT_")}
        self.environment = {**own, "HF_HUB_OFFLINE": "1", "NO_COLOR": "1"}
        if hosts is not None:
            self.environment |= mapped(hosts, authority, folder)
        self.environment |= environment or {}
        self._process: subprocess.Popen[bytes] | None = None
        self._begun = 0

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The process of its present life."""
        if self._process is None:
            raise RuntimeError("it has not been started")
        return self._process

    @property
    def is_running(self) -> bool:
        """Tell whether it lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, *more: str, preexec: Callable[[], None] | None = None) -> None:
        """Start it; ``preexec`` runs in the child first (limits of its own)."""
        self._begun = self.err.stat().st_size if self.err.exists() else 0
        with self.out.open("ab") as out, self.err.open("ab") as err:
            command = [sys.executable, "-m", "digestbot", *self.arguments, "--config", str(self.config), *more]
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env=self.environment,
                preexec_fn=preexec,  # noqa: PLW1509 - nothing but setrlimit runs there
            )
        self.lives += 1

    def kill(self) -> None:
        """Kill it where it stands (kill -9)."""
        if self.is_running:
            self.process.kill()
            self.process.wait()

    async def restart(self, *more: str) -> None:
        """Kill it and start it anew."""
        self.kill()
        self.start(*more)

    async def stop(self, seconds: float = 20, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; return its exit code."""
        if self.is_running:
            self.process.send_signal(number)
        return await self.ended(seconds)

    async def ended(self, seconds: float = 20) -> int:
        """Wait until it ends by itself; return its exit code."""
        return await asyncio.to_thread(self.process.wait, seconds)

    def said(self, *, out: bool = False, all_lives: bool = False) -> str:
        """Return what it has written to standard error in this life, or to standard output in all of them."""
        path = self.out if out else self.err
        written = path.read_bytes() if path.exists() else b""
        return written[0 if out or all_lives else self._begun :].decode("utf-8", "replace")

    async def until(self, pattern: str, seconds: float = 30, *, out: bool = False) -> str:
        """Wait until what it has written matches; return that."""
        await self.waits(lambda: re.search(pattern, self.said(out=out)) is not None, seconds, what=repr(pattern))
        return self.said(out=out)

    async def waits(self, claim: Callable[[], bool], seconds: float = 30, *, what: str = "it") -> None:
        """Wait until a claim holds, looking twenty times a second; it must not end meanwhile."""
        end = time.monotonic() + seconds
        while not claim():
            if not self.is_running:
                raise AssertionError(f"ended with {self.process.returncode} before {what}: {self.said()[-3000:]}")
            if time.monotonic() > end:
                raise AssertionError(f"{what} did not come within {seconds} s: {self.said()[-3000:]}")
            await asyncio.sleep(0.05)
