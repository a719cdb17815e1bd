"""A refresh stores what is new once, with its story, whatever the publisher and the store do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from digestbot.domain.errors import (
    FeedGone,
    FetchTimeout,
    ModelMissing,
    NotFound,
    NothingToRead,
    StoreError,
    StoreUnavailable,
)
from digestbot.pipeline import refresh
from digestbot.pipeline.refresh import Refresher
from tests.fakes.clock import START, FakeClock
from tests.fakes.inference import FakeEmbedder
from tests.fakes.sources import FakePublisher, entry
from tests.fakes.store import MemoryStore

URL = "https://news.example/feed"
BARRIER = "Saltmere council approves flood barrier at the Teel"


@pytest.fixture
def clock():
    """Return a clock."""
    return FakeClock()


@pytest.fixture
def store():
    """Return a store."""
    return MemoryStore()


@pytest.fixture
def publisher():
    """Return a publisher with four pages."""
    publisher = FakePublisher()
    for number in range(1, 5):
        publisher.page(number, f"Something happened in place {number}. It was seen by many.")
    return publisher


@pytest.fixture
def refresher(store, publisher, clock):
    """Return the step over them."""
    return Refresher(store, publisher, publisher, FakeEmbedder(), clock)


async def articles(store, clock):
    """Return the stored articles' titles, by story."""
    stories = await store.stories(START - timedelta(days=1), clock.now() + timedelta(seconds=1))
    return sorted(sorted(article.title for article in story.articles) for story in stories)


async def full(*_):
    """Refuse to write."""
    raise StoreUnavailable("the disk is full")


def own_words(number, count):
    """Return words that no other number has."""
    return " ".join(f"w{number}x{place}" for place in range(count))


async def test_the_first_sight_of_a_feed_is_a_silent_baseline(store, publisher, refresher, clock):
    """A feed with a hundred items posts none of them; what comes afterwards is news."""
    await store.add_feed(URL, now=clock.now())
    publisher.publish(URL, *(entry(n) for n in range(100)))
    (first,) = await refresher.run_due()
    assert (first.outcome, first.stored) == ("baseline", 0)
    publisher.page(200, "A new thing happened. It matters.")
    publisher.publish(URL, entry(200, "A new thing"))
    clock.tick(minutes=31)
    (second,) = await refresher.run_due()
    assert (second.outcome, second.stored) == ("new", 1)
    assert await articles(store, clock) == [["A new thing"]]


async def test_backfill_takes_the_newest(store, publisher, refresher, clock):
    """A backfill of two takes the two newest by date, wherever they stand in the feed."""
    await store.add_feed(URL, backfill=2, now=clock.now())
    publisher.publish(URL, *(entry(n, at=START - timedelta(hours=h)) for n, h in ((1, 5), (2, 1), (3, 9), (4, 2))))
    await refresher.run_due()
    assert sorted(title for titles in await articles(store, clock) for title in titles) == [
        "Headline number 2",
        "Headline number 4",
    ]


async def test_nothing_is_stored_twice(store, publisher, refresher, clock):
    """Re-dated, repeated and reappearing items, and the same record twice, store nothing again."""
    await store.add_feed(URL, backfill=5, now=clock.now())
    publisher.publish(URL, entry(1), entry(2), entry(2, "The same GUID again"))
    await refresher.run_due()
    before = await articles(store, clock)
    publisher.entries[URL] = [entry(1, at=START), entry(2)]
    clock.tick(minutes=31)
    await refresher.run_due()
    assert await articles(store, clock) == before


async def test_a_changed_guid_is_known_by_its_other_identity(store, publisher, refresher, clock):
    """An item whose GUID changed but whose address did not is not new."""
    await store.add_feed(URL, backfill=5, now=clock.now())
    old = entry(1)
    publisher.entries[URL] = [type(old)(**{**_fields(old), "aliases": ("url:1",)})]
    await refresher.run_due()
    publisher.entries[URL] = [type(old)(**{**_fields(old), "key": "https-e1", "aliases": ("url:1",)}), entry(2)]
    clock.tick(minutes=31)
    (again,) = await refresher.run_due()
    assert again.stored == 1


