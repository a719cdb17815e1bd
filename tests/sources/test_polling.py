"""The poller's rules, each against a stand-in server that judges the client's log."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.errors import FeedGone, ServerError
from digestbot.domain.news import Entry, Feed, ParsedFeed, Polling
from digestbot.sources.polling import (
    LONGEST,
    SHORTEST,
    Polled,
    after_failure,
    after_success,
    freshness,
    retry_after,
    rhythm,
    round_over,
)
from tests.rigs.feeds import Reply, rss
from tests.sources.polling_rig import START, poller

TWO = rss(("1", "One"), ("2", "Two"))
THREE = rss(("3", "Three"), ("1", "One"), ("2", "Two"))


def feed(**polling: object) -> Feed:
    """Return a feed with a polling state."""
    return Feed(1, "https://a.example/feed", "A", replace(Polling(next_check_at=START), **polling))


def polled(headers: Mapping[str, str] | None = None, **kwargs: object) -> Polled:
    """Return a poll that worked."""
    return Polled("https://a.example/feed", headers or {}, **kwargs)


async def test_validators_are_sent_verbatim():
    """ETag and Last-Modified come back byte for byte, weak marks and odd dates among them."""
    async with poller() as one:
        odd = {"ETag": 'W/"a,b c"', "Last-Modified": "Mon, 2 Mar 2026 8:00:00 +0000"}
        one.server.says("/feed", Reply(TWO, headers=odd))
        assert (await one.poll()).outcome == "items"
        assert (await one.poll()).outcome == "not_modified"
        assert one.server.log[1].headers["If-None-Match"] == 'W/"a,b c"'
        assert one.server.log[1].headers["If-Modified-Since"] == "Mon, 2 Mar 2026 8:00:00 +0000"


async def test_one_unconditional_request_ever_across_restarts():
    """A feed that gives validators is asked without them once in its life."""
    async with poller() as one:
        one.server.says("/feed", Reply(TWO, headers={"ETag": '"1"'}))
        for _ in range(4):
            await one.poll()
            one.restart()
        assert [asked.is_conditional for asked in one.server.log] == [False, True, True, True]


async def test_a_failure_between_keeps_the_validators():
    """An error of the server's does not cost a whole body afterwards."""
    async with poller() as one:
        one.server.says(
            "/feed", Reply(TWO, headers={"ETag": '"1"'}), Reply(status=500), Reply(TWO, headers={"ETag": '"1"'})
        )
        await one.poll(3)
        assert [asked.status for asked in one.server.log] == [200, 500, 304]


async def test_a_bare_304_keeps_the_validators():
    """A 304 that repeats neither ETag nor Last-Modified takes nothing away (RFC 9110, 15.4.5)."""
    async with poller() as one:
        one.server.says("/feed", Reply(TWO, headers={"ETag": '"1"'}), Reply(status=304), Reply(status=304))
        await one.poll(3)
        assert [asked.headers.get("If-None-Match") for asked in one.server.log] == [None, '"1"', '"1"']


async def test_a_challenge_page_keeps_the_validators_of_the_feed():
    """200 with a web page is an error of type NotAFeed, and its ETag is not the feed's."""
    async with poller() as one:
        page = Reply(
            b"<!doctype html><html><title>Just a moment...</title></html>",
            headers={"ETag": '"page"'},
            conditional=False,
        )
        one.server.says("/feed", Reply(TWO, headers={"ETag": '"1"'}), page)
        await one.poll(2)
        assert "web page" in str(one.error)
        assert one.feed.polling.etag == '"1"'
        # The stand-in counts the page's ETag as the one to send; what matters is that ours is the feed's.
        one.server._given["/feed"] = {"ETag": '"1"'}
        one.server.says("/feed", Reply(TWO, headers={"ETag": '"1"'}))
        assert (await one.poll()).outcome == "not_modified"


async def test_validators_are_bound_to_the_final_url():
    """After a temporary redirect they go to the address that gave them, not to the one that redirects."""
    async with poller() as one:
        one.server.says("/feed", Reply(status=302, headers={"Location": "/there"}))
        one.server.says("/there", Reply(TWO, headers={"ETag": '"1"'}))
        await one.poll(2)
        assert [asked.is_conditional for asked in one.server.asked("/feed")] == [False, False]
        assert [asked.is_conditional for asked in one.server.asked("/there")] == [False, True]


