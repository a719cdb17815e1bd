"""Block Kit payloads as HTML that looks like Slack; reads plain JSON, knows no chat library."""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import unescape

from digestbot.domain.digest import Message
from digestbot.web.preview.markup import broken, button, escape, link, moment

_TOKEN = re.compile(
    r"<!date\^(?P<time>-?\d+)\^(?P<form>[^|^>]*)[^|>]*\|(?P<fallback>[^>]*)>"
    r"|<!(?P<broadcast>here|channel|everyone)>"
    r"|<(?:(?P<sign>[#@])|!subteam\^)(?P<named>[A-Z0-9]+)>"
    r"|<(?P<url>https?://[^|>]+)(?:\|(?P<label>[^>]*))?>"
    r"|(?<!\w)\*(?P<bold>[^*\n]+)\*(?!\w)"
    r"|(?<!\w)_(?P<italic>[^_\n]+)_(?!\w)"
)

_DATE_TOKEN = re.compile(r"\{(\w+)\}")
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_TEENTH = (11, 12, 13)


def blocks(message: Message) -> str:
    """Return a message's blocks as HTML; a kind that is not known shows its text."""
    found = message.payload.get("blocks")
    return "".join(_block(block) for block in found) if isinstance(found, list) else ""


def _block(node: object) -> str:
    html = ""
    match node:
        case {"type": "header", "text": {"text": str(text)}}:
            html = f'<h4 class="header" dir="auto">{escape(text)}</h4>'
        case {"type": "rich_text", "elements": list(elements)}:
            html = "".join(_rich_part(element) for element in elements)
        case {"type": "context", "elements": list(elements)}:
            html = f'<p class="context" dir="auto">{" ".join(_text(element) for element in elements)}</p>'
        case {"type": "section", **rest}:
            html = _section(rest)
        case {"type": "actions", "elements": list(elements)}:
            html = f'<div class="row">{"".join(_control(element) for element in elements)}</div>'
        case {"type": "divider"}:
            html = "<hr>"
        case {"type": "image", "alt_text": str(text)}:
            html = f'<p class="context">[{escape(text)}]</p>'
    return html


def _section(node: Mapping[object, object]) -> str:
    fields = node.get("fields")
    texts = [node.get("text"), *(fields if isinstance(fields, list) else [])]
    body = "".join(f'<p dir="auto">{_text(text)}</p>' for text in texts if text)
    accessory = node.get("accessory")
    return f'<div class="section"><div>{body}</div>{_control(accessory) if accessory else ""}</div>'


def _rich_part(node: object) -> str:
    html = ""
    match node:
        case {"type": "rich_text_section", "elements": list(elements)}:
            html = f'<p dir="auto">{_inline(elements)}</p>'
        case {"type": "rich_text_quote", "elements": list(elements)}:
            html = f'<blockquote dir="auto">{_inline(elements)}</blockquote>'
        case {"type": "rich_text_preformatted", "elements": list(elements)}:
            html = f"<pre>{_inline(elements)}</pre>"
        case {"type": "rich_text_list", "elements": list(elements), **rest}:
            html = _list(rest, elements)
    return html


def _list(node: Mapping[object, object], elements: Sequence[object]) -> str:
    items = "".join(f'<li><div dir="auto">{_item(element)}</div></li>' for element in elements)
    if node.get("style") != "ordered":
        return f"<ul>{items}</ul>"
    offset = node.get("offset")
    start = f' start="{offset + 1}"' if isinstance(offset, int) and offset else ""
    return f"<ol{start}>{items}</ol>"


def _item(node: object) -> str:
    match node:
        case {"elements": list(elements)}:
            return _inline(elements)
        case _:
            return ""


def _inline(elements: Iterable[object]) -> str:
    return "".join(_styled(element) for element in elements)


def _styled(node: object) -> str:
    html = _element(node)
    match node:
        case {"style": {"bold": True}}:
            html = f"<strong>{html}</strong>"
        case {"style": {"italic": True}}:
            html = f"<em>{html}</em>"
        case {"style": {"code": True}}:
            html = f"<code>{html}</code>"
    return html


