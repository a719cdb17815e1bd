"""Servers that come and go on Discord: their digests are paused and go on, and everything they set is kept."""

from collections.abc import Sequence
from contextlib import suppress

from digestbot.domain.errors import NotFound, StoreError
from digestbot.domain.subscription import Subscription
from digestbot.editorial.schedule import taken_up
from digestbot.ports import Clock, Store
from digestbot.telemetry import logger

log = logger("chat")


class Servers:
    """Pauses the digests of a server that removed the bot, and lets them go on when it is back."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Take the store and the time to go by."""
        self._store, self._clock = store, clock

    async def left(self, server: str) -> None:
        """Pause a server's digests with the reason; what was paused before keeps its own."""
        from digestbot.chat.discord.bot import LEFT

        log.warning("server left", platform="discord", workspace=server)
        try:
            for one in await self._of(server):
                # Others are paused all the same when one is deleted meanwhile.
                with suppress(NotFound):
                    if one.paused is None:
                        await self._store.pause_subscription(one.id, LEFT)
        except StoreError as error:
            log.warning("server left", workspace=server, code=error.code, error=str(error))

    async def joined(self, server: str) -> None:
        """Let the digests go on that were paused because the bot was gone; what they missed is not made up for."""
        from digestbot.chat.discord.bot import LEFT

        log.info("server joined", platform="discord", workspace=server)
        now = self._clock.now()
        try:
            for one in await self._of(server):
                with suppress(NotFound):
                    if one.paused == LEFT:
                        await self._store.save_subscription(taken_up(one, now), one)
        except StoreError as error:
            log.warning("server joined", workspace=server, code=error.code, error=str(error))

    async def _of(self, server: str) -> Sequence[Subscription]:
        found = await self._store.subscriptions()
        return [one for one in found if (one.channel.platform, one.channel.workspace) == ("discord", server)]
