"""One request and its answer on a connection: what is written, and what comes back; knows no host and no redirect."""

from base64 import b64encode
from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import StreamReader, hdrs
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import RawResponseMessage
from multidict import CIMultiDictProxy
from yarl import URL

SWITCHING = 101
FORM = "application/x-www-form-urlencoded"


def request(method: str, target: URL, headers: Mapping[str, str], fields: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a request; ``fields`` are sent as a form.

    Raises:
        ValueError: The address or a header holds a character that would end its line.

    """
    form = urlencode(fields).encode() if fields is not None else b""
    lines = [f"{method} {target.raw_path_qs} HTTP/1.1", f"Host: {target.host_port_subcomponent}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if target.user is not None or target.password is not None:
        pair = f"{target.user or ''}:{target.password or ''}".encode()
        lines.append(f"Authorization: Basic {b64encode(pair).decode()}")
    if fields is not None:
        lines += [f"Content-Type: {FORM}", f"Content-Length: {len(form)}"]
    text = "\r\n".join(lines)
    ends = len(lines) - 1
    if "\0" in text or text.count("\r") != ends or text.count("\n") != ends:
        raise ValueError("a header holds the end of a line")
    # Validators go back with the very bytes they came with, whatever encoding those were in.
    return text.encode("utf-8", "surrogateescape") + b"\r\n\r\n" + form


async def exchange(connection: ResponseHandler, sent: bytes) -> tuple[RawResponseMessage, StreamReader]:
    """Send a request and return the head of its answer and its body still to be read; the connection is then in use.

    Raises:
        ClientConnectionError: The connection broke.
        HttpProcessingError: What came is not HTTP.

    """
    transport = connection.transport
    if transport is None:
        raise ConnectionResetError
    try:
        connection.set_response_params(read_until_eof=True, auto_decompress=False)
        transport.write(sent)
        while True:
            head, body = await connection.read()
            # Early hints and the like come before the answer (RFC 9110, 15.2).
            if head.code >= 200 or head.code == SWITCHING:  # noqa: PLR2004 - a final answer
                return head, body
    except BaseException:
        connection.close()
        raise


def received(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Return the headers of an answer by lower-case name; of those sent twice the last, of links all."""
    by_name = {name.lower(): value for name, value in headers.items()}
    if "link" in by_name:
        by_name["link"] = ", ".join(headers.getall(hdrs.LINK))
    return by_name
