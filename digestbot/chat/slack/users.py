"""Who asks on Slack: workspace admins, user groups, everybody's time zone; remembered for some minutes."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digestbot.chat.slack.clients import Clients
from digestbot.chat.slack.errors import FAULTS

REMEMBERED = 300.0
"""Seconds what Slack says of people and groups is believed."""
ADMINISTERS = ("is_admin", "is_owner", "is_primary_owner")


@dataclass(frozen=True, slots=True)
class Person:
    """What matters of a person: what they administer, the user groups they are in, their time zone."""

    manager: bool = False
    timezone: str = "UTC"
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """A user group and its members."""

    id: str
    name: str
    members: frozenset[str]


class People:
    """Asks Slack about people and user groups, each once in a while.

    Args:
        clients: The Web API.
        anyone_manages: Whether everybody of a workspace may change its digests.

    """

    def __init__(self, clients: Clients, *, anyone_manages: bool = False) -> None:
        self._clients, self._anyone = clients, anyone_manages
        self._known: dict[tuple[str, str], tuple[float, Person]] = {}
        self._groups: dict[str, tuple[float, Sequence[Group]]] = {}

    async def person(self, user: str, workspace: str) -> Person:
        """Return a person; one about whom Slack cannot be asked may read and no more."""
        now, key = time.monotonic(), (workspace, user)
        kept = self._known.get(key)
        if kept and kept[0] > now:
            return kept[1]
        try:
            answer = await self._clients.call(workspace, "users.info", params={"user": user})
        except FAULTS:
            return kept[1] if kept else Person(self._anyone)
        person = await self._read(answer.get("user") or {}, user, workspace)
        self._known = {name: one for name, one in self._known.items() if one[0] > now} | {
            key: (now + REMEMBERED, person)
        }
        return person

    async def _read(self, info: Mapping[str, Any], user: str, workspace: str) -> Person:
        timezone = info.get("tz") or "UTC"
        if _is_guest_of(info, workspace):
            return Person(timezone=timezone)
        groups = tuple(group.id for group in await self.groups(workspace) if user in group.members)
        return Person(self._anyone or any(info.get(role) for role in ADMINISTERS), timezone, groups)

    async def groups(self, workspace: str) -> Sequence[Group]:
        """Return a workspace's user groups; none where Slack cannot be asked or the scope is missing."""
        now = time.monotonic()
        kept = self._groups.get(workspace)
        if kept and kept[0] > now:
            return kept[1]
        asked = {"include_users": "true"} | ({"team_id": workspace} if workspace.startswith("T") else {})
        try:
            answer = await self._clients.call(workspace, "usergroups.list", params=asked)
        except FAULTS:
            found = kept[1] if kept else ()
        else:
            found = tuple(
                Group(str(group["id"]), str(group.get("name", "")), frozenset(group.get("users") or ()))
                for group in answer.get("usergroups") or ()
            )
        self._groups[workspace] = (now + REMEMBERED, found)
        return found


def _is_guest_of(info: Mapping[str, Any], workspace: str) -> bool:
    """Tell whether somebody belongs to another company, as in a shared channel: they may read and no more."""
    home = info.get("team_id")
    return bool(workspace and home and home != workspace and not info.get("enterprise_user"))
