"""Replies as Discord messages: the first answers the interaction, the others follow it; pure, knows no client."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from digestbot.chat.discord import components
from digestbot.chat.discord.nonce import Json
from digestbot.chat.discord.threads import apart
from digestbot.commands import Attachment, Form, Reply
from digestbot.domain.digest import Action, Actions, Card, Digest, Edition, Heading, Message, Prose, Text

EPHEMERAL = 1 << 6
FOLLOW_UPS = 4
"""Messages after the first one at most: a bot installed by a user may send five in all."""
FILE = 13
"""The component that shows a file."""
_NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)

Keep = Callable[[Form], str]
"""Keeps a form until it is opened and returns the payload of the button that opens it."""


@dataclass(frozen=True, slots=True)
class Body:
    """A message with the file that goes with it, if one does."""

    content: Json
    file: Attachment | None = None


def answers(reply: Reply, *, private: bool, keep: Keep) -> list[Body]:
    """Return a reply's messages with its file, its wizard's steps and its form, each behind a button."""
    whole = Reply((*reply.cards, *_steps(reply, keep), *_form(reply, keep)))
    first, *rest = [Body(content) for content in bodies(whole, private=private)]
    return [_with_file(first, reply.file) if reply.file else first, *rest]


def bodies(reply: Reply, *, private: bool) -> list[Json]:
    """Return a reply's messages, at least one; those beyond what may follow are left out and said to be."""
    messages = components.render(_document(reply.cards))
    payloads = [_body(message) for message in messages or components.render(_document(_NOTHING))]
    if len(payloads) > FOLLOW_UPS + 1:
        rest = components.render(
            _document((Card((Prose((Text("There is more: ask for less at once."),), quiet=True),)),))
        )
        payloads = [*payloads[:FOLLOW_UPS], _body(rest[0])]
    return [body | {"flags": components.COMPONENTS_V2 | (EPHEMERAL if private else 0)} for body in payloads]


def _steps(reply: Reply, keep: Keep) -> Iterator[Card]:
    """Yield the steps of a wizard; those that are done say so in words and can be done anew."""
    for number, step in enumerate(reply.steps, 1):
        title = f"{number}. {step.title}" + (" (done)" if step.done else "")
        button = Action("Change" if step.done else step.title, keep(step.form))
        yield Card((Heading((Text(title),)), Prose((Text(step.text),)), Actions((button,))))


def _form(reply: Reply, keep: Keep) -> Iterator[Card]:
    """Yield the button that opens a form: a form itself can be the first answer alone, and that is given."""
    if reply.form is not None:
        yield Card((Actions((Action("Correct it" if reply.form.fault else "Fill in the form", keep(reply.form)),)),))


def _with_file(body: Body, file: Attachment) -> Body:
    shown = body.content["components"]
    listed = shown if isinstance(shown, list) else []
    about: Json = {"attachments": [{"id": "0", "filename": file.name}]}
    part: Json = {"type": FILE, "file": {"url": f"attachment://{file.name}"}}
    return Body(body.content | {"components": [*listed, part]} | about, file)


def _body(message: Message) -> Json:
    return apart(message.payload)[0]


def _document(cards: tuple[Card, ...]) -> Digest:
    return Digest("digestbot", Edition(0, _NO_TIME), cards)


_NOTHING = (Card((Prose((Text("There is nothing to show."),)),)),)
