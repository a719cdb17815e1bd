"""A small world for the web room: the sample newsroom read, condensed and published; some things gone wrong.

Everything is made by the product's own steps on fakes; nothing is written by hand but what went wrong.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from digestbot.app.web import Proofing, papers
from digestbot.domain.digest import Digest, Edition, Heading, Receipt, Text
from digestbot.domain.news import Article, Polling, Refusal, Story, Summary
from digestbot.domain.subscription import Channel, Length, Schedule, Subscription
from digestbot.editorial.quotes import find_quotes
from digestbot.editorial.schedule import Due
from digestbot.inference.extractive import ExtractiveSummarizer
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.publish import Publisher
from digestbot.ports import NewArticle, RefreshRecord, Store
from digestbot.web.desk import Desk, EngineFacts
from digestbot.web.newsroom import Newsroom
from tests.fakes.clock import START, FakeClock
from tests.fakes.inference import FakeEmbedder
from tests.fakes.store import MemoryStore

ROOT = Path(__file__).resolve().parent.parent.parent
STORIES = {
    "barrier": ("tidal-barrier-vote", "saltmere-barrier", "barrier-upriver", "nineteen-gates"),
    "grain": ("oldane-ruling", "oldane-farmers", "oldane-weighbridge"),
    "water": ("northfield-water", "boil-water-lifted"),
    "transfer": ("wieliczko-signs", "wieliczko-transfer", "brackwater-debt"),
    "volcano": ("cable-heard-volcano", "volcano-cable"),
    "ferry": ("ferry-chat-blunder",),
}
INVENTED = Refusal(
    "Judge Petra Lindqvist ordered Oldane to pay farmers $860 million by Christmas.",
    ("name", "number"),
    ("Petra Lindqvist", "$860 million"),
    "",
)
TOKENS = 4200


class Gated(ExtractiveSummarizer):
    """The extractive summarizer, one story of which a model wrote about and the gate refused."""

    async def summarize(
        self, story: Story, length: Length = "medium", *, interactive: bool = False, because: str = ""
    ) -> Summary:
        """Summarize with the story's own sentences."""
        told = await super().summarize(story, length, interactive=interactive)
        if any("Oldane" in article.title for article in story.articles):
            refused = replace(INVENTED, instead=told.sentences[0].text)
            return replace(told, engine="extractive: ungrounded", refused=(refused,))
        return told


@dataclass(frozen=True, slots=True)
class World:
    """What was made: the store, the desk for the pages, the stories by name, the subscriptions."""

    store: Store
    desk: Desk
    clock: FakeClock
    stories: Mapping[str, int]
    morning: Subscription
    evening: Subscription


@dataclass(frozen=True, slots=True)
class Publishing:
    """As much of the rooms as proofs are made with."""

    publisher: Publisher
    clock: FakeClock


async def world(store: Store | None = None) -> World:
    """Make the world."""
    store, clock = store or MemoryStore(), FakeClock(START)
    stories = await _read(store, START)
    embedder = FakeEmbedder()
    briefer = Briefer(store, Gated(embedder), embedder, clock)
    await briefer.run_due()
    publisher = Publisher(store, briefer, papers(), clock)
    morning = await store.save_subscription(
        Subscription(0, "Morning brief", Channel("slack", "C0DAILY"), Schedule(timezone="Europe/Berlin"), stories=6)
    )
    evening = await store.save_subscription(
        Subscription(0, "Harbour watch", Channel("discord", "99"), stories=3, quotes=1, style="compact")
    )
    for subscription in (morning, evening):
        await publisher.publish(subscription, Due(START - timedelta(minutes=5), START + timedelta(days=1)))
    await _earlier(store, morning)
    await _trouble(store, START)
    desk = desk_on(store, clock, publisher)
    return World(store, desk, clock, stories, await store.subscription(morning.id), evening)


def desk_on(store: Store, clock: FakeClock, publisher: Publisher) -> Desk:
    """Return a desk over a store."""
    return Desk(
        store=store,
        clock=clock,
        proofs=Proofing(Publishing(publisher, clock)),
        quotes=find_quotes,
        engine=lambda: EngineFacts(
            "extractive-1", waiting=2, items=311, seconds=90.0, starts=1, tokens=TOKENS, writing=60.0
        ),
    )


