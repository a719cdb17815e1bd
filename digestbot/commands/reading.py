"""The commands that everyone may use: read the news, look behind it, say that something is wrong."""

from dataclasses import replace
from datetime import timedelta

from digestbot.commands.model import Asker, Desk, Options, Reply
from digestbot.commands.options import LENGTHS
from digestbot.commands.own import digest_named, digests_here, feed_named, hits_here, readable, story_named
from digestbot.commands.stories import (
    article_card,
    corrected,
    hit_card,
    instant,
    line_of,
    passage_card,
    story_card,
    verdict,
)
from digestbot.commands.words import card, link, listed, said
from digestbot.domain.digest import Card, Heading, Prose, Strong, Text
from digestbot.domain.errors import BadOption, NothingToRead
from digestbot.domain.news import Story
from digestbot.domain.subscription import Channel, Length, Subscription

DAY = 24 * 60


PATIENCE = 2.0
"""Seconds an asker waits for summaries that are not made yet; the answer says which are still being made."""


async def now(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Make a brief of the last hours, for the asker alone unless it is shared."""
    at = desk.clock.now()
    since = at - timedelta(minutes=options.number("since", DAY))
    wanted = Subscription(
        id=0,
        name=options.text("topic").capitalize() or "News brief",
        # A channel that has got nothing: what was posted elsewhere is shown again to who asks for it.
        channel=Channel(asker.platform, "", asker.workspace),
        feeds=((await feed_named(desk, asker, options.value("feed"))).id,) if "feed" in options else (),
        topics=(options.text("topic"),) if "topic" in options else (),
        stories=options.number("stories", 5),
        quotes=options.number("quotes", 1),
        length=_length(options, asker),
        language=options.text("language", asker.defaults.language),
        window_from=since,
    )
    wanted = replace(wanted, schedule=replace(wanted.schedule, timezone=asker.timezone))
    draft = await desk.publisher.draft(wanted, at, at, patience=PATIENCE)
    if draft.digest is None:
        about = f" on {options.text('topic')}" if "topic" in options else ""
        return said(f"There is nothing new{about} in that time.")
    return Reply(draft.digest.cards, private=not options.flag("share"))


async def summarize(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Summarize the article at an address."""
    at = desk.clock.now()
    article = await desk.articles.read_url(options.text("url"), at)
    if not article.text.strip():
        raise NothingToRead(options.text("url"))
    article = replace(article, id=article.id or 1, fetched_at=article.fetched_at or at)
    told = Story(0, (article,), at, at)
    length = _length(options, asker)
    brief = await desk.briefer.make(told, length, interactive=True)
    return Reply((story_card(desk, asker, told, brief, length),), private=not options.flag("share"))


async def story(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show one story whole: the longest summary and every key quote."""
    told = await story_named(desk, asker, options.number("story"))
    brief = await corrected(desk, asker, await desk.briefer.brief(told, "long", interactive=True))
    return Reply((story_card(desk, asker, told, brief, "long"),), private=not options.flag("share"))


async def more(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show more of a story, or the stories that an edition had no room for."""
    if "story" in options:
        return await story(desk, asker, options)
    if "subscription" not in options:
        raise BadOption("story", "is needed")
    wanted = await digest_named(desk, asker, options.value("subscription"))
    at = instant(options.text("at"))
    draft = await desk.publisher.draft(replace(wanted, window_from=at - timedelta(days=1)), at, at)
    # What that edition showed is posted by now and so left out: what is chosen in its place, and then the rest.
    found = [one.story for one in draft.selection.chosen] + [out.story for out in draft.selection.rest]
    return listed(f"{len(found)} more stories", [line_of(one) for one in found], "There are no more stories.")


async def sources(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show each quote in its sentence, the speaker's cue marked, and every article a story rests on."""
    told = await story_named(desk, asker, options.number("story"))
    brief = await corrected(desk, asker, await desk.briefer.brief(told, "medium", interactive=True))
    articles = {article.id: article for article in told.articles}
    cards = [Card((Heading((Text(brief.headline),), level=1),))]
    cards += [passage_card(quote, articles[quote.article_id]) for quote in brief.quotes if quote.article_id in articles]
    cards += [article_card(article) for article in told.articles]
    return Reply(tuple(cards))


async def quotes(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show what was said by a person or on a topic."""
    wanted = options.text("who")
    cards = [hit_card(hit) for hit in await hits_here(desk, asker, wanted, kind="quote")]
    return listed(f"Quotes: {wanted}", cards, f"There are no quotes for “{wanted}” in the news kept here.")


async def search(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Search stories, quotes and people."""
    wanted = options.text("words")
    hits = await hits_here(desk, asker, wanted)
    return listed(
        f"Search: {wanted}", [hit_card(hit) for hit in hits], f"Nothing in the news kept here has “{wanted}”."
    )


async def why(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Say what became of an article: its story, and what each digest's filter says to it."""
    url = options.text("url")
    article = await desk.store.article_by_url(url)
    feeds = await readable(desk, asker)
    if article is None or (feeds is not None and article.feed_id not in feeds):
        return said(
            "This address is not among the articles kept here: no feed has named it yet, or it was removed "
            "after its time."
        )
    lines = [card(Heading((link(article.title, article.url),), level=3))]
    for wanted in await digests_here(desk, asker):
        posted = dict(await desk.store.posted_articles(wanted.channel))
        made = verdict(wanted, article, posted, desk.publisher.search)
        lines.append(card(Prose((Strong(wanted.name), Text(f": {made}")))))
    return Reply(tuple(lines))


def _length(options: Options, asker: Asker) -> Length:
    wanted = options.text("length", asker.defaults.length)
    return next((length for length in LENGTHS if length == wanted), "medium")
