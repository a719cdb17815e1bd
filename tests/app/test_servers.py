"""A server that removes the bot loses no setting: its digests are paused with the reason, and go on when it is back."""

import pytest

from digestbot.app.servers import Servers
from digestbot.app.slack import Membership
from digestbot.chat.slack.bot import UNINSTALLED
from digestbot.domain.subscription import Channel, Schedule, Subscription
from tests.fakes.clock import START, FakeClock
from tests.fakes.store import MemoryStore


async def test_removed_and_invited_again():
    """Its own digests alone are paused; back again they go on from then, and one paused by hand stays paused."""
    store, clock = MemoryStore(), FakeClock()
    here, there = Channel("discord", "5", "7"), Channel("discord", "6", "8")
    kept = [
        await store.save_subscription(Subscription(0, name, channel, next_edition_at=START, stories=7))
        for name, channel in (("Ours", here), ("By hand", here), ("Others", there))
    ]
    await store.pause_subscription(kept[1].id, "paused by 31")
    servers = Servers(store, clock)
    await servers.left("7")
    paused = {one.name: one.paused for one in await store.subscriptions()}
    assert "invite it again" in str(paused["Ours"])
    assert paused["By hand"] == "paused by 31"
    assert paused["Others"] is None
    await servers.joined("7")
    ours, by_hand, _ = await store.subscriptions()
    assert (ours.paused, ours.stories) == (None, 7)
    assert ours.next_edition_at
    assert ours.next_edition_at > clock.now()
    assert by_hand.paused == "paused by 31"


@pytest.mark.parametrize("platform", ["discord", "slack"])
async def test_a_schedule_that_cannot_be_used_keeps_no_other_digest_from_coming_back(platform):
    """It is due at once, so that publishing pauses it and tells its people; the digests after it go on."""
    store, clock = MemoryStore(), FakeClock()
    for zone in ("Atlantis/Poseidonis", "Europe/Oslo"):
        channel = Channel(platform, "5", "7")
        await store.save_subscription(Subscription(0, zone, channel, Schedule(timezone=zone), next_edition_at=START))
    clock.tick(days=1)
    if platform == "discord":
        servers = Servers(store, clock)
        await servers.left("7")
        await servers.joined("7")
    else:
        membership = Membership(store, clock)
        await membership.gone(["7"], UNINSTALLED)
        await membership.back(["7"])
    lost, well = await store.subscriptions()
    assert (lost.paused, lost.next_edition_at) == (None, clock.now())
    assert (well.paused, well.window_from) == (None, clock.now())
    assert well.next_edition_at
    assert well.next_edition_at > clock.now()


class _Deleting(MemoryStore):
    """A store in which somebody deletes each digest named “Deleted” just after the digests were read."""

    async def subscriptions(self):
        found = await super().subscriptions()
        for one in found:
            if one.name == "Deleted":
                await self.remove_subscription(one.id)
        return found


@pytest.mark.parametrize("platform", ["discord", "slack"])
async def test_a_digest_deleted_meanwhile_keeps_no_other_from_being_paused(platform):
    """Those after one that is gone by then are paused all the same when the bot leaves."""
    store, clock = _Deleting(), FakeClock()
    for name in ("Deleted", "Kept"):
        await store.save_subscription(Subscription(0, name, Channel(platform, "5", "7"), next_edition_at=START))
    if platform == "discord":
        await Servers(store, clock).left("7")
    else:
        await Membership(store, clock).gone(["7"], UNINSTALLED)
    (kept,) = await store.subscriptions()
    assert kept.paused
