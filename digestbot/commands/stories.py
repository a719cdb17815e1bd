"""Stories and their evidence as cards: what the reading commands show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from digestbot.commands.documents import card, link, moment
from digestbot.commands.model import Asker, Desk, Invocation
from digestbot.commands.parse import write
from digestbot.domain.digest import (
    Action,
    Actions,
    Block,
    Card,
    Digest,
    Edition,
    Heading,
    Prose,
    Quotation,
    Span,
    Strong,
    Text,
)
from digestbot.domain.errors import BadOption
from digestbot.domain.news import OMISSION, Article, Brief, Feed, Quote, Story, SummarySentence
from digestbot.domain.subscription import Channel, Length, Subscription
from digestbot.editorial.edition import Chosen, Score, Selection, choose_headline, compose
from digestbot.editorial.filters import Search, judge_in_turn
from digestbot.editorial.text import sentences
from digestbot.pipeline.publish import render_checked, without_withdrawn
from digestbot.ports import Hit

_ANY = Score(outlets=0.0, recency=0.0, topic=0.0, novelty=0.0, weight=1.0)
AROUND = 600
"""Characters of an article shown at most around a quotation."""


def story_card(desk: Desk, asker: Asker, story: Story, brief: Brief, length: Length) -> Card:
    """Return a story's card as a digest would show it, its quotations read back from the rendered message."""
    at = desk.clock.now()
    channel = Channel(asker.platform, "", asker.workspace)
    wanted = Subscription(0, "", channel, length=length)
    selection = Selection((Chosen(story, _ANY, story.articles),))
    digest = compose(wanted, Edition(0, at, asker.timezone), selection, {story.id: brief})
    if digest is None:
        return Card(())
    only = Digest("", digest.edition, tuple(one for one in digest.cards if one.story_id is not None))
    if adapter := desk.publisher.adapters.get(asker.platform):
        only, _, _ = render_checked(only, adapter)
    return only.cards[0] if story.id else without_buttons(only.cards[0])


def without_buttons(shown: Card, beginning: str = "") -> Card:
    """Return a card without its buttons, or without those whose command begins so: they would lead nowhere new."""
    blocks: list[Block] = []
    for block in shown.blocks:
        if isinstance(block, Actions):
            kept = tuple(one for one in block.actions if not one.invocation.startswith(beginning))
            blocks += [Actions(kept)] if kept else []
        else:
            blocks.append(block)
    return replace(shown, blocks=tuple(blocks))


def with_buttons(shown: Card, more: Sequence[Action]) -> Card:
    """Return a card with more buttons behind those of its last row."""
    *above, last = shown.blocks or (Actions(()),)
    if not isinstance(last, Actions):
        above, last = [*above, last], Actions(())
    row = Actions((*last.actions, *more))
    return replace(shown, blocks=(*above, row) if row.actions else tuple(above))


def under(title: str, cards: Sequence[Card]) -> list[Card]:
    """Return cards below a quiet heading; none where there are none."""
    if not cards:
        return []
    first, *rest = cards
    return [replace(first, blocks=(Heading((Text(title),), level=2), *first.blocks)), *rest]


def headline_of(story: Story) -> Span:
    """Return the clearest of a story's headlines, linked."""
    article = choose_headline(story.articles)
    return link(" ".join(article.title.split()), article.url)


def line_of(story: Story) -> Card:
    """Return a story in two lines with the button that opens it."""
    outlets = ", ".join(story.outlets[:5]) + (" and others" if len(story.outlets) > 5 else "")  # noqa: PLR2004
    return card(Heading((headline_of(story),)), Prose((Text(outlets),), quiet=True), open_button(story.id))


def open_button(story_id: int) -> Action:
    """Return the button that shows a story whole."""
    return Action("More", f"more story={story_id}")


def hit_card(hit: Hit, story: Story) -> Card:
    """Return one search result; a story goes by its headline, below it the article that has the words."""
    when = Prose((moment(hit.at),), quiet=True)
    if hit.kind == "quote":
        said = Quotation(hit.text, hit.speaker, outlet=hit.outlet, url=hit.url)
        return card(said, when, open_button(hit.story_id))
    if hit.kind == "story":
        headline = choose_headline(story.articles)
        there = Text(hit.outlet) if hit.url == headline.url else link(hit.outlet, hit.url)
        outlet = (there, Text(" · ")) if hit.outlet else ()
        told = Prose((*outlet, moment(hit.at)), quiet=True)
        # The words may stand in that article's own title alone.
        words = hit.excerpt or ("" if hit.text == headline.title else hit.text)
        where = (Prose((Text(words),)),) if words else ()
        return card(Heading((headline_of(story),)), told, *where, open_button(hit.story_id))
    return card(Heading((Strong(hit.text),)), when, Action("Quotes", write(Invocation("quotes", {"who": hit.text}))))


