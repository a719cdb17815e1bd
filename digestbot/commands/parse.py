"""Typed text into an Invocation and back: ``now 24h grain prices stories=5 share``.

Options are given by name (``stories=5``), flags by their name alone, the others by their place. Knows the table's
shape, not its rows, and no platform's markup.
"""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from digestbot.commands.model import CommandSpec, Invocation, Kind, Option, Value, names
from digestbot.domain.errors import BadOption, UnknownCommand
from digestbot.editorial.schedule import zone

_TOKEN = re.compile(r'(?:[^\s"“”„]+=)?["“”„](?:\\.|[^"“”„\\])*["“”„]?|\S+')
_NAMED = re.compile(r"([a-z_]+)=(.*)", re.DOTALL)
_DURATION = re.compile(r"(\d{1,5})\s*(m|min|h|hours?|d|days?|w|weeks?)?")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
_QUOTES = '"“”„'
_BY_FORM: frozenset[Kind] = frozenset({"duration", "choice", "times", "zone", "url", "channel", "hours"})
_TIME = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")
_PLACE = re.compile(r"[A-Z]*\d[A-Z0-9]*")
"""What a platform calls a channel: capitals with a figure among them on Slack, figures on Discord."""
_HOURS = re.compile(rf"{_TIME.pattern}\s*[-–]\s*{_TIME.pattern}|none", re.IGNORECASE)
ALIKE = 0.65
"""How alike a word must be to a name for that to be meant (difflib's ratio). Of a thousand words from news, 11 in 100
are taken for a command's name (at 0.5: 63); of commands with two slips in them, 96 in 100 are found (98)."""
LONGEST_WINDOW = 31 * 24 * 60
"""Minutes a brief may look back."""


def find(name: str, commands: Sequence[CommandSpec]) -> CommandSpec:
    """Return a command by name.

    Raises:
        UnknownCommand: There is none; the nearest is named.

    """
    for command in commands:
        if command.name == name:
            return command
    near = get_close_matches(name, names(commands), n=1, cutoff=ALIKE)
    raise UnknownCommand(name, near[0] if near else None)


def parse(text: str, commands: Sequence[CommandSpec]) -> Invocation:
    """Read what was typed.

    Raises:
        UnknownCommand: It begins with no command's name.
        BadOption: A value cannot be used, or an option is not known.

    """
    invocation, fault = understood(text, commands)
    if fault is not None:
        raise fault
    return invocation


def understood(text: str, commands: Sequence[CommandSpec]) -> tuple[Invocation, BadOption | None]:
    """Read what was typed as far as it can be; return that, and the first thing that was wrong with it.

    Raises:
        UnknownCommand: It begins with no command's name.

    """
    words = _TOKEN.findall(text)
    command, used = _command(words, commands)
    given: dict[str, Value] = {}
    loose: list[str] = []
    fault: BadOption | None = None
    for word in words[used:]:
        try:
            if not _take_named(word, command, given):
                loose.append(word)
        except BadOption as error:
            fault = fault or error
    try:
        _place(loose, command, given)
    except BadOption as error:
        fault = fault or error
    return Invocation(command.name, given), fault


def write(invocation: Invocation) -> str:
    """Return an invocation as text that :func:`parse` reads back to the same."""
    parts = [invocation.name]
    for name, value in invocation.options.items():
        if value is True:
            parts.append(name)
        elif value is not False:
            parts.append(f"{name}={_quoted(str(value))}")
    return " ".join(parts)


def missing(command: CommandSpec, invocation: Invocation) -> tuple[Option, ...]:
    """Return the required options that are not given: the form to open asks for them."""
    given, settled = invocation.options, command.settled(invocation.options)
    wanted = (o for o in command.options if (o.required or o.unless) and o.name not in settled)
    return tuple(option for option in wanted if given.get(option.name, "") == "")


def checked(command: CommandSpec, invocation: Invocation) -> Invocation:
    """Return the invocation with its values in the form handlers expect, whoever made it.

    Raises:
        BadOption: An option is unknown, missing, or its value cannot be used.

    """
    given: dict[str, Value] = {}
    for name, value in invocation.options.items():
        option = command.option(name)
        if option is None:
            raise _unknown_option(name, command)
        given[name] = convert(option, value)
    for option in command.options:
        if option.name in given and option.unless in given:
            raise BadOption(option.unless, f"is given in place of {option.name}: give one of the two")
    for option in missing(command, invocation):
        raise BadOption(option.name, f"is needed: {command.usage}")
    return Invocation(command.name, given)


