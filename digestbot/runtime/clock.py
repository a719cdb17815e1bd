"""The machine's clock as the Clock port."""

import asyncio
from datetime import UTC, datetime


class SystemClock:
    """Tells the machine's time, in UTC."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        await asyncio.sleep(seconds)
