"""Runs an Invocation for an Asker and always returns a Reply: the one place that turns errors into words."""

from collections.abc import Sequence

from digestbot.commands.model import Asker, CommandSpec, Desk, Invocation, Options, Reply
from digestbot.commands.parse import checked, find
from digestbot.commands.table import COMMANDS, allowed
from digestbot.commands.words import broken, refused
from digestbot.domain.errors import DigestbotError, NotAllowed


async def dispatch(
    desk: Desk, invocation: Invocation, asker: Asker, commands: Sequence[CommandSpec] = COMMANDS
) -> Reply:
    """Return the answer; what goes wrong is an answer too, with ``Reply.error`` set for the log."""
    try:
        command = find(invocation.name, commands)
        if not allowed(command, asker):
            raise NotAllowed(f"“{command.name}” is for those who manage this workspace's digests")  # noqa: TRY301
        return await command.handler(desk, asker, Options(checked(command, invocation).options))
    except DigestbotError as error:
        return refused(error)
    except Exception as error:  # noqa: BLE001 - the boundary: a fault of ours is logged, its asker gets a sentence
        return broken(error)
