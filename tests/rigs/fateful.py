"""Slack and Discord as the world of chaos has them: what becomes of each message that arrives is asked first."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from tests.rigs.discord import DiscordRig
from tests.rigs.slack import SlackRig

Json = dict[str, Any]
Fate = Literal["taken", "lost", "late"]
"""What becomes of a message that arrives: it is taken at once, never, or ``LATE`` seconds after its sender is dead."""
LATE = 3.0


class Platforms:
    """Both platforms, which ask ``arriving`` what becomes of a message and call ``taken`` once one stands."""

    def __init__(self) -> None:
        self.arriving: Callable[[], Fate] = lambda: "taken"
        self.taken: Callable[[], None] = lambda: None
        self.slack, self.discord = _Slack(self), _Discord(self)

    def met(self, take: Callable[[], Any], otherwise: Any) -> Any:
        """Let a message meet its fate; ``otherwise`` is the answer to one that is not taken now."""
        fate = self.arriving()
        if fate == "late":
            asyncio.get_running_loop().call_later(LATE, take)
        if fate != "taken":
            return otherwise
        answer = take()
        self.taken()
        return answer


class _Slack(SlackRig):
    """Slack, which tells of every message before and after."""

    def __init__(self, platforms: Platforms) -> None:
        super().__init__()
        self._platforms = platforms

    def _chat_postMessage(self, body: Json) -> Json:  # noqa: N802 - named after the method
        answer: Json = self._platforms.met(partial(super()._chat_postMessage, body), {"error": "internal_error"})
        return answer


class _Discord(DiscordRig):
    """Discord, which tells of every message before and after."""

    def __init__(self, platforms: Platforms) -> None:
        super().__init__()
        self._platforms = platforms

    def _carry_out(self, method: str, path: list[str], body: Json) -> tuple[int, Any]:
        take = partial(super()._carry_out, method, path, body)
        if method != "POST" or path[-1] != "messages":
            return take()
        answer: tuple[int, Any] = self._platforms.met(take, (500, {"message": "gone", "code": 0}))
        return answer
