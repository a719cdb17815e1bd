"""What goes on beside the pipeline's steps: readers are counted, hubs are kept, people are told what they must know."""

import itertools
from datetime import timedelta

from digestbot.app.compose import Rooms, operators
from digestbot.pipeline.notify import Teller
from digestbot.runtime.dispatch import run_step
from digestbot.telemetry import logger

EVERY = 60.0
"""Seconds between two rounds."""
COUNTED = 10
"""Rounds after which readers are counted anew: it reads every feed."""
FURTHEST = timedelta(hours=26)
"""A feed waits for a day and a twentieth of it. One that waits longer was asked to by its server, is one of very many
of its host, or was last asked by a clock that was ahead."""

log = logger("bot")


async def tend(rooms: Rooms) -> None:
    """Go round until cancelled; whatever goes wrong in a round is logged, and the next one tries again."""
    teller = Teller(rooms.store, rooms.adapters, operators(rooms.settings), rooms.clock)

    async def once() -> bool:
        await round_of(rooms, teller)
        return True

    async def count() -> bool:
        await rooms.audience.count()
        return True

    for number in itertools.count():
        if number % COUNTED == 0:
            await run_step("count", count)
        await run_step("tend", once)
        await rooms.clock.sleep(EVERY)


async def round_of(rooms: Rooms, teller: Teller) -> None:
    """Keep the hubs, tell people, and let no feed wait for a clock that was ahead.

    Raises:
        StoreError: The store could not be read or written.

    """
    now = rooms.clock.now()
    if count := await rooms.store.end_waits(now, now + FURTHEST):
        log.warning("feeds were last asked by a clock that was ahead; they are asked now", feeds=count)
    if rooms.sources.hubs is not None:
        for fault in await rooms.sources.hubs.tend(await rooms.store.feeds(), rooms.clock.now()):
            log.info("hub not subscribed to; the feed is polled as before", code=fault.code, error=str(fault))
    told, faults = await teller.tell()
    for notice in told:
        log.warning("notice", feed=notice.feed_id, text=notice.text)
    for error in faults:
        log.warning("notice not posted", code=error.code, error=str(error))
