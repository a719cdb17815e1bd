"""Files that people name at the command line, read with a sentence for whatever goes wrong; knows no format."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from digestbot.domain.errors import NotFound, NothingToRead, TooLarge, UserError

STANDARD_INPUT = "-"
STANDARD_INPUT_NAME = "standard input"


def read_file(path: Path | str, *, hint: str, limit: int | None = None) -> bytes:
    """Return a file's bytes, or standard input's for "-".

    Args:
        path: The file.
        hint: What to give instead where there is no such file.
        limit: The most bytes that are read; None for no limit.

    Raises:
        NotFound: There is no such file.
        UserError: It is a folder, or may not be read.
        TooLarge: It is larger than the limit.

    """
    most = -1 if limit is None else limit + 1
    try:
        if path == STANDARD_INPUT:
            with _interruptible():
                data = sys.stdin.buffer.read(most)
        else:
            with Path(path).open("rb") as file:
                data = file.read(most)
    except IsADirectoryError as error:
        raise UserError(f"“{path}” is a folder", hint=hint) from error
    except PermissionError as error:
        raise UserError(f"“{path}” may not be read by this user", hint=hint) from error
    except (OSError, ValueError) as error:  # ValueError: a path with a NUL in it
        raise NotFound("file", path, hint=hint) from error
    if limit is not None and len(data) > limit:
        raise TooLarge(named(path), f"is larger than {limit} bytes")
    return data


def named(path: Path | str) -> str:
    """Return what people are told a source is: its path, or that it is standard input."""
    return STANDARD_INPUT_NAME if path == STANDARD_INPUT else str(path)


def decode(data: bytes, name: str) -> str:
    """Decode a text file: UTF-8 (with or without a mark), UTF-16 by its mark, else Windows-1252 as browsers do.

    Raises:
        NothingToRead: It is no text but a picture, a program or the like: texts hold no NUL.

    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if b"\0" in data:
        raise NothingToRead(name, "is not a text file", hint="give an article as text or HTML")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C end a read that waits for input: asyncio's own handler only asks a task that cannot hear it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
