"""The listening half of the chat platforms: commands and buttons in, the command core's answers out.

A platform that cannot be listened to is logged with its fix; digests are posted all the same.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from digestbot.app.compose import Rooms
from digestbot.app.desk import desk_of
from digestbot.app.slacking import Membership, is_wanted, listen, slack_bot
from digestbot.commands import COMMANDS, Asker, Desk, Invocation, Reply, Value, dispatch
from digestbot.config import DiscordSettings
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
        """Return what an asker may name: every feed, or their workspace's digests, as (label, id)."""
        if kind == "feed":
            return [(feed.title or feed.url, feed.id) for feed in (await self._desk.store.feeds())[:MOST_NAMES]]
        if kind == "topic":
            topics = {topic for feed in await self._desk.store.feeds() for topic in feed.topics}
            return [(topic, topic) for topic in sorted(topics)[:MOST_NAMES]]
        here = (asker.platform, asker.workspace)
        found = [s for s in await self._desk.store.subscriptions() if (s.channel.platform, s.channel.workspace) == here]
        return [(subscription.name, subscription.id) for subscription in found[:MOST_NAMES]]


@asynccontextmanager
async def listening(rooms: Rooms) -> AsyncIterator[None]:
    """Listen to every platform that the settings give the tokens for, until the block ends."""
    answering = Answering(desk_of(rooms))
    async with AsyncExitStack() as stack:
        slack, discord = rooms.settings.slack, rooms.settings.discord
        if is_wanted(slack) and (slack.app_token or slack.signing_secret):
            _listen_to_slack(stack, rooms, answering)
        if discord.token and discord.commands:
            _listen_to_discord(stack, discord, answering)
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


def _listen_to_discord(stack: AsyncExitStack, settings: DiscordSettings, answering: Answering) -> None:
    from digestbot.chat.discord.bot import DiscordBot, serve

    if settings.token is None:
        return
    token = settings.token.get_secret_value()
    bot = DiscordBot(
        COMMANDS,
        answering,
        answering.names,
        _problem,
        notify=settings.admin_channel,
        news_a_minute=settings.news_per_minute,
        shard_count=settings.shard_count or None,
        shard_ids=settings.shard_ids or None,
    )

    async def run() -> None:
        try:
            await serve(bot, token, _problem)
        except DeliveryError as error:
            log.warning("not listening", platform="discord", code=error.code, error=str(error))

    task = asyncio.create_task(run(), name="discord")

    async def stop() -> None:
        await bot.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(stop)


def _problem(error: Exception, where: str) -> None:
    log.warning("discord", where=where, error=str(error))
