"""What a command is: its options and permission, what is asked (Invocation), by whom (Asker), and the Reply.

Knows no platform: adapters turn what they receive into an Invocation and a Reply into what they send.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, runtime_checkable

from digestbot.commands.limits import Lately, Limits
from digestbot.domain.digest import Card
from digestbot.domain.errors import DigestbotError
from digestbot.domain.news import ParsedFeed
from digestbot.domain.subscription import Channel, Platform, Workspace, WorkspaceSettings
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.publish import Publisher
from digestbot.ports import ArticleSource, Clock, Retention, Store

Kind = Literal[
    "text", "url", "integer", "flag", "choice", "duration", "feed", "digest", "channel", "zone", "times",
    "hours", "role", "file",
]  # fmt: skip
"""What an option's value is: ``duration`` is in minutes; ``feed`` and ``digest`` are ids, or names that handlers look
up; ``channel`` and ``role`` are a platform's ids (a role is a user group on Slack); ``zone`` is an IANA name, ``times``
local times of day parted by commas, ``hours`` a span of them (22:00-07:00); ``file`` is a text file's content."""
Permission = Literal["everyone", "manager"]
Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command.

    ``rest`` takes all the words that are left over in typed text. ``least`` and ``most`` bound an integer, or the
    characters of a text. The word “none” empties one that ``empties``. ``label`` and ``labels``, one a choice, are
    what forms and menus call it and its choices; ``discord`` is its name there, where that is another. ``unless`` names
    the option that is given in its place: one of the two is needed.
    """

    name: str
    description: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    rest: bool = False
    empties: bool = False
    label: str = ""
    labels: tuple[str, ...] = ()
    discord: str = ""
    unless: str = ""

    @property
    def on_discord(self) -> str:
        """The option's name on Discord."""
        return self.discord or self.name

    @property
    def shown(self) -> str:
        """The option's name as a form has it."""
        return self.label or self.name.replace("_", " ").capitalize()

    @property
    def offered(self) -> tuple[tuple[str, str], ...]:
        """The choices as menus have them: (label, value)."""
        labels = self.labels or tuple(one.capitalize() for one in self.choices)
        return tuple(zip(labels, self.choices, strict=True))


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command as asked for: its name and the options given; a button's payload is one, written as text.

    ``id`` is the platform's own id of the delivery (a Slack trigger or event, a Discord interaction): the same id is
    run once. Empty where the platform gives none.
    """

    name: str
    options: Mapping[str, Value] = field(default_factory=dict)
    id: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where: ``channel`` is where the answer belongs.

    Platforms give ``manager`` to those who administer the workspace there; ``dispatch`` widens it by the workspace's
    setting, for which ``groups`` are the ids of the user groups or roles the asker is in, and fills in
    ``defaults``, what the workspace has set. ``place`` is the workspace's
    name as its people know it. ``paths`` are the commands' names on Discord, by their own.
    """

    user: str
    channel: Channel
    manager: bool = False
    timezone: str = "UTC"
    groups: tuple[str, ...] = ()
    place: str = ""
    defaults: WorkspaceSettings = field(default_factory=WorkspaceSettings)
    paths: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def typed(self, command: str, rest: str = "") -> str:
        """Return a command as it is given where this is read: “/digest list” on Slack, “/feed list” on Discord."""
        names = {"slack": f"/digest {command}", "console": f"digestbot ask {command}"}
        if self.platform not in names:
            return f"/{self.paths.get(command, command)}"  # its options are asked for one by one there
        return f"{names[self.platform]} {rest}".rstrip()

    @property
    def platform(self) -> Platform:
        """The platform asked on."""
        return self.channel.platform

    @property
    def workspace(self) -> str:
        """The workspace asked in."""
        return self.channel.workspace

    @property
    def home(self) -> Workspace:
        """The workspace asked in, with its platform."""
        return self.channel.home


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file to hand over: its name, its bytes and their media type."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer as a document; ``private`` ones are shown to the asker alone.

    ``error`` is what went wrong, for the log: its words are in the cards already. ``notice`` goes to the channel
    ``notify`` of the same workspace; where that is empty, to the operator's admin channel if there is one. ``file``
    is handed over beside the cards. ``form`` asks for what is missing or wrong: a platform opens it, and where it
    cannot, the cards say the same. ``steps`` are a wizard's. ``repeated`` answers a second delivery of one
    invocation: a platform that has answered the first may keep silent.
    """

    cards: tuple[Card, ...]
    private: bool = True
    error: Exception | None = None
    notice: tuple[Card, ...] = ()
    notify: str = ""
    file: Attachment | None = None
    form: "Form | None" = None
    steps: "tuple[Step, ...]" = ()
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What a platform asks for in a form of its own: a command's options, filled with what is known.

    ``asks`` are the options to show, in order; ``given`` holds the values there are, those of options not shown
    among them, to be sent back with what is filled in. ``fault`` is what was wrong with what was typed, or empty.
    """

    command: "CommandSpec"
    given: Mapping[str, Value]
    asks: tuple[Option, ...]
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a wizard: what it is for, the form that does it, and whether it is done already."""

    title: str
    text: str
    form: Form
    done: bool = False


class FeedReader(Protocol):
    """Reads a feed once, keeping nothing."""

    async def look(self, url: str) -> ParsedFeed:
        """Return what a feed gives now.

        Raises:
            SourceError: It could not be had, or is no feed.

        """
        ...


@runtime_checkable
class FeedFinder(Protocol):
    """Finds the feeds of a site; a feed reader may be one too."""

    async def discover(self, url: str) -> list[str]:
        """Return the addresses of the feeds that a page names, the best first.

        Raises:
            SourceError: The page could not be had.

        """
        ...


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of an OPML file; folders are its topics."""

    url: str
    title: str = ""
    topics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutlineList:
    """What an OPML file lists, held against what is here: ``new`` feeds, each once, and how many are here already.

    ``repeated`` lines named a feed again; ``unusable`` are addresses that are no feed's, such as files.
    """

    new: tuple[Outline, ...]
    known: int = 0
    repeated: int = 0
    unusable: tuple[str, ...] = ()


