"""What an installation of a given size needs, and which limit binds first: arithmetic on measured unit costs.

The costs are those that ``make bench-costs`` measured and wrote to a file; the one in the package was made that way.
The platforms' limits are documented by them and named beside each constant. Knows no network and no database.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from textwrap import wrap

from digestbot.domain.errors import ConfigError
from digestbot.sources.polling import TURN

COSTS = Path(__file__).with_name("unit_costs.json")
BUSY = 0.6
"""How much of a core or a model may be in use on average; the rest is for peaks and for what a machine does besides."""
DAY = 86_400.0
LARGEST_FILE = 50e9
"""Bytes of a SQLite file beyond which its backup takes too long for one process; a judgement, not a measurement."""
SLACK_POSTS = 1.0
"""Messages a second to one channel (Slack, “Rate limits”, chat.postMessage)."""
SLACK_WORKSPACE_POSTS = 300.0
"""Messages a minute to all channels of one workspace. Slack grants “several hundred” and generous bursts, and names no
number (chat.postMessage, “Rate limiting”); three hundred are the fewest that this can mean."""
DISCORD_REQUESTS = 50.0
"""Requests a second for one bot, over all servers (Discord, “Rate limits”, global)."""
DISCORD_GUILDS_A_SHARD = 2_500
"""Servers a shard may hold at most (Discord, “Gateway”, sharding)."""
DISCORD_IDENTIFIES = 1_000
"""Sessions a bot may start in a day, so as many shards can all start anew once (Discord, “Gateway”, identifying)."""
CHANNELS_A_HOME = 10
"""Channels with digests in one workspace or server, where nothing else is said."""


@dataclass(frozen=True, slots=True)
class UnitCosts:
    """What one of each costs; times in milliseconds of one core, sizes in bytes."""

    poll_unchanged: float
    poll_changed: float
    article: float
    """Quotes and stories of one article; the page's extraction and its vectors are beside."""
    page: float
    vector: float
    """Vectors of one article's sentences."""
    brief_extractive: float
    brief_seq2seq: float
    publish: float
    deliver: float
    row_feed: float
    row_article: float
    row_delivery: float
    memory_process: float
    memory_model: float
    poll_shared: float
    """A poll with nothing new that comes through the queue on PostgreSQL, in a worker."""
    poll_database: float
    """The same in the database."""

    @property
    def job(self) -> float:
        """What the queue adds to a thing that is done, in a worker."""
        return max(0.0, self.poll_shared - self.poll_unchanged)

    def __post_init__(self) -> None:
        """Hold that every cost is a positive number."""
        for one in fields(self):
            value = getattr(self, one.name)
            if not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
                raise ConfigError([f"unit costs: {one.name} is {value!r}, not a positive number"])


@dataclass(frozen=True, slots=True)
class Load:
    """What the installation is to carry."""

    feeds: int
    channels: int
    stories_per_day: int
    articles_per_day: int = 0
    polls_per_day: float = 20.0
    """Polls of a feed a day: feeds with news every few hours are asked about hourly (``make bench-simulation``)."""
    editions_per_day: float = 1.0
    messages: int = 6
    peak_minutes: float = 10.0
    """Minutes in which the digests of the busiest hour should be out: most are due on the hour."""
    peak_share: float = 0.3
    slack_share: float = 0.5
    largest_host: float = 0.02
    largest_workspace: float = 0.02
    """The share of Slack's channels that stand in one workspace; no fewer than ``CHANNELS_A_HOME`` where there are."""
    host_gap: float = 1.0
    retention_days: int = 30
    cores_per_worker: int = 2
    engine: str = "extractive"
    tokens_per_second: float = 0.0
    """Of a remote endpoint (vLLM or the like) that writes the summaries instead; 0 means there is none."""


