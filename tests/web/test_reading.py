"""The reading room: editions by day and subscription, search, a page a story, a page a speaker."""

import re
from dataclasses import replace

import pytest

from digestbot.domain.digest import Digest, Edition, Heading, Link, Quotation, Sources
from digestbot.domain.subscription import Channel, Subscription
from digestbot.editorial.quotes import find_quotes
from digestbot.ports import Store
from tests.fakes.clock import START
from tests.fakes.store import MemoryStore
from tests.store.making import brief, new, record, stored
from tests.web.reader import Page, client_of, read
from tests.web.world import INVENTED, World, world


async def test_the_front_page_shows_editions_by_day(client, small_world: World):
    """The newest edition leads with its stories; earlier ones are listed under their days."""
    page = await read(client, "/")
    assert "Monday 23 November 2026" in page.text
    assert "Thursday 19 November 2026" in page.text
    assert page.all("div", class_="lead")
    assert f"/story/{small_world.stories['barrier']}" in page.links()
    assert {"/feed/1.rss", "/feed/1.json"} <= set(page.links())


async def test_one_subscription_alone(client):
    """The archive of a subscription has its editions and no other's."""
    page = await read(client, "/?subscription=2")
    assert page.text.count("Harbour watch") >= 3
    # Several editions of a day are told apart by their time.
    listed = [line for line in page.text.splitlines() if " from " in line and "stor" in line]
    assert listed
    assert all(re.search(r" · \d\d:\d\d$", line) for line in listed)
    assert not [link for link in page.links() if link.startswith("/edition/1/")]
    assert page.all("link", type="application/rss+xml", href="/feed/2.rss")


async def test_one_day_alone(client):
    """A day's archive has that day's editions, in the subscription's own time."""
    page = await read(client, "/?day=2026-11-21&subscription=1")
    assert [link for link in page.links() if link.startswith("/edition/")] == ["/edition/1/20261121T070000Z"]
    empty = await read(client, "/?day=2025-01-01")
    assert "No edition on this day." in empty.text


async def test_earlier_editions_are_a_link_away(client):
    """Before a time, only what was before it."""
    page = await read(client, "/?before=20261120T070000Z")
    assert [link for link in page.links() if link.startswith("/edition/")] == ["/edition/1/20261119T070000Z"]


@pytest.mark.parametrize(
    "path",
    [
        "/?subscription=99",
        "/?subscription=x",
        "/?day=yesterday",
        "/?day=9999-12-31",
        "/?before=never",
        "/edition/1/20200101T000000Z",
        "/edition/99/20261123T065500Z",
        "/story/999",
        "/story/99999999999999999",
        "/speaker?name=Nobody",
        "/speaker",
        "/search?q=a&kind=ghost",
        "/nothing",
        "/preview/99",
        "/preview/1?style=loud",
        "/preview/1?stories=many",
        "/feed/99.rss",
        "/static/000000000000/paper.css",
        "/static/000000000000/secret.css",
    ],
)
async def test_what_is_not_there_is_said_in_a_page(client, path):
    """An address that leads nowhere is a 404 with a sentence and a way back, never a crash."""
    page = await read(client, path, status=404)
    assert len(page.all("h1")) == 1
    assert "/" in page.links()


async def test_an_edition_has_every_story_quotation_and_source(client, small_world: World):
    """An edition's page has each headline, quotation, speaker and source of the digest."""
    (digest, *_) = await small_world.store.archive(subscription_id=1)
    page = await read(client, "/edition/1/20261123T065500Z")
    said = [block for card in digest.cards for block in card.blocks if isinstance(block, Quotation)]
    assert len(said) > 8
    for quotation in said:
        assert f"“{quotation.text}”" in page.text
        assert quotation.speaker in page.text
    assert {f"/story/{card.story_id}" for card in digest.cards if card.story_id} <= set(page.links())


async def test_every_quotation_is_marked_in_its_article(client, small_world: World):
    """Each quotation of each article of a story stands whole in marks, its own quotation marks included."""
    number = small_world.stories["barrier"]
    story = await small_world.store.story(number)
    html = await (await client.get(f"/story/{number}")).text()
    page = await read(client, f"/story/{number}")
    found = {article.id: find_quotes(article) for article in story.articles}
    assert sum(map(len, found.values())) > 20
    marked = "".join(marks_of(html)).replace("\n", "")
    for article in story.articles:
        assert page.all("article", id=f"article-{article.id}")
        for number_of, quote in enumerate(found[article.id], 1):
            passage = quote.passages[0]
            assert article.text[passage.opened - 1 : passage.closed + 1] in marked
            assert page.all("li", id=f"said-{article.id}-{number_of}")


