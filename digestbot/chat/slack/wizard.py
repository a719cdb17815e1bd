"""A wizard's steps as cards: what is done, what comes next, and a button for each; pure."""

import re
from collections.abc import Sequence

from digestbot.commands import Step
from digestbot.commands.documents import card
from digestbot.domain.digest import Action, Actions, Block, Card, Prose, Strong, Text

_STEP = re.compile(r"setup ([1-9]\d?)")
"""What the button of a step carries: its form is opened, not its command run."""


def is_needed(steps: Sequence[Step]) -> bool:
    """Tell whether something is left to do that nobody can go without: a feed, a digest."""
    return any(not step.done and any(option.required for option in step.form.asks) for step in steps)


def guide(steps: Sequence[Step]) -> tuple[Card, ...]:
    """Return the steps in order; one that is done says so."""
    return tuple(_step(number, step) for number, step in enumerate(steps, 1))


def doors(*, manages: bool) -> Card:
    """Return the buttons at the top of the App Home: what people come for, and what managers do."""
    actions = [Action("News brief", "now"), Action("Search", "search"), Action("Quotes", "quotes")]
    if manages:
        actions = [
            Action("News brief", "now"),
            Action("Add a feed", "subscribe"),
            Action("New digest", "schedule create"),
        ]
        actions += [Action("Import feeds", "import"), Action("Settings", "settings"), Action("Doctor", "doctor")]
    return card(*actions, Action("Help", "help"))


def step_in(line: str) -> int:
    """Return the number of the step whose button was pressed, 0 where it was another button."""
    found = _STEP.fullmatch(line)
    return int(found[1]) if found else 0


def _step(number: int, step: Step) -> Card:
    done = " — done" if step.done else ""
    blocks: tuple[Block, ...] = (
        Prose((Text(f"{number}. "), Strong(step.title), Text(done))),
        Prose((Text(step.text),), quiet=True),
        Actions((Action("Change" if step.done else "Set up" if step.form.asks else "Look", f"setup {number}"),)),
    )
    return Card(blocks)
