"""Processor time of processes and of what they started, from /proc: a busy neighbour changes it little."""

import os
from pathlib import Path

TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def descendants(number: int) -> list[int]:
    """Return a process and the living ones it started, and those they did."""
    found = [number]
    for thread in Path(f"/proc/{number}/task").glob("*/children"):
        for child in thread.read_text().split():
            found += descendants(int(child))
    return found


def seconds_of(number: int) -> float:
    """Return the processor seconds that a process and its children that have ended have used."""
    after_name = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, after_name[11:15])) / TICKS_A_SECOND
