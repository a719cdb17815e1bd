"""What a digest lets through: show, add, remove and try the rules of its filter."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta

from digestbot.commands.documents import card, link
from digestbot.commands.model import Asker, Desk, Options, Reply, Value
from digestbot.commands.ownership import digest_named, digest_to_change, readable
from digestbot.domain.digest import Action, Block, Card, Heading, Prose, Strong, Text
from digestbot.domain.errors import BadOption, NotAllowed
from digestbot.domain.news import Article
from digestbot.domain.subscription import Filter, Subscription
from digestbot.editorial.filters import preview as tried

RULES = ("include", "exclude", "authors", "categories", "languages", "sources")
LAST = 20
"""Articles a filter is tried on."""
LOOK_BACK = timedelta(days=7)


async def rules(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show a digest's filter, or set the rules given; as typed on one line."""
    if not options.flag("clear") and not any(name in options for name in RULES):
        return await show(desk, asker, options)
    if not asker.manager:
        raise NotAllowed("a filter is changed by those who manage this workspace's digests")
    wanted = await digest_to_change(desk, asker, options.value("digest"))
    before = Filter() if options.flag("clear") else wanted.filter
    given = {name: options.listed(name) for name in RULES if name in options}
    return await _kept(desk, asker, wanted, _with(before, given))


async def add(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Add rules to those a digest has."""
    wanted = await digest_to_change(desk, asker, options.value("digest"))
    given = {
        name: tuple(dict.fromkeys((*getattr(wanted.filter, name), *options.listed(name))))
        for name in RULES
        if name in options
    }
    return await _kept(desk, asker, wanted, _with(wanted.filter, given))


async def remove(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Take the rules named away, or all of them."""
    wanted = await digest_to_change(desk, asker, options.value("digest"))
    if options.flag("all"):
        return await _kept(desk, asker, wanted, Filter())
    given: dict[str, tuple[str, ...]] = {}
    for name in RULES:
        there = getattr(wanted.filter, name)
        gone = {one.casefold() for one in options.listed(name)}
        if strange := sorted(gone - {one.casefold() for one in there}):
            raise BadOption(name, f"has no “{strange[0]}”: {', '.join(there) or 'it is empty'}")
        given[name] = tuple(one for one in there if one.casefold() not in gone)
    return await _kept(desk, asker, wanted, _with(wanted.filter, given))


async def show(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show a digest's rules."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    shown = _rules_card(wanted)
    actions = [Action("Try it", f"filter preview digest={wanted.id}")]
    if asker.manager and not wanted.listed:
        actions.append(Action("Add rules", f"filter add digest={wanted.id}"))
        if wanted.filter != Filter():
            actions.append(Action("Remove rules", f"filter remove digest={wanted.id}"))
    return Reply((card(*shown.blocks, *actions),))


async def preview(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show what a filter says to the last articles of its digest's feeds."""
    wanted = await digest_named(desk, asker, options.value("digest"))
    return Reply((_rules_card(wanted), *await _tried(desk, asker, wanted, LAST)))


async def prefill(desk: Desk, asker: Asker, options: Options) -> Mapping[str, Value]:
    """Return nothing to remove; the digest must be there."""
    if "digest" in options:
        await digest_to_change(desk, asker, options.value("digest"))
    return {}


def _with(before: Filter, given: Mapping[str, tuple[str, ...]]) -> Filter:
    """Return a filter with some of its lists replaced."""
    return replace(
        before,
        include=given.get("include", before.include),
        exclude=given.get("exclude", before.exclude),
        authors=given.get("authors", before.authors),
        categories=given.get("categories", before.categories),
        languages=given.get("languages", before.languages),
        sources=given.get("sources", before.sources),
    )


async def _kept(desk: Desk, asker: Asker, wanted: Subscription, changed: Filter) -> Reply:
    """Keep a digest's changed filter; show it, and what it makes of some articles."""
    if changed != wanted.filter:
        wanted = await desk.store.save_subscription(replace(wanted, filter=changed))
    return Reply((_rules_card(wanted), *await _tried(desk, asker, wanted, LAST // 2)))


async def _tried(desk: Desk, asker: Asker, wanted: Subscription, most: int) -> list[Card]:
    """Return what a filter says to the newest articles that its digest's feeds gave and the asker may read."""
    now = desk.clock.now()
    stories = await desk.store.stories(now - LOOK_BACK, now, wanted.feeds)
    feeds = await readable(desk, asker)
    articles: list[Article] = [
        article
        for story in stories
        for article in story.articles
        if (feeds is None or article.feed_id in feeds) and (not wanted.feeds or article.feed_id in wanted.feeds)
    ]
    articles.sort(key=lambda article: (article.fetched_at or now, article.id), reverse=True)
    if not articles:
        return [card(Prose((Text("There are no articles of the last week to try it on."),), quiet=True))]
    judged = tried(wanted.filter, articles[:most], desk.publisher.search)
    passed = sum(one.verdict.passed for one in judged)
    head = card(Prose((Text(f"Of the last {len(judged)} articles {passed} pass."),), quiet=True))
    return [
        head,
        *(
            card(
                Prose(
                    (
                        Strong("passes: " if one.verdict.passed else "stopped: "),
                        link(one.article.title, one.article.url),
                    )
                ),
                Prose((Text(one.verdict.reason),), quiet=True),
            )
            for one in judged
        ),
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
