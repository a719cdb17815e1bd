"""Fills templates; every value is escaped by the template engine, every address is held to http(s) first."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any
from unicodedata import bidirectional
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from digestbot.domain.addresses import shown
from digestbot.domain.digest import Actions, Heading, Link, Moment, Prose, Quotation, Rule, Sources, Strong, Text
from digestbot.domain.subscription import Channel
from digestbot.editorial.schedule import zone
from digestbot.web.access import GUARD
from digestbot.web.preview.markup import escape, link

STATIC: Mapping[str, str] = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_BLOCKS = {
    "heading": Heading,
    "prose": Prose,
    "quotation": Quotation,
    "sources": Sources,
    "actions": Actions,
    "rule": Rule,
    "plain": Text,
    "strong": Strong,
    "linked": Link,
    "moment": Moment,
}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Return a page made from a template; ``values`` are what it shows, escaped.

    A ``plain`` one has no ways to the other pages. Whoever has the page already gets a 304.
    """
    values = {"plain": False, "guarded": bool(request.app[GUARD].token), **values}
    text = paint(template, path=request.path, query=request.query.get("q", ""), **values)
    etag = sha256(text.encode()).hexdigest()[:24]
    if status == HTTPStatus.OK and any(known.value == etag for known in request.if_none_match or ()):
        response = web.Response(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = web.Response(text=text, status=status, content_type="text/html", charset="utf-8")
    response.etag = etag
    return response


def paint(template: str, **values: Any) -> str:
    """Return a template's text with everything put in; control signs and marks that turn a line round are left out."""
    return _UNPRINTABLE.sub("", _environment().get_template(template).render(values))


@cache
def static_path(name: str) -> str:
    """Return the address of a file of ours; it changes with the file, so browsers may keep it for good."""
    return f"/static/{sha256(static_bytes(name)).hexdigest()[:12]}/{name}"


@cache
def static_bytes(name: str) -> bytes:
    """Return a file of ours.

    Raises:
        FileNotFoundError: There is none of this name.

    """
    if PurePosixPath(name).name != name or PurePosixPath(name).suffix not in STATIC:
        raise FileNotFoundError(name)
    if name == "windows.css":
        return files("digestbot.web.preview").joinpath(name).read_bytes()
    return files("digestbot.web.pages").joinpath("static", name).read_bytes()


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("digestbot.web.pages", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=lambda value: "" if value is None else value,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {
        "day": day,
        "clock": clock,
        "moment": moment,
        "ago": ago,
        "count": count,
        "words": words,
        "span": span,
        "direction": direction,
        "place": place,
        "shown": shown,
    }
    made.filters["add_one"] = lambda number: number + 1
    made.globals |= {"out": _out, "static": static_path, "address": address}
    made.tests |= {name: lambda value, kind=kind: isinstance(value, kind) for name, kind in _BLOCKS.items()}
    return made


def _out(url: str, text: str) -> Markup:
    """Return a link that leads out, or the text alone where the address is not http(s)."""
    return Markup(link(url, escape(text)))  # noqa: S704 - both are escaped by the functions of preview.markup


def address(path: str, **query: object) -> str:
    """Return an address of ours with the parts of a query that say something."""
    said = {name: value for name, value in query.items() if value not in ("", None)}
    return f"{path}?{urlencode(said, errors='replace')}" if said else path


def day(at: datetime, timezone: str = "UTC") -> str:
    """Return "Monday 24 November 2026"."""
    local = at.astimezone(zone(timezone))
    return f"{_WEEKDAYS[local.weekday()]} {local.day} {_MONTHS[local.month - 1]} {local.year}"


def clock(at: datetime, timezone: str = "UTC") -> str:
    """Return "08:00"."""
    return f"{at.astimezone(zone(timezone)):%H:%M}"


def moment(at: datetime | None, timezone: str = "UTC") -> Markup:
    """Return a point in time as HTML: "24 November, 08:00", the instant in UTC for machines."""
    if at is None:
        return Markup("–")
    local = at.astimezone(zone(timezone))
    shown = f"{local.day} {_MONTHS[local.month - 1]}, {local:%H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(at.astimezone(UTC).isoformat(timespec="seconds"), shown)


def ago(at: datetime | None, now: datetime) -> Markup:
    """Return how long ago, or in how long, as HTML: "3 min ago", "in 2 h"."""
    if at is None:
        return Markup("–")
    past = at <= now
    length = span(now - at if past else at - now)
    shown = (f"{length} ago" if past else f"in {length}") if length else "now"
    return Markup('<time datetime="{0}" title="{0}">{1}</time>').format(
        at.astimezone(UTC).isoformat(timespec="seconds"), shown
    )


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit: "45 s", "3 min", "2 h", "5 d"; empty for less than a second."""
    seconds = length.total_seconds()
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60), ("s", 1)):
        if seconds >= size * (2 if unit == "d" else 1):
            return f"{seconds / size:.0f} {unit}"
    return ""


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def direction(line: str) -> str:
    """Return which way a line runs, as HTML has it: that of its first letter (rule P2 of Unicode's UAX 9)."""
    first = next((kind for kind in map(bidirectional, line) if kind in {"L", "R", "AL"}), "L")
    return "ltr" if first == "L" else "rtl"


def place(channel: Channel) -> str:
    """Return where a channel is, for people: the terminal, or its platform and id."""
    return "the terminal" if channel.platform == "console" else str(channel)


def words(code: str) -> str:
    """Return a machine's name for something as words: ``no_speaker`` → "no speaker"."""
    return code.replace("_", " ").replace("-", " ")