@dataclass(frozen=True, slots=True)
class Need:
    """One thing the installation needs, in words and as a number."""

    name: str
    amount: float
    unit: str
    how: str


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit nobody can buy more of; ``used`` is the share of it that this load takes (over 1: it does not fit)."""

    name: str
    used: float
    how: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is needed, and the limits, the tightest first."""

    needs: tuple[Need, ...]
    limits: tuple[Limit, ...]

    @property
    def binds(self) -> Limit:
        """The limit that binds first."""
        return self.limits[0]


def read_costs(path: Path | None = None) -> UnitCosts:
    """Return the unit costs in a file, or those the package came with.

    Raises:
        ConfigError: The file cannot be read, or a cost is missing or no positive number.

    """
    file = path or COSTS
    try:
        found = json.loads(file.read_text("utf-8"))
        costs = found["costs"]
        return UnitCosts(**{one.name: costs[one.name] for one in fields(UnitCosts)})
    except OSError as error:
        raise ConfigError([f"unit costs: {file} cannot be read ({error.strerror})"]) from error
    except (ValueError, KeyError, TypeError) as error:
        hint = "write one with “make bench-costs”"
        raise ConfigError([f"unit costs: {file} is not what “make bench-costs” writes"], hint=hint) from error


def plan(load: Load, costs: UnitCosts) -> Plan:
    """Return what a load needs and which limit binds first.

    Raises:
        ConfigError: The load makes no sense (nothing, or less than nothing, of something).

    """
    if found := faults(load):
        raise ConfigError(found, hint="see “digestbot plan --help” for what each option takes")
    alone = _cores(load, costs)
    shared = sum(alone.values()) > BUSY * load.cores_per_worker or _bytes(load, costs) > LARGEST_FILE
    cores = alone | {"queue": _jobs(load) * costs.job / 1000 / DAY} if shared else alone
    needs = (
        *_workers(load, costs, cores),
        *_model(load, costs),
        *_database(load, costs, shared=shared),
        *_calls(load),
    )
    limits = sorted(_limits(load), key=lambda limit: -limit.used)
    return Plan(needs, tuple(limits))


def faults(load: Load) -> list[str]:
    """Return what of a load makes no sense, each with its option; nothing for one that can be planned."""
    found = [
        f"--{name.replace('_', '-')} must be more than nothing"
        for name, value in asdict(load).items()
        if isinstance(value, int | float) and value <= 0 and name not in MAY_BE_NOTHING
    ]
    found += [
        f"--{name.replace('_', '-')} must be a number up to {MOST:,}"
        for name, value in asdict(load).items()
        if isinstance(value, int | float) and not 0 <= value <= MOST and not value < 0
    ]
    found += [f"--{name.replace('_', '-')} is a share, so at most 1" for name in SHARES if getattr(load, name) > 1]
    if load.engine not in ("extractive", "seq2seq", "remote"):
        found.append(f"--engine “{load.engine}” is none of extractive, seq2seq, remote")
    if load.engine == "remote" and not load.tokens_per_second:
        found.append("the remote engine needs --tokens-per-second, what its endpoint writes")
    return found


MAY_BE_NOTHING = ("articles_per_day", "tokens_per_second", "slack_share")
LEAST = 0.01
"""The least that is told as a number: less of a core or a machine is next to nothing."""
MOST = 10**12
"""More than there is of anything; beyond it the arithmetic says nothing."""
SHARES = ("peak_share", "slack_share", "largest_host", "largest_workspace")
ARTICLES_A_STORY = 3.0
"""Articles of one story, where the number of articles is not given."""
CHANGED = 1.5
"""Polls that bring something new, for each of which one to two articles come."""
TOKENS_A_BRIEF = 80.0
"""Tokens a model writes for one summary of medium length."""


def _articles(load: Load) -> float:
    return load.articles_per_day or load.stories_per_day * ARTICLES_A_STORY


