"""Something is wrong in a story: readers report it, managers check it against the articles and correct it visibly.

The check is the gate's: each quotation shown is looked up in the stored articles, each sentence of the summary is held
against them. A correction changes what was posted in this workspace's channels, and says so there.
"""

from dataclasses import dataclass, replace

from digestbot.commands.documents import card, listed, moment, said
from digestbot.commands.model import Asker, Desk, Options, Reply, counted
from digestbot.commands.ownership import story_named
from digestbot.commands.stories import headline_of
from digestbot.domain.digest import Action, Card, Heading, Named, Prose, Quotation, Span, Strong, Text
from digestbot.domain.errors import BadOption, NotFound
from digestbot.domain.news import OMISSION, Article, Story
from digestbot.domain.subscription import OPERATOR, Workspace
from digestbot.editorial.edition import choose_headline
from digestbot.editorial.grounding import ground, split
from digestbot.editorial.text import sentences
from digestbot.pipeline.correct import Corrector, Remedy, summary_text
from digestbot.ports import Correction, Report

_PROBLEM_WORDS = {
    "fact": "a wrong fact",
    "quote": "a wrong quotation",
    "speaker": "a wrong speaker",
    "duplicate": "a duplicate",
    "other": "another problem",
}
_QUOTE_GONE = {
    "quote": "a quotation was removed, as it could not be confirmed",
    "speaker": "a quotation was removed, as it could not be confirmed who said it",
}
OPEN = 20
"""Open reports listed at most."""
OWN_WORDS = 60
"""Words of an article's beginning that stand in for a wrong summary."""


