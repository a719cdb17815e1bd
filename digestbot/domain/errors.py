"""Every error digestbot raises, as one tree; each says what happened, to which thing, and what to do.

DigestbotError            code · hint · transient=False · retry_after=None
├─ ConfigError            the operator: every fault at once, with file and key; exit 78
├─ UserError              the asker: UnknownCommand, BadOption, NotAllowed, NotFound, TooOften†
├─ SourceError(url)       FetchTimeout† ServerError† TooLarge BlockedAddress FeedGone NotAFeed NothingToRead
├─ InferenceError         ModelMissing, InputTooLong, Busy†(retry_after), Ungrounded(claims), DeadlinePassed†,
│                         EngineCrashed†, OutOfMemory, WrongLanguage, RemoteFailed†
├─ DeliveryError(channel) RateLimited†(retry_after), PlatformDown†, ChannelGone, NotPermitted, Rejected, OutcomeUnknown
├─ StoreError             Conflict†, SchemaTooOld(have, need), AlreadyRunning, StoreUnavailable†
├─ NotVerbatim            a quotation or speaker that does not stand in its article
└─ Defect                 a fault of ours, with its cause

† transient: the same request may succeed later without anybody changing anything.
"""

from collections.abc import Sequence


class DigestbotError(Exception):
    """The root of the tree.

    ``str(error)`` is one sentence for a person: what, which thing, what to do.

    Attributes:
        code: A stable machine-readable name, the same in logs, JSON output and metrics.
        hint: What the reader of the message can do about it.
        transient: Whether the same request may succeed later unchanged.
        retry_after: Seconds to wait before the next try, where the other side said so.
    """

    code = "error"
    hint = ""
    transient = False

    def __init__(self, what: str, *, hint: str | None = None, retry_after: float | None = None) -> None:
        """Say what happened; ``hint`` replaces the class's default advice."""
        self.what = what
        if hint is not None:
            self.hint = hint
        self.retry_after = retry_after
        super().__init__(what)

    def __str__(self) -> str:
        """Return the sentence shown to people: what happened, then what to do."""
        return f"{self.what}; {self.hint}" if self.hint else self.what


# ── the operator ─────────────────────────────────────────────────────────────


class ConfigError(DigestbotError):
    """The configuration cannot be used; ``faults`` names every wrong key at once."""

    code = "config"
    hint = "mend the named keys and start again"

    def __init__(self, faults: Sequence[str], *, hint: str | None = None) -> None:
        """Take every fault found, each as ``file: key: what is wrong``."""
        self.faults = tuple(faults)
        super().__init__("; ".join(self.faults), hint=hint)


# ── the asker ────────────────────────────────────────────────────────────────


class UserError(DigestbotError):
    """A person asked for something that cannot be done as asked."""

    code = "user"


class UnknownCommand(UserError):
    """No command has this name; ``nearest`` is the closest that exists, if any is close."""

    code = "unknown_command"

    def __init__(self, name: str, nearest: str | None = None) -> None:
        """Name what was typed and the nearest command."""
        self.name, self.nearest = name, nearest
        hint = f"did you mean “{nearest}”?" if nearest else "try “help” for the list"
        super().__init__(f"there is no command “{name}”", hint=hint)


class BadOption(UserError):
    """An option's value cannot be used."""

    code = "bad_option"

    def __init__(self, option: str, why: str, nearest: str | None = None) -> None:
        """Name the option, why its value is wrong, and the nearest right one."""
        self.option, self.why, self.nearest = option, why, nearest
        hint = f"did you mean “{nearest}”?" if nearest else "see “help” for what it takes"
        super().__init__(f"“{option}” {why}", hint=hint)


class NotAllowed(UserError):
    """The asker may not do this here."""

    code = "not_allowed"
    hint = "ask somebody who manages this workspace"


class NotFound(UserError):
    """Nothing of this kind has this key."""

    code = "not_found"

    def __init__(self, kind: str, key: object, *, hint: str | None = None) -> None:
        """Name the kind of thing and the key looked for."""
        self.kind, self.key = kind, key
        super().__init__(
            f"there is no {kind} “{key}”", hint=hint if hint is not None else f"list them to see each {kind}"
        )


