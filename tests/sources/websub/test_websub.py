"""WebSub against a stand-in hub over loopback: verified intent, signatures, renewal, leaving, slow polling kept."""

import hashlib
import hmac
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from digestbot.pipeline.refresh import Refresher
from digestbot.ports import Poll
from digestbot.sources.feeds import HttpFeedSource
from digestbot.sources.http import PoliteClient
from digestbot.sources.polling import LONGEST, PUSHED, linked
from digestbot.sources.websub import Hubs, Pushes, callback_routes, is_signed
from tests.fakes.clock import FakeClock
from tests.fakes.inference import FakeEmbedder
from tests.fakes.sources import FakePublisher
from tests.fakes.store import MemoryStore
from tests.rigs.feeds import Reply, feed_server, rss
from tests.rigs.hub import stand_in_hub
from tests.sources.polling_rig import InlineSandbox


class Desk:
    """A feed whose publisher has a hub, the bot's side of it, and a clock."""

    def __init__(self, hub, server, client, clock):
        self.hub, self.server, self.client = hub, server, client
        self.clock, self.store = clock, MemoryStore()
        self.pushes = Pushes(self.store, self.clock)
        self.hubs = None

    def publish(self, *titles):
        """Put items into the feed, which names its hub and itself."""
        links = (
            f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='hub' href='{self.hub.url}'/>"
            f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='self' href='{self.server.url('/self')}'/>"
        )
        self.server.says("/feed", Reply(rss(*((title, title) for title in titles), extra=links)))

    async def refresh(self):
        """Refresh what is due."""
        source = HttpFeedSource(self.client, InlineSandbox(), pushed=self.hubs.holds)
        articles = FakePublisher(pages={f"https://news.example/{t}": f"About {t}." for t in ("One", "Two", "Three")})
        return await Refresher(self.store, source, articles, FakeEmbedder(), self.clock).run_due()

    async def tend(self):
        """Ask the hubs what is to be asked, and let them verify."""
        faults = await self.hubs.tend(await self.store.feeds(), self.clock.now())
        await self.hub.settled()
        return faults


@pytest.fixture
async def desk():
    """Open hub, publisher and callback, with one feed that was polled once."""
    client = PoliteClient(allow_private_hosts=["127.0.0.1"], host_gap=0.0)
    clock = FakeClock()
    async with stand_in_hub() as hub, feed_server(clock.now) as server:
        made = Desk(hub, server, client, clock)
        application = web.Application()
        application.router.add_routes(callback_routes(made.pushes))
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        made.hubs = Hubs(made.store, client, f"http://127.0.0.1:{runner.addresses[0][1]}")
        await made.store.add_feed(server.url("/feed"), now=made.clock.now())
        made.publish("One")
        await made.refresh()
        yield made
        await runner.cleanup()
        await client.close()


async def test_a_hub_is_asked_with_the_feeds_own_address_and_verified(desk):
    """The hub gets topic, callback, lease and a secret, asks back, and the lease it grants is held."""
    assert await desk.tend() == []
    (asked,) = desk.hub.asked
    assert (asked["hub.mode"], asked["hub.topic"]) == ("subscribe", desk.server.url("/self"))
    assert len(asked["hub.secret"]) >= 32
    assert desk.hub.verified == [("subscribe", 200)]
    (lease,) = await desk.store.leases()
    assert (lease.state, lease.until) == ("held", desk.clock.now() + timedelta(seconds=desk.hub.lease))


@pytest.mark.parametrize("method", ["sha1", "sha256", "sha384", "sha512"])
async def test_a_signed_push_makes_its_feed_due(desk, method):
    """What the publisher has just published is news at once, however far away the next check was."""
    await desk.tend()
    desk.publish("Two", "One")
    desk.clock.tick(minutes=6)
    assert await desk.refresh() == []
    assert await desk.hub.push(b"<rss/>", method) == [202]
    (done,) = await desk.refresh()
    assert (done.outcome, done.stored) == ("new", 1)


@pytest.mark.parametrize("secret", ["", "somebody else's"])
async def test_a_forged_push_does_nothing_and_is_told_nothing(desk, secret):
    """A push with a wrong signature is answered like a right one and wakes nobody."""
    await desk.tend()
    assert await desk.hub.push(b"<rss/>", secret=secret) == [202]
    desk.clock.tick(minutes=6)
    assert await desk.store.due_feeds(desk.clock.now()) == []


async def test_nobody_else_can_subscribe_us(desk):
    """A verification of what we did not ask, of another topic, or at an unknown callback is refused."""
    await desk.tend()
    callback = desk.hub.asked[0]["hub.callback"]
    topic = desk.hub.asked[0]["hub.topic"]
    assert (await desk.hub.ask(callback, "subscribe", "https://evil.example/"))[0] == 404
    assert (await desk.hub.ask(callback, "unsubscribe", topic))[0] == 404
    assert (await desk.hub.ask(callback[:-1], "subscribe", topic))[0] == 404
    assert (await desk.store.leases())[0].state == "held"


async def test_a_denied_subscription_is_not_held(desk):
    """A hub may deny later what it granted; it is asked again, and the feed is polled meanwhile."""
    await desk.tend()
    asked = desk.hub.asked[0]
    assert (await desk.hub.ask(asked["hub.callback"], "denied", asked["hub.topic"]))[0] == 200
    await desk.hubs.tend(await desk.store.feeds(), desk.clock.now())
    (feed,) = await desk.store.feeds()
    assert not desk.hubs.holds(feed, desk.clock.now())


