"""A million feeds on a fake clock: is any asked later than it should be, or any host faster than its gap?

Run: ``python -m bench.simulate [--feeds 1000000] [--hours 6]``. The rules that say when a feed is asked next are the
product's own (``sources/polling.py``), called for every poll; the network, the publishers and the clock are played.
What is played, with where its shape comes from:

- Publishers: the gap between two stories is log-normal, median 5 hours (a few post every minutes, many once a week).
- Hosts: most have a handful of feeds; their sizes follow a power law, and one host in the set holds 2 % of all feeds.
- Answers: 304s where nothing is new, 0.05–2 s long; 3 % of hosts are dead, 2 % refuse for an hour or two with
  ``Retry-After``, 5 % of answers fail by themselves; a tenth of the feeds send max-age or a ttl.
- The line: the scheduler looks every ten seconds; a feed waits for its host's turn, then for a free slot.
"""

import argparse
import heapq
import math
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from digestbot.domain.errors import FetchTimeout, ServerError
from digestbot.domain.news import Entry, Feed, ParsedFeed, Polling
from digestbot.sources.polling import Polled, after_failure, after_success, jitter, round_over

START = datetime(2026, 4, 15, tzinfo=UTC)
TICK = 10.0
GAP = 1.0
LARGEST_HOST = 0.02
LATE = 0.10
"""How much later than its interval a feed may be asked, as a share of it."""
ENTRY = Entry("k", "k", "https://news.example/1", "A title")
NEWS = ParsedFeed("", "", "", (ENTRY,))
HEADERS: tuple[dict[str, str], ...] = (
    {},
    {},
    {},
    {},
    {},
    {},
    {},
    {},
    {"cache-control": "max-age=900"},
    {"cache-control": "max-age=7200"},
)


@dataclass(slots=True)
class Host:
    """A publisher's server: how many feeds it holds, how it fares, and when it may be asked again."""

    feeds: int = 0
    latency: float = 0.2
    state: str = "well"
    trouble_until: float = 0.0
    free_at: float = 0.0
    last_end: float = -math.inf


@dataclass(slots=True)
class Found:
    """What the run showed; lateness is a share of the interval the feed should have been asked after."""

    polls: int = 0
    failed: int = 0
    late: int = 0
    worst: float = 0.0
    worst_feed: str = ""
    too_fast: int = 0
    early: int = 0
    lateness: list[float] = field(default_factory=list)
    per_minute: list[int] = field(default_factory=list)
    seconds: float = 0.0


