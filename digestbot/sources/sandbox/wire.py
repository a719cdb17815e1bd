"""How the bot and its workers talk: a length, then a pickle; only our own values are accepted back."""

import io
import pickle
import struct

from digestbot.domain import errors
from digestbot.domain.errors import SourceError

HEADER = struct.Struct("!Q")
MAX_REPLY = 256 * 1024 * 1024
"""A worker that claims more than this has gone wrong: 10 MB of input never makes it."""
ALLOWED_PREFIXES = ("digestbot.domain.", "digestbot.sources.")
ALLOWED = frozenset({("datetime", "datetime"), ("datetime", "timezone"), ("datetime", "timedelta")})


def pack(value: object) -> bytes:
    """Return a message."""
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return HEADER.pack(len(body)) + body


def unpack(body: bytes) -> object:
    """Return a worker's reply.

    A worker has parsed foreign bytes and may have been taken over: values of classes other than our own are refused.

    Raises:
        pickle.UnpicklingError: It holds something else, or is broken.

    """
    return _Unpickler(io.BytesIO(body)).load()


class _Unpickler(pickle.Unpickler):
    """Finds our own classes only."""

    def find_class(self, module: str, name: str) -> object:
        """Return a class by name, or refuse."""
        if (module, name) in ALLOWED or (
            module.startswith(ALLOWED_PREFIXES) and name[:1].isupper() and "." not in name
        ):
            return super().find_class(module, name)
        raise pickle.UnpicklingError(f"{module}.{name} has no place in a reply")


def error_fields(error: SourceError) -> tuple[str, str, str, str]:
    """Return an error as plain text: class, address, what, hint."""
    return type(error).__name__, error.url, error.what.removeprefix(f"{error.url} "), error.hint


def error_from(fields: tuple[str, str, str, str]) -> SourceError:
    """Return the error again."""
    name, url, what, hint = fields
    found = getattr(errors, name, SourceError)
    kind = found if isinstance(found, type) and issubclass(found, SourceError) else SourceError
    return kind(url, what, hint=hint)