class Outlines(Protocol):
    """Reads and writes OPML."""

    def read(self, data: bytes, here: Iterable[str]) -> OutlineList:
        """Return what an OPML file lists; ``here`` are the addresses of the feeds that are here.

        Raises:
            SourceError: It is not OPML.

        """
        ...

    def write(self, feeds: Sequence[Outline]) -> bytes:
        """Return feeds as an OPML file."""
        ...


@dataclass(slots=True)
class Desk:
    """What handlers work with; ``outlines`` is None where nobody has wired OPML."""

    store: Store
    briefer: Briefer
    publisher: Publisher
    articles: ArticleSource
    feeds: FeedReader
    clock: Clock
    outlines: Outlines | None = None
    retention: Retention = field(default_factory=Retention)
    limits: Limits = field(default_factory=Limits)
    lately: Lately = field(default_factory=Lately)


Handler = Callable[["Desk", Asker, "Options"], Awaitable[Reply]]
Prefill = Callable[["Desk", Asker, "Options"], Awaitable[Mapping[str, Value]]]
"""Returns what a form starts with; raises UserError where the thing to change is not there."""


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One row of the command table.

    ``name`` is what is typed after ``/digest`` on Slack and what a button's payload begins with; ``discord`` is the
    path of the slash command there, two words or three ("feed filter add"). Without ``discord`` it is a button's
    alone. ``form`` names the options whose absence opens the command's form: a form opens when none of the options
    beside the required ones is given. ``prefill`` gives the values a form starts with, ``title`` stands above it.
    """

    name: str
    description: str
    handler: Handler
    options: tuple[Option, ...] = ()
    permission: Permission = "everyone"
    discord: str = ""
    example: str = ""
    form: bool = False
    prefill: Prefill | None = None
    title: str = ""

    @property
    def heading(self) -> str:
        """What stands above the command's form."""
        return self.title or self.name.capitalize()

    def option(self, name: str) -> Option | None:
        """Return an option by name, or None."""
        return next((option for option in self.options if option.name == name), None)

    @property
    def needed(self) -> frozenset[str]:
        """The names of the options that say what the command is about: those needed, and those given in their place."""
        instead = {option.unless for option in self.options if option.unless}
        return frozenset(o.name for o in self.options if o.required or o.unless or o.name in instead)

    def settled(self, given: Mapping[str, Value]) -> frozenset[str]:
        """Return the names of the options that must not be given any more, as another was given in their place."""
        pairs = [(option.name, option.unless) for option in self.options if option.unless]
        both = (*pairs, *((other, name) for name, other in pairs))
        return frozenset(name for name, other in both if given.get(other, "") != "")

    @property
    def placeholders(self) -> Mapping[str, str]:
        """How the help text writes the options that are needed, by name: ``<words>``, ``<digest or feed=…>``."""
        return {
            o.name: f"<{o.name} or {o.unless}=…>" if o.unless else f"<{o.name}>"
            for o in self.options
            if o.required or o.unless
        }

    @property
    def usage(self) -> str:
        """The line of the help text: ``search <words>``, ``now [since] [topic]``."""
        optional = {o.name: f"[{o.name}]" for o in self.options if o.name not in self.needed}
        words = {**self.placeholders, **optional}
        return " ".join((self.name, *(words[o.name] for o in self.options if o.name in words)))


class Options:
    """The options of an invocation, read by kind; what is not given is the default."""

    def __init__(self, given: Mapping[str, Value]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str = "") -> str:
        """Return an option as text."""
        return str(self._given.get(name, default))

    def value(self, name: str) -> Value:
        """Return an option that may be a number or a name, as it was given; empty when it was not."""
        return self._given.get(name, "")

    def number(self, name: str, default: int = 0) -> int:
        """Return an option as a whole number."""
        value = self._given.get(name, default)
        return value if isinstance(value, int) else int(value)

    def flag(self, name: str) -> bool:
        """Return whether a flag is set."""
        return self._given.get(name) is True

    def listed(self, name: str) -> tuple[str, ...]:
        """Return the parts of a text that are parted by commas."""
        return tuple(part.strip() for part in self.text(name).split(",") if part.strip())


def sentence_of(error: DigestbotError) -> str:
    """Return an error as a sentence for people: a capital letter and a full stop."""
    said = str(error)
    # An address is written as it is: “Https://…” leads nowhere that anybody would type.
    first = said[:1] if said.startswith(("http://", "https://")) else said[:1].upper()
    return first + said[1:] + ("" if said.endswith((".", "?", "!")) else ".")


def counted(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def names(commands: Sequence[CommandSpec]) -> list[str]:
    """Return the names of commands."""
    return [command.name for command in commands]
