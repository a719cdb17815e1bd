"""The command table: every command, its options and who may use it. Help, manifest and slash commands come from it."""

from digestbot.commands import (
    feeds,
    filters,
    grouping,
    opml,
    options,
    reading,
    reports,
    schedules,
    setup,
    snoozes,
    workspaces,
)
from digestbot.commands.documents import card, listed
from digestbot.commands.helping import help_card, offered
from digestbot.commands.model import Asker, CommandSpec, Desk, Option, Options, Reply
from digestbot.commands.parse import find
from digestbot.domain.digest import Card, Heading, Prose, Text


async def _help(_desk: Desk, asker: Asker, options: Options) -> Reply:
    """List the commands the asker may use, by what they are for, or tell about one."""
    if about := options.text("command").removeprefix("/").removeprefix("digest ").strip():
        named = next((c for c in COMMANDS if c.discord and c.discord == options.text("command").lstrip("/")), None)
        return Reply((help_card(named or find(about, COMMANDS), asker, whole=True),))
    cards = []
    for title, commands in GROUPS:
        lines = [help_card(command, asker) for command in commands if command.discord and offered(command, asker)]
        blocks = [block for one in lines for block in one.blocks]
        cards += [Card((Heading((Text(title),)), *blocks))] if blocks else []
    how = f"“{asker.typed('help', 'now')}” tells of one command in full."
    if asker.platform == "discord":
        how = f"“{asker.typed('help')}” with a command's name tells of it in full."
    return listed("What digestbot can do", [*cards, card(Prose((Text(how),), quiet=True))], "")


async def _setup(desk: Desk, asker: Asker, _options: Options) -> Reply:
    """Show the first steps."""
    return await setup.setup(desk, asker, COMMANDS)


_NEWS = (
    CommandSpec(
        "now",
        "the news of the last hours, now",
        reading.now,
        (
            Option("since", "how far back, e.g. 12h or 2d", "duration", label="How far back"),
            options.STORIES,
            options.QUOTES,
            options.LENGTH,
            Option("feed", "from one feed alone", "feed"),
            options.LANGUAGE,
            options.SHARE,
            Option("topic", "a word or name; all the news when left out", most=100, rest=True, label="About what"),
        ),
        discord="news brief",
        example="now 24h grain prices stories=3 share",
        title="News brief",
    ),
    CommandSpec(
        "summarize",
        "a summary of one article with its key quotes",
        reading.summarize,
        (options.URL, options.LENGTH, options.SHARE),
        discord="news summarize",
        example="summarize https://example.com/article",
        title="Summarize a link",
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
        (Option("who", "a person or a topic", required=True, most=200, rest=True, discord="who_or_topic"),),
        discord="news quotes",
        example="quotes Ana Reyes",
    ),
    CommandSpec(
        "story",
        "one story whole",
        reading.story,
        (options.STORY, options.SHARE),
        discord="news story",
        example="story 17",
    ),
    CommandSpec(
        "why",
        "why an article was or was not in a digest",
        reading.why,
        (options.URL,),
        discord="news why",
        example="why https://example.com/article",
    ),
    CommandSpec(
        "report",
        "say that something is wrong in a story",
        reports.report,
        (
            options.STORY,
            options.KIND,
            options.NOTE,
        ),
        discord="news report",
        example="report 17 speaker it was her deputy",
        title="Report a problem",
    ),
    CommandSpec(
        "help",
        "what digestbot can do",
        _help,
        (Option("command", "one command", most=40, rest=True),),
        discord="news help",
    ),
    CommandSpec("privacy", "what is kept and what is not", workspaces.privacy, discord="news privacy"),
)

