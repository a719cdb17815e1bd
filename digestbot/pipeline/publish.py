"""Publish: a subscription whose edition time has come → a digest and its outbox row, in one transaction.

Knows the ports and the rules of editions; does not know SQL or any platform. What a reader will see is read back
from the rendered messages: a quotation that is not in there word for word is dropped before anything is written.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from digestbot.domain.digest import Digest, Edition, Message, Quotation
from digestbot.domain.errors import Defect, DigestbotError, InferenceError, NotFound, StoreError, UserError
from digestbot.domain.news import Brief, Feed, Story
from digestbot.domain.subscription import OPERATOR, Platform, Subscription, Workspace
from digestbot.editorial.cluster import regroup
from digestbot.editorial.edition import Chosen, Selection, choose, compose, merged
from digestbot.editorial.filters import Search
from digestbot.editorial.schedule import Due, due_edition, may_mention, set_back
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.defects import defects_told
from digestbot.pipeline.owners import Owners
from digestbot.ports import ChatAdapter, Clock, Correction, Store

FIRST_WINDOW = timedelta(hours=24)
"""How far back a subscription's first edition looks."""
OVERLAP = timedelta(minutes=5)
"""How far an edition looks back behind the one before: an article may be stored a moment after it was fetched.
What that channel has got is left out by the record of what was posted, not by the window."""
AHEAD = timedelta(days=1)
"""How far ahead of its time an article may stand and be read, see ``draft``."""
INSTANT_LOOK = timedelta(minutes=1)
"""How often an instant subscription looks for news while there is none."""
FEEDS_SERVE = timedelta(minutes=1)
"""How long the list of feeds, read for one edition, serves the next ones."""
SHARED = Workspace("console", "shared")
"""The key of the operator's own feeds among those read: the operator reads all, everybody else these."""
NEVER = datetime.min.replace(tzinfo=UTC)
MENTION_COOLDOWN = timedelta(hours=6)
"""A role or group is mentioned at most once in this time."""

Outcome = Literal["published", "nothing", "already", "failed"]