def _cores(load: Load, costs: UnitCosts) -> dict[str, float]:
    """Return the cores in use on average, by kind of work."""
    polls, articles = load.feeds * load.polls_per_day, _articles(load)
    changed = min(polls, articles / CHANGED)
    editions = load.channels * load.editions_per_day
    a_day = {
        "polling": (polls - changed) * costs.poll_unchanged + changed * costs.poll_changed,
        "articles": articles * (costs.page + costs.article + costs.vector),
        "delivery": editions * (costs.publish + load.messages * costs.deliver),
    }
    return {name: milliseconds / 1000 / DAY for name, milliseconds in a_day.items()}


def _jobs(load: Load) -> float:
    """Return the jobs a day: each poll, brief, edition and delivery is one."""
    return load.feeds * load.polls_per_day + load.stories_per_day + 2 * load.channels * load.editions_per_day


def _workers(load: Load, costs: UnitCosts, cores: Mapping[str, float]) -> list[Need]:
    used = sum(cores.values())
    workers = max(1, math.ceil(used / BUSY / load.cores_per_worker))
    most = max(cores, key=lambda name: cores[name])
    memory = workers * (costs.memory_process + costs.memory_model) / 1e9
    words = ", ".join(f"{name} {_number(share)}" for name, share in cores.items())
    return [
        Need("cores in use", used, "cores", f"{words}; most of it is {most}"),
        Need("workers", workers, f"machines of {load.cores_per_worker} cores", f"at most {BUSY:.0%} busy on average"),
        Need("memory of the workers", memory, "GB", "each with the encoder loaded"),
        Need("polls", load.feeds * load.polls_per_day / DAY, "a second", "on average over the day"),
    ]


def _model(load: Load, costs: UnitCosts) -> list[Need]:
    briefs = load.stories_per_day / DAY
    if load.engine == "remote":
        endpoints = math.ceil(briefs * TOKENS_A_BRIEF / (load.tokens_per_second * BUSY))
        how = f"{briefs * TOKENS_A_BRIEF:.0f} tokens a second wanted, {load.tokens_per_second:.0f} from each"
        return [Need("model endpoints", endpoints, "endpoints", how)]
    each = costs.brief_seq2seq if load.engine == "seq2seq" else costs.brief_extractive
    machines = math.ceil(briefs * each / 1000 / BUSY / load.cores_per_worker)
    return [
        Need("briefs", briefs, "a second", f"{each / 1000:.2f} core seconds each by the {load.engine} engine"),
        Need("machines for the model", machines, f"machines of {load.cores_per_worker} cores", "beside the workers"),
    ]


def _bytes(load: Load, costs: UnitCosts) -> float:
    """Return the size of the database once it is as old as what is kept."""
    return (
        load.feeds * costs.row_feed
        + _articles(load) * load.retention_days * costs.row_article
        + load.channels * load.editions_per_day * load.retention_days * costs.row_delivery
    )


def _database(load: Load, costs: UnitCosts, *, shared: bool) -> list[Need]:
    kept = load.retention_days
    writes = (load.feeds * load.polls_per_day + _articles(load)) / DAY
    busy = _jobs(load) * costs.poll_database / 1000 / DAY if shared else 0.0
    kind = "PostgreSQL, which the queue asks too" if shared else "a SQLite file in the one process"
    return [
        Need(
            "database", _bytes(load, costs) / 1e9, "GB", f"{kept} days of articles and deliveries, and the feeds' marks"
        ),
        Need("cores of the database", math.ceil(busy / BUSY), "cores", f"{_number(busy)} in use: {kind}"),
        Need("rows written", writes, "a second", "polls of unchanged feeds share transactions"),
    ]


def _calls(load: Load) -> list[Need]:
    messages = load.channels * load.editions_per_day * load.messages
    slack, discord = load.channels * load.slack_share, load.channels * (1 - load.slack_share)
    shards = math.ceil(discord / CHANNELS_A_HOME / DISCORD_GUILDS_A_SHARD)
    return [
        Need("messages", messages, "a day", f"{slack:,.0f} channels on Slack, {discord:,.0f} on Discord"),
        Need(
            "Discord shards", shards, "shards", f"{CHANNELS_A_HOME} channels a server, {DISCORD_GUILDS_A_SHARD} a shard"
        ),
    ]


