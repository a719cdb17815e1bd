"""Undoes a body's compression as it comes, in small steps; knows no HTTP.

A 200 KB answer can unpack to gigabytes: what counts against the cap is what comes out, and no step makes more than
``STEP`` bytes at once.
"""

import zlib
from collections.abc import Iterator
from typing import Protocol

import brotli

from digestbot.domain.errors import ServerError

STEP = 256 * 1024
"""The most bytes one step of decompression may make."""


class Decoder(Protocol):
    """Undoes one compression, a chunk at a time."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk unpacks to, in pieces of at most ``STEP`` bytes."""
        ...


class Plain:
    """No compression."""

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield the chunk."""
        yield chunk


class Zlib:
    """gzip and deflate (with its header, or raw as some servers send it); several gzip members in a row."""

    def __init__(self, url: str, *, gzip: bool) -> None:
        self._url = url
        self._gzip = gzip
        self._inflater = self._new(wbits=zlib.MAX_WBITS | 16 if gzip else zlib.MAX_WBITS)
        self._first = True

    @staticmethod
    def _new(wbits: int) -> "zlib._Decompress":
        return zlib.decompressobj(wbits)

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk unpacks to."""
        if self._first and chunk:
            self._first = False
            # "deflate" means zlib (RFC 9110, 8.4.1.2), but some servers send the raw stream.
            if not self._gzip and chunk[0] & 0x0F != zlib.DEFLATED:
                self._inflater = self._new(-zlib.MAX_WBITS)
        rest = chunk
        while rest:
            try:
                out = self._inflater.decompress(rest, STEP)
            except zlib.error as error:
                raise ServerError(self._url, "sent a body whose compression is broken") from error
            rest = self._inflater.unconsumed_tail
            if out:
                yield out
            if self._inflater.eof:
                rest = self._inflater.unused_data
                if not self._gzip or not rest.startswith(b"\x1f\x8b"):
                    return
                self._inflater = self._new(zlib.MAX_WBITS | 16)
            elif not out and not rest:
                return


class Brotli:
    """br."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._inflater = brotli.Decompressor()

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk unpacks to."""
        rest = chunk
        while True:
            try:
                out: bytes = self._inflater.process(rest, output_buffer_limit=STEP)
            except brotli.error as error:
                raise ServerError(self._url, "sent a body whose compression is broken") from error
            rest = b""
            if out:
                yield out
            if self._inflater.is_finished() or (not out and self._inflater.can_accept_more_data()):
                return


def decoder(encoding: str, url: str) -> Decoder:
    """Return the decoder for a Content-Encoding header; ``url`` is named in its errors.

    Raises:
        ServerError: The encoding is not one that was offered, or (while decoding) the stream is broken.

    """
    match encoding.strip().lower():
        case "" | "identity":
            return Plain()
        case "gzip" | "x-gzip":
            return Zlib(url, gzip=True)
        case "deflate":
            return Zlib(url, gzip=False)
        case "br":
            return Brotli(url)
        case other:
            raise ServerError(url, f"sent a body packed as “{other[:40]}”, which was not asked for")
