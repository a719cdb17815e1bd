"""Settings, read once: TOML file < secret files < environment; every fault is named at once; knows no adapter.

Settings stop at ``app``: everything below takes plain arguments.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from digestbot.config.files import faults_of, read_toml
from digestbot.config.subscriptions import FeedSettings, Section, SubscriptionSettings
from digestbot.domain.errors import ConfigError

ENV_PREFIX = "DIGESTBOT_"
OWN_VARIABLES = frozenset({"DIGESTBOT_CONFIG", "DIGESTBOT_SECRETS_DIR"})
"""Variables of ours that are no settings: they say where settings are read from."""
SECRET_KEYS = (
    ("model", "remote_key"),
    ("slack", "bot_token"),
    ("slack", "app_token"),
    ("slack", "signing_secret"),
    ("slack", "client_secret"),
    ("discord", "token"),
    ("web", "token"),
)
"""The settings that may also come from files named ``<section>_<key>`` in the secrets folder."""


KINDS = {
    "bot_token": (("xoxb-", "xoxe.xoxb-"), "“OAuth & Permissions” of the app"),
    "app_token": (("xapp-",), "“Basic Information → App-Level Tokens” of the app"),
}
"""How Slack's tokens begin (docs.slack.dev, “Tokens”), those that are renewed too, and where each is found."""


def _whole(token: SecretStr | None) -> SecretStr | None:
    """Return a token as it is, or refuse one that no platform gives: a guide's dots, blanks, half a line.

    Raises:
        ValueError: It is none.

    """
    value = token.get_secret_value() if token else ""
    if not value.isascii() or any(letter.isspace() or not letter.isprintable() for letter in value):
        raise ValueError("is no whole token: copy it again, all of it and nothing else")
    return token


class DatabaseSettings(Section):
    """Where the rows live."""

    url: str = Field("sqlite:///var/digestbot.sqlite3", description="A SQLite file, or postgresql://user@host/name.")


class WorkerSettings(Section):
    """How long another process's work is left alone; the same in all processes."""

    stalled_after: float = Field(
        30.0,
        ge=3,
        description="Seconds without a sign of life after which a worker's jobs are taken up by others, and a message "
        "that was being sent is looked for; a message is given two thirds of that to be taken.",
    )


class RetentionSettings(Section):
    """How many days what is stored outlives its last use; what was seen is remembered longer than articles are kept."""

    articles: int = Field(90, ge=1, description="Days an article is kept after its story was last reported on.")
    briefs: int = Field(30, ge=1, description="Days a brief is kept.")
    receipts: int = Field(90, ge=1, description="Days that sent digests and their receipts are kept.")
    seen: int = Field(180, ge=90, description="Days an entry is known as seen, and an article as posted; 90 at least.")
    audit: int = Field(365, ge=1, description="Days the log of who changed what, and closed reports, are kept.")


class SourceSettings(Section):
    """How feeds and pages are read."""

    contact: str = Field(
        "", description="A mail address or URL that publishers can write to; sent in the User-Agent header."
    )
    min_gap: float = Field(1.0, ge=0, description="Seconds between two requests to one host.")
    concurrency: int = Field(32, ge=1, le=1000, description="How many feeds are polled at once.")
    max_bytes: int = Field(10_000_000, ge=10_000, description="The largest feed or page that is read, in bytes.")
    timeout: float = Field(30.0, gt=0, description="Seconds for one whole request.")
    allow_private_hosts: tuple[str, ...] = Field(
        (), description="Hosts inside your network that may be read, as host or host:port."
    )
    story_window_hours: int = Field(72, ge=1, description="How long a story stays open for further articles.")


class ModelSettings(Section):
    """Which model condenses stories."""

    engine: Literal["auto", "extractive", "seq2seq", "chat", "remote"] = Field(
        "extractive", description="What writes summaries; extractive needs no download and quotes the articles."
    )
    name: str = Field("", description="A Hugging Face model id or a folder, for seq2seq and chat.")
    download: bool = Field(default=False, description="Whether auto may fetch its model when it is not here.")
    languages: tuple[str, ...] = Field((), description="Codes the model writes in; empty: those known of it, or en.")
    memory_mb: int = Field(0, ge=0, description="Megabytes the engine may hold before it is ended; 0 for no limit.")
    remote_url: str = Field("", description="An OpenAI-compatible endpoint, for the remote engine.")
    remote_key: SecretStr | None = Field(None, description="Its key; better set as DIGESTBOT_MODEL__REMOTE_KEY.")
    source_bound: bool = Field(
        default=False, description="Whether the chat engine may only write words of the sources (and function words)."
    )
    checker: str = Field("", description="A model of entailment: the gate's second tier; empty for none.")
    cache: str = Field("var/models", description="The folder for converted models and sentences' vectors.")
    threads: int = Field(0, ge=0, description="CPU threads for inference; 0 takes all.")