class TooOften(UserError):
    """Somebody asks more often than one person may."""

    code = "too_often"
    transient = True

    def __init__(self, what: str, retry_after: float) -> None:
        """Say what is asked for, and in how many seconds it may be asked for again."""
        seconds = max(1, round(retry_after))
        hint = f"try again in {seconds} second{'' if seconds == 1 else 's'}"
        super().__init__(f"{what} was asked for too often", hint=hint, retry_after=retry_after)


# ── sources ──────────────────────────────────────────────────────────────────


class SourceError(DigestbotError):
    """A feed or page could not be had or read."""

    code = "source"
    default = "cannot be read"
    hint = "open the address in a browser to see what it gives"

    def __init__(
        self, url: str, what: str | None = None, *, hint: str | None = None, retry_after: float | None = None
    ) -> None:
        """Name the address; ``what`` replaces the class's default sentence."""
        self.url = url
        super().__init__(f"{url} {what or self.default}", hint=hint, retry_after=retry_after)


class FetchTimeout(SourceError):
    """The other side did not answer in time."""

    code = "fetch_timeout"
    default = "did not answer in time"
    hint = "it is tried again later by itself"
    transient = True


class ServerError(SourceError):
    """The other side answered with an error of its own, or could not be reached."""

    code = "server_error"
    default = "answered with an error"
    hint = "it is tried again later by itself"
    transient = True


class TooLarge(SourceError):
    """The answer is larger, deeper or slower to read than the limits allow."""

    code = "too_large"
    default = "is larger than the limit"
    hint = "ask its publisher for a smaller feed, or raise the limit in the settings"


class BlockedAddress(SourceError):
    """The address points inside a private network, or is not http(s)."""

    code = "blocked_address"
    default = "points to a private or unusable address"
    hint = "use a public http(s) address, or name the host under sources.allow_private_hosts"


class FeedGone(SourceError):
    """The publisher says the feed is gone for good (410)."""

    code = "feed_gone"
    default = "is gone (410)"
    hint = "remove it or give its new address"


class NotAFeed(SourceError):
    """The bytes are not a feed in any format we read."""

    code = "not_a_feed"
    default = "is not a feed"
    hint = "give the address of its RSS, Atom or JSON feed"


class NothingToRead(SourceError):
    """There is no article text: empty, a pay wall, a cookie wall."""

    code = "nothing_to_read"
    default = "has no article text to read"
    hint = "give a page with an article's text on it"


# ── inference ────────────────────────────────────────────────────────────────


class InferenceError(DigestbotError):
    """A model could not do its work; the article's own sentences stand in."""

    code = "inference"


class ModelMissing(InferenceError):
    """The model's files are not here, or are not the ones they should be."""

    code = "model_missing"

    def __init__(self, model: str, what: str = "is not on this machine", *, hint: str | None = None) -> None:
        """Name the model and what is wrong with it."""
        self.model = model
        super().__init__(
            f"model {model} {what}",
            hint=hint if hint is not None else "run “digestbot models pull” or choose the extractive engine",
        )


class InputTooLong(InferenceError):
    """The text is longer than the engine can take even in parts."""

    code = "input_too_long"
    hint = "give a shorter text"


class Busy(InferenceError):
    """The engine's queue is full."""

    code = "busy"
    hint = "try again shortly"
    transient = True


class Ungrounded(InferenceError):
    """No sentence of a generated summary stands in its sources."""

    code = "ungrounded"
    hint = "the article's own sentences are used instead"

    def __init__(self, claims: Sequence[str]) -> None:
        """Name the claims that do not stand in the sources."""
        self.claims = tuple(claims)
        super().__init__(f"{len(self.claims)} generated claims do not stand in the sources")


class DeadlinePassed(InferenceError):
    """The engine did not answer within the time given to it."""

    code = "deadline"
    hint = "try again later, or give the engine more time"
    transient = True


class EngineCrashed(InferenceError):
    """The engine's process ended in the middle of its work; the next request starts a new one."""

    code = "crashed"
    hint = "try again; if it happens again, choose a smaller model"
    transient = True


class OutOfMemory(InferenceError):
    """The engine needed more memory than it may take."""

    code = "out_of_memory"
    hint = "raise the engine's memory limit or choose a smaller model"


