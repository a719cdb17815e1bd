"""JSON for programs that people look at too: letters as they are, what a terminal obeys as numbers; knows no row."""

import json
import re

_OBEYED = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""Controls beyond ASCII, which JSON leaves as they are, marks that turn a line round, and halves of a character."""


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON; every string in it reads back as it was.

    Args:
        value: Dicts, lists, strings, numbers, booleans and None.
        indent: Spaces a level; one line when None.

    """
    text = json.dumps(value, ensure_ascii=False, indent=indent)
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
