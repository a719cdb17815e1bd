"""Slack's refusals and the client's failures in our words: what happened, and the exact fix.

Every code that docs.slack.dev lists for the methods we call is here. A code that nobody knows yet is a refusal of
the message: the platform said no, so nothing was posted and nothing may be sent again blindly.
"""

import asyncio
from collections.abc import Mapping

import aiohttp
from slack_sdk.errors import (
    BotUserAccessError,
    SlackApiError,
    SlackClientConfigurationError,
    SlackClientNotConnectedError,
    SlackObjectFormationError,
    SlackRequestError,
    SlackTokenRotationError,
)

from digestbot.domain.errors import (
    ChannelGone,
    DeliveryError,
    NotPermitted,
    OutcomeUnknown,
    PlatformDown,
    RateLimited,
    Rejected,
)

Fix = tuple[type[DeliveryError], str, str]
"""The error, what happened, and what to do."""

REINSTALL = (
    "install the app again; a token of the settings (DIGESTBOT_SLACK__BOT_TOKEN) is to be replaced by the new one"
)
INVITE = "type “/invite @digestbot” in the channel"
MOVE = "move the subscription to another channel"
ASK_ADMIN = "ask a workspace admin to let the app post here"
LIFT = "ask a workspace admin to allow the app"
OURS = "report this with the message's delivery id; it is a fault of ours"
WAITS_AFTER_TIMEOUT = 30.0
"""Seconds before a message whose call timed out is looked for: it may still be on its way into the channel."""
WAITS_AFTER_LOSS = 5.0
"""Seconds before a message whose answer was lost otherwise is looked for."""
_UNAVAILABLE = 500
_TOO_MANY = 429
_TIMED_OUT = 408
_OK = 200