async def report(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Keep that something in a story is wrong, and tell the admins, with buttons that check and close it."""
    told = await story_named(desk, asker, options.number("story"))
    kind, note = options.text("kind"), options.text("note")
    now = desk.clock.now()
    kept = await desk.store.add_report(Report(0, asker.channel, told.id, kind, note, asker.user, now))
    known = await desk.store.workspace(asker.home)
    notice = card(
        Prose(
            (
                Text(f"Report {kept.id} by "),
                Named("person", asker.user),
                Text(f": {_PROBLEM_WORDS[kind]} in "),
                headline_of(told),
            )
        ),
        *((Prose((Text(note),)),) if note else ()),
        Action("Check again", f"recheck story={told.id} report={kept.id}"),
        Action("Sources", f"sources story={told.id}"),
        Action("Nothing is wrong", f"dismiss report={kept.id}"),
    )
    thanks = said(f"Thank you. It is report {kept.id}; the people who run this bot here will look at it.")
    return replace(thanks, notice=(notice,), notify=known.settings.admin_channel if known else "")


async def show(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """List the open reports of the workspace, newest first, each with its check."""
    found = await desk.store.reports(asker.home, "open", OPEN)
    cards = []
    for kept in found:
        line = (Text(f"{kept.id}. {_PROBLEM_WORDS.get(kept.kind, kept.kind)} in story {kept.story_id}, "),)
        blocks = [Prose((*line, moment(kept.at), Text(" by "), Named("person", kept.made_by)))]
        blocks += [Prose((Text(kept.note),), quiet=True)] if kept.note else []
        check = Action("Check again", f"recheck story={kept.story_id} report={kept.id}")
        cards.append(card(*blocks, check, Action("Nothing is wrong", f"dismiss report={kept.id}")))
    return listed("Open reports", cards, "No problem is open.")


async def recheck(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Hold what is shown of a story against its stored articles, and offer what can be done about it."""
    number = options.number("report", 0)
    kept = await _report_here(desk, asker, number) if number else None
    told = await story_named(desk, asker, options.number("story"))
    shown = await _shown(desk, kept.channel.home if kept else asker.home, told)
    head = Card((Heading((headline_of(told),), level=1), *_story_so_far(kept)))
    cards = [head, *(_quote_card(n, one, told, kept) for n, one in enumerate(shown.quotes, 1))]
    cards.append(_summary_card(told, shown.summary))
    if kept is not None and kept.state == "open":
        cards.append(
            card(
                Prose((Text("What should be done?"),)),
                Action("New summary", f"correct report={kept.id} remedy=fresh"),
                Action("Article's own words", f"correct report={kept.id} remedy=summary"),
                Action("Withdraw the story", f"correct report={kept.id} remedy=withdraw"),
                Action("Nothing is wrong", f"dismiss report={kept.id}"),
            )
        )
    return Reply(tuple(cards))


async def correct(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Correct a story where it was posted, with a line that says so, and close the report."""
    kept = await _report_here(desk, asker, options.number("report"))
    if kept.state != "open":
        raise BadOption("report", f"{kept.id} is closed already: {kept.state} by {kept.closed_by}")
    told = await desk.store.story(kept.story_id)
    home, now = kept.channel.home, desk.clock.now()
    remedy = await _remedy(desk, kept, told, options)
    done = await Corrector(desk.store, desk.publisher.adapters).correct(home, told.id, remedy)
    correction = Correction(
        0, home, told.id, remedy.text, remedy.quotes, remedy.withdrawn, asker.user, now, report_id=kept.id
    )
    await desk.store.add_correction(correction)
    if done.failed:
        reasons = [Prose((Text(f"{error.what}; {error.hint}"),), quiet=True) for error in done.failed]
        left = counted(len(done.failed), "delivery", "deliveries")
        again = Prose((Text(f"Changed {counted(done.changed, 'message')}; {left} could not be changed."),))
        return Reply((card(again, *reasons, Action("Try again", _line(kept, options))),), error=done.failed[0])
    await desk.store.close_report(kept.id, "confirmed", asker.user, now)
    where = f"Changed {counted(done.changed, 'message')}" if done.changed else "It was not posted here yet"
    return said(f"{where}; readers see “Correction: {remedy.text}” Report {kept.id} is closed.")


async def dismiss(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Close a report: nothing is wrong."""
    kept = await _report_here(desk, asker, options.number("report"))
    closed = await desk.store.close_report(kept.id, "dismissed", asker.user, desk.clock.now())
    return said(
        f"Report {kept.id} is closed." if closed else f"Report {kept.id} was closed by {kept.closed_by} already."
    )


# ── pieces ───────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Shown:
    """What readers of a workspace see of a story: its quotations and its summary."""

    quotes: tuple[Quotation, ...]
    summary: str


async def _report_here(desk: Desk, asker: Asker, number: int) -> Report:
    """Return a report of the asker's workspace; the operator sees all.

    Raises:
        NotFound: There is none; whether another workspace has it is not told.

    """
    kept = await desk.store.report(number)
    if asker.home not in {OPERATOR, kept.channel.home}:
        raise NotFound("report", number)
    return kept


async def _shown(desk: Desk, home: Workspace, told: Story) -> _Shown:
    """Return what was posted last of a story in a workspace; what its brief says where nothing was."""
    for delivery in reversed(await desk.store.deliveries_of(home, told.id)):
        digest = await desk.store.digest(delivery.edition)
        for one in digest.cards if digest else ():
            if one.story_id == told.id:
                return _Shown(tuple(b for b in one.blocks if isinstance(b, Quotation)), summary_text(one))
    brief = await desk.briefer.brief(told, "medium", interactive=True)
    quotes = tuple(Quotation(q.text, q.speaker.name if q.speaker else "") for q in brief.quotes)
    return _Shown(quotes, brief.summary.text)


async def _remedy(desk: Desk, kept: Report, told: Story, options: Options) -> Remedy:
    """Return what a choice of remedy means for this story."""
    shown = await _shown(desk, kept.channel.home, told)
    note = options.text("note").strip()
    match options.text("remedy"):
        case "quotes":
            place = options.number("quote", 0)
            if place > len(shown.quotes):
                raise BadOption(
                    "quote", f"must be 1 to {len(shown.quotes)}" if shown.quotes else "is not there: none is shown"
                )
            gone = shown.quotes[place - 1 : place] if place else shown.quotes
            text = _QUOTE_GONE.get(kept.kind, _QUOTE_GONE["quote"])
            return Remedy(_sentence(note or text), tuple(one.text for one in gone))
        case "summary":
            text = "the summary was replaced by the article's own words"
            return Remedy(_sentence(note or text), summary=_own_words(told))
        case "withdraw":
            text = "this story was told before" if kept.kind == "duplicate" else "this story is withdrawn"
            return Remedy(_sentence(note or text), tuple(one.text for one in shown.quotes), withdrawn=True)
        case _:
            fresh = await desk.briefer.make(told, "medium", interactive=True)
            standing = {(q.text, q.speaker.name if q.speaker else "") for q in fresh.quotes}
            gone = tuple(one for one in shown.quotes if (one.text, one.speaker) not in standing)
            text = "the summary was made anew from its articles"
            return Remedy(_sentence(note or text), tuple(one.text for one in gone), fresh.summary.text)


def _sentence(text: str) -> str:
    """Return a correction as a sentence."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?", "…")) else ".")


def _own_words(told: Story) -> str:
    """Return the beginning of the clearest article, whole sentences of it, verbatim."""
    article = choose_headline(told.articles)
    kept: list[str] = []
    for start, end in sentences(article.text):
        sentence = " ".join(article.text[start:end].split())
        if kept and len(" ".join((*kept, sentence)).split()) > OWN_WORDS:
            break
        kept.append(sentence)
    return " ".join(kept)


def stands(quote: Quotation, article: Article) -> bool:
    """Tell whether a quotation stands in an article word for word, in order, and its speaker's name too."""
    text = " ".join(article.text.split())
    place = 0
    for piece in (part.strip() for part in quote.text.split(OMISSION)):
        found = text.find(piece, place)
        if found < 0:
            return False
        place = found + len(piece)
    named = (text, *article.authors, article.outlet)
    return not quote.speaker or any(quote.speaker in one for one in named)


def _story_so_far(kept: Report | None) -> tuple[Prose, ...]:
    """Return what was reported."""
    if kept is None:
        return ()
    spans: list[Span] = [Text(f"Report {kept.id}: {_PROBLEM_WORDS.get(kept.kind, kept.kind)}")]
    if kept.state != "open":
        spans += [Text(f" · {kept.state} by "), Named("person", kept.closed_by)]
    lines = [Prose(tuple(spans), quiet=True)]
    return (*lines, Prose((Text(kept.note),))) if kept.note else tuple(lines)


def _quote_card(number: int, quote: Quotation, told: Story, kept: Report | None) -> Card:
    """Return a quotation with what the check says, and the button that removes it."""
    holds = next((article for article in told.articles if stands(quote, article)), None)
    if holds is not None:
        verdict = f"stands word for word, with the speaker's name, in {holds.outlet or holds.url}"
    elif any(stands(replace(quote, speaker=""), article) for article in told.articles):
        verdict = "stands word for word, but the speaker's name does not stand there"
    else:
        verdict = "does not stand in any article of the story"
    line = Prose((Strong(f"Quotation {number}: "), Text(verdict)))
    if kept is None or kept.state != "open":
        return Card((quote, line))
    return card(quote, line, Action("Remove it", f"correct report={kept.id} remedy=quotes quote={number}"))


def _summary_card(told: Story, summary: str) -> Card:
    """Return what the gate says to the summary that is shown."""
    refused = [verdict for verdict in ground(told.articles, split(summary)).verdicts if not verdict.ok]
    if not refused:
        return card(Prose((Strong("Summary: "), Text("every sentence stands in the articles"))))
    lines = [
        Prose((Strong("Summary: "), Text(f"“{one.text}” is refused ({', '.join(one.reasons)})"))) for one in refused
    ]
    return Card(tuple(lines))


def _line(kept: Report, options: Options) -> str:
    place = f" quote={options.number('quote')}" if "quote" in options else ""
    return f"correct report={kept.id} remedy={options.text('remedy')}{place}"
