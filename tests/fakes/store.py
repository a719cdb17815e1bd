"""A Store in memory: the whole port in plain Python, for tests; also the model the databases are compared with.

Every method runs without giving way, so each is one transaction. What goes in is what comes out: nothing is
serialised.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import numpy as np

from digestbot.domain.digest import Delivery, DeliveryState, Digest, Edition, Message, Part, Receipt
from digestbot.domain.errors import Conflict, NotFound, NotVerbatim
from digestbot.domain.news import Article, Brief, Feed, Polling, Quote, Story
from digestbot.domain.subscription import Channel, Length, Platform, Schedule, Subscription, Workspace, changed_since
from digestbot.domain.timekeeping import Timekeeping
from digestbot.editorial.searching import Term, excerpt, terms
from digestbot.ports import (
    Hit,
    Lease,
    LostQuote,
    NewArticle,
    Notice,
    OpenStory,
    Pruned,
    RefreshRecord,
    Retention,
    SearchKind,
    Status,
    Vector,
    brief_key,
)
from digestbot.store.columns import storable, stored_key
from digestbot.store.restored import ROOM, UNREAD
from tests.fakes.archive import MemoryArchive
from tests.fakes.watching import MemoryWatching
from tests.fakes.workspaces import MemoryWorkspaces

UNSENT = ("pending", "sending")


@dataclass(slots=True)
class FeedRow:
    """A feed with what the domain does not show of it."""

    feed: Feed
    name: str
    title: str = ""
    size: int = 0
    seen: dict[str, datetime] = field(default_factory=dict)


@dataclass(slots=True)
class Posted:
    """One article that a channel was given."""

    story_id: int
    url: str
    at: datetime


KINDS = ("feed", "story", "article", "subscription", "delivery", "notice", "snooze", "report", "correction", "change")
"""What has numbers."""


class MemoryFeeds:
    """The FeedStore port."""

    def __init__(self) -> None:
        self._ids: Counter[str] = Counter()
        self._feeds: dict[int, FeedRow] = {}
        self._articles: dict[int, Article] = {}
        self._vectors: dict[int, Vector] = {}
        self._home: dict[int, int] = {}
        self._stories: set[int] = set()
        self._merged: dict[int, int] = {}
        self._notices: dict[int, Notice] = {}
        self._taken: dict[int, datetime] = {}
        self._versions: dict[int, list[Article]] = {}
        self._lost: list[LostQuote] = []
        self._leases: dict[int, Lease] = {}
        self._apart: set[tuple[int, int]] = set()
        self._clock: Timekeeping | None = None

    def _next(self, kind: str) -> int:
        self._ids[kind] += 1
        return self._ids[kind]

    def _feed(self, feed_id: int) -> FeedRow:
        if feed_id not in self._feeds:
            raise NotFound("feed", feed_id)
        return self._feeds[feed_id]

    async def add_feed(
        self,
        url: str,
        *,
        title: str = "",
        topics: Sequence[str] = (),
        weight: float = 1.0,
        backfill: int = 0,
        listed: bool = False,
        now: datetime,
    ) -> Feed:
        row = next((row for row in self._feeds.values() if row.feed.url == url), None)
        if row is None:
            feed = Feed(self._next("feed"), url, title, Polling(next_check_at=now))
            row = self._feeds[feed.id] = FeedRow(feed, title)
        row.name = title
        row.feed = replace(row.feed, title=title or row.title, topics=tuple(topics), weight=weight, listed=listed)
        if row.feed.polling.checked_at is None:
            row.feed = replace(row.feed, backfill=backfill)
        return row.feed

    async def remove_feed(self, feed_id: int) -> None:
        self._feed(feed_id)
        del self._feeds[feed_id]
        self._leases.pop(feed_id, None)
        for key, article in self._articles.items():
            if article.feed_id == feed_id:
                self._articles[key] = replace(article, feed_id=0)

    async def feeds(self, *, listed: bool = False) -> Sequence[Feed]:
        return [row.feed for _, row in sorted(self._feeds.items()) if row.feed.listed or not listed]

    async def addresses(self) -> Sequence[str]:
        return [row.feed.url for row in self._feeds.values() if row.feed.paused is None]

    async def feed(self, feed_id: int) -> Feed:
        return self._feed(feed_id).feed

    async def feed_by_url(self, url: str) -> Feed | None:
        return next((row.feed for row in self._feeds.values() if row.feed.url == url), None)

    async def pause_feed(self, feed_id: int, reason: str | None) -> None:
        row = self._feed(feed_id)
        row.feed = replace(row.feed, paused=reason)

    async def failing_feeds(self, limit: int = 100) -> Sequence[Feed]:
        found = [feed for feed in await self.feeds() if feed.polling.failures or feed.paused is not None]

        def since(feed: Feed) -> tuple[bool, float]:
            at = feed.polling.failing_since
            return (at is None, at.timestamp() if at else 0)

        return sorted(found, key=since)[:limit]

    async def due_feeds(self, now: datetime, limit: int = 100) -> Sequence[Feed]:
        due = [f for f in await self.feeds() if f.paused is None and f.polling.next_check_at <= now]
        return sorted(due, key=lambda feed: feed.polling.next_check_at)[:limit]

    async def seen(self, feed_id: int) -> frozenset[str]:
        return frozenset(self._feeds[feed_id].seen) if feed_id in self._feeds else frozenset()

    async def record_refreshes(
        self, records: Sequence[RefreshRecord], now: datetime
    ) -> Sequence[Mapping[str, int] | None]:
        standing = [record for record in records if record.feed_id in self._feeds]
        started: dict[int, int] = {}
        went = {record.feed_id: self._take(record, started, now) for record in standing}
        for record in standing:
            for edit in record.edits:
                self._edit(record.feed_id, edit, now)
            self._note(record.feed_id, record.notice, now)
        for record in standing:
            self._move(record)
        return [went.get(record.feed_id) for record in records]

    async def record_refresh(self, record: RefreshRecord, now: datetime) -> Mapping[str, int]:
        self._feed(record.feed_id)
        (went,) = await self.record_refreshes([record], now)
        return went or {}

    def _take(self, record: RefreshRecord, started: dict[int, int], now: datetime) -> Mapping[str, int]:
        row = self._feed(record.feed_id)
        self._take_facts(row, record)
        fresh = set()
        for key in map(stored_key, (*record.seen, *(new.article.key for new in record.articles))):
            if key not in row.seen:
                row.seen[key] = now
                fresh.add(key)
            elif row.seen[key] < now - timedelta(days=1):
                row.seen[key] = now
        stored: dict[str, int] = {}
        for new in record.articles:
            key = stored_key(new.article.key)
            if key in fresh and key not in stored and not self._take_over(record.feed_id, new.article):
                stored[key] = self._store(record.feed_id, new, started, now)
        return {new.article.key: stored[k] for new in record.articles if (k := stored_key(new.article.key)) in stored}

    def _move(self, record: RefreshRecord) -> None:
        if record.url is None:
            return
        there = next((o.feed.id for o in self._feeds.values() if o.feed.url == record.url), None)
        if there is None:
            row = self._feed(record.feed_id)
            row.feed = replace(row.feed, url=record.url)
        elif there != record.feed_id:
            self._merge_feed(record.feed_id, there)

    def _take_facts(self, row: FeedRow, record: RefreshRecord) -> None:
        feed = replace(row.feed, polling=record.polling)
        row.title = record.title if record.title is not None else row.title
        row.size = max(row.size, len(set(record.seen)))
        row.feed = replace(
            feed,
            title=row.name or row.title,
            link=feed.link if record.link is None else record.link,
            language=feed.language if record.language is None else record.language,
            paused=feed.paused if record.paused is None else record.paused,
            baseline_at=feed.baseline_at or record.baseline_at,
        )

    def _take_over(self, feed_id: int, article: Article) -> bool:
        for old in self._articles.values():
            if old.key == stored_key(article.key) and old.feed_id == feed_id:
                return True
        for old in sorted(self._articles.values(), key=lambda a: a.id):
            if old.key == stored_key(article.key) and old.feed_id == 0 and old.url == storable(article.url):
                self._articles[old.id] = replace(old, feed_id=feed_id)
                return True
        return False

    def _store(self, feed_id: int, new: NewArticle, started: dict[int, int], now: datetime) -> int:
        home = self._lead(new.story_id) if new.story_id else None
        if home is None and new.story_id:
            home = started.get(new.story_id)
        if home is None:
            home = self._next("story")
            self._stories.add(home)
            if new.story_id:
                started[new.story_id] = home
        key = self._next("article")
        fetched_at = max(now, new.article.fetched_at or now)
        self._articles[key] = replace(clean(new.article), id=key, feed_id=feed_id, fetched_at=fetched_at)
        self._vectors[key] = np.asarray(new.vector, dtype=np.float32)
        self._home[key] = home
        return home

    def _edit(self, feed_id: int, edit: Article, now: datetime) -> None:
        for old in list(self._articles.values()):
            if old.id == edit.id or (not edit.id and (old.feed_id, old.key) == (feed_id, stored_key(edit.key))):
                changed = replace(clean(edit), id=old.id, feed_id=old.feed_id, key=old.key, fetched_at=old.fetched_at)
                self._keep_quoted(old, changed, now)
                self._articles[old.id] = changed

    def _lead(self, story_id: int) -> int | None:
        story_id = self._merged.get(story_id, story_id)
        return story_id if story_id in self._stories else None


def clean(article: Article) -> Article:
    """Return the article as a database would give it back."""
    return replace(
        article,
        url=storable(article.url),
        title=storable(article.title),
        text=storable(article.text),
        outlet=storable(article.outlet),
        key=stored_key(article.key),
        language=storable(article.language),
    )


class MemoryNews(MemoryFeeds):
    """The NewsStore port."""

    def __init__(self) -> None:
        super().__init__()
        self._briefs: dict[tuple[int, str], Brief] = {}

    def _members(self, story_id: int) -> tuple[Article, ...]:
        mine = [self._articles[key] for key, home in self._home.items() if home == story_id]
        return tuple(sorted(mine, key=lambda article: (article.fetched_at, article.id)))

    def _story(self, story_id: int) -> Story:
        members = self._members(story_id)
        times = [article.fetched_at for article in members if article.fetched_at]
        return Story(story_id, members, min(times), max(times))

    def _all(self) -> list[Story]:
        return [self._story(story_id) for story_id in sorted(self._stories)]

    async def open_stories(self, since: datetime) -> Sequence[OpenStory]:
        found = []
        for story in self._all():
            if story.last_seen >= since:
                mean = np.mean([self._vectors[article.id] for article in story.articles], axis=0, dtype=np.float64)
                unit = np.asarray(mean / (np.linalg.norm(mean) or 1.0), dtype=np.float32)
                found.append(OpenStory(story.id, unit, story.articles, story.first_seen, story.last_seen))
        return found

    async def story(self, story_id: int) -> Story:
        home = self._lead(story_id)
        if home is None:
            raise NotFound("story", story_id)
        return self._story(home)

    async def stories(self, since: datetime, until: datetime, feeds: Sequence[int] = ()) -> Sequence[Story]:
        def counts(article: Article) -> bool:
            at = article.fetched_at
            return at is not None and since < at <= until and (not feeds or article.feed_id in feeds)

        return [story for story in self._all() if any(map(counts, story.articles))]

    async def stale_stories(self, since: datetime, engine: str, length: Length, limit: int = 50) -> Sequence[Story]:
        stale = [
            story
            for story in self._all()
            if story.last_seen >= since
            and (story.id, brief_key(story.sources_hash, engine, length)) not in self._briefs
        ]
        return sorted(stale, key=lambda s: (-len(s.outlets), -s.last_seen.timestamp(), s.id))[:limit]

    async def article_by_url(self, url: str) -> Article | None:
        return max((a for a in self._articles.values() if a.url == url), key=lambda a: a.id, default=None)

    async def vectors(self, article_ids: Sequence[int]) -> Mapping[int, Vector]:
        return {key: self._vectors[key] for key in article_ids if key in self._vectors}

    async def move_articles(self, article_ids: Sequence[int], story_id: int | None) -> int:
        if not article_ids:
            raise NotFound("article", "none")
        for key in article_ids:
            if key not in self._articles:
                raise NotFound("article", key)
        target = self._lead(story_id) if story_id is not None else self._next("story")
        if target is None:
            raise NotFound("story", story_id)
        self._stories.add(target)
        left = {self._home[key] for key in article_ids} - {target}
        self._home |= dict.fromkeys(article_ids, target)
        for home in sorted(left):
            if home in self._home.values():
                self._apart.add((min(home, target), max(home, target)))
            else:
                self._lead_to(home, target)
        return target

    def _lead_to(self, emptied: int, target: int) -> None:
        self._merged = {old: target if into == emptied else into for old, into in self._merged.items()}
        self._merged[emptied] = target
        others = {sum(pair) - emptied for pair in self._apart if emptied in pair} - {target}
        self._apart |= {(min(other, target), max(other, target)) for other in others}
        self._drop_story(emptied)

    async def join_stories(self, story_ids: Sequence[int], into_id: int) -> int:
        target = self._lead(into_id)
        if target is None:
            raise NotFound("story", into_id)
        for other in sorted({self._lead(number) for number in story_ids} - {target, None}):
            self._home |= {key: target for key, home in self._home.items() if home == other}
            self._lead_to(other, target)
        return target

    def _drop_story(self, story_id: int) -> None:
        self._stories.discard(story_id)
        self._apart = {pair for pair in self._apart if story_id not in pair}
        self._briefs = {key: brief for key, brief in self._briefs.items() if key[0] != story_id}

    async def kept_apart(self, story_ids: Sequence[int]) -> frozenset[tuple[int, int]]:
        return frozenset(pair for pair in self._apart if set(pair) <= set(story_ids))

    async def brief(self, story_id: int, key: str) -> Brief | None:
        brief = self._briefs.get((story_id, key))
        if brief is None:
            return None
        dropped = Counter(dict(brief.dropped))
        kept = []
        for quote in brief.quotes:
            article = self._articles.get(quote.article_id)
            if article is not None and self._home[article.id] == story_id:
                kept += cut_again(article, quote, dropped)
        return replace(brief, quotes=tuple(kept), dropped=tuple(dropped.items()))

    async def save_brief(self, key: str, brief: Brief) -> None:
        if brief.story_id not in self._stories:
            raise NotFound("story", brief.story_id)
        self._briefs[brief.story_id, key] = brief

    async def search(
        self, words: str, *, since: datetime | None = None, limit: int = 20, kind: SearchKind | None = None
    ) -> Sequence[Hit]:
        wanted = terms(words)
        hits: dict[tuple[int, str, str], Hit] = {}
        for article in sorted(self._articles.values(), key=lambda a: (a.fetched_at, a.id)):
            at, story_id = article.fetched_at, self._home[article.id]
            if not wanted or at is None or (since is not None and at < since):
                continue
            if matches(wanted, article.title, article.text):
                said = excerpt(article.text, wanted)
                hits[story_id, "story", ""] = Hit(
                    story_id, "story", article.title, at, "", said, article.outlet, article.url
                )
            for quote in self._quotes_of(article, story_id):
                name = quote.speaker.name if quote.speaker else ""
                if matches(wanted, quote.text, name):
                    hits[story_id, "quote", quote.text] = Hit(
                        story_id, "quote", quote.text, at, name, "", article.outlet, article.url
                    )
                if quote.speaker and quote.speaker.kind == "person" and matches(wanted, name):
                    hits[story_id, "person", name] = Hit(
                        story_id, "person", name, at, "", "", article.outlet, article.url
                    )
        wanted_hits = [hit for hit in hits.values() if kind is None or hit.kind == kind]
        return sorted(wanted_hits, key=lambda hit: (hit.at, hit.story_id), reverse=True)[:limit]

    def _quotes_of(self, article: Article, story_id: int) -> Iterable[Quote]:
        for (home, _), brief in self._briefs.items():
            for quote in brief.quotes if home == story_id else ():
                if quote.article_id == article.id:
                    yield from (again for again in cut_again(article, quote) if again.text == quote.text)


def matches(wanted: Sequence[Term], *fields: str) -> bool:
    """Tell whether every term stands in one of the fields."""
    return all(any(term.spans(field) for field in fields) for term in wanted)


def cut_again(article: Article, quote: Quote, dropped: Counter[str] | None = None) -> list[Quote]:
    """Cut a quote anew, or give nothing where it no longer stands."""
    try:
        return [
            Quote.cut(
                article,
                quote.passages,
                quote.speaker,
                confidence=quote.confidence,
                key=quote.key,
                partial=quote.partial,
                venue=quote.venue,
            )
        ]
    except NotVerbatim as error:
        if dropped is not None:
            dropped[error.reason] += 1
        return []


class MemoryEditions(MemoryNews):
    """The EditionStore port."""

    def __init__(self) -> None:
        super().__init__()
        self._subscriptions: dict[int, Subscription] = {}
        self._editions: dict[tuple[int, datetime], Digest | None] = {}
        self._deliveries: dict[int, Delivery] = {}
        self._posted: dict[Channel, dict[int, Posted]] = {}

    async def save_subscription(self, subscription: Subscription, before: Subscription | None = None) -> Subscription:
        if before and subscription.id in self._subscriptions:
            subscription = changed_since(before, subscription, self._subscriptions[subscription.id])
        place = (subscription.name, subscription.channel.platform, subscription.channel.workspace)
        earlier = next(
            (s for s in self._subscriptions.values() if (s.name, s.channel.platform, s.channel.workspace) == place),
            None,
        )
        if subscription.id:
            if subscription.id not in self._subscriptions:
                raise NotFound("subscription", subscription.id)
            if earlier and earlier.id != subscription.id:
                raise Conflict(f"another subscription here is named “{subscription.name}”")
            saved = subscription
        elif earlier:
            saved = replace(
                subscription,
                id=earlier.id,
                paused=earlier.paused if subscription.paused is None else subscription.paused,
                next_edition_at=subscription.next_edition_at or earlier.next_edition_at,
                window_from=subscription.window_from or earlier.window_from,
            )
        else:
            saved = replace(subscription, id=self._next("subscription"))
        self._subscriptions[saved.id] = saved
        return saved

    async def remove_subscription(self, subscription_id: int) -> None:
        await self.subscription(subscription_id)
        del self._subscriptions[subscription_id]
        self._editions = {key: digest for key, digest in self._editions.items() if key[0] != subscription_id}
        self._deliveries = {
            key: owed for key, owed in self._deliveries.items() if owed.edition.subscription_id != subscription_id
        }

    async def subscriptions(self) -> Sequence[Subscription]:
        return [subscription for _, subscription in sorted(self._subscriptions.items())]

    async def subscription(self, subscription_id: int) -> Subscription:
        if subscription_id not in self._subscriptions:
            raise NotFound("subscription", subscription_id)
        return self._subscriptions[subscription_id]

    async def due_subscriptions(self, now: datetime) -> Sequence[Subscription]:
        due = [
            (s.next_edition_at, s.id, s)
            for s in self._subscriptions.values()
            if s.paused is None and s.next_edition_at is not None and s.next_edition_at <= now
        ]
        return [subscription for *_, subscription in sorted(due, key=lambda row: row[:2])]

    async def pause_subscription(self, subscription_id: int, reason: str | None) -> None:
        self._subscriptions[subscription_id] = replace(await self.subscription(subscription_id), paused=reason)

    async def posted_articles(self, channel: Channel) -> Mapping[int, int]:
        here = self._posted.get(channel, {})
        by_url = {row.url: row.story_id for _, row in sorted(here.items()) if row.url}
        same = {a.id: by_url[a.url] for a in self._articles.values() if a.url in by_url}
        return same | {key: row.story_id for key, row in here.items()}

    async def publish(
        self,
        edition: Edition,
        *,
        channel: Channel,
        digest: Digest | None,
        messages: Sequence[Message],
        article_ids: Mapping[int, int],
        next_edition_at: datetime | None,
        window_from: datetime,
        known: Collection[int] | None = None,
        schedule: Schedule | None = None,
    ) -> Delivery | None:
        subscription = await self.subscription(edition.subscription_id)
        passed = subscription
        if subscription.next_edition_at is None or subscription.next_edition_at <= edition.at:
            if schedule not in {None, subscription.schedule}:
                raise Conflict(f"“{subscription.name}” has another schedule by now", hint="the edition is made anew")
            passed = replace(subscription, next_edition_at=next_edition_at)
        if (subscription.id, edition.at) in self._editions:
            self._subscriptions[subscription.id] = passed
            return None
        told = await self.posted_articles(channel)
        if known is not None and any(key in told and key not in known for key in article_ids):
            raise Conflict(f"{channel} has got one of these articles meanwhile", hint="the edition is made anew")
        self._editions[subscription.id, edition.at] = digest
        self._subscriptions[subscription.id] = replace(passed, window_from=window_from)
        here = self._posted.setdefault(channel, {})
        for key, story_id in article_ids.items():
            url = self._articles[key].url if key in self._articles else ""
            here.setdefault(key, Posted(story_id, url, edition.at))
        if not messages:
            return None
        parts = tuple(Part(number, message) for number, message in enumerate(messages))
        owed = Delivery(self._next("delivery"), edition, channel, parts)
        self._deliveries[owed.id] = owed
        return owed

    async def editions(self, subscription_id: int, limit: int = 20) -> Sequence[Digest]:
        mine = sorted(
            ((at, d) for (key, at), d in self._editions.items() if key == subscription_id and d), reverse=True
        )
        return [digest for _, digest in mine[:limit]]

    async def digest(self, edition: Edition) -> Digest | None:
        return self._editions.get((edition.subscription_id, edition.at))

    async def windows_after(self, beyond: datetime) -> Sequence[Subscription]:
        return [s for _, s in sorted(self._subscriptions.items()) if s.window_from and s.window_from > beyond]

    async def end_windows(self, next_at: Mapping[int, datetime | None], now: datetime, beyond: datetime) -> int:
        late = [one for one in await self.windows_after(beyond) if one.id in next_at]
        self._subscriptions |= {s.id: replace(s, window_from=now, next_edition_at=next_at[s.id]) for s in late}
        return len(late)

    async def due_deliveries(
        self, now: datetime, limit: int = 50, *, platforms: Collection[Platform] | None = None
    ) -> Sequence[Delivery]:
        earliest: dict[Channel, Delivery] = {}
        for _, owed in sorted(self._deliveries.items()):
            if owed.state in UNSENT and (platforms is None or owed.channel.platform in platforms):
                earliest.setdefault(owed.channel, owed)
        return [d for d in earliest.values() if not d.waits(now)][:limit]

    async def deliveries(self, state: DeliveryState, limit: int = 100) -> Sequence[Delivery]:
        return [owed for _, owed in sorted(self._deliveries.items(), reverse=True) if owed.state == state][:limit]

    async def delivery(self, delivery_id: int) -> Delivery:
        if delivery_id not in self._deliveries:
            raise NotFound("delivery", delivery_id)
        return self._deliveries[delivery_id]

    async def _part(self, delivery_id: int, number: int) -> Part:
        for part in (await self.delivery(delivery_id)).parts:
            if part.number == number:
                return part
        raise NotFound("part", f"{delivery_id}:{number}")

    def _change(self, delivery_id: int, changed: Iterable[Part]) -> None:
        owed = self._deliveries[delivery_id]
        by_number = {part.number: part for part in changed}
        parts = tuple(by_number.get(part.number, part) for part in owed.parts)
        states = {part.state for part in parts}
        order: tuple[DeliveryState, ...] = ("sending", "pending", "undeliverable", "sent")
        state = next(state for state in order if state in states)
        self._deliveries[delivery_id] = replace(owed, parts=parts, state=state)

    async def mark_sending(self, delivery_id: int, part: int, attempt: str, now: datetime) -> None:
        row = await self._part(delivery_id, part)
        if row.state == "sending" and row.attempt == attempt:
            return
        if row.state != "pending":
            raise Conflict(f"part {part} of delivery {delivery_id} is {row.state} already")
        self._change(delivery_id, [replace(row, state="sending", attempt=attempt, attempted_at=now)])

    async def record_receipt(self, receipt: Receipt) -> None:
        row = await self._part(receipt.delivery_id, receipt.part)
        if row.state != "sent":
            self._change(receipt.delivery_id, [replace(row, state="sent", receipt=receipt, error="")])

    async def postpone(self, delivery_id: int, not_before: datetime, error: str) -> None:
        owed = await self.delivery(delivery_id)
        self._deliveries[delivery_id] = replace(owed, not_before=not_before, tries=owed.tries + 1)
        unsent = [part for part in owed.parts if part.state in UNSENT]
        self._change(delivery_id, [replace(part, error=error) for part in unsent[:1]])

    async def reset_part(self, delivery_id: int, part: int) -> None:
        row = await self._part(delivery_id, part)
        if row.state == "sending":
            self._change(delivery_id, [replace(row, state="pending", attempt="", attempted_at=None)])

    async def give_up(self, delivery_id: int, error: str) -> None:
        unsent = [part for part in (await self.delivery(delivery_id)).parts if part.state in UNSENT]
        self._change(delivery_id, [replace(part, state="undeliverable", error=error) for part in unsent])


class MemoryStore(MemoryWorkspaces, MemoryEditions, MemoryArchive, MemoryWatching):
    """The whole Store port, kept in this process."""

    async def status(self, now: datetime, home: Workspace | None = None) -> Status:
        if home is not None:
            return await self.status_of(home)
        feeds = await self.feeds()
        states = Counter(owed.state for owed in self._deliveries.values())
        return Status(
            feeds=len(feeds),
            failing=sum(feed.polling.failures > 0 for feed in feeds),
            paused=sum(feed.paused is not None for feed in feeds),
            articles=len(self._articles),
            stories=len(self._stories),
            briefs=len(self._briefs),
            subscriptions=len(self._subscriptions),
            deliveries_pending=states["pending"] + states["sending"],
            deliveries_sent=states["sent"],
            undeliverable=states["undeliverable"],
        )

    async def prune(self, retention: Retention, now: datetime) -> Pruned:
        was = self._clock or Timekeeping(now)
        clock = self._clock = was.looked(now).within(retention.longest)
        marks, receipts = clock.before(retention.marks), clock.before(retention.receipts)
        old = [story for story in self._all() if story.last_seen < clock.before(retention.articles)]
        for story in old:
            self._drop_story(story.id)
            self._merged = {one: into for one, into in self._merged.items() if into != story.id}
            for article in story.articles:
                del self._articles[article.id], self._vectors[article.id], self._home[article.id]
        briefs = [key for key, brief in self._briefs.items() if brief.made_at < clock.before(retention.briefs)]
        for brief_id in briefs:
            del self._briefs[brief_id]
        done = [
            key for key, owed in self._deliveries.items() if owed.state not in UNSENT and owed.edition.at < receipts
        ]
        for key in done:
            del self._deliveries[key]
        seen = sum(self._prune_seen(row, marks) for row in self._feeds.values())
        self._prune_editions(receipts, marks)
        self._notices = {k: notice for k, notice in self._notices.items() if notice.at >= receipts}
        self.prune_conduct(retention, clock)
        articles = sum(len(story.articles) for story in old)
        return Pruned(articles, len(old), len(briefs), len(done), seen, was.leap(now))

    def _prune_seen(self, row: FeedRow, marks: datetime) -> int:
        stored = {article.key for article in self._articles.values() if article.feed_id == row.feed.id}
        ranked = sorted(row.seen, key=lambda key: (-row.seen[key].timestamp(), key))
        old = [key for key in ranked[2 * row.size :] if row.seen[key] < marks and key not in stored]
        for key in old:
            del row.seen[key]
        return len(old)

    def _prune_editions(self, receipts: datetime, marks: datetime) -> None:
        unsent = {(d.edition.subscription_id, d.edition.at) for d in self._deliveries.values() if d.state in UNSENT}
        for edition in [edition for edition in self._editions if edition not in unsent and edition[1] < receipts]:
            self._editions[edition] = None
            if edition[1] < marks:
                del self._editions[edition]
        for here in self._posted.values():
            for key in [key for key, row in here.items() if row.at < marks and key not in self._articles]:
                del here[key]

    async def forget(self, platform: Platform, workspace: str) -> int:
        def is_there(channel: Channel) -> bool:
            return (channel.platform, channel.workspace) == (platform, workspace)

        for key in [key for key, owed in self._deliveries.items() if is_there(owed.channel)]:
            edition = self._deliveries.pop(key).edition
            self._editions.pop((edition.subscription_id, edition.at), None)
        self._posted = {channel: rows for channel, rows in self._posted.items() if not is_there(channel)}
        theirs = [key for key, subscription in self._subscriptions.items() if is_there(subscription.channel)]
        for key in theirs:
            await self.remove_subscription(key)
        await self.forget_workspace(Workspace(platform, workspace))
        return len(theirs)

    async def settle_restored(self, now: datetime) -> None:
        for key, owed in list(self._deliveries.items()):
            if owed.state in UNSENT:
                await self.give_up(key, "restored from a backup: it may have been posted since")
        for one in self._subscriptions.values():
            here = self._posted.setdefault(one.channel, {})
            for key, article in self._articles.items():
                at = article.fetched_at
                if one.window_from is None or (at and at > one.window_from - UNREAD):
                    here.setdefault(key, Posted(self._home[key], article.url, now))
        self._subscriptions = {key: replace(s, window_from=now) for key, s in self._subscriptions.items()}
        for row in self._feeds.values():
            row.feed = replace(row.feed, baseline_at=None, backfill=0)
        self._ids = Counter({kind: ROOM + self._ids[kind] for kind in KINDS})

    async def integrity(self) -> Sequence[str]:
        empty = [story_id for story_id in self._stories if story_id not in self._home.values()]
        return [f"{len(empty)} stories have no article"] if empty else []

    async def close(self) -> None:
        """Nothing to let go of."""