_NO_CHANNEL = {
    "channel_not_found": (
        "the channel does not exist or the bot cannot see it",
        f"if it is private, {INVITE}; if it is deleted, {MOVE}",
    ),
    "is_archived": ("the channel is archived", f"unarchive it, or {MOVE}"),
    "duplicate_channel_not_found": ("the channel does not exist", MOVE),
    "channel_type_not_supported": ("this kind of channel takes no messages from apps", MOVE),
    "method_not_supported_for_channel_type": ("this kind of channel takes no messages from apps", MOVE),
    "user_not_found": ("the person does not exist", MOVE),
    "users_not_found": ("the person does not exist", MOVE),
    "user_disabled": ("the person's account is closed", MOVE),
    "user_is_bot": ("a bot cannot be written to", MOVE),
    "cannot_dm_bot": ("a bot cannot be written to", MOVE),
    "messages_tab_disabled": (
        "the app's messages tab is off",
        "switch on App Home → Messages Tab in the app's settings",
    ),
    "team_not_found": ("the workspace does not exist", MOVE),
}
_NO_RIGHT = {
    "not_in_channel": ("the bot is not in the channel", INVITE),
    "restricted_action": ("a workspace setting keeps the app from posting here", ASK_ADMIN),
    "restricted_action_read_only_channel": ("the channel is read-only", ASK_ADMIN),
    "restricted_action_thread_only_channel": ("the channel takes replies in threads alone", ASK_ADMIN),
    "restricted_action_non_threadable_channel": ("the channel takes no threads", "set the style to compact"),
    "token_revoked": ("the token is revoked", REINSTALL),
    "token_expired": ("the token has expired", REINSTALL),
    "account_inactive": ("the token belongs to a deleted app or workspace", REINSTALL),
    "invalid_auth": ("the token is not valid, or this address may not use it", REINSTALL),
    "not_authed": ("no token was sent", "set DIGESTBOT_SLACK__BOT_TOKEN"),
    "not_allowed_token_type": ("this is the wrong kind of token", "set DIGESTBOT_SLACK__BOT_TOKEN to the xoxb- token"),
    "missing_scope": ("the app lacks a scope", "add the scope under OAuth & Permissions and install the app again"),
    "no_permission": ("the app may not do this", f"add its scopes and install it again, then {INVITE}"),
    "access_denied": ("access is denied", LIFT),
    "accesslimited": ("this network may not use the workspace", LIFT),
    "ekm_access_denied": ("administrators have suspended posting", LIFT),
    "enterprise_is_restricted": ("the organization does not let the app in", LIFT),
    "team_access_not_granted": ("the app is not granted to this workspace", "add the workspace to the installation"),
    "two_factor_setup_required": ("the workspace asks for two-factor sign-in", "set it up for the installing account"),
    "free_team_not_allowed": ("the workspace's plan does not allow this", LIFT),
    "message_limit_exceeded": ("the workspace is over its message limit", "upgrade the plan or delete messages"),
    "slack_connect_file_link_sharing_blocked": ("links to files may not be shared with other companies", LIFT),
    "slack_connect_canvas_sharing_blocked": ("canvases may not be shared with other companies", LIFT),
    "slack_connect_lists_sharing_blocked": ("lists may not be shared with other companies", LIFT),
    "user_not_in_channel": ("the person is not in the channel", "add them to the channel"),
}  # fmt: skip
_THIS_MESSAGE = {
    "thread_not_found": ("the digest's first message is deleted, so its thread is gone", "run the digest again"),
    "message_not_found": ("the message is deleted", "run the digest again"),
    "cannot_reply_to_message": ("the digest's first message takes no replies", "run the digest again"),
    "restricted_action_thread_locked": ("the digest's thread is locked", "unlock the thread and run the digest again"),
    "cant_update_message": ("the message is not the bot's to edit", "run the digest again"),
    "message_not_owned_by_app": ("the message is not the bot's to edit", "run the digest again"),
    "edit_window_closed": ("the workspace no longer lets the message be edited", ASK_ADMIN),
}
"""One message cannot be had its way; the channel and the subscription are well."""
_MOVING = ("external_channel_migrating", "org_login_required", "team_added_to_org")
_WAIT = ("ratelimited", "rate_limited", "rate_limit_exceeded")
_UNSURE = ("fatal_error", "internal_error", "service_unavailable", "request_timeout", "update_failed")
"""Slack says of these that some of the work may have been done."""
_OUR_FAULT = (
    "invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long", "no_text", "too_many_attachments",
    "attachment_payload_limit_exceeded", "invalid_attachments", "too_many_contact_cards", "markdown_text_conflict",
    "block_mismatch", "invalid_metadata_format", "invalid_metadata_schema", "metadata_too_large",
    "metadata_must_be_sent_from_app", "invalid_arguments", "invalid_arg_name", "invalid_array_arg", "invalid_charset",
    "invalid_form_data", "invalid_post_type", "missing_post_type", "invalid_json", "json_not_object", "invalid_cursor",
    "invalid_limit", "invalid_ts_latest", "invalid_ts_oldest", "invalid_metadata_keys", "as_user_not_supported",
    "cannot_parse_attachment", "cant_broadcast_message", "duplicate_message_not_found", "deprecated_endpoint",
    "method_deprecated", "unknown_method", "upgrade_required", "not_supported", "is_inactive", "channel_canvas_deleted",
    "invalid_user", "view_too_large", "expired_trigger_id", "exchanged_trigger_id", "invalid_trigger_id",
    "trigger_expired", "trigger_exchanged", "duplicate_external_id", "push_limit_reached", "hash_conflict", "not_found",
    "streaming_state_conflict", "limit_required", "missing_argument", "bad_timestamp", "invalid_channel",
)  # fmt: skip

CODES: dict[str, Fix] = {
    **{code: (ChannelGone, *said) for code, said in _NO_CHANNEL.items()},
    **{code: (NotPermitted, *said) for code, said in _NO_RIGHT.items()},
    **{code: (Rejected, *said) for code, said in _THIS_MESSAGE.items()},
    **dict.fromkeys(_MOVING, (PlatformDown, "the workspace or channel is being moved", PlatformDown.hint)),
    **dict.fromkeys(_WAIT, (RateLimited, RateLimited.default, RateLimited.hint)),
    **dict.fromkeys(_UNSURE, (OutcomeUnknown, OutcomeUnknown.default, OutcomeUnknown.hint)),
    **{code: (Rejected, f"Slack refused the message ({code})", OURS) for code in _OUR_FAULT},
}
"""Every documented error code of the methods we call."""

CLIENT: dict[type[Exception], Fix] = {
    BotUserAccessError: (NotPermitted, "a bot token may not do this", REINSTALL),
    SlackRequestError: (Rejected, "the request could not be made", OURS),
    SlackObjectFormationError: (Rejected, "the message could not be made", OURS),
    SlackClientNotConnectedError: (PlatformDown, "the connection is closed", PlatformDown.hint),
    SlackClientConfigurationError: (NotPermitted, "the client's settings are wrong", REINSTALL),
    SlackTokenRotationError: (NotPermitted, "the token could not be renewed", REINSTALL),
}
"""The client's own errors that are raised before anything is sent; :class:`SlackApiError` carries an answer."""

