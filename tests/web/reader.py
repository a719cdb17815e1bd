"""Reads pages back as a browser would: tags in order, attributes, text; and serves an application to a test client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html.parser import HTMLParser

from aiohttp.test_utils import TestClient, TestServer

from digestbot.web.access import Guard
from digestbot.web.desk import Desk
from digestbot.web.server import application

VOID = frozenset({"meta", "input", "br", "hr", "link", "line", "rect", "path"})


class Page(HTMLParser):
    """A page's text, its tags with their attributes, and what was left open or crossed."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data):
        self.text += data

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        """Return the attributes of every such tag; ``class_`` stands for ``class``."""
        pairs = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [
            have
            for name, have in self.tags
            if name == tag
            and all(
                (value in have.get(key, "").split() if key == "class" else have.get(key) == value)
                for key, value in pairs.items()
            )
        ]

    def links(self) -> list[str]:
        """Return every address that the page leads to."""
        return [attributes["href"] for tag, attributes in self.tags if tag == "a" and "href" in attributes]


@asynccontextmanager
async def client_of(desk: Desk, guard: Guard | None = None) -> AsyncIterator[TestClient]:
    """Serve a desk on loopback; yield a client that keeps no cookie it is not given."""
    async with TestClient(TestServer(application(desk, guard))) as client:
        yield client


async def read(client: TestClient, path: str, *, status: int = 200) -> Page:
    """Ask for a page as a browser does, and read it."""
    answer = await client.get(path, headers={"Accept": "text/html"})
    text = await answer.text()
    assert answer.status == status, (path, answer.status, text[:500])
    return Page(text)
