"""What Discord would say of a body: its OpenAPI description where it lies beside the project, and its limits.

The description (``../shared/oracles/discord-openapi.json``) holds the structure; ``oneOf`` is read as ``anyOf``, as
discord.com does. The limits it leaves out stand here. Faults are sentences, none when the body is right.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from tests.shared import ROOT

ORACLE = ROOT.parent / "shared" / "oracles" / "discord-openapi.json"
V2 = 1 << 15
MAX_COMPONENTS, MAX_TEXT, MAX_BYTES, TEXT_OVERHEAD = 40, 4_000, 10_170, 12
MAX_CONTENT, MAX_EMBEDS, MAX_NONCE, MAX_NAME = 2_000, 6_000, 25, 100
EDITABLE = {"content", "embeds", "allowed_mentions", "components", "attachments", "flags"}
KNOWN = {
    "MessageCreateRequest": {
        "content", "embeds", "allowed_mentions", "components", "flags", "nonce", "enforce_nonce", "tts", "attachments",
    },
    "IncomingWebhookUpdateRequestPartial": EDITABLE,
    "MessageEditRequestPartial": EDITABLE,
    "CreateMessageInteractionCallbackRequest": {"type", "data"},
    "UpdateMessageInteractionCallbackRequest": {"type", "data"},
    "ApplicationCommandAutocompleteCallbackRequest": {"type", "data"},
    "ModalInteractionCallbackRequest": {"type", "data"},
    "CreateForumThreadRequest": {"name", "message", "applied_tags", "auto_archive_duration"},
    "CreateTextThreadWithMessageRequest": {"name", "auto_archive_duration"},
}  # fmt: skip


@cache
def _schemas() -> dict[str, Any]:
    if not ORACLE.exists():
        return {}
    found: dict[str, Any] = json.loads(ORACLE.read_text(encoding="utf-8").replace('"oneOf"', '"anyOf"'))
    return found["components"]


@cache
def _validator(name: str) -> Draft202012Validator | None:
    schemas = _schemas()
    if name not in schemas.get("schemas", {}):
        return None
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": schemas})


def message_faults(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with the body of "Create message"."""
    return [*_described("MessageCreateRequest", body), *_limits(body)]


def interaction_faults(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with a message that answers an interaction; its flags may say that it is private."""
    return [*_described("IncomingWebhookUpdateRequestPartial", body), *_limits(body)]


def edit_faults(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with the body of "Edit message"."""
    return [*_described("MessageEditRequestPartial", body), *_limits(body)]


CALLBACKS = {
    5: "CreateMessageInteractionCallbackRequest",
    6: "UpdateMessageInteractionCallbackRequest",
    8: "ApplicationCommandAutocompleteCallbackRequest",
    9: "ModalInteractionCallbackRequest",
}
"""The first answers that we give: deferred, nothing to see, suggestions, a form."""


def callback_faults(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with the first answer to an interaction."""
    kind, data = body.get("type"), body.get("data") or {}
    if kind not in CALLBACKS:
        return [f"no first answer of ours has the type {kind}"]
    found = list(_described(CALLBACKS[kind], body))
    if kind == 8 and len(data.get("choices", [])) > 25:
        found.append("more than 25 suggestions")
    return found + (list(_form_faults(data)) if kind == 9 else [])


def _form_faults(form: dict[str, Any]) -> Iterator[str]:
    fields = [one for one in form["components"] if one["type"] == 18]
    ids = [one["component"]["custom_id"] for one in fields]
    if not 1 <= len(fields) <= 5:
        yield f"a form has 1 to 5 fields, not {len(fields)}"
    if len(set(ids)) != len(ids):
        yield "a form's field stands twice"
    for one in fields:
        field = one["component"]
        if len(field.get("value", "")) > field.get("max_length", 4_000):
            yield f"{field['custom_id']} is filled with more than it takes"


def command_faults(command: dict[str, Any]) -> list[str]:
    """Return what is wrong with a command as it is told to Discord."""
    validator = _validator("ApplicationCommandUpdateRequest")
    faults = [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(command)] if validator else []
    return [fault for fault in faults if "nsfw" not in fault]


def forum_faults(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with the body that opens a post in a forum."""
    return [*_described("CreateForumThreadRequest", body), *_name(body), *_limits(body.get("message", {}))]


def thread_faults(body: dict[str, Any]) -> list[str]:
    """Return what is wrong with the body that lets a message begin a thread."""
    return [*_described("CreateTextThreadWithMessageRequest", body), *_name(body)]


def _described(name: str, body: dict[str, Any]) -> Iterator[str]:
    for unknown in sorted(body.keys() - KNOWN[name]):
        yield f"{name}: unknown key {unknown}"
    if (validator := _validator(name)) is not None:
        for error in validator.iter_errors(body):
            yield f"{name}: {error.json_path}: {error.message[:300]}"


def _name(body: dict[str, Any]) -> Iterator[str]:
    if not 1 <= len(body.get("name", "")) <= MAX_NAME:
        yield "a thread's name has 1 to 100 characters"


def _limits(body: dict[str, Any]) -> Iterator[str]:
    if body.get("allowed_mentions", {}).get("parse") != []:
        yield "allowed_mentions parses mentions from the text, or is missing"
    if len(str(body.get("nonce", ""))) > MAX_NONCE:
        yield "the nonce is too long"
    if len(body.get("content") or "") > MAX_CONTENT:
        yield "content is too long"
    if body.get("flags", 0) & V2 and (body.get("content") or body.get("embeds")):
        yield "a Components V2 message holds neither content nor embeds"
    if sum(_embed_size(embed) for embed in body.get("embeds") or []) > MAX_EMBEDS:
        yield "the embeds are too long in all"
    yield from _component_faults(body.get("components") or [], v2=bool(body.get("flags", 0) & V2))


def _embed_size(embed: dict[str, Any]) -> int:
    texts = [embed.get("title"), embed.get("description"), embed.get("footer", {}).get("text")]
    texts += [part for field in embed.get("fields", []) for part in (field["name"], field["value"])]
    return sum(len(text or "") for text in texts)


def _component_faults(components: list[dict[str, Any]], *, v2: bool) -> Iterator[str]:
    every = list(_walk(components))
    texts = [c["content"] for c in every if c["type"] == 10]
    ids = [c["custom_id"] for c in every if "custom_id" in c]
    marks = [c["id"] for c in every if c.get("id")]
    if not v2 and any(c["type"] in {9, 10, 14, 17} for c in every):
        yield "layout components need the Components V2 flag"
    if v2 and not every:
        yield "the message is empty"
    if len(every) > MAX_COMPONENTS:
        yield f"{len(every)} components"
    if sum(map(_units, texts)) > MAX_TEXT:
        yield f"{sum(map(_units, texts))} characters of text"
    if sum(len(text.encode()) + TEXT_OVERHEAD for text in texts) > MAX_BYTES:
        yield "too many bytes of text: Discord would answer 500"
    if any(not text.strip() for text in texts):
        yield "a text is empty"
    if len(set(ids)) != len(ids):
        yield "a custom_id stands twice"
    if len(set(marks)) != len(marks):
        yield "a component's id stands twice"


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _walk(components: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from _walk(component.get("components", []))
