"""Writes HTML that can hold anybody's words: every string passes ``escape`` once; knows no platform."""

import re
from datetime import UTC, datetime
from html import escape as _escape

_ADDRESS = re.compile(r"https?://[^\s\"'<>`]+", re.IGNORECASE)
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def escape(text: str) -> str:
    """Return text as HTML that shows exactly these characters; what no screen shows is left out."""
    return _escape(_UNPRINTABLE.sub("", text), quote=True)


def broken(text: str) -> str:
    """Return text as HTML with its line breaks kept."""
    return escape(text).replace("\n", "<br>")


def is_web(url: str) -> bool:
    """Tell whether an address may be linked: http(s), and nothing in it that could end an attribute."""
    return _ADDRESS.fullmatch(url) is not None


def link(url: str, inner: str) -> str:
    """Return ``inner`` (HTML) as a link, or alone when the address is not http(s)."""
    if not is_web(url):
        return inner
    return f'<a href="{escape(url)}" target="_blank" rel="noopener noreferrer nofollow">{inner}</a>'


def moment(timestamp: int, shown: str) -> str:
    """Return a point in time as HTML; ``shown`` is what to read, the machine reads the instant in UTC."""
    try:
        at = datetime.fromtimestamp(timestamp, UTC).isoformat()
    except (OverflowError, OSError, ValueError):
        return escape(shown)
    return f'<time datetime="{at}" title="{at}">{escape(shown)}</time>'


def button(label: str, runs: str) -> str:
    """Return the picture of a button; ``runs`` is the command line that a press would run."""
    tip = f' title="runs: {escape(runs)}"' if runs else ""
    return f'<span class="button"{tip}>{escape(label)}<span class="unseen"> (button)</span></span>'
