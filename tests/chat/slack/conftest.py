"""A stand-in Slack for each test; it must have found no fault in any body by the end."""

from collections.abc import AsyncIterator

import pytest

from digestbot.chat.slack.adapter import SlackAdapter
from tests.rigs.slack import TOKEN, SlackRig


@pytest.fixture
async def rig() -> AsyncIterator[SlackRig]:
    """Serve a Slack on loopback."""
    made = SlackRig()
    await made.start()
    yield made
    await made.stop()
    assert made.faults == []


@pytest.fixture
async def slack(rig: SlackRig) -> AsyncIterator[SlackAdapter]:
    """Return an adapter that talks to the stand-in, without pauses between messages."""
    made = SlackAdapter(TOKEN, base_url=rig.base_url, pace=0.0)
    yield made
    await made.close()
