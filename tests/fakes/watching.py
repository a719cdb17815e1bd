"""The WatchStore port over the rows of the store in memory."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from digestbot.domain.errors import NotFound
from digestbot.domain.news import Article
from digestbot.domain.subscription import Filter
from digestbot.ports import Lease, LostQuote, Notice, Poll
from digestbot.ports.watching import TAKEN
from digestbot.store.columns import storable, stored_key
from digestbot.store.edits import gone


class MemoryWatching:
    """What watching feeds leaves behind; mixed into the store, whose rows it reads and writes."""

    async def record_polls(self, polls: Sequence[Poll], now: datetime) -> None:
        for poll in polls:
            if row := self._feeds.get(poll.feed_id):
                row.feed = replace(row.feed, polling=poll.polling, paused=poll.paused or row.feed.paused)
            self._note(poll.feed_id, poll.notice, now)

    def _merge_feed(self, moved_id: int, into_id: int) -> None:
        moved, there = self._feeds.pop(moved_id), self._feeds[into_id]
        there.seen = moved.seen | there.seen
        rules = moved.feed.filter if there.feed.filter == Filter() else there.feed.filter
        begun = there.feed.baseline_at or moved.feed.baseline_at
        there.feed = replace(there.feed, baseline_at=begun, filter=rules)
        taken = {article.key for article in self._articles.values() if article.feed_id == into_id}
        for key, article in self._articles.items():
            if article.feed_id == moved_id:
                self._articles[key] = replace(article, feed_id=0 if article.key in taken else into_id)
        for feed_id, home in [key for key in self._owners if key[0] == moved_id]:
            own = self._owners.pop((feed_id, home))
            self._owners.setdefault((into_id, home), own)
        for key, one in self._subscriptions.items():
            named = dict.fromkeys(into_id if number == moved_id else number for number in one.feeds)
            self._subscriptions[key] = replace(one, feeds=tuple(named))
        self._leases.pop(moved_id, None)

    def _note(self, feed_id: int, text: str, now: datetime) -> None:
        if text:
            notice = Notice(self._next("notice"), feed_id, storable(text), now)
            self._notices[notice.id] = notice

    async def articles_of(self, feed_id: int, keys: Sequence[str]) -> Mapping[str, Article]:
        mine = {article.key: article for article in self._articles.values() if article.feed_id == feed_id}
        return {key: mine[stored_key(key)] for key in keys if stored_key(key) in mine}

    def _keep_quoted(self, old: Article, new: Article, now: datetime) -> None:
        quotes = [q for _, brief in sorted(self._briefs.items()) for q in brief.quotes if q.article_id == old.id]
        if old.hash == new.hash or not quotes:
            return
        self._versions.setdefault(old.id, []).insert(0, old)
        if any(old.id in here for here in self._posted.values()):
            there = {lost.text for lost in self._lost if lost.article_id == old.id}
            for quote in gone([q for q in quotes if q.key], old, new):
                if quote.text not in there:
                    speaker = quote.speaker.name if quote.speaker else ""
                    self._lost.insert(0, LostQuote(0, old.id, quote.text, speaker, now))

    async def versions(self, article_id: int) -> Sequence[Article]:
        now = self._articles.get(article_id)
        kept = self._versions.get(article_id, []) if now else []
        return [replace(now, title=old.title, text=old.text) for old in kept]

    async def lost_quotes(self, story_ids: Sequence[int] = (), limit: int = 100) -> Sequence[LostQuote]:
        found = [replace(lost, story_id=self._home[lost.article_id]) for lost in self._lost if self._is_there(lost)]
        return [lost for lost in found if not story_ids or lost.story_id in story_ids][:limit]

    def _is_there(self, lost: LostQuote) -> bool:
        return lost.article_id in self._articles

    async def notices(self, *, unsent: bool = False, limit: int = 50) -> Sequence[Notice]:
        found = [notice for _, notice in sorted(self._notices.items(), reverse=not unsent)]
        return [notice for notice in found if not unsent or notice.sent_at is None][:limit]

    async def take_notices(self, now: datetime, limit: int) -> Sequence[Notice]:
        found = [one for one in await self.notices(unsent=True, limit=len(self._notices)) if self._is_free(one, now)]
        self._taken |= dict.fromkeys((one.id for one in found[:limit]), now + TAKEN)
        return found[:limit]

    def _is_free(self, notice: Notice, now: datetime) -> bool:
        return not now < self._taken.get(notice.id, now) <= now + TAKEN

    async def notice_sent(self, notice_id: int, now: datetime) -> None:
        notice = self._notices.get(notice_id)
        if notice and notice.sent_at is None:
            self._notices[notice_id] = replace(notice, sent_at=now)

    async def leases(self) -> Sequence[Lease]:
        return [lease for feed_id, lease in sorted(self._leases.items()) if feed_id in self._feeds]

    async def save_lease(self, lease: Lease) -> None:
        if lease.feed_id not in self._feeds:
            raise NotFound("feed", lease.feed_id)
        self._leases[lease.feed_id] = lease

    async def remove_lease(self, feed_id: int) -> None:
        self._leases.pop(feed_id, None)

    async def end_waits(self, now: datetime, beyond: datetime) -> int:
        count = 0
        for row in self._feeds.values():
            was = row.feed.polling
            ahead = was.checked_at is None or was.checked_at > now
            if row.feed.paused is None and was.next_check_at > beyond and ahead:
                since = was.failing_since and min(was.failing_since, now)
                row.feed = replace(row.feed, polling=replace(was, next_check_at=now, failing_since=since))
                count += 1
        return count

    async def make_due(self, feed_id: int, now: datetime) -> None:
        row = self._feeds.get(feed_id)
        if row and row.feed.polling.next_check_at > now:
            row.feed = replace(row.feed, polling=replace(row.feed.polling, next_check_at=now))
