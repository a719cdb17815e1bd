"""Turns what the database drivers raise into our own errors, once, at the edge; each is one sentence."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from digestbot.domain.errors import Conflict, StoreError, StoreUnavailable

_RETRY = {"40001", "40P01", "55P03"}
"""SQLSTATE: serialization failure, deadlock, lock not available (PostgreSQL's manual, appendix A)."""
_BY_STATE = {
    "53100": ("the database's disk is full", "make room on it; everything waiting is tried again by itself"),
    "53300": ("the database takes no more connections", "raise max_connections or run fewer processes"),
    "28P01": ("the database refused the password", "check user and password in database.url"),
    "28000": ("the database refused the user", "check user and password in database.url"),
    "3D000": ("there is no such database on that server", "create it, or mend database.url"),
    "42501": ("the database user may not do this", "grant it the rights on its schema"),
    "25006": ("the database takes no writes", "point database.url at the primary server"),
}
_BY_WORDS = (
    ("disk is full", "the database's disk is full", "make room on it; everything waiting is tried again by itself"),
    ("is locked", "the database is locked by another process", "end the process that holds it; it is tried again"),
    ("table is locked", "the database is locked", "end the process that holds it; it is tried again"),
    ("unable to open", "the database file cannot be opened", "check that its folder exists and may be written to"),
    ("readonly", "the database file may not be written to", "give the bot's user the right to write it"),
    ("disk i/o", "the database's disk cannot be read or written", "check the disk and its free space"),
    ("malformed", "the database file is damaged", "restore the latest backup"),
    ("not a database", "the file is not a database", "check database.url"),
)
_LASTING = {"unable to open", "readonly", "malformed", "not a database"}
"""What no waiting mends."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise a StoreError in place of a driver's error.

    Raises:
        Conflict: Somebody changed the same rows at the same time.
        StoreUnavailable: The database cannot be reached, is locked, or its disk is full.
        StoreError: Anything else the database refused.

    """
    try:
        yield
    except IntegrityError as error:
        raise Conflict(f"another change of the same rows came first ({_first_line(error)})") from error
    except DBAPIError as error:
        raise _of_driver(error) from error
    except PoolTimeout as error:
        raise StoreUnavailable("no connection to the database came free in time") from error
    except NoSuchModuleError as error:
        raise StoreError("this kind of database is not known", hint="use sqlite:/// or postgresql://") from error
    except SQLAlchemyError as error:
        raise StoreError(f"the database refused: {_first_line(error)}") from error
    except OSError as error:
        # asyncpg lets a refused or broken connection through as the operating system tells it.
        # asyncio's own words repeat the address as Python writes it, which tells nobody more than the number does.
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or error
        raise StoreUnavailable(f"the database cannot be reached ({why})") from error


def _of_driver(error: DBAPIError) -> StoreError:
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    words = str(error.orig).lower()
    if state in _RETRY:
        return Conflict("another change of the same rows came first")
    if state in _BY_STATE:
        what, hint = _BY_STATE[state]
        return StoreUnavailable(what, hint=hint)
    for part, what, hint in _BY_WORDS:
        if part in words:
            return StoreUnavailable(what, hint=hint, lasting=part in _LASTING)
    if error.connection_invalidated or (state or "").startswith(("08", "57P")) or "connection" in words:
        return StoreUnavailable("the connection to the database broke")
    return StoreError(f"the database refused: {_first_line(error)}")


def _first_line(error: SQLAlchemyError) -> str:
    """Return the driver's own words without the statement and its values, which may be long or private."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
