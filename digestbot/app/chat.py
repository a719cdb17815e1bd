"""The listening half of the chat platforms: commands and buttons in, the command core's answers out.

A platform that cannot be listened to is logged with its fix; digests are posted all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from digestbot.app.compose import Rooms
from digestbot.app.desk import desk_of
from digestbot.app.servers import Servers
from digestbot.app.slack import Membership, is_wanted, listen, slack_bot
from digestbot.commands import COMMANDS, Asker, Desk, Invocation, Reply, Value, dispatch
from digestbot.commands.dispatch import known
from digestbot.commands.ownership import digests_here, feeds_here
from digestbot.domain.errors import DeliveryError, DigestbotError
from digestbot.telemetry import logger

MOST_NAMES = 500
"""Names offered for completion; the platforms show 25 of those that match."""

log = logger("chat")


class Answering:
    """Answers invocations at the bot's desk, and logs what went wrong."""

    def __init__(self, desk: Desk) -> None:
        """Take the desk."""
        self._desk = desk

    async def __call__(self, invocation: Invocation, asker: Asker) -> Reply:
        """Return the reply to an invocation; a fault of ours is logged, its asker gets a sentence."""
        reply = await dispatch(self._desk, invocation, asker)
        if reply.error is None:
            log.info("answered", command=invocation.name, platform=asker.platform)
        elif isinstance(reply.error, DigestbotError):
            log.info("refused", command=invocation.name, platform=asker.platform, code=reply.error.code)
        else:
            log.error("command broke down", command=invocation.name, exc_info=reply.error)
        return reply

    async def names(self, kind: str, asker: Asker) -> Sequence[tuple[str, Value]]:
        """Return what an asker may name, as (label, id): the feeds, digests or topics of their workspace."""
        asker = await known(self._desk, asker)
        if kind == "digest":
            return [(one.name, one.id) for one in (await digests_here(self._desk, asker))[:MOST_NAMES]]
        feeds = await feeds_here(self._desk, asker)
        if kind == "topic":
            return [(topic, topic) for topic in sorted({topic for feed in feeds for topic in feed.topics})[:MOST_NAMES]]
        return [(feed.name, feed.id) for feed in feeds[:MOST_NAMES]]


@asynccontextmanager
async def listening(rooms: Rooms) -> AsyncIterator[None]:
    """Listen to every platform that the settings give the tokens for, until the block ends."""
    answering = Answering(desk_of(rooms))
    async with AsyncExitStack() as stack:
        slack, discord = rooms.settings.slack, rooms.settings.discord
        if is_wanted(slack) and (slack.app_token or slack.signing_secret):
            _listen_to_slack(stack, rooms, answering)
        if discord.token and discord.commands:
            _listen_to_discord(stack, rooms, answering)
        yield


def _listen_to_slack(stack: AsyncExitStack, rooms: Rooms, answering: Answering) -> None:
    from digestbot.chat.slack.adapter import SlackAdapter

    adapter = rooms.adapters.get("slack")
    if isinstance(adapter, SlackAdapter):
        listen(
            stack,
            slack_bot(
                rooms.settings.slack,
                adapter,
                Membership(rooms.store, rooms.clock),
                answering=answering,
                naming=answering.names,
            ),
        )


def _listen_to_discord(stack: AsyncExitStack, rooms: Rooms, answering: Answering) -> None:
    from digestbot.chat.discord.bot import DiscordBot, serve

    settings = rooms.settings.discord
    if settings.token is None:
        return
    token = settings.token.get_secret_value()
    servers = Servers(rooms.store, rooms.clock)

    def make() -> DiscordBot:
        return DiscordBot(
            COMMANDS,
            answering,
            answering.names,
            _problem,
            notify=settings.admin_channel,
            news_a_minute=settings.news_per_minute,
            joined=servers.joined,
            left=servers.left,
            shard_count=settings.shard_count or None,
            shard_ids=settings.shard_ids or None,
        )

    async def run() -> None:
        try:
            await serve(make, token, _problem)
        except DeliveryError as error:
            log.warning("not listening", platform="discord", code=error.code, error=str(error))

    task = asyncio.create_task(run(), name="discord")

    async def stop() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)


def _problem(error: Exception, where: str) -> None:
    log.warning("discord", where=where, error=str(error))
