"""What goes on beside the steps, put together as the bot runs it: readers, hubs, notices."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from aiohttp import web

from digestbot.app.compose import open_rooms, operators
from digestbot.app.housekeeping import round_of
from digestbot.app.state import status_rows
from digestbot.app.web import desk_of
from digestbot.config import Settings
from digestbot.domain.subscription import Channel, Subscription
from digestbot.pipeline.notify import Teller
from digestbot.ports import Poll
from digestbot.sources.websub import Pushes, callback_routes
from digestbot.web.access import Guard
from digestbot.web.server import application
from tests.fakes.chat import FakeChat
from tests.rigs.feeds import Reply, feed_server, rss
from tests.rigs.hub import stand_in_hub

TOKEN = "a token of sixteen letters"


def settings(folder, public_url="http://127.0.0.1"):
    """Return settings with a database in a folder and a public address."""
    return Settings.model_validate(
        {
            "database": {"url": f"sqlite:///{folder / 'x.db'}"},
            "sources": {"allow_private_hosts": ["127.0.0.1"], "min_gap": 0},
            "web": {"enabled": True, "public_url": public_url},
            "slack": {"admin_channel": "T1/C1"},
            "discord": {"admin_channel": "77"},
        }
    )


def test_notices_go_where_reports_go(tmp_path):
    """Both platforms' admin channels are told; Slack's may name its workspace."""
    assert list(operators(settings(tmp_path))) == [Channel("slack", "C1", "T1"), Channel("discord", "77")]
    assert list(operators(Settings())) == []


async def test_a_round_counts_readers_keeps_hubs_and_tells_people(tmp_path):
    """Publishers see how many read, the hub's push reaches the feed through the web room, and the status shows it."""
    now, chat = datetime.now(UTC), FakeChat()
    async with stand_in_hub() as hub, feed_server(lambda: now) as server:
        link = f"<atom:link xmlns:atom='http://www.w3.org/2005/Atom' rel='hub' href='{hub.url}'/>"
        server.says("/feed", Reply(rss(("1", "One"), extra=link)))
        async with open_rooms(settings(tmp_path), adapters={"slack": chat}) as rooms:
            routes = callback_routes(Pushes(rooms.store, rooms.clock))
            runner = web.AppRunner(application(desk_of(rooms), Guard.of(TOKEN, "", ()), routes), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            rooms.sources.hubs.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
            feed = await rooms.store.add_feed(server.url("/feed"), now=now)
            for number in range(3):
                await rooms.store.save_subscription(Subscription(0, f"{number}", Channel("slack", "C1", "T1")))
            teller = Teller(rooms.store, rooms.adapters, [Channel("slack", "C1", "T1")], rooms.clock)
            await rooms.audience.count()
            await round_of(rooms, teller)
            await rooms.refresher.run_due()
            assert server.log[0].headers["User-Agent"].endswith("; 3 subscribers)")
            await round_of(rooms, teller)
            await hub.settled()
            assert hub.verified == [("subscribe", 200)]
            assert await rooms.store.due_feeds(rooms.clock.now()) == []
            assert await hub.push(b"<rss/>") == [202]
            assert [due.id for due in await rooms.store.due_feeds(rooms.clock.now())] == [feed.id]
            year = timedelta(days=365)
            ahead = replace(feed.polling, next_check_at=now + year, checked_at=now + year)
            await rooms.store.record_polls([Poll(feed.id, ahead, notice="It fails.")], now)
            assert await rooms.store.due_feeds(rooms.clock.now()) == []
            await round_of(rooms, teller)
            assert [posted.text for posted in chat.posted] == ["It fails."]
            assert [due.id for due in await rooms.store.due_feeds(rooms.clock.now())] == [feed.id]
            await runner.cleanup()
    config = tmp_path / "digestbot.toml"
    config.write_text(f'[database]\nurl = "sqlite:///{tmp_path / "x.db"}"\n')
    rows = await status_rows(config)
    assert [(row["text"], row["told"]) for row in rows["notices"]] == [("It fails.", True)]
    assert rows["lost_quotes"] == []
