"""An edition is made once, says only what is new to its channel, and shows only what a reader can see verbatim."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta

import numpy as np
import pytest

from digestbot.domain.digest import Quotation
from digestbot.domain.errors import InferenceError, NotPermitted, StoreUnavailable
from digestbot.domain.news import Polling
from digestbot.domain.subscription import (
    OPERATOR,
    Channel,
    Filter,
    Schedule,
    Subscription,
    Workspace,
    WorkspaceSettings,
)
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.owners import Owners
from digestbot.pipeline.publish import Publisher
from digestbot.pipeline.refresh import Refresher
from digestbot.ports import NewArticle, RefreshRecord
from tests.fakes.chat import FakeChat
from tests.fakes.clock import START, FakeClock
from tests.fakes.inference import FakeEmbedder, FakeSummarizer
from tests.fakes.sources import FakePublisher, entry
from tests.fakes.store import MemoryStore

CHANNEL = Channel("slack", "C1", "T1")
SCHEDULE = Schedule(at=(time(8, 0),))
WORDS = "We will close the harbour gates on Monday and open them when the tide is out."


class House:
    """A whole pipeline over fakes."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock, self.press, self.chat = FakeClock(), FakePublisher(), FakeChat()
        self.store = store or MemoryStore()
        self.embedder, self.summarizer = FakeEmbedder(), FakeSummarizer()
        self.refresher = Refresher(self.store, self.press, self.press, self.embedder, self.clock)
        self.briefer = Briefer(self.store, self.summarizer, self.embedder, self.clock)
        self.publisher = Publisher(self.store, self.briefer, {"slack": self.chat}, self.clock)
        self.number = 0

    async def subscribe(self, **changes: object) -> Subscription:
        """Add a subscription due at eight; changes are its fields."""
        subscription = Subscription(0, "Morning brief", CHANNEL, SCHEDULE, next_edition_at=START + timedelta(hours=1))
        return await self.store.save_subscription(replace(subscription, **changes))

    async def report(self, outlet: str, title: str, text: str) -> None:
        """Let an outlet report something, and refresh."""
        url = f"https://news.example/{outlet}"
        if await self.store.feed_by_url(url) is None:
            feed = await self.store.add_feed(url, title=outlet, backfill=5, now=self.clock.now())
            await self.store.record_refresh(
                RefreshRecord(feed.id, Polling(self.clock.now()), baseline_at=self.clock.now()), self.clock.now()
            )
        self.number += 1
        self.press.page(self.number, text)
        self.press.publish(url, entry(self.number, title, key=f"{outlet}{self.number}"))
        self.clock.tick(minutes=31)
        await self.refresher.run_due()

    async def shown(self) -> list[str]:
        """Return the text of every message owed to the channel, oldest delivery first."""
        deliveries = [*await self.store.deliveries("pending")][::-1]
        return [str(part.message.payload["text"]) for delivery in deliveries for part in delivery.parts]


@pytest.fixture
def house():
    """Return a house."""
    return House()


async def gates(house):
    """Report a story with a quotation by a named speaker."""
    text = f"The council voted on Tuesday to build the gates. “{WORDS}” said Nora Lind, the harbour master."
    await house.report("Courier", "Saltmere council votes to build harbour gates", text)


async def test_an_edition_is_made_when_due_and_once(house):
    """Before its time nothing is made; at its time one edition; asked again, none."""
    await house.subscribe()
    await gates(house)
    assert await house.publisher.run_due() == []
    house.clock.tick(minutes=30)
    (done,) = await house.publisher.run_due()
    assert (done.outcome, done.stories) == ("published", 1)
    assert await house.publisher.run_due() == []
    assert "Saltmere council votes" in "\n".join(await house.shown())


class _Busy(MemoryStore):
    """A store in which something happens once while an edition is being made."""

    meanwhile = None

    async def posted_articles(self, channel):
        if self.meanwhile:
            happens, self.meanwhile = self.meanwhile, None
            await happens
        return await super().posted_articles(channel)


async def test_a_schedule_changed_while_an_edition_is_made_says_when_the_next_one_comes():
    """The one being made is posted; the next one comes at the new time, not at the old schedule's."""
    house = House(_Busy())
    made = await house.subscribe()
    await gates(house)
    house.clock.tick(hours=1)
    soon = house.clock.now() + timedelta(hours=2)
    changed = replace(made, schedule=Schedule(at=(time(10, 31),)), next_edition_at=soon)
    house.store.meanwhile = house.store.save_subscription(changed, made)
    (done,) = await house.publisher.run_due()
    assert done.outcome == "published"
    assert (await house.store.subscription(made.id)).next_edition_at == soon


