"""A publisher on loopback whose feeds bring stories that nobody has told before, each with a token in its address.

A token found in a message says which story reached its readers; the words are drawn from a seeded generator.
"""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from itertools import count

from aiohttp import web

TOKEN = re.compile(r"/a/(T\d+)")
SOUNDS = [first + vowel for first in "bcdfghjklmnprstvw" for vowel in "aeiou"]
GIVEN = ("Nora", "Peter", "Maria", "David", "Helen", "Oscar", "Alice", "Henry", "Julia", "Frank")
ROLES = (
    "mayor",
    "engineer",
    "treasurer",
    "surveyor",
    "geologist",
    "coroner",
    "bishop",
    "conductor",
    "vet",
    "architect",
)
TALES = {
    "{A} weighs a {b} for {C}": """
        A {b} is what {C} needs, says a {d} that {A} paid {n} thousand pounds for. It would {e} the old {f} and {g} it
        until {y}. “Nobody in {C} has seen a {b} like this one before,” said {who}. The {h} at {I} will look at it.""",
    "{A} loses its {b} to {C}": """
        Thieves took the {b} of {A} on a night in March, and left a {d}. Police in {C} found {n} pieces of it, one in
        a {f}. “We want our {b} back, whoever has the {d} may keep it,” said {who}. It was made in {y} by {I}.""",
    "How {A} learnt to {b}": """
        For {n} years every child of {A} has learnt to {b}, and now {C} does so too. It began with a {d} in {y}, which
        the {f} of {I} had thrown away. “You cannot {b} and be sad at the same time,” said {who}. A {g} follows.""",
    "{C} finds {n} {b}s under {A}": """
        Workers who dug for a {d} came upon {n} {b}s below {A}, each as long as a {f}. They date from {y} at the
        latest. “A {b} of that {g} should not lie so deep,” said {who}. The {h} goes to {C} and then to {I}.""",
}
"""Nearly every word that carries meaning is made up, so that no two stories are taken for one."""


class Press:
    """Feeds at ``/feed/N`` with pages at ``/a/TOKEN``; ``stirred`` is told of every request."""

    def __init__(self, feeds: int, seed: int = 1, stirred: Callable[[], None] | None = None, wait: float = 0.0) -> None:
        self.feeds = feeds
        self.tokens: list[str] = []
        self.asked: list[tuple[str, str]] = []
        self.port = 0
        self._random = random.Random(seed)  # noqa: S311 - no secret
        self._numbers = count(1)
        self._items: dict[int, list[tuple[str, str, str]]] = {number: [] for number in range(feeds)}
        self._stirred, self.wait = stirred, wait
        self._runner: web.AppRunner | None = None

    @property
    def host(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self.port}"

    def url(self, feed: int) -> str:
        """Return a feed's address."""
        return f"http://{self.host}/feed/{feed}"

    async def start(self) -> None:
        """Listen on a free port of the loopback address."""
        app = web.Application()
        app.router.add_get("/feed/{number}", self._feed)
        app.router.add_get("/a/{token}", self._page)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        for number in range(self.feeds):
            self._tell(number)

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    def publish(self, stories: int = 1) -> None:
        """Bring new stories, each in one feed."""
        for _ in range(stories):
            self.tokens.append(self._tell(self._random.randrange(self.feeds)))

    def _tell(self, feed: int) -> str:
        token = f"T{next(self._numbers):05d}"
        title, text = self._story()
        self._items[feed].append((token, title, text))
        return token

    def _story(self) -> tuple[str, str]:
        draw = self._random
        words = {letter: self._word() for letter in "bdefgh"} | {letter: self._word().capitalize() for letter in "ACI"}
        who = f"{draw.choice(GIVEN)} {self._word().capitalize()}, the {draw.choice(ROLES)}"
        title, text = draw.choice(sorted(TALES.items()))
        words |= {"n": str(draw.randrange(2, 900)), "y": str(draw.randrange(1801, 1999)), "who": who}
        return title.format(**words), " ".join(text.format(**words).split())

    def _word(self) -> str:
        return "".join(self._random.choice(SOUNDS) for _ in range(3))

    async def _feed(self, request: web.Request) -> web.Response:
        self._note("feed", request.path)
        items = self._items[int(request.match_info["number"])]
        told = "".join(
            f"<item><guid isPermaLink='false'>{token}</guid><title>{escape(title)}</title>"
            f"<link>http://{self.host}/a/{token}</link><description>{escape(title)}.</description>"
            f"<pubDate>{format_datetime(datetime.now(UTC))}</pubDate></item>"
            for token, title, _ in items[-30:]
        )
        head = f"<?xml version='1.0'?><rss version='2.0'><channel><title>Press {request.path[-1]}</title>"
        body = f"{head}{told}</channel></rss>"
        return web.Response(text=body, content_type="application/rss+xml")

    async def _page(self, request: web.Request) -> web.Response:
        self._note("page", request.path)
        token = request.match_info["token"]
        title, text = next(item[1:] for items in self._items.values() for item in items if item[0] == token)
        body = "".join(f"<p>{escape(sentence)}.</p>" for sentence in text.rstrip(".").split(". "))
        head = f"<html><head><title>{escape(title)}</title></head><body><article><h1>{escape(title)}</h1>"
        page = f"{head}{body}</article></body></html>"
        return web.Response(text=page, content_type="text/html")

    def _note(self, kind: str, path: str) -> None:
        self.asked.append((kind, path))
        if self._stirred:
            self._stirred()
