"""The options that several commands share; knows what they are called and take, not what is done with them."""

from digestbot.commands.model import Option
from digestbot.domain.subscription import LENGTH_WORDS, Frequency, Length, Style

LENGTHS: tuple[Length, ...] = tuple(LENGTH_WORDS)
FREQUENCIES: tuple[Frequency, ...] = ("daily", "weekdays", "weekly", "hourly", "cron", "instant")
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
STYLES: tuple[Style, ...] = ("full", "compact", "posts")
PROBLEMS = ("fact", "quote", "speaker", "duplicate", "other")
REMEDIES = ("fresh", "quotes", "summary", "withdraw")
DAYS = ("1", "7", "30")

LENGTH = Option("length", "how long the summaries are", "choice", choices=LENGTHS)
STORIES = Option("stories", "how many stories, 1 to 10", "integer", least=1, most=10)
QUOTES = Option("quotes", "how many quotes a story, 0 to 3", "integer", least=0, most=3, label="Quotes a story")
LANGUAGE = Option("language", "only articles in this language, e.g. en", most=12)
SHARE = Option(
    "share", "show the answer to the whole channel", "flag", label="Show it to everybody here", discord="public"
)
STORY = Option("story", "the story's number", "integer", required=True, least=1)
FEED = Option("feed", "the feed", "feed", required=True, rest=True)
ONE_FEED = Option("feed", "the feed", "feed", required=True)
DIGEST = Option("digest", "the digest", "digest", required=True, rest=True)
ONE_DIGEST = Option("digest", "the digest", "digest", required=True)
FILTERED = (
    Option("digest", "the digest whose rules they are", "digest", rest=True, unless="feed"),
    Option("feed", "a feed, in place of a digest", "feed"),
)
"""What has a filter: a digest, or a feed given by name."""
ONE_FILTERED = (Option("digest", "the digest whose rules they are", "digest", unless="feed"), FILTERED[1])
URL = Option("url", "the address, https://…", "url", required=True, most=2_000, label="Address")
CHANNEL = Option("channel", "the channel, this one when left out", "channel", most=40)
TO_CHANNEL = Option("channel", "the channel to move it to", "channel", required=True, most=40)
REPORT = Option("report", "the report's number", "integer", required=True, least=1)
NOTE = Option("note", "in your own words, if you like", most=1_000, rest=True, label="What should it say?")
QUIET = Option("quiet", "hours without posts, e.g. 22:00-07:00, or none", "hours", most=20, label="Quiet hours")
STYLE_LABELS = ("Full: a thread", "Compact: one message", "Posts: one a story")
KIND = Option(
    "kind",
    "what is wrong",
    "choice",
    required=True,
    choices=PROBLEMS,
    label="What is wrong?",
    labels=("A wrong fact", "A wrong quotation", "A wrong speaker", "A duplicate", "Something else"),
)
HOW_LONG = Option(
    "days", "for how long", "choice", choices=DAYS, label="For how long", labels=("A day", "A week", "A month")
)

SHAPE = (
    CHANNEL,
    Option(
        "frequency",
        "how often",
        "choice",
        choices=FREQUENCIES,
        label="How often",
        labels=("Every day", "Weekdays", "Every week", "Every hour", "By a cron line", "As news comes"),
    ),
    Option("at", "local times of day, e.g. 08:00 or 08:00,17:30", "times", most=60, label="Times of day"),
    Option("weekday", "the day of a weekly digest", "choice", choices=WEEKDAYS),
    Option("timezone", "an IANA time zone, e.g. Europe/Berlin", "zone", most=60, label="Time zone"),
    Option("topics", "topics with commas, all when left out", most=300),
    Option("feeds", "feeds' numbers with commas, all when left out", most=300),
    STORIES,
    QUOTES,
    LENGTH,
    Option("style", "how it is posted", "choice", choices=STYLES, labels=STYLE_LABELS),
    LANGUAGE,
    Option("mention", "a role or user group to notify, or none", "role", most=60, label="Notify"),
    QUIET,
    Option("cron", "minute hour day month weekday, e.g. 0 8 * * 1-5", most=100),
    Option(
        "updates",
        "stories posted before: mark what is new, or skip",
        "choice",
        choices=("mark", "skip"),
        label="Stories posted before",
        labels=("Mark what is new", "Leave them out"),
    ),
    Option(
        "empty",
        "when nothing is new: skip, or note it",
        "choice",
        choices=("skip", "note"),
        label="When nothing is new",
        labels=("Post nothing", "Say so in one line"),
    ),
)
"""What a digest can be told when it is made or changed."""

RULES = (
    Option("include", "only articles with one of these words, with commas", most=500),
    Option("exclude", "no articles with one of these words, with commas", most=500),
    Option("authors", "only these authors, with commas", most=500),
    Option("categories", "only these categories, with commas", most=500),
    Option("languages", "only these languages, with commas", most=100),
    Option("sources", "only these hosts, with commas", most=500),
)
"""The lists a filter is made of."""

SETTINGS = (
    Option(
        "managers",
        "who may change digests: admins, anyone, or a role or user group",
        "role",
        most=60,
        label="Who may change digests",
    ),
    Option(
        "admin_channel",
        "the channel that reported problems go to, or none",
        "channel",
        most=40,
        empties=True,
        label="Report problems to",
    ),
    Option("timezone", "the time zone of new digests, e.g. Europe/Berlin", "zone", most=60, label="Time zone"),
    Option("language", "the language of new digests, e.g. en, or any", most=12),
    Option("length", "how long the summaries of new digests are", "choice", choices=LENGTHS),
    Option("style", "the style of new digests", "choice", choices=STYLES, labels=STYLE_LABELS),
    QUIET,
)
"""What a workspace can set for itself."""