def marks_of(html: str) -> list[str]:
    """Return the text of every ``<mark>``, in order, as it is read."""
    from html import unescape  # noqa: PLC0415

    return [unescape(part.partition(">")[2].partition("</mark>")[0]) for part in html.split("<mark")[1:]]


async def test_the_source_of_the_quotations_comes_first(client, small_world: World):
    """The first column is the article that most of the quotations shown are cut from."""
    number = small_world.stories["barrier"]
    (brief_, *_) = await small_world.store.briefs(number)
    page = await read(client, f"/story/{number}")
    (first, *_) = page.all("article", class_="source")
    most = max((quote.article_id for quote in brief_.quotes), key=[q.article_id for q in brief_.quotes].count)
    assert first["id"] == f"article-{most}"


async def test_the_summary_leads_to_what_it_rests_on(client, small_world: World):
    """Each sentence has a link to the passage it rests on, and the passage is there."""
    page = await read(client, f"/story/{small_world.stories['barrier']}")
    rests = [link.removeprefix("#") for link in page.links() if link.startswith("#rests-")]
    anchors = {attributes.get("id") for _, attributes in page.tags}
    assert rests
    assert set(rests) <= anchors
    assert page.all("span", class_="rests")


async def test_ids_on_a_page_are_unique(client, small_world: World):
    """No page uses an id twice: links and labels would lead astray."""
    for path in ("/", f"/story/{small_world.stories['barrier']}", "/status", "/preview/3", "/search?q=a"):
        page = await read(client, path)
        ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
        assert len(ids) == len(set(ids)), path


async def test_what_the_gate_replaced_and_why(client, small_world: World):
    """A refused sentence is shown struck out, with the rules it broke, the words, and what took its place."""
    page = await read(client, f"/story/{small_world.stories['grain']}")
    assert INVENTED.text in page.text
    assert "it has a name that the sources do not have" in page.text
    assert "$860 million" in page.text
    assert page.all("del")
    assert page.all("ins")
    quiet = await read(client, f"/story/{small_world.stories['water']}")
    assert "Nothing: these are the articles’ own sentences" in quiet.text


async def test_why_a_quotation_is_not_shown(client, small_world: World):
    """Every quotation is listed as shown, or with the reason why not."""
    number = small_world.stories["barrier"]
    page = await read(client, f"/story/{number}")
    story = await small_world.store.story(number)
    quotes = [quote for article in story.articles for quote in find_quotes(article)]
    assert page.text.count("Shown.") + page.text.count("Not shown: ") == len(quotes)
    assert page.text.count("Shown.") >= 3
    for words in (
        "by somebody who is not named",
        "with words that are shown already",
        "with a speaker who is likely, not sure",
        "less telling than the quotes shown",
    ):
        assert f"Not shown: {words}." in page.text


async def test_every_link_leads_somewhere(client):
    """Whoever follows every link of ours, from the front page on, never meets a page or a place that is not there."""
    seen: set[str] = set()
    to_come = ["/"]
    while to_come:
        path = to_come.pop()
        seen.add(path)
        answer = await client.get(path)
        assert answer.status == 200, path
        if answer.content_type != "text/html":
            continue
        page = Page(await answer.text())
        ids = {attributes.get("id") for _, attributes in page.tags}
        for link in page.links():
            target, _, fragment = link.partition("#")
            assert target or fragment in ids, (path, link)
            if target.startswith("/") and target not in seen and target not in to_come:
                to_come.append(target)
    assert len(seen) > 40


