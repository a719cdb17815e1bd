"""Read a Block Kit message back as its reader sees it: what the promise of verbatim quotations is checked on."""

import re

from digestbot.chat.slack.elements import unescape
from digestbot.domain.digest import Message


def visible(message: Message) -> str:
    """Return the characters a reader of the message sees, a line each for blocks, escaping undone."""
    blocks = message.payload.get("blocks")
    shown = [_seen(block) for block in blocks] if isinstance(blocks, list) else []
    return "\n".join(line for line in shown if line)


def _seen(node: object) -> str:
    match node:
        case {"type": "mrkdwn", "text": str(text)}:
            return _seen_mrkdwn(text)
        case (
            {"text": str(text)}
            | {"type": "date", "fallback": str(text)}
            | {"channel_id": str(text)}
            | {"user_id": str(text)}
            | {"usergroup_id": str(text)}
        ):
            return text
        case {"type": "rich_text_section" | "rich_text_quote", "elements": list(elements)}:
            return "".join(_seen(element) for element in elements)
        case {"elements": list(elements)} | {"options": list(elements)}:
            return "\n".join(_seen(element) for element in elements)
        case {"text": dict(text)}:
            return _seen(text)
        case _:
            return ""


def _seen_mrkdwn(text: str) -> str:
    """Undo the markup our small print has: dates, links, bold, then the entities."""
    shown = re.sub(r"<[^|>]*\|([^>]*)>", r"\1", text)
    shown = re.sub(r"<(?:#|@|!subteam\^)([A-Z0-9]+)>", r"\1", shown)
    return unescape(re.sub(r"\*([^*]*)\*", r"\1", shown))