def _fields(value):
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


async def test_two_outlets_on_one_event_are_one_story(store, publisher, refresher, clock):
    """Articles of different outlets on one event join, also when both are new in the same round."""
    for number, outlet in ((1, "a"), (2, "b")):
        url = f"https://news.example/{outlet}"
        await store.add_feed(url, title=outlet.upper(), backfill=5, now=clock.now())
        publisher.page(number, f"{BARRIER}, by seven votes to four. The gates cost 340 million.")
        publisher.publish(url, entry(number, BARRIER, key=outlet))
    await refresher.run_due()
    assert await articles(store, clock) == [[BARRIER, BARRIER]]


async def test_a_page_that_cannot_be_read_leaves_the_feeds_own_words(store, publisher, refresher, clock):
    """A pay wall or a dead page costs that page alone; the feed's summary stands in and the fault is told."""
    await store.add_feed(URL, title="The Example", backfill=5, now=clock.now())
    publisher.fail(NothingToRead("https://news.example/1"))
    publisher.publish(URL, entry(1, text="The feed says this much."), entry(2))
    (done,) = await refresher.run_due()
    assert done.stored == 2
    assert [str(error) for error in done.unread] == [str(NothingToRead("https://news.example/1"))]
    stories = await store.stories(START - timedelta(days=1), clock.now() + timedelta(seconds=1))
    assert "The feed says this much." in [a.text for s in stories for a in s.articles]


async def test_a_failing_feed_backs_off_and_touches_no_other(store, publisher, refresher, clock):
    """One feed's failure is its own; it is asked again when its back-off has passed, and never given up."""
    await store.add_feed(URL, now=clock.now())
    other = "https://news.example/other"
    await store.add_feed(other, backfill=1, now=clock.now())
    publisher.publish(other, entry(2))
    publisher.fail(FetchTimeout(URL))
    done = {one.url: one.outcome for one in await refresher.run_due()}
    assert done == {URL: "failed", other: "new"}
    (failing,) = await store.failing_feeds()
    assert (failing.url, failing.polling.failures) == (URL, 1)
    clock.tick(minutes=29)
    assert await refresher.run_due() == []
    clock.tick(minutes=1)
    assert URL in [one.url for one in await refresher.run_due()]


async def test_a_gone_feed_is_paused_with_the_reason(store, publisher, refresher, clock):
    """410 pauses the feed, says so, and it is not asked again."""
    await store.add_feed(URL, now=clock.now())
    publisher.fail(FeedGone(URL))
    (done,) = await refresher.run_due()
    assert done.outcome == "gone"
    clock.tick(days=3)
    assert await refresher.run_due() == []
    (feed,) = await store.feeds()
    assert "gone (410)" in feed.paused


async def test_a_feed_named_by_its_own_title_from_the_start(store, publisher, refresher, clock):
    """Where the operator gives no title, the feed's own names the outlet from its first article on."""
    await store.add_feed(URL, backfill=1, now=clock.now())
    publisher.publish(URL, entry(1))
    await refresher.run_due()
    (story,) = await store.stories(START - timedelta(days=1), clock.now() + timedelta(seconds=1))
    assert story.outlets == ("The Example",)


async def test_no_encoder_still_stores_the_news(store, publisher, clock):
    """Without a model articles are stored and grouped by their words and names."""
    embedder = FakeEmbedder(error=ModelMissing("the encoder"))
    refresher = Refresher(store, publisher, publisher, embedder, clock)
    await store.add_feed(URL, backfill=5, now=clock.now())
    publisher.publish(URL, entry(1), entry(2))
    (done,) = await refresher.run_due()
    assert done.stored == 2


