"""What a digest lets through: show, add, remove and try the rules of its filter."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta

from digestbot.commands.feeds import subscription_of
from digestbot.commands.model import Asker, Desk, Options, Reply, Value
from digestbot.commands.words import card, link, said
from digestbot.domain.digest import Block, Card, Heading, Prose, Strong, Text
from digestbot.domain.errors import NotAllowed
from digestbot.domain.news import Article
from digestbot.domain.subscription import Filter, Subscription
from digestbot.editorial.filters import preview as previewed

RULES = ("include", "exclude", "authors", "categories", "languages", "sources")


async def rules(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show a digest's filter, change the rules given, and show what it makes of the latest articles."""
    wanted = await subscription_of(desk, asker, options.number("digest"))
    changes = options.flag("clear") or any(name in options for name in RULES)
    if changes and not asker.manager:
        raise NotAllowed("a filter is changed by those who manage this workspace's digests")
    changed = _changed(Filter() if options.flag("clear") else wanted.filter, options)
    if changed != wanted.filter:
        wanted = await desk.store.save_subscription(replace(wanted, filter=changed))
    return Reply((_rules_card(wanted), *await _previewed(desk, wanted)))


def _changed(before: Filter, options: Options) -> Filter:
    """Return a filter with the rules given; the others stay."""

    def rule(name: str, kept: tuple[str, ...]) -> tuple[str, ...]:
        return options.listed(name) if name in options else kept

    return replace(
        before,
        include=rule("include", before.include),
        exclude=rule("exclude", before.exclude),
        authors=rule("authors", before.authors),
        categories=rule("categories", before.categories),
        languages=rule("languages", before.languages),
        sources=rule("sources", before.sources),
    )


async def _previewed(desk: Desk, wanted: Subscription) -> list[Card]:
    """Return what a filter says to articles that are kept, newest first."""
    now = desk.clock.now()
    stories = await desk.store.stories(now - timedelta(days=3), now, wanted.feeds)
    articles: list[Article] = [article for story in reversed(stories) for article in story.articles]
    return [
        card(
            Prose(
                (Strong("passes: " if one.verdict.passed else "stopped: "), link(one.article.title, one.article.url))
            ),
            Prose((Text(one.verdict.reason),), quiet=True),
        )
        for one in previewed(wanted.filter, articles[:10])
    ]


def _rules_card(wanted: Subscription) -> Card:
    rows = [(field.name, getattr(wanted.filter, field.name)) for field in fields(Filter)]
    lines: list[Block] = [
        Prose((Strong(f"{name.replace('_', ' ')}: "), Text(value if isinstance(value, str) else ", ".join(value))))
        for name, value in rows
        if value
    ]
    nothing = Prose((Text("It has no rules: every article of its feeds passes."),))
    return Card((Heading((Text(f"Filter of “{wanted.name}”"),)), *(lines or [nothing])))


async def add(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Add rules."""
    return said("Not yet.")


async def remove(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Take rules away."""
    return said("Not yet.")


async def show(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Show the rules."""
    return said("Not yet.")


async def preview(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Try the rules."""
    return said("Not yet.")


async def prefill(_desk: Desk, _asker: Asker, _options: Options) -> Mapping[str, Value]:
    """Return the rules there are."""
    return {}
