"""Addresses as people may see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.addresses import shown
from digestbot.domain.news import Feed, Polling
from tests.fakes.clock import START


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("https://a.example/feed", "https://a.example/feed"),
        ("https://a.example/?feed=rss2&cat=7", "https://a.example/?feed=rss2&cat=7"),
        ("https://me:pw@a.example/x@y", "https://a.example/x@y"),
        ("https://a.example/f?api_key=abc&n=1", "https://a.example/f?api_key=…&n=1"),
        ("https://me@a.example?token=abc", "https://a.example?token=…"),
        ("https://a.example/f?key=", "https://a.example/f?key="),
        ("https://a.example/f?X-Amz-Signature=abc&design=blue", "https://a.example/f?X-Amz-Signature=…&design=blue"),
        ("no address", "no address"),
    ],
)
def test_what_only_its_owner_should_know_is_left_out(url, seen):
    """User name and password go, and the values of keys and tokens; what tells feeds apart stays."""
    assert shown(url) == seen
    assert shown(seen) == seen


@given(st.text(max_size=60))
def test_it_takes_anything(text):
    """Whatever stands there, it does not fail and says nothing twice."""
    assert shown(shown(text)) == shown(text)


def test_a_feed_without_a_title_is_known_by_what_may_be_seen():
    """A feed's name is its title, else its address without the secret."""
    feed = Feed(1, "https://me:pw@a.example/f?key=abc", "", Polling(START))
    assert feed.name == "https://a.example/f?key=…"
    assert Feed(1, "https://a.example/f", "The Post", Polling(START)).name == "The Post"
