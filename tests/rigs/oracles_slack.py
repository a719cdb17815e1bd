"""What Slack would say of a body: its own types as JSON Schemas where they lie beside the project, and its limits.

The schemas (``../shared/oracles``) hold structure and unknown keys; slack_sdk's own validators and the table here
hold lengths. Both ways return faults as sentences, empty when the body is right.
"""

import json
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any

from jsonschema import Draft7Validator
from slack_sdk.errors import SlackObjectFormationError
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from tests.shared import ROOT

ORACLES = ROOT.parent / "shared" / "oracles"
BLOCK_CHARS = 12_000
"""Slack refuses about 13,200 characters of blocks (``msg_blocks_too_long``); ours stay under this."""
REQUIRED = {
    "auth.test": (),
    "apps.connections.open": (),
    "chat.postMessage": ("channel", "text"),
    "chat.postEphemeral": ("channel", "user", "text"),
    "chat.update": ("channel", "ts", "text"),
    "conversations.history": ("channel",),
    "conversations.replies": ("channel", "ts"),
    "conversations.info": ("channel",),
    "users.info": ("user",),
    "usergroups.list": (),
    "auth.teams.list": (),
    "conversations.open": ("users",),
    "files.getUploadURLExternal": ("filename", "length"),
    "files.completeUploadExternal": ("files",),
    "oauth.v2.access": (),
    "views.open": ("trigger_id", "view"),
    "views.publish": ("user_id", "view"),
    "views.update": ("view_id", "view"),
}
"""Methods the bot may call and the arguments they cannot do without (docs.slack.dev/reference/methods)."""
_BEYOND_SCHEMA = {"blocks", "attachments", "metadata", "view", "unfurl_links", "unfurl_media", "team_id"}
"""Arguments that the schemas lost where Slack's types are unions: they name one branch of each alone."""
_SCHEMAS = {
    "chat.update": "ChatUpdate",
    "chat.postMessage": "ChatPostMessage",
    "chat.postEphemeral": "ChatPostEphemeral",
    "views.open": "ViewsOpen",
    "views.publish": "ViewsPublish",
    "views.update": "ViewsUpdate",
    "users.info": "UsersInfo",
    "auth.test": "AuthTest",
    "conversations.info": "ConversationsInfo",
    "apps.connections.open": "AppsConnectionsOpen",
}
"""The methods whose arguments the schemas describe, by the name they have there."""
_TEXT = {"plain_text": 3000, "mrkdwn": 3000}
_BUTTON = {"text": 75, "value": 2000, "url": 3000, "action_id": 255, "accessibility_label": 75}


