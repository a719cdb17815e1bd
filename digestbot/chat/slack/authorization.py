"""Bolt's question who the bot is where a request comes from, answered from memory: nothing is awaited for it."""

from slack_bolt.authorization import AuthorizeResult
from slack_bolt.authorization.async_authorize import AsyncAuthorize
from slack_bolt.context.async_context import AsyncBoltContext

from digestbot.chat.slack.tokens import TokenSource


class Known(AsyncAuthorize):
    """Lets every request in with what is in memory: tokens are looked up after the acknowledgement, not before."""

    def __init__(self, tokens: TokenSource) -> None:
        self._tokens = tokens
        super().__init__()  # type: ignore[no-untyped-call]  # Bolt leaves it untyped

    async def __call__(
        self,
        *,
        context: AsyncBoltContext,
        enterprise_id: str | None,
        team_id: str | None,
        user_id: str | None,  # noqa: ARG002 - Bolt's signature
        actor_enterprise_id: str | None = None,  # noqa: ARG002
        actor_team_id: str | None = None,  # noqa: ARG002
        actor_user_id: str | None = None,  # noqa: ARG002
    ) -> AuthorizeResult:
        """Return who the bot is in a workspace, as far as it is known."""
        org_wide = bool(context.is_enterprise_install)
        self._tokens.learn(enterprise_id or "", team_id or "", org_wide=org_wide)
        access = self._tokens.known(enterprise_id or "", team_id or "")
        return AuthorizeResult(
            enterprise_id=enterprise_id,
            team_id=team_id,
            bot_user_id=access.bot_user or None if access else None,
            bot_id=access.bot_id or None if access else None,
            bot_token=access.token if access else None,
        )