async def test_a_cue_is_marked_where_the_article_has_one(small_world: World):
    """The words of an attribution are marked beside their quotation; without a cue nothing is."""

    def with_cues(article):
        for quote in find_quotes(article):
            at = article.text.find(" said", quote.end)
            if quote.speaker and at > 0:
                speaker = replace(quote.speaker, cue=(at + 1, at + 5))
                yield type(quote).cut(article, quote.passages, speaker, confidence=quote.confidence)

    desk = replace(small_world.desk, quotes=lambda article: tuple(with_cues(article)))
    bare = replace(small_world.desk, quotes=lambda article: [without_cue(article, q) for q in find_quotes(article)])
    path = f"/story/{small_world.stories['barrier']}"
    async with client_of(desk) as client:
        assert len((await read(client, path)).all("span", class_="cue")) > 4
    async with client_of(bare) as client:
        assert len((await read(client, path)).all("span", class_="cue")) == 1  # the legend's


def without_cue(article, quote):
    """Return the quote with a speaker of whom no cue is known."""
    speaker = replace(quote.speaker, cue=None) if quote.speaker else None
    return type(quote).cut(article, quote.passages, speaker, confidence=quote.confidence)


async def test_search_finds_stories_quotes_and_people(client):
    """Words are looked for in stories, quotes and names; each kind has its own list, and can be had alone."""
    page = await read(client, "/search?q=corrigan")
    assert {"People", "Quotes", "Stories"} <= set(page.text.split())
    assert "/speaker?name=Oona+Corrigan" in page.links()
    alone = await read(client, "/search?q=corrigan&kind=person")
    assert not alone.all("ol", class_="quote")
    assert alone.all("ol", class_="person")
    nothing = await read(client, "/search?q=zzzz")
    assert "Nothing here has all these words" in nothing.text
    assert "Give some words" in (await read(client, "/search")).text


async def test_a_search_is_taken_as_words_alone(client):
    """Signs that a database reads as its own do no harm."""
    for words in ('"', "AND OR NOT", "* NEAR(", "a" * 5000, "';--", "%00", "“unclosed"):
        assert (await client.get("/search", params={"q": words})).status == 200


async def test_a_story_shows_where_it_has_the_words(client):
    """A found story shows the stretch of its article that has the words, marked there; a star finds beginnings."""
    assert (await read(client, "/search?q=compress*&kind=story")).all("p", class_="excerpt")
    html = await (await client.get("/search?q=compressors")).text()
    assert marks_of(html) == ["compressors"]


async def test_a_found_story_goes_by_its_headline(small_world: World):
    """The line is the story's headline, as its own page and the digest have it, with the outlet that has the words."""
    store = MemoryStore()
    (story,) = await stored(store, "a", now=START)
    feed = await store.feed(story.articles[0].feed_id)
    later = new("b", story.id, title="Live: what we know?", text="The zebra is back.", outlet="The Post")
    await store.record_refresh(record(feed, later), START)
    async with client_of(replace(small_world.desk, store=store)) as client:
        page = await read(client, "/search?q=zebra&kind=story")
        assert "Title of a" in page.text
        assert "The Post, " in page.text
        assert "what we know" not in page.text
        assert "Title of a" in (await read(client, f"/story/{story.id}")).text
        assert "what we know?" in (await read(client, "/search?q=know&kind=story")).text


async def test_a_search_that_finds_much_leads_on(small_world: World):
    """When a kind has more hits than are shown there is a way to more of them."""
    store = MemoryStore()
    await stored(store, *(f"k{number}" for number in range(15)), now=START)
    async with client_of(replace(small_world.desk, store=store)) as client:
        page = await read(client, "/search?q=officials")
        assert "/search?q=officials&kind=story" in page.links()
        assert "More stories" in page.text
        assert "More stories" not in (await read(client, "/search?q=officials&kind=story")).text


async def test_a_story_with_very_many_outlets_names_a_few(small_world: World):
    """In an edition a story's first outlets are named, and the others a link away."""
    made = await world()
    (digest, *_) = await made.store.archive(subscription_id=1)
    links = tuple(Link(f"Outlet {number}", f"https://o{number}.example/") for number in range(30))
    cards = tuple(
        replace(card, blocks=tuple(Sources(links) if isinstance(one, Sources) else one for one in card.blocks))
        for card in digest.cards
    )
    async with client_of(
        replace(small_world.desk, store=OneDigest(replace(digest, cards=cards), made.store))
    ) as client:
        page = await read(client, "/edition/1/20261123T065500Z")
        assert "Outlet 7" in page.text
        assert "Outlet 8" not in page.text
        assert f"/story/{small_world.stories['barrier']}#sources" in page.links()


