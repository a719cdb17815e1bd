"""The ArchiveStore port over the rows of the store in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

from digestbot.domain.digest import DeliveryState, Digest
from digestbot.domain.news import Brief, Feed
from digestbot.ports.archive import Backlog, Due, FeedHealth, Saying, Tally, Voice


class MemoryArchive:
    """What has been; mixed into the store, whose rows it reads."""

    async def archive(
        self,
        *,
        subscription_id: int | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        limit: int = 20,
    ) -> Sequence[Digest]:
        found = [
            (at, key, digest)
            for (key, at), digest in self._editions.items()
            if digest is not None
            and (subscription_id is None or key == subscription_id)
            and (since is None or at >= since)
            and (until is None or at < until)
        ]
        return [digest for _, _, digest in sorted(found, key=lambda row: (-row[0].timestamp(), row[1]))][:limit]

    async def briefs(self, story_id: int) -> Sequence[Brief]:
        mine = [(key, brief) for (home, key), brief in self._briefs.items() if home == story_id]
        ordered = sorted(mine, key=lambda pair: (-pair[1].made_at.timestamp(), pair[0]))
        return [brief for key, _ in ordered if (brief := await self.brief(story_id, key)) is not None]

    def _sayings(self) -> Iterable[Saying]:
        """Yield each quotation that briefs show, newest article first, each once."""
        articles = sorted(self._articles.values(), key=lambda a: (a.fetched_at, a.id), reverse=True)
        for article in articles:
            home, found = self._home[article.id], {}
            for quote in self._quotes_of(article, home):
                found.setdefault((quote.passages, quote.speaker), Saying(home, article, quote))
            yield from found.values()

    async def said_by(self, name: str, limit: int = 50) -> Sequence[Saying]:
        return [s for s in self._sayings() if s.quote.speaker and s.quote.speaker.name == name][:limit]

    async def voices(self, since: datetime, limit: int = 50) -> Sequence[Voice]:
        texts: dict[str, set[str]] = {}
        last: dict[str, datetime] = {}
        for saying in self._sayings():
            if saying.article.fetched_at >= since and saying.quote.speaker:
                name = saying.quote.speaker.name
                texts.setdefault(name, set()).add(saying.quote.text)
                last.setdefault(name, saying.article.fetched_at)
        voices = [Voice(name, len(said), last[name]) for name, said in texts.items()]
        return sorted(voices, key=lambda voice: (-voice.quotes, voice.name))[:limit]

    async def tally(self, since: datetime) -> Tally:
        made = [brief for brief in self._briefs.values() if brief.made_at >= since]
        dropped: Counter[str] = Counter()
        for brief in made:
            dropped.update(dict(brief.dropped))
        rules = (rule for brief in made for refusal in brief.summary.refused for rule in refusal.reasons)
        return Tally(
            len(made),
            sum(len(brief.quotes) for brief in made),
            ranked(dropped),
            ranked(Counter(rules)),
            ranked(Counter(brief.summary.engine for brief in made)),
        )

    async def articles_by_hour(self, since: datetime) -> Sequence[tuple[datetime, int]]:
        hours = Counter(
            article.fetched_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
            for article in self._articles.values()
            if article.fetched_at >= since
        )
        return sorted(hours.items())

    async def deliveries_by_day(self, since: datetime) -> Sequence[tuple[datetime, DeliveryState, int]]:
        days = Counter(
            (owed.edition.at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0), owed.state)
            for owed in self._deliveries.values()
            if owed.edition.at >= since
        )
        return [(day, state, count) for (day, state), count in sorted(days.items())]

    async def feed_healths(self, now: datetime, late: timedelta) -> Mapping[FeedHealth, int]:
        return Counter(health_of(row.feed, now - late) for row in self._feeds.values())

    async def feeds_by_health(
        self,
        now: datetime,
        late: timedelta,
        *,
        health: FeedHealth | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> Sequence[tuple[Feed, FeedHealth]]:
        found = [(row.feed, health_of(row.feed, now - late)) for row in self._feeds.values()]
        wanted = [pair for pair in found if health is None or pair[1] == health]
        ordered = sorted(wanted, key=lambda pair: (get_args(FeedHealth).index(pair[1]), pair[0].id))
        return ordered[offset : offset + limit]

    async def backlog(self, now: datetime, since: datetime) -> Backlog:
        fresh = {(key, brief.sources_hash) for (key, _), brief in self._briefs.items()}
        stories = [story for story in self._all() if story.last_seen >= since]
        return Backlog(
            refresh=due(
                (row.feed.polling.next_check_at for row in self._feeds.values() if row.feed.paused is None),
                lambda at: at <= now,
            ),
            brief=due(s.last_seen for s in stories if (s.id, s.sources_hash) not in fresh),
            publish=due(
                (s.next_edition_at for s in self._subscriptions.values() if s.paused is None and s.next_edition_at),
                lambda at: at <= now,
            ),
            deliver=due(d.edition.at for d in self._deliveries.values() if d.state in {"pending", "sending"}),
        )


def health_of(feed: Feed, late: datetime) -> FeedHealth:
    """Return a feed's health; a poll due before ``late`` is late."""
    if feed.paused is not None:
        return "paused"
    if feed.polling.failures:
        return "failing"
    if feed.polling.next_check_at < late:
        return "late"
    return "new" if feed.baseline_at is None else "well"


def due(times: Iterable[datetime], counts: Callable[[datetime], bool] = lambda _: True) -> Due:
    """Return how many times count, and the oldest of them."""
    found = [at for at in times if counts(at)]
    return Due(len(found), min(found, default=None))


def ranked(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Return counts with the most frequent first, equal ones by name."""
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