async def test_a_full_disk_asks_no_publisher_at_every_tick(store, publisher, refresher, clock, monkeypatch):
    """When the store cannot take what came, the feed rests a while instead of being polled at every tick."""
    await store.add_feed(URL, backfill=5, now=clock.now())
    publisher.publish(URL, entry(1))
    record = store.record_refreshes

    monkeypatch.setattr(store, "record_refreshes", full)
    (done,) = await refresher.run_due()
    assert done.outcome == "failed"
    clock.tick(seconds=10)
    assert await refresher.run_due() == []
    monkeypatch.setattr(store, "record_refreshes", record)
    clock.tick(minutes=5)
    (done,) = await refresher.run_due()
    assert (done.outcome, done.stored) == ("new", 1)
    assert len(publisher.asked) == 2


async def test_one_feed_is_refreshed_only_while_it_is_due(store, publisher, refresher, clock):
    """A job for one feed does its work once; late, for a paused feed or for one that is gone it does nothing."""
    feed = await store.add_feed(URL, backfill=2, now=clock.now())
    publisher.publish(URL, entry(1), entry(2))
    assert (await refresher.run_one(feed.id)).stored == 2
    assert await refresher.run_one(feed.id) is None
    clock.tick(minutes=31)
    await store.pause_feed(feed.id, "by hand")
    assert await refresher.run_one(feed.id) is None
    assert await refresher.run_one(999) is None


async def test_an_edited_item_changes_its_article_and_posts_nothing(store, publisher, refresher, clock):
    """Another title or another text is written to the article that is stored; the story and its number stay."""
    await store.add_feed(URL, backfill=5, now=clock.now())
    publisher.publish(URL, entry(1), entry(2))
    await refresher.run_due()
    publisher.page(1, "Something else happened in place 1. It was seen by few.")
    publisher.entries[URL] = [entry(1, "An edited headline"), entry(2)]
    clock.tick(minutes=31)
    (done,) = await refresher.run_due()
    assert (done.outcome, done.stored, done.edited) == ("unchanged", 0, 1)
    assert await articles(store, clock) == [["An edited headline", "Headline number 2"]]
    (story,) = await store.stories(START - timedelta(days=1), clock.now())
    (edited,) = [article for article in story.articles if article.key == "e1"]
    assert edited.text == "Something else happened in place 1. It was seen by few."
    assert (story.id, edited.outlet) == (1, "The Example")


async def test_an_edited_item_is_read_again_once(store, publisher, refresher, clock, monkeypatch):
    """Its page is asked for once an edit, not at every poll that brings something else; had or not."""
    await store.add_feed(URL, backfill=5, now=clock.now())
    publisher.publish(URL, entry(1), entry(2))
    await refresher.run_due()
    read, whole = [], publisher.read

    async def reading(one, feed, now):
        read.append(one.key)
        return await whole(one, feed, now)

    monkeypatch.setattr(publisher, "read", reading)
    del publisher.pages["https://news.example/2"]
    edited = [replace(entry(n), updated=clock.now() + timedelta(minutes=5)) for n in (1, 2)]
    for number in range(10, 13):
        clock.tick(minutes=31)
        publisher.page(number, f"Something happened in place {number}. It was seen by many.")
        publisher.entries[URL] = [entry(number), *edited]
        await refresher.run_due()
    assert sorted(read) == ["e1", "e10", "e11", "e12", "e2"]
    clock.tick(minutes=31)
    publisher.entries[URL] = [replace(edited[0], updated=clock.now()), edited[1]]
    await refresher.run_due()
    assert read.count("e1") == 2


async def test_an_edit_that_cannot_be_read_leaves_the_article(store, publisher, refresher, clock):
    """A page that is gone when its item is edited costs nothing of what is stored."""
    await store.add_feed(URL, backfill=5, now=clock.now())
    publisher.publish(URL, entry(1))
    await refresher.run_due()
    publisher.fail(NothingToRead("https://news.example/1"))
    publisher.entries[URL] = [entry(1, "An edited headline")]
    clock.tick(minutes=31)
    (done,) = await refresher.run_due()
    assert (done.edited, await articles(store, clock)) == (0, [["Headline number 1"]])


