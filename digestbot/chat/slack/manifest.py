"""The app's manifest, made from the command table and the scopes: what an admin pastes to install the app."""

import json

from digestbot.chat.slack.bot import COMMAND
from digestbot.chat.slack.elements import Json
from digestbot.chat.slack.install import REDIRECT
from digestbot.chat.slack.scopes import SCOPES
from digestbot.chat.slack.transports import EVENTS as EVENTS_PATH
from digestbot.commands import COMMANDS

EVENTS = ("app_home_opened", "app_mention", "app_uninstalled", "tokens_revoked")
MAX_USAGE = 1_000
"""Characters of a slash command's usage hint (the manifest's schema)."""
PUBLIC = "https://digestbot.example.com"
"""Stands for the operator's own address in the manifest of an app that is reached by HTTP."""
HEAD = """# The Slack app: paste this at api.slack.com/apps → Create New App → From a manifest.
# Generated from the command table; a test holds it in step.
"""
HEAD_HTTP = f"""# The Slack app for many workspaces: reached by HTTP, installed by OAuth, its tokens renewed.
# Put your own address in the place of {PUBLIC}. Generated from the command table; a test holds it in step.
"""


def manifest(public_url: str = "") -> Json:
    """Return the manifest as Slack's schema describes it: for Socket Mode, or for an app at ``public_url``."""
    made = _socket_mode()
    return _at(made, public_url) if public_url else made


def _at(made: Json, url: str) -> Json:
    """Return a manifest with the addresses of an app that is reached by HTTP and installed by many workspaces."""
    request = {"request_url": f"{url}{EVENTS_PATH}"}
    scopes = {"bot": sorted(SCOPES)}
    return made | {
        "features": _features() | {"slash_commands": [_command() | {"url": f"{url}{EVENTS_PATH}"}]},
        "oauth_config": {"redirect_urls": [f"{url}{REDIRECT}"], "scopes": scopes},
        "settings": {
            "event_subscriptions": {**request, "bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True, **request},
            "org_deploy_enabled": True,
            "socket_mode_enabled": False,
            "token_rotation_enabled": True,
        },
    }


def _command() -> Json:
    hint = " | ".join(command.name for command in COMMANDS if command.discord)
    return {
        "command": COMMAND,
        "description": "News digests, now and by schedule",
        "usage_hint": hint[:MAX_USAGE],
        "should_escape": True,
    }


def _features() -> Json:
    return {
        "app_home": {
            "home_tab_enabled": True,
            "messages_tab_enabled": True,
            "messages_tab_read_only_enabled": True,
        },
        "bot_user": {"display_name": "digestbot", "always_online": True},
        "shortcuts": [
            _shortcut("Summarize link", "message", "summarize_link", "A summary of the article behind a link"),
            _shortcut("Get news brief", "global", "news_brief", "The news of the last hours"),
        ],
        "slash_commands": [_command()],
    }


def _socket_mode() -> Json:
    return {
        "_metadata": {"major_version": 1, "minor_version": 1},
        "display_information": {
            "name": "digestbot",
            "description": "News digests with verbatim quotes and true speakers",
            "background_color": "#1f3a4d",
        },
        "features": _features(),
        "oauth_config": {"scopes": {"bot": sorted(SCOPES)}},
        "settings": {
            "event_subscriptions": {"bot_events": list(EVENTS)},
            "interactivity": {"is_enabled": True},
            "org_deploy_enabled": False,
            "socket_mode_enabled": True,
            "token_rotation_enabled": False,
        },
    }


def _shortcut(name: str, kind: str, callback: str, description: str) -> Json:
    return {"name": name, "type": kind, "callback_id": callback, "description": description}


def manifest_yaml(public_url: str = "") -> str:
    """Return the manifest as YAML, for ``config/slack-manifest.yaml`` and ``config/slack-manifest-http.yaml``."""
    return (HEAD_HTTP if public_url else HEAD) + "\n".join(_lines(manifest(public_url), 0)) + "\n"


def _lines(node: object, depth: int) -> list[str]:
    """Return a mapping or list as YAML in block style; strings as JSON writes them, which YAML reads the same."""
    pad = "  " * depth
    lines: list[str] = []
    if isinstance(node, dict):
        for key, value in node.items():
            lines += [f"{pad}{key}:", *_lines(value, depth + 1)] if _nested(value) else [f"{pad}{key}: {_one(value)}"]
    elif isinstance(node, list):
        for value in node:
            inner = _lines(value, depth + 1) if _nested(value) else [f"{pad}  {_one(value)}"]
            lines += [f"{pad}- {inner[0].strip()}", *inner[1:]]
    return lines


def _nested(value: object) -> bool:
    return isinstance(value, dict | list)


def _one(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