class Simulation:
    """Feeds, hosts and a clock; :meth:`run` plays some hours and returns what was found."""

    def __init__(self, feeds: int, *, slots: int, seed: int = 1) -> None:
        """Lay out ``feeds`` feeds over hosts; ``slots`` requests may be under way at once."""
        self.random = random.Random(seed)  # noqa: S311 - a played world, not a secret
        self.slots = slots
        self.hosts = list(self._hosts(feeds))
        self.host_of = [number for number, host in enumerate(self.hosts) for _ in range(host.feeds)]
        self.gaps = [self.random.lognormvariate(math.log(5 * 3600), 1.6) for _ in self.host_of]
        self.news_at = [self.random.expovariate(1 / gap) for gap in self.gaps]
        self.feeds = [self._feed(number) for number in range(len(self.host_of))]
        self.found = Found()

    def _hosts(self, feeds: int) -> Iterator[Host]:
        left, size = feeds, max(1, round(feeds * LARGEST_HOST))
        while left > 0:
            state = self.random.choices(("well", "dead", "refusing"), (95, 3, 2))[0]
            if size == round(feeds * LARGEST_HOST / 4):
                state = "refusing"  # The hardest case is in every run: a large host that turns all away for a while.
            yield Host(min(size, left), self.random.uniform(0.05, 2.0) * self.random.random(), state)
            first, left = left == feeds, left - size
            size = (
                round(feeds * LARGEST_HOST / 4)
                if first
                else max(1, min(round(self.random.paretovariate(1.1)), round(feeds * LARGEST_HOST / 4) or 1))
            )

    def _feed(self, number: int) -> Feed:
        host = self.hosts[self.host_of[number]]
        round_of = round_over(host.feeds, GAP)
        interval = min(86_400.0, max(300.0, self.gaps[number] / 2))
        wait = max(interval, round_of)
        # Each was asked at some moment before the start, as on any day in the life of an installation.
        checked = START - timedelta(seconds=wait * self.random.random())
        url = f"https://{self.host_of[number]}.example/{number}"
        due = checked + timedelta(seconds=wait * (1 + jitter(url, checked)))
        polling = Polling(due, checked, url, '"e"', interval=interval)
        return Feed(number, url, "", polling, baseline_at=START)

    def run(self, hours: float) -> Found:
        """Play some hours: each tick takes what is due, hosts serve their lines, slots bound how many at once."""
        began = time.perf_counter()
        waiting = [(self._seconds(feed.polling.next_check_at), feed.id) for feed in self.feeds]
        heapq.heapify(waiting)
        free = [0.0] * self.slots
        heapq.heapify(free)
        for tick in range(1, int(hours * 3600 / TICK) + 1):
            now = tick * TICK
            if tick % 6 == 1:
                self.found.per_minute.append(0)
            ready: list[tuple[float, int]] = []
            while waiting and waiting[0][0] <= now:
                due, number = heapq.heappop(waiting)
                ready.append((max(now, due), number))
            self._serve(ready, free, waiting)
        self.found.seconds = time.perf_counter() - began
        return self.found

    def _serve(self, ready: Sequence[tuple[float, int]], free: list[float], waiting: list[tuple[float, int]]) -> None:
        """Ask each feed once its host's turn and a slot are there; note what the host saw."""
        for moment, number in ready:
            host = self.hosts[self.host_of[number]]
            start = max(moment, host.free_at, heapq.heappop(free))
            end = start + host.latency
            heapq.heappush(free, end)
            if start < host.last_end + GAP - 1e-9:
                self.found.too_fast += 1
            host.last_end, host.free_at = end, end + GAP
            self._judge(self.feeds[number], start)
            polling = self._answered(number, host, end)
            self.feeds[number] = replace(self.feeds[number], polling=polling)
            heapq.heappush(waiting, (self._seconds(polling.next_check_at), number))

    def _judge(self, feed: Feed, start: float) -> None:
        """Hold the moment a feed is asked against the moment it should have been."""
        found, polling = self.found, feed.polling
        found.polls += 1
        found.per_minute[-1] += 1
        if polling.checked_at is None:
            raise RuntimeError("every feed here has been asked before")
        before = self._seconds(polling.checked_at)
        promised = self._seconds(polling.next_check_at) - before
        interval = promised / (1 + jitter(feed.url, polling.checked_at))
        late = (start - before) / interval - 1
        found.early += start < before + promised - 1e-6
        found.late += late > LATE
        if late > found.worst:
            found.worst, found.worst_feed = late, feed.url
        if found.polls % 50 == 0:
            found.lateness.append(late)

    def _answered(self, number: int, host: Host, moment: float) -> Polling:
        """Return a feed's state after the answer its host gives: the product's own rules decide."""
        feed, now = self.feeds[number], START + timedelta(seconds=moment)
        round_of = round_over(host.feeds, GAP)
        if host.state == "refusing" and moment > host.trouble_until:
            host.state, host.trouble_until = "refused", moment + self.random.uniform(3600, 7200)
        if host.state == "refused" and moment < host.trouble_until:
            self.found.failed += 1
            refusal = ServerError(feed.url, retry_after=host.trouble_until - moment)
            return after_failure(feed, refusal, now, round_of=round_of)
        if host.state == "dead" or self.random.random() < 0.05:
            self.found.failed += 1
            return after_failure(feed, FetchTimeout(feed.url), now, round_of=round_of)
        headers = HEADERS[number % len(HEADERS)]
        if self.news_at[number] > moment:
            polled = Polled(feed.url, headers, not_modified=True)
        else:
            self.news_at[number] = moment + self.random.expovariate(1 / self.gaps[number])
            polled = Polled(feed.url, headers, parsed=NEWS, partial=True)
        return after_success(feed, polled, now, round_of=round_of)

    @staticmethod
    def _seconds(moment: datetime) -> float:
        return (moment - START).total_seconds()


def report(simulation: Simulation, found: Found, hours: float) -> None:
    """Print what was found."""
    steady = found.per_minute[5:] or found.per_minute
    largest = max(host.feeds for host in simulation.hosts)
    late = sorted(found.lateness)
    print(f"{len(simulation.feeds):,} feeds on {len(simulation.hosts):,} hosts, the largest with {largest:,}")
    print(f"{hours:g} hours on a fake clock in {found.seconds:.0f} s; {simulation.slots:,} requests at once")
    print(f"polls                            {found.polls:>14,}  ({found.failed:,} failed)")
    print(f"polls a second, median and most  {statistics.median(steady) / 60:>8,.0f} {max(steady) / 60:>8,.0f}")
    print(f"later than the interval + {LATE:.0%}    {found.late:>14,}  ({found.late / max(1, found.polls):.5%})")
    print(
        f"lateness: median, 99 %, most     {statistics.median(late):>8.2%} {late[int(len(late) * 0.99)]:>8.2%} "
        f"{found.worst:.2%}  (jitter adds up to 5 % of it)"
    )
    print(f"earlier than promised            {found.early:>14,}")
    print(f"hosts asked faster than the gap  {found.too_fast:>14,}")


def main() -> None:
    """Play, print, and fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--feeds", type=int, default=1_000_000)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument(
        "--slots", type=int, default=0, help="requests at once (default: one for 500 feeds, at least 32)"
    )
    options = parser.parse_args()
    simulation = Simulation(options.feeds, slots=options.slots or max(32, options.feeds // 500))
    found = simulation.run(options.hours)
    report(simulation, found, options.hours)
    if found.late or found.early or found.too_fast:
        raise SystemExit("a promise is broken")


if __name__ == "__main__":
    main()