async def test_old_and_unchanged_items_are_not_read_again(store, publisher, refresher, clock):
    """A feed that gives all its items anew has only those looked at whose title or date says that they changed."""
    await store.add_feed(URL, backfill=5, now=clock.now())
    publisher.publish(URL, entry(1), entry(2))
    await refresher.run_due()
    publisher.page(1, "Nobody should read this again.")
    clock.tick(hours=73)
    publisher.entries[URL] = [entry(1), entry(2, "Renamed much too late"), entry(3)]
    (done,) = await refresher.run_due()
    assert (done.edited, done.stored) == (0, 1)


async def test_people_are_told_once_when_a_feed_fails_for_a_day_and_once_when_it_works(
    store, publisher, refresher, clock
):
    """One notice after 24 hours of failing, none at every failure, one on recovery; a restart repeats nothing."""
    await store.add_feed(URL, title="The Example", now=clock.now())
    publisher.publish(URL, entry(1))
    publisher.fail(FetchTimeout(URL))
    while clock.now() < START + timedelta(days=3):
        await refresher.run_due()
        refresher = Refresher(store, publisher, publisher, FakeEmbedder(), clock)
        clock.tick(hours=1)
    (notice,) = await store.notices(unsent=True)
    assert notice.text.startswith(f"The feed The Example ({URL}) has not worked since ")
    assert timedelta(hours=24) <= notice.at - START < timedelta(hours=34)
    publisher.mend(URL)
    for _ in range(50):
        await refresher.run_due()
        clock.tick(hours=1)
    _, again = await store.notices(unsent=True)
    assert again.text.startswith(f"The feed The Example ({URL}) works again")


async def test_people_are_told_of_a_feed_that_is_gone(store, publisher, refresher, clock):
    """410 is told once, with what to do."""
    await store.add_feed(URL, now=clock.now())
    publisher.fail(FeedGone(URL))
    await refresher.run_due()
    (notice,) = await store.notices(unsent=True)
    assert "gone for good (410)" in notice.text


async def test_polls_of_many_feeds_share_transactions(store, publisher, refresher, clock, monkeypatch):
    """A hundred feeds with nothing new are written in a few transactions, and are asked for no seen marks."""
    for number in range(100):
        await store.add_feed(f"{URL}/{number}", now=clock.now())
    await refresher.run_due()
    clock.tick(minutes=31)
    written = []
    record = store.record_polls

    async def record_polls(polls, now):
        written.append(len(polls))
        await record(polls, now)

    async def seen(feed_id):
        raise AssertionError(f"feed {feed_id} has nothing new")

    monkeypatch.setattr(store, "record_polls", record_polls)
    monkeypatch.setattr(store, "seen", seen)
    assert [done.outcome for done in await refresher.run_due()] == ["unchanged"] * 100
    assert sum(written) == 100
    assert len(written) <= 10
    assert await store.due_feeds(clock.now(), 1) == []


async def test_a_poll_that_cannot_be_written_fails_alone_with_those_of_its_batch(
    store, publisher, refresher, clock, monkeypatch
):
    """Where the store refuses polls, each of their feeds rests, and nobody waits for ever."""
    await store.add_feed(URL, now=clock.now())
    await refresher.run_due()
    clock.tick(minutes=31)

    monkeypatch.setattr(store, "record_polls", full)
    (done,) = await refresher.run_due()
    assert (done.outcome, type(done.error)) == ("failed", StoreUnavailable)
    assert await refresher.run_due() == []


async def test_a_feed_that_moves_onto_another_is_merged_and_posts_nothing_again(store, publisher, refresher, clock):
    """Two addresses of one feed become one feed: what either had is known, what is new afterwards comes once."""
    other = "https://news.example/new"
    for url in (URL, other):
        await store.add_feed(url, backfill=5, now=clock.now())
        publisher.publish(url, entry(1), entry(2))
    await refresher.run_due()
    stored = (await store.status(clock.now())).articles
    publisher.moved[URL] = other
    clock.tick(minutes=31)
    await refresher.run_due()
    assert [feed.url for feed in await store.feeds()] == [other]
    publisher.publish(other, entry(3))
    clock.tick(minutes=31)
    (done,) = await refresher.run_due()
    assert (done.stored, (await store.status(clock.now())).articles) == (1, stored + 1)