async def _read(store: Store, now: datetime) -> dict[str, int]:
    """Store the newsroom's articles, each at its time, grouped into their stories; return the stories by name."""
    newsroom = Newsroom.load(ROOT / "config" / "demo", now)
    homes: dict[str, int] = {}
    for piece in reversed(newsroom.pieces):
        name = next(name for name, slugs in STORIES.items() if piece.slug in slugs)
        feed = await store.add_feed(f"https://{piece.outlet.slug}.example/feed", title=piece.outlet.name, now=now)
        article = Article(
            id=0,
            url=f"https://{piece.outlet.slug}.example{piece.path}",
            title=piece.title,
            text=piece.text,
            outlet=piece.outlet.name,
            key=piece.slug,
            authors=(piece.author,) if piece.author else (),
            published=piece.published,
            language=piece.outlet.language,
        )
        (vector,) = await FakeEmbedder().embed([f"{name} {name} {name}"])
        at = piece.published + timedelta(minutes=4)
        polling = Polling(now + timedelta(minutes=11), checked_at=now - timedelta(minutes=3), why="items come hourly")
        record = RefreshRecord(
            feed.id,
            polling,
            link=f"https://{piece.outlet.slug}.example/",
            baseline_at=at,
            seen=(piece.slug,),
            articles=(NewArticle(article, vector, homes.get(name)),),
        )
        homes[name] = (await store.record_refresh(record, at))[piece.slug]
    return homes


async def _earlier(store: Store, subscription: Subscription) -> None:
    """Write the same digest as if it had been made on the four days before."""
    (latest,) = await store.archive(subscription_id=subscription.id)
    for days in range(1, 5):
        digest = dated(latest, START - timedelta(days=days), f"Day {days}")
        await store.publish(
            digest.edition,
            channel=subscription.channel,
            digest=digest,
            messages=papers()["slack"].render(digest),
            article_ids={},
            next_edition_at=START + timedelta(days=1),
            window_from=START - timedelta(minutes=5),
        )


def dated(digest: Digest, at: datetime, word: str) -> Digest:
    """Return a digest as of another time, its title telling them apart."""
    name = digest.title.partition(" · ")[0]
    edition = Edition(digest.edition.subscription_id, at, digest.edition.timezone)
    head = replace(digest.cards[0], blocks=(Heading((Text(f"{name} · {word}"),), level=1),))
    return replace(digest, title=f"{name} · {word}", edition=edition, cards=(head, *digest.cards[1:]))


def subscription_to_come() -> Subscription:
    """Return a subscription that has had no edition yet."""
    return Subscription(0, "Weekend review", Channel("discord", "77"), quotes=2)


async def _trouble(store: Store, now: datetime) -> None:
    """Let feeds fail, deliveries be lost, and one subscription be paused."""
    bad: Sequence[tuple[str, str, Polling, str | None]] = (
        (
            "https://coastal.example/feed",
            "The Coastal Echo",
            Polling(
                now + timedelta(hours=2),
                checked_at=now - timedelta(minutes=40),
                failures=7,
                failing_since=now - timedelta(hours=19),
                last_error="https://coastal.example/feed did not answer in time; it is tried again later by itself",
            ),
            None,
        ),
        (
            "https://old.example/feed",
            "Old Town Herald",
            Polling(now, checked_at=now - timedelta(days=3), failures=0),
            "https://old.example/feed is gone (410); remove it or give its new address",
        ),
        ("https://slow.example/feed", "Slow Gazette", Polling(now - timedelta(minutes=47)), None),
    )
    for url, title, polling, paused in bad:
        feed = await store.add_feed(url, title=title, now=now)
        baseline = now - timedelta(days=9)
        await store.record_refresh(RefreshRecord(feed.id, polling, baseline_at=baseline, paused=paused), now)
    for number, delivery in enumerate(await store.deliveries("pending")):
        if number == 0:
            await store.record_receipt(Receipt(delivery.id, 0, "1700000000.1", now))
            await store.give_up(delivery.id, "slack:C0DAILY: the channel is gone or archived; move the subscription")
        elif number == 1:
            await store.postpone(delivery.id, now + timedelta(minutes=4), "slack:C0DAILY: the platform asks us to wait")
        else:
            for part in delivery.parts:
                await store.record_receipt(Receipt(delivery.id, part.number, f"17.{part.number}", now))
    await store.save_subscription(replace(subscription_to_come(), next_edition_at=now + timedelta(hours=3)))
    asleep = await store.save_subscription(Subscription(0, "Late desk", Channel("console", "")))
    await store.pause_subscription(asleep.id, "it is no longer in the settings file")
