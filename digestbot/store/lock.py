"""Keeps a second process off a SQLite file; the lock goes with the process, however it ends."""

import fcntl
import os
from pathlib import Path

from digestbot.domain.errors import AlreadyRunning, StoreUnavailable


class FileLock:
    """An exclusive lock beside a database file, held until :meth:`release` or the end of the process.

    flock(2) belongs to the open file, so the kernel frees it after kill -9; the file itself stays.
    """

    def __init__(self, database: Path) -> None:
        """Name the database; nothing is locked yet."""
        self.path = database.with_name(database.name + ".lock")
        self._descriptor: int | None = None
        self._database = database

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            AlreadyRunning: Another process, or another store of this one, has it.
            StoreUnavailable: The lock file cannot be made.

        """
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreUnavailable(
                f"the database {self._database} cannot be opened ({error.strerror})",
                hint="check that its folder exists and may be written to",
                lasting=True,
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            who = f"process {holder}" if holder.isdigit() else "another process"
            raise AlreadyRunning(f"{who} already works on {self._database}") from error
        os.truncate(descriptor, 0)
        os.write(descriptor, str(os.getpid()).encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Let go; releasing twice is harmless."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
