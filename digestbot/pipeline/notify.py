"""Telling the people who run the bot what they must know: notices go to their channels, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from digestbot.domain.digest import Card, Digest, Edition, Prose, Text
from digestbot.domain.errors import DeliveryError
from digestbot.domain.subscription import Channel, Platform
from digestbot.ports import ChatAdapter, Clock, Notice, WatchStore

TITLE = "For the people who run this bot"
AT_ONCE = 10
"""Notices in one message: when the network is down for a day, every feed has one."""


@dataclass(frozen=True, slots=True)
class Teller:
    """Posts notices to the operators' channels; without a channel they stand in the status alone."""

    store: WatchStore
    adapters: Mapping[Platform, ChatAdapter]
    channels: Sequence[Channel]
    clock: Clock

    async def tell(self) -> tuple[Sequence[Notice], Sequence[DeliveryError]]:
        """Post what nobody has been told yet; return it, and what went wrong (it is tried again).

        A notice counts as told once one channel has it. Whoever takes it first tells it, and its key is the same at
        every try, so that a platform which knows it shows it once.

        Raises:
            StoreError: The notices could not be read or marked.

        """
        waiting = await self.store.take_notices(self.clock.now(), AT_ONCE)
        if not waiting:
            return (), ()
        faults: list[DeliveryError] = []
        # One of a platform that is switched off is no channel: what another did not take has reached nobody.
        channels = [(channel, self.adapters[channel.platform]) for channel in self.channels if self._serves(channel)]
        reached = not channels
        for channel, adapter in channels:
            try:
                await self._post(adapter, channel, waiting)
                reached = True
            except DeliveryError as error:
                faults.append(error)
        if not reached:
            return (), faults
        for notice in waiting:
            await self.store.notice_sent(notice.id, self.clock.now())
        return waiting, faults

    def _serves(self, channel: Channel) -> bool:
        return channel.platform in self.adapters

    async def _post(self, adapter: ChatAdapter, channel: Channel, notices: Sequence[Notice]) -> None:
        card = Card(tuple(Prose((Text(notice.text),)) for notice in notices))
        digest = Digest(TITLE, Edition(0, notices[0].at), (card,))
        for number, message in enumerate(adapter.render(digest)):
            await adapter.post(channel, message, f"notice:{notices[0].id}:{notices[-1].id}:{number}", None)
