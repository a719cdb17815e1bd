"""The page where a workspace or an organization installs the app, on Bolt's OAuth flow; knows no database."""

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractContextManager

from slack_bolt.error import BoltError
from slack_bolt.oauth.async_oauth_flow import AsyncOAuthFlow
from slack_bolt.oauth.async_oauth_settings import AsyncOAuthSettings
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_sdk.oauth.installation_store import Installation
from slack_sdk.oauth.installation_store.sqlalchemy import AsyncSQLAlchemyInstallationStore
from slack_sdk.oauth.state_store.async_state_store import AsyncOAuthStateStore
from slack_sdk.oauth.state_store.sqlalchemy import AsyncSQLAlchemyOAuthStateStore
from slack_sdk.web.async_client import AsyncWebClient

from digestbot.chat.slack.installed_tokens import InstalledTokens
from digestbot.chat.slack.scopes import SCOPES
from digestbot.domain.errors import StoreError

INSTALL, REDIRECT = "/slack/install", "/slack/oauth_redirect"
"""The paths of the page and of the address that Slack sends people back to."""
STATE_LIVES = 600
"""Seconds between opening the page and coming back from Slack."""

Back = Callable[[Sequence[str]], Awaitable[None]]
"""Told of the workspaces that have a token (again)."""


class Installing(AsyncOAuthFlow):
    """Bolt's flow, with the tokens in memory told of what was installed.

    Args:
        tokens: Where installations are kept and remembered.
        states: Where the one-time states are kept.
        client_id: The app's client id.
        client_secret: The app's client secret.
        public_url: Where this bot is reached from outside, ``https://…``, without a path.
        guard: Turns what the states' and installations' database raises into StoreError.
        base_url: Where the Web API is; Slack's own when None.

    """

    def __init__(
        self,
        tokens: InstalledTokens,
        states: AsyncOAuthStateStore,
        *,
        client_id: str,
        client_secret: str,
        public_url: str,
        guard: Callable[[], AbstractContextManager[None]],
        base_url: str | None = None,
    ) -> None:
        self._tokens, self._guard = tokens, guard
        self.back: Back = _nobody
        super().__init__(
            client=AsyncWebClient(base_url=base_url or AsyncWebClient.BASE_URL, retry_handlers=[]),
            settings=AsyncOAuthSettings(
                client_id=client_id,
                client_secret=client_secret,
                scopes=sorted(SCOPES),
                user_scopes=[],
                redirect_uri=f"{public_url.rstrip('/')}{REDIRECT}",
                install_path=INSTALL,
                redirect_uri_path=REDIRECT,
                installation_store=tokens.store,
                state_store=states,
                state_expiration_seconds=STATE_LIVES,
            ),
        )

    async def issue_new_state(self, request: AsyncBoltRequest) -> str:
        """Make a one-time state.

        Raises:
            StoreError: It could not be kept.

        """
        with self._guard():
            return await super().issue_new_state(request)

    async def store_installation(self, request: AsyncBoltRequest, installation: Installation) -> None:
        """Keep an installation, use its token from now on, and let the workspace's digests go on.

        Raises:
            BoltError: It could not be kept; Bolt shows that to who installs.

        """
        try:
            with self._guard():
                await super().store_installation(request, installation)
            _, workspace = self._tokens.fresh(installation.to_bot())
            await self.back((workspace,) if workspace else await self._tokens.served(installation.enterprise_id or ""))
        except StoreError as error:
            raise BoltError(f"the installation could not be kept: {error}") from error


async def _nobody(_workspaces: Sequence[str]) -> None:
    """Tell nobody."""


def installations(client_id: str, engine: object) -> AsyncSQLAlchemyInstallationStore:
    """Return slack_sdk's store of installations over a database's engine, in the tables our migration made."""
    return AsyncSQLAlchemyInstallationStore(client_id=client_id, engine=engine)  # type: ignore[arg-type]  # sqlalchemy's


def states(engine: object) -> AsyncSQLAlchemyOAuthStateStore:
    """Return slack_sdk's store of one-time states over a database's engine."""
    return AsyncSQLAlchemyOAuthStateStore(STATE_LIVES, engine=engine)  # type: ignore[arg-type]  # sqlalchemy's own type
