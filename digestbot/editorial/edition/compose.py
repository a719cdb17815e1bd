"""Writes an edition as a document: a head, one card a story, perhaps a foot; text is text, never markup."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from urllib.parse import urlsplit

from digestbot.domain.digest import (
    Action,
    Actions,
    Block,
    Card,
    Digest,
    Edition,
    Heading,
    Link,
    Moment,
    Prose,
    Quotation,
    Sources,
    Span,
    Strong,
    Text,
)
from digestbot.domain.news import Article, Brief, Quote
from digestbot.domain.subscription import LENGTH_WORDS, Length, Subscription
from digestbot.editorial.edition.choose import Chosen, Selection
from digestbot.editorial.edition.headline import choose_headline
from digestbot.editorial.schedule import zone

_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_HONORIFICS = frozenset({"Mr.", "Mr", "Mrs.", "Mrs", "Ms.", "Ms", "Miss", "Dr.", "Dr", "Sir", "Dame", "Lord", "Lady"})
"""Say nothing of who somebody is."""
_ARTICLES = frozenset({"The", "A", "An", "One"})
OTHER = "Other news"
"""Heads the stories without a topic where others have one."""
STILL_MAKING = "The summary is still being made."
_MAX_QUOTES = 3
MOST_TOPIC = 60
"""Characters of a topic that can be snoozed by a button: both platforms take its command line."""
NOTHING: Mapping[str, datetime] = MappingProxyType({})


def compose(
    subscription: Subscription,
    edition: Edition,
    selection: Selection,
    briefs: Mapping[int, Brief],
    *,
    mention: bool = True,
    since: datetime | None = None,
    snoozed: Mapping[str, datetime] = NOTHING,
) -> Digest | None:
    """Write an edition; None when there is nothing to say and the subscription wants silence then.

    Args:
        subscription: Whose edition it is.
        edition: Its time and time zone: the title carries the local date.
        selection: What :func:`choose` chose.
        briefs: Briefs by story id; a story without one is shown by its headline and says that more is to come.
        mention: Whether the subscription's role or group may be mentioned (see ``may_mention``).
        since: From when on there was nothing new, for the one-line note.
        snoozed: Topics that the channel does not want to read now, and until when.

    """
    if not selection.chosen and subscription.empty == "skip":
        return None
    title = _title(subscription, edition, selection)
    head = [Card((Heading((Text(title),), level=1),))]
    if not selection.chosen:
        head = [Card((*head[0].blocks, _nothing_new(since, edition)))]
    cards = _by_topic([_story_card(one, briefs.get(one.story.id), subscription, edition) for one in selection.chosen])
    mentioned = subscription.mention if mention and selection.chosen else ""
    foot = [*_foot(selection, edition), *_resting(selection, edition, snoozed)]
    return Digest(title, edition, (*head, *cards, *foot), style=subscription.style, mention=mentioned)


def _title(subscription: Subscription, edition: Edition, selection: Selection) -> str:
    """Return "Morning brief · Monday 24 November · 5 stories from 14 outlets"."""
    local = edition.at.astimezone(zone(edition.timezone))
    parts = [subscription.name, f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]}"]
    if selection.chosen:
        outlets = {_outlet(article) for one in selection.chosen for article in one.story.articles}
        parts.append(f"{_count(len(selection.chosen), 'story', 'stories')} from {_count(len(outlets), 'outlet')}")
    return " · ".join(part for part in parts if part)


def _nothing_new(since: datetime | None, edition: Edition) -> Prose:
    """Return the one line of an edition without stories."""
    if since is None:
        return Prose((Text("Nothing new."),), quiet=True)
    return Prose((Text("Nothing new since "), _moment(since, edition), Text(".")), quiet=True)


def _story_card(one: Chosen, brief: Brief | None, subscription: Subscription, edition: Edition) -> Card:
    """Return a story's card: headline, outlets, summary, quotes, sources, buttons."""
    told = one.new if one.update else one.story.articles
    quotes = _quotes(brief, told, subscription.quotes)
    blocks: list[Block] = [_headline(one, brief, told), _coverage(one, edition)]
    blocks.append(Prose((Text(_summary(one, brief, subscription.length)),), quiet=brief is None))
    blocks.extend(_quotation(quote, told) for quote in quotes)
    if sources := _sources(told, quotes):
        blocks.append(Sources(sources))
    # Discord has no menu to put aside what managers alone may do: there “More” offers it, to whoever may.
    topic = "" if subscription.channel.platform == "discord" else one.topic
    blocks.append(_actions(one.story.id, topic))
    return Card(tuple(blocks), story_id=one.story.id, topic=one.topic)


