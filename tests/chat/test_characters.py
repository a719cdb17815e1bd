"""Characters: nothing unseen reaches a screen, and no cut goes through what a reader sees as one character."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.chat.characters import ELLIPSIS, clean, clip, one_line, units

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"
WHOLE = [
    "e\u0301",
    FAMILY,
    SCOTLAND,
    "\U0001f1eb\U0001f1f7",
    "\U0001f44d\U0001f3fd",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "\u0915\u094d\u0937\u093f",
    "\u1112\u1161\u11ab",
]
anything = st.text(st.characters(exclude_categories=()), max_size=400)


@given(anything)
def test_clean_text_holds_nothing_a_screen_obeys(text: str) -> None:
    """No control character but a newline, no bidirectional override and no half surrogate is left."""
    cleaned = clean(text)
    assert all(c == "\n" or unicodedata.category(c) not in {"Cc", "Cs"} for c in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")
    assert clean(cleaned) == cleaned


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_clean_leaves_ordinary_text_alone(text: str) -> None:
    """Letters, marks, numbers, punctuation, symbols and spaces of any script stay as they are."""
    assert clean(text) == text


@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r", "\x0b", "\x0c", "\x85", "\u2028", "\u2029", "\t", "\x1e"])
def test_words_on_two_lines_stay_two_words(separator: str) -> None:
    """One line keeps a space wherever any kind of separator stood."""
    assert one_line(f"grain{separator}prices") == "grain prices"


@given(anything)
def test_one_line_is_one_line(text: str) -> None:
    """There is no line break and no double space in it, and doing it again changes nothing."""
    line = one_line(text)
    assert "\n" not in line
    assert "  " not in line
    assert one_line(line) == line


@given(anything, st.integers(0, 300))
def test_a_clipped_text_is_within_its_limit(text: str, limit: int) -> None:
    """It is never longer than asked, and it is the text or a beginning of it with an ellipsis."""
    clipped = clip(text, limit)
    assert len(clipped) <= limit
    assert clipped == text or not clipped or text.startswith(clipped.removesuffix(ELLIPSIS))


@pytest.mark.parametrize("cluster", WHOLE)
def test_no_cut_goes_through_a_grapheme(cluster: str) -> None:
    """Accents, families, flags, skin tones, keycaps, conjuncts and syllables are kept whole or left out whole."""
    text = cluster * 12
    for limit in range(1, len(text)):
        kept = clip(text, limit).removesuffix(ELLIPSIS)
        assert kept == cluster * (len(kept) // len(cluster))


def test_a_cut_is_made_at_a_space_where_one_is_near() -> None:
    """Words stay whole when that costs few characters."""
    assert clip("the barrier was approved on Monday", 20) == "the barrier was…"


def test_units_count_what_the_strictest_platform_counts() -> None:
    """An emoji outside the basic plane counts as two."""
    assert units("ab\U0001f600") == 4