@dataclass(frozen=True, slots=True)
class Published:
    """What one publish did; ``missed`` are earlier editions that this one stands for.

    ``faults`` are those of ours for which stories were left out.
    """

    subscription_id: int
    at: datetime
    outcome: Outcome
    stories: int = 0
    missed: int = 0
    dropped: tuple[tuple[str, int], ...] = ()
    error: DigestbotError | None = None
    untold: DigestbotError | None = None
    faults: tuple[Defect, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """An edition made but not written: the document (None: nothing to say), its messages and what it was made of."""

    edition: Edition
    selection: Selection
    briefs: Mapping[int, Brief]
    digest: Digest | None
    messages: tuple[Message, ...] = ()
    dropped: int = 0
    known: frozenset[int] = frozenset()
    """The articles that its channel was known to have."""
    faults: tuple[Defect, ...] = ()
    """Why stories were left out of it that a fault of ours stopped."""


@dataclass(slots=True)
class Publisher:
    """Runs the publish step for the platforms that are switched on; ``owners`` tells people of a digest it paused."""

    store: Store
    briefer: Briefer
    adapters: Mapping[Platform, ChatAdapter]
    clock: Clock
    search: Search | None = field(default=None)
    owners: Owners | None = field(default=None)
    _known: dict[Workspace, Mapping[int, Feed]] = field(default_factory=dict)
    _read_at: datetime = NEVER
    _making: "set[asyncio.Task[Brief]]" = field(default_factory=set)

    async def run_due(self) -> Sequence[Published]:
        """Publish every edition whose time has come; a missed one is made once."""
        return [done for subscription in await self.due() if (done := await self._guarded(subscription))]

    async def due(self) -> Sequence[Subscription]:
        """Return the subscriptions whose edition time has come, the longest due first.

        A window that ends in the future was written by a clock that has stepped back since. It is ended now, and the
        next edition is the schedule's next, or there would be none until then.
        """
        now = self.clock.now()
        beyond = now + OVERLAP
        if ahead := await self.store.windows_after(beyond):
            next_at = {one.id: set_back(one.schedule, one.next_edition_at, now) for one in ahead}
            await self.store.end_windows(next_at, now, beyond)
        due = await self.store.due_subscriptions(now)
        return [subscription for subscription in due if subscription.channel.platform in self.adapters]

    async def run_one(self, subscription_id: int) -> Published | None:
        """Publish one subscription's edition if it is due; None when it is not, is paused, or is gone."""
        try:
            subscription = await self.store.subscription(subscription_id)
        except NotFound:
            return None
        if subscription.paused or subscription.channel.platform not in self.adapters:
            return None
        return await self._guarded(subscription)

    async def _guarded(self, subscription: Subscription) -> Published | None:
        """Publish one edition if it is due; what goes wrong is an outcome, and others are served all the same.

        Options that cannot be used never will be: the subscription is paused with the reason, and its people are told.
        """
        now = self.clock.now()
        at = subscription.next_edition_at or now
        try:
            due = due_edition(subscription.schedule, subscription.next_edition_at, now)
            if due is None:
                return None
            at = due.at
            return await defects_told(f"“{subscription.name}”", self.publish(subscription, due))
        except (StoreError, NotFound, InferenceError, Defect) as error:
            return Published(subscription.id, at, "failed", error=error)
        except UserError as error:
            await self.store.pause_subscription(subscription.id, str(error))
            untold = await self.owners.tell_paused(subscription, error) if self.owners else None
            return Published(subscription.id, at, "failed", error=error, untold=untold)

    async def publish(self, subscription: Subscription, due: Due) -> Published:
        """Make the edition that is due and write it; one already written is left as it is.

        Raises:
            UserError: The subscription's schedule or filter cannot be used.
            StoreError: The store could not be read or written; the edition stays due.

        """
        now = self.clock.now()
        draft = await self.draft(subscription, due.at, now, settle=True)
        delivery = await self.store.publish(
            draft.edition,
            channel=subscription.channel,
            digest=draft.digest,
            messages=draft.messages,
            article_ids={a.id: one.story.id for one in draft.selection.chosen for a in one.story.articles},
            known=draft.known,
            next_edition_at=_next(subscription, due, now, silent=draft.digest is None),
            window_from=now,
            schedule=subscription.schedule,
        )
        outcome: Outcome = "nothing" if draft.digest is None else "published" if delivery else "already"
        dropped = (("rendered", draft.dropped),) if draft.dropped else ()
        stories = len(draft.selection.chosen)
        return Published(subscription.id, due.at, outcome, stories, due.missed, dropped, faults=draft.faults)

    async def draft(
        self,
        subscription: Subscription,
        at: datetime,
        now: datetime,
        *,
        settle: bool = False,
        patience: float | None = None,
    ) -> Draft:
        """Make an edition without writing it.

        Args:
            subscription: Whose edition it is.
            at: The edition's time.
            now: Up to when stories are read.
            settle: Whether stories that turn out to be one are joined in the store too.
            patience: Seconds somebody waits for briefs that are not made yet; a story without one says that it is
                still being made, and it is. None waits for all.

        Raises:
            UserError: The subscription's schedule or filter cannot be used.
            StoreError: The store could not be read.

        """
        edition = Edition(subscription.id, at, subscription.schedule.timezone)
        since = subscription.window_from - OVERLAP if subscription.window_from else at - FIRST_WINDOW
        if not settle:
            # Somebody looks at it now: a feed that was added a moment ago is among them.
            self._read_at = NEVER
        feeds = await self._feeds(subscription.channel.home, now)
        # An article of a time to come was stored by a clock that has stepped back since: it is news now.
        until = now + AHEAD if settle else now
        stories = await self._stories(subscription, since, until, feeds, settle=settle)
        resting = await self._snoozed(subscription, now)
        posted = await self.store.posted_articles(subscription.channel)
        selection = await asyncio.to_thread(
            choose,
            stories,
            subscription=subscription,
            posted=posted,
            now=at,
            feeds=feeds,
            search=self.search,
            snoozed=frozenset(resting),
        )
        selection, briefs, faults = await self._briefed(selection, subscription, patience)
        selection, briefs = await self._corrected(selection, briefs, subscription)
        mention = may_mention(await self._last_mention(subscription), at, MENTION_COOLDOWN)
        digest = compose(subscription, edition, selection, briefs, mention=mention, since=since, snoozed=resting)
        if digest is None:
            return Draft(edition, selection, briefs, None, known=frozenset(posted), faults=faults)
        digest, messages, dropped = render_checked(digest, self.adapters[subscription.channel.platform])
        return Draft(edition, selection, briefs, digest, messages, dropped, frozenset(posted), faults)

    async def feeds_read(self, home: Workspace) -> Mapping[int, Feed]:
        """Return by id the feeds that a workspace's digests read, as they are there at this moment."""
        self._read_at = NEVER
        return await self._feeds(home, self.clock.now())

    async def _feeds(self, home: Workspace, now: datetime) -> Mapping[int, Feed]:
        """Return by id the feeds a workspace reads: its own and the operator's; the operator reads all.

        They are read once a minute: a thousand editions due at eight share one reading.
        """
        if not timedelta(0) <= now - self._read_at < FEEDS_SERVE:
            self._known, self._read_at = {}, now
        if home not in self._known:
            own = await (self.store.feeds() if home == OPERATOR else self.store.feeds_of(home))
            shared = {} if home == OPERATOR else await self._operators()
            self._known[home] = {**shared, **{feed.id: feed for feed in own}}
        return self._known[home]

    async def _operators(self) -> Mapping[int, Feed]:
        """Return the feeds that every workspace reads."""
        if SHARED not in self._known:
            self._known[SHARED] = {feed.id: feed for feed in await self.store.feeds_of(OPERATOR)}
        return self._known[SHARED]

    async def _stories(
        self,
        subscription: Subscription,
        since: datetime,
        until: datetime,
        feeds: Mapping[int, Feed],
        *,
        settle: bool,
    ) -> Sequence[Story]:
        """Return the stories of the window that may be read there, those on one event joined into one."""
        wanted = [number for number in subscription.feeds or feeds if number in feeds]
        if not wanted:
            return ()
        everything = subscription.channel.home == OPERATOR
        found = await self.store.stories(since, until, subscription.feeds if everything else wanted)
        stories = [story for story in found if any(article.text.strip() for article in story.articles)]
        vectors = await self.store.vectors([article.id for story in stories for article in story.articles])
        apart = frozenset(map(frozenset, await self.store.kept_apart([story.id for story in stories])))
        groups = await asyncio.to_thread(regroup, stories, vectors, apart)
        joined = merged(stories, groups)
        if settle:
            for story, group in zip(joined, groups, strict=True):
                if len(group) > 1:
                    await self.store.join_stories(group, story.id)
        return joined if everything else [seen for story in joined if (seen := _seen(story, feeds))]

    async def _snoozed(self, subscription: Subscription, now: datetime) -> Mapping[str, datetime]:
        """Return the topics that the subscription's channel does not want to read now, and until when."""
        resting = await self.store.snoozes(subscription.channel.home, now)
        return {one.topic: one.until for one in resting if one.channel == subscription.channel}

    async def _corrected(
        self, selection: Selection, briefs: dict[int, Brief], subscription: Subscription
    ) -> tuple[Selection, dict[int, Brief]]:
        """Leave out what the workspace has found wrong: quotations it withdrew, stories it does not show."""
        told = [one.story.id for one in selection.chosen]
        found = await self.store.corrections(subscription.channel.home, told) if told else ()
        gone = {one.story_id for one in found if one.withdrawn}
        kept = tuple(one for one in selection.chosen if one.story.id not in gone)
        return replace(selection, chosen=kept), {key: without_withdrawn(b, found) for key, b in briefs.items()}

    async def _briefed(
        self, selection: Selection, subscription: Subscription, patience: float | None
    ) -> tuple[Selection, dict[int, Brief], tuple[Defect, ...]]:
        """Return the briefs of what was chosen, and the faults of ours; a story without its brief is left out."""
        making = {one.story.id: self._make(one, subscription, hurry=patience is not None) for one in selection.chosen}
        if making:
            await asyncio.wait(making.values(), timeout=patience)
        briefs: dict[int, Brief] = {}
        kept: list[Chosen] = []
        faults: list[Defect] = []
        for one in selection.chosen:
            task = making[one.story.id]
            if task.done():
                try:
                    briefs[one.story.id] = task.result()
                except InferenceError:
                    continue
                except Defect as fault:
                    faults.append(fault)
                    continue
            kept.append(one)
        return replace(selection, chosen=tuple(kept)), briefs, tuple(faults)

    def _make(self, one: Chosen, subscription: Subscription, *, hurry: bool) -> "asyncio.Task[Brief]":
        """Begin to make a brief; it is made to its end even when nobody waits for it any more."""
        brief = self.briefer.brief(_told(one), subscription.length, interactive=hurry)
        task = asyncio.create_task(defects_told(f"story {one.story.id}", brief))
        self._making.add(task)
        task.add_done_callback(self._made)
        return task

    def _made(self, task: "asyncio.Task[Brief]") -> None:
        """Let go of a brief that is made; its fault, if it has one, is looked at here at the latest."""
        self._making.discard(task)
        if not task.cancelled():
            task.exception()

    async def _last_mention(self, subscription: Subscription) -> datetime | None:
        if not subscription.mention:
            return None
        earlier = await self.store.editions(subscription.id)
        return next((digest.edition.at for digest in earlier if digest.mention), None)


def _next(subscription: Subscription, due: Due, now: datetime, *, silent: bool) -> datetime | None:
    """Return the next due time; an instant subscription that had nothing to say looks again soon, not after a rest."""
    if silent and subscription.schedule.frequency == "instant":
        return now + INSTANT_LOOK
    return due.next_at


def _told(one: Chosen) -> Story:
    """Return the story as its card tells it: an update tells what is new alone."""
    return replace(one.story, articles=one.new) if one.update else one.story


def _seen(story: Story, feeds: Mapping[int, Feed]) -> Story | None:
    """Return a story with the articles of these feeds alone, or None where it has none of them."""
    mine = tuple(article for article in story.articles if article.feed_id in feeds)
    return replace(story, articles=mine) if mine else None


def without_withdrawn(brief: Brief, found: Sequence[Correction]) -> Brief:
    """Return a brief without the quotations that corrections of its story withdrew."""
    gone = {text for one in found if one.story_id == brief.story_id for text in one.quotes}
    if not gone:
        return brief
    return replace(brief, quotes=tuple(quote for quote in brief.quotes if quote.text not in gone))


def render_checked(digest: Digest, adapter: ChatAdapter) -> tuple[Digest, tuple[Message, ...], int]:
    """Render a digest and read it back; return it without the quotations that a reader would not see verbatim.

    Returns the digest, its messages and how many quotations were dropped.
    """
    messages = tuple(adapter.render(digest))
    seen = "\n".join(adapter.visible(message) for message in messages)
    broken = {
        block
        for card in digest.cards
        for block in card.blocks
        if isinstance(block, Quotation) and (block.text not in seen or block.speaker not in seen)
    }
    if not broken:
        return digest, messages, 0
    cards = tuple(
        replace(card, blocks=tuple(block for block in card.blocks if block not in broken)) for card in digest.cards
    )
    whole = replace(digest, cards=cards)
    return whole, tuple(adapter.render(whole)), len(broken)
