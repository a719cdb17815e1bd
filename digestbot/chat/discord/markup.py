"""Discord's Markdown, written and read back: text of other people is escaped once, here; knows no component.

Discord drops a backslash before any sign that is neither a letter, a digit nor a space, so every sign that could
open markup, a mention or a link is written behind one (discord.com/developers/docs, "Message formatting").
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import assert_never

from digestbot.chat.characters import one_line
from digestbot.domain.digest import Link, Moment, MomentStyle, Named, NamedKind, Span, Strong, Text

MAX_URL = 512
"""Characters of an address in a message; Discord's own limit for buttons, kept for links as well."""
_STYLES: dict[MomentStyle, str] = {"time": "t", "date": "D", "datetime": "f", "relative": "R"}
_NAMED: dict[NamedKind, str] = {"channel": "#", "person": "@", "role": "@&"}
_SPECIAL = re.compile(r"[\\*_~`|<>\[\]()@#]|(?<=\w):(?=//)")
_LINE_START = re.compile(r"^(\s*)([-+]|\d+(?=\.\s))")
_URL = re.compile(r"https?://[^\s<>()\"'`|\\\x00-\x20\x7f-\x9f\ud800-\udfff]+")
_READ = re.compile(
    r"\\(?P<escaped>[^0-9A-Za-z\s])"
    r"|\[(?P<label>(?:\\.|[^\]\\])*)\]\(<[^>]*>\)"
    r"|<t:(?P<time>-?\d+):\w>"
    r"|<(?:#|@&?)(?P<named>\d+)>"
    r"|(?P<bold>\*\*)"
)
_LINE_MARK = re.compile(r"^(?:> )?(?:#{1,3} |-# )?")


def escape(text: str) -> str:
    """Return text on one line that Discord shows exactly as it stands."""
    escaped = _SPECIAL.sub(lambda sign: "\\" + sign.group(), one_line(text))
    return _LINE_START.sub(_quoted_start, escaped)


def _quoted_start(start: re.Match[str]) -> str:
    """Keep a dash or a number at a line's start from opening a list: the stop of a number is escaped by its caller."""
    space, sign = start.groups()
    return f"{space}\\{sign}" if sign in "-+" else f"{space}{sign}\\"


def is_address(url: str) -> bool:
    """Tell whether an address may be linked: http(s), short enough, nothing in it that ends a link early."""
    return len(url) <= MAX_URL and _URL.fullmatch(url) is not None


def written(spans: Sequence[Span]) -> str:
    """Return spans in Discord's Markdown."""
    return "".join(_written(span) for span in spans)


def _written(span: Span) -> str:
    match span:
        case Text():
            return escape(span.text)
        case Strong():
            return _bold(span.text)
        case Link():
            label = escape(span.text)
            return f"[{label}](<{span.url}>)" if label.strip() and is_address(span.url) else label
        case Moment():
            return f"<t:{int(span.at.timestamp())}:{_STYLES[span.style]}>"
        case Named():
            return f"<{_NAMED[span.kind]}{span.id}>" if re.fullmatch(r"\d{15,20}", span.id) else escape(span.id)
        case _:
            assert_never(span)


def _bold(text: str) -> str:
    """Return a text in bold; blanks at its ends stand outside the marks, so that they are not lost."""
    inner = escape(text).strip()
    if not inner:
        return ""
    return f"{' ' if text[:1].isspace() else ''}**{inner}**{' ' if text[-1:].isspace() else ''}"


def read(content: str) -> str:
    """Return what a reader sees of a text this module's functions wrote; times in UTC."""
    return "\n".join(_READ.sub(_shown, _LINE_MARK.sub("", line)) for line in content.split("\n"))


def _shown(found: re.Match[str]) -> str:
    if (sign := found["escaped"]) is not None:
        return sign
    if (label := found["label"]) is not None:
        return read(label)
    if (named := found["named"]) is not None:
        return named
    if (time := found["time"]) is not None:
        return f"{datetime.fromtimestamp(int(time), UTC):%Y-%m-%d %H:%M}"
    return ""
