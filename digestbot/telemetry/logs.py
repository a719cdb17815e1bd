"""Logs: structlog on standard error, with every secret taken out; knows no adapter."""

import logging
import re
import sys
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any, Literal

import structlog

REDACTED = "[redacted]"

_TOKEN = re.compile(
    r"""xox[a-z]-[\w-]+ | xapp-[\w-]+                      # Slack
      | [MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,}     # Discord
      | (?<=Bot\ )[\w.-]{20,} | (?<=Bearer\ )[\w.~+/-]{16,}=*
      | (?<=://)[^/\s:@]+:[^/\s@]+(?=@)                    # user:password@host
    """,
    re.VERBOSE,
)
# Query strings carry API keys of private feeds: the log keeps the address without them.
_QUERY = re.compile(r"(https?://[^\s?#\"'<>]+)\?[^\s\"'<>]*")
_AGAIN = 60.0
"""Seconds after which a condensed warning is said again."""
_DIM, _BOLD, _END = "\x1b[2m", "\x1b[1m", "\x1b[0m"
_COLOURS = {"warning": "\x1b[1;33m", "error": "\x1b[1;31m", "critical": "\x1b[1;31m"}
_FOR_MACHINES = frozenset({"room", "code", "roles", "logger"})
_PLAIN = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+")
"""What a terminal obeys or lets it turn a line round."""
_SECRET_KEY = re.compile(r"token|secret|password|authorization|api_?key", re.IGNORECASE)


def redact(text: str) -> str:
    """Return the text with tokens, passwords in addresses and query strings taken out."""
    return _QUERY.sub(r"\1?…", _TOKEN.sub(REDACTED, text))


def _clean(value: object) -> object:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {k: REDACTED if _SECRET_KEY.search(str(k)) else _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item) for item in value]
    if isinstance(value, BaseException):
        return redact(str(value))
    return value


def _redact_event(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Redact every value of a log line, nested ones too; runs last before rendering."""
    for key, value in event.items():
        event[key] = REDACTED if _SECRET_KEY.search(key) and key != "secrets_dir" else _clean(value)
    return event


def _line_for_people(_: Any, __: str, event: MutableMapping[str, Any]) -> str:
    """Return a log line for a terminal: the time there, what happened, why, and what of it the sentence leaves out.

    The machine's names of rooms and errors are left out, and an address that the error names already; so is what a
    terminal obeys, for errors hold other people's words.
    """
    left = dict(event)
    time, level, what = (str(left.pop(key, "")) for key in ("timestamp", "level", "event"))
    error, trace = str(left.pop("error", "")), str(left.pop("exception", ""))
    url = str(left.pop("url", ""))
    facts = [] if not url or url in error else [url]
    facts += [f"{key}={_plain(value)}" for key, value in left.items() if key not in _FOR_MACHINES]
    told = f"{_DIM}{time}{_END}  {_COLOURS.get(level, _BOLD)}{_PLAIN.sub(' ', what)}{_END}"
    told += f": {_PLAIN.sub(' ', error)}" if error else ""
    told += f"  {_DIM}{_PLAIN.sub(' ', ' '.join(facts))}{_END}" if facts else ""
    return f"{told}\n{trace}" if trace else told


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def configure_logging(
    level: Literal["debug", "info", "warning", "error"] = "info", style: Literal["auto", "json", "console"] = "auto"
) -> None:
    """Send structured lines to standard error: JSON unless it is a terminal, libraries' own lines included."""
    as_json = style == "json" or (style == "auto" and not sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if as_json else "%H:%M:%S", utc=as_json),
        structlog.processors.StackInfoRenderer(),
    ]
    render = structlog.processors.JSONRenderer(ensure_ascii=False) if as_json else _line_for_people
    last: list[Any] = [structlog.processors.format_exc_info, _redact_event, render]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    _quieten(
        (
            "alembic",
            "apscheduler",
            "aiosqlite",
            "urllib3",
            "httpx",
            "filelock",
            "trafilatura",
            "htmldate",
            "courlan",
            "discord",
        )
    )


def _quieten(names: Iterable[str]) -> None:
    """Let libraries speak only when something is wrong."""
    for name in names:
        logging.getLogger(name).setLevel(logging.WARNING)


class Condensed(logging.Filter):
    """Says a library's records of one known fault in a sentence each, as a warning and without the traceback.

    A warning that says the same as one within the last minute is left out: a pool warns at every try of every
    connection. Every other record passes as it is: what we do not know should be seen whole.

    Args:
        sentence: Returns what to say of a record's exception, or None for one that is not the known fault.

    """

    def __init__(self, sentence: Callable[[BaseException], str | None]) -> None:
        super().__init__()
        self._sentence = sentence
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the sentence in the place of a traceback; tell whether the record says something new."""
        error = _error_of(record)
        if error is not None and (said := self._sentence(error)):
            # The library's own first words name the part of it that was hit.
            part = record.getMessage().partition(":")[0].partition(" failed with")[0].strip()
            record.msg, record.args = f"{part}: {said}", None
            record.levelno, record.levelname = logging.WARNING, "WARNING"
            record.exc_info = record.exc_text = None
        return record.levelno != logging.WARNING or record.exc_info is not None or self._is_new(record)

    def _is_new(self, record: logging.LogRecord) -> bool:
        """Tell whether nothing was said in these words within the last minute, and remember that it is said now."""
        self._said = {text: at for text, at in self._said.items() if 0 <= record.created - at < _AGAIN}
        text = record.getMessage()
        new = text not in self._said
        self._said.setdefault(text, record.created)
        return new


def _error_of(record: logging.LogRecord) -> BaseException | None:
    """Return the exception that a record is about: with its traceback, or among its words."""
    if record.exc_info and record.exc_info[1] is not None:
        return record.exc_info[1]
    words = record.args if isinstance(record.args, tuple) else ()
    return next((word for word in words if isinstance(word, BaseException)), None)


def condense(names: Iterable[str], sentence: Callable[[BaseException], str | None]) -> None:
    """Let the loggers of these names, not those below them, be :class:`Condensed`; doing it twice is harmless."""
    for name in names:
        found = logging.getLogger(name)
        found.filters = [one for one in found.filters if not isinstance(one, Condensed)]
        found.addFilter(Condensed(sentence))


def logger(room: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a room; ids of feed, story and delivery are bound with ``bound``."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(f"digestbot.{room}", room=room)
    return bound


bound = structlog.contextvars.bound_contextvars
"""``with bound(feed=3): …`` puts ids on every line logged inside."""
