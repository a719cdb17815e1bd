"""The Slack app at a stand-in, answered by the real commands: what the tests of the app share."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from digestbot.chat.slack.bot import SlackBot
from digestbot.chat.slack.clients import Clients
from digestbot.chat.slack.handlers import Answering
from digestbot.commands import Asker, Desk, Invocation, Reply, dispatch
from tests.rigs.slack import APP_TOKEN, TOKEN
from tests.rigs.slack_socket import SocketRig


@dataclass
class Desks:
    """Answers with the real commands over a store in memory; remembers who asked what, and can be slow."""

    desk: Desk
    asked: list[tuple[Invocation, Asker]] = field(default_factory=list)
    wait: float = 0.0

    async def answer(self, invocation: Invocation, asker: Asker) -> Reply:
        """Run an invocation."""
        self.asked.append((invocation, asker))
        await asyncio.sleep(self.wait)
        return await dispatch(self.desk, invocation, asker)


@asynccontextmanager
async def listening(rig: SocketRig, answer: Answering, **more: Any) -> AsyncIterator[SlackBot]:
    """Run the app over Socket Mode, connected."""
    clients = Clients(TOKEN, base_url=rig.base_url)
    made = SlackBot(clients, answer, **{"app_token": APP_TOKEN, **more})
    try:
        await made.start()
        await rig.connected()
        yield made
    finally:
        await made.close()
        await clients.close()


async def until(there: Callable[[], object]) -> None:
    """Wait until something is there."""
    for _ in range(3000):
        if there():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it did not come within half a minute")


def texts(thing: object) -> str:
    """Return all texts in a body."""
    if isinstance(thing, dict):
        return " ".join(texts(v) for k, v in thing.items() if k != "value")
    if isinstance(thing, list):
        return " ".join(map(texts, thing))
    return thing if isinstance(thing, str) else ""
