"""Frames between the bot and its engine process: a JSON head and raw bytes; knows no model and no queue.

A frame is two big-endian lengths (head, body), the head as UTF-8 JSON, then the body. Vectors travel as the
body, so that nothing is unpickled and nothing is printed and parsed again.
"""

import json
import struct
from asyncio import IncompleteReadError, StreamReader
from typing import Any, BinaryIO

Head = dict[str, Any]
LENGTHS = struct.Struct(">II")
EXIT_MEMORY = 86
"""The exit code of an engine process that took more memory than it may."""


def pack(head: Head, body: bytes = b"") -> bytes:
    """Return one frame."""
    text = json.dumps(head, ensure_ascii=True).encode("ascii")
    return LENGTHS.pack(len(text), len(body)) + text + body


async def read_frame(reader: StreamReader) -> tuple[Head, bytes] | None:
    """Return the next frame's head and body, or None when the other side is gone."""
    try:
        head_length, body_length = LENGTHS.unpack(await reader.readexactly(LENGTHS.size))
        head = json.loads(await reader.readexactly(head_length))
        return head, await reader.readexactly(body_length)
    except (IncompleteReadError, ConnectionError):
        return None


def read_frame_blocking(stream: BinaryIO) -> tuple[Head, bytes] | None:
    """Return the next frame of a blocking stream, or None at its end."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    head_length, body_length = LENGTHS.unpack(lengths)
    head, body = stream.read(head_length), stream.read(body_length)
    if len(head) < head_length or len(body) < body_length:
        return None
    return json.loads(head), body
