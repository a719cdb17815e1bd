"""The command table: every command, its options and who may use it. Help, manifest and slash commands come from it."""

from digestbot.commands import feeds, grouping, reading, schedules
from digestbot.commands.model import Asker, CommandSpec, Desk, Option, Options, Reply
from digestbot.commands.parse import find
from digestbot.commands.words import card, listed
from digestbot.domain.digest import Card, Heading, Prose, Strong, Text

_LENGTH = Option("length", "how long the summaries are", "choice", choices=reading.LENGTHS)
_STORIES = Option("stories", "how many stories, 1 to 10", "integer", least=1, most=10)
_QUOTES = Option("quotes", "how many quotes a story, 0 to 3", "integer", least=0, most=3)
_LANGUAGE = Option("language", "only articles in this language, e.g. en", most=12)
_SHARE = Option("share", "show the answer to the whole channel", "flag")
_FAILING = Option("failing", "those that fail alone", "flag")
_STORY = Option("story", "the story's number", "integer", required=True, least=1)
_FEED = Option("feed", "the feed", "feed", required=True)
_DIGEST = Option("digest", "the digest", "digest", required=True)
_URL = Option("url", "the address, https://…", "url", required=True, most=2_000)
_CHANNEL = Option("channel", "the channel, this one when left out", "channel", most=40)

_SHAPE = (
    Option("frequency", "how often", "choice", choices=schedules.FREQUENCIES),
    Option("at", "local times of day, e.g. 08:00 or 08:00,17:30", "times", most=60),
    Option("weekday", "the day of a weekly digest", "choice", choices=schedules.WEEKDAYS),
    Option("timezone", "an IANA time zone, e.g. Europe/Berlin", "zone", most=60),
    _CHANNEL,
    Option("topics", "topics with commas, all when left out", most=300),
    Option("feeds", "feeds' numbers with commas, all when left out", most=300),
    _STORIES,
    _QUOTES,
    Option("style", "full: a thread of stories; compact: one message", "choice", choices=schedules.STYLES),
    _LANGUAGE,
)


async def _help(_desk: Desk, asker: Asker, options: Options) -> Reply:
    """List the commands the asker may use, or tell about one."""
    about = options.text("command")
    shown = (find(about, COMMANDS),) if about else tuple(c for c in COMMANDS if c.discord and allowed(c, asker))
    return listed("What digestbot can do", [help_card(command, whole=bool(about)) for command in shown], "")


def help_card(command: CommandSpec, *, whole: bool = False) -> Card:
    """Return a command's help: its line, and with ``whole`` its options too."""
    lines = [Prose((Strong(command.usage), Text(f" — {command.description}")))]
    if whole:
        lines += [Prose((Strong(o.name), Text(f": {o.description}")), quiet=True) for o in command.options]
    if whole and command.example:
        lines.append(Prose((Text(f"For example: {command.example}"),), quiet=True))
    return card(*lines) if not whole else Card((Heading((Text(command.name),)), *lines))


def allowed(command: CommandSpec, asker: Asker) -> bool:
    """Tell whether somebody may use a command."""
    return command.permission == "everyone" or asker.manager


