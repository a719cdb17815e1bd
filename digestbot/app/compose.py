"""Puts the rooms together: settings in, open rooms out, closed again in reverse order."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from digestbot.config import Settings, load_settings
from digestbot.domain.subscription import Platform
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.deliver import Deliverer
from digestbot.pipeline.publish import Publisher
from digestbot.pipeline.refresh import Refresher
from digestbot.ports import ArticleSource, ChatAdapter, Clock, Embedder, FeedSource, Store, Summarizer
from digestbot.runtime.clock import SystemClock
from digestbot.telemetry import configure_logging


@dataclass(frozen=True, slots=True)
class Models:
    """What condenses and compares."""

    embedder: Embedder
    summarizer: Summarizer


@dataclass(frozen=True, slots=True)
class Sources:
    """What reads the world."""

    feeds: FeedSource
    articles: ArticleSource


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


def read_settings(config: Path | None) -> Settings:
    """Read the settings and set up logging by them.

    Raises:
        ConfigError: With every fault at once.

    """
    settings = load_settings(config)
    configure_logging(settings.log.level, settings.log.format)
    return settings


@asynccontextmanager
async def open_models(settings: Settings) -> AsyncIterator[Models]:
    """Open the inference room; nothing is loaded before it is used."""
    from digestbot.inference.encoder import EncoderEmbedder
    from digestbot.inference.engine import Engine

    engine = Engine(cache_dir=Path(settings.model.cache), threads=settings.model.threads)
    try:
        embedder = EncoderEmbedder(engine)
        yield Models(embedder, _summarizer(settings, engine, embedder))
    finally:
        await engine.aclose()


@asynccontextmanager
async def open_rooms(
    settings: Settings, *, adapters: Mapping[Platform, ChatAdapter] | None = None, clock: Clock | None = None
) -> AsyncIterator[Rooms]:
    """Open every room the bot needs.

    Args:
        settings: What the operator wants.
        adapters: Adapters to use instead of those the settings ask for.
        clock: The time to go by; the machine's when None.

    Raises:
        DigestbotError: A room cannot be opened; those already open are closed.

    """
    from digestbot.store import open_store

    clock = clock or SystemClock()
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(await open_store(settings.database.url))
        models = await stack.enter_async_context(open_models(settings))
        sources = await stack.enter_async_context(open_sources(settings))
        if adapters is None:
            adapters = await stack.enter_async_context(open_adapters(settings))
        window = timedelta(hours=settings.sources.story_window_hours)
        briefer = Briefer(store, models.summarizer, models.embedder, clock, window)
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
            publisher=Publisher(store, briefer, adapters, clock),
            deliverer=Deliverer(store, adapters, clock),
            clock=clock,
        )
