"""Tokens that workspaces and organizations gave when they installed the app.

Expiring ones are renewed here, for scheduled posts as for answers. Knows slack_sdk's stores by their interface alone;
where the rows lie is not known here.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager

from slack_sdk.errors import SlackTokenRotationError
from slack_sdk.oauth.installation_store import Bot
from slack_sdk.oauth.installation_store.async_installation_store import AsyncInstallationStore
from slack_sdk.oauth.token_rotation.async_rotator import AsyncTokenRotator
from slack_sdk.web.async_client import AsyncWebClient

from digestbot.chat.slack.errors import FAILURES, reading_error
from digestbot.chat.slack.tokens import Access
from digestbot.domain.errors import DeliveryError, NotPermitted, PlatformDown, StoreError

Key = tuple[str, str]
"""An installation: (enterprise id, workspace id). Either may be empty; without a workspace it is org-wide."""
RENEW_BEFORE = 120
"""Minutes before its end in which a token is renewed; Slack's live twelve hours (docs.slack.dev, Token rotation)."""
ALWAYS = 10 * 365 * 24 * 60
"""Minutes before the end that every token is within: the platform refused it, whatever its end says."""
GRACE = 5.0
"""Seconds that a renewal under way is given to end when the bot stops."""
ASK_AGAIN = 60.0
"""Seconds until the organizations are asked again which workspaces they have."""

log = logging.getLogger(__name__)


