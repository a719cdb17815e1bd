"""What a command is: its options and permission, what is asked (Invocation), by whom (Asker), and the Reply.

Knows no platform: adapters turn what they receive into an Invocation and a Reply into what they send.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from digestbot.domain.digest import Card
from digestbot.domain.errors import DigestbotError
from digestbot.domain.news import ParsedFeed
from digestbot.domain.subscription import Channel, Platform
from digestbot.pipeline.brief import Briefer
from digestbot.pipeline.publish import Publisher
from digestbot.ports import ArticleSource, Clock, Store

Kind = Literal["text", "url", "integer", "flag", "choice", "duration", "feed", "digest", "channel", "zone", "times"]
"""What an option's value is: ``duration`` is in minutes, ``feed`` and ``digest`` are ids, ``channel`` a platform's id,
``zone`` an IANA name, ``times`` local times of day parted by commas."""
Permission = Literal["everyone", "manager"]
Value = str | int | bool


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command.

    ``rest`` takes all the words that are left over in typed text. ``least`` and ``most`` bound an integer, or the
    characters of a text.
    """

    name: str
    description: str
    kind: Kind = "text"
    required: bool = False
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    rest: bool = False


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command as asked for: its name and the options given; a button's payload is one, written as text."""

    name: str
    options: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where: ``channel`` is where the answer belongs; ``manager`` may change subscriptions."""

    user: str
    channel: Channel
    manager: bool = False
    timezone: str = "UTC"

    @property
    def platform(self) -> Platform:
        """The platform asked on."""
        return self.channel.platform

    @property
    def workspace(self) -> str:
        """The workspace asked in."""
        return self.channel.workspace


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer as a document; ``private`` ones are shown to the asker alone.

    ``error`` is what went wrong, for the log: its words are in the cards already. ``notice`` goes to the admin
    channel, if there is one.
    """

    cards: tuple[Card, ...]
    private: bool = True
    error: Exception | None = None
    notice: tuple[Card, ...] = ()


class FeedReader(Protocol):
    """Reads a feed once, keeping nothing."""

    async def look(self, url: str) -> ParsedFeed:
        """Return what a feed gives now.

        Raises:
            SourceError: It could not be had, or is no feed.

        """
        ...


@dataclass(slots=True)
class Desk:
    """What handlers work with."""

    store: Store
    briefer: Briefer
    publisher: Publisher
    articles: ArticleSource
    feeds: FeedReader
    clock: Clock


Handler = Callable[["Desk", Asker, "Options"], Awaitable[Reply]]


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One row of the command table.

    ``name`` is what is typed after ``/digest`` on Slack and what a button's payload begins with; ``discord`` is the
    path of the slash command there. Without ``discord`` it is a button's alone.
    """

    name: str
    description: str
    handler: Handler
    options: tuple[Option, ...] = ()
    permission: Permission = "everyone"
    discord: str = ""
    example: str = ""

    def option(self, name: str) -> Option | None:
        """Return an option by name, or None."""
        return next((option for option in self.options if option.name == name), None)

    @property
    def usage(self) -> str:
        """The line of the help text: ``search <words>``, ``now [since] [topic]``."""
        parts = (f"<{o.name}>" if o.required else f"[{o.name}]" for o in self.options)
        return " ".join((self.name, *parts))


class Options:
    """The options of an invocation, read by kind; what is not given is the default."""

    def __init__(self, given: Mapping[str, Value]) -> None:
        self._given = given

    def __contains__(self, name: str) -> bool:
        return name in self._given

    def text(self, name: str, default: str = "") -> str:
        """Return an option as text."""
        return str(self._given.get(name, default))

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
    return said[:1].upper() + said[1:] + ("" if said.endswith((".", "?", "!")) else ".")


def names(commands: Sequence[CommandSpec]) -> list[str]:
    """Return the names of commands."""
    return [command.name for command in commands]
