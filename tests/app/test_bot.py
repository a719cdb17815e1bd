"""What the bot makes of an engine that breaks down."""

import asyncio
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from digestbot.app import bot
from digestbot.config import Settings
from digestbot.domain.errors import StoreUnavailable
from digestbot.ports import Retention
from tests.fakes.clock import FakeClock
from tests.fakes.dispatch import FakeDispatcher
from tests.fakes.store import MemoryStore


class Breaking:
    """An engine whose work ends with an error."""

    def __init__(self, *_: object) -> None:
        self.dispatcher, self.drained = FakeDispatcher(), False

    def start(self):
        """Begin, and break down."""

        async def work():
            raise StoreUnavailable("the queue is gone")

        return [asyncio.create_task(work())]

    async def drain(self):
        """Note that it was let end."""
        self.drained = True


async def test_an_engine_that_breaks_down_is_no_orderly_end(tmp_path, monkeypatch):
    """The error comes out of the run, so the process ends with its code and whoever supervises it starts it anew."""
    monkeypatch.setattr(bot, "_Alone", Breaking)
    monkeypatch.setattr(bot, "read_settings", lambda _: settings)
    settings = Settings(database={"url": f"sqlite:///{tmp_path}/bot.sqlite3"}, model={"cache": str(tmp_path)})
    with pytest.raises(StoreUnavailable, match="the queue is gone"):
        await bot.run_bot(None)


async def test_a_clock_that_leaps_is_told_of():
    """The log says that the clean-up does not believe the clock, and by how much."""
    clock, store = FakeClock(), MemoryStore()
    await store.prune(Retention(), clock.now())
    clock.tick(days=100)
    with capture_logs() as told:
        await bot.clean_up(SimpleNamespace(store=store, settings=Settings(), clock=clock))
    assert [(line["log_level"], line.get("days")) for line in told] == [("warning", 98), ("info", None)]


async def test_a_bot_with_nothing_to_do_says_so(tmp_path, monkeypatch):
    """Started without a settings file it runs, for chat may bring it work; the log says what is missing."""
    monkeypatch.setattr(bot, "_Alone", Breaking)
    monkeypatch.setattr(bot, "read_settings", lambda _: settings)
    settings = Settings(database={"url": f"sqlite:///{tmp_path}/bot.sqlite3"}, model={"cache": str(tmp_path)})
    with capture_logs() as told, pytest.raises(StoreUnavailable):
        await bot.run_bot(None)
    (warning,) = (line["event"] for line in told if line["log_level"] == "warning")
    assert "there is nothing to do yet: name a settings file with --config" in warning