class OneDigest:
    """A store that gives one digest for every edition, and all else as another does."""

    def __init__(self, digest: Digest, store: Store) -> None:
        self._digest, self._store = digest, store

    async def digest(self, edition: Edition) -> Digest:
        """Return the digest."""
        return self._digest

    def __getattr__(self, name: str):
        return getattr(self._store, name)


async def test_right_to_left_stories_stand_at_the_right(small_world: World):
    """A headline in Arabic or Hebrew turns its card and its column round, names and times with it."""
    made = await world()
    (digest, *_) = await made.store.archive(subscription_id=1)
    heading = Heading((Link("הגשר ייפתח מחדש ביום ראשון", "https://x.example/"),))
    cards = tuple(
        replace(card, blocks=tuple(heading if isinstance(one, Heading) else one for one in card.blocks))
        for card in digest.cards
    )
    async with client_of(
        replace(small_world.desk, store=OneDigest(replace(digest, cards=cards), made.store))
    ) as client:
        page = await read(client, "/edition/1/20261123T065500Z")
        assert page.all("article", class_="card")
        assert {card["dir"] for card in page.all("article", class_="card")} == {"rtl"}


async def test_an_archive_to_come_says_when(small_world: World):
    """Before the first edition the archive says when it comes, with the way to its preview; a day without one not."""
    store = MemoryStore()
    kept = await store.save_subscription(Subscription(0, "Morning brief", Channel("console", "")))
    await store.save_subscription(replace(kept, next_edition_at=START))
    async with client_of(replace(small_world.desk, store=store)) as client:
        page = await read(client, "/")
        assert "The first is to come: Morning brief, 23 November, 07:00." in " ".join(page.text.split())
        assert f"/preview/{kept.id}" in page.links()
        assert "to come" not in (await read(client, "/?day=2025-01-01")).text


async def test_a_speaker_has_a_page(client):
    """A speaker's page has each of their quotations in its sentence, with the way to the story."""
    page = await read(client, "/speaker?name=Oona+Corrigan")
    assert "We have buried two of our neighbours" in page.text
    assert page.all("mark", class_="quote")
    assert any(link.startswith("/story/") for link in page.links())
    assert "/speaker?name=Oona+Corrigan" in (await read(client, "/people")).links()


async def test_a_story_that_went_into_another_leads_there(small_world: World):
    """The number of a merged story leads to the one it went to."""
    made = await world()
    story = await made.store.story(made.stories["ferry"])
    target = await made.store.move_articles([a.id for a in story.articles], made.stories["water"])
    async with client_of(made.desk) as client:
        answer = await client.get(f"/story/{story.id}", allow_redirects=False)
        assert (answer.status, answer.headers["Location"]) == (301, f"/story/{target}")


async def test_a_story_without_a_brief_says_so(small_world: World):
    """A story that is not condensed yet shows its sources all the same."""
    store = MemoryStore()
    (story,) = await stored(store, "a", now=START)
    async with client_of(replace(small_world.desk, store=store)) as client:
        page = await read(client, f"/story/{story.id}")
        assert "no brief yet" in page.text
        assert "We are willing to take in only convicted criminals" in page.text
        assert "There is no subscription yet. Make one in chat" in (await read(client, "/")).text
        assert "Nobody has been quoted yet." in (await read(client, "/people")).text


async def test_a_story_told_by_very_many_is_shown_in_part(small_world: World):
    """Of a story with more articles than a page can hold, those that the brief rests on are shown; all are linked."""
    store = MemoryStore()
    feed = await store.add_feed("https://x.example/feed", now=START)
    news = [new(f"k{number}", -1, outlet=f"Outlet {number}") for number in range(40)]
    homes = await store.record_refresh(record(feed, *news), START)
    story = await store.story(homes["k0"])
    made = brief(story)
    last = story.articles[-1]
    await store.save_brief("k", replace(made, headline_article_id=last.id))
    async with client_of(replace(small_world.desk, store=store)) as client:
        page = await read(client, f"/story/{story.id}")
        assert len(page.all("article", class_="source")) == 24
        assert page.all("article", id=f"article-{last.id}")
        assert "And 16 more articles" in page.text
        assert {article.url for article in story.articles} <= set(page.links())
