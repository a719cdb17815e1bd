"""Puts the Slack room together: its tokens, its adapter, and the app that listens; and tells the store who left."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from typing import TYPE_CHECKING

from digestbot.config import SlackSettings
from digestbot.domain.errors import ConfigError, DeliveryError, NotFound
from digestbot.domain.subscription import Subscription
from digestbot.editorial.schedule import taken_up
from digestbot.ports import Clock, Store
from digestbot.telemetry import logger

if TYPE_CHECKING:
    from digestbot.chat.slack.adapter import SlackAdapter
    from digestbot.chat.slack.bot import SlackBot
    from digestbot.chat.slack.handlers import Answering, Naming
    from digestbot.chat.slack.install import Installing
    from digestbot.chat.slack.tokens import TokenSource
    from digestbot.store import SqlStore

WAITS = (5.0, 15.0, 60.0)
"""Seconds before the app tries again to listen after Slack could not be reached; the last again and again."""

log = logger("slack")


def is_wanted(settings: SlackSettings) -> bool:
    """Tell whether the settings give what posting to Slack needs: a token, or an app that workspaces install."""
    return settings.bot_token is not None or bool(settings.client_id and settings.client_secret)


def slack_adapter(settings: SlackSettings, store: "SqlStore | None") -> "SlackAdapter":
    """Return the adapter: with the operator's one token, or with those of the workspaces in the store."""
    from digestbot.chat.slack.adapter import SlackAdapter

    return SlackAdapter(_tokens(settings, store))


def _tokens(settings: SlackSettings, store: "SqlStore | None") -> "TokenSource":
    from digestbot.chat.slack.installed_tokens import InstalledTokens
    from digestbot.chat.slack.tokens import OneToken
    from digestbot.store.errors import translated

    own = settings.bot_token.get_secret_value() if settings.bot_token else ""
    if store is None or not (settings.client_id and settings.client_secret):
        return OneToken(own)
    from digestbot.chat.slack.install import INSTALL, installations

    client_id = settings.client_id
    return InstalledTokens(
        installations(client_id, store.engine),
        lambda: store.installed(client_id),
        client_id=client_id,
        client_secret=settings.client_secret.get_secret_value(),
        guard=translated,
        own=own,
        install_url=f"{settings.public_url.rstrip('/')}{INSTALL}",
    )


def _installing(settings: SlackSettings, adapter: "SlackAdapter", store: Store) -> "Installing | None":
    """Return the installation of workspaces, where the settings ask for it."""
    from digestbot.chat.slack.install import Installing, states
    from digestbot.chat.slack.installed_tokens import InstalledTokens
    from digestbot.store import SqlStore
    from digestbot.store.errors import translated

    tokens = adapter.clients.tokens
    if not isinstance(tokens, InstalledTokens) or not isinstance(store, SqlStore) or settings.client_secret is None:
        return None
    return Installing(
        tokens,
        states(store.engine),
        client_id=settings.client_id,
        client_secret=settings.client_secret.get_secret_value(),
        public_url=settings.public_url,
        guard=translated,
    )


def slack_bot(
    settings: SlackSettings,
    adapter: "SlackAdapter",
    membership: "Membership",
    *,
    answering: "Answering",
    naming: "Naming",
) -> "SlackBot":
    """Return the app that listens, over the adapter's tokens and connections."""
    from digestbot.chat.slack.bot import SlackBot

    installing = _installing(settings, adapter, membership.store)
    if installing is not None:
        installing.back = membership.back
    return SlackBot(
        adapter.clients,
        answering,
        app_token=settings.app_token.get_secret_value() if settings.app_token else "",
        signing_secret=settings.signing_secret.get_secret_value() if settings.signing_secret else "",
        listen=address(settings.listen),
        installing=installing,
        naming=naming,
        gone=membership.gone,
        anyone_manages=settings.anyone_manages,
        admin_channel=settings.admin_channel,
    )


def address(text: str) -> tuple[str, int]:
    """Return ``host:port`` as two.

    Raises:
        ConfigError: It is none.

    """
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - the last port there is
        raise ConfigError([f"slack.listen: must read host:port, not “{text}”"])
    return host.strip("[]"), int(port)


def listen(stack: AsyncExitStack, bot: "SlackBot") -> None:
    """Have the app listen until the stack is closed; what keeps it from that is logged with its fix.

    Slack that cannot be reached is tried again; a token that it refuses is not.
    """

    async def run() -> None:
        waits = iter(WAITS)
        while True:
            try:
                await bot.start()
            except DeliveryError as error:
                log.warning("not listening", platform="slack", code=error.code, error=str(error))
                await bot.close()
                if not error.transient:
                    return
                await asyncio.sleep(next(waits, WAITS[-1]))
            else:
                log.info("listening", platform="slack")
                return

    task = asyncio.create_task(run(), name="slack")

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await bot.close()

    stack.push_async_callback(stop)


class Membership:
    """Pauses the digests of workspaces that lost their token, with the reason, and lets them go on when it is back."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take the store and the time to go by."""
        self.store, self._clock = store, clock

    async def gone(self, workspaces: Sequence[str], why: str) -> None:
        """Pause the digests of workspaces; their configuration is kept."""
        log.warning("workspaces left", platform="slack", workspaces=list(workspaces), why=why)
        for one in await self._of(workspaces):
            # Others are paused all the same when one is deleted meanwhile.
            with suppress(NotFound):
                if one.paused is None:
                    await self.store.pause_subscription(one.id, why)

    async def back(self, workspaces: Sequence[str]) -> None:
        """Let the digests go on that were paused for want of a token; what they missed is not made up for."""
        from digestbot.chat.slack.bot import is_lost

        log.info("workspaces joined", platform="slack", workspaces=list(workspaces))
        now = self._clock.now()
        for one in await self._of(workspaces):
            with suppress(NotFound):
                if is_lost(one.paused):
                    await self.store.save_subscription(taken_up(one, now), one)

    async def _of(self, workspaces: Sequence[str]) -> Sequence[Subscription]:
        found = await self.store.subscriptions()
        return [one for one in found if one.channel.platform == "slack" and one.channel.workspace in workspaces]
