"""Discord's refusals and the client's failures: every class and every code is one of our errors."""

import inspect

import aiohttp
import discord
import pytest

from digestbot.chat.discord.circuit_breaker import LIMIT, WINDOW, Breaker
from digestbot.chat.discord.errors import CLIENT, CODES, FAILURES, delivery_error, reading_error
from digestbot.domain.errors import DeliveryError, NotPermitted, OutcomeUnknown, PlatformDown, RateLimited, Rejected

ANSWERED = {discord.HTTPException, discord.Forbidden, discord.NotFound, discord.DiscordServerError}
ELSEWHERE = {discord.DiscordException, discord.RateLimited}


class Answer:
    """An answer as the client keeps it in its errors."""

    reason = "because"

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status = status
        self.headers = headers or {}


def refused(status: int, code: int = 0, headers: dict[str, str] | None = None) -> discord.HTTPException:
    return discord.HTTPException(Answer(status, headers), {"code": code, "message": "no"})


def test_every_error_of_the_client_is_mapped():
    """A class that a new version of discord.py brings fails this test until somebody has thought about it."""
    places = (discord, discord.opus, discord.app_commands)
    classes = {c for place in places for _, c in inspect.getmembers(place, inspect.isclass) if issubclass(c, Exception)}
    commands = {c for c in classes if issubclass(c, discord.app_commands.AppCommandError)}
    assert classes - commands == (set(CLIENT) - commands) | ANSWERED | ELSEWHERE
    for kind in classes:
        assert issubclass(kind, FAILURES)


@pytest.mark.parametrize("kind", list(CLIENT))
def test_special_errors_come_before_general_ones(kind: type[Exception]):
    """Each class gets its own sentence, not that of a class it derives from."""
    made = kind.__new__(kind)
    assert type(delivery_error(made, "c")) is CLIENT[kind][0]
    assert delivery_error(made, "c").what == f"c: {CLIENT[kind][1]}"


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_sentence_and_a_fix(code: int):
    """What happened and what to do, without a trace of the machine."""
    error = delivery_error(refused(403, code), "discord:1/2")
    assert isinstance(error, CODES[code][0])
    assert error.hint
    assert str(error).startswith("discord:1/2: ")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aiohttp.ServerDisconnectedError(), OutcomeUnknown),
        (aiohttp.ClientOSError(104, "reset by peer"), OutcomeUnknown),
        (TimeoutError(), OutcomeUnknown),
        (ConnectionResetError(), OutcomeUnknown),
        (aiohttp.ConnectionTimeoutError(), PlatformDown),
        (discord.RateLimited(40.0), RateLimited),
        (refused(429, headers={"Retry-After": "7"}), RateLimited),
        (refused(500), OutcomeUnknown),
        (refused(503), OutcomeUnknown),
        (refused(408), OutcomeUnknown),
        (refused(401), NotPermitted),
        (refused(403), NotPermitted),
        (refused(400), Rejected),
    ],
)
def test_only_what_surely_was_not_sent_may_be_sent_again(error: Exception, kind: type[DeliveryError]):
    """Failing to connect means not posted; anything later means that nobody knows, and asking may be asked again."""
    assert isinstance(error, FAILURES)
    assert type(delivery_error(error, "c")) is kind
    assert type(reading_error(error, "c")) is (PlatformDown if kind is OutcomeUnknown else kind)


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), ("0.2", 1.0), ("soon", 60.0), ("", 60.0)])
def test_the_wait_is_discords_own(header: str, wait: float):
    """Retry-After in seconds, at least one; a minute where it cannot be read."""
    assert delivery_error(refused(429, headers={"Retry-After": header}), "c").retry_after == wait


def test_the_breaker_opens_far_under_the_ban_and_closes_again():
    """It counts 401, 403 and 429 alone, over ten minutes, and lets calls out as the oldest leave the window."""
    now = 0.0
    breaker = Breaker(lambda: now)
    assert LIMIT <= 10_000 / 2
    for status in (200, 404, 500, 204):
        breaker.count(status)
    for number in range(LIMIT):
        assert breaker.wait == 0
        now = number / 10
        breaker.count((401, 403, 429)[number % 3])
    assert breaker.wait == pytest.approx(WINDOW - now)
    now = WINDOW
    assert breaker.wait == 0
