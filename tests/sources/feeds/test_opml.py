"""OPML in and out, and feeds found from a page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.errors import NotAFeed
from digestbot.sources.feeds import OpmlFeed, preview_opml, read_opml, write_opml
from digestbot.sources.feeds.discovery import feeds_named_in
from tests.shared import ROOT

LIST = b"""<?xml version="1.0"?><opml version="1.0"><head><title>Mine</title></head><body>
<outline text="News"><outline text="World"><outline text="A" type="rss" xmlUrl="http://a.example/feed" htmlUrl="http://a.example/"/></outline>
<outline title="B &amp; C" xmlUrl="feed://b.example/rss"/></outline>
<outline text="Law"><outline text="A" xmlUrl="https://www.a.example/feed"/></outline>
<outline text="Not a feed" xmlUrl="file:///etc/passwd"/></body></opml>"""


def test_folders_become_topics_and_duplicates_one_feed():
    """A feed listed twice, once with http, has the topics of both places."""
    listed = read_opml(LIST)
    assert listed.feeds == (
        OpmlFeed("http://a.example/feed", "A", "http://a.example/", ("News", "World", "Law")),
        OpmlFeed("https://b.example/rss", "B & C", "", ("News",)),
    )
    assert (listed.repeated, listed.unusable) == (1, ("file:///etc/passwd",))


def test_an_address_that_is_none_is_told_briefly_and_plainly():
    """A hostile file neither floods the answer nor reaches the terminal's controls."""
    data = f"<opml><body><outline xmlUrl='file:{chr(0x9B)}31m&#10;{'x' * 100_000}'/></body></opml>".encode()
    (told,) = read_opml(data).unusable
    assert told == "file:31m " + "x" * 70 + "…"


def test_a_preview_tells_what_is_new():
    """What is here already, under whatever scheme, is not new."""
    preview = preview_opml(read_opml(LIST).feeds, ["https://a.example/feed/"])
    assert [feed.title for feed in preview.new] == ["B & C"]
    assert [feed.title for feed in preview.known] == ["A"]


NAMES = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp", "Zs", "Cf"], exclude_characters="/,"),
    min_size=1,
    max_size=20,
)


@given(
    st.lists(
        st.builds(
            OpmlFeed,
            st.integers(0, 10**6).map("https://a.example/{}".format),
            NAMES,
            st.just(""),
            st.lists(NAMES, max_size=3, unique=True).map(tuple),
        ),
        max_size=8,
        unique_by=lambda feed: feed.url,
    )
)
def test_what_is_written_is_read_again(feeds: list[OpmlFeed]):
    """A list survives being written and read, whatever its names."""
    clean = [f for f in feeds if all("\ufffe" not in t and "\uffff" not in t for t in (f.title, *f.topics))]
    assert sorted(read_opml(write_opml(clean)).feeds, key=lambda f: f.url) == sorted(clean, key=lambda f: f.url)


@pytest.mark.parametrize(
    "data", [b"", b"<html></html>", b"<opml>", b"{}", b"<!DOCTYPE x [<!ENTITY a 'b'>]><opml><body/></opml>"]
)
def test_what_is_no_list_is_told(data: bytes):
    """What is not OPML is a typed error."""
    with pytest.raises(NotAFeed):
        read_opml(data)


def test_the_starter_list():
    """config/feeds.opml is a list of real news feeds, in folders, each once."""
    feeds = read_opml((ROOT / "config" / "feeds.opml").read_bytes()).feeds
    assert len(feeds) >= 25
    assert all(feed.topics and feed.title and feed.url.startswith("https://") for feed in feeds)


def test_feeds_a_page_names():
    """Feeds named in the head come first, resolved against the page's base; then links that look like feeds."""
    page = """<html><head><base href="https://a.example/sub/">
    <link rel='alternate' type='application/rss+xml' href='rss.xml?a=1&amp;b=2'>
    <LINK REL="alternate" TYPE="application/atom+xml; charset=utf-8" HREF="/atom"><link rel=stylesheet href=x.css>
    <link rel=alternate type="text/html" hreflang=de href="/de"></head><body><a href="/feed/">RSS</a>
    <a href="/feedback-form">no</a><a href="javascript:x.rss">no</a></body></html>"""
    assert feeds_named_in(page, "https://a.example/") == [
        "https://a.example/sub/rss.xml?a=1&b=2",
        "https://a.example/atom",
        "https://a.example/feed/",
    ]


def test_what_a_terminal_obeys_is_a_reference_in_a_list():
    """A list is printed in terminals too; its names read back as they were."""
    name = "A \u202eesrever\u202c \x9b31m name"
    written = write_opml([OpmlFeed(url="https://a.example/rss", title=name, topics=(name,))])
    assert not set("\u202e\u202c\x9b") & set(written.decode())
    (feed,) = read_opml(written).feeds
    assert (feed.title, feed.topics) == (name, (name,))
