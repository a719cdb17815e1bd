"""The bot as real processes, killed and starved in every way we could think of; prints one table of what went wrong.

Run: ``python -m bench.chaos [--kills 200] [--times 12] [--only sqlite|postgresql] [--case kills]``. Everything but
the first figures of a line must be zero; the exit code is 1 when it is not.
"""

import argparse
import asyncio
import signal
import sys
import tempfile
from pathlib import Path

from digestbot.domain.errors import DigestbotError
from tests.rigs import cruelty
from tests.rigs.chaos import World
from tests.rigs.postgresql import PostgreSQL
from tests.rigs.verdict import Verdict

HEAD = (
    "case", "database", "kills", "in refresh/brief/publish/deliver/none", "digests", "lost", "stories lost",
    "told twice",
    "Slack", "twice", "Discord", "twice", "briefs", "half", "wrong",
    "tracebacks", "seconds",
)  # fmt: skip
WIDTHS = (14, 10, 5, 37, 7, 4, 12, 10, 5, 5, 7, 5, 6, 4, 5, 10, 7)
STEPS = ("refresh", "brief", "publish", "deliver")


def line(cells: tuple[object, ...]) -> str:
    """Return one line of the table."""
    return "  ".join(str(cell).rjust(width) for cell, width in zip(cells, WIDTHS, strict=True))


def row(case: str, database: str, verdict: Verdict) -> tuple[object, ...]:
    """Return a verdict as a line's cells."""
    return (
        case,
        database,
        verdict.kills,
        "/".join(str(verdict.within[step]) for step in (*STEPS, "between")),
        verdict.digests,
        verdict.lost,
        verdict.unposted,
        verdict.told_twice,
        verdict.messages["slack"],
        verdict.twice["slack"],
        verdict.messages["discord"],
        verdict.twice["discord"],
        verdict.briefs,
        verdict.half,
        len(verdict.wrong),
        len(verdict.tracebacks),
        f"{verdict.seconds:.0f}",
    )


def cases(wish: argparse.Namespace, database: str, server: PostgreSQL | None) -> dict[str, tuple[cruelty.Cruelty, int]]:
    """Return the cases that a database goes through."""
    found: dict[str, tuple[cruelty.Cruelty, int]] = {
        "kills": (cruelty.kills, wish.kills),
        "lost answers": (cruelty.lost_answers, wish.times),
        "429 storm": (cruelty.limits, wish.times),
        "503 storm": (cruelty.outages, wish.times),
    }
    if Path(cruelty.FAKETIME).exists():
        found["clock back"] = (cruelty.clock_back, wish.times)
    else:
        print(f"clock back, {database}: LEFT OUT, for libfaketime is not installed (apt-get install libfaketime)")
    if server is not None:
        found |= {"freezes": (cruelty.freezes, wish.times), "db restarts": (cruelty.restarts(server), wish.times)}
    if database == "sqlite":
        found |= {"disk full": (cruelty.full_disk, wish.times), "second start": (cruelty.second_starts, wish.times)}
    return {case: plan for case, plan in found.items() if wish.case in {"", case}}


async def run_all(wish: argparse.Namespace, folder: Path, database: str, server: PostgreSQL | None) -> bool:
    """Run a database's cases, each in a world of its own; tell whether all was well."""
    clean = True
    for number, (case, (act, times)) in enumerate(cases(wish, database, server).items()):
        place = folder / f"{database}{number}"
        url = server.url(server.new_database()) if server else f"sqlite:///{place}/bot.sqlite3"
        more = cruelty.clock_environment(place) if case == "clock back" else None
        world = World(place, url, seed=wish.seed + number, extra=more)
        try:
            await cruelty.run(world, act, times)
        except (AssertionError, DigestbotError, OSError, RuntimeError) as error:
            world.verdict.wrong.append(f"the case ended with {type(error).__name__}: {error}")
        print(line(row(case, database, world.verdict)), flush=True)
        for trouble in world.verdict.troubles[:5]:
            print(f"    {trouble[:600]}", flush=True)
        clean = clean and world.verdict.is_clean
    return clean


def main() -> None:
    """Run what is asked for and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200, help="kill -9 a database")
    parser.add_argument("--times", type=int, default=12, help="rounds of every other case")
    parser.add_argument("--only", choices=("sqlite", "postgresql"), default="")
    parser.add_argument("--case", default="", help="one case alone, such as kills")
    parser.add_argument("--seed", type=int, default=1)
    wish = parser.parse_args()
    # Told to end, as by a time limit, it still ends what it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    print(line(HEAD), flush=True)
    clean = True
    with tempfile.TemporaryDirectory(prefix="digestbot-chaos-") as folder:
        if wish.only in {"", "sqlite"}:
            clean = asyncio.run(run_all(wish, Path(folder), "sqlite", None)) and clean
        if wish.only in {"", "postgresql"}:
            server = PostgreSQL()
            server.start()
            try:
                clean = asyncio.run(run_all(wish, Path(folder), "postgresql", server)) and clean
            finally:
                server.remove()
    sys.exit(0 if clean else 1)


if __name__ == "__main__":
    main()