async def test_quiet_hours_set_while_an_edition_is_made_hold_for_the_one_after_it():
    """It is still due, so it is made anew by the new schedule, once."""
    house = House(_Busy())
    made = await house.subscribe()
    await gates(house)
    house.clock.tick(hours=1)
    late = replace(SCHEDULE, at=(time(8, 0), time(23, 0)), quiet_from=time(22, 0), quiet_to=time(6, 0))
    house.store.meanwhile = house.store.save_subscription(replace(made, schedule=late), made)
    outcomes = [one.outcome for _ in range(3) for one in await house.publisher.run_due()]
    assert outcomes == ["failed", "published"]
    assert (await house.store.subscription(made.id)).next_edition_at == START + timedelta(hours=23)


async def test_a_quotation_comes_with_its_speaker(house):
    """The key quote stands in the card, word for word, with the full name."""
    await house.subscribe()
    await gates(house)
    house.clock.tick(hours=1)
    await house.publisher.run_due()
    text = "\n".join(await house.shown())
    assert WORDS.removesuffix(".") in text
    assert "Nora Lind" in text


async def test_a_quotation_a_reader_would_not_see_verbatim_is_dropped(house):
    """Where a platform's rendering changes a character of a quotation, it is left out and counted."""
    await house.subscribe()
    await gates(house)
    house.chat.garble("harbour gates on Monday")
    house.clock.tick(hours=1)
    (done,) = await house.publisher.run_due()
    assert done.dropped == (("rendered", 1),)
    (delivery,) = await house.store.deliveries("pending")
    digest = await house.store.digest(delivery.edition)
    assert not [b for card in digest.cards for b in card.blocks if isinstance(b, Quotation)]
    assert "Saltmere council votes" in "\n".join(await house.shown())


async def test_nothing_is_posted_twice_to_a_channel(house):
    """The next day's edition says nothing of what was posted, and with nothing new it is silent."""
    await house.subscribe()
    await gates(house)
    house.clock.tick(hours=1)
    await house.publisher.run_due()
    house.clock.tick(days=1)
    (done,) = await house.publisher.run_due()
    assert done.outcome == "nothing"
    assert len(await house.store.deliveries("pending")) == 1


async def test_two_editions_made_at_once_tell_one_channel_nothing_twice(house):
    """Made by two workers at the same moment, the later one is made anew, without what the earlier one told."""
    mine = [await house.subscribe(name=name) for name in ("Morning brief", "Harbour news")]
    await gates(house)
    house.clock.tick(hours=1)
    done = await asyncio.gather(*(house.publisher.run_one(one.id) for one in mine))
    assert sorted(one.outcome for one in done) == ["failed", "published"]
    assert [one.outcome for one in await house.publisher.run_due()] == ["nothing"]
    assert "\n".join(await house.shown()).count("Saltmere council votes") == 1


async def test_a_clock_that_steps_back_hides_no_news(house):
    """What is fetched after the step, at a time the last edition seems to have read already, is in the next one."""
    await house.subscribe()
    await gates(house)
    house.clock.tick(hours=3)
    await house.publisher.run_due()
    house.clock.tick(hours=-2)
    await house.publisher.run_due()
    await house.report("Herald", "Night ferry to Norra is cancelled", "The night ferry to Norra does not sail. " * 3)
    house.clock.tick(days=1)
    (done,) = await house.publisher.run_due()
    assert done.outcome == "published"
    assert "Night ferry" in (await house.shown())[-1]


@pytest.mark.parametrize("ahead", [timedelta(minutes=40), timedelta(days=1, hours=12), timedelta(days=365)])
@pytest.mark.parametrize("schedule", [SCHEDULE, Schedule("instant")], ids=["daily", "instant"])
async def test_a_clock_that_was_ahead_skips_no_edition(house, schedule, ahead):
    """After it is set right, editions come when the schedule says: news is told within a day, once, and so on."""
    await house.subscribe(schedule=schedule)
    await gates(house)
    house.clock.tick(seconds=ahead.total_seconds())
    await house.publisher.run_due()
    house.clock.tick(seconds=-ahead.total_seconds())
    await house.publisher.run_due()
    await house.report("Herald", "Night ferry to Norra is cancelled", "The night ferry to Norra does not sail. " * 3)
    outcomes = []
    for _ in range(3 * 48):
        house.clock.tick(minutes=30)
        outcomes += [done.outcome for done in await house.publisher.run_due()]
    told = "\n".join(await house.shown())
    assert told.count("Night ferry to Norra is cancelled") == 1
    assert told.count("Saltmere council votes") == 1
    assert outcomes.count("already") <= 1
    assert len(outcomes) >= 3
    (after,) = await house.store.subscriptions()
    assert after.next_edition_at <= house.clock.now() + timedelta(days=1)