class SlowHost(FakePublisher):
    """A publisher one of whose hosts answers only once it is let; ``most`` is how many asked there at once."""

    def __init__(self):
        super().__init__()
        self.let, self.inside, self.most = asyncio.Event(), 0, 0

    async def fetch(self, feed, now):
        """Wait for the host."""
        if "slow.example" in feed.url:
            self.inside += 1
            self.most = max(self.most, self.inside)
            await self.let.wait()
            self.inside -= 1
        return await super().fetch(feed, now)


async def until(claim):
    """Wait until something is so."""
    for _ in range(5000):
        if claim():
            return
        await asyncio.sleep(0.001)
    pytest.fail("it never became so")


async def test_a_slow_host_holds_up_nobody(store, clock):
    """While forty feeds wait in one host's line, those of others are refreshed, in this round and in the next ones."""
    publisher = SlowHost()
    refresher = Refresher(store, publisher, publisher, FakeEmbedder(), clock, concurrency=3)
    for number in range(40):
        await store.add_feed(f"https://slow.example/{number}", now=clock.now())
    for number in range(5):
        await store.add_feed(f"https://other.example/{number}", now=clock.now())
    first = asyncio.create_task(refresher.run_due())
    await until(lambda: sum("other" in url for url in publisher.asked) == 5)
    await store.add_feed("https://late.example/", now=clock.now())
    assert [one.url for one in await refresher.run_due()] == ["https://late.example/"]
    assert await refresher.run_due() == []
    assert not first.done()
    publisher.let.set()
    assert len(await first) == 45
    assert publisher.most == 1
    assert len(publisher.asked) == len(set(publisher.asked)) == 46


async def test_rounds_take_up_no_more_than_can_wait(store, clock, monkeypatch):
    """However many feeds are due and however slow their hosts, a bounded number of them is under way."""
    monkeypatch.setattr(refresh, "MOST_UNDER_WAY", 20)
    publisher = SlowHost()
    refresher = Refresher(store, publisher, publisher, FakeEmbedder(), clock)
    for number in range(50):
        await store.add_feed(f"https://slow.example/{number}", now=clock.now())
    rounds = [asyncio.create_task(refresher.run_due(10)) for _ in range(2)]
    await until(lambda: publisher.inside == 1)
    assert await refresher.run_due(10) == []
    publisher.let.set()
    assert [len(done) for done in await asyncio.gather(*rounds)] == [10, 10]
    assert len(await refresher.run_due()) == 30


async def test_the_news_of_many_feeds_share_transactions(store, publisher, refresher, clock, monkeypatch):
    """Sixty feeds with an article each are written in a few transactions; two reports of one event share a story."""
    urls = [f"{URL}/{number}" for number in range(60)]
    for number, url in enumerate(urls):
        await store.add_feed(url, backfill=1, now=clock.now())
        publisher.page(100 + number, own_words(number, 40))
        publisher.publish(url, entry(100 + number, BARRIER if number in {20, 40} else own_words(number, 6)))
    written = []
    record = store.record_refreshes

    async def record_refreshes(records, now):
        written.append(len(records))
        return await record(records, now)

    monkeypatch.setattr(store, "record_refreshes", record_refreshes)
    done = await refresher.run_due()
    assert [(one.outcome, one.stored) for one in done] == [("new", 1)] * 60
    assert sum(written) == 60
    assert len(written) <= 10
    assert done[20].stories == done[40].stories
    assert len(await articles(store, clock)) == 59


