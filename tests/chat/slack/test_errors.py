"""Slack's refusals and the client's failures: every class and every code is one of our errors."""

import inspect
import ssl

import aiohttp
import pytest
import slack_sdk.errors
from aiohttp.client_reqrep import ConnectionKey
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from digestbot.chat.slack.errors import CLIENT, CODES, FAILURES, delivery_error, reading_error
from digestbot.domain.errors import DeliveryError, OutcomeUnknown, PlatformDown, RateLimited

ANSWERED = {slack_sdk.errors.SlackApiError}
BASES = {slack_sdk.errors.SlackClientError}


def refused(code: str, status: int = 200, headers: dict[str, str] | None = None) -> slack_sdk.errors.SlackApiError:
    """Make the error the client raises for an answer."""
    response = AsyncSlackResponse(
        client=None,
        http_verb="POST",
        api_url="https://slack.com/api/x",
        req_args={},
        data={"ok": False, "error": code},
        headers=headers or {},
        status_code=status,
    )
    return slack_sdk.errors.SlackApiError("failed", response)


def test_every_error_of_the_client_is_mapped() -> None:
    """A class that a new version of slack_sdk brings fails this test until somebody has thought about it."""
    classes = {c for _, c in inspect.getmembers(slack_sdk.errors, inspect.isclass) if issubclass(c, Exception)}
    assert classes == set(CLIENT) | ANSWERED | BASES
    assert all(any(issubclass(c, failure) for failure in FAILURES) for c in classes - BASES)


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_a_sentence_and_a_fix(code: str) -> None:
    """What happened and what to do, without a trace of the machine."""
    error = delivery_error(refused(code), "slack:T1/C1")
    assert isinstance(error, CODES[code][0])
    assert error.hint
    assert str(error).startswith("slack:T1/C1: ")


def _key() -> ConnectionKey:
    return ConnectionKey("slack.com", 443, is_ssl=True, ssl=True, proxy=None, proxy_auth=None, proxy_headers_hash=None)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (aiohttp.ServerDisconnectedError(), OutcomeUnknown),
        (aiohttp.ClientOSError(104, "reset by peer"), OutcomeUnknown),
        (aiohttp.ClientPayloadError(), OutcomeUnknown),
        (TimeoutError(), OutcomeUnknown),
        (aiohttp.SocketTimeoutError(), OutcomeUnknown),
        (ConnectionResetError(), OutcomeUnknown),
        (aiohttp.ConnectionTimeoutError(), PlatformDown),
        (aiohttp.ClientConnectorError(_key(), OSError(111, "refused")), PlatformDown),
        (aiohttp.ClientConnectorDNSError(_key(), OSError(-2, "unknown")), PlatformDown),
        (aiohttp.ClientConnectorCertificateError(_key(), ssl.SSLCertVerificationError()), PlatformDown),
        (slack_sdk.errors.SlackClientNotConnectedError(), PlatformDown),
        (refused("ratelimited", 429, {"Retry-After": "7"}), RateLimited),
        (refused("ratelimited", 429, {"Retry-After": "soon"}), RateLimited),
        (refused("channel_not_found", 500), OutcomeUnknown),
        (refused("", 408), OutcomeUnknown),
    ],
)
def test_only_what_surely_was_not_sent_may_be_sent_again(error: Exception, kind: type[DeliveryError]) -> None:
    """Failing to connect means not posted; anything later means that nobody knows."""
    assert isinstance(error, FAILURES)
    assert type(delivery_error(error, "slack:C1")) is kind
    assert type(reading_error(error, "slack:C1")) is (PlatformDown if kind is OutcomeUnknown else kind)


@pytest.mark.parametrize(("header", "wait"), [("7", 7.0), ("0", 1.0), ("soon", 60.0), ("", 60.0)])
def test_the_wait_is_slacks_own(header: str, wait: float) -> None:
    """Retry-After in seconds, at least one; a minute where it cannot be read."""
    assert delivery_error(refused("ratelimited", 429, {"Retry-After": header}), "c").retry_after == wait