async def test_news_that_a_clock_ahead_has_stored_waits_for_no_time_to_come(house):
    """An article stored at nine by a clock that was wrong is in the edition at eight."""
    await house.subscribe()
    house.clock.tick(hours=2)
    await gates(house)
    house.clock.tick(hours=-1)
    (done,) = await house.publisher.run_due()
    assert (done.outcome, done.stories) == ("published", 1)


async def test_missed_editions_are_made_once(house):
    """After three days asleep one edition stands for all, and the next is due at its usual time."""
    await house.subscribe()
    await gates(house)
    house.clock.tick(days=3)
    (done,) = await house.publisher.run_due()
    assert done.missed == 2
    (subscription,) = await house.store.subscriptions()
    assert subscription.next_edition_at == START + timedelta(days=3, hours=1)


async def test_one_brief_serves_every_channel(house):
    """A story is condensed once, whatever the number of channels."""
    for number in range(3):
        await house.subscribe(name=f"Brief {number}", channel=replace(CHANNEL, id=f"C{number}"))
    await gates(house)
    house.clock.tick(hours=1)
    assert len(await house.publisher.run_due()) == 3
    assert len(house.summarizer.asked) == 1


async def test_a_story_that_cannot_be_condensed_costs_itself_alone(house):
    """When the engine fails on everything there is no digest of bare promises; nothing is lost with it."""
    await house.subscribe()
    await gates(house)
    house.summarizer.error = InferenceError("the engine fails")
    house.clock.tick(hours=1)
    (done,) = await house.publisher.run_due()
    assert (done.outcome, done.stories) == ("nothing", 0)


async def test_a_story_that_trips_us_up_costs_itself_alone(house):
    """A story whose text meets a fault of ours is left out, the fault is told, and the digest is made."""
    await house.subscribe()
    await gates(house)
    await house.report("Herald", "A ferry sank off Elm", "A ferry sank off Elm on Monday. Everybody was saved.")
    whole = house.summarizer.summarize

    async def trips(story, length="medium", *, interactive=False):
        if "ferry" in story.articles[0].title:
            raise IndexError("a shape of text that nobody thought of")
        return await whole(story, length, interactive=interactive)

    house.summarizer.summarize = trips
    house.clock.tick(hours=1)
    (done,) = await house.publisher.run_due()
    assert (done.outcome, done.stories) == ("published", 1)
    assert [(type(fault.__cause__), fault.code) for fault in done.faults] == [(IndexError, "defect")]
    assert "Saltmere council votes" in "\n".join(await house.shown())


async def test_a_digest_that_trips_us_up_costs_itself_alone(house):
    """A digest whose rendering meets a fault of ours is an outcome with the fault; the digests after it are made."""
    await house.subscribe(name="One")
    await house.subscribe(name="Two", channel=replace(CHANNEL, id="C2"))
    await gates(house)
    whole = house.chat.render

    def trips(digest):
        if "One" in digest.title:
            raise IndexError("a shape of text that nobody thought of")
        return whole(digest)

    house.chat.render = trips
    house.clock.tick(hours=1)
    one, two = await house.publisher.run_due()
    assert (one.outcome, one.error.code, two.outcome) == ("failed", "defect", "published")


async def test_an_article_without_text_is_not_shown(house):
    """A headline with no text behind it is no story to condense."""
    await house.subscribe()
    await house.report("Courier", "A headline and nothing else", " ")
    house.clock.tick(hours=1)
    (done,) = await house.publisher.run_due()
    assert done.outcome == "nothing"


async def test_options_that_cannot_be_used_pause_their_subscription_alone(house):
    """A filter that is no expression pauses its subscription with the reason; the others are served."""
    await house.subscribe(filter=Filter(include_regex="("))
    await house.subscribe(name="Other", channel=replace(CHANNEL, id="C2"))
    await gates(house)
    house.clock.tick(hours=1)
    done = {one.outcome for one in await house.publisher.run_due()}
    assert done == {"failed", "published"}
    paused = [s for s in await house.store.subscriptions() if s.paused]
    assert [s.name for s in paused] == ["Morning brief"]


