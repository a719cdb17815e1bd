"""What a digest or a feed lets through: show, add, remove and try the rules of its filter."""

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta

from digestbot.commands.documents import card, link
from digestbot.commands.model import Asker, Desk, Options, Reply, Value
from digestbot.commands.ownership import digest_named, digest_to_change, feed_named, feed_to_change, is_own, readable
from digestbot.domain.digest import Action, Block, Card, Heading, Prose, Strong, Text
from digestbot.domain.errors import BadOption, NotAllowed
from digestbot.domain.news import Article, Feed
from digestbot.domain.subscription import Filter, Subscription
from digestbot.editorial.filters import NO_RULES
from digestbot.editorial.filters import preview as tried

RULES = ("include", "exclude", "authors", "categories", "languages", "sources")
LAST = 20
"""Articles a filter is tried on."""
LOOKS_BACK = (timedelta(days=7), timedelta(days=90))
"""How far back they are looked for: further where the nearer time has not so many."""
Filtered = Subscription | Feed
"""What has a filter."""


async def rules(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show a filter, or set the rules given; as typed on one line."""
    if not options.flag("clear") and not any(name in options for name in RULES):
        return await show(desk, asker, options)
    if not asker.manager:
        raise NotAllowed("a filter is changed by those who manage this workspace's digests")
    wanted = await _to_change(desk, asker, options)
    before = NO_RULES if options.flag("clear") else wanted.filter
    given = {name: options.listed(name) for name in RULES if name in options}
    return await _kept(desk, asker, wanted, _with(before, given))


async def add(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Add rules to those there are."""
    wanted = await _to_change(desk, asker, options)
    given = {
        name: tuple(dict.fromkeys((*getattr(wanted.filter, name), *options.listed(name))))
        for name in RULES
        if name in options
    }
    return await _kept(desk, asker, wanted, _with(wanted.filter, given))


async def remove(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Take the rules named away, or all of them."""
    wanted = await _to_change(desk, asker, options)
    if options.flag("all"):
        return await _kept(desk, asker, wanted, NO_RULES)
    given: dict[str, tuple[str, ...]] = {}
    for name in RULES:
        there = getattr(wanted.filter, name)
        gone = {one.casefold() for one in options.listed(name)}
        if strange := sorted(gone - {one.casefold() for one in there}):
            raise BadOption(name, f"has no “{strange[0]}”: {', '.join(there) or 'it is empty'}")
        given[name] = tuple(one for one in there if one.casefold() not in gone)
    return await _kept(desk, asker, wanted, _with(wanted.filter, given))


async def show(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show the rules of a digest or a feed."""
    wanted = await _meant(desk, asker, options)
    shown, about = _rules_card(wanted), f"{_kind(wanted)}={wanted.id}"
    actions = [Action("Try it", f"filter preview {about}")]
    changeable = await is_own(desk, asker, wanted) if isinstance(wanted, Feed) else not wanted.listed
    if asker.manager and changeable:
        actions.append(Action("Add rules", f"filter add {about}"))
        if wanted.filter != NO_RULES:
            actions.append(Action("Remove rules", f"filter remove {about}"))
    return Reply((card(*shown.blocks, *actions),))


async def preview(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show what a filter says to the last articles of its feed, or of its digest's feeds."""
    wanted = await _meant(desk, asker, options)
    return Reply((_rules_card(wanted), *await _tried(desk, asker, wanted, LAST)))


async def prefill(desk: Desk, asker: Asker, options: Options) -> Mapping[str, Value]:
    """Return nothing to remove; the digest or feed must be there."""
    if "digest" in options or "feed" in options:
        await _to_change(desk, asker, options)
    return {}


async def _meant(desk: Desk, asker: Asker, options: Options) -> Filtered:
    """Return the feed or digest that is named, of those the asker may read."""
    if "feed" in options:
        return await feed_named(desk, asker, options.value("feed"))
    return await digest_named(desk, asker, options.value("digest"))


async def _to_change(desk: Desk, asker: Asker, options: Options) -> Filtered:
    """Return the feed or digest that is named, of those the asker's workspace may change."""
    if "feed" in options:
        return await feed_to_change(desk, asker, options.value("feed"))
    return await digest_to_change(desk, asker, options.value("digest"))


def _kind(wanted: Filtered) -> str:
    """Return the option that names what has the filter."""
    return "feed" if isinstance(wanted, Feed) else "digest"


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


async def _kept(desk: Desk, asker: Asker, wanted: Filtered, changed: Filter) -> Reply:
    """Keep a changed filter; show it, and what it makes of some articles."""
    if isinstance(wanted, Feed):
        if changed != wanted.filter:
            await desk.store.filter_feed(wanted.id, asker.home, changed)
        wanted = replace(wanted, filter=changed)
    elif changed != wanted.filter:
        wanted = await desk.store.save_subscription(replace(wanted, filter=changed), wanted)
    return Reply((_rules_card(wanted), *await _tried(desk, asker, wanted, LAST // 2)))


async def _articles(desk: Desk, asker: Asker, wanted: Filtered, most: int) -> list[Article]:
    """Return the newest articles that a feed, or a digest's feeds, gave and the asker may read."""
    now = desk.clock.now()
    chosen = (wanted.id,) if isinstance(wanted, Feed) else wanted.feeds
    mine = await readable(desk, asker)
    found: list[Article] = []
    for span in LOOKS_BACK:
        found = [
            article
            for story in await desk.store.stories(now - span, now, chosen)
            for article in story.articles
            if (mine is None or article.feed_id in mine) and (not chosen or article.feed_id in chosen)
        ]
        if len(found) >= most:
            break
    found.sort(key=lambda article: (article.fetched_at or now, article.id), reverse=True)
    return found[:most]


async def _tried(desk: Desk, asker: Asker, wanted: Filtered, most: int) -> list[Card]:
    """Return what the filters say to the newest articles, and for each that is stopped by which rule."""
    articles = await _articles(desk, asker, wanted, most)
    if not articles:
        return [card(Prose((Text("There are no articles to try it on yet."),), quiet=True))]
    if isinstance(wanted, Feed):
        judged = tried(NO_RULES, articles, desk.publisher.search, {wanted.id: wanted})
    else:
        feeds = await desk.publisher.feeds_read(wanted.channel.home)
        judged = tried(wanted.filter, articles, desk.publisher.search, feeds)
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


def _rules_card(wanted: Filtered) -> Card:
    rows = [(field.name, getattr(wanted.filter, field.name)) for field in fields(Filter)]
    lines: list[Block] = [
        Prose((Strong(f"{name.replace('_', ' ')}: "), Text(value if isinstance(value, str) else ", ".join(value))))
        for name, value in rows
        if value
    ]
    whose = "it" if isinstance(wanted, Feed) else "its feeds"
    nothing = Prose((Text(f"It has no rules: every article of {whose} passes."),))
    return Card((Heading((Text(f"Filter of “{wanted.name}”"),)), *(lines or [nothing])))
