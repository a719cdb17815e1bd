"""Something is wrong in a story: readers report it, managers check it against the articles and correct it visibly."""

from dataclasses import replace

from digestbot.commands.model import Asker, Desk, Options, Reply
from digestbot.commands.stories import headline_of, name_of, story_card
from digestbot.commands.words import card, said
from digestbot.domain.digest import Action, Card, Prose, Quotation, Text

_PROBLEM_WORDS = {
    "fact": "a wrong fact",
    "quote": "a wrong quotation",
    "speaker": "a wrong speaker",
    "duplicate": "a duplicate",
    "other": "another problem",
}


async def report(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Tell the admins that something in a story is wrong, with a button that checks it anew."""
    told = await desk.store.story(options.number("story"))
    kind, note = options.text("kind"), options.text("note")
    notice = card(
        Prose((Text(f"Reported by {asker.user}: {_PROBLEM_WORDS[kind]} in "), headline_of(told))),
        *((Prose((Text(note),)),) if note else ()),
        Action("Check again", f"recheck story={told.id}"),
        Action("Sources", f"sources story={told.id}"),
    )
    return replace(said("Thank you. The people who run this bot will look at it."), notice=(notice,))


async def recheck(desk: Desk, asker: Asker, options: Options) -> Reply:
    """Make a story's brief anew from its articles and say what no longer stands."""
    told = await desk.store.story(options.number("story"))
    kept = await desk.briefer.brief(told, "medium", interactive=True)
    fresh = await desk.briefer.make(told, "medium", interactive=True)
    gone = [q for q in kept.quotes if q.text not in {new.text for new in fresh.quotes}]
    said_no_more = Prose((Text("No longer chosen, or not in its article:"),))
    lines: list[Card] = [card(said_no_more, Quotation(quote.text, name_of(quote))) for quote in gone]
    if not gone:
        lines.append(card(Prose((Text("Every quotation shown stands word for word in its article."),))))
    return Reply((*lines, story_card(desk, asker, told, fresh, "medium")))


async def correct(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Correct what was posted."""
    return said("Not yet.")


async def dismiss(_desk: Desk, _asker: Asker, _options: Options) -> Reply:
    """Close a report."""
    return said("Not yet.")
