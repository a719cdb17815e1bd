"""The publishers of ``bench.feeds``: every feed on an address of 127.0.0.0/8 of its own, in one small process.

``/v/N`` gives an ETag and answers 304 to it, ``/p/N`` gives no validators. ``/change/M`` puts a new item on top of
every M-th feed; it and ``/spent/0`` answer with the processor time the server has taken. Bodies are made once, so that
it costs as little as it can.
"""

import asyncio
import hashlib
import random
import sys
import time

from digestbot.runtime.loops import loop_factory

TEXT = (
    "council budget after the minister said that new rules for water and rail would come into force next year while "
    "critics warned of costs to small towns and a court in the north heard evidence from two engineers who had seen "
    "the bridge before it closed in spring"
)
WORDS = TEXT.split()
ITEMS = 30


def item(feed: int, number: int) -> str:
    """Return one item with some 1.5 KB of HTML, as news feeds have them."""
    chance = random.Random(feed * 1000 + number)  # noqa: S311 - the same feeds each time
    title = " ".join(chance.choices(WORDS, k=9)).capitalize()
    paragraphs = "".join(
        f"<p>{' '.join(chance.choices(WORDS, k=75))} <a href='/more/{number}?a=1&amp;b=2'>more</a>, "
        f"<em>{chance.choice(WORDS)}</em>.</p>"
        for _ in range(3)
    )
    return (
        f"<item><guid isPermaLink='false'>f{feed}-{number}</guid><title>{title}</title>"
        f"<link>https://news.example/{feed}/{number}?utm_source=rss</link><category>{chance.choice(WORDS)}</category>"
        f"<pubDate>Mon, 02 Mar 2026 {number % 24:02}:00:00 GMT</pubDate><dc:creator>A. Writer</dc:creator>"
        f"<description><![CDATA[{paragraphs}]]></description></item>"
    )


def document(feed: int, newest: int) -> bytes:
    """Return a feed whose newest item has that number."""
    items = "".join(item(feed, number) for number in range(newest, newest - ITEMS, -1))
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        f"<channel><title>Feed {feed}</title><link>https://news.example/{feed}</link>"
        f"<description>News of {feed}</description>{items}</channel></rss>"
    ).encode()


class Publishers:
    """Every feed's present body."""

    def __init__(self, count: int) -> None:
        self._newest = dict.fromkeys(range(count), ITEMS)
        self._bodies: dict[int, tuple[bytes, bytes]] = {}
        for feed in self._newest:
            self._write(feed)

    def _write(self, feed: int) -> None:
        body = document(feed, self._newest[feed])
        self._bodies[feed] = (body, b'"' + hashlib.md5(body).hexdigest().encode() + b'"')  # noqa: S324 - an ETag

    def answer(self, path: str, request: bytes) -> bytes:
        """Return a whole answer, head and body."""
        _, kind, number = path.split("/")
        if kind == "change":
            for feed in range(0, len(self._newest), int(number)):
                self._newest[feed] += 1
                self._write(feed)
        if kind in {"change", "spent"}:
            spent = f"{time.process_time():.6f}".encode()
            return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(spent), spent)
        body, etag = self._bodies[int(number)]
        if kind == "v" and etag in request:
            return b"HTTP/1.1 304 Not Modified\r\nETag: " + etag + b"\r\n\r\n"
        validator = b"ETag: " + etag + b"\r\n" if kind == "v" else b""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/rss+xml; charset=utf-8\r\n" + validator
        return head + b"Content-Length: %d\r\n\r\n" % len(body) + body


class Connection(asyncio.Protocol):
    """One kept-alive connection; requests have no bodies."""

    def __init__(self, publishers: Publishers) -> None:
        self._publishers, self._rest = publishers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._rest += data
        while (end := self._rest.find(b"\r\n\r\n")) >= 0:
            request, self._rest = self._rest[:end], self._rest[end + 4 :]
            path = request.split(b" ", 2)[1].decode()
            self._transport.write(self._publishers.answer(path, request))  # type: ignore[attr-defined]  # a TCP one


async def main(count: int) -> None:
    """Serve on every loopback address until standard input ends; the first line printed is the port."""
    loop = asyncio.get_running_loop()
    publishers = Publishers(count)
    # All addresses, because there are sixteen million of 127.0.0.0/8; it lives for the bench only.
    server = await loop.create_server(lambda: Connection(publishers), "0.0.0.0", 0, backlog=1024)  # noqa: S104
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(int(sys.argv[1])))
