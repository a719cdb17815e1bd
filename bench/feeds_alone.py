"""Ten thousand feeds through the whole refresh step of one process, nobody beside it: cold, 304s, and 5 % changed.

Run: ``python -m bench.feeds_alone [feeds]``. The publishers, the contender and what is printed are those of
``bench.feeds``; feeds are added as ``digestbot import`` adds them. It tells what the number of feeds costs: time and
memory of a round in which everything is due at once, which the poller's jitter and intervals otherwise spread.
"""

import asyncio
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from bench.feeds import CHANGED, Result, addresses, ours, publishers
from digestbot.runtime.garbage import startup_frozen
from digestbot.runtime.loops import loop_factory

FEEDS = 10_000


async def main(count: int) -> None:
    """Measure and print."""
    async with AsyncExitStack() as stack:
        server = publishers(count)
        stack.callback(server.process.communicate)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _, step = await ours(stack, folder / "digestbot.db", 0.0)
        urls = addresses("v", count, server.port, count)
        await step.add(urls)
        # As the bot does once it runs.
        stack.enter_context(startup_frozen())
        loop = type(asyncio.get_running_loop()).__module__
        print(f"{count} feeds of 30 items on loopback, a host each; loops of {loop.partition('.')[0]}", flush=True)
        for stage in ("cold", "304", "304 again"):
            told(stage, await server.under(step.update(urls)))
        await server.asked(f"/change/{CHANGED}")
        told("5 % changed", await server.under(step.update(urls)))


def told(stage: str, result: Result) -> None:
    """Print a stage's line."""
    print(f"{stage:12} {result.seconds:6.1f} s {result.speed:7.0f}/s  {result.cost} a feed; {result.note}", flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else FEEDS))
