"""Roles: which there are, where they need PostgreSQL, and how a process without workers has its briefs made."""

import pytest

from digestbot.app.roles import ALL, AskingBriefer, roles_of
from digestbot.config import Settings
from digestbot.domain.errors import ConfigError
from digestbot.pipeline.brief import Briefer
from digestbot.ports import NewArticle, RefreshRecord
from tests.fakes.clock import START, FakeClock
from tests.fakes.inference import FakeEmbedder, FakeSummarizer
from tests.fakes.store import MemoryStore
from tests.pipeline.test_brief import STORY, replace
from tests.pipeline.test_brief import np as numpy

SHARED = Settings(database={"url": "postgresql://me@host/db"})


def test_roles_may_be_repeated_or_parted_by_commas():
    """Both ways of naming several give the same; none, or all, gives all."""
    assert (
        roles_of(["scheduler,worker"], SHARED) == roles_of(["worker", "scheduler"], SHARED) == {"scheduler", "worker"}
    )
    assert roles_of([], Settings()) == roles_of(["all"], Settings()) == ALL


@pytest.mark.parametrize(("words", "settings"), [(["worker"], Settings()), (["chef"], SHARED)])
def test_a_role_that_cannot_be_is_one_sentence(words, settings):
    """On SQLite there is one process; a role that is none is named with those there are."""
    with pytest.raises(ConfigError) as caught:
        roles_of(words, settings)
    assert len(caught.value.faults) == 1
    assert "PostgreSQL" in caught.value.faults[0] or "scheduler" in caught.value.faults[0]


async def told():
    """Return a store with one story, and the story."""
    store = MemoryStore()
    feed = await store.add_feed("https://news.example/feed", now=START)
    article = replace(STORY.articles[0], id=0, feed_id=feed.id, key="1")
    record = RefreshRecord(feed.id, feed.polling, articles=(NewArticle(article, numpy.zeros(384, "f4"), None),))
    (story_id,) = (await store.record_refresh(record, START)).values()
    return store, await store.story(story_id)


async def test_a_workers_brief_is_waited_for():
    """The process that was asked makes no brief of its own when a worker makes it."""
    store, story = await told()
    here, there = FakeSummarizer(), FakeSummarizer()

    async def ask(story_id, length):
        await Briefer(store, there, FakeEmbedder(), FakeClock()).run_one(story_id, length, interactive=True)
        return True

    briefer = AskingBriefer(store, here, FakeEmbedder(), FakeClock(), ask=ask)
    brief = await briefer.brief(story, "short", interactive=True)
    assert brief.story_id == story.id
    assert not here.asked
    assert len(there.asked) == 1


async def test_without_a_queue_the_asked_process_makes_it():
    """When the wish cannot be written, the asker is served all the same."""
    store, story = await told()
    here = FakeSummarizer()

    async def ask(story_id, length):
        return False

    briefer = AskingBriefer(store, here, FakeEmbedder(), FakeClock(), ask=ask)
    assert (await briefer.brief(story, interactive=True)).story_id == story.id
    assert len(here.asked) == 1
