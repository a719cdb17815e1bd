"""Where slack_sdk keeps installations in our database, and what it cannot be asked: which workspaces there are."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from digestbot.store.rows import Role
from digestbot.store.tables import slack_bots

Key = tuple[str, str]
"""An installation: (enterprise id, workspace id). Either may be empty; without a workspace it is org-wide."""


class SqlInstallations(Role):
    """The installations' place in the database; what is written there is slack_sdk's business."""

    @property
    def engine(self) -> AsyncEngine:
        """The engine for a library that keeps tables of its own here; on SQLite it is the one that writes."""
        return self._database.engine

    async def installed(self, client_id: str) -> Sequence[Key]:
        """Return the key of every installation of an app that has a token."""
        b = slack_bots.c
        where = (b.client_id == client_id, b.bot_token.is_not(None))
        async with self._database.read() as connection:
            rows = await connection.execute(select(b.enterprise_id, b.team_id).where(*where).distinct())
            return sorted((row.enterprise_id or "", row.team_id or "") for row in rows)
