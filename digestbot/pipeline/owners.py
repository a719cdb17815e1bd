"""Telling those who look after a digest that it is paused, and how to mend that: in their channel, else the operators'.

Knows the ports; does not know any platform.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from digestbot.domain.digest import Action, Actions, Block, Card, Digest, Edition, Named, Prose, Strong, Text
from digestbot.domain.errors import DeliveryError, DigestbotError
from digestbot.domain.subscription import Channel, Platform, Subscription
from digestbot.ports import ChatAdapter, Clock, Store

TITLE = "A digest is paused"


@dataclass(frozen=True, slots=True)
class Owners:
    """Reaches the people behind a digest: the channel their workspace named for problems, then the operators'."""

    store: Store
    adapters: Mapping[Platform, ChatAdapter]
    operators: Sequence[Channel]
    clock: Clock

    async def tell_paused(self, wanted: Subscription, error: DigestbotError) -> DeliveryError | None:
        """Say that a digest is paused, why, and the fix; return why nobody could be told, None where somebody was.

        Its own channel is told last, and only when it is not that channel which failed. The key is that of this pause,
        so that a platform which knows keys shows it once.

        Raises:
            StoreError: The workspace's settings could not be read.

        """
        known = await self.store.workspace(wanted.channel.home)
        own = known.settings.admin_channel if known else ""
        channels = [replace(wanted.channel, id=own), *self.operators] if own else list(self.operators)
        # Where the channel itself is the trouble it is no way to tell of it.
        channels = [channel for channel in channels if channel != wanted.channel]
        channels += [] if isinstance(error, DeliveryError) else [wanted.channel]
        fault: DeliveryError | None = None
        for channel in channels:
            adapter = self.adapters.get(channel.platform)
            if adapter is None:
                continue
            try:
                await self._post(adapter, channel, wanted, error)
            except DeliveryError as failed:
                fault = failed
            else:
                return None
        return fault

    async def _post(self, adapter: ChatAdapter, channel: Channel, wanted: Subscription, error: DigestbotError) -> None:
        now = self.clock.now()
        document = Digest(TITLE, Edition(wanted.id, now), (_card(wanted, error, channel),))
        for number, message in enumerate(adapter.render(document)):
            await adapter.post(channel, message, f"paused:{wanted.id}:{now.isoformat()}:{number}", None)


def _card(wanted: Subscription, error: DigestbotError, channel: Channel) -> Card:
    """Return what is said: the digest and its channel, what happened, what to do, and that nothing is lost."""
    at_home = channel.home == wanted.channel.home
    what = error.what.removeprefix(f"{error.channel}: ") if isinstance(error, DeliveryError) else error.what
    where = Named("channel", wanted.channel.id) if at_home else Text(str(wanted.channel))
    blocks: list[Block] = [
        Prose((Strong(f"“{wanted.name}” is paused"), Text(" for "), where, Text(f": {what}."))),
        *([Prose((Strong("Fix: "), Text(f"{error.hint}.")))] if error.hint else []),
        Prose((Text("Its settings are kept; let it go on when that is done."),), quiet=True),
    ]
    if at_home:
        actions = (Action("Resume", f"schedule resume digest={wanted.id}"), Action("Doctor", "doctor"))
        blocks.append(Actions(actions))
    return Card(tuple(blocks))