async def test_the_same_body_without_validators_is_not_parsed():
    """A body hash stands in for validators a server does not give."""
    async with poller() as one:
        one.server.says("/feed", Reply(TWO))
        await one.poll()
        fetched = await one.poll()
        assert (fetched.outcome, fetched.parsed) == ("same_body", None)


async def test_only_the_new_item_is_parsed():
    """A new item comes alone; the header's changes make nothing new."""
    async with poller() as one:
        one.server.says("/feed", Reply(TWO), Reply(THREE), Reply(THREE.replace(b"The Example", b"The Examples")))
        await one.poll()
        assert [e.title for e in (await one.poll()).parsed.entries] == ["Three"]
        assert (await one.poll()).outcome == "same_items"
        assert [e.title for e in one.posted] == ["Three"]


async def test_a_restart_never_polls_early():
    """When the next check is due stands in the row alone."""
    async with poller() as one:
        one.server.says("/feed", Reply(TWO, headers={"Cache-Control": "max-age=7200"}))
        await one.poll()
        due = one.feed.polling.next_check_at
        one.restart()
        assert due >= START + timedelta(hours=2)
        assert one.feed.polling.next_check_at == due


@given(wait=st.floats(SHORTEST, LONGEST), second=st.integers(0, 10**6))
def test_jitter_only_adds(wait: float, second: int):
    """No feed is asked before its interval has passed, nor later than 24 hours."""
    now = START + timedelta(seconds=second)
    state = after_success(feed(interval=wait / 1.25), polled(not_modified=True), now)
    least = min(LONGEST, max(SHORTEST, wait / 1.25 * 1.25))
    assert now + timedelta(seconds=least - 0.001) <= state.next_check_at <= now + timedelta(seconds=LONGEST)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "public, max-age=3600"}, 3600),
        ({"cache-control": "max-age=3600", "age": "600"}, 3000),
        ({"cache-control": "no-cache, max-age=3600"}, 0),
        ({"expires": "Mon, 02 Mar 2026 10:00:00 GMT", "date": "Mon, 02 Mar 2026 09:00:00 GMT"}, 3600),
        ({"expires": "0"}, 0),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"cache-control": "max-age=banana"}, 0),
        ({}, 0),
    ],
)
def test_freshness(headers: Mapping[str, str], seconds: float):
    """max-age, else Expires, says how long an answer stays fresh."""
    assert freshness(headers, START) == seconds


@pytest.mark.parametrize("seconds", [3600, 10**6])
def test_the_floor_comes_from_the_server_and_is_capped(seconds: int):
    """max-age keeps a lively feed from being asked sooner, but for at most a day."""
    state = after_success(feed(interval=300.0), polled({"cache-control": f"max-age={seconds}"}), START)
    least = min(seconds, LONGEST)
    assert START + timedelta(seconds=least) <= state.next_check_at <= START + timedelta(seconds=LONGEST)


async def test_the_floor_comes_from_the_feed():
    """RSS ttl and the syndication module's period are minimum intervals."""
    async with poller() as one:
        one.server.says("/feed", Reply(rss(("1", "One"), ttl=180)))
        await one.poll()
        assert one.feed.polling.next_check_at >= START + timedelta(minutes=180)
        assert "asks for at least" in one.feed.polling.why
        period = (
            "<sy:updatePeriod xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>daily</sy:updatePeriod>"
            "<sy:updateFrequency xmlns:sy='http://purl.org/rss/1.0/modules/syndication/'>4</sy:updateFrequency>"
        )
        one.server.says("/feed", Reply(rss(("1", "One"), extra=period)))
        before = one.feed.polling.next_check_at
        await one.poll()
        assert one.feed.polling.floor == 6 * 3600
        assert one.feed.polling.next_check_at >= before + timedelta(hours=6)


async def test_hours_to_skip_are_skipped():
    """The hours and days of skipHours and skipDays move the next check behind them."""
    async with poller() as one:
        hours = "".join(f"<hour>{hour}</hour>" for hour in (9, 10, 11))
        one.server.says("/feed", Reply(rss(("1", "One"), extra=f"<skipHours>{hours}</skipHours>")))
        await one.poll()
        assert one.feed.polling.next_check_at.hour == 12
        assert "skipHours" in one.feed.polling.why


