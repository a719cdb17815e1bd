"""A page a story: its brief with what each sentence rests on, what the gate refused, and its sources side by side.

Every quotation of every source is found anew and marked in its place, shown or not, with the reason where it is not.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from digestbot.domain.news import Article, Brief, Quote, Story, SummarySentence
from digestbot.editorial.edition import choose_headline
from digestbot.editorial.quotes import left_out
from digestbot.web.desk import DESK
from digestbot.web.pages import page
from digestbot.web.reading.marks import Group, Mark, Note, groups, marks_of, whole
from digestbot.web.reading.reasons import DROPS, REASONS, gate_sentence, written_by

LONGEST_TEXT = 60_000
"""Characters of an article that a page shows; none that is read by people is longer."""
MOST_SOURCES = 24
"""Articles of a story that its page shows in full; the others are named and linked."""


@dataclass(frozen=True, slots=True)
class Rest:
    """What a sentence rests on: the anchor in the article, the number that leads there, and the outlet."""

    anchor: str
    number: int
    outlet: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of the summary and what it rests on."""

    text: str
    rests: Sequence[Rest]


@dataclass(frozen=True, slots=True)
class Said:
    """A quotation in an article's list: who, by which cue, how sure, and whether it is shown or why not."""

    number: int
    anchor: str
    speaker: str
    cue: str
    sure: str
    shown: bool
    why: str


@dataclass(frozen=True, slots=True)
class Source:
    """One article as its column shows it."""

    article: Article
    groups: Sequence[Group]
    quotes: Sequence[Said]


async def story(request: web.Request) -> web.Response:
    """Answer with one story."""
    desk = request.app[DESK]
    found = await desk.store.story(int(request.match_info["story"]))
    if found.id != int(request.match_info["story"]):
        raise web.HTTPMovedPermanently(f"/story/{found.id}")
    brief = _best(await desk.store.briefs(found.id), found)
    told, others = _told_first(found, brief)
    sentences, support = _sentences(brief.summary.sentences if brief else (), told)
    shown = brief.quotes if brief else ()
    sources = await asyncio.to_thread(_sources, told, support, shown, desk.quotes)
    return page(
        request,
        "story.html",
        title=brief.headline if brief else title_of(found),
        story=found,
        brief=brief,
        stale=brief is not None and brief.sources_hash != found.sources_hash,
        sentences=sentences,
        shown=[quote for quote in brief.quotes if quote.key or quote.speaker] if brief else (),
        voices={quote.speaker.name for quote in shown if quote.speaker},
        outlets={article.id: article.outlet or "the article" for article in found.articles},
        articles=sources,
        others=others,
        written=written_by(brief) if brief else "",
        gate=gate_sentence(brief) if brief else "",
        reasons=REASONS,
        drops=DROPS,
    )


def title_of(story: Story) -> str:
    """Return the headline that a story goes by when its brief is not asked for."""
    return " ".join(choose_headline(story.articles).title.split()) or "Untitled story"


def _best(briefs: Sequence[Brief], of: Story) -> Brief | None:
    """Return the newest brief made from the sources as they are, else the newest of all."""
    fresh = (brief for brief in briefs if brief.sources_hash == of.sources_hash)
    return next(fresh, briefs[0] if briefs else None)


def _told_first(of: Story, brief: Brief | None) -> tuple[Sequence[Article], Sequence[Article]]:
    """Part a story's articles into those shown in full and the rest.

    First those that quotations and headline are of, then those that the summary rests on, then the others by time.
    """
    ordered = list(of.articles)
    if brief is not None:
        resting = {e.article_id for sentence in brief.summary.sentences for e in sentence.evidence}
        quoted = Counter(quote.article_id for quote in brief.quotes) + Counter({brief.headline_article_id: 1})
        ordered.sort(key=lambda article: (-quoted[article.id], article.id not in resting))
    return ordered[:MOST_SOURCES], ordered[MOST_SOURCES:]


def _sentences(
    told: Sequence[SummarySentence], shown: Sequence[Article]
) -> tuple[list[Sentence], dict[int, list[Mark]]]:
    """Return the summary's sentences with what they rest on, and by article the marks of those passages."""
    articles = {article.id: article for article in shown}
    support: dict[int, list[Mark]] = {}
    sentences, number = [], 0
    for sentence in told:
        rests = []
        for evidence in sentence.evidence:
            if (article := articles.get(evidence.article_id)) is None:
                continue
            number += 1
            rests.append(Rest(f"rests-{number}", number, article.outlet or "the article"))
            support.setdefault(article.id, []).append(
                Mark(evidence.start, evidence.end, "rests", anchor=f"rests-{number}")
            )
        sentences.append(Sentence(sentence.text, rests))
    return sentences, support


def _sources(
    articles: Sequence[Article],
    support: Mapping[int, Sequence[Mark]],
    shown: Sequence[Quote],
    find: Callable[[Article], Sequence[Quote]],
) -> list[Source]:
    """Return every article's column; each quotation that is not shown says why, beside those that are."""
    quotes = {article.id: tuple(find(article)) for article in articles}
    reasons = left_out(articles, quotes, shown)
    return [_source(article, quotes[article.id], support.get(article.id, ()), reasons) for article in articles]


def _source(
    article: Article, quotes: Sequence[Quote], support: Sequence[Mark], reasons: Mapping[tuple[int, int], str]
) -> Source:
    """Return an article's column: its text with every mark, and its quotations in a numbered list."""
    text = article.text[:LONGEST_TEXT]
    marks, notes, said = list(support), {}, []
    for number, quote in enumerate(quotes, 1):
        why = next((reasons[place] for p in quote.passages if (place := (article.id, p.opened)) in reasons), "")
        marks += marks_of(quote, len(text), shown=not why)
        anchor = f"said-{article.id}-{number}"
        notes[min(whole(quote)[-1][1], len(text))] = Note(number, anchor)
        said.append(_said(article, quote, number, anchor, why))
    return Source(article, groups(text, [m for m in marks if m.end <= len(text)], notes), said)


def _said(article: Article, quote: Quote, number: int, anchor: str, why: str) -> Said:
    speaker = quote.speaker
    cue = article.text[slice(*speaker.cue)] if speaker is not None and speaker.cue is not None else ""
    # Never rounded up: nobody is surer than the figure.
    sure = f"{int(quote.confidence * 100)}% sure" if speaker is not None and quote.confidence else ""
    told = f"Not shown: {DROPS.get(why, why)}." if why else ""
    return Said(number, anchor, speaker.name if speaker else "", cue, sure, not why, told)