class InstalledTokens:
    """Tokens of the workspaces and organizations that installed the app, renewed before they end.

    Args:
        store: Where installations are kept.
        installed: Names every installation there.
        client_id: The app's client id.
        client_secret: The app's client secret, which renewing asks for.
        guard: Turns what the store's database raises into StoreError.
        own: The operator's own token, for channels without a workspace.
        install_url: Where people install the app, named when it is not.
        base_url: Where the Web API is; Slack's own when None.

    """

    def __init__(
        self,
        store: AsyncInstallationStore,
        installed: Callable[[], Awaitable[Sequence[Key]]],
        *,
        client_id: str,
        client_secret: str,
        guard: Callable[[], AbstractContextManager[None]],
        own: str = "",
        install_url: str = "",
        base_url: str | None = None,
    ) -> None:
        self.store, self._installed, self._guard = store, installed, guard
        self._own, self._install_url = Access(own) if own else None, install_url
        self._nameless = AsyncWebClient(base_url=base_url or AsyncWebClient.BASE_URL, retry_handlers=[])
        self._rotator = AsyncTokenRotator(client_id=client_id, client_secret=client_secret, client=self._nameless)
        self._own_team = ""
        self._bots: dict[Key, Bot] = {}
        self._keys: dict[str, Key] = {}
        self._locks: defaultdict[Key, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._asked = float("-inf")
        self._renewing: set[asyncio.Task[Bot]] = set()

    async def access(self, workspace: str) -> Access:
        """Return the access to a workspace; see :class:`TokenSource`."""
        if self._own and workspace in {"", self._own_team}:
            return self._own
        key = await self._key(workspace)
        bot = self._bots.get(key) or await self._load(key)
        if bot is None:
            self._keys.pop(workspace, None)
            raise self._not_installed(workspace)
        if _ends_within(bot, RENEW_BEFORE):
            bot = await self._renewed(key, bot.bot_token, RENEW_BEFORE)
        return _access(bot)

    async def renew(self, workspace: str, spent: str) -> Access | None:
        """Return a newer token than ``spent``: another process's, or one that Slack gives for the refresh token."""
        if self._own and workspace in {"", self._own_team}:
            return None
        try:
            bot = await self._renewed(await self._key(workspace), spent, ALWAYS)
        except DeliveryError as error:
            log.warning("the token of %s could not be renewed: %s", workspace, error)
            return None
        return None if bot.bot_token == spent else _access(bot)

    def known(self, enterprise: str, workspace: str) -> Access | None:
        """Return what is in memory of a workspace or, failing that, of its organization."""
        if self._own and workspace == self._own_team:
            return self._own
        bot = self._bots.get(self._keys.get(workspace, (enterprise, workspace))) or self._bots.get((enterprise, ""))
        return _access(bot) if bot else None

    async def workspaces(self) -> Sequence[str]:
        """Return the workspaces with an installation of their own."""
        return sorted(workspace for _, workspace in await self._all() if workspace)

    async def served(self, enterprise: str) -> Sequence[str]:
        """Return the workspaces that an organization's installation serves."""
        self._asked = float("-inf")
        await self._ask_organizations([(enterprise, "")])
        return sorted(name for name, key in self._keys.items() if key == (enterprise, ""))

    # ── what changes ────────────────────────────────────────────────────────

    async def warm(self) -> None:
        """Read every installation, so that who the bot is need not be asked when people ask something.

        Raises:
            DeliveryError: The installations cannot be read, or the operator's own token is refused.

        """
        if self._own:
            self._own, self._own_team = await self._ask_own(self._own.token)
        for key in await self._all():
            await self._load(key)

    def learn(self, enterprise: str, workspace: str, *, org_wide: bool) -> None:
        """Remember where a workspace's token is: what Slack sends says it."""
        if workspace:
            self._keys[workspace] = (enterprise, "") if org_wide else (enterprise, workspace)

    def fresh(self, bot: Bot) -> Key:
        """Take up an installation just made; return its key."""
        key = (bot.enterprise_id or "", "" if bot.is_enterprise_install else bot.team_id or "")
        self._bots[key] = bot
        self._asked = float("-inf")
        if key[1]:
            self._keys[key[1]] = key
        return key

    async def forget(self, enterprise: str, workspace: str, *, org_wide: bool) -> Sequence[str]:
        """Delete an installation's tokens; return the workspaces, known by now, that had no other.

        Raises:
            StoreError: They could not be deleted.

        """
        key = (enterprise, "" if org_wide else workspace)
        with self._guard():
            await self.store.async_delete_all(enterprise_id=key[0] or None, team_id=key[1] or None)
        self._bots.pop(key, None)
        lost = {name for name, where in self._keys.items() if where == key} | ({workspace} if workspace else set())
        for name in lost:
            self._keys.pop(name, None)
        return sorted(lost)

    async def close(self) -> None:
        """Let renewals under way end."""
        if self._renewing:
            await asyncio.wait(self._renewing, timeout=GRACE)

    # ── where it is ─────────────────────────────────────────────────────────

    async def _key(self, workspace: str) -> Key:
        """Return the installation that serves a workspace: its own before its organization's."""
        if found := self._keys.get(workspace):
            return found
        if workspace.startswith("E"):
            return (workspace, "")
        keys = await self._all()
        own = [key for key in keys if workspace and key[1] == workspace]
        if not workspace and len(keys) == 1:
            own = list(keys)
        if own:
            self._keys[workspace] = own[-1]
        elif workspace and any(not key[1] for key in keys):
            await self._ask_organizations([key for key in keys if not key[1]])
        if workspace not in self._keys:
            raise self._not_installed(workspace)
        return self._keys[workspace]

    async def _ask_organizations(self, keys: Sequence[Key]) -> None:
        """Ask each org-wide installation which workspaces it serves (auth.teams.list)."""
        if time.monotonic() < self._asked + ASK_AGAIN:
            return
        self._asked = time.monotonic()
        for key in keys:
            bot = self._bots.get(key) or await self._load(key)
            if bot is None:
                continue
            if _ends_within(bot, RENEW_BEFORE):
                bot = await self._renewed(key, bot.bot_token, RENEW_BEFORE)
            for workspace in await self._teams(bot.bot_token):
                self._keys.setdefault(workspace, key)

    async def _ask_own(self, token: str) -> tuple[Access, str]:
        """Ask whose the operator's own token is."""
        try:
            me = await self._nameless.api_call("auth.test", json={}, headers=_bearer(token))
        except FAILURES as error:
            raise reading_error(error, "slack") from error
        access = Access(token, me.get("user_id") or "", me.get("bot_id") or "", me.get("team") or "")
        return access, str(me.get("team_id") or "")

    async def _teams(self, token: str) -> list[str]:
        found: list[str] = []
        cursor = ""
        while True:
            asked = {"limit": 100} | ({"cursor": cursor} if cursor else {})
            try:
                answer = await self._nameless.api_call("auth.teams.list", json=asked, headers=_bearer(token))
            except FAILURES as error:
                raise reading_error(error, "slack") from error
            found += [str(team["id"]) for team in answer.get("teams") or ()]
            cursor = (answer.get("response_metadata") or {}).get("next_cursor", "")
            if not cursor:
                return found

    async def _all(self) -> Sequence[Key]:
        try:
            return await self._installed()
        except StoreError as error:
            raise PlatformDown("slack", f"the installations cannot be read ({error.what})") from error

    async def _load(self, key: Key) -> Bot | None:
        """Read an installation anew."""
        try:
            with self._guard():
                bot = await self.store.async_find_bot(
                    enterprise_id=key[0] or None, team_id=key[1] or None, is_enterprise_install=not key[1]
                )
        except StoreError as error:
            raise PlatformDown("slack", f"the installations cannot be read ({error.what})") from error
        if bot is None:
            self._bots.pop(key, None)
        else:
            self._bots[key] = bot
        return bot

    async def _renewed(self, key: Key, spent: str, within: int) -> Bot:
        """Renew a token; whoever stops waiting for it does not break it off, for then nobody would have either token.

        Raises:
            NotPermitted: The app is not installed any more, or Slack refuses the refresh token.
            PlatformDown: Slack or the database cannot be asked.

        """
        task = asyncio.create_task(self._renew_once(key, spent, within), name="slack-token")
        self._renewing.add(task)
        task.add_done_callback(self._done_renewing)
        return await asyncio.shield(task)

    def _done_renewing(self, task: "asyncio.Task[Bot]") -> None:
        """Let go of a renewal; its fault, if nobody waits for it any more, is looked at here."""
        self._renewing.discard(task)
        if not task.cancelled():
            task.exception()

    async def _renew_once(self, key: Key, spent: str, within: int) -> Bot:
        """Renew a token once, however many ask for it: a refresh token is good for one use."""
        async with self._locks[key]:
            bot = await self._load(key)
            if bot is None:
                raise self._not_installed(key[1] or key[0])
            if bot.bot_token != spent or bot.bot_token_expires_at is None:
                return bot
            try:
                renewed = await self._rotator.perform_bot_token_rotation(bot=bot, minutes_before_expiration=within)
            except SlackTokenRotationError as error:
                return await self._refused(key, bot, error)
            except FAILURES as error:
                if not _ends_within(bot, 0):
                    return bot
                raise reading_error(error, f"slack:{key[1] or key[0]}") from error
            if renewed is None:
                return bot
            await self._keep(renewed)
            self._bots[key] = renewed
            return renewed

    async def _refused(self, key: Key, bot: Bot, error: SlackTokenRotationError) -> Bot:
        """Return what can still be used after Slack refused to renew: another process may have been first."""
        fresh = await self._load(key)
        if fresh is not None and (fresh.bot_token != bot.bot_token or not _ends_within(fresh, 0)):
            log.warning("the token of %s was not renewed: %s", key[1] or key[0], error)
            return fresh
        name = f"slack:{key[1] or key[0]}"
        raise NotPermitted(name, "the token has ended and could not be renewed", hint=self._again()) from error

    async def _keep(self, bot: Bot) -> None:
        """Write a renewed token: the old refresh token is worth nothing any more, so this is tried again and again."""
        for wait in (0.2, 1.0, 5.0):
            try:
                with self._guard():
                    await self.store.async_save_bot(bot)
            except StoreError as error:
                log.warning("a renewed token was not written, trying again: %s", error)
                await asyncio.sleep(wait)
            else:
                return
        log.error("the renewed token of %s could not be written: it is lost with this process", bot.team_id)

    def _not_installed(self, workspace: str) -> NotPermitted:
        what = "the app is not installed there"
        if not workspace:
            what = "the channel's workspace is not named and the settings have no token of their own"
        return NotPermitted(f"slack:{workspace}" if workspace else "slack", what, hint=self._again())

    def _again(self) -> str:
        return f"install the app at {self._install_url}" if self._install_url else "install the app there"


def _ends_within(bot: Bot, minutes: int) -> bool:
    return bot.bot_token_expires_at is not None and bot.bot_token_expires_at <= time.time() + minutes * 60


def _access(bot: Bot) -> Access:
    return Access(bot.bot_token, bot.bot_user_id or "", bot.bot_id or "", bot.team_name or bot.enterprise_name or "")


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
