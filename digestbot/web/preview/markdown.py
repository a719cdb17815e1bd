"""Discord's Markdown as HTML, as far as a digest uses it; reads text, knows no chat library.

A backslash before a sign that is neither letter, digit nor space shows that sign (Discord, "Message formatting").
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby

from digestbot.web.preview.markup import escape, link, moment

_TOKEN = re.compile(
    r"\\(?P<escaped>[^0-9A-Za-z\s])"
    r"|\[(?P<label>(?:\\.|[^\]\\])+)\]\((?:<(?P<angle>https?://[^>\s]+)>|(?P<url>https?://[^\s)]+))\)"
    r"|<t:(?P<time>-?\d{1,12})(?::(?P<style>[tTdDfFR]))?>"
    r"|<(?:@&?|#)(?P<mention>\d+)>"
    r"|\*\*(?P<bold>(?:\\.|[^\\])+?)\*\*"
    r"|(?P<mark>[*_])(?P<italic>(?:\\.|[^\\*_\s])(?:(?:\\.|[^\\*_])*?(?:\\.|[^\\*_\s]))?)(?P=mark)(?!\w)"
    r"|`(?P<code>[^`]+)`",
    re.DOTALL,
)
_LINE = re.compile(r"(?P<mark>#{1,3} |-# |[-*] |\d+\. )?(?P<rest>.*)", re.DOTALL)
_FORMATS = {
    "t": "{0:%H:%M}",
    "T": "{0:%H:%M:%S}",
    "d": "{0:%d/%m/%Y}",
    "D": "{0.day} {0:%B %Y}",
    "f": "{0.day} {0:%B %Y %H:%M}",
    "F": "{0:%A}, {0.day} {0:%B %Y %H:%M}",
    "R": "{0.day} {0:%B %H:%M}",
}


def markdown(content: str) -> str:
    """Return a text's HTML: headings, small print, quotations and paragraphs, a line each."""
    pieces: list[str] = []
    for quoted, lines in groupby(content.split("\n"), key=lambda line: line.startswith("> ")):
        if quoted:
            inner = "".join(_line(line[2:]) for line in lines)
            pieces.append(f"<blockquote>{inner}</blockquote>")
        else:
            pieces.extend(_line(line) for line in lines)
    return "".join(pieces)


def _line(line: str) -> str:
    found = _LINE.fullmatch(line)
    mark, rest = (found["mark"] or "", found["rest"]) if found else ("", line)
    if not line.strip():
        return ""
    html = inline(rest)
    match mark.strip():
        case "#" | "##" | "###":
            level = len(mark.strip())
            return f'<h{level + 3} class="h{level}" dir="auto">{html}</h{level + 3}>'
        case "-#":
            return f'<p class="small" dir="auto">{html}</p>'
        case "-" | "*":
            return f'<p class="item" dir="auto">• {html}</p>'
        case other:
            return f'<p dir="auto">{escape(other)}{" " if other else ""}{html}</p>'


def inline(text: str) -> str:
    """Return the HTML of one line."""
    return "".join(_pieces(text))


def _pieces(text: str) -> Iterator[str]:
    at = 0
    for found in _TOKEN.finditer(text):
        yield escape(text[at : found.start()])
        yield _token(found)
        at = found.end()
    yield escape(text[at:])


def _token(found: re.Match[str]) -> str:
    part = found.groupdict()
    if part["time"] is not None:
        html = _time(int(part["time"]), part["style"] or "f")
    elif part["label"] is not None:
        html = link(part["angle"] or part["url"] or "", inline(part["label"]))
    elif part["bold"] is not None:
        html = f"<strong>{inline(part['bold'])}</strong>"
    elif part["italic"] is not None:
        html = f"<em>{inline(part['italic'])}</em>"
    elif part["mention"] is not None:
        html = f'<span class="mention">{"#channel" if found[0].startswith("<#") else "@role"}</span>'
    elif part["code"] is not None:
        html = f"<code>{escape(part['code'])}</code>"
    else:
        html = escape(part["escaped"] or "")
    return html


def _time(timestamp: int, style: str) -> str:
    """Return a time in UTC, as Discord writes it in that style."""
    try:
        at = datetime.fromtimestamp(timestamp, UTC)
    except (OverflowError, OSError, ValueError):
        return escape(str(timestamp))
    return moment(timestamp, _FORMATS[style].format(at))
