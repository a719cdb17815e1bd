"""A server that removes the bot loses no setting: its digests are paused with the reason, and go on when it is back."""

from digestbot.app.servers import Servers
from digestbot.domain.subscription import Channel, Subscription
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
