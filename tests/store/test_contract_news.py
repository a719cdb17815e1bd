"""The NewsStore contract, on memory, SQLite and PostgreSQL: stories, briefs and search."""

from dataclasses import replace

import pytest

from digestbot.domain.errors import NotFound, NotVerbatim
from digestbot.domain.news import Quote, Speaker
from digestbot.ports import brief_key
from tests.store.making import DAY, HOUR, NOW, TEXT, article, brief, new, quote, record, stored

OTHER = "Ann Müller went to the café on Sunday. “It was good,” she said."


async def test_stories_of_a_window_have_an_article_in_it(store):
    """A window is open at its start and closed at its end; a feed list keeps the other feeds' stories out."""
    (early,) = await stored(store, "a", now=NOW)
    (late,) = await stored(store, "b", now=NOW + HOUR, url="https://two.example/")
    assert await store.stories(NOW - HOUR, NOW) == [early]
    assert await store.stories(NOW, NOW + HOUR) == [late]
    assert await store.stories(NOW - HOUR, NOW + HOUR) == [early, late]
    assert await store.stories(NOW - HOUR, NOW + HOUR, [late.articles[0].feed_id]) == [late]
    assert await store.stories(NOW + HOUR, NOW + DAY) == []


async def test_stories_of_very_many_feeds(store):
    """A workspace may read more feeds than a statement of a database takes values."""
    (early,) = await stored(store, "a")
    (late,) = await stored(store, "b", now=NOW + HOUR, url="https://other.example/feed")
    others = range(100, 40_000)
    assert await store.stories(NOW - HOUR, NOW + HOUR, [late.articles[0].feed_id, *others]) == [late]
    assert await store.stories(NOW - HOUR, NOW + HOUR, [1, 2, *others]) == [early, late]
    assert await store.stories(NOW - HOUR, NOW + HOUR, others) == []


async def test_a_story_is_whole_in_any_window(store):
    """A story with a new article comes with its earlier ones, oldest first."""
    (story,) = await stored(store, "a")
    feed = await store.feed(story.articles[0].feed_id)
    await store.record_refresh(record(feed, new("b", story.id)), NOW + HOUR)
    (grown,) = await store.stories(NOW, NOW + HOUR)
    assert [a.key for a in grown.articles] == ["a", "b"]


async def test_an_unknown_story_is_not_found(store):
    """Asking for a story that is not there says so."""
    with pytest.raises(NotFound):
        await store.story(17)


async def test_an_article_is_found_by_its_address(store):
    """The article at an address is the latest stored there."""
    (story,) = await stored(store, "a")
    assert await store.article_by_url("https://example.org/a") == story.articles[0]
    assert await store.article_by_url("https://example.org/b") is None
    assert await store.vectors([999]) == {}


# ── a manager's decisions ────────────────────────────────────────────────────


async def test_a_split_makes_a_story_and_sticks(store):
    """Articles taken out of a story get one of their own, and the two are kept apart."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    homes = await store.record_refresh(record(feed, new("a", -1), new("b", -1), new("c", -1)), NOW)
    a, b, c = (await store.story(homes["a"])).articles
    fresh = await store.move_articles([c.id], None)
    assert (await store.story(fresh)).articles == (c,)
    assert (await store.story(homes["a"])).articles == (a, b)
    assert await store.kept_apart([fresh, homes["a"]]) == {(homes["a"], fresh)}
    assert await store.kept_apart([fresh]) == frozenset()
    assert {s.id: [m.id for m in s.members] for s in await store.open_stories(NOW)} == {
        homes["a"]: [a.id, b.id],
        fresh: [c.id],
    }


async def test_a_merge_leaves_a_way_to_the_other_story(store):
    """A merged story's number leads to where its articles went, also for articles still on their way to it."""
    one, two, three = await stored(store, "a", "b", "c")
    assert await store.move_articles([a.id for a in two.articles], one.id) == one.id
    merged = await store.story(two.id)
    assert (merged.id, [a.key for a in merged.articles]) == (one.id, ["a", "b"])
    feed = await store.feed(one.articles[0].feed_id)
    assert await store.record_refresh(record(feed, new("late", two.id)), NOW) == {"late": one.id}
    grown = await store.story(one.id)
    assert await store.move_articles([a.id for a in grown.articles], three.id) == three.id
    assert (await store.story(two.id)).id == (await store.story(one.id)).id == three.id


async def test_stories_are_joined_whole(store):
    """What came to a story since it was read goes along: nothing is left behind that would be kept apart for ever."""
    one, two, three = await stored(store, "a", "b", "c")
    feed = await store.feed(one.articles[0].feed_id)
    await store.record_refresh(record(feed, new("late", two.id)), NOW + HOUR)
    assert await store.join_stories([one.id, two.id, three.id], one.id) == one.id
    joined = await store.story(one.id)
    assert [article.key for article in joined.articles] == ["a", "b", "c", "late"]
    assert joined.last_seen == NOW + HOUR
    assert {(await store.story(old.id)).id for old in (two, three)} == {one.id}
    assert await store.kept_apart([one.id, two.id, three.id]) == frozenset()
    # Done again, or by somebody else at the same moment, it changes nothing.
    assert await store.join_stories([two.id, 999, three.id], two.id) == one.id
    assert await store.story(one.id) == joined
    with pytest.raises(NotFound):
        await store.join_stories([one.id], 999)


