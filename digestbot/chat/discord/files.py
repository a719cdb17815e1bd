"""What people attach, read as text: size and encoding are looked at here; what it says is read elsewhere."""

import re

from digestbot.chat.discord.errors import FAILURES, reading_error
from digestbot.chat.discord.forms import Files
from digestbot.domain.errors import BadOption

MAX_BYTES = 2_000_000
"""The largest file that is read."""
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]*encoding=["']([A-Za-z0-9._-]+)["']""")


async def contents(files: Files) -> dict[str, str]:
    """Return the text of each file.

    Raises:
        BadOption: A file is too large, or is no text.
        DeliveryError: It could not be had from Discord.

    """
    return {name: text_of(name, await _read(files, name)) for name in files}


async def _read(files: Files, name: str) -> bytes:
    attached = files[name]
    if attached.size > MAX_BYTES:
        raise BadOption(name, f"may have {MAX_BYTES // 1_000_000} MB, not {attached.size / 1_000_000:.1f}")
    try:
        return await attached.read()
    except FAILURES as error:
        raise reading_error(error, "the attached file") from error


def text_of(name: str, content: bytes) -> str:
    """Return a file's text, by the encoding it declares or else UTF-8.

    Raises:
        BadOption: It is no text in that encoding.

    """
    declared = _DECLARED.match(content[:200])
    encoding = declared[1].decode("ascii") if declared else "utf-8-sig"
    try:
        return content.decode("utf-8-sig" if encoding.lower() == "utf-8" else encoding)
    except (LookupError, UnicodeDecodeError) as error:
        raise BadOption(name, "is no text file") from error
