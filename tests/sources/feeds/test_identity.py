"""Who an entry is, through every change a publisher may make."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.news import Entry
from digestbot.sources.feeds.identity import canonical_url, identified


def entry(guid: str = "", link: str = "", title: str = "One", summary: str = "") -> Entry:
    """Return an entry without identity."""
    return Entry("", guid, link, title, summary)


@pytest.mark.parametrize(
    "url",
    [
        "http://www.a.example/1/",
        "https://a.example:443/1",
        "https://A.EXAMPLE/1?utm_source=rss&utm_medium=feed",
        "https://a.example/1?fbclid=x#comments",
        " https://a.example/1 ",
    ],
)
def test_what_does_not_change_the_page_does_not_change_its_address(url: str):
    """Scheme, www, default port, tracking parameters, fragments and a last slash are left out."""
    assert canonical_url(url) == "https://a.example/1"


@pytest.mark.parametrize(
    "url", ["https://a.example/1?id=2", "https://a.example:8443/1", "https://a.example/1#!/2", "https://b.example/1"]
)
def test_what_changes_the_page_changes_its_address(url: str):
    """Other parameters, ports, hosts and application routes stay."""
    assert canonical_url(url) != "https://a.example/1"


@given(st.text(max_size=80))
def test_a_canonical_address_is_its_own(text: str):
    """Doing it twice is doing it once, whatever the text."""
    assert canonical_url(canonical_url(text)) == canonical_url(text)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (entry("http://a.example/1"), entry("https://www.a.example/1")),
        (entry("g", "https://a.example/1"), entry("g", "https://a.example/other", "Other title")),
        (entry("g1", "https://a.example/1"), entry("g2", "http://a.example/1?utm_campaign=x")),
        (entry("", "https://a.example/1"), entry("", "https://a.example/1#x", "Edited")),
        (entry("", "https://a.example/1"), entry("new", "https://a.example/1")),
        (entry("", "", "Same", "s" * 50), entry("", "", "Same", "s" * 50)),
    ],
    ids=["https", "edited", "new guid", "edited link", "guid added", "title"],
)
def test_a_changed_entry_is_known(before: Entry, after: Entry):
    """A changed GUID, scheme, title or tracking parameter leaves one identity in common."""
    (old,), _ = identified([before])
    (new,), _ = identified([after])
    assert not set(old.keys).isdisjoint(new.keys)


def test_items_of_one_page_are_told_apart():
    """Entries that all link to the same page (a status page) are as many entries."""
    entries, whole = identified([entry(f"g{n}", "https://a.example/status", f"Incident {n}") for n in range(3)])
    assert len({e.key for e in entries}) == 3
    assert len({key for e in entries for key in e.keys}) == 6
    assert whole


def test_a_guid_shared_by_different_items_is_not_their_identity():
    """It takes the link and title too, and the whole feed to see it."""
    entries, whole = identified([entry("same", f"https://a.example/{n}", f"Title {n}") for n in range(3)])
    assert len({e.key for e in entries}) == 3
    assert not whole


def test_an_item_given_twice_is_one():
    """The same item under the same GUID has one key."""
    entries, whole = identified([entry("g", "https://a.example/1"), entry("g", "https://a.example/1")])
    assert len({e.key for e in entries}) == 1
    assert whole


def test_links_shared_without_guids():
    """Without GUIDs, a link that stands on several items is not their identity."""
    entries, whole = identified([entry("", "https://a.example/", f"Title {n}") for n in range(3)])
    assert len({e.key for e in entries}) == 3
    assert not whole


@given(st.text(max_size=400), st.text(max_size=400), st.text(max_size=400))
def test_keys_are_short_and_never_missing(guid: str, link: str, title: str):
    """Every entry has a key of bounded length."""
    ((one,), _) = identified([entry(guid, link, title)])
    assert one.key
    assert all(len(key) <= 162 for key in one.keys)
