"""Who asks on Slack: workspace admins manage, and everybody has a time zone; remembered for some minutes."""

import time
from dataclasses import dataclass

from slack_sdk.web.async_client import AsyncWebClient

from digestbot.chat.slack.faults import FAILURES

REMEMBERED = 300.0
"""Seconds what Slack says of a person is believed."""


@dataclass(frozen=True, slots=True)
class Person:
    """What matters of a person."""

    manager: bool = False
    timezone: str = "UTC"


class People:
    """Asks Slack about people, each once in a while."""

    def __init__(self, client: AsyncWebClient, *, anyone_manages: bool = False) -> None:
        self._client, self._anyone = client, anyone_manages
        self._known: dict[str, tuple[float, Person]] = {}

    async def person(self, user: str) -> Person:
        """Return a person; one about whom Slack cannot be asked may read and no more."""
        now = time.monotonic()
        kept = self._known.get(user)
        if kept and kept[0] > now:
            return kept[1]
        try:
            answer = await self._client.users_info(user=user)
        except FAILURES:
            return kept[1] if kept else Person(self._anyone)
        info = answer.get("user") or {}
        manager = self._anyone or any(info.get(role) for role in ("is_admin", "is_owner", "is_primary_owner"))
        person = Person(bool(manager), info.get("tz") or "UTC")
        self._known = {name: one for name, one in self._known.items() if one[0] > now} | {
            user: (now + REMEMBERED, person)
        }
        return person