def test_a_feed_that_skips_everything_is_asked_once_a_day():
    """A feed cannot ask never to be polled."""
    parsed = ParsedFeed("A", "", "", (), skips=(1 << 24) - 1)
    state = after_success(feed(), polled(parsed=parsed), START)
    assert state.next_check_at <= START + timedelta(hours=25)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("value", "least"),
    [("7200", 7200), ("0", SHORTEST), ("-1", SHORTEST), ("soon", SHORTEST), ("999999999", 7 * LONGEST)],
)
async def test_retry_after_is_honoured(status: int, value: str, least: float):
    """Seconds are waited; 0 and nonsense mean the usual back-off, never at once; a year is a mistake."""
    async with poller() as one:
        one.server.says("/feed", Reply(status=status, headers={"Retry-After": value}))
        await one.poll()
        assert isinstance(one.error, ServerError)
        assert one.feed.polling.next_check_at >= START + timedelta(seconds=least)
        assert one.feed.polling.next_check_at <= START + timedelta(seconds=max(least * 1.1, 2 * 3600))
        one.server._not_before.clear()


def test_retry_after_as_a_date():
    """An HTTP date says until when; one that has passed says nothing."""
    later = format_datetime(START + timedelta(hours=3), usegmt=True)
    assert retry_after({"retry-after": later}, START) == 3 * 3600
    assert retry_after({"retry-after": "Mon, 02 Mar 2020 09:00:00 GMT"}, START) == 0
    assert retry_after({}, START) is None


async def test_a_permanent_move_is_adopted_after_three_confirmations():
    """301 and 308 move the feed, once three polls agree, without asking anew and without posting again."""
    async with poller() as one:
        one.server.says("/feed", Reply(TWO, headers={"ETag": '"1"'}))
        await one.poll()
        one.server.says(
            "/feed", Reply(status=301, headers={"Location": "/new"}), Reply(status=308, headers={"Location": "/new"})
        )
        one.server.says("/new", Reply(TWO, headers={"ETag": '"2"'}))
        moved = [(await one.poll()).moved_to for _ in range(3)]
        assert moved == [None, None, one.server.url("/new")]
        assert one.feed.url == one.server.url("/new")
        await one.poll()
        assert len(one.server.asked("/feed")) == 4
        assert [asked.is_conditional for asked in one.server.asked("/new")] == [False, True, True, True]
        assert one.posted == []


async def test_a_move_that_wavers_is_not_adopted():
    """A redirect elsewhere, or none, starts the count anew; a temporary one never counts."""
    async with poller() as one:
        to = {path: Reply(status=301, headers={"Location": path}) for path in ("/a", "/b")}
        for path in to:
            one.server.says(path, Reply(TWO))
        one.server.says(
            "/feed", to["/a"], to["/a"], to["/b"], Reply(TWO), to["/a"], Reply(status=307, headers={"Location": "/a"})
        )
        assert [(await one.poll()).moved_to for _ in range(7)] == [None] * 7


async def test_a_feed_that_is_gone_is_paused():
    """410 is told as FeedGone."""
    async with poller() as one:
        one.server.says("/feed", Reply(status=410))
        await one.poll()
        assert isinstance(one.error, FeedGone)
        assert one.feed.paused


async def test_a_failing_feed_backs_off_and_never_gives_up():
    """Each wait is longer, up to 24 hours; one alert after a day, one on recovery."""
    async with poller() as one:
        one.server.says("/feed", Reply(status=500))
        waits = []
        for _ in range(14):
            await one.poll()
            waits.append((one.feed.polling.next_check_at - one.now()).total_seconds())
        assert all(later >= earlier * 0.9 for earlier, later in pairwise(waits))
        assert waits[-1] == LONGEST
        assert one.alerts == ["failing"]
        one.server.says("/feed", Reply(TWO))
        await one.poll(3)
        assert one.alerts == ["failing", "recovered"]
        assert one.feed.polling.failures == 0


@pytest.mark.parametrize(("hours", "told"), [(0, False), (23.9, False), (24, True), (100, True)])
def test_a_day_of_failing_is_a_day(hours: float, told: bool):
    """Nobody is told of a feed before it has failed for 24 hours."""
    failing = feed(failures=3, failing_since=START - timedelta(hours=hours))
    assert after_failure(failing, ServerError(failing.url), START).alerted is told