COMMANDS: tuple[CommandSpec, ...] = (
    CommandSpec(
        "now",
        "the news of the last hours, now",
        reading.now,
        (
            Option("since", "how far back, e.g. 12h or 2d", "duration"),
            _STORIES,
            _QUOTES,
            _LENGTH,
            Option("feed", "from one feed alone", "feed"),
            _LANGUAGE,
            _SHARE,
            Option("topic", "about what", most=100, rest=True),
        ),
        discord="news brief",
        example="now 24h grain prices stories=3 share",
    ),
    CommandSpec(
        "summarize",
        "a summary of one article with its key quotes",
        reading.summarize,
        (_URL, _LENGTH, _SHARE),
        discord="news summarize",
        example="summarize https://example.com/article",
    ),
    CommandSpec(
        "search",
        "find stories, quotes and people",
        reading.search,
        (Option("words", "what to look for", required=True, most=200, rest=True),),
        discord="news search",
        example="search tidal barrier",
    ),
    CommandSpec(
        "quotes",
        "what somebody said, or what was said about something",
        reading.quotes,
        (Option("who", "a person or a topic", required=True, most=200, rest=True),),
        discord="news quotes",
        example="quotes Ana Reyes",
    ),
    CommandSpec("story", "one story whole", reading.story, (_STORY, _SHARE), discord="news story", example="story 17"),
    CommandSpec(
        "why", "why an article was or was not in a digest", reading.why, (_URL,), discord="news why",
        example="why https://example.com/article",
    ),
    CommandSpec(
        "help", "what digestbot can do", _help, (Option("command", "one command", most=40, rest=True),),
        discord="news help",
    ),
    CommandSpec("privacy", "what is kept and what is not", reading.privacy, discord="news privacy"),
    CommandSpec(
        "list", "the feeds", feeds.show, (Option("failing", "those that fail alone", "flag"),), discord="feed list"
    ),
    CommandSpec(
        "subscribe",
        "read a feed and put it into a channel's digest",
        feeds.subscribe,
        (_URL, _CHANNEL, Option("topic", "the feed's topics with commas", most=100)),
        "manager",
        "feed add",
        "subscribe https://example.com/feed.xml",
    ),
    CommandSpec("unsubscribe", "forget a feed", feeds.unsubscribe, (_FEED,), "manager", "feed remove"),
    CommandSpec("pause", "stop reading a feed", feeds.pause, (_FEED,), "manager", "feed pause"),
    CommandSpec("resume", "read a feed again", feeds.resume, (_FEED,), "manager", "feed resume"),
    CommandSpec("test", "what a feed gives now; nothing is posted", feeds.test, (_FEED,), "manager", "feed test"),
    CommandSpec(
        "filter",
        "show or change what a digest lets through",
        feeds.rules,
        (
            _DIGEST,
            Option("include", "only articles with one of these words, with commas", most=500),
            Option("exclude", "no articles with one of these words, with commas", most=500),
            Option("authors", "only these authors, with commas", most=500),
            Option("categories", "only these categories, with commas", most=500),
            Option("languages", "only these languages, with commas", most=100),
            Option("sources", "only these hosts, with commas", most=500),
            Option("clear", "drop the rules there are first", "flag"),
        ),
        discord="feed filter",
        example="filter 3 exclude=football,horoscope",
    ),
    CommandSpec("schedule list", "the digests and when they come", schedules.show, discord="digest list"),
    CommandSpec(
        "schedule create",
        "make a digest for a channel",
        schedules.create,
        (Option("name", "its name, e.g. Morning brief", required=True, least=1, most=60), *_SHAPE),
        "manager",
        "digest create",
        'schedule create "Morning brief" weekdays at=08:00 timezone=Europe/Berlin',
    ),
    CommandSpec(
        "schedule edit",
        "change a digest",
        schedules.edit,
        (_DIGEST, Option("name", "its new name", most=60), *_SHAPE),
        "manager",
        "digest edit",
        "schedule edit 3 stories=7",
    ),
    CommandSpec(
        "schedule preview", "a digest as it would be now", schedules.preview, (_DIGEST,), discord="digest preview"
    ),
    CommandSpec("schedule run", "post a digest now", schedules.run, (_DIGEST,), "manager", "digest run"),
    CommandSpec("schedule pause", "stop a digest", schedules.pause, (_DIGEST,), "manager", "digest pause"),
    CommandSpec("schedule resume", "let a digest go on", schedules.resume, (_DIGEST,), "manager", "digest resume"),
    CommandSpec("schedule skip", "leave out the next edition", schedules.skip, (_DIGEST,), "manager", "digest skip"),
    CommandSpec("schedule delete", "remove a digest", schedules.delete, (_DIGEST,), "manager", "digest delete"),
    CommandSpec("status", "how the bot does", schedules.status, discord="digestbot status"),
    CommandSpec(
        "forget",
        "remove everything kept of this workspace",
        schedules.forget,
        (Option("confirm", "the word forget", required=True, most=10),),
        "manager",
        "digestbot forget",
    ),
    CommandSpec(
        "merge",
        "make one story of two; it sticks",
        grouping.merge,
        (_STORY, Option("into", "the story it belongs to", "integer", required=True, least=1)),
        "manager",
        "digest merge",
        "merge 17 12",
    ),
    CommandSpec(
        "split",
        "take an article out of a story; it sticks",
        grouping.split,
        (_STORY, Option("article", "its place in the story's list; the list when left out", "integer", least=1)),
        "manager",
        "digest split",
        "split 17 article=2",
    ),
    CommandSpec("sources", "what a story rests on", reading.sources, (_STORY,)),
    CommandSpec(
        "more",
        "more of a story, or the stories left out",
        reading.more,
        (
            Option("story", "the story's number", "integer", least=1),
            Option("subscription", "the digest", "digest"),
            Option("at", "the edition's time", most=40),
        ),
    ),
    CommandSpec(
        "report",
        "say that something is wrong",
        reading.report,
        (
            _STORY,
            Option("kind", "what is wrong", "choice", required=True, choices=reading.PROBLEMS),
            Option("note", "what should it say?", most=1_000, rest=True),
        ),
    ),
    CommandSpec("recheck", "make a story's brief anew", reading.recheck, (_STORY,), "manager"),
)  # fmt: skip
"""Every command, in the order in which help shows them."""