async def test_a_schedule_that_cannot_be_used_pauses_its_digest_alone(house):
    """A time zone that is known no more stops neither the other digests nor a worker; its people are told once."""
    house.publisher.owners = Owners(house.store, {"slack": house.chat}, [], house.clock)
    lost = Schedule(timezone="Atlantis/Poseidonis")
    first = await house.subscribe(name="Lost", schedule=lost)
    second = await house.subscribe(name="Lost, too", schedule=lost, channel=replace(CHANNEL, id="C3"))
    await house.subscribe(name="Other", channel=replace(CHANNEL, id="C2"))
    await gates(house)
    house.clock.tick(hours=1)
    assert (await house.publisher.run_one(second.id)).outcome == "failed"
    assert [one.outcome for one in await house.publisher.run_due()] == ["failed", "published"]
    assert "is not an IANA time zone" in str((await house.store.subscription(first.id)).paused)
    assert [said.text.partition(" is")[0] for said in house.chat.posted] == ["“Lost, too”", "“Lost”"]


async def test_people_are_told_of_a_digest_paused_for_its_options(house):
    """Who looks after it hears once what is wrong: in their channel for problems, else in the digest's own."""
    house.publisher.owners = Owners(house.store, {"slack": house.chat}, [], house.clock)
    await gates(house)
    for name in ("One", "Two"):
        await house.subscribe(name=name, filter=Filter(include_regex="("))
        house.clock.tick(hours=1)
        (done,) = await house.publisher.run_due()
        assert (done.outcome, done.untold) == ("failed", None)
        assert await house.publisher.run_due() == []
        await house.store.save_workspace(CHANNEL.home, "News", WorkspaceSettings(admin_channel="C9"), START)
    one, two = house.chat.posted
    assert (one.channel, two.channel) == (CHANNEL, replace(CHANNEL, id="C9"))
    assert one.text.startswith("“One” is paused for ")
    assert "include_regex" in one.text
    house.chat.refuse(NotPermitted(str(CHANNEL)), times=2)
    await house.subscribe(name="Three", filter=Filter(include_regex="("))
    house.clock.tick(hours=1)
    (done,) = await house.publisher.run_due()
    assert isinstance(done.untold, NotPermitted)


async def test_a_feeds_filter_works_at_once_on_what_is_stored(house):
    """A rule made after the article came keeps it out of the edition; without the rule it comes in the next one."""
    await house.subscribe()
    await gates(house)
    (feed,) = await house.store.feeds()
    await house.store.filter_feed(feed.id, OPERATOR, Filter(exclude=("harbour",)))
    house.clock.tick(hours=1)
    (done,) = await house.publisher.run_due()
    assert done.outcome == "nothing"
    await house.store.filter_feed(feed.id, OPERATOR, Filter())
    (wanted,) = await house.store.subscriptions()
    now = house.clock.now()
    draft = await house.publisher.draft(replace(wanted, window_from=now - timedelta(hours=3)), now, now)
    assert len(draft.selection.chosen) == 1


async def test_a_workspaces_filter_of_a_feed_is_not_anothers(house):
    """Two workspaces have the operator's feed as their own too: the rules of one stop nothing in the other."""
    homes = [Workspace("slack", "T1"), Workspace("slack", "T2")]
    await gates(house)
    (feed,) = await house.store.feeds()
    for home in homes:
        await house.store.add_feed(feed.url, owner=home, now=house.clock.now())
        await house.subscribe(channel=Channel("slack", "C1", home.id), feeds=(feed.id,))
    await house.store.filter_feed(feed.id, homes[0], Filter(exclude=("harbour",)))
    house.clock.tick(hours=1)
    assert [one.outcome for one in await house.publisher.run_due()] == ["nothing", "published"]


async def test_a_store_that_fails_leaves_the_edition_due(house, monkeypatch):
    """When the edition cannot be written it is made at the next tick."""
    await house.subscribe()
    await gates(house)
    house.clock.tick(hours=1)
    publish = house.store.publish

    async def full(*_, **__):
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(house.store, "publish", full)
    (failed,) = await house.publisher.run_due()
    assert failed.outcome == "failed"
    monkeypatch.setattr(house.store, "publish", publish)
    (done,) = await house.publisher.run_due()
    assert done.outcome == "published"


async def test_a_preview_writes_nothing(house):
    """A draft is a whole digest; afterwards the edition is still due and nothing is posted."""
    subscription = await house.subscribe()
    await gates(house)
    draft = await house.publisher.draft(subscription, START + timedelta(hours=1), house.clock.now())
    assert draft.messages
    assert await house.store.deliveries("pending") == []
    assert await house.store.posted_articles(CHANNEL) == {}


async def test_platforms_that_are_off_stay_due(house):
    """A subscription to a platform without an adapter keeps its due time."""
    await house.subscribe(channel=Channel("discord", "1"))
    house.clock.tick(hours=2)
    assert await house.publisher.run_due() == []
    (subscription,) = await house.store.subscriptions()
    assert subscription.next_edition_at == START + timedelta(hours=1)


