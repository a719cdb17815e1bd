"""Runs an Invocation for an Asker and always returns a Reply: the one place that turns errors into words.

Here, and nowhere else: who may do what, how often, each delivery once, and the audit log of who changed what.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from digestbot.commands.documents import broken, refused, said
from digestbot.commands.forms import faulty, form_of, wants_form
from digestbot.commands.helping import allowed
from digestbot.commands.model import Asker, CommandSpec, Desk, Invocation, Options, Reply
from digestbot.commands.parse import checked, find, write
from digestbot.commands.table import COMMANDS
from digestbot.domain.errors import BadOption, DigestbotError, NotAllowed, StoreError
from digestbot.domain.subscription import ANYONE, OPERATOR, WorkspaceSettings
from digestbot.ports import Change

ONCE = timedelta(minutes=10)
"""How long a second delivery of one invocation is known as such, over restarts too: Slack delivers for six minutes."""
LOOKS = frozenset({"setup", "doctor", "audit", "test", "recheck", "report list"})
"""Managers' commands that change nothing: they are not in the audit log, and may be run twice."""
CHANGES = frozenset({"report", "settings", "filter"})
"""Everybody's commands that change something when they are given something to change."""
MOST_LINE = 300
"""Characters of a command line that the audit log keeps."""
AGAIN = "This was asked a moment ago, and is done once."
UNTOLD = frozenset({"note", "file"})
"""Options whose values the audit log leaves out: what people write, and whole files."""


async def dispatch(
    desk: Desk, invocation: Invocation, asker: Asker, commands: Sequence[CommandSpec] = COMMANDS
) -> Reply:
    """Return the answer; what goes wrong is an answer too, with ``Reply.error`` set for the log."""
    try:
        command = find(invocation.name, commands)
        asker = replace(await known(desk, asker), paths={one.name: one.discord for one in commands if one.discord})
        changing = _is_changing(command, invocation)
        if not await _is_first(desk, invocation, asker, changing=changing):
            return replace(said(AGAIN), repeated=True)
        reply = await _answered(desk, command, invocation, asker)
        if changing and not (command.name == "forget" and reply.error is None):
            await _log(desk, invocation, asker, reply)
    except DigestbotError as error:
        return refused(error)
    except Exception as error:  # noqa: BLE001 - the boundary: a fault of ours is logged, its asker gets a sentence
        return broken(error)
    return reply


async def _answered(desk: Desk, command: CommandSpec, invocation: Invocation, asker: Asker) -> Reply:
    """Return a command's answer, or why there is none; a wrong option comes with the form that mends it."""
    try:
        if not allowed(command, asker):
            raise NotAllowed(f"“{command.name}” is for those who manage this workspace's digests")  # noqa: TRY301
        if asker.home != OPERATOR:
            desk.limits.take(f"{asker.home}/{asker.user}", command.name, desk.clock.now())
        if wants_form(command, invocation):
            return await form_of(desk, asker, command, invocation)
        return await command.handler(desk, asker, Options(checked(command, invocation).options))
    except BadOption as error:
        return faulty(command, invocation, error)
    except DigestbotError as error:
        return refused(error)
    except Exception as error:  # noqa: BLE001 - the same boundary, so that the audit log has the line too
        return broken(error)


# ── who asks ─────────────────────────────────────────────────────────────────


async def known(desk: Desk, asker: Asker) -> Asker:
    """Return the asker as the workspace's settings see them, and remember the workspace at its first command."""
    if not asker.workspace:
        return asker
    kept = await desk.store.workspace(asker.home)
    if kept is None or (asker.place and kept.name != asker.place):
        settings = kept.settings if kept else WorkspaceSettings()
        await desk.store.save_workspace(asker.home, asker.place, settings, desk.clock.now())
        kept = await desk.store.workspace(asker.home)
    settings = kept.settings if kept else WorkspaceSettings()
    return replace(
        asker,
        manager=asker.manager or settings.managers == ANYONE or settings.managers in asker.groups,
        timezone=settings.timezone if asker.timezone == "UTC" and settings.timezone else asker.timezone,
        place=asker.place or (kept.name if kept else ""),
        defaults=settings,
    )


# ── once, and written down ───────────────────────────────────────────────────


def _is_changing(command: CommandSpec, invocation: Invocation) -> bool:
    if command.permission == "manager":
        return command.name not in LOOKS and not wants_form(command, invocation)
    return command.name in CHANGES and bool(set(invocation.options) - command.needed or command.name == "report")


async def _is_first(desk: Desk, invocation: Invocation, asker: Asker, *, changing: bool) -> bool:
    """Tell whether this delivery of an invocation is the first; what changes something is remembered in the store."""
    if not invocation.id:
        return True
    key = f"{asker.home}/{invocation.id}/{invocation.name}"
    now = desk.clock.now()
    if not desk.lately.first(key, now):
        return False
    return not changing or await desk.store.first(key, now, ONCE)


async def _log(desk: Desk, invocation: Invocation, asker: Asker, reply: Reply) -> None:
    """Write who changed what into the audit log; an answer is given though the log cannot be written."""
    error = reply.error
    outcome = "done" if error is None else error.code if isinstance(error, DigestbotError) else "broken"
    told = {name: "…" if name in UNTOLD else value for name, value in invocation.options.items()}
    line = write(Invocation(invocation.name, told))[:MOST_LINE]
    change = Change(0, asker.channel, asker.user, invocation.name, line, outcome, desk.clock.now())
    with suppress(StoreError):
        await desk.store.record_change(change)
