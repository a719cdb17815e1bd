"""Regular expressions of filters: linear in the text, whatever a user writes."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.sources.patterns import LONGEST_PATTERN, search


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("climate|weather", "The CLIMATE summit", True),
        (r"\bAI\b", "said ai firms", True),
        (r"\bAI\b", "said the captain", False),
        ("(?-i)AI", "ai", False),
        ("^Live:", "Live: the vote", True),
        ("^Live:", "Now Live: the vote", False),
        ("strasse|straße", "Die STRASSE", True),
        ("москва", "МОСКВА", True),
        ("é", "É", True),
        ("", "anything", True),
    ],
)
def test_patterns_find_without_regard_to_case(pattern: str, text: str, found: bool):
    """A pattern is found anywhere in a text, in any case of any script, unless it asks otherwise."""
    assert search(pattern, text) is found


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2000}", "(?=ahead)", r"(a)\1", "(?P<n", "*", "x" * 2000])
def test_what_the_engine_does_not_know_is_told(pattern: str):
    """Broken, back-referring and over-long patterns are ValueErrors with a reason."""
    with pytest.raises(ValueError, match=r"is (not a pattern RE2 knows|longer than)") as caught:
        search(pattern, "text")
    assert "b'" not in str(caught.value)


def test_the_longest_pattern():
    """A pattern of exactly the limit is taken."""
    assert search("x" * LONGEST_PATTERN, "x" * LONGEST_PATTERN)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(.*)*x", "(a|aa)+$", "([a-z]+)*!", "(x+x+)+y"])
def test_no_pattern_backtracks(pattern: str):
    """Patterns that take other engines for ever take no time."""
    began = time.process_time()
    search(pattern, "a" * 50_000 + "x" * 50_000 + "?")
    assert time.process_time() - began < 2


@given(st.text(max_size=60), st.text(max_size=200))
def test_any_pattern_answers_or_is_refused(pattern: str, text: str):
    """No pattern and no text raise anything but ValueError."""
    with suppress(ValueError):
        assert search(pattern, text) in {True, False}
