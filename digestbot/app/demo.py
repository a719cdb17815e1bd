"""The demo: a small newsroom on loopback, pulled, condensed and shown, in the terminal and as a page.

It runs the product's own rooms on real wires; only the newsroom is a sample.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from time import perf_counter
from urllib.parse import urlsplit

from rich.console import Console
from rich.text import Text

from digestbot.app.compose import Rooms, open_rooms
from digestbot.app.enrol import enrol
from digestbot.chat.characters import one_line
from digestbot.commands.model import counted
from digestbot.config import (
    DatabaseSettings,
    FeedSettings,
    ModelSettings,
    Settings,
    SourceSettings,
    SubscriptionSettings,
)
from digestbot.domain.digest import Digest
from digestbot.domain.errors import NotFound, StoreError
from digestbot.editorial.schedule import Due
from digestbot.runtime.clock import SystemClock
from digestbot.telemetry import configure_logging

_PACKAGE = Path(__file__).resolve().parent.parent
IN_CHECKOUT = _PACKAGE.parent / "config" / "demo"
IN_WHEEL = _PACKAGE / "_demo"
TITLE = "Morning brief"
NEXT_STEPS = (
    "add your feeds:   edit config/digestbot.toml, or “digestbot import FILE”",
    "connect Slack:    README, “Slack in five minutes”",
    "connect Discord:  README, “Discord in five minutes”",
)


async def run_demo(newsroom: Path | None, out: Path) -> None:
    """Serve the newsroom, make its digest, show it, and write the page.

    Raises:
        NotFound: There is no newsroom folder.
        DigestbotError: A room could not be opened.

    """
    configure_logging("error")
    console, began = Console(highlight=False), perf_counter()
    folder = _newsroom_folder(newsroom)
    work = _work_folder(out)
    async with _served(folder) as (base, feeds):
        _say(console, f"a newsroom of {len(feeds)} outlets is on the air at {base}")
        settings = _settings(base, feeds, work)
        async with open_rooms(settings) as rooms:
            await enrol(settings, rooms.store, rooms.clock.now())
            digest = await _make(rooms, console)
            _write_page(digest, out)
    console.print()
    _say(console, f"done in {perf_counter() - began:.0f} s; as Slack and Discord show it: {out}")
    console.print(Text("\nNext:", style="bold"))
    for number, step in enumerate(NEXT_STEPS, 1):
        console.print(Text(f"  {number}. {step}"))


def _say(console: Console, line: str) -> None:
    console.print(Text("› ", style="cyan") + Text(one_line(line)))


def _newsroom_folder(given: Path | None) -> Path:
    for folder in (given,) if given else (IN_CHECKOUT, IN_WHEEL):
        if (folder / "newsroom.toml").is_file():
            return folder
    raise NotFound("newsroom", given or IN_CHECKOUT, hint="name a folder with a newsroom.toml (config/demo/README.md)")


def _work_folder(out: Path) -> Path:
    """Make the folder the page goes to and return it."""
    folder = out.resolve().parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{folder} cannot be made ({error.strerror})", hint="give another place with --out") from error
    if out.is_dir():
        raise StoreError(f"{out} is a folder", hint="name a file in it with --out")
    return folder


@asynccontextmanager
async def _served(folder: Path) -> AsyncIterator[tuple[str, dict[str, str]]]:
    """Serve a newsroom on a free loopback port; yield its base URL and the outlets' names by their feeds' URLs."""
    from digestbot.web.newsroom import Newsroom, serve

    newsroom = Newsroom.load(folder, SystemClock().now())
    runner, base = await serve(newsroom)
    try:
        names = (outlet.name for outlet in newsroom.outlets)
        yield base, dict(zip(newsroom.feed_urls(base), names, strict=True))
    finally:
        await runner.cleanup()


def _settings(base: str, feeds: Mapping[str, str], work: Path) -> Settings:
    """Return settings for the demo: a fresh database, the newsroom's feeds taken from the start."""
    database = work / "demo.sqlite3"
    for path in work.glob("demo.sqlite3*"):
        try:
            path.unlink()
        except OSError as error:
            raise StoreError(
                f"{path} cannot be removed ({error.strerror})", hint="give another folder with --out"
            ) from error
    return Settings(
        database=DatabaseSettings(url=f"sqlite:///{database}"),
        sources=SourceSettings(allow_private_hosts=(urlsplit(base).netloc,), min_gap=0),
        model=ModelSettings(cache=str(work / "models")),
        feeds=tuple(FeedSettings(url=url, title=name, backfill=20) for url, name in feeds.items()),
        subscriptions=(SubscriptionSettings(name=TITLE, channel="console:"),),
    )


async def _make(rooms: Rooms, console: Console) -> Digest:
    """Run the four steps, saying what each did; return the digest."""
    refreshed = await rooms.refresher.run_due()
    for one in refreshed:
        feed = await rooms.store.feed(one.feed_id)
        told = f"{feed.title}: {counted(one.stored, 'article')}"
        _say(console, told if one.error is None else f"{one.url}: {one.error}")
        for fault in one.unread:
            _say(console, f"  {fault}")
    status = await rooms.store.status(rooms.clock.now())
    _say(console, f"{status.articles} articles tell {status.stories} stories")
    briefed = await rooms.briefer.run_due()
    shown = sum(one.quotes for one in briefed)
    _say(console, f"{len(briefed)} stories condensed, {shown} key quotes cut out and attributed")
    (subscription,) = await rooms.store.subscriptions()
    now = rooms.clock.now()
    published = await rooms.publisher.publish(subscription, Due(now, now + timedelta(days=1)))
    _say(console, f"edition made: {published.stories} stories")
    console.print()
    await rooms.deliverer.run_due()
    (digest,) = await rooms.store.editions(subscription.id, limit=1)
    return digest


def _write_page(digest: Digest, out: Path) -> None:
    """Write the digest as Slack and as Discord show it, side by side."""
    from digestbot.chat.discord.components import render as discord_messages
    from digestbot.chat.slack.blocks import render as slack_messages
    from digestbot.web.preview import preview_page

    page = preview_page(digest.title, slack_messages(digest), discord_messages(digest))
    out.write_text(page, encoding="utf-8")
