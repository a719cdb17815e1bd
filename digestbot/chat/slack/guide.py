"""A wizard's steps as cards: what is done, what comes next, and a button for each; pure."""

from collections.abc import Sequence

from digestbot.commands import Invocation, Step, write
from digestbot.domain.digest import Action, Actions, Block, Card, Prose, Strong, Text


def guide(steps: Sequence[Step]) -> tuple[Card, ...]:
    """Return the steps in order; one that is done says so, the others have the button that opens their form."""
    return tuple(_step(number, step) for number, step in enumerate(steps, 1))


def _step(number: int, step: Step) -> Card:
    done = " — done" if step.done else ""
    line = write(Invocation(step.form.command.name, step.form.given))
    label = "Change" if step.done else step.title
    blocks: tuple[Block, ...] = (
        Prose((Text(f"{number}. "), Strong(step.title), Text(done))),
        Prose((Text(step.text),), quiet=True),
        Actions((Action(label, line),)),
    )
    return Card(blocks)
