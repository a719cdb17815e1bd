"""The store as the core needs it: feeds, news, editions with their outbox, and the upkeep of all three."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from digestbot.domain.digest import Delivery, DeliveryState, Digest, Edition, Message, Receipt
from digestbot.domain.news import Article, Brief, Feed, Story
from digestbot.domain.subscription import OPERATOR, Channel, Length, Platform, Schedule, Subscription, Workspace
from digestbot.ports.archive import ArchiveStore
from digestbot.ports.rows import Hit, OpenStory, Pruned, RefreshRecord, Retention, SearchKind, Status
from digestbot.ports.watching import WatchStore
from digestbot.ports.workspaces import WorkspaceStore
from digestbot.ports.world import Vector


class FeedStore(Protocol):
    """Feeds and what has been seen of them."""

    async def add_feed(
        self,
        url: str,
        *,
        title: str = "",
        topics: Sequence[str] = (),
        weight: float = 1.0,
        backfill: int = 0,
        listed: bool = False,
        owner: Workspace = OPERATOR,
        now: datetime,
    ) -> Feed:
        """Return the feed at ``url`` as its owner has it, made due at ``now`` if it is new; it is the owner's then on.

        The operator's settings are the feed's own; another owner's title, topics and weight are seen there alone, and
        where none is given, the feed's own are. What its owner lets through of it stays, see ``filter_feed``.

        An empty ``title`` leaves the feed's own. ``backfill`` has a meaning for the first poll alone: it is left as
        it is once the feed has been polled.
        """
        ...

    async def remove_feed(self, feed_id: int) -> None:
        """Forget a feed and its seen marks; its articles stay.

        Raises:
            NotFound: There is no such feed.

        """
        ...

    async def feeds(self, *, listed: bool = False) -> Sequence[Feed]:
        """Return every feed, by id; ``listed``: those that the settings file names, or named once."""
        ...

    async def addresses(self) -> Sequence[str]:
        """Return the addresses of the feeds that are not paused, in no order."""
        ...

    async def feed(self, feed_id: int) -> Feed:
        """Return one feed.

        Raises:
            NotFound: There is no such feed.

        """
        ...

    async def feed_by_url(self, url: str) -> Feed | None:
        """Return the feed subscribed at exactly this address, or None."""
        ...

    async def pause_feed(self, feed_id: int, reason: str | None) -> None:
        """Stop polling a feed for a reason, or (None) resume it.

        Raises:
            NotFound: There is no such feed.

        """
        ...

    async def failing_feeds(self, limit: int = 100) -> Sequence[Feed]:
        """Return the feeds whose last poll failed or that are paused, those failing longest first."""
        ...

    async def due_feeds(self, now: datetime, limit: int = 100) -> Sequence[Feed]:
        """Return the feeds whose next check has passed and that an owner wants polled, the longest due first."""
        ...

    async def seen(self, feed_id: int) -> frozenset[str]:
        """Return the keys of the entries seen in a feed."""
        ...

    async def record_refreshes(
        self, records: Sequence[RefreshRecord], now: datetime
    ) -> Sequence[Mapping[str, int] | None]:
        """Write refreshes of different feeds in one transaction: all are kept, or none.

        Returned is for each record, by article key, the story each stored article went into; None for a feed that is
        gone, of which nothing is kept. An article whose key is already seen is left out: writing the same record twice
        changes nothing. ``now`` is read just before the call: a stored article counts as fetched then, so that no
        edition's window closes between the reading of an article and its being stored. An edit keeps the time its
        article was fetched. A story that is gone is replaced by the one it was merged into, else by a new one. A feed
        that moved to another one's address is merged into that one, after all else is written: its marks, articles,
        workspaces and subscriptions go there. None leaves a fact of the feed as it is. An article that a removed feed
        left behind under the same key and address is taken over, not stored again.
        """
        ...

    async def record_refresh(self, record: RefreshRecord, now: datetime) -> Mapping[str, int]:
        """Write one refresh as :meth:`record_refreshes` does.

        Raises:
            NotFound: The feed is gone.

        """
        ...


class NewsStore(Protocol):
    """Articles, stories and briefs."""

    async def open_stories(self, since: datetime) -> Sequence[OpenStory]:
        """Return the stories with an article since then, by id."""
        ...

    async def story(self, story_id: int) -> Story:
        """Return one story with its articles; a story merged into another by a manager gives that one.

        Raises:
            NotFound: There is no such story.

        """
        ...

    async def stories(self, since: datetime, until: datetime, feeds: Sequence[int] = ()) -> Sequence[Story]:
        """Return the stories with an article fetched in ``(since, until]``, by id; of those feeds when given."""
        ...

    async def article_by_url(self, url: str) -> Article | None:
        """Return the stored article at an address, or None."""
        ...

    async def vectors(self, article_ids: Sequence[int]) -> Mapping[int, Vector]:
        """Return the stored vectors of articles."""
        ...

    async def move_articles(self, article_ids: Sequence[int], story_id: int | None) -> int:
        """Move articles into a story (None: a new one) and return its id; a manager's decision, which sticks.

        A story left without articles is gone and its number leads to the one they went to. Stories parted so are
        :meth:`kept_apart`.

        Raises:
            NotFound: There is no such article or story.

        """
        ...

    async def join_stories(self, story_ids: Sequence[int], into_id: int) -> int:
        """Join whole stories into one, with all that has come to them by now, and return its id.

        Their numbers lead to it, and what was kept apart from them is kept apart from it. One that is gone is left out.

        Raises:
            NotFound: There is no story to join them into.

        """
        ...

    async def kept_apart(self, story_ids: Sequence[int]) -> frozenset[tuple[int, int]]:
        """Return the pairs among these stories, lower id first, that a manager split: they may not be merged again."""
        ...

    async def brief(self, story_id: int, key: str) -> Brief | None:
        """Return the brief of a story made under ``key`` (see :func:`brief_key`), or None.

        Each quotation is cut from its article anew; one that no longer stands is left out and counted as dropped.
        """
        ...

    async def save_brief(self, key: str, brief: Brief) -> None:
        """Keep a brief under its key; saving the same key again replaces it.

        Raises:
            NotFound: The story is gone.

        """
        ...

    async def stale_stories(self, since: datetime, engine: str, length: Length, limit: int = 50) -> Sequence[Story]:
        """Return stories since then without a brief under their present :func:`brief_key`, most outlets first."""
        ...

    async def search(
        self, words: str, *, since: datetime | None = None, limit: int = 20, kind: SearchKind | None = None
    ) -> Sequence[Hit]:
        """Return what matches all the words, newest first, over stories, quotes and people, or one ``kind`` of them.

        Words between double quotation marks are a phrase. Case and accents make no difference.
        """
        ...


class EditionStore(Protocol):
    """Subscriptions, editions and the outbox."""

    async def save_subscription(self, subscription: Subscription, before: Subscription | None = None) -> Subscription:
        """Add (``id`` 0) or change a subscription; return it stored.

        ``before`` is what was read and changed: only what differs from it is written, so that what publishing, a pause
        or another command has written meanwhile stays. None: it is taken as it is.

        A name is unique within a platform's workspace: saving with ``id`` 0 under a name that exists updates the
        earlier one, which keeps its pause, due time and window wherever the new one gives None.

        Raises:
            NotFound: There is no subscription of that id.
            Conflict: Another one of the workspace has that name.

        """
        ...

    async def remove_subscription(self, subscription_id: int) -> None:
        """Forget a subscription.

        Raises:
            NotFound: There is no such subscription.

        """
        ...

    async def subscriptions(self) -> Sequence[Subscription]:
        """Return every subscription, by id."""
        ...

    async def subscription(self, subscription_id: int) -> Subscription:
        """Return one subscription.

        Raises:
            NotFound: There is no such subscription.

        """
        ...

    async def due_subscriptions(self, now: datetime) -> Sequence[Subscription]:
        """Return the subscriptions whose edition time has come and that are not paused, the longest due first."""
        ...

    async def posted_articles(self, channel: Channel) -> Mapping[int, int]:
        """Return, by article id, the story id under which it was posted to a channel in any digest.

        An article at the same address as one that was posted counts as posted.
        """
        ...

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
        """Write an edition, its outbox row and the subscription's next due time in one transaction.

        ``digest`` is None when there was nothing to say. ``article_ids`` are the articles shown, with their
        story. ``known`` are the articles that the channel was known to have when the edition was made; None: nobody
        looked. An edition already written is left as it is, and None is returned; so it is without messages. A
        subscription that still waits for the edition waits for ``next_edition_at`` from then on; one that somebody let
        wait for a later time meanwhile waits for that. ``schedule`` is the one that ``next_edition_at`` was found by;
        None: nobody looks.

        Raises:
            NotFound: The subscription is gone.
            Conflict: The channel has got one of the articles meanwhile, from another edition, or the subscription
                waits for this one and has another schedule by now; nothing is written.

        """
        ...

    async def editions(self, subscription_id: int, limit: int = 20) -> Sequence[Digest]:
        """Return a subscription's latest digests, newest first."""
        ...

    async def windows_after(self, beyond: datetime) -> Sequence[Subscription]:
        """Return, by id, the subscriptions whose window ends after ``beyond``, paused ones too."""
        ...

    async def end_windows(self, next_at: Mapping[int, datetime | None], now: datetime, beyond: datetime) -> int:
        """End the windows of some subscriptions at ``now``, and let their next edition be due as ``next_at`` says.

        What another process has changed so that it does not end after ``beyond`` any more is left as it is. Returns
        how many were changed.
        """
        ...

    async def due_deliveries(
        self, now: datetime, limit: int = 50, *, platforms: Collection[Platform] | None = None
    ) -> Sequence[Delivery]:
        """Return the deliveries to work on, oldest first, at most one a channel: its earliest unsent.

        None stands for all platforms; the others' deliveries take none of the places.
        """
        ...

    async def digest(self, edition: Edition) -> Digest | None:
        """Return the digest of one edition, or None where there is none."""
        ...

    async def deliveries(self, state: DeliveryState, limit: int = 100) -> Sequence[Delivery]:
        """Return the deliveries in one state, newest first."""
        ...

    async def delivery(self, delivery_id: int) -> Delivery:
        """Return one delivery.

        Raises:
            NotFound: There is no such delivery.

        """
        ...

    async def mark_sending(self, delivery_id: int, part: int, attempt: str, now: datetime) -> None:
        """Write, before the send, that a part is being sent; the same attempt may say so twice.

        Raises:
            NotFound: There is no such part.
            Conflict: The part is already sent or given up, or another attempt took it.

        """
        ...

    async def record_receipt(self, receipt: Receipt) -> None:
        """Write that a part is posted; the delivery is sent when its last part is. The first receipt stays."""
        ...

    async def postpone(self, delivery_id: int, not_before: datetime, error: str) -> None:
        """Put a delivery off and count a try; parts left sending stay so, to be settled first."""
        ...

    async def reset_part(self, delivery_id: int, part: int) -> None:
        """Write that a part in doubt was looked for and never arrived: it is pending again."""
        ...

    async def give_up(self, delivery_id: int, error: str) -> None:
        """Keep the unsent parts as undeliverable with the reason."""
        ...

    async def pause_subscription(self, subscription_id: int, reason: str | None) -> None:
        """Pause a subscription with a reason, or (None) resume it; its configuration is kept."""
        ...


