"""Settings, read once: TOML file < secret files < environment; every fault is named at once; knows no adapter.

Settings stop at ``app``: everything below takes plain arguments.
"""

from digestbot.config.files import faults_of, read_toml
from digestbot.config.settings import (
    ENV_PREFIX,
    OWN_VARIABLES,
    SECRET_KEYS,
    DatabaseSettings,
    DiscordSettings,
    ModelSettings,
    Settings,
    SlackSettings,
    SourceSettings,
    load_settings,
)
from digestbot.config.subscriptions import WEEKDAYS, FeedSettings, FilterSettings, SubscriptionSettings

__all__ = [
    "ENV_PREFIX",
    "OWN_VARIABLES",
    "SECRET_KEYS",
    "WEEKDAYS",
    "DatabaseSettings",
    "DiscordSettings",
    "FeedSettings",
    "FilterSettings",
    "ModelSettings",
    "Settings",
    "SlackSettings",
    "SourceSettings",
    "SubscriptionSettings",
    "faults_of",
    "load_settings",
    "read_toml",
]
