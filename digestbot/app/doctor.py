"""The doctor: looks at everything a running bot needs and names the fix for each finding."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from digestbot.app import doctor_machine as machine
from digestbot.app.compose import open_adapters, open_models, open_sources, read_settings
from digestbot.app.enrol import channel_of
from digestbot.app.findings import Finding, fault, finding_rows
from digestbot.app.slack import is_wanted
from digestbot.config import Settings
from digestbot.domain.addresses import shown
from digestbot.domain.errors import DigestbotError
from digestbot.domain.subscription import Channel

if TYPE_CHECKING:
    from digestbot.store import SqlStore

__all__ = ["Finding", "examine", "finding_rows"]

FEEDS_AT_ONCE = 8
MOST_FAILING = 20
"""Failing feeds that people added in chat which are named."""
NO_HOST = "its host name is not known"
FAILING = "the bot tries again by itself; take it out with “digestbot ask unsubscribe …” if it is gone"


@runtime_checkable
class Examinable(Protocol):
    """An adapter that can look at its own platform: token, scopes, channels."""

    async def examine(self, channels: Sequence[Channel]) -> Sequence[tuple[str, bool, str, str]]:
        """Return findings as (name, well, what was seen, what to do)."""
        ...


@runtime_checkable
class Inviting(Protocol):
    """An adapter whose bot is added to a place by a link."""

    async def invite(self) -> str:
        """Return the link, with exactly the permissions that the bot needs.

        Raises:
            DeliveryError: The platform cannot be asked.

        """
        ...


async def examine(config: Path | None) -> list[Finding]:
    """Look at the settings, the database, the models and their memory, the disk, the feeds, the clock, the tokens.

    Raises:
        ConfigError: The settings cannot be read at all.

    """
    settings = read_settings(config)
    where = str(config) if config else "defaults and environment (give --config for a file)"
    findings = [Finding("settings", ok=True, what=where), *machine.secrets(config)]
    findings += [await _database(settings), *machine.disk(settings)]
    findings += [await _model(settings), machine.memory(settings)]
    findings += await _feeds(settings)
    findings += [finding async for finding in _tokens(settings)]
    return findings


async def _database(settings: Settings) -> Finding:
    from digestbot.store import schema_state

    try:
        state = await schema_state(settings.database.url)
        if state.have is None:
            return Finding("database", ok=True, what="not made yet; “digestbot run” makes it")
        state.require()
    except DigestbotError as error:
        return fault("database", error)
    return Finding("database", ok=True, what=f"reachable, schema {state.have}")


async def _model(settings: Settings) -> Finding:
    try:
        async with open_models(settings) as models:
            await models.embedder.embed(["Does the encoder load?"])
            name = models.summarizer.name
    except DigestbotError as error:
        return fault("model", error)
    return Finding("model", ok=True, what=f"{name} answers")


async def _feeds(settings: Settings) -> list[Finding]:
    """Fetch every feed of the settings file, tell of those from chat that fail, and compare the clocks."""
    kept = await _kept_feeds(settings)
    if not settings.feeds and kept is None:
        return [Finding("feeds", ok=False, what="none are listed", fix="add [[feeds]] to the settings file")]
    gate = asyncio.Semaphore(FEEDS_AT_ONCE)
    async with open_sources(settings) as sources:

        async def one(url: str) -> Finding:
            async with gate:
                try:
                    parsed = await sources.feeds.look(url)
                except DigestbotError as error:
                    return _amiss(error)
                return Finding("feed", ok=True, what=f"{shown(url)}: “{parsed.title}”, {len(parsed.entries)} entries")

        found = list(await asyncio.gather(*(one(feed.url) for feed in settings.feeds)))
        return [*_together(found), *(kept or ()), machine.clock(sources.feeds.apart)]


def _amiss(error: DigestbotError) -> Finding:
    """Return the finding of a feed that cannot be had: somebody who looks wants more than that it is tried again."""
    if error.transient:
        fix = "look whether the address is right and its server is up; the bot tries again by itself"
        return Finding("feed", ok=False, what=error.what, fix=fix)
    return fault("feed", error)


def _together(found: Sequence[Finding]) -> list[Finding]:
    """Say it once where not one of several feeds has a host name that is known: that is this machine's network."""
    if len(found) > 1 and all(not one.ok and NO_HOST in one.what for one in found):
        what = f"not one of {len(found)} feeds has a host name that is known here"
        return [Finding("network", ok=False, what=what, fix="look at this machine's network and name server (DNS)")]
    return list(found)


async def _kept_feeds(settings: Settings) -> list[Finding] | None:
    """Tell of the feeds that people added in chat: those that fail, or that all are well; None when there are none."""
    from digestbot.store import open_store

    listed = {feed.url for feed in settings.feeds}
    now = datetime.now(UTC)
    try:
        async with await open_store(settings.database.url, exclusive=False) as store:
            others = [feed for feed in await store.feeds() if feed.url not in listed]
            failing = await store.feeds_by_health(now, timedelta(0), health="failing", limit=MOST_FAILING)
    except DigestbotError:
        return None  # the database has a finding of its own
    if not others:
        return None
    amiss = [
        Finding("feed", ok=False, what=feed.polling.last_error or f"{shown(feed.url)} fails", fix=FAILING)
        for feed, _ in failing
        if feed.url not in listed
    ]
    return amiss or [Finding("feeds", ok=True, what=f"{len(others)} added by command, none of them fails")]


@asynccontextmanager
async def _installations(settings: Settings) -> AsyncIterator["SqlStore | None"]:
    """Open the database beside a bot that may be running, where it holds what workspaces installed; else give None."""
    from digestbot.store import open_store

    async with AsyncExitStack() as stack:
        store = None
        if settings.slack.client_id:
            # What is wrong with the database has a finding of its own.
            with suppress(DigestbotError):
                store = await stack.enter_async_context(await open_store(settings.database.url, exclusive=False))
        yield store


async def _tokens(settings: Settings) -> AsyncIterator[Finding]:
    """Tell, for each platform that a subscription names, whether it can be posted to."""
    wanted = {subscription.platform for subscription in settings.subscriptions}
    if not wanted:
        yield Finding(
            "subscriptions", ok=False, what="there are none", fix="add [[subscriptions]] to the settings file"
        )
    if "console" in wanted:
        yield Finding("console", ok=True, what="digests are shown in the terminal")
    if "slack" in wanted and not is_wanted(settings.slack):
        yield Finding("slack", ok=False, what="no token", fix="set DIGESTBOT_SLACK__BOT_TOKEN (README, Slack)")
    if "discord" in wanted and settings.discord.token is None:
        yield Finding("discord", ok=False, what="no token", fix="set DIGESTBOT_DISCORD__TOKEN (README, Discord)")
    async with _installations(settings) as store, open_adapters(settings, store) as adapters:
        made = [one.channel for one in await store.subscriptions()] if store else []
        for platform, adapter in adapters.items():
            if isinstance(adapter, Examinable):
                channels = [channel_of(s) for s in settings.subscriptions if s.platform == platform]
                channels += [one for one in made if one.platform == platform and one.workspace]
                for name, ok, what, fix in await adapter.examine(channels):
                    yield Finding(name, ok=ok, what=what.removeprefix(f"{name}: "), fix=fix)
            if isinstance(adapter, Inviting):
                with suppress(DigestbotError):  # what keeps it from being asked is among the findings already
                    yield Finding(platform, ok=True, what=f"add it to a server: {await adapter.invite()}")