async def test_instant_mode_looks_again_soon_and_rests_after_news(house):
    """With nothing new it looks again within a minute; after posting it rests for its cool-down."""
    await house.subscribe(schedule=Schedule(frequency="instant"), next_edition_at=START)
    (silent,) = await house.publisher.run_due()
    assert silent.outcome == "nothing"
    (subscription,) = await house.store.subscriptions()
    assert subscription.next_edition_at == house.clock.now() + timedelta(minutes=1)
    await gates(house)
    (posted,) = await house.publisher.run_due()
    assert posted.outcome == "published"
    (subscription,) = await house.store.subscriptions()
    assert subscription.next_edition_at > house.clock.now() + timedelta(minutes=10)


async def parted(house):
    """Let two outlets report one event, of which a careful stream makes two stories."""
    text = "Saltmere council voted on Monday night to build nineteen harbour gates for 340 million dollars."
    await house.report("Courier", "Saltmere council votes to build nineteen harbour gates", text)
    house.refresher.window = timedelta(0)
    house.refresher._open = None
    await house.report("Wire", "Saltmere council votes for nineteen harbour gates", text)


async def test_stories_on_one_event_are_joined_before_posting(house):
    """Two stories that a careful stream kept apart are one card, and one story from then on."""
    await house.subscribe()
    await parted(house)
    house.clock.tick(hours=1)
    (done,) = await house.publisher.run_due()
    assert done.stories == 1
    assert len(await house.store.stories(START - timedelta(days=1), house.clock.now())) == 1


async def test_what_comes_while_stories_are_joined_is_no_story_kept_apart(house):
    """An article that comes to a story just then goes along; left behind it would be told again, for ever apart."""
    await house.subscribe()
    await parted(house)
    one, two = await house.store.stories(START - timedelta(days=1), house.clock.now())
    read, vector = house.store.kept_apart, np.eye(384, dtype=np.float32)[0]

    async def meanwhile(story_ids):
        found = await read(story_ids)
        feed = await house.store.feed(two.articles[0].feed_id)
        late = NewArticle(replace(two.articles[0], id=0, key="late", url="https://wire.example/late"), vector, two.id)
        await house.store.record_refresh(RefreshRecord(feed.id, feed.polling, articles=(late,)), house.clock.now())
        return found

    house.store.kept_apart = meanwhile
    house.clock.tick(hours=1)
    await house.publisher.run_due()
    assert len((await house.store.story(two.id)).articles) == 3
    assert await read([one.id, two.id]) == frozenset()


async def test_an_impatient_asker_is_told_what_is_still_being_made(house):
    """Who waits no longer gets the headline and the word that more is to come; asked again, the summary is there."""
    subscription = await house.subscribe()
    await gates(house)
    gate, summarize = asyncio.Event(), house.summarizer.summarize

    async def slow(*args, **kwargs):
        await gate.wait()
        return await summarize(*args, **kwargs)

    house.summarizer.summarize = slow
    at = START + timedelta(hours=1)
    draft = await house.publisher.draft(subscription, at, house.clock.now(), patience=0.01)
    assert "still being made" in str(draft.messages)
    gate.set()
    draft = await house.publisher.draft(subscription, at, house.clock.now(), patience=5)
    assert "still being made" not in str(draft.messages)
    assert "voted on Tuesday" in str(draft.messages)


async def test_a_story_without_text_keeps_no_other_from_being_briefed(house):
    """A story with nothing to condense is an outcome of its own; the stories after it are briefed."""
    await house.report("Courier", "A headline and nothing else", " ")
    await gates(house)
    summarize = house.summarizer.summarize

    async def strict(story, *args, **kwargs):
        if not story.articles[0].text.strip():
            raise InferenceError("there is no sentence")
        return await summarize(story, *args, **kwargs)

    house.summarizer.summarize = strict
    done = await house.briefer.run_due()
    assert sorted(one.error is None for one in done) == [False, True]


async def test_one_subscription_is_published_only_while_it_is_due(house):
    """A job for one subscription makes its edition once; early, paused or gone it does nothing."""
    subscription = await house.subscribe()
    await gates(house)
    assert await house.publisher.run_one(subscription.id) is None
    house.clock.tick(minutes=30)
    assert (await house.publisher.run_one(subscription.id)).outcome == "published"
    assert await house.publisher.run_one(subscription.id) is None
    house.clock.tick(hours=24)
    await house.store.pause_subscription(subscription.id, "by hand")
    assert await house.publisher.run_one(subscription.id) is None
    assert await house.publisher.run_one(999) is None
