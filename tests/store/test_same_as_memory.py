"""SQLite does what the model in memory does, whatever is asked of both, in whatever order (stateful property test)."""

import asyncio
import os
import shutil
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from digestbot.domain.digest import Edition, Receipt
from digestbot.domain.errors import DigestbotError
from digestbot.domain.news import Feed, Polling
from digestbot.domain.subscription import OPERATOR, Channel, Filter, Schedule, Workspace
from digestbot.ports import Retention, brief_key
from digestbot.store import open_store
from tests.fakes.store import MemoryStore
from tests.store.making import DAY, HOUR, NOW, article, brief, digest, messages, new, record, subscription

IDS = st.integers(1, 4)
KEYS = st.lists(st.sampled_from("abcdefgh"), max_size=3)
HOMES = st.one_of(st.none(), st.integers(-2, -1), IDS)
CHANNELS = st.sampled_from([Channel("slack", "C", "T"), Channel("slack", "D", "T"), Channel("discord", "C", "G")])
HOMES_OF_FEEDS = (OPERATOR, Workspace("slack", "T"), Workspace("discord", "G"))
WORKSPACES = st.sampled_from(HOMES_OF_FEEDS)
FEW = 6
EXAMPLES = int(os.environ.get("STATEFUL_EXAMPLES", str(FEW)))
"""Sequences of calls; the few of every test run are always the same."""
STATES = ("pending", "sending", "sent", "undeliverable")
SHORT = Retention(articles=3 * DAY, briefs=2 * DAY, receipts=3 * DAY)


