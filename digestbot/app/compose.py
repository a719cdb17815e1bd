"""Puts the rooms together: settings in, open rooms out, closed again in reverse order."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from digestbot import __version__
from digestbot.app.slack import is_wanted, slack_adapter
from digestbot.config import FeedSettings, Settings, load_settings
from digestbot.domain.errors import ConfigError, InferenceError
from digestbot.domain.news import ParsedFeed
from digestbot.domain.subscription import Channel, Platform
from digestbot.editorial.quotes import find_quotes
from digestbot.pipeline.audience import Audience
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.deliver import Deliverer
from digestbot.pipeline.owners import Owners
from digestbot.pipeline.publish import Publisher
from digestbot.pipeline.refresh import Refresher
from digestbot.ports import ArticleSource, ChatAdapter, Clock, Embedder, FeedSource, Retention, Store, Summarizer
from digestbot.runtime.clock import SystemClock
from digestbot.telemetry import configure_logging, logger

if TYPE_CHECKING:
    from digestbot.inference import ArrivingSummarizer, Engine
    from digestbot.sources.http.host_gate import SharedTurns
    from digestbot.sources.websub import Hubs
    from digestbot.store import SqlStore

log = logger("models")


@dataclass(frozen=True, slots=True)
class Models:
    """What condenses and compares."""

    embedder: Embedder
    summarizer: Summarizer
    engine: "Engine | None" = None


PROJECT = "https://github.com/digestbot"
"""Whom publishers can turn to where the operator names nobody."""


class LookingFeedSource(FeedSource, Protocol):
    """A feed source that can also look at a feed nobody has subscribed to, as commands on demand do.

    ``apart`` is how far this machine's clock is ahead of the nearest of the servers looked at; None when none was.
    """

    apart: timedelta | None

    async def look(self, url: str) -> ParsedFeed:
        """Return what the feed at an address gives."""
        ...

    async def discover(self, url: str) -> list[str]:
        """Return the feeds that a site's page names."""
        ...


@dataclass(frozen=True, slots=True)
class Sources:
    """What reads the world."""

    feeds: LookingFeedSource
    articles: ArticleSource
    hubs: "Hubs | None" = None


@dataclass(frozen=True, slots=True)
class Rooms:
    """A whole bot, not yet running."""

    settings: Settings
    store: Store
    models: Models
    sources: Sources
    adapters: Mapping[Platform, ChatAdapter]
    refresher: Refresher
    briefer: Briefer
    publisher: Publisher
    deliverer: Deliverer
    clock: Clock
    audience: Audience


def read_settings(config: Path | None) -> Settings:
    """Read the settings and set up logging by them.

    Raises:
        ConfigError: With every fault at once.

    """
    settings = load_settings(config)
    if faults := pattern_faults(settings.feeds):
        raise ConfigError([f"{config}: {fault}" if config else fault for fault in faults])
    configure_logging(settings.log.level, settings.log.format)
    return settings


def pattern_faults(feeds: Sequence[FeedSettings]) -> list[str]:
    """Name the expressions of feeds' filters that are none: one of them would hold up every digest that reads its feed.

    A digest's own are found when it is due: it is paused, and its people are told.
    """
    from digestbot.sources.patterns import search

    faults = []
    for number, feed in enumerate(feeds):
        for name in ("include_regex", "exclude_regex"):
            try:
                search(getattr(feed, name), "")
            except ValueError as error:
                faults.append(f"feeds.{number}.{name}: {error}")
    return faults


def open_engine(settings: Settings) -> "Engine":
    """Return the engine of models; no process is started before it is used. Close it with ``aclose``."""
    from digestbot.inference import Engine

    wanted = settings.model
    return Engine(
        cache_dir=Path(wanted.cache), threads=wanted.threads, memory_limit=wanted.memory_mb * 1_000_000 or None
    )


@asynccontextmanager
async def open_models(settings: Settings, *, fetch: bool = False) -> AsyncIterator[Models]:
    """Open the inference room; nothing is loaded before it is used.

    With ``fetch`` a model that ``auto`` may fetch is fetched meanwhile, and takes over when it is here.
    """
    from digestbot.inference import EncoderEmbedder, VectorShelf, arriving, choose_summarizer, fetch_aside
    from digestbot.inference.catalogue import RECOMMENDED

    wanted = settings.model
    engine, shelf = open_engine(settings), VectorShelf(Path(wanted.cache) / "sentences.sqlite3")
    coming: asyncio.Task[None] | None = None
    try:
        embedder = EncoderEmbedder(engine, shelf=shelf)
        summarizer = choose_summarizer(
            wanted.engine,
            engine=engine,
            embedder=embedder,
            model=wanted.name,
            url=wanted.remote_url,
            key=wanted.remote_key.get_secret_value() if wanted.remote_key else "",
            bound=wanted.source_bound,
            languages=wanted.languages,
            checker=wanted.checker,
            find_quotes=find_quotes,
            fetch=fetch_aside(wanted.name or RECOMMENDED, Path(wanted.cache)) if wanted.download else None,
        )
        if fetch and (arrival := arriving(summarizer)):
            coming = asyncio.create_task(_arrive(arrival), name="digestbot-fetch")
        yield Models(embedder, summarizer, engine)
    finally:
        if coming:
            coming.cancel()
            await asyncio.wait({coming})
        await engine.aclose()
        await shelf.aclose()