def _headline(one: Chosen, brief: Brief | None, told: Sequence[Article]) -> Heading:
    """Return the headline, one of the outlets' own, linked; an update says so."""
    article = next((a for a in told if brief is not None and a.id == brief.headline_article_id), None)
    article = article or choose_headline(told)
    title = " ".join(article.title.split()) or article.url
    span: Span = Link(title, article.url) if _is_web(article.url) else Strong(title)
    return Heading((Strong("Update"), Text(" · "), span) if one.update else (span,))


def _coverage(one: Chosen, edition: Edition) -> Prose:
    """Return how many outlets tell it, and since when."""
    outlets = len({_outlet(article) for article in one.story.articles})
    when = min(article.fetched_at or one.story.last_seen for article in one.new) if one.update else one.story.first_seen
    return Prose((Text(f"{_count(outlets, 'outlet')}, since "), _moment(when, edition)), quiet=True)


def _summary(one: Chosen, brief: Brief | None, length: Length) -> str:
    """Return the summary within its length; of an update only the sentences that rest on new articles alone."""
    if brief is None:
        return STILL_MAKING
    sentences = brief.summary.sentences
    if one.update:
        fresh = {article.id for article in one.new}
        sentences = tuple(s for s in sentences if s.evidence and all(e.article_id in fresh for e in s.evidence))
    if not sentences:
        article = choose_headline(one.new)
        return f"{_outlet(article)}: {' '.join(article.title.split())}"
    return " ".join(_within([sentence.text for sentence in sentences], LENGTH_WORDS[length][1]))


def _within(sentences: Sequence[str], most: int) -> list[str]:
    """Return leading sentences of at most ``most`` words in all, the first one in any case."""
    kept: list[str] = []
    words = 0
    for sentence in sentences:
        words += len(sentence.split())
        if kept and words > most:
            break
        kept.append(sentence)
    return kept


def _quotes(brief: Brief | None, told: Sequence[Article], most: int) -> list[Quote]:
    """Return the quotes to show: chosen ones with a speaker, of the articles told; a new voice before a second word."""
    if brief is None:
        return []
    articles = {article.id for article in told}
    known = [q for q in brief.quotes if q.speaker is not None and q.article_id in articles]
    known = [q for q in known if q.key] or known
    heard: set[str] = set()
    firsts: list[Quote] = []
    seconds: list[Quote] = []
    for quote in known:
        name = quote.speaker.name if quote.speaker else ""
        (seconds if name in heard else firsts).append(quote)
        heard.add(name)
    wanted = (firsts + seconds)[: max(0, min(most, _MAX_QUOTES))]
    return [quote for quote in known if quote in wanted]


def _quotation(quote: Quote, told: Sequence[Article]) -> Quotation:
    """Return a quote as a block: its words untouched, its speaker, who that is and where it was said."""
    article = next(a for a in told if a.id == quote.article_id)
    name = quote.speaker.name if quote.speaker else ""
    who = _who(quote.speaker.description) if quote.speaker else ""
    note = ", ".join(part for part in (who, quote.venue) if part)
    url = article.url if _is_web(article.url) else ""
    return Quotation(quote.text, name, note=note, outlet=_outlet(article), url=url)


