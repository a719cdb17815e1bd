"""A brief is made once a story and says only what stands in its articles."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from digestbot.domain.errors import ModelMissing
from digestbot.domain.news import Article, Story
from digestbot.pipeline.brief import Briefer
from digestbot.ports import NewArticle, RefreshRecord
from tests.fakes.clock import START, FakeClock
from tests.fakes.inference import FakeEmbedder, FakeSummarizer
from tests.fakes.store import MemoryStore

TEXT = (
    "The council voted on Tuesday to build the gates. “We will close the harbour gates on Monday,” said Nora Lind, the "
    "harbour master. “It was the best vote of the year for this town,” he added."
)
STORY = Story(0, (Article(1, "https://news.example/1", "Council votes", TEXT, outlet="Courier"),), START, START)


@pytest.fixture
def summarizer():
    """Return a summarizer."""
    return FakeSummarizer()


@pytest.fixture
def briefer(summarizer):
    """Return the step."""
    return Briefer(MemoryStore(), summarizer, FakeEmbedder(), FakeClock())


async def test_everything_stands_in_the_article(briefer):
    """Summary sentences with their evidence, quotes and the headline are the article's own."""
    brief = await briefer.make(STORY)
    assert brief.headline == "Council votes"
    for sentence in brief.summary.sentences:
        (evidence,) = sentence.evidence
        assert TEXT[evidence.start : evidence.end] == sentence.text
    for quote in brief.quotes:
        for passage in quote.passages:
            assert TEXT[passage.start : passage.end] in TEXT
        assert quote.speaker.name in TEXT
        assert quote.key


async def test_what_is_not_shown_is_counted_by_reason(briefer):
    """Quotes found but not chosen are in ``dropped``: no more are shown than found."""
    brief = await briefer.make(STORY)
    found = await briefer.quotes(STORY.articles)
    total = sum(len(quotes) for quotes in found.values())
    assert sum(count for _, count in brief.dropped) + len(brief.quotes) == total
    assert all(count > 0 for _, count in brief.dropped)


async def test_no_encoder_still_makes_a_brief(summarizer):
    """Without an encoder the other signs choose the quotes."""
    briefer = Briefer(MemoryStore(), summarizer, FakeEmbedder(error=ModelMissing("the encoder")), FakeClock())
    assert (await briefer.make(STORY)).quotes


async def test_the_same_story_is_made_once(briefer, summarizer):
    """A kept brief is given again; another length is another brief."""
    assert briefer.window == timedelta(hours=72)
    first = await briefer.make(STORY)
    assert first == await briefer.make(STORY)
    assert [length for _, length, _ in summarizer.asked] == ["medium", "medium"]


async def test_one_story_is_briefed_only_while_its_brief_is_missing(summarizer):
    """A job for one story makes its brief once; again, or for a story that is gone, it does nothing."""
    store, clock = MemoryStore(), FakeClock()
    feed = await store.add_feed("https://news.example/feed", now=START)
    article = replace(STORY.articles[0], id=0, feed_id=feed.id, key="1")
    record = RefreshRecord(feed.id, feed.polling, articles=(NewArticle(article, np.zeros(384, np.float32), None),))
    (story_id,) = (await store.record_refresh(record, START)).values()
    briefer = Briefer(store, summarizer, FakeEmbedder(), clock)
    assert (await briefer.run_one(story_id)).story_id == story_id
    assert await briefer.run_one(story_id) is None
    assert await briefer.run_one(999) is None


async def test_a_few_briefs_are_in_hand_at_once(summarizer, monkeypatch):
    """Stories are briefed several at a time, never more than allowed, and told in the order they were asked for."""
    store = MemoryStore()
    stories = [replace(STORY, id=n) for n in range(1, 10)]
    together, most = 0, 0

    async def stale(*_):
        return stories

    async def keep(*_):
        return None

    class Slow(FakeSummarizer):
        async def summarize(self, story, length="medium", *, interactive=False):
            nonlocal together, most
            together += 1
            most = max(most, together)
            await asyncio.sleep(0.01 if story.id % 2 else 0.02)
            together -= 1
            return await super().summarize(story, length, interactive=interactive)

    monkeypatch.setattr(store, "stale_stories", stale)
    monkeypatch.setattr(store, "save_brief", keep)
    done = await Briefer(store, Slow(), FakeEmbedder(), FakeClock(), at_once=3).run_due()
    assert [one.story_id for one in done] == list(range(1, 10))
    assert most == 3


async def test_a_story_that_trips_us_up_is_not_tried_at_every_tick(briefer, summarizer):
    """The fault is an outcome once; the stories beside it are briefed, and who asks for it has it tried again."""
    store = briefer.store
    feed = await store.add_feed("https://news.example/feed", now=START)
    articles = [replace(STORY.articles[0], id=0, key=key, url=f"https://news.example/{key}") for key in ("a", "b")]
    articles[0] = replace(articles[0], title="Trips")
    found = tuple(NewArticle(one, np.eye(384, dtype=np.float32)[n], None) for n, one in enumerate(articles))
    homes = await store.record_refresh(RefreshRecord(feed.id, feed.polling, articles=found), START)
    whole = summarizer.summarize

    async def trips(story, length="medium", *, interactive=False):
        if story.articles[0].title == "Trips":
            raise IndexError("a shape of text that nobody thought of")
        return await whole(story, length, interactive=interactive)

    summarizer.summarize = trips
    done = {one.story_id: one for one in await briefer.run_due()}
    assert (done[homes["a"]].error.code, done[homes["b"]].error) == ("defect", None)
    assert await briefer.run_due() == []
    assert await briefer.run_one(homes["a"]) is None
    assert (await briefer.run_one(homes["a"], interactive=True)).error.code == "defect"