def convert(option: Option, value: Value) -> Value:
    """Return a value as its option's kind wants it.

    Raises:
        BadOption: It cannot be.

    """
    text = str(value).strip()
    match option.kind:
        case "flag":
            return _flag(option, value)
        case "integer":
            return _integer(option, text)
        case "feed" | "digest":
            return _integer(option, text) if re.fullmatch(r"#?\d{1,9}", text) else _text(option, text)
        case "duration":
            return _duration(option, text)
        case "choice":
            return _choice(option, text)
        case "text" | "url" | "channel" | "zone" | "times" | "hours" | "role" | "file":
            return _text(option, text)


def _flag(option: Option, value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() in {"yes", "true", "on", "1", "no", "false", "off", "0"}:
        return str(value).lower() in {"yes", "true", "on", "1"}
    raise BadOption(option.name, f"is yes or no, not “{value}”")


def _integer(option: Option, text: str) -> int:
    if not re.fullmatch(r"#?\d{1,9}", text):
        raise BadOption(option.name, f"must be a number, not “{text}”")
    number = int(text.removeprefix("#"))
    least, most = option.least, option.most
    if (least is not None and number < least) or (most is not None and number > most):
        raise BadOption(option.name, f"must be {least} to {most}, not {number}")
    return number


def _duration(option: Option, text: str) -> int:
    # A bare number is minutes, as handlers get them: checking an invocation again, or writing it, changes nothing.
    found = _DURATION.fullmatch(text.lower())
    minutes = int(found[1]) * _MINUTES[(found[2] or "m")[0]] if found else 0
    if not 1 <= minutes <= LONGEST_WINDOW:
        raise BadOption(option.name, f"is a time such as 12h or 2d, up to 31d, not “{text}”")
    return minutes


def _choice(option: Option, text: str) -> str:
    if text.lower() in option.choices:
        return text.lower()
    near = get_close_matches(text.lower(), option.choices, n=1, cutoff=ALIKE)
    raise BadOption(option.name, f"is one of {', '.join(option.choices)}, not “{text}”", near[0] if near else None)


def _text(option: Option, text: str) -> str:
    if option.kind == "url" and not re.fullmatch(r"https?://\S+", text):
        raise BadOption(option.name, f"is an address that begins with http:// or https://, not “{text}”")
    if option.kind == "channel" and not (_PLACE.fullmatch(text) or (option.empties and text.lower() == "none")):
        raise BadOption(option.name, f"is chosen from the list, or typed with its sign (#news), not “{text}”")
    if option.kind == "zone":
        zone(text)
    if option.kind == "times" and not all(_TIME.fullmatch(part.strip()) for part in text.split(",")):
        raise BadOption(option.name, f"is a time of day such as 08:00, or several with commas, not “{text}”")
    if option.kind == "hours" and not _HOURS.fullmatch(text):
        raise BadOption(option.name, f"is a span of hours such as 22:00-07:00, or none, not “{text}”")
    if option.most is not None and len(text) > option.most:
        raise BadOption(option.name, f"may have {option.most} characters, not {len(text)}")
    return text


# ── words ────────────────────────────────────────────────────────────────────


def _command(words: Sequence[str], commands: Sequence[CommandSpec]) -> tuple[CommandSpec, int]:
    """Return the command that the first words name and how many words that took."""
    for used in (2, 1):
        name = " ".join(words[:used]).lower()
        found = next((command for command in commands if command.name == name and len(words) >= used), None)
        if found:
            return found, used
    first = words[0].lower() if words else ""
    second = words[1].lower() if len(words) > 1 else ""
    groups = [name.partition(" ")[0] for name in names(commands) if " " in name]
    meant = get_close_matches(first, [*groups, *names(commands)], n=1, cutoff=0.75) if first else []
    if meant and meant[0] in groups and (first in groups or meant[0] not in names(commands)):
        raise UnknownCommand(f"{first} {second}".strip(), _within_group(meant[0], second, commands))
    if len(words) > 1 and first not in names(commands):
        near = get_close_matches(f"{first} {words[1].lower()}", names(commands), n=1, cutoff=0.8)
        if near:
            raise UnknownCommand(f"{first} {words[1].lower()}", near[0])
    return find(first, commands), 1


def _within_group(group: str, second: str, commands: Sequence[CommandSpec]) -> str:
    """Return the command of a group that a second word is nearest to; its list, which harms nobody, without one."""
    grouped = [name for name in names(commands) if name.startswith(f"{group} ")]
    near = get_close_matches(f"{group} {second}", grouped, n=1, cutoff=0.0) if second else []
    return near[0] if near else next((name for name in grouped if name == f"{group} list"), grouped[0])


def _take_named(word: str, command: CommandSpec, given: dict[str, Value]) -> bool:
    """Take ``name=value`` or a flag's name; tell whether the word was one."""
    flag = command.option(word.lower())
    if flag and flag.kind == "flag":
        given[flag.name] = True
        return True
    named = _NAMED.fullmatch(word)
    if not named:
        return False
    option = command.option(named[1])
    if option is None:
        raise _unknown_option(named[1], command)
    given[option.name] = convert(option, _unquoted(named[2]))
    return True


def _place(loose: Sequence[str], command: CommandSpec, given: dict[str, Value]) -> None:
    """Give the words without a name to the options not yet given, in order; one that does not fit goes to the next.

    An option that may be left out takes such a word only when the word's form alone shows what it is: "24h" is a
    time, but "5" or "grain" could be anything.
    """
    settled = command.settled(given)
    loosely = (o for o in command.options if o.required or o.unless or o.rest or o.kind in _BY_FORM)
    options = [o for o in loosely if o.name not in given and o.name not in settled]
    words = list(loose)
    near: BadOption | None = None
    while words and options:
        option = options.pop(0)
        if option.rest:
            given[option.name] = convert(option, " ".join(_unquoted(word) for word in words))
            return
        taken = _words_of_name(words, option, options)
        try:
            value = convert(option, " ".join(_unquoted(word) for word in words[:taken]))
        except BadOption as error:
            if option.required or option.unless or (error.nearest and not options):
                raise
            near = near or (error if error.nearest else None)
            continue
        if option.required or option.unless or option.kind == "choice" or not words[0].isdecimal():
            given[option.name] = value
            del words[:taken]
    if words and near is not None:
        raise near
    if words:
        raise BadOption(_unquoted(words[0]), f"is not understood: {command.usage}")


def _words_of_name(words: Sequence[str], option: Option, later: Sequence[Option]) -> int:
    """Return how many words the name of a feed or digest has: up to what another option is plainly meant by.

    “schedule edit Morning brief 08:30” names the digest “Morning brief”. A number, or a name in quotation marks, is
    one word; so is the value of any other option.
    """
    if option.kind not in {"feed", "digest"} or re.fullmatch(r"#?\d{1,9}", words[0]) or words[0][0] in _QUOTES:
        return 1
    most = max(1, len(words) - sum(one.required for one in later))
    return next((at for at in range(1, most) if any(_fits(one, words[at]) for one in later)), most)


def _fits(option: Option, word: str) -> bool:
    """Tell whether a word's form alone shows that it is an option's value."""
    if option.kind not in _BY_FORM:
        return False
    try:
        convert(option, _unquoted(word))
    except BadOption:
        return False
    return True


def _unknown_option(name: str, command: CommandSpec) -> BadOption:
    near = get_close_matches(name, [option.name for option in command.options], n=1)
    return BadOption(name, f"is not an option of “{command.name}”", near[0] if near else None)


def _unquoted(word: str) -> str:
    if word and word[0] in _QUOTES:
        inside = word[1:-1] if len(word) > 1 and word[-1] in _QUOTES else word[1:]
        return re.sub(r"\\(.)", r"\1", inside, flags=re.DOTALL)
    return word


def _quoted(text: str) -> str:
    if re.fullmatch(r"[\w:/.,+#-]+", text):
        return text
    return '"' + re.sub(r'(["“”„\\])', r"\\\1", text) + '"'