async def test_a_lease_is_renewed_before_it_ends(desk):
    """The same callback is subscribed again in time, once, under the same secret."""
    await desk.tend()
    await desk.tend()
    assert len(desk.hub.asked) == 1
    desk.clock.tick(days=8, minutes=1)
    await desk.tend()
    first, second = desk.hub.asked
    assert (first["hub.callback"], first["hub.secret"]) == (second["hub.callback"], second["hub.secret"])
    (lease,) = await desk.store.leases()
    assert (lease.state, lease.until) == ("held", desk.clock.now() + timedelta(days=10))


async def test_a_lease_that_a_clock_ahead_asked_for_is_asked_for_again(desk):
    """When it really ends is not known: it counts for nothing until the hub has verified it anew."""
    desk.clock.tick(days=365)
    await desk.tend()
    desk.clock.tick(days=-365)
    assert await desk.tend() == []
    assert [asked["hub.mode"] for asked in desk.hub.asked] == ["subscribe", "subscribe"]
    (lease,) = await desk.store.leases()
    assert (lease.state, lease.until) == ("held", desk.clock.now() + timedelta(days=10))


async def test_a_paused_feed_unsubscribes(desk):
    """A feed nobody polls any more leaves its hub, which asks back; what it pushes afterwards is gone."""
    await desk.tend()
    (feed,) = await desk.store.feeds()
    callbacks = dict(desk.hub.subscribers)
    await desk.store.pause_feed(feed.id, "by hand")
    await desk.tend()
    assert desk.hub.verified[-1] == ("unsubscribe", 200)
    assert await desk.store.leases() == []
    desk.hub.subscribers = callbacks
    assert await desk.hub.push(b"<rss/>") == [410]


async def test_a_hub_that_refuses_is_asked_again_hours_later(desk):
    """A fault of the hub's is returned, costs the feed nothing, and is no reason to hammer."""
    desk.hub.refuses = True
    (fault,) = await desk.tend()
    assert "403" in str(fault)
    desk.clock.tick(hours=5)
    assert await desk.tend() == []
    desk.hub.refuses = False
    desk.clock.tick(hours=2)
    assert await desk.tend() == []
    assert (await desk.store.leases())[0].state == "held"


async def test_a_feed_with_a_hub_is_polled_slowly_but_polled(desk):
    """While pushes come the feed is asked every six hours at least; without them as often as before."""
    (feed,) = await desk.store.feeds()
    assert feed.polling.next_check_at < desk.clock.now() + timedelta(seconds=PUSHED)
    await desk.tend()
    await desk.tend()
    desk.clock.tick(hours=1)
    await desk.refresh()
    (feed,) = await desk.store.feeds()
    wait = (feed.polling.next_check_at - desk.clock.now()).total_seconds()
    assert PUSHED <= wait <= LONGEST
    assert "hub" in feed.polling.why


async def test_leases_survive_a_restart(desk):
    """What is held stands in the store alone."""
    await desk.tend()
    again = Hubs(desk.store, desk.client, desk.hubs.base)
    (feed,) = await desk.store.feeds()
    assert not again.holds(feed, desk.clock.now())
    await again.tend([feed], desk.clock.now())
    assert again.holds(feed, desk.clock.now())
    assert len(desk.hub.asked) == 1


async def test_a_feed_that_names_another_hub_goes_there(desk):
    """A new hub gets a new callback and a new secret; the old callback is gone."""
    await desk.tend()
    (feed,) = await desk.store.feeds()
    moved = replace(feed.polling, hub=desk.hub.url + "?new", topic=feed.polling.topic)
    await desk.store.record_polls([Poll(feed.id, moved)], desk.clock.now())
    old = dict(desk.hub.subscribers)
    await desk.tend()
    assert desk.hub.asked[0]["hub.secret"] != desk.hub.asked[1]["hub.secret"]
    desk.hub.subscribers = old
    assert await desk.hub.push(b"<rss/>") == [410]


@given(body=st.binary(), secret=st.text(min_size=1).filter(lambda s: s.isprintable()), junk=st.text())
def test_only_the_right_signature_signs(body, secret, junk):
    """Any method of the recommendation, in any case; nothing else, and no signature breaks the check."""
    good = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    assert is_signed(f"sha256={good}", body, secret)
    assert is_signed(f"SHA256={good.upper()}", body, secret)
    assert not is_signed(f"sha256={good}", body + b"x", secret)
    assert not is_signed(f"md5={good}", body, secret)
    assert not is_signed(junk, body, secret)


@pytest.mark.parametrize(
    ("header", "hub"),
    [
        ('<https://hub.example/>; rel="hub"', "https://hub.example/"),
        ('<https://a.example/>; rel=self, <https://hub.example/>; rel="other hub"', "https://hub.example/"),
        ("<javascript:x>; rel=hub", None),
        ("<https://hub.example/>", None),
        ("", None),
    ],
)
def test_a_hub_may_stand_in_the_header(header, hub):
    """A Link header names the hub too (4); only whole http(s) addresses count."""
    assert linked({"link": header}, "hub") == hub
