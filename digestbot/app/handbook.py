"""The reference pages under docs/reference, generated from the code: settings, chat commands, metrics, errors."""

from collections.abc import Iterator, Sequence
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from digestbot.app.reference import written
from digestbot.commands import COMMANDS, CommandSpec, Option
from digestbot.config import ENV_PREFIX, SECRET_KEYS, FeedSettings, Settings, SubscriptionSettings
from digestbot.domain.errors import ConfigError, DigestbotError
from digestbot.telemetry import metric_rows

NOTE = "<!-- Generated from the code by “make docs”; a test holds it. Edit the code, not this file. -->"


def document(title: str, intro: str, *parts: str) -> str:
    """Return a page: its title, what it is about, its parts."""
    return "\n\n".join([f"# {title}", NOTE, intro, *(part.rstrip() for part in parts)]) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |" for row in lines
    )


# ── settings ─────────────────────────────────────────────────────────────────


def settings_page() -> str:
    """Return the page of every setting: key, variable, kind, default, meaning."""
    secrets = ", ".join(f"`{section}_{key}`" for section, key in SECRET_KEYS)
    intro = (
        "Settings come from a TOML file (`--config`), from secret files, and from the environment; each wins over the "
        f"one before. A key `a.b` is the variable `{ENV_PREFIX}A__B`. Secret files lie in the folder that "
        f"`{ENV_PREFIX}SECRETS_DIR` names (default `/run/secrets`): {secrets}. Every fault is named at once, with exit "
        "code 78."
    )
    parts = []
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            parts.append(_section(f"[{name}]", section, f"{name}."))
    parts.append(_section("[[feeds]]", FeedSettings, ""))
    parts.append(_section("[[subscriptions]]", SubscriptionSettings, ""))
    return document("Settings", intro, *parts)


def _section(title: str, section: type[BaseModel], prefix: str) -> str:
    rows = [
        [f"`{prefix}{key}`", _kind(field), _default(field), field.description or ""]
        for key, field in section.model_fields.items()
    ]
    about = (section.__doc__ or "").strip().splitlines()[0]
    return f"## `{title}`\n\n{about}\n\n{table(('key', 'kind', 'default', 'meaning'), rows)}"


def _kind(field: FieldInfo) -> str:
    """Return what a setting takes, in a word."""
    return _kind_of(field.annotation)


def _kind_of(wanted: Any) -> str:
    if wanted is SecretStr or SecretStr in get_args(wanted):
        return "secret"
    if get_origin(wanted) is tuple:
        inner = get_args(wanted)
        return f"list of {_kind_of(inner[0])}" if Ellipsis in inner else f"{len(inner)} × {_kind_of(inner[0])}"
    choices = get_args(wanted)
    if choices and all(isinstance(choice, str) for choice in choices):
        return ", ".join(f"`{choice}`" for choice in choices)
    if type(None) in choices:
        return _kind_of(next(choice for choice in choices if choice is not type(None)))
    names = {str: "text", int: "number", float: "number", bool: "true or false"}
    return names.get(wanted, getattr(wanted, "__name__", str(wanted)))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "needed"
    value = field.get_default(call_default_factory=True)
    return "none" if value is None else f"`{written(value)}`"


# ── chat commands ────────────────────────────────────────────────────────────


def commands_page() -> str:
    """Return the page of every chat command with its options."""
    intro = (
        "One table serves every platform: Slack's `/digest …`, Discord's slash commands, and `digestbot ask …` in the "
        "terminal. Managers are those who administer the workspace, or whom its settings name."
    )
    return document("Chat commands", intro, *(_command(command) for command in COMMANDS))


def _command(command: CommandSpec) -> str:
    who = "managers" if command.permission == "manager" else "everyone"
    there = f"; on Discord `/{command.discord}`" if command.discord else "; a button's on Discord"
    parts = [f"## `{command.name}`", f"{_sentence(command.description)} For {who}."]
    parts.append(f"On Slack `/digest {command.usage}`{there}.")
    if command.options:
        rows = [[_name(o), _option(o), o.description] for o in command.options]
        parts.append(table(("option", "takes", "meaning"), rows))
    if command.example:
        parts.append(f"Example: `{command.example}`")
    return "\n\n".join(parts)


def _name(option: Option) -> str:
    return f"`{option.name}` (Discord: `{option.discord}`)" if option.discord else f"`{option.name}`"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _option(option: Option) -> str:
    kind = ", ".join(f"`{choice}`" for choice in option.choices) or option.kind
    bounds = f" {option.least}–{option.most}" if option.least is not None and option.most is not None else ""
    needed = ", needed" if option.required else f", needed without `{option.unless}`" if option.unless else ""
    return f"{kind}{bounds}{needed}"


# ── metrics ──────────────────────────────────────────────────────────────────


def metrics_page() -> str:
    """Return the page of every metric."""
    intro = (
        "`/metrics` answers in Prometheus' text format where `web.enabled` is set, to whoever may read the pages "
        "(`Authorization: Bearer …`). Counters and histograms tell what this process did since it began; gauges of "
        "rows, deliveries and what is due are read from the database at each scrape."
    )
    rows = [[f"`{name}`", kind, labels, meaning] for name, kind, labels, meaning in metric_rows()]
    return document("Metrics", intro, table(("metric", "kind", "labels", "meaning"), rows))


# ── errors ───────────────────────────────────────────────────────────────────


def errors_page() -> str:
    """Return the page of every error: its code, what it says, what to do, whether it may pass by itself."""
    intro = (
        "Every error has a code that is the same in logs, JSON answers and metrics, and a sentence that says what to "
        "do. Those marked † may pass by themselves: the command line ends with exit code 75, else with 1, and with 78 "
        "for `config`."
    )
    rows = [
        [f"`{kind.code}`{'†' if kind.transient else ''}", _about(kind), kind.hint or "–"]
        for kind in _errors(DigestbotError)
    ]
    return document("Errors", intro, table(("code", "what it says", "what to do"), rows))


def _about(kind: type[DigestbotError]) -> str:
    return " ".join((kind.__doc__ or "").strip().split("\n\n")[0].split()).replace("``", "`")


def _errors(kind: type[DigestbotError]) -> Iterator[type[DigestbotError]]:
    """Yield the classes of the tree that have a code of their own, a parent before its children."""
    if kind is ConfigError or "code" in vars(kind):
        yield kind
    for child in kind.__subclasses__():
        if child.__module__ == DigestbotError.__module__:
            yield from _errors(child)


PAGES = {
    "settings": settings_page,
    "commands": commands_page,
    "metrics": metrics_page,
    "errors": errors_page,
}
"""The pages by the names of their files under docs/reference."""