async def _arrive(arrival: "ArrivingSummarizer") -> None:
    """Fetch a model and go over to it; a failure is logged, and what served goes on serving."""
    log.info("fetching the model that writes summaries; until it is here the articles' own sentences are used")
    try:
        await arrival.arrive()
    except InferenceError as error:
        log.warning("model not fetched", code=error.code, error=str(error))
    else:
        log.info("model fetched", engine=arrival.name)


@asynccontextmanager
async def open_sources(
    settings: Settings, turns: "SharedTurns | None" = None, audience: Audience | None = None
) -> AsyncIterator[Sources]:
    """Open the sources room: one client and one sandbox for feeds and pages.

    ``turns`` are those of publishers' hosts where other processes ask them too; ``audience`` tells who reads a feed.
    With one, and a public address where hubs reach the pages, hubs are asked for pushes.
    """
    from digestbot.sources.articles import WebArticleSource
    from digestbot.sources.articles.language import warm
    from digestbot.sources.feeds import HttpFeedSource
    from digestbot.sources.http.client import PoliteClient
    from digestbot.sources.sandbox import Sandbox
    from digestbot.sources.websub import Hubs

    wanted = settings.sources
    client = PoliteClient(
        version=__version__,
        allow_private_hosts=wanted.allow_private_hosts,
        host_gap=wanted.min_gap,
        max_bytes=wanted.max_bytes,
        total_seconds=wanted.timeout,
        connections=wanted.concurrency,
        contact=wanted.contact or PROJECT,
        shared_turns=turns,
    )
    sandbox = Sandbox(prepare=[warm])
    web = settings.web
    hubs = Hubs(audience.store, client, web.public_url) if audience and web.enabled and web.public_url else None
    feeds = HttpFeedSource(
        client,
        sandbox,
        subscribers=audience.of if audience else lambda _: 1,
        pushed=hubs.holds if hubs else lambda _feed, _now: False,
        on_host=audience.on_host_of if audience else lambda _: 1,
    )
    try:
        yield Sources(feeds, WebArticleSource(client, sandbox), hubs)
    finally:
        await client.close()
        await sandbox.close()


@asynccontextmanager
async def open_adapters(
    settings: Settings, store: "SqlStore | None" = None
) -> AsyncIterator[dict[Platform, ChatAdapter]]:
    """Open an adapter for the console and for each platform that has a token; the store may hold Slack's."""
    from digestbot.chat.console import ConsoleAdapter

    adapters: dict[Platform, ChatAdapter] = {"console": ConsoleAdapter()}
    async with AsyncExitStack() as stack:
        if is_wanted(settings.slack):
            slack = slack_adapter(settings.slack, store)
            stack.push_async_callback(slack.close)
            adapters["slack"] = slack
        if settings.discord.token is not None:
            from digestbot.chat.discord.adapter import DiscordAdapter

            wanted = settings.discord
            discord = DiscordAdapter(
                settings.discord.token.get_secret_value(), threads=wanted.threads, layout=wanted.layout
            )
            stack.push_async_callback(discord.close)
            adapters["discord"] = discord
        yield adapters


@asynccontextmanager
async def open_rooms(
    settings: Settings,
    *,
    adapters: Mapping[Platform, ChatAdapter] | None = None,
    clock: Clock | None = None,
    exclusive: bool = True,
    turns: "SharedTurns | None" = None,
) -> AsyncIterator[Rooms]:
    """Open every room the bot needs.

    Args:
        settings: What the operator wants.
        adapters: Adapters to use instead of those the settings ask for.
        clock: The time to go by; the machine's when None.
        exclusive: Whether a SQLite file is taken for this process alone, as the bot does.
        turns: The turns of publishers' hosts, where other processes ask them too.

    Raises:
        DigestbotError: A room cannot be opened; those already open are closed.

    """
    from digestbot.sources.patterns import search
    from digestbot.store import open_store

    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(await open_store(settings.database.url, exclusive=exclusive))
        models = await stack.enter_async_context(open_models(settings, fetch=True))
        audience = Audience(store)
        sources = await stack.enter_async_context(open_sources(settings, turns, audience))
        if adapters is None:
            adapters = await stack.enter_async_context(open_adapters(settings, store))
        window = timedelta(hours=settings.sources.story_window_hours)
        briefer = Briefer(store, models.summarizer, models.embedder, clock, window)
        owners = Owners(store, adapters, operators(settings), clock)
        yield Rooms(
            settings=settings,
            store=store,
            models=models,
            sources=sources,
            adapters=adapters,
            refresher=Refresher(
                store, sources.feeds, sources.articles, models.embedder, clock, window, settings.sources.concurrency
            ),
            briefer=briefer,
            publisher=Publisher(store, briefer, adapters, clock, search, owners),
            deliverer=Deliverer(store, adapters, clock, timedelta(seconds=settings.workers.stalled_after), owners),
            clock=clock,
            audience=audience,
        )


def retention_of(settings: Settings) -> Retention:
    """Return for how long things are kept."""
    return Retention(**{name: timedelta(days=days) for name, days in settings.retention.model_dump().items()})


def operators(settings: Settings) -> Sequence[Channel]:
    """Return the channels that reports and notices go to: ``C…``, or on Slack ``T…/C…`` where there are several."""
    team, _, slack = settings.slack.admin_channel.rpartition("/")
    channels = [Channel("slack", slack, team)] if slack else []
    return [
        *channels,
        *([Channel("discord", settings.discord.admin_channel)] if settings.discord.admin_channel else []),
    ]
