"""The doctor: looks at everything a running bot needs and names the fix for each finding."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from digestbot.app.compose import open_adapters, open_models, open_sources, read_settings
from digestbot.app.enrol import channel_of
from digestbot.app.slacking import is_wanted
from digestbot.config import Settings
from digestbot.domain.errors import DigestbotError
from digestbot.domain.subscription import Channel

if TYPE_CHECKING:
    from digestbot.store import SqlStore

FEEDS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at; ``fix`` says what to do when it is not well."""

    name: str
    ok: bool
    what: str
    fix: str = ""


@runtime_checkable
class Examinable(Protocol):
    """An adapter that can look at its own platform: token, scopes, channels."""

    async def examine(self, channels: Sequence[Channel]) -> Sequence[tuple[str, bool, str, str]]:
        """Return findings as (name, well, what was seen, what to do)."""
        ...


def finding_rows(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return findings for JSON."""
    return [{"name": f.name, "ok": f.ok, "what": f.what, "fix": f.fix or None} for f in findings]


def _fault(name: str, error: DigestbotError) -> Finding:
    return Finding(name, ok=False, what=error.what, fix=error.hint)


async def examine(config: Path | None) -> list[Finding]:
    """Look at the settings, the database, the model, the feeds and the tokens.

    Raises:
        ConfigError: The settings cannot be read at all.

    """
    settings = read_settings(config)
    where = str(config) if config else "defaults and environment (give --config for a file)"
    findings = [Finding("settings", ok=True, what=where)]
    findings.append(await _database(settings))
    findings.append(await _model(settings))
    findings.extend(await _feeds(settings))
    findings.extend([finding async for finding in _tokens(settings)])
    return findings


async def _database(settings: Settings) -> Finding:
    from digestbot.store import schema_state

    try:
        state = await schema_state(settings.database.url)
        if state.have is None:
            return Finding("database", ok=True, what="not made yet; “digestbot run” makes it")
        state.require()
    except DigestbotError as error:
        return _fault("database", error)
    return Finding("database", ok=True, what=f"reachable, schema {state.have}")


async def _model(settings: Settings) -> Finding:
    try:
        async with open_models(settings) as models:
            await models.embedder.embed(["Does the encoder load?"])
            name = models.summarizer.name
    except DigestbotError as error:
        return _fault("model", error)
    return Finding("model", ok=True, what=f"{name} answers")


async def _feeds(settings: Settings) -> list[Finding]:
    if not settings.feeds:
        return [Finding("feeds", ok=False, what="none are listed", fix="add [[feeds]] to the settings file")]
    gate = asyncio.Semaphore(FEEDS_AT_ONCE)
    async with open_sources(settings) as sources:

        async def one(url: str) -> Finding:
            async with gate:
                try:
                    parsed = await sources.feeds.look(url)
                except DigestbotError as error:
                    return _fault("feed", error)
                return Finding("feed", ok=True, what=f"{url}: “{parsed.title}”, {len(parsed.entries)} entries")

        return list(await asyncio.gather(*(one(feed.url) for feed in settings.feeds)))


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
                    yield Finding(name, ok=ok, what=what, fix=fix)