class Store(FeedStore, NewsStore, EditionStore, ArchiveStore, WorkspaceStore, WatchStore, Protocol):
    """The rows that are the truth."""

    async def status(self, now: datetime, home: Workspace | None = None) -> Status:
        """Return the counts of what is here; with ``home`` of what is a workspace's own."""
        ...

    async def prune(self, retention: Retention, now: datetime) -> Pruned:
        """Remove what has outlived its time.

        Stories go whole, once no article has joined them for that long; what was posted where is remembered for as
        long as seen marks are; unsent deliveries stay. Time that the clock has leapt over between two calls does not
        count (``domain.timekeeping``): a clock that is far ahead removes nothing.
        """
        ...

    async def forget(self, platform: Platform, workspace: str) -> int:
        """Remove everything of a workspace, also feeds that nobody else has; return how many subscriptions it had."""
        ...

    async def settle_restored(self, now: datetime) -> None:
        """Make a store restored from a backup safe to run: nothing posted since the backup is posted again.

        Unsent deliveries are given up, windows start at ``now``, every feed is taken up by a silent baseline, and
        what a channel could have got after its last edition counts as posted there.
        """
        ...

    async def integrity(self) -> Sequence[str]:
        """Return what is wrong with the stored rows, one sentence each; empty when all is well."""
        ...

    async def close(self) -> None:
        """Let go of the database; closing twice is harmless."""
        ...