async def test_decisions_pass_on_when_a_story_is_merged(store):
    """What was split from a story stays split from the one it is merged into; a merge undoes a split."""
    one, two = await stored(store, "a", "b")
    feed = await store.feed(one.articles[0].feed_id)
    homes = await store.record_refresh(record(feed, new("c", one.id)), NOW)
    extra = (await store.story(homes["c"])).articles[-1]
    split = await store.move_articles([extra.id], None)
    await store.move_articles([a.id for a in one.articles], two.id)
    assert await store.kept_apart([two.id, split]) == {(two.id, split)}
    await store.move_articles([extra.id], two.id)
    assert await store.kept_apart([one.id, two.id, split]) == frozenset()
    assert len((await store.story(split)).articles) == 3


async def test_a_move_names_things_that_exist(store):
    """Unknown articles and stories are refused, and nothing moves."""
    (story,) = await stored(store, "a")
    for articles, target in (([999], None), ([story.articles[0].id], 999), ([], None)):
        with pytest.raises(NotFound):
            await store.move_articles(articles, target)
    assert await store.story(story.id) == story


# ── briefs ───────────────────────────────────────────────────────────────────


async def test_a_brief_comes_back_whole(store):
    """A brief is kept under its key with summary, evidence, quotes, speakers and counts."""
    (story,) = await stored(store, "a")
    made = brief(story)
    assert await store.brief(story.id, "k") is None
    await store.save_brief("k", made)
    assert await store.brief(story.id, "k") == made
    assert await store.brief(story.id, "other") is None


async def test_saving_a_brief_again_replaces_it(store):
    """The same key holds the latest brief; another key another."""
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    await store.save_brief("l", brief(story))
    latest = brief(story, engine="other", quoted=False)
    await store.save_brief("k", latest)
    assert await store.brief(story.id, "k") == latest
    assert (await store.status(NOW)).briefs == 2


async def test_a_brief_needs_its_story(store):
    """A brief of a story that is gone is refused."""
    one, two = await stored(store, "a", "b")
    made = brief(two)
    await store.move_articles([a.id for a in two.articles], one.id)
    with pytest.raises(NotFound):
        await store.save_brief("k", made)


async def test_a_quote_that_no_longer_stands_is_not_loaded(store):
    """When a publisher changes the words, the brief loads without the quotation and counts it."""
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    feed = await store.feed(story.articles[0].feed_id)
    rewritten = replace(story.articles[0], text=TEXT.replace("“", "").replace("”", ""))
    await store.record_refresh(record(feed, edits=(rewritten,)), NOW + HOUR)
    kept = await store.brief(story.id, "k")
    assert (kept.quotes, sum(count for _, count in kept.dropped)) == ((), 3)
    with pytest.raises(NotVerbatim):
        Quote.cut(rewritten, quote(story.articles[0]).passages, None)
    assert [hit.kind for hit in await store.search("convicted criminals")] == ["story"]
    assert await store.search("Bukele", since=NOW) == await store.search("Nayib")


async def test_a_quote_goes_with_its_article(store):
    """When an article is split off, the story's brief loads without that article's quotation."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    homes = await store.record_refresh(record(feed, new("a", -1), new("b", -1)), NOW)
    story = await store.story(homes["a"])
    await store.save_brief("k", brief(story))
    await store.move_articles([story.articles[0].id], None)
    assert (await store.brief(story.id, "k")).quotes == ()


async def test_every_part_of_a_quote_is_kept(store):
    """Speaker's spans, kind and description, venue, confidence and flags survive."""
    (story,) = await stored(store, "a")
    first = story.articles[0]
    whole = quote(first)
    described = Speaker("A. Writer", None, None, "document", description="said")
    rich = Quote.cut(first, whole.passages, described, confidence=0.25, partial=True, venue="on Monday")
    await store.save_brief("k", replace(brief(story), quotes=(rich, whole, Quote.cut(first, whole.passages, None))))
    assert (await store.brief(story.id, "k")).quotes == (rich, whole, Quote.cut(first, whole.passages, None))


