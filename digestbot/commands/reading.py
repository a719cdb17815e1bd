"""The commands that everyone may use: read the news, look behind it, say that something is wrong."""

from dataclasses import replace
from datetime import datetime, timedelta

from digestbot.commands.documents import MOST_BUTTON, card, link, listed, said
from digestbot.commands.model import Asker, Desk, Invocation, Options, Reply, Value, counted
from digestbot.commands.options import LENGTHS
from digestbot.commands.ownership import digest_named, digests_here, feed_named, hits_here, readable, story_named
from digestbot.commands.parse import write
from digestbot.commands.snoozes import snooze_buttons
from digestbot.commands.stories import (
    article_card,
    corrected,
    hit_card,
    instant,
    line_of,
    passage_card,
    sentence_card,
    story_card,
    under,
    verdict,
    with_buttons,
    without_buttons,
)
from digestbot.domain.digest import Action, Actions, Block, Card, Edition, Heading, Prose, Strong, Text
from digestbot.domain.errors import BadOption, NothingToRead
from digestbot.domain.news import Story
from digestbot.domain.subscription import Channel, Length, Subscription
from digestbot.editorial.schedule import window_of

DAY = 24 * 60


PATIENCE = 2.0
"""Seconds an asker waits for summaries that are not made yet; the answer says which are still being made."""


async def now(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Make a brief of the last hours, for the asker alone unless it is shared."""
    at = desk.clock.now()
    wanted = await _brief_asked_for(desk, asker, options, at)
    draft = await desk.publisher.draft(wanted, at, at, patience=PATIENCE)
    if draft.digest is None:
        return _nothing(options)
    cards = tuple(_with_more(card, options, at) for card in draft.digest.cards)
    return Reply(cards, private=not options.flag("share"))


async def _brief_asked_for(desk: Desk, asker: Asker, options: Options, at: datetime) -> Subscription:
    """Return what somebody asks for as if it were a digest that has posted nothing yet."""
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
        window_from=at - timedelta(minutes=options.number("since", DAY)),
    )
    return replace(wanted, schedule=replace(wanted.schedule, timezone=asker.timezone))


def _nothing(options: Options) -> Reply:
    """Return the answer where there is no news, with what else can be asked."""
    topic = options.text("topic")
    actions = [Action("All the news", "now")] if topic or "feed" in options else []
    if len(line := write(Invocation("search", {"words": topic}))) <= MOST_BUTTON and topic:
        actions.insert(0, Action("Search everything kept", line))
    about = f" on “{topic}”" if topic else ""
    return said(f"There is nothing new{about} in that time.", *actions)


def _with_more(shown: Card, options: Options, at: datetime) -> Card:
    """Return a brief's card; the button of its foot says how the brief was asked for, as it is kept nowhere."""
    asked: dict[str, Value] = {"at": at.replace(microsecond=0).isoformat()}
    asked |= {
        name: options.value(name) for name in ("since", "stories", "feed", "language", "topic") if name in options
    }
    line = write(Invocation("more", asked))

    def row(block: Block) -> Block:
        if not isinstance(block, Actions) or shown.story_id is not None:
            return block
        return Actions(tuple(Action(one.label, line) for one in block.actions if len(line) <= MOST_BUTTON))

    return replace(shown, blocks=tuple(row(block) for block in shown.blocks))


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
    whole = without_buttons(story_card(desk, asker, told, brief, "long"), "more ")
    if options.flag("share") or not asker.manager:
        return Reply((whole,), private=not options.flag("share"))
    # Only whoever may do it sees this button: the answer is theirs alone, where the digest is everybody's.
    return Reply((with_buttons(whole, await snooze_buttons(desk, asker, told)),))


async def more(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show more of a story, or the stories that an edition had no room for."""
    if "story" in options:
        return await story(desk, asker, options)
    if "at" not in options:
        raise BadOption("story", "is needed")
    at = instant(options.text("at"))
    if "subscription" in options:
        wanted = await digest_named(desk, asker, options.value("subscription"))
        wanted = replace(wanted, window_from=at - window_of(wanted.schedule, at))
        posted = await desk.store.digest(Edition(wanted.id, at, wanted.schedule.timezone)) is not None
    else:
        wanted, posted = await _brief_asked_for(desk, asker, options, at), False
    draft = await desk.publisher.draft(wanted, at, at, patience=0.0)
    # What a posted edition showed is left out by now: what is chosen in its place, and then the rest.
    found = [one.story for one in draft.selection.chosen] if posted else []
    found += [out.story for out in draft.selection.rest]
    title = counted(len(found), "more story", "more stories")
    return listed(title, [line_of(one) for one in found], "There are no more stories.")


async def sources(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show each quote in its sentence, the speaker's cue marked, and every article a story rests on."""
    told = await story_named(desk, asker, options.number("story"))
    brief = await corrected(desk, asker, await desk.briefer.brief(told, "medium", interactive=True))
    articles = {article.id: article for article in told.articles}
    cards = [Card((Heading((Text(brief.headline),), level=1),))]
    cards += under(
        "What was said",
        [passage_card(quote, articles[quote.article_id]) for quote in brief.quotes if quote.article_id in articles],
    )
    cards += under("What the summary rests on", [sentence_card(one, articles) for one in brief.summary.sentences])
    cards += under(
        f"Read for it: {counted(len(told.articles), 'article')}", [article_card(one) for one in told.articles]
    )
    return Reply(tuple(cards))


async def quotes(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Show what was said by a person or on a topic."""
    wanted = options.text("who")
    cards = [hit_card(hit, told) for hit, told in await hits_here(desk, asker, wanted, kind="quote")]
    return listed(f"Quotes: {wanted}", cards, f"There are no quotes for “{wanted}” in the news kept here.")


async def search(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Search stories, quotes and people."""
    wanted = options.text("words")
    cards = [hit_card(hit, told) for hit, told in await hits_here(desk, asker, wanted)]
    return listed(f"Search: {wanted}", cards, f"Nothing in the news kept here has “{wanted}”.")


async def why(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Say what became of an article: whether each digest posted it, or which stage stopped it there."""
    url = options.text("url")
    article = await desk.store.article_by_url(url)
    feeds = await readable(desk, asker)
    if article is None or (feeds is not None and article.feed_id not in feeds):
        return said(
            "This address is not among the articles kept here: no feed has named it yet, or it was removed "
            "after its time."
        )
    lines = [card(Heading((link(article.title, article.url),), level=3))]
    digests = await digests_here(desk, asker)
    read = {home: await desk.publisher.feeds_read(home) for home in {one.channel.home for one in digests}}
    for wanted in digests:
        posted = await desk.store.posted_articles(wanted.channel)
        feed = read[wanted.channel.home].get(article.feed_id)
        made = verdict(wanted, article, posted, feed, desk.publisher.search)
        lines.append(card(Prose((Strong(wanted.name), Text(f": {made}")))))
    return Reply(tuple(lines))


def _length(options: Options, asker: Asker) -> Length:
    wanted = options.text("length", asker.defaults.length)
    return next((length for length in LENGTHS if length == wanted), "medium")