FAILURES: tuple[type[Exception], ...] = (
    *CLIENT,
    SlackApiError,
    aiohttp.ClientError,
    asyncio.TimeoutError,
    OSError,
    # The client's parsing of an answer that is not Slack's (a proxy's page with status 200) ends in these.
    AttributeError,
    TypeError,
    ValueError,
)
"""What a call of the client may raise."""

FAULTS: tuple[type[Exception], ...] = (*FAILURES, DeliveryError)
"""What a call for a workspace may raise: its token may be missing, too."""


def delivery_error(error: BaseException, channel: str) -> DeliveryError:
    """Return a failed call as our error; when it is not certain that nothing was posted, as OutcomeUnknown."""
    if isinstance(error, SlackApiError):
        return _refused(error, channel)
    for kind, (ours, what, hint) in CLIENT.items():
        if isinstance(error, kind):
            return ours(channel, what, hint=hint)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return PlatformDown(channel, "Slack cannot be reached")
    wait = WAITS_AFTER_TIMEOUT if isinstance(error, TimeoutError) else WAITS_AFTER_LOSS
    return OutcomeUnknown(channel, retry_after=wait)


def reading_error(error: BaseException, channel: str) -> DeliveryError:
    """Return a failed question as our error: asking changes nothing, so what is lost is simply asked again."""
    translated = delivery_error(error, channel)
    if isinstance(translated, OutcomeUnknown):
        return PlatformDown(channel, retry_after=translated.retry_after)
    return translated


def _refused(error: SlackApiError, channel: str) -> DeliveryError:
    status, headers, code = status_of(error), headers_of(error), code_of(error)
    if status == _TOO_MANY or code in _WAIT:
        return RateLimited(channel, retry_after=_seconds(headers.get("Retry-After", "")))
    if status >= _UNAVAILABLE or status == _TIMED_OUT:
        return OutcomeUnknown(channel, retry_after=WAITS_AFTER_LOSS)
    if code:
        return _said(error, code, channel)
    if status == _OK:
        return OutcomeUnknown(channel, "the answer cannot be read", retry_after=WAITS_AFTER_LOSS)
    return PlatformDown(channel, f"something between us and Slack answered {status}")


def _said(error: SlackApiError, code: str, channel: str) -> DeliveryError:
    ours, what, hint = CODES.get(code, (Rejected, f"Slack refused the message ({code})", OURS))
    if code == "missing_scope" and (needed := data_of(error).get("needed")):
        what = f"the app lacks the scope {needed}"
        hint = f"add {needed} under OAuth & Permissions and install the app again"
    if ours is Rejected and (details := _details(data_of(error))):
        what = f"{what}: {details}"
    retry = WAITS_AFTER_LOSS if ours is OutcomeUnknown else None
    return ours(channel, what, hint=hint, retry_after=retry)


def _details(data: Mapping[str, object]) -> str:
    """Return Slack's own words about a refused message, e.g. which block is wrong."""
    metadata = data.get("response_metadata")
    messages = metadata.get("messages") if isinstance(metadata, dict) else data.get("errors")
    return "; ".join(map(str, messages[:3])) if isinstance(messages, list) else ""


def code_of(error: SlackApiError) -> str:
    """Return Slack's error code, empty when the answer has none."""
    code = data_of(error).get("error")
    return code if isinstance(code, str) else ""


def data_of(error: SlackApiError) -> Mapping[str, object]:
    """Return the answer's JSON, empty when it has none."""
    data = getattr(error.response, "data", None)
    return data if isinstance(data, dict) else {}


def status_of(error: SlackApiError) -> int:
    """Return the answer's HTTP status; the client gives aiohttp's own answer when the JSON is broken."""
    status = getattr(error.response, "status_code", None) or getattr(error.response, "status", None)
    return status if isinstance(status, int) else _OK


def headers_of(error: SlackApiError) -> Mapping[str, str]:
    """Return the answer's headers."""
    headers = getattr(error.response, "headers", None)
    return headers if isinstance(headers, Mapping) else {}


def _seconds(text: str) -> float:
    """Return the wait Slack asks for: at least a second, a minute when it cannot be read."""
    return max(1.0, float(text)) if text.isdecimal() else 60.0