async def test_news_that_the_store_cannot_take_fail_alone(store, publisher, refresher, clock, monkeypatch):
    """Of a group that is refused the good are written; articles that joined one another's story still share it."""
    for number in range(4):
        await store.add_feed(f"{URL}/{number}", backfill=1, now=clock.now())
        publisher.page(100 + number, own_words(number, 40))
        title = BARRIER if number in {0, 3} else own_words(number, 6)
        publisher.publish(f"{URL}/{number}", entry(100 + number, title))
    record = store.record_refreshes

    async def record_refreshes(records, now):
        if any(one.feed_id == 2 for one in records):
            raise StoreError("the database refused: this one")
        return await record(records, now)

    monkeypatch.setattr(store, "record_refreshes", record_refreshes)
    done = await refresher.run_due()
    assert [one.outcome for one in done] == ["new", "failed", "new", "new"]
    assert done[0].stories == done[3].stories != done[2].stories


async def test_news_of_a_feed_that_is_removed_meanwhile_are_nobodys(store, publisher, refresher, clock, monkeypatch):
    """A feed removed while it is read fails alone; the next round does not know it."""
    feed = await store.add_feed(URL, backfill=1, now=clock.now())
    publisher.publish(URL, entry(1))
    record = store.record_refreshes

    async def record_refreshes(records, now):
        await store.remove_feed(feed.id)
        return await record(records, now)

    monkeypatch.setattr(store, "record_refreshes", record_refreshes)
    (done,) = await refresher.run_due()
    assert (done.outcome, type(done.error)) == ("failed", NotFound)
    assert await refresher.run_due() == []


async def test_a_rest_ends_when_the_clock_steps_back(store, publisher, refresher, clock, monkeypatch):
    """A feed let be for five minutes is not let be for as long as a clock was wrong."""
    await store.add_feed(URL, backfill=1, now=clock.now())
    publisher.publish(URL, entry(1))
    record = store.record_refreshes

    clock.tick(days=30)
    monkeypatch.setattr(store, "record_refreshes", full)
    (done,) = await refresher.run_due()
    assert done.outcome == "failed"
    monkeypatch.setattr(store, "record_refreshes", record)
    clock.tick(days=-30)
    (done,) = await refresher.run_due()
    assert done.outcome == "new"


async def test_a_round_that_is_broken_off_leaves_nothing_running(store, publisher, refresher, clock, monkeypatch):
    """Every refresh it began ends with it, those that wait for their turn too; the next round takes them up."""
    for number in range(120):
        await store.add_feed(f"{URL}/{number}", now=clock.now())
    fetch, asked = publisher.fetch, asyncio.Event()

    async def never(feed, now):
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(publisher, "fetch", never)
    before = asyncio.all_tasks()
    round_ = asyncio.create_task(refresher.run_due())
    await asked.wait()
    round_.cancel()
    with pytest.raises(asyncio.CancelledError):
        await round_
    await asyncio.sleep(0)
    assert asyncio.all_tasks() - before == set()
    monkeypatch.setattr(publisher, "fetch", fetch)
    assert len(await refresher.run_due()) == 120


async def test_a_fault_of_ours_in_one_feed_touches_no_other(store, publisher, refresher, clock):
    """A feed that trips us up is an outcome with the fault, and is let be for a while; the others are stored."""
    others = [f"https://{n}.example/feed" for n in (1, 2)]
    for url in (others[0], URL, others[1]):
        await store.add_feed(url, backfill=1, now=clock.now())
    publisher.publish(others[0], entry(1))
    publisher.publish(others[1], entry(2))
    publisher.faults[URL] = IndexError("a shape of bytes that nobody thought of")
    first, tripped, second = await refresher.run_due()
    assert [first.stored, second.stored] == [1, 1]
    assert (tripped.outcome, tripped.error.code) == ("failed", "defect")
    assert isinstance(tripped.error.__cause__, IndexError)
    assert await refresher.run_due() == []
    clock.tick(seconds=refresh.REST.total_seconds())
    assert [one.url for one in await refresher.run_due()] == [URL]