_FEEDS = (
    CommandSpec(
        "list", "the feeds", feeds.show, (Option("failing", "those that fail alone", "flag"),), discord="feed list"
    ),
    CommandSpec(
        "subscribe",
        "read a feed and put it into a channel's digest",
        feeds.subscribe,
        (options.URL, options.CHANNEL, Option("topic", "the feed's topics with commas", most=100)),
        "manager",
        "feed add",
        "subscribe https://example.com/feed.xml",
        title="Add a feed",
    ),
    CommandSpec("unsubscribe", "forget a feed", feeds.unsubscribe, (options.FEED,), "manager", "feed remove"),
    CommandSpec("pause", "stop reading a feed", feeds.pause, (options.FEED,), "manager", "feed pause"),
    CommandSpec("resume", "read a feed again", feeds.resume, (options.FEED,), "manager", "feed resume"),
    CommandSpec(
        "test", "what a feed gives now; nothing is posted", feeds.test, (options.FEED,), "manager", "feed test"
    ),
    CommandSpec(
        "move",
        "put a feed into another channel's digest",
        feeds.move,
        (options.ONE_FEED, options.TO_CHANNEL),
        "manager",
        "feed move",
        "move 3 C0123456789",
        title="Move a feed",
    ),
    CommandSpec(
        "edit",
        "change a feed's name, topics or weight",
        feeds.edit,
        (
            options.ONE_FEED,
            Option("title", "what readers call it; its own title when “none”", most=100),
            Option("topics", "its topics with commas, or none", most=300),
            Option("weight", "how much its stories count, in percent: 100 is usual", "integer", least=10, most=1_000),
        ),
        "manager",
        "feed edit",
        "edit 3 topics=economy,europe",
        form=True,
        prefill=feeds.prefill,
        title="Edit a feed",
    ),
    CommandSpec(
        "filter add",
        "add rules to what a digest or a feed lets through",
        filters.add,
        (*options.ONE_FILTERED, *options.RULES),
        "manager",
        "feed filter add",
        "filter add 3 exclude=football,horoscope",
        form=True,
        title="Add rules",
    ),
    CommandSpec(
        "filter remove",
        "take rules away; all of them when none is named",
        filters.remove,
        (*options.ONE_FILTERED, *options.RULES, Option("all", "take every rule away", "flag")),
        "manager",
        "feed filter remove",
        "filter remove 3 exclude=football",
        form=True,
        prefill=filters.prefill,
        title="Remove rules",
    ),
    CommandSpec(
        "filter list",
        "what a digest or a feed lets through",
        filters.show,
        options.FILTERED,
        discord="feed filter list",
        example="filter list feed=3",
    ),
    CommandSpec(
        "filter preview",
        "what a digest's or a feed's filter says to the last 20 articles",
        filters.preview,
        options.FILTERED,
        discord="feed filter preview",
        example="filter preview feed=3",
    ),
    CommandSpec(
        "import",
        "add the feeds of an OPML file; they are shown first",
        opml.take,
        (Option("file", "the OPML file", "file", required=True), options.CHANNEL),
        "manager",
        "feed import",
        title="Import feeds",
    ),
    CommandSpec("export", "the feeds as an OPML file", opml.give, discord="feed export"),
)

_DIGESTS = (
    CommandSpec("schedule list", "the digests and when they come", schedules.show, discord="digest list"),
    CommandSpec(
        "schedule create",
        "make a digest for a channel",
        schedules.create,
        (Option("name", "its name, e.g. Morning brief", required=True, least=1, most=60), *options.SHAPE),
        "manager",
        "digest create",
        'schedule create "Morning brief" weekdays at=08:00 timezone=Europe/Berlin',
        prefill=schedules.defaults,
        title="New digest",
    ),
    CommandSpec(
        "schedule show", "one digest with all its settings", schedules.one, (options.DIGEST,), discord="digest show"
    ),
    CommandSpec(
        "schedule edit",
        "change a digest",
        schedules.edit,
        (options.ONE_DIGEST, Option("name", "its new name", most=60), *options.SHAPE),
        "manager",
        "digest edit",
        "schedule edit 3 stories=7",
        form=True,
        prefill=schedules.prefill,
        title="Edit a digest",
    ),
    CommandSpec(
        "schedule move",
        "post a digest into another channel",
        schedules.move,
        (options.ONE_DIGEST, options.TO_CHANNEL),
        "manager",
        "digest move",
        "schedule move 3 C0123456789",
        title="Move a digest",
    ),
    CommandSpec(
        "schedule preview",
        "a digest as it would be now",
        schedules.preview,
        (options.DIGEST,),
        discord="digest preview",
    ),
    CommandSpec("schedule run", "post a digest now", schedules.run, (options.DIGEST,), "manager", "digest run"),
    CommandSpec("schedule pause", "stop a digest", schedules.pause, (options.DIGEST,), "manager", "digest pause"),
    CommandSpec(
        "schedule resume", "let a digest go on", schedules.resume, (options.DIGEST,), "manager", "digest resume"
    ),
    CommandSpec(
        "schedule skip", "leave out the next edition", schedules.skip, (options.DIGEST,), "manager", "digest skip"
    ),
    CommandSpec("schedule delete", "remove a digest", schedules.delete, (options.DIGEST,), "manager", "digest delete"),
    CommandSpec(
        "snooze",
        "leave a topic out of a channel's digests for a while",
        snoozes.snooze,
        (
            Option("topic", "the topic, e.g. football", required=True, least=1, most=60),
            options.HOW_LONG,
            options.CHANNEL,
        ),
        "manager",
        "digest snooze",
        "snooze football 7",
        title="Snooze a topic",
    ),
    CommandSpec("snooze list", "the topics left out for now", snoozes.show, discord="digest snoozes"),
    CommandSpec(
        "snooze end",
        "let a topic in again",
        snoozes.end,
        (Option("snooze", "its number in the list, or the topic", required=True, most=60, rest=True),),
        "manager",
        "digest unsnooze",
    ),
    CommandSpec(
        "merge",
        "make one story of two; it sticks",
        grouping.merge,
        (options.STORY, Option("into", "the story it belongs to", "integer", required=True, least=1)),
        "manager",
        "digest merge",
        "merge 17 12",
        title="Join two stories",
    ),
    CommandSpec(
        "split",
        "take an article out of a story; it sticks",
        grouping.split,
        (options.STORY, Option("article", "its place in the story's list; the list when left out", "integer", least=1)),
        "manager",
        "digest split",
        "split 17 article=2",
    ),
)