@cache
def _schema(name: str) -> Draft7Validator | None:
    path = ORACLES / name
    return Draft7Validator(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def _schema_faults(validator: Draft7Validator | None, thing: object, where: str) -> Iterator[str]:
    if validator is not None:
        for error in validator.iter_errors(thing):
            yield f"{where}: {error.json_path}: {error.message[:300]}"


@lru_cache(20_000)
def _in_message(block: str) -> tuple[str, ...]:
    """Return what Slack's types say of one block; the same block is looked at once, for the schemas take their time."""
    return tuple(_schema_faults(_schema("slack-blocks.schema.json"), [json.loads(block)], "blocks"))


@lru_cache(20_000)
def _in_view(kind: str, block: str) -> tuple[str, ...]:
    """Return what Slack's types say of one block in a modal or App Home."""
    title = {} if kind == "home" else {"title": {"type": "plain_text", "text": "x"}}
    view = {"type": kind, **title, "blocks": [json.loads(block)]}
    return tuple(_schema_faults(_schema("slack-view.schema.json"), view, "view"))


def body_faults(method: str, body: dict[str, Any]) -> list[str]:
    """Return what is wrong with the arguments of a Web API call."""
    if method not in REQUIRED:
        return [f"nobody expects a call of {method}"]
    found = [f"{method}: {name} is missing" for name in REQUIRED[method] if name not in body]
    if validator := _arguments(method):
        found += _schema_faults(validator, {k: v for k, v in body.items() if k not in _BEYOND_SCHEMA}, method)
    if method.startswith("chat."):
        found += message_faults(body)
    if metadata := body.get("metadata"):
        found += _metadata_faults(metadata)
    if view := body.get("view"):
        found += view_faults(json.loads(view) if isinstance(view, str) else view)
    return found


@cache
def _arguments(method: str) -> Draft7Validator | None:
    """Return what a method takes: names and types; which of them are needed is said in ``REQUIRED``."""
    path = ORACLES / "slack-methods.schema.json"
    if not path.exists() or method not in _SCHEMAS:
        return None
    arguments = json.loads(path.read_text(encoding="utf-8"))[_SCHEMAS[method]]["definitions"]["X"]
    return Draft7Validator({key: value for key, value in arguments.items() if key != "required"})


def _metadata_faults(metadata: dict[str, Any]) -> list[str]:
    """Check the shape that chat.postMessage documents, and its 8,000 characters."""
    right = set(metadata) == {"event_type", "event_payload"} and isinstance(metadata["event_payload"], dict)
    small = len(json.dumps(metadata)) <= 8_000
    return [] if right and small else [f"metadata {str(metadata)[:100]}"]


def message_faults(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with a message: its blocks, its text, its switches."""
    blocks = body.get("blocks", [])
    found = block_faults(blocks)
    if len(blocks) > 50:
        found.append(f"{len(blocks)} blocks in a message")
    if (chars := len(json.dumps(blocks, ensure_ascii=False))) >= BLOCK_CHARS:
        found.append(f"{chars} characters of blocks")
    text = body.get("text", "")
    if not text.strip():
        found.append("no text for notifications")
    if len(text) > 4000:
        found.append(f"{len(text)} characters of text")
    found += [f"text has an unescaped <{t[:20]}" for t in text.split("<")[1:]]
    found += [f"{key} is not off" for key in ("unfurl_links", "unfurl_media") if body.get(key, False)]
    return found


def view_faults(view: dict[str, Any]) -> list[str]:
    """Return what is wrong with a modal or an App Home."""
    blocks = view.get("blocks", [])
    found = list(_schema_faults(_schema("slack-view.schema.json"), {**view, "blocks": blocks[:1]}, "view"))
    found += [fault for block in blocks for fault in _in_view(view["type"], json.dumps(block))]
    found += block_faults(blocks)
    if len(blocks) > 100:
        found.append(f"{len(blocks)} blocks in a view")
    for key, limit in (("title", 24), ("submit", 24), ("close", 24)):
        if key in view and not 0 < len(view[key]["text"]) <= limit:
            found.append(f"{key} has {len(view[key]['text'])} characters")
    if len(view.get("private_metadata", "")) > 3000 or len(view.get("callback_id", "")) > 255:
        found.append("private_metadata or callback_id too long")
    try:
        View(**view).to_dict()
    except SlackObjectFormationError as error:
        found.append(str(error))
    return found


def block_faults(blocks: list[dict[str, Any]]) -> list[str]:
    """Return what is wrong with blocks, wherever they stand."""
    found = [fault for block in blocks for fault in _in_message(json.dumps(block))]
    ids = [block["block_id"] for block in blocks if "block_id" in block]
    if len(ids) != len(set(ids)) or any(len(one) > 255 for one in ids):
        found.append("block_id twice or too long")
    for block in blocks:
        found += _limit_faults(block)
        try:
            parsed = Block.parse(block)
            found += [] if parsed is None else _unchanged(parsed.to_dict(), block)
        except SlackObjectFormationError as error:
            found.append(f"{block['type']}: {error}")
    return found


def _unchanged(parsed: dict[str, Any], block: dict[str, Any]) -> list[str]:
    return [] if parsed.get("type") == block.get("type") else [f"the SDK reads {block} as {parsed}"]


def _limit_faults(block: dict[str, Any]) -> list[str]:
    counts = {"context": 10, "actions": 25}
    found = []
    if (limit := counts.get(block["type"])) and not 1 <= len(block["elements"]) <= limit:
        found.append(f"{len(block['elements'])} elements in {block['type']}")
    if block["type"] == "header" and not 0 < len(block["text"]["text"]) <= 150:
        found.append("header's length")
    if len(block.get("fields", ())) > 10:
        found.append("fields")
    if block["type"] == "actions":
        names = [element["action_id"] for element in block["elements"]]
        if len(names) != len(set(names)):
            found.append("action_id twice in a row")
    return found + [fault for node in _nodes(block) for fault in _node_faults(node)]


def _nodes(thing: object) -> Iterator[dict[str, Any]]:
    if isinstance(thing, dict):
        yield thing
        for value in thing.values():
            yield from _nodes(value)
    if isinstance(thing, list):
        for value in thing:
            yield from _nodes(value)


def _node_faults(node: dict[str, Any]) -> list[str]:
    kind, text = node.get("type"), node.get("text")
    found = []
    if kind in _TEXT and not 0 < len(node["text"]) <= _TEXT[str(kind)]:
        found.append(f"{kind} of {len(node['text'])} characters")
    if kind in {"text", "link"} and text == "":
        found.append(f"empty {kind} in rich text")
    if kind in {"rich_text_section", "rich_text_quote", "rich_text_list"} and not node["elements"]:
        found.append(f"empty {kind}")
    if kind == "link" and not str(node["url"]).startswith(("http://", "https://")):
        found.append(f"link to {node['url']}")
    if len(str(node.get("url", ""))) > 3000:
        found.append("url too long")
    if kind == "button":
        lengths = {key: len(node[key]["text"] if key == "text" else node[key]) for key in _BUTTON if key in node}
        found += [f"button's {key} has {n}" for key, n in lengths.items() if not 0 < n <= _BUTTON[key]]
    if "options" in node:
        found += _option_faults(node)
    if kind == "mrkdwn":
        found += _mrkdwn_faults(node["text"])
    return found


def _option_faults(node: dict[str, Any]) -> list[str]:
    options = node["options"]
    most = {"overflow": 5, "checkboxes": 10, "radio_buttons": 10}.get(node["type"], 100)
    found = [] if 1 <= len(options) <= most else [f"{len(options)} options in {node['type']}"]
    right = (0 < len(o["text"]["text"]) <= 75 and 0 < len(o["value"]) <= 150 for o in options)
    return [*found, *(f"option {str(o)[:80]}" for o, well in zip(options, right, strict=True) if not well)]


_NAMES = re.compile(r"markup <(?:#[CGD]|@[UW]|!subteam\^S)[A-Z0-9]+> in small print")


def but_names(faults: list[str]) -> list[str]:
    """Leave out the channels, people and groups that answers name by their ids; a digest names none."""
    return [fault for fault in faults if not _NAMES.fullmatch(fault)]


def _mrkdwn_faults(text: str) -> list[str]:
    """Name every control sequence that is not a labelled link or a date: nothing else is ours."""
    found = []
    for piece in text.split("<")[1:]:
        inside, closed, _ = piece.partition(">")
        if not closed or not inside.startswith(("http://", "https://", "!date^")) or "|" not in inside:
            found.append(f"markup <{inside[:40]}> in small print")
    return found
