"""Feeds and subscriptions as the settings file and a file of digests write them."""

from datetime import time
from typing import Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from digestbot.domain.subscription import EmptyPolicy, Frequency, Length, Platform, Style, UpdatePolicy

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Section(BaseModel):
    """A frozen table of the file; a key nobody knows is a fault."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FilterSettings(Section):
    """The rules that an article has to pass."""

    include: tuple[str, ...] = Field((), description="Only articles with one of these words or phrases.")
    exclude: tuple[str, ...] = Field((), description="No articles with one of these words or phrases.")
    include_regex: str = Field("", description="Only articles in which this RE2 expression is found.")
    exclude_regex: str = Field("", description="No articles in which this RE2 expression is found.")
    authors: tuple[str, ...] = Field((), description="Only articles by one of these authors.")
    categories: tuple[str, ...] = Field((), description="Only articles of one of these categories.")
    languages: tuple[str, ...] = Field((), description="Only articles in one of these languages (en, de, …).")
    sources: tuple[str, ...] = Field((), description="Only articles of these outlets or hosts.")


class _FeedFacts(Section):
    """What a feed is, its filter apart."""

    url: str = Field(description="The feed's http(s) address.")
    title: str = Field("", description="What readers call the outlet; the feed's own title when empty.")
    topics: tuple[str, ...] = Field((), description="Topics its stories belong to.")
    weight: float = Field(1.0, gt=0, le=10, description="Multiplies its stories' rank.")
    backfill: int = Field(0, ge=0, le=100, description="How many entries of the first sight are taken; 0 takes none.")

    @field_validator("url")
    @classmethod
    def _http(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError("must start with http:// or https://")
        return url


# The rules stand last in the reference, in the example and in an export: the fields of a later base come first.
class FeedSettings(FilterSettings, _FeedFacts):
    """One feed; its rules hold in every digest that reads it."""


class _SubscriptionFacts(Section):
    """What a digest is, its filter apart."""

    name: str = Field(description="The digest's title, unique.")
    channel: str = Field(
        "console:",
        description="console:, slack:C0123 or discord:1234; slack:T0123/C0123 names the workspace too.",
    )
    schedule: Frequency = Field("daily", description="daily, weekdays, weekly, hourly, cron or instant.")
    at: tuple[time, ...] = Field((time(8, 0),), min_length=1, description="Local times of day.")
    weekday: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = Field(
        "monday", description="For weekly."
    )
    every_hours: int = Field(1, ge=1, le=24, description="For hourly.")
    cron: str = Field("", description="For cron: minute hour day month weekday.")
    timezone: str = Field("UTC", description="An IANA time zone such as Europe/Berlin.")
    quiet: tuple[time, time] | None = Field(
        None, description="From and to: nothing is posted then, but caught up after."
    )
    feeds: tuple[str, ...] = Field((), description="URLs of feeds listed in this file; empty takes all.")
    topics: tuple[str, ...] = Field((), description="Only feeds of these topics; empty takes all.")
    stories: int = Field(5, ge=1, le=10, description="Stories a digest.")
    quotes: int = Field(3, ge=0, le=3, description="Key quotes a story, at most.")
    length: Length = Field("medium", description="short, medium or long summaries.")
    style: Style = Field(
        "full", description="full (a card a story), compact (one message) or posts (a message or forum post a story)."
    )
    per_feed: int = Field(3, ge=1, description="Stories that one feed may lead, at most.")
    per_topic: int = Field(0, ge=0, description="Stories under one topic, at most; 0 for no limit.")
    language: str = Field("", description="Only articles in this language (en, de, …); empty takes all.")
    updates: UpdatePolicy = Field("mark", description="Stories posted before: mark what is new, or skip.")
    empty: EmptyPolicy = Field("skip", description="When there is nothing new: skip, or note it in one line.")
    mention: str = Field("", description="A role or group to notify, as the platform writes it; empty notifies nobody.")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError(f"is no IANA time zone: “{name}”; try Europe/London or America/New_York")
        ZoneInfo(name)
        return name

    @field_validator("channel")
    @classmethod
    def _platform(cls, channel: str) -> str:
        platform, colon, _ = channel.partition(":")
        if not colon or platform not in ("console", "slack", "discord"):
            raise ValueError("must read console:, slack:CHANNEL_ID or discord:CHANNEL_ID")
        return channel

    @model_validator(mode="after")
    def _cron_has_line(self) -> Self:
        if self.schedule == "cron" and not self.cron:
            raise ValueError("cron: is needed when schedule is “cron”")
        return self

    @property
    def platform(self) -> Platform:
        """The platform of its channel."""
        name = self.channel.partition(":")[0]
        return "slack" if name == "slack" else "discord" if name == "discord" else "console"


class SubscriptionSettings(FilterSettings, _SubscriptionFacts):
    """Feeds and topics → one channel on a schedule."""