def _who(description: str) -> str:
    """Return who a speaker is as it stands behind a name: "The prosecutor" opened a sentence, here it does not."""
    if description in _HONORIFICS:
        return ""
    first, _, rest = description.partition(" ")
    return f"{first.lower()} {rest}" if rest and first in _ARTICLES else description


def _sources(told: Sequence[Article], quotes: Sequence[Quote]) -> tuple[Link, ...]:
    """Return each outlet once, linked to the article quoted or else its first; the quoted ones come first."""
    quoted = [article for quote in quotes for article in told if article.id == quote.article_id]
    links: dict[str, Link] = {}
    for article in (*quoted, *told):
        if _is_web(article.url):
            links.setdefault(_outlet(article), Link(_outlet(article), article.url))
    return tuple(links.values())


def _actions(story_id: int, topic: str) -> Actions:
    """Return a story's buttons; each is a command line. A topic can be left out for a while, where there is one."""
    named = re.sub(r'["“”„\\]', " ", topic).strip()
    snooze = (Action("Snooze topic", f'snooze topic="{named}"'),) if named and len(named) <= MOST_TOPIC else ()
    return Actions(
        (
            Action("Sources", f"sources story={story_id}"),
            Action("More", f"more story={story_id}"),
            Action("Report a problem", f"report story={story_id}"),
            *snooze,
        )
    )


def _by_topic(cards: Sequence[Card]) -> list[Card]:
    """Return the cards grouped under quiet headings where two topics or more are there, else as they are."""
    if len({card.topic for card in cards if card.topic}) < 2:  # noqa: PLR2004 — one heading tells nothing
        return list(cards)
    groups: dict[str, list[Card]] = {}
    for card in cards:
        groups.setdefault(card.topic or OTHER, []).append(card)
    headed = []
    for topic, members in groups.items():
        first = members[0]
        headed.append(Card((Heading((Text(topic),), level=2), *first.blocks), first.story_id, topic))
        headed.extend(Card(card.blocks, card.story_id, topic) for card in members[1:])
    return headed


def _foot(selection: Selection, edition: Edition) -> list[Card]:
    """Return "and 7 more" with the button that opens them, where there are more."""
    rest = len(selection.rest)
    if not rest or not selection.chosen:
        return []
    invocation = f"more subscription={edition.subscription_id} at={edition.at.isoformat()}"
    return [Card((Prose((Text(f"and {rest} more"),), quiet=True), Actions((Action(f"Show {rest} more", invocation),))))]


def _resting(selection: Selection, edition: Edition, snoozed: Mapping[str, datetime]) -> list[Card]:
    """Return a line for each snoozed topic that left stories out: how many, and until when."""
    held = [out.story for out in selection.left_out if out.why == "snoozed"]
    if not held or not snoozed:
        return []
    topics = ", ".join(f"“{topic}”" for topic in sorted(snoozed))
    told = f"{_count(len(held), 'story', 'stories')} on {topics} left out until "
    return [Card((Prose((Text(told), _moment(max(snoozed.values()), edition)), quiet=True),))]


def _moment(at: datetime, edition: Edition) -> Moment:
    """Return a time that each reader sees in their own zone; the fall-back is in the edition's."""
    zone_info = zone(edition.timezone)
    local = at.astimezone(zone_info)
    clock = f"{local.hour:02}:{local.minute:02}"
    if local.date() == edition.at.astimezone(zone_info).date():
        return Moment(at, clock, style="time")
    return Moment(at, f"{local.day} {_MONTHS[local.month - 1]}, {clock}")


def _outlet(article: Article) -> str:
    """Return the name readers know the publisher by, or the host of the address."""
    return article.outlet or (urlsplit(article.url).hostname or "unknown").removeprefix("www.")


def _is_web(url: str) -> bool:
    """Tell whether an address may be linked."""
    return url.startswith(("http://", "https://"))


def _count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"
