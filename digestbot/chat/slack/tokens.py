"""Which token serves a workspace, as the rest of the room asks for it; and the simplest answer, one token for all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Access:
    """A token, who the bot is with it, and the workspace's name; empty where that is not known."""

    token: str
    bot_user: str = ""
    bot_id: str = ""
    name: str = ""


class TokenSource(Protocol):
    """Gives the token of a workspace."""

    async def access(self, workspace: str) -> Access:
        """Return the access to a workspace; an empty name is the operator's own.

        Raises:
            NotPermitted: The app is not installed there.
            PlatformDown: The token has to be renewed and that cannot be done now.

        """
        ...

    async def renew(self, workspace: str, spent: str) -> Access | None:
        """Return another token for one that the platform refused, or None where there is no other."""
        ...

    def known(self, enterprise: str, workspace: str) -> Access | None:
        """Return what is in memory of a workspace, at once."""
        ...

    async def workspaces(self) -> Sequence[str]:
        """Return the workspaces the app is installed in by itself; an empty name where there is one token for all."""
        ...

    def learn(self, enterprise: str, workspace: str, *, org_wide: bool) -> None:
        """Take notice of where a workspace's token is: what Slack sends says it."""
        ...

    async def forget(self, enterprise: str, workspace: str, *, org_wide: bool) -> Sequence[str]:
        """Delete the tokens of an installation that is gone; return the workspaces that lost theirs.

        Raises:
            StoreError: They could not be deleted.

        """
        ...

    async def close(self) -> None:
        """Let what is under way end: a renewed token that is not kept is lost."""
        ...


class OneToken:
    """The same token for every workspace, as the operator's settings give it."""

    def __init__(self, token: str) -> None:
        self._access = Access(token)

    def met(self, bot_user: str, bot_id: str, name: str) -> None:
        """Remember who the bot is, and the workspace's name."""
        self._access = Access(self._access.token, bot_user, bot_id, name)

    async def access(self, workspace: str) -> Access:  # noqa: ARG002 - the protocol's
        """Return the one access."""
        return self._access

    async def renew(self, workspace: str, spent: str) -> Access | None:  # noqa: ARG002 - the protocol's
        """Return None: there is no other."""
        return None

    def known(self, enterprise: str, workspace: str) -> Access | None:  # noqa: ARG002 - the protocol's
        """Return the one access."""
        return self._access

    async def workspaces(self) -> Sequence[str]:
        """Return the empty name: who asks by this token asks for one workspace."""
        return ("",)

    def learn(self, enterprise: str, workspace: str, *, org_wide: bool) -> None:
        """Do nothing: the token is the same for all."""

    async def forget(self, enterprise: str, workspace: str, *, org_wide: bool) -> Sequence[str]:  # noqa: ARG002
        """Return the workspace; channels of the settings name none and are of the same one."""
        return (workspace, "")

    async def close(self) -> None:
        """Do nothing: the token is never renewed."""
