"""Pages made to hurt: each ends in a text of bounded length or a typed error, at its CPU deadline at the latest."""

import asyncio
import time
from datetime import UTC, datetime
from itertools import starmap

import pytest

from digestbot.domain.errors import NothingToRead, SourceError, TooLarge
from digestbot.domain.news import Article, Entry, Feed, Polling
from digestbot.sources.articles.extract import MOST_CHARACTERS, extract_article
from digestbot.sources.articles.language import warm
from digestbot.sources.articles.source import article_from_feed, extract_page
from digestbot.sources.sandbox import Limits, Sandbox

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
URL = "https://a.example/1"
CPU_SECONDS = 2.0
SAID = "The council voted on Monday to close the bridge for repairs, which will take until autumn, the mayor said."


def page(inside: str) -> bytes:
    """Return an article with something in its middle."""
    around = f"<p>{SAID}</p>" * 3
    return f"<html><body><article><h1>Bridge</h1>{around}{inside}{around}</article></body></html>".encode()


KILLERS = {
    "attributes": page("<a " + " ".join(f"a{n}='1'" for n in range(60_000)) + ">x</a>"),
    "nesting": page("<div>" * 20_000),
    "one long word": page("<p>" + "a" * 250_000 + "</p>"),
    "bylines": page("<p>By " + "A " * 50_000 + "</p>"),
    "data": page("<script type='application/ld+json'>" + "[" * 50_000 + "</script>"),
    "entities": b"<!DOCTYPE html [<!ENTITY a 'aaaaaaaaaa'>]>" + page("&a;" * 1000),
}


async def test_pages_made_to_hurt_end_in_time():
    """Two workers end all of them, and afterwards read a page as ever."""
    sandbox = Sandbox(workers=2, limits=Limits(cpu_seconds=CPU_SECONDS), prepare=[warm])

    async def read(name: str, body: bytes) -> tuple[str, float, Article | SourceError]:
        began = time.monotonic()
        try:
            ended: Article | SourceError = await sandbox.run(URL, extract_page, body, URL, NOW, "text/html", "", "en")
        except (TooLarge, NothingToRead) as error:
            ended = error
        return name, time.monotonic() - began, ended

    try:
        endings = await asyncio.gather(*starmap(read, KILLERS.items()))
        assert [name for name, seconds, _ in endings if seconds > 30 * CPU_SECONDS] == []
        articles = [(name, ended) for name, _, ended in endings if isinstance(ended, Article)]
        assert [name for name, article in articles if len(article.text) > 2 * MOST_CHARACTERS] == []
        _, _, plain = await read("plain", page(""))
        assert isinstance(plain, Article)
        assert plain.text.startswith(SAID)
    finally:
        await sandbox.close()


def test_a_text_is_bounded_at_a_paragraph():
    """A text without end is kept up to the last whole paragraph within the bound."""
    paragraphs = [f"{number}. {SAID}" for number in range(4000)]
    article = extract_article(page("".join(f"<p>{text}</p>" for text in paragraphs)), URL, NOW)
    kept = article.text.split("\n\n")
    assert len(article.text) <= MOST_CHARACTERS + 2 * len(kept)
    assert kept[-1] in paragraphs
    assert len(kept) > 1500


def test_a_feeds_text_is_bounded_too():
    """What a feed gives is kept within the same bound."""
    entry = Entry("k", "k", URL, "Bridge", content="\n\n".join(f"{number}. {SAID}" for number in range(4000)))
    article = article_from_feed(entry, Feed(1, URL, "A", Polling(NOW)), NOW)
    assert MOST_CHARACTERS * 0.9 < len(article.text) < MOST_CHARACTERS * 1.1


def test_a_paragraph_no_article_has_is_not_one():
    """A page that is one endless word is nothing to read."""
    with pytest.raises(NothingToRead):
        extract_article(f"<html><body><p>{'a' * 400_000}</p></body></html>".encode(), URL, NOW)