def passage_card(quote: Quote, article: Article) -> Card:
    """Return a quote in its sentences, the cue that names its speaker marked, then where and when it was read."""
    name = quote.speaker.name if quote.speaker else "unknown speaker"
    return card(
        Heading((Strong(name), Text(" in "), link(article.outlet or article.title, article.url))),
        Prose(_marked(quote, article)),
        *fetched(article),
    )


def sentence_card(sentence: SummarySentence, articles: Mapping[int, Article]) -> Card:
    """Return a sentence of a summary with the passage it rests on: the article's own words, or those behind it."""
    blocks: list[Block] = [Prose((Text(sentence.text),))]
    for one in sentence.evidence[:2]:
        article = articles.get(one.article_id)
        passage = " ".join(article.text[one.start : one.end].split()) if article else ""
        if article is None or not passage:
            continue
        where = link(outlet_of(article), article.url)
        if passage == " ".join(sentence.text.split()):
            blocks.append(Prose((Text("word for word in "), where), quiet=True))
            break
        blocks.append(Prose((Text(f"from “{clipped(passage, AROUND // 2)}” in "), where), quiet=True))
    return Card(tuple(blocks))


def clipped(text: str, most: int) -> str:
    """Return a text's beginning in whole words."""
    return text if len(text) <= most else f"{text[:most].rsplit(' ', 1)[0]} {OMISSION}"


def outlet_of(article: Article) -> str:
    """Return the name readers know the publisher by, or the article's title."""
    return article.outlet or " ".join(article.title.split()) or article.url


def article_card(article: Article) -> Card:
    """Return an article that a story rests on."""
    outlet = Text(f"{article.outlet}: ") if article.outlet else Text("")
    return card(Prose((outlet, link(" ".join(article.title.split()), article.url))), *fetched(article))


def fetched(article: Article) -> tuple[Prose, ...]:
    """Return the line that says when an article was read."""
    if article.fetched_at is None:
        return ()
    return (Prose((Text("read "), moment(article.fetched_at)), quiet=True),)


def _marked(quote: Quote, article: Article) -> tuple[Span, ...]:
    """Return the article's own sentences around a quote, its speaker's cue standing out."""
    start, end = quote.passages[0].start, quote.passages[-1].end
    cue = quote.speaker.cue if quote.speaker else None
    if cue is not None and min(abs(cue[0] - end), abs(start - cue[1])) < AROUND:
        start, end = min(start, cue[0]), max(end, cue[1])
    touched = [span for span in sentences(article.text) if span[1] > start and span[0] < end]
    first, last = (touched[0][0], touched[-1][1]) if touched else (start, end)
    first, last = max(first, start - AROUND), min(last, end + AROUND)
    if cue is None or not first <= cue[0] < cue[1] <= last:
        return (Text(article.text[first:last]),)
    text = article.text
    return (Text(text[first : cue[0]]), Strong(text[cue[0] : cue[1]]), Text(text[cue[1] : last]))


def verdict(
    wanted: Subscription,
    article: Article,
    posted: Mapping[int, int],
    feed: Feed | None = None,
    search: Search | None = None,
) -> str:
    """Say what a subscription makes of an article of a feed, and at which stage it is stopped."""
    if article.id in posted:
        return "it was posted there"
    if wanted.feeds and article.feed_id not in wanted.feeds:
        return "its feed is not among the digest's feeds"
    judged = judge_in_turn(article, feed, wanted.filter, search)
    if not judged.passed:
        return judged.reason
    return "it passes the filter and may be in the next edition, if it is among the most important"


async def corrected(desk: Desk, asker: Asker, brief: Brief) -> Brief:
    """Return a brief without the quotations that the asker's workspace has withdrawn."""
    return without_withdrawn(brief, await desk.store.corrections(asker.home, [brief.story_id]))


def instant(text: str) -> datetime:
    """Return a time written in ISO form.

    Raises:
        BadOption: It is none.

    """
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadOption("at", f"is a time such as 2025-11-24T08:00:00+00:00, not “{text}”") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def name_of(quote: Quote) -> str:
    """Return a quote's speaker, empty when nobody is named."""
    return quote.speaker.name if quote.speaker else ""
