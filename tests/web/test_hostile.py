"""Hostile words stay words: whatever feeds, articles, names and errors say, no page has a tag or address of theirs."""

import re
from dataclasses import replace

import pytest

from digestbot.domain.digest import Card, Edition, Heading, Link, Prose, Quotation, Sources, Strong, Text
from digestbot.domain.news import Article, Brief, Evidence, Polling, Refusal, Summary, SummarySentence
from digestbot.domain.subscription import Channel, Subscription
from digestbot.editorial.quotes import find_quotes
from digestbot.ports import NewArticle, RefreshRecord, brief_key
from digestbot.store.columns import storable
from tests.fakes.clock import START
from tests.fakes.inference import FakeEmbedder
from tests.fakes.store import MemoryStore
from tests.store.making import digest, messages
from tests.web.reader import Page, client_of
from tests.web.world import World

CORPUS = [
    "<script>alert(1)</script>",
    "</title></textarea></style><script src=//evil.example>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "'><b onmouseover=alert(1)>",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "]]><!--<script>",
    "--><script>",
    "&lt;script&gt;&#60;script&#62;",
    "\u202egnp.exe\u202c \u2066x\u2069 \x00\x08\x1b[31m \ud800",
    "<a href='https://evil.example'>free</a>",
    "＜script＞ ﹤script﹥",
    "<style>@import url(//evil.example)</style>",
    "<base href=//evil.example><form action=//evil.example><meta http-equiv=refresh content=0>",
]
TAG_NAMES = (
    "html head meta title link script body a header div p nav ul li form label input button main h1 h2 h3 h4 h5 h6 "
    "section article aside footer figure figcaption blockquote q ol mark span strong em small sup time details summary "
    "table thead tbody tr th td dl dt dd svg rect line path g i b del ins fieldset legend hr br code pre"
)
TAGS = frozenset(TAG_NAMES.split())
OURS = re.compile(r"(/(?!/)|#|https?://)")


def hostile(number: int) -> str:
    """Return a hostile line."""
    return CORPUS[number % len(CORPUS)]


async def hostile_store(word: str, url: str) -> tuple[MemoryStore, int]:
    """Return a store in which every string that the world can say is hostile, and its story."""
    store = MemoryStore()
    feed = await store.add_feed("https://x.example/feed", title=word, now=START)
    text = (
        f"{word} came. “It is {word} indeed, and we will not go back,” said Mayor Ana Silva of {word} town.\n\n{word}"
    )
    article = Article(0, url, word, text, outlet=word, key="k", authors=(word,), published=START, language="en")
    (vector,) = await FakeEmbedder().embed(["x"])
    polling = Polling(START, checked_at=START, failures=1, failing_since=START, last_error=word, why=word)
    homes = await store.record_refresh(
        RefreshRecord(feed.id, polling, link=url, articles=(NewArticle(article, vector, None),)), START
    )
    story = await store.story(homes["k"])
    (kept,) = story.articles
    refused = (Refusal(word, ("name", word), (word,), word),)
    summary = Summary((SummarySentence(word, (Evidence(kept.id, 0, 4),)),), f"seq2seq:{word}", refused)
    quotes = tuple(replaced(kept, quote, storable(word)) for quote in find_quotes(kept))
    brief = Brief(story.id, story.sources_hash, word, kept.id, summary, quotes, START, ((word, 2),))
    await store.save_brief(brief_key(story.sources_hash, "m", "medium"), brief)
    await publish(store, word, url, story.id)
    return store, story.id


def replaced(article, quote, word):
    """Return the quote with a hostile name where the article has one to give."""
    at = article.text.index(word)
    speaker = replace(
        quote.speaker, name=article.text[at : at + len(word)], start=at, end=at + len(word), description=word
    )
    return type(quote).cut(article, quote.passages, speaker, confidence=0.99, key=True)


async def publish(store: MemoryStore, word: str, url: str, story_id: int) -> None:
    """Publish a digest of hostile blocks, and let its delivery be given up with a hostile error."""
    made = await store.save_subscription(Subscription(0, word, Channel("slack", word)))
    edition = Edition(made.id, START)
    card = Card(
        (
            Heading(
                (Strong(word), Link(word, url)),
            ),
            Prose((Text(word), Link(word, "javascript:alert(1)"))),
            Quotation(word, word, note=word, outlet=word, url=url),
            Sources((Link(word, url), Link(word, "data:text/html,x"))),
        ),
        story_id=story_id,
        topic=word,
    )
    topic = Card((Heading((Text(word),), level=2), *card.blocks), story_id, word)
    delivery = await store.publish(
        edition,
        channel=made.channel,
        digest=replace(digest(edition, word), cards=(card, topic)),
        messages=messages(2),
        article_ids={},
        next_edition_at=START,
        window_from=START,
    )
    assert delivery is not None
    await store.give_up(delivery.id, word)
    await store.pause_subscription(made.id, word)


@pytest.mark.parametrize("number", range(len(CORPUS)))
async def test_hostile_words_stay_words(small_world: World, number):
    """On every page there are only tags of ours, closed in order, no handler, no style, and http(s) addresses alone."""
    word = hostile(number)
    url = hostile(number + 5)
    store, story_id = await hostile_store(word, url)
    desk = replace(small_world.desk, store=store)
    async with client_of(desk) as client:
        for path, params in (
            ("/", {}),
            ("/edition/1/20261123T070000Z", {}),
            (f"/story/{story_id}", {}),
            ("/search", {"q": word}),
            ("/search", {"q": "ana indeed"}),
            ("/people", {}),
            ("/speaker", {"name": word}),
            ("/status", {}),
            ("/status", {"health": word}),
            ("/login", {"to": word}),
        ):
            answer = await client.get(path, params=params)
            assert answer.status in {200, 404}, (path, answer.status)
            check(await answer.text(), f"{path} {params}")
        for path in ("/feed/1.rss", "/feed/1.json"):
            assert (await client.get(path)).status == 200


def check(html: str, where: str) -> None:
    """Fail where a page has anything but tags, attributes and addresses of ours."""
    page = Page(html)
    assert page.open == [], where
    assert page.crossed == [], where
    for tag, attributes in page.tags:
        assert tag in TAGS, (where, tag)
        assert not [name for name in attributes if name.startswith("on") or name in {"style", "srcset", "formaction"}]
        assert tag != "script" or attributes["src"].startswith("/static/")
        for name in ("href", "src", "action"):
            if name in attributes:
                assert OURS.match(attributes[name]), (where, tag, attributes)
        if attributes.get("href", "").startswith("http"):
            assert {"noopener", "noreferrer"} <= set(attributes["rel"].split()), (where, attributes)
    assert not re.search("[\u202a-\u202e\u2066-\u2069\x00\x08\x1b]", html), where
    assert not re.search(r"(?<![\d.])49(?![\d.])", page.text), where
