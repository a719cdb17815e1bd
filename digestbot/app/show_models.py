"""Shows the answers of ``digestbot models`` in a terminal; takes plain rows, decides nothing."""

from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn
from rich.text import Text

Rows = dict[str, Any]
FEW = 6
"""Languages that are named; of more only the number is told."""


def show_models(rows: Sequence[Rows]) -> None:
    """Print two lines a model: its name and where it stands, then what it takes and what it is for."""
    console = Console(highlight=False, markup=False, emoji=False)
    for row in rows:
        where = "on this machine" if row["here"] else "not here"
        used = ", in use" if row["used"] else ""
        console.print(Text(row["name"], style="bold") + Text(f"  {where}{used}", style="green" if row["here"] else ""))
        writes = f"writes {_languages(row['languages'])}" if row["languages"] else ""
        facts = [
            row["kind"] or "?",
            row["licence"] or "licence: see its card",
            f"{_size(row['bytes'])} on disk",
            f"{_size(row['memory_bytes'])} in memory",
            writes,
            row["note"],
        ]
        console.print(Padding(Text(" · ".join(filter(None, facts))), (0, 0, 0, 4)))
    console.print("\n“digestbot models pull NAME” fetches one; model.name in the settings file uses it.")


def show_check(rows: Sequence[Rows]) -> None:
    """Print what each model in use was measured at, or what is wrong with it."""
    console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
    for row in rows:
        if "error" in row:
            console.print(f"FIX  {row['message']}")
            continue
        console.print(
            f"ok   {row['name']} @{row['revision']} on {row['backend']}: loads in {row['load_seconds']} s, "
            f"{row['tokens_a_second']} tokens/s, {_size(row['resident_bytes'])} resident, "
            f"{row['files_checked']} files checked by their hashes",
        )


def _size(number: int | None) -> str:
    return f"{number / 1e9:.2f} GB" if number else "?"


def _languages(codes: Sequence[str]) -> str:
    return ", ".join(codes) if len(codes) <= FEW else f"{len(codes)}: {', '.join(codes[:FEW])} …"


class Fetching:
    """Says what a fetch does and shows how far it is, on standard error; ``quiet`` says nothing."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Prepare the bar; it appears with the first bytes."""
        self._console = Console(stderr=True, highlight=False, quiet=quiet, soft_wrap=True)
        self._bar = Progress(
            TextColumn("fetching"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task = self._bar.add_task("fetching", visible=False)

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End drawing; what was said stays."""
        self._bar.stop()

    def say(self, line: str) -> None:
        """Say a line."""
        self._console.print(line, markup=False)

    def progress(self, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` bytes have arrived."""
        self._bar.update(self._task, completed=done, total=total, visible=True)
        if done >= total:
            self._bar.stop()
