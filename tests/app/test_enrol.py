"""The settings' feeds and subscriptions are brought into the store, kept over restarts, and follow the file."""

from datetime import timedelta

import pytest

from digestbot.app.compose import read_settings
from digestbot.app.enrol import NOT_LISTED, enrol
from digestbot.config import FeedSettings, Settings, SubscriptionSettings
from digestbot.domain.errors import ConfigError
from digestbot.domain.subscription import OPERATOR, Channel, Filter, Subscription, Workspace
from tests.fakes.clock import START
from tests.fakes.store import MemoryStore

FEED = FeedSettings(url="https://news.example/feed", title="Example")


@pytest.fixture
def store():
    """Return a store."""
    return MemoryStore()


def settings(*subscriptions):
    """Return settings with one feed."""
    return Settings(feeds=(FEED,), subscriptions=subscriptions)


async def only(store):
    """Return the one subscription."""
    (subscription,) = await store.subscriptions()
    return subscription


async def test_a_subscription_is_due_at_its_next_local_time(store):
    """Eight in Berlin is seven in UTC in winter."""
    await enrol(settings(SubscriptionSettings(name="Brief", timezone="Europe/Berlin")), store, START)
    subscription = await only(store)
    assert subscription.next_edition_at == START + timedelta(days=1)
    assert (await store.feeds())[0].title == "Example"


async def test_a_feeds_filter_follows_the_file(store):
    """The file's rules are the operator's; changed or taken out there, they are so in the store; others' stay."""
    theirs = Workspace("slack", "T1")
    for rules in ({"exclude": ("sponsored",), "exclude_regex": r"\bad\b"}, {"languages": ("en",)}, {}):
        await enrol(Settings(feeds=(FEED.model_copy(update=rules),)), store, START)
        assert (await store.feeds())[0].filter == Filter(**rules)
        await store.add_feed(FEED.url, owner=theirs, now=START)
        assert [feed.filter for feed in await store.feeds_of(theirs)] == [Filter()]


def test_a_feeds_expression_that_is_none_is_refused_with_the_place(tmp_path):
    """It would hold up every digest that reads the feed; so it is told when the settings are read."""
    path = tmp_path / "digestbot.toml"
    path.write_text(f'[[feeds]]\nurl = "{FEED.url}"\nexclude_regex = "("\n', "utf-8")
    with pytest.raises(ConfigError, match=r"feeds\.0\.exclude_regex: is not a pattern RE2 knows"):
        read_settings(path)


async def test_a_restart_keeps_what_is_due(store):
    """Enrolling again changes nothing: a restart at the due minute neither skips nor repeats the edition."""
    wanted = settings(SubscriptionSettings(name="Brief"))
    await enrol(wanted, store, START)
    before = await only(store)
    await enrol(wanted, store, START + timedelta(hours=5))
    assert await only(store) == before


async def test_a_changed_schedule_is_due_anew(store):
    """A new time of day takes effect at once; the window goes on where it was."""
    await enrol(settings(SubscriptionSettings(name="Brief")), store, START)
    await enrol(settings(SubscriptionSettings(name="Brief", at=("09:30",))), store, START)
    assert (await only(store)).next_edition_at == START + timedelta(hours=2, minutes=30)


async def test_what_the_file_no_longer_lists_is_paused_and_comes_back(store):
    """A subscription taken out of the file stops posting; put back, it goes on; one made in chat is let be."""
    chat = Subscription(0, "Made in chat", Channel("slack", "C1", "T1"))
    await store.save_subscription(chat)
    wanted = settings(SubscriptionSettings(name="Brief"))
    await enrol(wanted, store, START)
    await enrol(settings(), store, START)
    assert {s.name: s.paused for s in await store.subscriptions()} == {"Made in chat": None, "Brief": NOT_LISTED}
    await enrol(wanted, store, START)
    assert all(s.paused is None for s in await store.subscriptions())


async def test_a_feed_taken_out_of_the_file_is_no_longer_polled(store):
    """It is paused with the reason and goes on when it is named again; an imported feed is let be."""
    await store.add_feed("https://imported.example/feed", now=START)
    await enrol(settings(), store, START)
    await enrol(Settings(), store, START)
    assert {f.url: f.paused for f in await store.feeds()} == {
        FEED.url: NOT_LISTED,
        "https://imported.example/feed": None,
    }
    await enrol(settings(), store, START)
    assert [f.paused for f in await store.feeds()] == [None, None]


async def test_a_feed_taken_out_of_the_file_is_still_read_for_a_workspace_that_has_it(store):
    """It is paused for the operator alone, and goes on for them when the file names it again."""
    await enrol(settings(), store, START)
    await store.add_feed(FEED.url, owner=Workspace("slack", "T1"), now=START)
    await enrol(Settings(), store, START)
    assert [f.paused for f in await store.feeds_of(OPERATOR)] == [NOT_LISTED]
    assert len(await store.due_feeds(START)) == 1
    await enrol(settings(), store, START)
    assert [f.paused for f in await store.feeds_of(OPERATOR)] == [None]


class _Many(MemoryStore):
    """A store in which there are more feeds than anybody should read at a start."""

    async def feeds(self, *, listed=False):
        assert listed
        return await super().feeds(listed=listed)

    async def feeds_of(self, home):
        raise AssertionError(home)


async def test_a_start_reads_the_files_feeds_alone():
    """A hundred thousand feeds that were imported or subscribed to in chat cost a start nothing."""
    store = _Many()
    for wanted in (settings(), Settings(), settings()):
        await enrol(wanted, store, START)
    assert [feed.paused for feed in await store.feeds(listed=True)] == [None]
