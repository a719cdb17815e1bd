"""A summarizer whose model is still on its way: another serves until it is here; knows no hub.

The bot starts at once and posts extractive summaries; when the model has been fetched, it takes over.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Awaitable, Callable
from pathlib import Path

from digestbot.domain.errors import InferenceError, RemoteFailed
from digestbot.domain.news import Story, Summary
from digestbot.domain.subscription import Length
from digestbot.ports import Summarizer

Fetch = Callable[[], Awaitable[None]]


class ArrivingSummarizer:
    """Summarizes with ``until`` until :meth:`arrive` has fetched what ``then`` needs."""

    def __init__(self, until: Summarizer, then: Callable[[], Summarizer], fetch: Fetch) -> None:
        """Take what serves first, what makes the one to come, and what fetches its model."""
        self._now = until
        self._then = then
        self._fetch = fetch
        self._here = False

    @property
    def name(self) -> str:
        """The name of the engine that serves now."""
        return self._now.name

    async def arrive(self) -> None:
        """Fetch the model and go over to it; once it is here, do nothing.

        Raises:
            InferenceError: It could not be fetched; what served goes on serving, and this may be called again.

        """
        if not self._here:
            await self._fetch()
            self._now, self._here = self._then(), True

    async def summarize(self, story: Story, length: Length = "medium", *, interactive: bool = False) -> Summary:
        """Summarize with the engine that serves now.

        Raises:
            InferenceError: Not even the extractive engine could serve.

        """
        return await self._now.summarize(story, length, interactive=interactive)


def fetch_aside(model: str, cache_dir: Path) -> Fetch:
    """Return what fetches and converts a model in a process of its own, so that the bot's loop stays free."""

    async def fetch() -> None:
        command = (sys.executable, "-m", "digestbot.inference.hub", model, str(cache_dir))
        child = await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=PIPE)
        try:
            said, complained = await child.communicate()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        if child.returncode:
            lines = (said.strip() or complained.strip()).decode("utf-8", "replace").splitlines()
            fault = lines[-1] if lines else f"the fetch ended with code {child.returncode}"
            kind = RemoteFailed if child.returncode == 75 else InferenceError  # noqa: PLR2004  # EX_TEMPFAIL, as hub.main says
            raise kind(fault, hint="until then the articles' own sentences are used")

    return fetch