def _element(node: object) -> str:
    html = ""
    match node:
        case {"type": "text", "text": str(text)}:
            html = broken(text)
        case {"type": "link", "url": str(url), **rest}:
            html = link(url, escape(str(rest.get("text") or url)))
        case {"type": "date", "timestamp": int(at), **rest}:
            html = moment(at, written(at, str(rest.get("format") or ""), str(rest.get("fallback") or at)))
        case {"type": "broadcast", "range": str(name)}:
            html = _mention(f"@{name}")
        case {"type": "channel", "channel_id": str(name)}:
            html = _mention(f"#{name}")
        case {"type": "usergroup", "usergroup_id": str(name)} | {"type": "user", "user_id": str(name)}:
            html = _mention(f"@{name}")
        case {"type": "emoji", "name": str(name)}:
            html = escape(f":{name}:")
    return html


def _mention(name: str) -> str:
    return f'<span class="mention">{escape(name)}</span>'


def _text(node: object) -> str:
    """Return a text object: ``plain_text`` as it stands, ``mrkdwn`` with its markup shown."""
    match node:
        case {"type": "mrkdwn", "text": str(text)}:
            return mrkdwn(text)
        case {"text": str(text)}:
            return broken(text)
        case _:
            return ""


def written(timestamp: int, form: str, fallback: str) -> str:
    """Return a point in time as Slack writes it for a reader in UTC, whose language is American English.

    ``form`` holds Slack's tokens (docs.slack.dev, "Formatting message text"); one that depends on when it is read
    (``{ago}``), or is not known, leaves the fallback.
    """
    try:
        at = datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, OSError, ValueError):
        return fallback
    day = f"{at.day}{'th' if at.day in _TEENTH else _ENDINGS.get(at.day % 10, 'th')}"
    hour = f"{at.hour % 12 or 12}:{at:%M}"
    said = {
        "date_num": f"{at:%Y-%m-%d}",
        "date": f"{at:%B} {day}, {at.year}",
        "date_short": f"{at:%b} {at.day}, {at.year}",
        "date_long": f"{at:%A}, {at:%B} {day}, {at.year}",
        "time": f"{hour} {at:%p}",
        "time_secs": f"{hour}:{at:%S} {at:%p}",
    }
    names = [name.removesuffix("_pretty") for name in _DATE_TOKEN.findall(form)]
    if not names or not all(name in said for name in names):
        return fallback
    return _DATE_TOKEN.sub(lambda found: said[found[1].removesuffix("_pretty")], form)


def mrkdwn(text: str) -> str:
    """Return Slack's markup as HTML: dates, links, bold and italic; the three entities are undone first."""
    pieces: list[str] = []
    at = 0
    for found in _TOKEN.finditer(text):
        pieces += [broken(unescape(text[at : found.start()])), _token(found)]
        at = found.end()
    return "".join([*pieces, broken(unescape(text[at:]))])


def _token(found: re.Match[str]) -> str:
    kind, value = found.lastgroup, found.group(found.lastgroup or 0)
    match kind:
        case "fallback":
            at = int(found["time"])
            return moment(at, written(at, unescape(found["form"]), unescape(value)))
        case "broadcast":
            return _mention(f"@{value}")
        case "named":
            return _mention(f"{found['sign'] or '@'}{value}")
        case "bold":
            return f"<strong>{mrkdwn(value)}</strong>"
        case "italic":
            return f"<em>{mrkdwn(value)}</em>"
        case _:
            url = unescape(found["url"])
            return link(url, escape(unescape(found["label"] or found["url"])))


def _control(node: object) -> str:
    html = ""
    match node:
        case {"type": "button", "text": {"text": str(label)}, **rest}:
            html = button(label, str(rest.get("value") or ""))
        case {"type": "overflow", "options": list(options)}:
            items = "".join(f"<li>{_option(option)}</li>" for option in options)
            html = f'<details class="menu"><summary aria-label="More actions">⋯</summary><ul>{items}</ul></details>'
    return html


def _option(node: object) -> str:
    match node:
        case {"text": {"text": str(label)}}:
            return escape(label)
        case _:
            return ""
