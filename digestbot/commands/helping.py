"""What help says of a command: how it is given where this is read, and what it takes; knows the table's shape alone."""

from digestbot.commands.documents import card
from digestbot.commands.model import Asker, CommandSpec, Option
from digestbot.domain.digest import Card, Heading, Prose, Strong, Text


def help_card(command: CommandSpec, asker: Asker, *, whole: bool = False) -> Card:
    """Return a command's help: its line as it is given where this is read, and with ``whole`` its options too."""
    needed = " ".join(command.placeholders.values())
    if not whole:
        return card(Prose((Strong(asker.typed(command.name, needed)), Text(f" — {command.description}"))))
    usage = command.usage.removeprefix(command.name).strip()
    lines = [Prose((Strong(asker.typed(command.name, usage)), Text(f" — {command.description}")))]
    lines += [Prose((Strong(_option_name(o, asker)), Text(f": {o.description}"))) for o in command.options]
    if command.example and asker.platform != "discord":
        example = command.example.removeprefix(command.name).strip()
        lines.append(Prose((Text(f"For example: {asker.typed(command.name, example)}"),), quiet=True))
    return Card((Heading((Text(command.heading),)), *lines))


def _option_name(option: Option, asker: Asker) -> str:
    """Return an option as it is given where this is read: “stories=5” on Slack, “stories” on Discord."""
    if asker.platform == "discord":
        return option.on_discord
    by_place = option.kind == "flag" or option.rest or option.required or option.unless
    return option.name if by_place else f"{option.name}=…"


def allowed(command: CommandSpec, asker: Asker) -> bool:
    """Tell whether somebody may use a command."""
    return command.permission == "everyone" or asker.manager


def offered(command: CommandSpec, asker: Asker) -> bool:
    """Tell whether somebody is shown a command: Discord offers what is not under “/news” to managers alone."""
    return allowed(command, asker) and (
        asker.platform != "discord" or asker.manager or command.discord.startswith("news ")
    )
