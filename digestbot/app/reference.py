"""The reference that is generated from the code: the example settings file."""

import json
from collections.abc import Iterator
from datetime import time
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from digestbot.config import ENV_PREFIX, FeedSettings, Settings, SubscriptionSettings

HEADER = """\
# Every setting of digestbot with its default. This file is generated from the code (`make docs`).
#
# Each key may also come from the environment: {prefix}<SECTION>__<KEY>, e.g. {prefix}DATABASE__URL. Tokens may come
# from files named slack_bot_token, slack_app_token and discord_token in the folder that {prefix}SECRETS_DIR names
# (default /run/secrets). The environment wins over secret files, and they win over this file.
"""
EXAMPLES: dict[str, Any] = {
    "feeds": {"url": "https://example.org/rss.xml", "title": "Example Post", "topics": ["world"]},
    "subscriptions": {"name": "Morning brief", "channel": "console:", "timezone": "Europe/London"},
}


def settings_toml() -> str:
    """Return config/digestbot.example.toml: every table and key with its meaning, choices and default."""
    parts = [HEADER.format(prefix=ENV_PREFIX)]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            parts.append("\n".join([f"# {_first_line(section)}", f"[{name}]", *_keys(section, {})]))
    for name, model in (("feeds", FeedSettings), ("subscriptions", SubscriptionSettings)):
        parts.append("\n".join([f"# {_first_line(model)}", f"[[{name}]]", *_keys(model, EXAMPLES[name])]))
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().splitlines()[0]


def _keys(model: type[BaseModel], example: dict[str, Any]) -> Iterator[str]:
    for key, field in model.model_fields.items():
        yield f"# {field.description}{_choices(field)}"
        if key in example:
            yield f"{key} = {written(example[key])}"
        elif field.is_required() or _is_unset(field):
            yield f"# {key} ="
        else:
            yield f"# {key} = {written(field.get_default(call_default_factory=True))}"


def _is_unset(field: FieldInfo) -> bool:
    return field.default is None


def _choices(field: FieldInfo) -> str:
    """Name a setting's choices where its description does not."""
    if get_origin(field.annotation) is not Literal:
        return ""
    missing = [choice for choice in get_args(field.annotation) if str(choice) not in (field.description or "")]
    return f" One of {', '.join(map(str, get_args(field.annotation)))}." if missing else ""


def written(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, tuple | list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, time):
        return json.dumps(value.strftime("%H:%M"))
    if isinstance(value, SecretStr):
        return '""'
    return json.dumps(value, ensure_ascii=False)