class TwoStores(RuleBasedStateMachine):
    """Everything is asked of both stores; answers, refusals and what is then there must be equal."""

    template: Path

    @initialize()
    def open(self):
        """Open a store of each kind, both empty."""
        self.folder = Path(tempfile.mkdtemp(prefix="digestbot-two-stores-"))
        shutil.copy(self.template, self.folder / "x.db")
        self.runner = asyncio.Runner()
        self.now = NOW
        self.memory = MemoryStore()
        self.sqlite = self.runner.run(open_store(f"sqlite:///{self.folder / 'x.db'}", migrate=False))
        self.steps = 0
        for number in (1, 2):
            feed = self.both("add_feed", f"https://{number}.example/", now=NOW)
            self.both("record_refresh", record(feed, new("a"), new("b", -1), new("c", -1), baseline_at=NOW), NOW)
            self.both("save_subscription", subscription(str(number)))

    def teardown(self):
        """Close the file and remove it; it is whole."""
        if hasattr(self, "sqlite"):
            self.everything_is_equal()
            assert self.runner.run(self.sqlite.integrity()) == []
            self.runner.run(self.sqlite.close())
            self.runner.close()
            shutil.rmtree(self.folder)

    def both(self, name, *arguments, **options):
        """Call a method on both stores and compare; return the answer, or None where both refuse alike."""
        answers = []
        for store in (self.memory, self.sqlite):
            try:
                answers.append(self.runner.run(getattr(store, name)(*arguments, **options)))
            except DigestbotError as error:
                answers.append(type(error))
        assert answers[0] == answers[1], f"{name}{arguments}{options}"
        return None if isinstance(answers[0], type) else answers[0]

    # ── what can be asked ────────────────────────────────────────────────────

    @rule(hours=st.integers(-1, 60))
    def time_passes(self, hours):
        """Time goes on, and sometimes an hour back."""
        self.now += hours * HOUR

    @rule(number=IDS, title=st.sampled_from(["", "Ours"]), backfill=st.integers(0, 2))
    def add_feed(self, number, title, backfill):
        """Add a feed, or change it."""
        self.both("add_feed", f"https://{number}.example/", title=title, backfill=backfill, now=self.now)

    @rule(feed_id=IDS)
    def remove_feed(self, feed_id):
        """Remove a feed."""
        self.both("remove_feed", feed_id)

    @rule(
        number=IDS,
        home=WORKSPACES,
        title=st.sampled_from(["", "Theirs"]),
        topics=st.sampled_from([(), ("a",)]),
        weight=st.sampled_from([1.0, 2.0]),
    )
    def own_feed(self, number, home, title, topics, weight):
        """A workspace takes a feed for its own, or says anew what it is there."""
        given = {"title": title, "topics": topics, "weight": weight}
        self.both("add_feed", f"https://{number}.example/", **given, owner=home, now=self.now)

    @rule(feed_id=IDS, home=WORKSPACES, reason=st.sampled_from([None, "enough"]))
    def pause_own(self, feed_id, home, reason):
        """A workspace pauses its feed or resumes it."""
        self.both("pause_own", feed_id, home, reason)

    @rule(feed_id=IDS, home=WORKSPACES, words=st.sampled_from([(), ("ferry",), ("ferry", "Ø")]))
    def filter_feed(self, feed_id, home, words):
        """A workspace, or the operator, says what it lets through of its feed, or takes that back."""
        self.both("filter_feed", feed_id, home, Filter(exclude=words))

    @rule(feed_id=IDS, home=WORKSPACES)
    def disown_feed(self, feed_id, home):
        """A workspace lets go of a feed."""
        self.both("disown_feed", feed_id, home)

    @rule(feed_id=IDS, reason=st.sampled_from([None, "gone"]))
    def pause_feed(self, feed_id, reason):
        """Pause or resume a feed."""
        self.both("pause_feed", feed_id, reason)

    @rule(
        feed_id=IDS, keys=KEYS, seen=KEYS, home=HOMES, outlet=st.sampled_from("AB"), title=st.sampled_from([None, "T"])
    )
    def refresh(self, feed_id, keys, seen, home, outlet, title):
        """Write a refresh with new articles in one story or several."""
        if feed := self.both("feed", feed_id):
            polling = replace(feed.polling, checked_at=self.now, next_check_at=self.now + HOUR)
            found = record(feed, *(new(key, home, outlet=outlet) for key in keys), seen=seen, title=title)
            self.both("record_refresh", replace(found, polling=polling, baseline_at=self.now), self.now)

    @rule(
        feed_ids=st.lists(IDS, min_size=1, max_size=4, unique=True),
        keys=KEYS,
        home=HOMES,
        moved=st.one_of(st.none(), IDS),
        edited=st.sampled_from([None, "a", "b"]),
    )
    def refresh_many(self, feed_ids, keys, home, moved, edited):
        """Write the refreshes of several feeds at once: gone ones among them, and one that moved."""
        records = []
        for place, feed_id in enumerate(feed_ids):
            feed = self.both("feed", feed_id) or Feed(feed_id, "", "", Polling(self.now))
            url = f"https://{moved}.example/" if moved and not place else None
            edits = (article(edited, text="Many words."),) if edited else ()
            news = (new(key, home, url=f"https://example.org/{key}") for key in keys)
            records.append(record(feed, *news, url=url, edits=edits))
        self.both("record_refreshes", records, self.now)

    @rule(feed_id=IDS, failures=st.integers(0, 2), number=IDS)
    def fail_or_move(self, feed_id, failures, number):
        """Write a failed poll that also moved."""
        if feed := self.both("feed", feed_id):
            polling = replace(feed.polling, failures=failures, failing_since=self.now if failures else None)
            self.both(
                "record_refresh", replace(record(feed, url=f"https://{number}.example/"), polling=polling), self.now
            )

    @rule(feed_id=IDS, key=st.sampled_from("abcdefgh"), text=st.sampled_from(["Other words.", "More, and more."]))
    def edit(self, feed_id, key, text):
        """A publisher changes an article."""
        if feed := self.both("feed", feed_id):
            self.both("record_refresh", record(feed, edits=(article(key, text=text),)), self.now)

    @rule(articles=st.lists(st.integers(1, 9), max_size=3, unique=True), story_id=st.one_of(st.none(), IDS))
    def move(self, articles, story_id):
        """A manager splits or merges stories."""
        self.both("move_articles", articles, story_id)

    @rule(story_ids=st.lists(IDS, max_size=3), into_id=IDS)
    def join(self, story_ids, into_id):
        """Stories turn out to be one."""
        self.both("join_stories", story_ids, into_id)

    @rule(story_id=IDS, engine=st.sampled_from("ef"))
    def make_brief(self, story_id, engine):
        """Brief a story under its present key, with a quotation where its first article has one."""
        if story := self.both("story", story_id):
            made = replace(brief(story, quoted="“" in story.articles[0].text), made_at=self.now)
            self.both("save_brief", brief_key(story.sources_hash, engine, "medium"), made)

    @rule(
        name=st.sampled_from("MN"),
        channel=CHANNELS,
        due=st.one_of(st.none(), st.integers(-9, 9)),
        number=st.integers(0, 3),
        before=st.one_of(st.none(), st.sampled_from("MN")),
    )
    def subscribe(self, name, channel, due, number, before):
        """Add or change a subscription, perhaps by what differs from an earlier one alone."""
        wanted = replace(subscription(name, channel, due=None if due is None else self.now + due * HOUR), id=number)
        read = replace(subscription(before, channel, due=self.now), id=number) if before else None
        self.both("save_subscription", wanted, read)

    @rule(number=IDS, reason=st.sampled_from([None, "gone"]))
    def pause_subscription(self, number, reason):
        """Pause or resume a subscription."""
        self.both("pause_subscription", number, reason)

    @rule(number=IDS)
    def unsubscribe(self, number):
        """Remove a subscription."""
        self.both("remove_subscription", number)

    @rule(
        number=IDS,
        back=st.integers(0, 2),
        parts=st.integers(0, 3),
        shown=st.dictionaries(IDS, IDS, max_size=3),
        channel=CHANNELS,
        schedule=st.sampled_from([None, Schedule(), Schedule("hourly")]),
    )
    def publish(self, number, back, parts, shown, channel, schedule):
        """Publish an edition, perhaps one that is written already."""
        edition = Edition(number, self.now - back * HOUR)
        self.both(
            "publish",
            edition,
            channel=channel,
            digest=digest(edition) if parts else None,
            messages=messages(parts),
            article_ids=shown,
            next_edition_at=self.now + DAY,
            window_from=self.now,
            schedule=schedule,
        )

    @rule(number=IDS, part=st.integers(0, 3), attempt=st.sampled_from("xy"))
    def send(self, number, part, attempt):
        """Mark a part as being sent."""
        self.both("mark_sending", number, part, attempt, self.now)

    @rule(number=IDS, part=st.integers(0, 3), message=st.sampled_from("mn"))
    def receive(self, number, part, message):
        """Write a receipt."""
        self.both("record_receipt", Receipt(number, part, message, self.now))

    @rule(number=IDS, part=st.integers(0, 3), step=st.sampled_from(["postpone", "reset_part", "give_up"]))
    def hinder(self, number, part, step):
        """Postpone, reset or give up."""
        rest = {"postpone": (self.now + HOUR, "wait"), "reset_part": (part,), "give_up": ("gone",)}
        self.both(step, number, *rest[step])

    @rule(hours=st.integers(0, 48))
    def set_clocks_right(self, hours):
        """Find that a clock was ahead."""
        beyond = self.now + hours * HOUR
        self.both("end_waits", self.now - DAY, beyond)
        ahead = self.both("windows_after", beyond)
        self.both("end_windows", dict.fromkeys([one.id for one in ahead], self.now), self.now, beyond)

    @rule()
    def prune(self):
        """Clean up."""
        self.both("prune", SHORT, self.now)

    @rule(channel=CHANNELS)
    def forget(self, channel):
        """Forget a workspace."""
        self.both("forget", channel.platform, channel.workspace)

    @rule()
    def restore(self):
        """Take the stores for restored backups."""
        self.both("settle_restored", self.now)

    # ── what must then be equal ──────────────────────────────────────────────

    @invariant()
    def counts_are_equal(self):
        """The counts after every step, everything after every fifth: a look costs more than a step."""
        self.both("status", self.now)
        self.steps += 1
        if self.steps % 5 == 0:
            self.everything_is_equal()

    def everything_is_equal(self):
        """All that can be read."""
        self.feeds_are_equal()
        self.news_is_equal()
        self.editions_are_equal()

    def feeds_are_equal(self):
        """Feeds, marks and what is due."""
        for feed in self.both("feeds"):
            self.both("seen", feed.id)
        self.both("due_feeds", self.now, limit=3)
        self.both("failing_feeds")
        for home in HOMES_OF_FEEDS:
            self.both("feeds_of", home)
            self.both("status", self.now, home)

    def news_is_equal(self):
        """Stories, centroids, decisions, briefs and search."""
        stories = self.both("stories", NOW - 900 * DAY, NOW + 900 * DAY)
        opened = [self.runner.run(store.open_stories(NOW - 900 * DAY)) for store in (self.memory, self.sqlite)]
        for mine, theirs in zip(*opened, strict=True):
            np.testing.assert_allclose(mine.centroid, theirs.centroid, atol=1e-6)
        self.both("kept_apart", [story.id for story in stories])
        self.both("stale_stories", self.now - DAY, "e", "medium")
        for number in range(1, 5):
            self.both("story", number)
        for story in stories:
            self.both("brief", story.id, brief_key(story.sources_hash, "e", "medium"))
        hits = [sorted(self.runner.run(s.search("words", limit=99)), key=repr) for s in (self.memory, self.sqlite)]
        assert hits[0] == hits[1]

    def editions_are_equal(self):
        """Subscriptions, archive, outbox, memory and counts."""
        for saved in self.both("subscriptions"):
            self.both("editions", saved.id)
        self.both("due_subscriptions", self.now)
        self.both("due_deliveries", self.now)
        for state in STATES:
            self.both("deliveries", state)
        for channel in (Channel("slack", "C", "T"), Channel("discord", "C", "G")):
            self.both("posted_articles", channel)


@pytest.mark.slow
def test_sqlite_does_what_memory_does(migrated_file):
    """No sequence of calls tells the database from the model."""
    machine = type("Machine", (TwoStores,), {"template": migrated_file})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=40,
            deadline=timedelta(seconds=30),
            derandomize=EXAMPLES == FEW,
            database=None,
            # Shrinking takes minutes here; forty steps can be read as they are.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