class WrongLanguage(InferenceError):
    """The model does not write the story's language."""

    code = "language"
    hint = "choose a model for this language; until then the article's own sentences are used"


class RemoteFailed(InferenceError):
    """The remote endpoint is not reachable, or answers with an error."""

    code = "remote"
    hint = "see whether the endpoint runs and knows the model"
    transient = True


# ── delivery ─────────────────────────────────────────────────────────────────


class DeliveryError(DigestbotError):
    """A message could not be posted to a channel."""

    code = "delivery"
    default = "the message could not be posted"

    def __init__(
        self, channel: str, what: str | None = None, *, hint: str | None = None, retry_after: float | None = None
    ) -> None:
        """Name the channel; ``what`` replaces the class's default sentence."""
        self.channel = channel
        super().__init__(f"{channel.removesuffix(':')}: {what or self.default}", hint=hint, retry_after=retry_after)


class RateLimited(DeliveryError):
    """The platform asks us to wait ``retry_after`` seconds."""

    code = "rate_limited"
    default = "the platform asks us to wait"
    hint = "it is sent again by itself"
    transient = True


class PlatformDown(DeliveryError):
    """The platform is not reachable or answers with errors of its own; nothing was posted."""

    code = "platform_down"
    default = "the platform does not answer"
    hint = "it is tried again by itself; if it lasts, look at this machine's network and the platform's status page"
    transient = True


class ChannelGone(DeliveryError):
    """The channel is deleted or archived."""

    code = "channel_gone"
    default = "the channel is gone or archived"
    hint = "move the subscription to another channel"


class NotPermitted(DeliveryError):
    """The bot may not post there, or its token is no longer valid."""

    code = "not_permitted"
    default = "the bot may not post there"
    hint = "invite the bot and give it the right to post"


class Rejected(DeliveryError):
    """The platform refuses the message itself."""

    code = "rejected"
    default = "the platform refused the message"
    hint = "report this with the message's delivery id; it is a fault of ours"


class OutcomeUnknown(DeliveryError):
    """The message was sent but no answer came: it may or may not be posted."""

    code = "outcome_unknown"
    default = "no answer came; the message may or may not be posted"
    hint = "it is looked up before anything is sent again"


# ── the store ────────────────────────────────────────────────────────────────


class StoreError(DigestbotError):
    """The database could not do what was asked."""

    code = "store"


class Conflict(StoreError):
    """Somebody else changed the same rows at the same time."""

    code = "conflict"
    hint = "it is tried again by itself"
    transient = True


class StoreUnavailable(StoreError):
    """The database cannot be reached, is locked, or its disk is full."""

    code = "store_unavailable"
    hint = "check that the database can be reached and its disk has room"
    transient = True

    def __init__(self, what: str, *, hint: str | None = None, lasting: bool = False) -> None:
        """Say what happened; ``lasting``: it needs a hand, so the same request fails until somebody mends it."""
        self.transient = not lasting
        super().__init__(what, hint=hint)


class SchemaTooOld(StoreError):
    """The database's schema is not the one this version needs."""

    code = "schema_too_old"
    hint = "run “digestbot migrate”"

    def __init__(self, have: str | None, need: str) -> None:
        """Name the revision the database has and the one that is needed."""
        self.have, self.need = have, need
        super().__init__(f"the database is at schema {have or 'none'}, this version needs {need}")


class AlreadyRunning(StoreError):
    """Another digestbot process works on the same database, which one process must have for itself."""

    code = "already_running"
    hint = "stop the other one first, or move to PostgreSQL to run several"


# ── the promise ──────────────────────────────────────────────────────────────


class NotVerbatim(DigestbotError):
    """A quotation or its speaker does not stand in the article; the quote is dropped and counted by ``reason``."""

    code = "not_verbatim"

    def __init__(self, reason: str, what: str) -> None:
        """Give a short machine-readable reason and the sentence."""
        self.reason = reason
        super().__init__(what)


# ── ourselves ────────────────────────────────────────────────────────────────


class Defect(DigestbotError):
    """A fault of ours that nobody foresaw; its cause is chained, and stands in the log with a traceback."""

    code = "defect"
    hint = "report it with the traceback that the log has"