_BOT = (
    CommandSpec(
        "setup",
        "what to set up first, step by step",
        _setup,
        (),
        "manager",
        "digestbot setup",
    ),
    CommandSpec("status", "how the bot does", workspaces.status, discord="digestbot status"),
    CommandSpec("doctor", "what is wrong, and how to mend it", workspaces.doctor, (), "manager", "digestbot doctor"),
    CommandSpec(
        "settings",
        "show or change what this workspace has set",
        workspaces.settings,
        options.SETTINGS,
        discord="digestbot settings",
        example="settings timezone=Europe/Berlin quiet=22:00-07:00",
    ),
    CommandSpec(
        "settings edit",
        "change what this workspace has set, in a form",
        workspaces.settings,
        options.SETTINGS,
        "manager",
        form=True,
        prefill=workspaces.prefill,
        title="Settings",
    ),
    CommandSpec("report list", "the problems readers reported", reports.show, (), "manager", "digestbot reports"),
    CommandSpec("audit", "who changed what", workspaces.audit, (), "manager", "digestbot audit"),
    CommandSpec(
        "forget",
        "remove everything kept of this workspace",
        workspaces.forget,
        (Option("confirm", "the workspace's name, exactly", required=True, most=200, rest=True),),
        "manager",
        "digestbot forget",
    ),
)

_BUTTONS = (
    CommandSpec("sources", "what a story rests on", reading.sources, (options.STORY,)),
    CommandSpec(
        "more",
        "more of a story, or the stories left out",
        reading.more,
        (
            Option("story", "the story's number", "integer", least=1),
            Option("subscription", "the digest", "digest"),
            Option("at", "the edition's time", most=40),
            Option("since", "how far back a brief asked for looked", "duration"),
            options.STORIES,
            Option("feed", "the feed a brief was about", "feed"),
            options.LANGUAGE,
            Option("topic", "what a brief was about", most=100),
        ),
    ),
    CommandSpec(
        "filter",
        "show or change what a digest or a feed lets through",
        filters.rules,
        (*options.ONE_FILTERED, *options.RULES, Option("clear", "drop the rules there are first", "flag")),
        example="filter 3 exclude=football,horoscope",
    ),
    CommandSpec(
        "import confirm",
        "add the feeds that were shown",
        opml.confirm,
        (Option("key", "which import", required=True, most=40),),
        "manager",
    ),
    CommandSpec(
        "recheck",
        "hold a story against its articles again",
        reports.recheck,
        (
            options.STORY,
            Option("report", "the report's number", "integer", least=1),
        ),
        "manager",
    ),
    CommandSpec(
        "correct",
        "correct what was posted, visibly",
        reports.correct,
        (
            options.REPORT,
            Option("remedy", "what to do", "choice", required=True, choices=options.REMEDIES),
            Option("quote", "the place of the one quotation meant", "integer", least=1, most=10),
            options.NOTE,
        ),
        "manager",
    ),
    CommandSpec("dismiss", "close a report: nothing is wrong", reports.dismiss, (options.REPORT,), "manager"),
)

GROUPS = (("News", _NEWS), ("Feeds", _FEEDS), ("Digests", _DIGESTS), ("The bot", _BOT))
"""What help shows, by what it is for."""
COMMANDS: tuple[CommandSpec, ...] = (*_NEWS, *_FEEDS, *_DIGESTS, *_BOT, *_BUTTONS)
"""Every command, in the order in which help shows them."""