async def test_stale_stories_lack_a_brief_of_that_engine_and_length(store):
    """A story is stale until it has a brief under its present key; the most covered comes first."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    homes = await store.record_refresh(
        record(feed, new("a", -1, outlet="A"), new("b", -2, outlet="A"), new("c", -2, outlet="B")), NOW
    )
    assert [s.id for s in await store.stale_stories(NOW, "e", "medium")] == [homes["b"], homes["a"]]
    assert [s.id for s in await store.stale_stories(NOW, "e", "medium", limit=1)] == [homes["b"]]
    story = await store.story(homes["b"])
    await store.save_brief(brief_key(story.sources_hash, "e", "medium"), brief(story))
    assert [s.id for s in await store.stale_stories(NOW, "e", "medium")] == [homes["a"]]
    assert len(await store.stale_stories(NOW, "e", "long")) == len(await store.stale_stories(NOW, "f", "medium")) == 2
    assert await store.stale_stories(NOW + HOUR, "e", "medium") == []
    await store.record_refresh(record(feed, new("d", story.id)), NOW + HOUR)
    assert [s.id for s in await store.stale_stories(NOW + HOUR, "e", "medium")] == [story.id]


# ── search ───────────────────────────────────────────────────────────────────


async def test_search_finds_stories_quotes_and_people(store):
    """All three kinds are found by their words, each with the line that matched."""
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    said = quote(story.articles[0]).text
    assert {(h.kind, h.text, h.speaker) for h in await store.search("bukele")} == {
        ("story", "Title of a", ""),
        ("quote", said, "Nayib Bukele"),
        ("person", "Nayib Bukele", ""),
    }
    assert all((h.story_id, h.at) == (story.id, NOW) for h in await store.search("bukele"))


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("cafe", True),
        ("MULLER", True),
        ("café müller", True),
        ("café monday", False),
        ('"the café on"', True),
        ("“cafe on sunday”", True),
        ('"on café"', False),
        ("caf", False),
        ("", False),
        ('" " * AND -- ;', False),
        ('café" OR "x', False),
        ("NEAR(café sunday)", False),
        ("title café", True),
        ('"odd ann"', False),
        ("caf*", True),
        ("CAF*", True),
        ("af*", False),
        ('"the caf*"', True),
        ("*", False),
    ],
)
async def test_words_and_phrases(store, words, found):
    """Every word must match, phrases in their order, case and accents aside; nothing typed is syntax."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    await store.record_refresh(record(feed, new("a", title="Title odd", text=OTHER)), NOW)
    assert bool(await store.search(words)) is found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("堤防", True),
        ("堤防 2027", True),
        ("“堤防を完成”", True),
        ("東京", False),
        ("堤防 1999", False),
        ("100%堤", False),
    ],
)
async def test_scripts_without_spaces(store, words, found):
    """Words of scripts that put no spaces between them are found within a line, beside others that have spaces."""
    feed = await store.add_feed("https://a.example/", now=NOW)
    text = "首相は新しい堤防を完成させると語った。 2027 年の春までに。"
    await store.record_refresh(record(feed, new("a", title="首相、発表", text=text)), NOW)
    assert bool(await store.search(words)) is found


async def test_people_and_quotes_are_found_by_beginnings(store):
    """A name that is typed in part, with a star, finds its person and their quotes; others stay out."""
    (story,) = await stored(store, "a")
    await store.save_brief("k", brief(story))
    assert {hit.kind for hit in await store.search("buk*")} == {"story", "quote", "person"}
    assert await store.search("buk*", kind="person") == await store.search("nayib bukele", kind="person")
    assert await store.search("convic*", kind="person") == []


async def test_a_story_shows_where_it_has_the_words(store):
    """A hit on a story carries the stretch of its article that has the words; none where the headline alone does."""
    (story,) = await stored(store, "a")
    (hit,) = await store.search("officials", kind="story")
    assert "fficials" in hit.excerpt
    assert hit.excerpt.strip(" …") in " ".join(story.articles[0].text.split())
    assert [one.excerpt for one in await store.search("title", kind="story")] == [""]


async def test_search_is_newest_first_and_of_a_time(store):
    """Hits come newest first, none older than asked, no more than the limit."""
    for hours in range(4):
        await stored(store, f"k{hours}", now=NOW + hours * HOUR)
    hits = await store.search("officials", since=NOW + HOUR, limit=2)
    assert [h.text for h in hits] == ["Title of k3", "Title of k2"]
    assert len(await store.search("officials", since=NOW + HOUR)) == 3


async def test_a_story_is_one_hit(store):
    """A story whose articles all match is found once, by its newest."""
    (story,) = await stored(store, "a")
    feed = await store.feed(story.articles[0].feed_id)
    await store.record_refresh(record(feed, new("b", story.id)), NOW + HOUR)
    await store.save_brief("k", brief(story))
    await store.save_brief("l", brief(story))
    hits = await store.search("officials")
    assert [(h.kind, h.text, h.at) for h in hits] == [("story", "Title of b", NOW + HOUR)]
    assert len(await store.search('"convicted criminals"')) == 2


async def test_search_follows_edits(store):
    """An edited article is found by its new words and no longer by its old ones."""
    (story,) = await stored(store, "a")
    feed = await store.feed(story.articles[0].feed_id)
    await store.record_refresh(record(feed, edits=(replace(article("a"), title="Zebra", text="Nothing"),)), NOW)
    assert [h.text for h in await store.search("zebra")] == ["Zebra"]
    assert await store.search("officials") == []
