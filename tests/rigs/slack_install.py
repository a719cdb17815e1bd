"""Slack for an app that many workspaces install: OAuth, tokens that end, organizations, and signed HTTP requests.

A refresh token is good for one use. ``deliver`` sends what Slack sends to an app's own address, signed as Slack signs.
"""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from itertools import count
from typing import Any
from urllib.parse import urlencode

import aiohttp

from tests.rigs.slack import Json, Room
from tests.rigs.slack_socket import SocketRig

CLIENT_ID, CLIENT_SECRET, SIGNING_SECRET = "1.2", "client-secret", "signing-secret"
HALF_A_DAY = 43_200


@dataclass(frozen=True)
class Installed:
    """Who a token belongs to: a workspace, or a whole organization where ``team`` is empty."""

    team: str
    enterprise: str = ""

    @property
    def answer(self) -> Json:
        """What oauth.v2.access says of it."""
        return {
            "app_id": "A1",
            "team": {"id": self.team, "name": f"Team {self.team}"} if self.team else None,
            "enterprise": {"id": self.enterprise, "name": "The Organization"} if self.enterprise else None,
            "is_enterprise_install": not self.team,
        }


class InstallRig(SocketRig):
    """Slack as an app of many workspaces meets it: ``allow`` makes a code as somebody who agrees to install does.

    ``lives`` are the seconds of new tokens, None for those without an end. ``teams`` are an organization's workspaces.
    """

    def __init__(self) -> None:
        super().__init__()
        self.lives: int | None = None
        self.codes: dict[str, Installed] = {}
        self.holders: dict[str, Installed] = {}
        self.refreshes: dict[str, Installed] = {}
        self.teams: dict[str, list[str]] = {}
        self.rooms |= {"C8": Room("C8", "sales"), "C9": Room("C9", "board")}
        self.homes = {"C1": "T1", "C2": "T1", "C8": "T8", "C9": "T9"}
        self._made = count(1)

    def allow(self, team: str, enterprise: str = "") -> str:
        """Agree to an installation; return the code that Slack sends back with."""
        code = f"code-{next(self._made)}"
        self.codes[code] = Installed(team, enterprise)
        return code

    def end(self, token: str) -> None:
        """Let a token end."""
        self.tokens[token] = "token_expired"

    def token_of(self, team: str, enterprise: str = "") -> str:
        """Return the newest token of an installation."""
        return [token for token, who in self.holders.items() if who == Installed(team, enterprise)][-1]

    def _give(self, who: Installed) -> Json:
        token = f"xoxb-{who.team or who.enterprise}-{next(self._made)}"
        self.tokens[token], self.holders[token] = "", who
        given: Json = {"access_token": token, "token_type": "bot", "scope": self.scopes, "bot_user_id": "UBOT"}
        if self.lives is not None:
            refresh = f"xoxe-{next(self._made)}"
            self.refreshes[refresh] = who
            given |= {"refresh_token": refresh, "expires_in": self.lives}
        return given | who.answer | {"authed_user": {"id": "U2"}}

    def _oauth_v2_access(self, body: Json) -> Json:
        if body.get("grant_type") == "refresh_token":
            who = self.refreshes.pop(body.get("refresh_token", ""), None)
            return self._give(who) if who else {"error": "invalid_refresh_token"}
        who = self.codes.pop(body.get("code", ""), None)
        return self._give(who) if who else {"error": "invalid_code"}

    def _auth_test(self, body: Json) -> Json:
        token = self.asking[-1][1]
        who = self.holders.get(token, Installed("T1"))
        return super()._auth_test(body) | {"team_id": who.team or "E", "team": f"Team {who.team}", "bot_id": "B1"}

    def _auth_teams_list(self, _: Json) -> Json:
        who = self.holders[self.asking[-1][1]]
        return {"teams": [{"id": team, "name": team} for team in self.teams.get(who.enterprise, [])]}

    def _chat_postMessage(self, body: Json) -> Json:  # noqa: N802 - named after the method
        who = self.holders.get(self.asking[-1][1])
        if who and self.homes.get(body["channel"]) not in [who.team, *self.teams.get(who.enterprise, [])]:
            return {"error": "channel_not_found"}
        return super()._chat_postMessage(body)

    # ── to the app's own address ────────────────────────────────────────────

    async def deliver(
        self, url: str, payload: Json, *, kind: str = "command", secret: str = SIGNING_SECRET, age: float = 0
    ) -> tuple[int, Any]:
        """Send a command, an interaction or an event; return the status and the answer."""
        if kind == "event":
            body, media = json.dumps(payload), "application/json"
        else:
            form = {"payload": json.dumps(payload)} if kind == "interaction" else payload
            body, media = urlencode(form), "application/x-www-form-urlencoded"
        at = str(int(time.time() - age))
        signature = hmac.new(secret.encode(), f"v0:{at}:{body}".encode(), hashlib.sha256).hexdigest()
        headers = {"X-Slack-Request-Timestamp": at, "X-Slack-Signature": f"v0={signature}", "Content-Type": media}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=3)) as session,
            session.post(url, data=body, headers=headers) as answer,
        ):
            text = await answer.text()
            return answer.status, json.loads(text) if text.startswith(("{", "[")) else text

    def typed(self, text: str, user: str = "U1", channel: str = "C1", team: str = "T1", **more: str) -> Json:
        """Return a typed command as Slack posts it."""
        who = self._who(user, channel)
        return {
            "command": "/digest", "text": text, "user_id": user, "channel_id": channel, "team_id": team,
            "response_url": who["response_url"], "trigger_id": who["trigger_id"], **more,
        }  # fmt: skip
