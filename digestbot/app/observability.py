"""What looks at the process while it runs: the lag of its event loop, and traces where somebody wants them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from digestbot.config import Settings
from digestbot.telemetry import configure_tracing, watch_loop


@asynccontextmanager
async def observing(settings: Settings) -> AsyncIterator[None]:
    """Measure and trace while the block lasts.

    Raises:
        ConfigError: Traces are wanted and OpenTelemetry is not installed.

    """
    end = configure_tracing(settings.log.traces) if settings.log.traces else None
    watching = asyncio.create_task(watch_loop(), name="loop-watch")
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.wait({watching})
        if end is not None:
            await asyncio.to_thread(end)
