"""Regular expressions of filters, by an engine without catastrophic back-tracking (RE2); knows no filter.

RE2 matches in time linear in the text (swtch.com/~rsc/regexp), so no pattern of a user can stall the bot.
"""

from functools import lru_cache

import re2

LONGEST_PATTERN = 1000


def search(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found in a text, without regard to case.

    Raises:
        ValueError: The pattern is not one RE2 knows, or it is too long.

    """
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> "re2._Regexp[str]":
    if len(pattern) > LONGEST_PATTERN:
        raise ValueError(f"is longer than {LONGEST_PATTERN} characters")
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    try:
        return re2.compile(pattern, options=options)
    except re2.error as error:
        why = error.args[0] if error.args else "it gives no reason"
        words = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise ValueError(f"is not a pattern RE2 knows: {words}") from error
