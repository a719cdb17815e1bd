"""Forms that wait behind a button: kept in memory for as long as an answer to them can be written; knows no client."""

import secrets
from collections import OrderedDict
from typing import ClassVar

from digestbot.commands import Form

MOST = 5_000
"""Forms kept at most, the oldest let go first: enough for a quarter of an hour, after which nobody can answer."""


class Forms:
    """Keeps forms under names that fit a button."""

    PREFIX: ClassVar[str] = "form:"

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Form] = OrderedDict()

    def keep(self, form: Form) -> str:
        """Keep a form and return the payload of the button that opens it."""
        name = f"{self.PREFIX}{secrets.token_hex(8)}"
        self._kept[name] = form
        while len(self._kept) > MOST:
            self._kept.popitem(last=False)
        return name

    def kept(self, name: str) -> Form | None:
        """Return the form behind a button, None where it is no longer there, as after a restart."""
        return self._kept.get(name)
