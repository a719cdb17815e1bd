"""What the Slack app does once it has acknowledged: runs invocations, opens forms and modals, shows the App Home."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from digestbot.chat.slack import views
from digestbot.chat.slack.answers import Answers, Place
from digestbot.chat.slack.clients import Clients
from digestbot.chat.slack.elements import Json
from digestbot.chat.slack.users import People
from digestbot.chat.slack.wizard import doors, guide, is_needed
from digestbot.commands import Asker, Form, Invocation, Option, Reply, Value, refused
from digestbot.commands.documents import card
from digestbot.domain.digest import Card, Prose, Text
from digestbot.domain.errors import DeliveryError, NotPermitted, StoreError
from digestbot.domain.subscription import ADMINS, ANYONE, Channel

Answering = Callable[[Invocation, Asker], Awaitable[Reply]]
"""Runs an invocation: ``commands.dispatch`` with its desk."""
Naming = Callable[[str, Asker], Awaitable[Sequence[tuple[str, Value]]]]
"""Returns what an asker may name of a kind ("feed", "digest"), as (label, value)."""

FAILING = Invocation("list", {"failing": True})
HOME = (Invocation("setup"), Invocation("schedule list"), FAILING, Invocation("list"))
"""What the App Home shows: the guide while it is needed, digests, feeds that fail if any do, all feeds."""
AT_ONCE = 1.0
"""Seconds that a form may take until a modal is opened that says so: a trigger lives three."""
MANAGERS = (("Workspace admins", ADMINS), ("Everybody", ANYONE))
CALLED = (("Nobody", "none"), ("@here", "here"), ("@channel", "channel"))
"""What there is to choose beside user groups: who manages, and who is called when a digest is posted."""

log = logging.getLogger(__name__)


class Errands:
    """Does what was asked and gives the answers.

    Args:
        clients: The Web API with each workspace's token.
        people: Who asks.
        answers: How answers are given.
        answering: What runs a command.
        naming: What fills the menus of forms.

    """

    def __init__(
        self, clients: Clients, people: People, answers: Answers, *, answering: Answering, naming: Naming | None
    ) -> None:
        self._clients, self._people, self._answers = clients, people, answers
        self._answering, self._naming = answering, naming

    async def run(self, invocation: Invocation, place: Place) -> None:
        """Run an invocation and give its answer where it was asked."""
        try:
            await self._clients.tokens.access(place.team)
        except NotPermitted as error:
            await self._answers.give(refused(error), place)
            return
        except DeliveryError as error:
            log.warning("a command is answered without a token: %s", error)
        asker = await self._asker(place)
        reply = await self._answering(Invocation(invocation.name, invocation.options, place.id), asker)
        if reply.repeated:
            return
        if reply.form is not None and await self.open(reply.form, place, asker):
            await self._answers.notify(reply, place)
            return
        await self._told(reply, place)

    async def _told(self, reply: Reply, place: Place) -> None:
        """Give an answer where it was asked, at the top of the App Home too."""
        if place.home:
            await self._answers.notify(reply, place)
            await self.show_home(place, reply.cards)
            return
        await self._answers.give(reply, place)

    async def ask(self, form: Form, place: Place) -> None:
        """Open a form that asks for what was not given, or for what was wrong, filled with what there is.

        A trigger lives three seconds: where the form takes longer, a modal that says so is opened in time and filled
        when the form is there.
        """
        making = asyncio.create_task(self._made(form, place))
        await asyncio.wait({making}, timeout=AT_ONCE)
        title = form.command.heading
        opened = "" if making.done() else await self._answers.open(place, views.waiting(title))
        made = await making
        if isinstance(made, Reply):
            await self._instead(made, opened, title, place)
        elif opened:
            await self._answers.update(place, opened, made)
        elif not await self._answers.open(place, made):
            told = form.fault or f"{form.command.description.capitalize()}: {form.command.usage}"
            await self._answers.give(Reply((card(Prose((Text(told),))),)), place)

    async def _made(self, form: Form, place: Place) -> Json | Reply:
        """Return a form's view with what it starts with; an answer where the command refuses to be asked about."""
        asker = await self._asker(place)
        if not form.fault:
            reply = await self._answering(Invocation(form.command.name, form.given, place.id), asker)
            if reply.form is None:
                return reply
            form = reply.form
        return await self._view(form, place, asker)

    async def _instead(self, reply: Reply, opened: str, title: str, place: Place) -> None:
        """Give an answer where a form was to open: in the modal that waits for it, if one does."""
        if opened:
            await self._answers.update(place, opened, views.answer(title, reply.cards))
        elif not reply.repeated:
            await self._told(reply, place)

    async def step(self, number: int, place: Place) -> None:
        """Open the form of one step of the wizard, or run its command where that asks for nothing."""
        asker = await self._asker(place)
        reply = await self._answering(Invocation("setup"), asker)
        if number > len(reply.steps):
            await self._answers.give(reply, place)
            return
        form = reply.steps[number - 1].form
        if not (form.asks and await self.open(form, place, asker)):
            await self.run(Invocation(form.command.name, form.given), place)

    async def open(self, form: Form, place: Place, asker: Asker) -> bool:
        """Open a form; tell whether that could be done: a trigger lives three seconds."""
        if not place.trigger:
            return False
        return bool(await self._answers.open(place, await self._view(form, place, asker)))

    async def _view(self, form: Form, place: Place, asker: Asker) -> Json:
        """Return a form as a modal, its menus filled."""
        offers = {option.name: await self._offered(option, asker) for option in form.asks}
        return views.form(form, place.channel, offers, home=place.home, thread=place.thread)

    async def _offered(self, option: Option, asker: Asker) -> Sequence[tuple[str, Value]]:
        """Return what the menu of an option holds: what there is to choose from."""
        if option.kind == "role":
            groups = [(f"@{group.name}", group.id) for group in await self._people.groups(asker.workspace)]
            return [*(MANAGERS if option.name == "managers" else CALLED), *groups]
        if self._naming is None or option.kind not in {"feed", "digest"}:
            return ()
        try:
            return await self._naming(option.kind, asker)
        except StoreError as error:
            log.warning("a menu stays empty: %s", error)
            return ()

    async def in_modal(self, invocation: Invocation, place: Place) -> None:
        """Open a modal at once, for a trigger lives three seconds, and fill it when the answer is there."""
        title = invocation.name.capitalize()
        opened = await self._answers.open(place, views.waiting(title))
        reply = await self._answering(invocation, await self._asker(place))
        if opened:
            await self._answers.update(place, opened, views.answer(title, reply.cards))
        else:
            await self._answers.give(reply, place)

    async def show_home(self, place: Place, said: Sequence[Card]) -> None:
        """Publish the App Home: what was just said, the guide while it is needed, digests, feeds, help."""
        asker = await self._asker(place)
        shown: list[Card] = []
        manages = False
        for invocation in HOME:
            reply = await self._answering(invocation, asker)
            if reply.error is not None or (invocation == FAILING and len(reply.cards) == 1):
                continue
            manages = manages or bool(reply.steps)  # the guide is for managers alone
            if not reply.steps or is_needed(reply.steps):
                shown += [*reply.cards, *guide(reply.steps)]
        await self._answers.home(place, [*said, doors(manages=manages), *shown])

    async def _asker(self, place: Place) -> Asker:
        person = await self._people.person(place.user, place.team)
        access = self._clients.tokens.known("", place.team)
        return Asker(
            place.user,
            Channel("slack", place.channel, place.team),
            manager=person.manager,
            timezone=person.timezone,
            groups=person.groups,
            place=access.name if access else "",
        )
