"""A confirmed report, end to end: posted by the real adapters, kept in a real database, and edited where it stands."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from digestbot.chat.discord.adapter import DiscordAdapter
from digestbot.chat.slack.adapter import SlackAdapter
from digestbot.commands import COMMANDS, Asker, Desk, Reply, dispatch, parse
from digestbot.domain.news import Article, Polling
from digestbot.domain.subscription import Channel
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.deliver import Deliverer
from digestbot.pipeline.publish import Publisher
from digestbot.ports import ChatAdapter, NewArticle, RefreshRecord, Store
from digestbot.store import open_store
from tests.commands.making import SAID, a_desk, buttons, shown
from tests.rigs import discord, slack


@dataclass
class Platform:
    """A real adapter with a channel of its stand-in, and what stands there."""

    adapter: ChatAdapter
    channel: Channel
    rig: Any

    def texts(self) -> list[str]:
        """Return the messages in the channel and its threads, as JSON text."""
        if isinstance(self.rig, slack.SlackRig):
            return [str(message) for message in self.rig.rooms["C1"].messages]
        return [str(message) for place in self.rig.places.values() for message in place.messages]


@pytest.fixture
async def platform(request: pytest.FixtureRequest) -> AsyncIterator[Platform]:
    """Serve a stand-in that must have found no fault in any body by the end."""
    if request.param == "slack":
        rig = slack.SlackRig()
        await rig.start()
        adapter: Any = SlackAdapter(slack.TOKEN, base_url=rig.base_url, pace=0.0)
        yield Platform(adapter, Channel("slack", "C1", "T1"), rig)
    else:
        rig = discord.DiscordRig()
        await rig.start()
        layout = "embeds" if request.param == "embeds" else "components"
        adapter = DiscordAdapter(discord.TOKEN, connector=rig.connector, layout=layout)
        yield Platform(adapter, Channel("discord", discord.NEWS, discord.GUILD_ID), rig)
    await adapter.close()
    await rig.stop()
    assert rig.faults == []


@pytest.mark.parametrize(
    ("platform", "style"),
    [("slack", "full"), ("slack", "compact"), ("discord", "full"), ("embeds", "full")],
    indirect=["platform"],
)
async def test_a_correction_stands_in_the_posted_message(platform: Platform, tmp_path: Path, style: str) -> None:
    """No message is added; the story's own says “Correction”, its quotation is gone, the other stories stay."""
    memory = await a_desk()
    told = await memory.store.stories(memory.clock.now() - timedelta(days=9), memory.clock.now())
    articles = [article for story in told for article in story.articles]
    async with await open_store(f"sqlite:///{tmp_path / 'd.db'}") as store:
        desk = await _desk(memory, store, platform, articles)
        manager = Asker("U2", platform.channel, manager=True)

        async def ask(typed: str) -> Reply:
            reply = await dispatch(desk, parse(typed, COMMANDS), manager)
            assert reply.error is None, shown(reply)
            return reply

        await ask(f"schedule create Brief quotes=3 style={style}")
        (digest,) = await store.subscriptions()
        await store.save_subscription(replace(digest, window_from=None, next_edition_at=desk.clock.now()))
        await desk.publisher.run_due()
        (delivered,) = await Deliverer(store, desk.publisher.adapters, desk.clock).run_due()
        assert delivered.outcome == "sent", delivered.error
        before = platform.texts()
        assert SAID in "".join(before)
        checked = await ask(buttons(Reply((await ask("report 1 speaker her deputy")).notice))["Check again"])
        done = await ask(buttons(checked)["Remove it"])
        assert "Changed 1 message;" in shown(done)
        after = platform.texts()
        assert len(after) == len(before)
        assert sum(old != new for old, new in zip(before, after, strict=True)) == 1
        assert SAID not in "".join(after)
        assert "".join(after).count("Correction:") >= 1
        assert "A ferry company apologised" in "".join(after)


async def _desk(memory: Desk, store: Store, platform: Platform, articles: list[Article]) -> Desk:
    """Return a desk over a database with the same three stories, and the real adapter."""
    clock = memory.clock
    feed = await store.add_feed("https://ledger.example/old.xml", title="The Ledger", now=clock.now())
    vectors = await memory.store.vectors([article.id for article in articles])
    new = tuple(NewArticle(replace(a, id=0), vectors[a.id], None) for a in articles)
    await store.record_refresh(RefreshRecord(feed.id, Polling(clock.now()), articles=new), clock.now())
    clock.tick(hours=1)  # type: ignore[attr-defined]  # the fake clock
    briefer = Briefer(store, memory.briefer.summarizer, memory.briefer.embedder, clock)
    publisher = Publisher(store, briefer, {platform.channel.platform: platform.adapter}, clock)
    return Desk(store, briefer, publisher, memory.articles, memory.feeds, clock)