@given(st.lists(st.booleans(), max_size=60))
def test_intervals_stay_between_five_minutes_and_a_day(outcomes: list[bool]):
    """Whatever happens, the interval keeps its bounds."""
    one, now = feed(), START
    for works in outcomes:
        state = after_success(one, polled(), now) if works else after_failure(one, ServerError(one.url), now)
        assert SHORTEST <= state.interval <= LONGEST
        assert SHORTEST <= (state.next_check_at - now).total_seconds() <= LONGEST
        one, now = replace(one, polling=state), state.next_check_at


def test_the_interval_follows_the_feeds_rhythm():
    """An hourly feed is asked about every half hour, one silent for a month once a day."""

    def entries(gap: timedelta, last: datetime) -> list[Entry]:
        return [Entry(str(i), str(i), "", "", published=last - gap * i) for i in range(20)]

    assert rhythm(entries(timedelta(hours=1), START), START) == 1800
    assert rhythm(entries(timedelta(hours=1), START - timedelta(days=30)), START) > LONGEST
    assert rhythm(entries(timedelta(hours=1), START)[:2], START) is None
    future = [Entry("f", "f", "", "", published=datetime(2099, 1, 1, tzinfo=UTC))]
    assert rhythm(future + entries(timedelta(hours=1), START), START) == 1800


async def test_one_connection_and_a_gap_per_host():
    """Many feeds of one host are asked one after the other, with a pause between."""
    async with poller(gap=0.05) as one:
        paths = [f"/{number}" for number in range(5)]
        for path in paths:
            one.server.says(path, Reply(TWO))
        feeds = [replace(one.feed, url=one.server.url(path)) for path in paths]
        await asyncio.gather(*(one.source.fetch(each, one.now()) for each in feeds))
        assert len(one.server.log) == 5


async def test_edits_and_new_dates_never_post_again():
    """An edited title, a new date, a GUID that moved to https: the entry stays the one it was."""
    first = b"""<rss version="2.0"><channel><title>A</title>
      <item><guid>http://www.a.example/1</guid><link>http://a.example/1?utm_source=x</link><title>One</title></item>
      <item><link>https://a.example/2</link><title>Two</title><pubDate>Mon, 02 Mar 2026 08:00:00 GMT</pubDate></item>
      </channel></rss>"""
    second = b"""<rss version="2.0"><channel><title>A</title>
      <item><guid>https://a.example/1</guid><link>https://a.example/1</link><title>One, mended</title></item>
      <item><link>https://a.example/2#top</link><title>Two, mended</title>
        <pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item>
      </channel></rss>"""
    third = second.replace(b"<guid>https://a.example/1</guid>", b"<guid>new-system-1</guid>")
    async with poller() as one:
        one.server.says("/feed", Reply(first), Reply(second), Reply(third))
        await one.poll()
        edits = (await one.poll()).parsed.entries
        await one.poll()
        assert [e.title for e in edits] == ["One, mended", "Two, mended"]
        assert one.posted == []


def test_a_crowded_host_is_gone_round_slowly() -> None:
    """A feed among 2,000 of one host is asked once a round, be its own rhythm ever so quick; alone it is not slowed."""
    lively = feed(interval=300.0)
    round_of = round_over(2000, 1.0)
    crowded = after_success(lively, polled(), START, round_of=round_of)
    assert crowded.next_check_at >= START + timedelta(seconds=round_of)
    assert "at least" in crowded.why
    alone = after_success(lively, polled(), START, round_of=round_over(2, 1.0))
    assert alone.next_check_at < START + timedelta(seconds=600)


def test_the_feeds_of_a_host_that_refuses_them_come_back_one_by_one() -> None:
    """A thousand feeds told to come back in an hour do so spread over one round of their host, none before the hour."""
    busy = ServerError("https://a.example/", retry_after=3600)
    round_of = round_over(1000, 1.0)
    urls = [f"https://a.example/{number}" for number in range(1000)]
    backs = [after_failure(replace(feed(), url=url), busy, START, round_of=round_of).next_check_at for url in urls]
    assert min(backs) >= START + timedelta(hours=1)
    assert max(backs) - min(backs) > timedelta(seconds=round_of * 0.9)
