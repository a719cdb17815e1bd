"""What the queue's libraries raise, told apart and said in our own words; knows no connection."""

import psycopg
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from digestbot.domain.errors import StoreUnavailable

FAILURES = (ConnectorException, psycopg.Error, PoolTimeout)
"""What the queue's libraries raise when the database cannot be asked."""
LOST = ("08", "57P", "53300")
"""How the SQLSTATE of a lost or refused connection begins (PostgreSQL's manual, appendix A); libpq's own have none."""


def unavailable(error: BaseException) -> StoreUnavailable:
    """Return our error for one of :data:`FAILURES`."""
    cause = error.__cause__ or error
    # libpq's second line is a guess at what to look at.
    reason = str(cause).strip().partition("\n")[0] or type(cause).__name__
    return StoreUnavailable(f"the queue in the database cannot be asked ({reason})")


def lost(error: BaseException) -> str | None:
    """Return the sentence for a connection that the database ended or does not take; None for any other error."""
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    if not isinstance(cause, psycopg.OperationalError):
        return None
    return str(unavailable(cause)) if (cause.sqlstate or LOST[0]).startswith(LOST) else None