class SlackSettings(Section):
    """The Slack app; leave the tokens out of this file and set the environment instead."""

    bot_token: SecretStr | None = Field(None, description="xoxb-…; better set as DIGESTBOT_SLACK__BOT_TOKEN.")
    app_token: SecretStr | None = Field(
        None, description="xapp-…, for slash commands; better set as DIGESTBOT_SLACK__APP_TOKEN."
    )
    signing_secret: SecretStr | None = Field(
        None, description="What Slack signs HTTP requests with; better set as DIGESTBOT_SLACK__SIGNING_SECRET."
    )
    listen: str = Field("127.0.0.1:3000", description="Where HTTP requests are taken, with a signing secret.")
    public_url: str = Field("", description="Where this bot is reached from outside, https://…, to install the app.")
    client_id: str = Field("", description="The app's client id, for an app that several workspaces install.")
    client_secret: SecretStr | None = Field(
        None, description="The app's client secret; better set as DIGESTBOT_SLACK__CLIENT_SECRET."
    )
    anyone_manages: bool = Field(
        default=False, description="Whether everybody may change subscriptions; else workspace admins alone."
    )
    admin_channel: str = Field(
        "", description="The id of the channel that reported problems go to; T…/C… where several workspaces install."
    )

    @field_validator("bot_token", "app_token")
    @classmethod
    def _right_kind(cls, token: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        begins, place = KINDS[info.field_name or ""]
        if token and not token.get_secret_value().startswith(begins):
            raise ValueError(f"begins with {begins[0]}, and this one does not: copy it from {place}")
        return _whole(token)

    @model_validator(mode="after")
    def _installing_is_whole(self) -> Self:
        if bool(self.client_id) != (self.client_secret is not None):
            raise ValueError("client_id: is needed together with client_secret")
        if self.client_id and not (self.signing_secret and self.public_url.startswith("https://")):
            raise ValueError("public_url: an app that is installed needs signing_secret and an https:// address")
        return self


class DiscordSettings(Section):
    """The Discord bot; leave the token out of this file and set the environment instead."""

    token: SecretStr | None = Field(None, description="The bot token; better set as DIGESTBOT_DISCORD__TOKEN.")
    _is_whole = field_validator("token")(_whole)

    commands: bool = Field(
        default=True, description="Whether to answer slash commands; else digests are posted only, without a gateway."
    )
    layout: Literal["components", "embeds"] = Field(
        "components", description="How digests look: components (the newer look) or embeds (the older one)."
    )
    threads: bool = Field(
        default=True, description="Whether what follows a digest's first message stands in a thread of it."
    )
    news_per_minute: int = Field(10, ge=1, le=600, description="How often one person may use /news within a minute.")
    shard_count: int = Field(
        0, ge=0, description="Shards of the whole bot, one for up to 2,500 servers; 0 takes what Discord recommends."
    )
    shard_ids: tuple[int, ...] = Field(
        (), description="The shards that this process connects, such as [0, 1]; empty connects all of them."
    )
    admin_channel: str = Field("", description="The id of the channel that reported problems go to.")

    @model_validator(mode="after")
    def _shards(self) -> Self:
        if self.shard_ids and not self.shard_count:
            raise ValueError("shard_count: is needed when shard_ids is set")
        if strays := [number for number in self.shard_ids if not 0 <= number < self.shard_count]:
            raise ValueError(f"shard_ids: must be 0 to {self.shard_count - 1}, not {strays[0]}")
        return self


class WebSettings(Section):
    """The reading room, the preview, the status page, health and metrics, over HTTP."""

    enabled: bool = Field(default=False, description="Whether “digestbot run” serves the pages.")
    host: str = Field("127.0.0.1", description="The address to listen on; beyond this machine a token is needed.")
    port: int = Field(8080, ge=0, le=65535, description="The port; 0 takes a free one.")
    token: SecretStr | None = Field(
        None, min_length=16, description="What readers log in with; better set as DIGESTBOT_WEB__TOKEN."
    )
    proxy_header: str = Field(
        "", description="The header in which a reverse proxy names who is logged in, such as X-Forwarded-User."
    )
    trusted_proxies: tuple[str, ...] = Field(
        ("127.0.0.1", "::1"), description="Addresses or networks that the header is believed from."
    )
    public_url: str = Field(
        "", description="Where readers find the pages, for links in feeds: https://news.example.org."
    )

    @field_validator("public_url")
    @classmethod
    def _http(cls, url: str) -> str:
        if url and not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url.rstrip("/")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        for proxy in proxies:
            ip_network(proxy)
        return proxies

    @model_validator(mode="after")
    def _guarded_beyond_this_machine(self) -> Self:
        if self.enabled and not is_loopback(self.host) and self.token is None and not self.proxy_header:
            raise ValueError(
                f"host: {self.host} is reached from outside this machine: set web.token or web.proxy_header, "
                "or listen on 127.0.0.1"
            )
        return self


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class LogSettings(Section):
    """What is logged, to standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least level that is written.")
    format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto writes JSON unless standard error is a terminal."
    )
    traces: str = Field("", description="An OTLP/HTTP endpoint that traces go to (extra otel); empty sends none.")


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix=ENV_PREFIX,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        # A variable that is set to nothing (as compose files do) is one that is not set.
        env_ignore_empty=True,
    )

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    workers: WorkerSettings = Field(default_factory=WorkerSettings)
    retention: RetentionSettings = Field(default_factory=RetentionSettings)
    sources: SourceSettings = Field(default_factory=SourceSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    slack: SlackSettings = Field(default_factory=SlackSettings)
    discord: DiscordSettings = Field(default_factory=DiscordSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    feeds: tuple[FeedSettings, ...] = Field((), description="The feeds.")
    subscriptions: tuple[SubscriptionSettings, ...] = Field((), description="Who gets what, where and when.")

    @model_validator(mode="after")
    def _known_feeds(self) -> Self:
        urls = {feed.url for feed in self.feeds}
        topics = {topic for feed in self.feeds for topic in feed.topics}
        names: set[str] = set()
        for i, subscription in enumerate(self.subscriptions):
            if unknown := [url for url in subscription.feeds if url not in urls]:
                raise ValueError(f"subscriptions.{i}.feeds: not listed under [[feeds]]: {', '.join(unknown)}")
            if unknown := [topic for topic in subscription.topics if topic not in topics]:
                raise ValueError(f"subscriptions.{i}.topics: no feed has the topic {', '.join(unknown)}")
            if subscription.name in names:
                raise ValueError(f"subscriptions.{i}.name: “{subscription.name}” is used twice")
            names.add(subscription.name)
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before what the caller read from files."""
        return env_settings, init_settings


def _read_secrets(folder: Path) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for section, key in SECRET_KEYS:
        path = folder / f"{section}_{key}"
        if not path.is_file():
            continue
        try:
            found.setdefault(section, {})[key] = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            hint = "let the user who runs digestbot read it, or write it anew"
            raise ConfigError([f"{path}: cannot be read as text"], hint=hint) from error
    return found


def _merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return merged


def _stray_variables(environment: Mapping[str, str]) -> list[str]:
    """Name the environment's variables that look like settings and are none (their values stay unsaid)."""
    known = {f"{ENV_PREFIX}{name}".upper() for name in Settings.model_fields}
    return [
        f"environment: {name}: is no setting"
        for name in sorted(environment)
        if name.startswith(ENV_PREFIX) and name not in OWN_VARIABLES and name.partition("__")[0].upper() not in known
    ]


def load_settings(path: Path | None, *, secrets: Path | None = None) -> Settings:
    """Read the settings from a TOML file, secret files and the environment, each over the one before.

    Args:
        path: The TOML file, or None for defaults and environment alone.
        secrets: The folder of secret files; ``DIGESTBOT_SECRETS_DIR`` or ``/run/secrets`` when None.

    Raises:
        ConfigError: With every fault at once.

    """
    missing = "copy config/digestbot.example.toml there, or name another with --config"
    below = read_toml(path, missing=missing) if path else {}
    strays = _stray_variables(os.environ)
    folder = secrets or Path(os.environ.get(f"{ENV_PREFIX}SECRETS_DIR", "/run/secrets"))
    try:
        settings = Settings(**_merge(below, _read_secrets(folder)))
    except ValidationError as error:
        raise ConfigError([*faults_of(error, Settings, str(path or "settings")), *strays]) from error
    if strays:
        raise ConfigError(strays)
    return settings