def _limits(load: Load) -> Sequence[Limit]:
    """Return how much of each limit that cannot be bought is used."""
    feeds = load.feeds * load.largest_host
    polls = feeds * load.polls_per_day / DAY
    peak = load.channels * min(1.0, load.editions_per_day) * load.peak_share * load.messages / (load.peak_minutes * 60)
    # Slack counts by channel: one edition's messages go out one a second, whatever the number of channels.
    slack = load.messages / SLACK_POSTS / (load.peak_minutes * 60)
    discord = peak * (1 - load.slack_share) / DISCORD_REQUESTS
    shards = math.ceil(load.channels * (1 - load.slack_share) / CHANNELS_A_HOME / DISCORD_GUILDS_A_SHARD)
    every = _span(feeds * load.host_gap * TURN)
    drained = _span(peak * (1 - load.slack_share) * load.peak_minutes * 60 / DISCORD_REQUESTS)
    out = load.messages / SLACK_POSTS
    return [
        Limit("politeness to the largest host", polls * load.host_gap * TURN,
              f"{feeds:,.0f} feeds on it, asked {load.host_gap:g} s apart: each every {every} at most"),
        Limit("Slack, messages to one channel", slack, f"an edition is out {out:.0f} s after its first message"),
        _workspace(load),
        Limit("Discord, requests of one bot", discord,
              f"the peak's digests take {drained} at {DISCORD_REQUESTS:.0f} requests a second"),
        Limit("Discord, sessions a day", shards / DISCORD_IDENTIFIES, f"{shards:,} may start anew at once, once a day"),
    ]  # fmt: skip


def _workspace(load: Load) -> Limit:
    """Return what the peak takes of the messages that Slack lets an app post to one workspace."""
    slack = load.channels * load.slack_share
    channels = max(min(slack, CHANNELS_A_HOME), slack * load.largest_workspace)
    due = channels * min(1.0, load.editions_per_day) * load.peak_share
    minutes = due * load.messages / SLACK_WORKSPACE_POSTS
    rate = f"{SLACK_WORKSPACE_POSTS:.0f} messages a minute"
    how = f"{channels:,.0f} channels in one: the digests of its peak take {_span(minutes * 60)} at {rate}"
    return Limit("Slack, messages to one workspace", minutes / load.peak_minutes, how)


def _span(seconds: float) -> str:
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f} seconds"
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"  # noqa: PLR2004 - an hour


def show(made: Plan) -> str:
    """Return the plan as text, a line each."""
    lines = ["What it needs"]
    for need in made.needs:
        lines += _row(f"{need.name:22} {_number(need.amount):>9} {_unit(need)}", need.how)
    lines += ["", "Limits that no money moves, the tightest first"]
    for limit in made.limits:
        lines += _row(f"{limit.name:32} {limit.used:>7.1%} used", limit.how)
    first = made.binds
    fits = "fits" if first.used <= 1 else "does not fit"
    lines += ["", *wrap(f"It {fits}: {first.name} binds first ({first.how}).", WIDTH)]
    return "\n".join(lines)


WIDTH = 80
"""Columns of a plan: the terminals that have least."""


def _row(facts: str, how: str) -> list[str]:
    """Return a line of facts, with the words behind them below it."""
    return [f"  {facts}", *wrap(how, WIDTH, initial_indent=" " * 6, subsequent_indent=" " * 6)]


def _unit(need: Need) -> str:
    return re.sub(r"^(core|endpoint|machine|shard)s\b", r"\1", need.unit) if need.amount == 1 else need.unit


def _number(amount: float) -> str:
    if 0 < amount < LEAST:
        return f"under {LEAST}"
    return f"{amount:,.0f}" if amount >= 100 or amount == round(amount) else f"{amount:,.2f}"  # noqa: PLR2004 - digits
