"""Feeds in every format and many states of disrepair: entries or a typed error, and the cut equals the full parse."""

import json
import random
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from time import process_time
from xml.sax.saxutils import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.errors import NotAFeed, SourceError, TooLarge
from digestbot.sources.feeds import Reading, parse_feed, read_feed
from digestbot.sources.feeds.outline import outline
from tests.rigs.feeds import rss
from tests.shared import ROOT

URL = "https://a.example/dir/feed"
SHARED = ROOT.parent / "shared" / "data" / "feeds"
WILD = sorted(path for path in SHARED.glob("*") if path.name != "INDEX.tsv") if SHARED.exists() else []

ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en" xml:base="https://a.example/">
<title type="html">A &amp;lt;Feed&amp;gt; &lt;b&gt;of&lt;/b&gt; news</title><link href="/"/><link rel="hub" href="https://hub.example/"/>
<entry><id>tag:a.example,2026:1</id><title type="text">1 &lt; 2 &amp; <![CDATA[<i>]]></title><link href="one"/>
<updated>2026-03-02T09:00:00+02:00</updated><author><name>Jane Doe</name></author><category term="law"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>“First,” she said.</p>
<p>Second<br/>line.</p></div></content>
</entry></feed>"""
RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.example/"><title>R</title>
<link>https://a.example/</link></channel><item rdf:about="https://a.example/1"><title>One</title>
<link>https://a.example/1</link><dc:creator>Jane Doe</dc:creator><dc:date>2026-03-02T09:00:00Z</dc:date>
</item></rdf:RDF>"""
JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "J", "home_page_url": "https://a.example/",
"language": "en", "items": [{"id": 7, "url": "/seven"}, {"id": "1", "url": "one", "title": "One",
"content_html": "<p>“First,” she said.</p><p>Second.</p>", "date_published": "2026-03-02T09:00:00+02:00",
"authors": [{"name": "Jane Doe"}], "tags": ["law"], "attachments": [{"url": "https://a.example/1.mp3"}]}]}"""


@cache
def whole(path: Path) -> Reading:
    """Return a file's full reading, made once."""
    return read_feed(path.read_bytes(), URL)


def channel(items: str) -> bytes:
    """Return an RSS feed around items."""
    return f"<rss version='2.0'><channel><title>A</title>{items}</channel></rss>".encode()


@pytest.mark.parametrize("path", WILD, ids=lambda path: path.name)
def test_feeds_from_the_wild(path: Path):
    """Every real feed file gives its entries or a typed error, and any part of it read alone equals the whole's."""
    data = path.read_bytes()
    try:
        full = whole(path)
    except SourceError as error:
        pytest.fail(f"{path.name}: {error}")
    if full.full_parse:
        return
    chance = random.Random(path.name)  # noqa: S311 - the same subsets each time
    for share in (0.2, 0.5, 0.8, 1.1):
        known = {item for item in full.items if chance.random() < share}
        part = read_feed(data, URL, known=known)
        expected = tuple(e for e, item in zip(full.parsed.entries, full.items, strict=True) if item not in known)
        assert part.parsed.entries == expected
        assert (part.parsed.title, part.parsed.ttl, part.items) == (full.parsed.title, full.parsed.ttl, full.items)


def test_most_feeds_from_the_wild_can_be_read_in_parts():
    """Marking feeds for full parsing is the exception."""
    if not WILD:
        pytest.skip("needs ../shared/data/feeds")
    readings = [whole(path) for path in WILD]
    assert sum(reading.full_parse for reading in readings) < len(readings) / 10


def test_atom():
    """Atom's texts become plain by their declared type, its links absolute, its times UTC."""
    parsed = parse_feed(ATOM.encode(), URL)
    (entry,) = parsed.entries
    assert (parsed.title, parsed.link, parsed.language, parsed.format) == (
        "A <Feed> of news",
        "https://a.example/",
        "en",
        "atom10",
    )
    assert parsed.hub == "https://hub.example/"
    assert entry.title == "1 < 2 & <i>"
    assert entry.link == "https://a.example/one"
    assert entry.content == "“First,” she said.\n\nSecond\nline."
    assert entry.updated == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert (entry.authors, entry.categories) == (("Jane Doe",), ("law",))


def test_rdf():
    """RSS 1.0 gives its items with their Dublin Core."""
    parsed = parse_feed(RDF.encode(), URL)
    (entry,) = parsed.entries
    assert (parsed.format, entry.title, entry.authors) == ("rss10", "One", ("Jane Doe",))
    assert entry.published or entry.updated


def test_json_feed():
    """JSON Feed gives the same kind of entries; an id that is a number still counts."""
    parsed = parse_feed(JSON.encode(), URL)
    seven, one = parsed.entries
    assert (parsed.title, parsed.format, parsed.language) == ("J", "json11", "en")
    assert (seven.guid, seven.link) == ("7", "https://a.example/seven")
    assert (one.content, one.link) == ("“First,” she said.\n\nSecond.", "https://a.example/dir/one")
    assert one.published == datetime(2026, 3, 2, 7, tzinfo=UTC)
    assert (one.authors, one.categories, one.enclosures) == (("Jane Doe",), ("law",), ("https://a.example/1.mp3",))


def test_json_feed_in_parts():
    """Items of a JSON Feed whose hash is known are left out."""
    full = read_feed(JSON.encode(), URL)
    assert [e.guid for e in read_feed(JSON.encode(), URL, known={full.items[0]}).parsed.entries] == ["1"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b"  \n", "is empty"),
        (b"<!DOCTYPE html><html><head></head><body>Hi</body></html>", "web page"),
        (b"hello", "is not a feed"),
        (b'{"a": 1}', "not a JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "without a list"),
        (b'{"version": ', "well-formed JSON"),
        (b"[" * 100_000, "is not a feed"),
        (b'{"a":' * 100_000, "well-formed JSON"),
        (b"\x00\x01\x02\x03", "is not a feed"),
        (b"<root/>", "is not a feed"),
    ],
)
def test_what_is_no_feed_is_told(data: bytes, says: str):
    """What is no feed is a NotAFeed that says what it is."""
    with pytest.raises(NotAFeed, match=says):
        parse_feed(data, URL)


def test_a_broken_feed_still_gives_its_entries():
    """Loose ampersands, unknown entities and a missing end do not hide what is there."""
    data = (
        b"<rss version='2.0'><channel><title>A & B</title><item><title>R&D caf&eacute;</title></item><item><title>Two"
    )
    assert [entry.title for entry in parse_feed(data, URL).entries] == ["R&D café", ""]


def test_titles_are_plain_text():
    """Markup, references, soft hyphens and line ends leave a title."""
    titles = [
        "&lt;b&gt;Bold&lt;/b&gt; move",
        "AT&amp;amp;T",
        "Long\n  title",
        "<![CDATA[<em>Two</em> &quot;words&quot;]]>",
        "zero\u200bwidth\u00ad",
    ]
    data = channel("".join(f"<item><title>{title}</title></item>" for title in titles))
    assert [e.title for e in parse_feed(data, URL).entries] == [
        "Bold move",
        "AT&T",
        "Long title",
        'Two "words"',
        "zerowidth",
    ]


@pytest.mark.parametrize("name", ["rss", "json"])
def test_a_title_of_a_hundred_kilobytes_is_cut(name: str):
    """A title or an author's name is a line that a page can show whole, whatever stands in its place."""
    words, run = "word " * 20_000, "x" * 100_000
    if name == "rss":
        data = rss(("1", f"{words}</title><author>{run}</author><title>")).replace(b"<title></title>", b"")
    else:
        item = {"id": "1", "url": "https://a.example/1", "title": words, "authors": [{"name": run}]}
        data = json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": run, "items": [item]}).encode()
    began = process_time()
    (entry,) = parse_feed(data, URL).entries
    # The pattern that looks for a mail address in a name took a minute and more of it.
    assert process_time() - began < 5
    assert entry.title.endswith("word word…")
    assert [len(entry.title), len(entry.authors[0])] == [400, 400]


@pytest.mark.parametrize(
    "scheme", ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "ftp://a.example/"]
)
def test_links_are_http_only(scheme: str):
    """Any other scheme is no link."""
    data = channel(
        f"<item><title>One</title><guid isPermaLink='false'>1</guid><link>{scheme}</link>"
        f"<enclosure url='{scheme}'/></item>"
    )
    (entry,) = parse_feed(data, URL).entries
    assert (entry.link, entry.enclosures) == ("", ())


def test_media_and_podcasts():
    """Enclosures and media content are kept as addresses."""
    data = channel(
        "<item xmlns:media='http://search.yahoo.com/mrss/'><title>One</title><enclosure url='https://a.example/1.mp3' "
        "type='audio/mpeg' length='1'/><media:content url='https://a.example/1.jpg'/></item>"
    )
    assert parse_feed(data, URL).entries[0].enclosures == ("https://a.example/1.mp3", "https://a.example/1.jpg")


RUSSIAN = "Президент заявил в Москве, что парламент примет закон"


@pytest.mark.parametrize("real", ["koi8-r", "windows-1251", "utf-8", "utf-16"])
@pytest.mark.parametrize("prolog", ["koi8-r", "windows-1251", "utf-8", "iso-8859-1", ""])
@pytest.mark.parametrize("header", ["koi8-r", "windows-1251", "utf-8", "iso-8859-1", "nonsense", ""])
def test_encodings_with_lying_headers(real: str, prolog: str, header: str):
    """The text reads right whatever the prolog and the header claim, even when both lie."""
    declared = f" encoding='{prolog}'" if prolog else ""
    text = f"<?xml version='1.0'{declared}?>{channel(f'<item><title>{RUSSIAN}</title></item>').decode()}"
    kind = f"text/xml; charset={header}" if header else None
    assert parse_feed(text.encode(real), URL, kind).entries[0].title == RUSSIAN


def test_no_dates_and_impossible_dates():
    """A date no calendar has is none; a future one is kept."""
    data = channel(
        "<item><title>a</title><pubDate>Mon, 99 Foo 2026</pubDate></item><item><title>b</title></item>"
        "<item><title>c</title><pubDate>Fri, 01 Jan 2100 00:00:00 GMT</pubDate></item>"
    )
    dates = [entry.published for entry in parse_feed(data, URL).entries]
    assert dates == [None, None, datetime(2100, 1, 1, tzinfo=UTC)]


def test_only_the_first_items_are_looked_at():
    """A feed of 100,000 items costs no more than its first 500, well formed or not."""
    data = rss(*((str(n), f"Item {n}") for n in range(20_000)))
    assert len(read_feed(data, URL).items) == 500
    assert len(parse_feed(data[:-20], URL).entries) == 500


@pytest.mark.parametrize(
    "data",
    [
        channel("<item " + " ".join(f"a{n}='1'" for n in range(100_000)) + "/>"),
        channel("<item>" + "<x>" * 5_000 + "</x>" * 5_000 + "</item>"),
        channel("<x/>" * 500_000),
        b"<rss>" + b" " * (10 * 1024 * 1024),
    ],
    ids=["attributes", "depth", "tags", "bytes"],
)
def test_what_would_choke_a_parser_is_refused(data: bytes):
    """Documents made to hurt are TooLarge before feedparser sees them."""
    with pytest.raises(TooLarge):
        parse_feed(data, URL)


def test_entities_stay_harmless(tmp_path: Path):
    """Billion laughs, external entities and external DTDs expand to nothing and read nothing."""
    secret = tmp_path / "secret"
    secret.write_text("the-secret")
    laughs = "".join(f"<!ENTITY l{n} '{f'&l{n - 1};' * 10}'>" for n in range(1, 12))
    doctypes = [
        f"<!DOCTYPE rss [<!ENTITY l0 'lol'>{laughs}]>",
        f"<!DOCTYPE rss [<!ENTITY l11 SYSTEM '{secret.as_uri()}'>]>",
        f"<!DOCTYPE rss SYSTEM '{secret.as_uri()}'>",
        f"<!DOCTYPE rss [<!ENTITY % d SYSTEM '{secret.as_uri()}'> %d;]>",
    ]
    for doctype in doctypes:
        data = f"<?xml version='1.0'?>{doctype}".encode() + channel("<item><title>T &l11;</title></item>")
        try:
            titles = "".join(entry.title for entry in parse_feed(data, URL).entries)
        except SourceError:
            continue
        assert "the-secret" not in titles
        assert len(titles) < 1000


def test_the_outline_reads_what_feeds_ask():
    """``ttl``, skipHours and skipDays are read; an hour of 24 is midnight; a ttl within an item is none."""
    data = channel(
        "<ttl> 60 </ttl><skipHours><hour>24</hour><hour>3</hour><hour>99x</hour></skipHours>"
        "<skipDays><day>Sunday</day></skipDays><item><ttl>1</ttl></item>"
    )
    found = outline(data, URL)
    assert (found.ttl, found.skips) == (3600.0, 1 | 1 << 3 | 1 << 30)


@given(st.binary(max_size=2000))
def test_any_bytes_give_a_feed_or_a_typed_error(data: bytes):
    """No bytes raise anything but a SourceError."""
    try:
        parse_feed(data, URL)
    except SourceError:
        return


PIECES = st.sampled_from(
    [
        "<item>",
        "</item>",
        "<title>",
        "</title>",
        "<entry>",
        "<link>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "&amp;",
        "&#0;",
        "&#x110000;",
        "&nope;",
        "<a b='",
        "'>",
        "<content type='xhtml'>",
        "<pubDate>",
        "Mon, 02 Mar 2026",
        "\ufffe",
        "é",
        " ",
        "<guid>",
        "http://[",
        "https://a.example/1",
        "<media:group>",
        "<category>",
        "<author>",
        "</channel>",
        "<?pi",
    ]
)


@given(st.lists(PIECES, max_size=60))
def test_any_pieces_of_a_feed_give_a_feed_or_a_typed_error(pieces: list[str]):
    """Nor does any shuffling of a feed's own parts, and a part never gives what the whole does not."""
    data = channel("".join(pieces))
    try:
        full = read_feed(data, URL)
    except SourceError:
        return
    if full.items and not full.full_parse:
        part = read_feed(data, URL, known=set(full.items[::2]))
        wanted = set(full.items) - set(full.items[::2])
        assert part.parsed.entries == tuple(
            e for e, item in zip(full.parsed.entries, full.items, strict=True) if item in wanted
        )


WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), min_size=1, max_size=30)


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=6), st.sets(st.integers(0, 5)))
def test_the_cut_equals_the_full_parse(items: list[tuple[str, str, str]], known: set[int]):
    """Whatever items say, those read alone are those of the whole."""
    data = channel(
        "".join(
            f"<item><guid isPermaLink='false'>{n}-{escape(guid)}</guid><title>{escape(title)}</title>"
            f"<description>{escape(text)}</description></item>"
            for n, (guid, title, text) in enumerate(items)
        )
    )
    full = read_feed(data, URL)
    if full.full_parse:
        return
    cut = {item for n, item in enumerate(full.items) if n in known}
    part = read_feed(data, URL, known=cut)
    assert part.parsed.entries == tuple(
        e for e, item in zip(full.parsed.entries, full.items, strict=True) if item not in cut
    )


@pytest.mark.parametrize("path", WILD, ids=lambda path: path.name)
def test_the_baseline_knows_every_entry(path: Path):
    """At first sight, every entry of a real feed has the same identities, title and link as when it is read whole."""
    full = whole(path)
    quick = read_feed(path.read_bytes(), URL, baseline=True)
    assert (quick.items, quick.full_parse) == (full.items, full.full_parse)
    assert [(e.keys, e.title, e.link) for e in quick.parsed.entries] == [
        (e.keys, e.title, e.link) for e in full.parsed.entries
    ]


# fmt: off
ODD = st.sampled_from(
    ["<title>{n} A</title>", "<title>&lt;b&gt;{n}&lt;/b&gt;</title>", "<title>R&amp;D; {n}</title>",
     "<dc:title>D</dc:title>", "<link>https://a.example/{n}?a=1&amp;b=2</link>", "<link>/{n}</link>",
     "<link>https://a.example/{n}#&amp;amp;</link>", "<guid>{n}</guid>", "<guid isPermaLink='false'>g{n}</guid>",
     "<guid>https://a.example/../{n}</guid>", "<title>Ã© {n}</title>", "<link href='https://a.example/l{n}'/>",
     "<atom:link href='https://a.example/x'/>", "<title><i>{n}</i></title>", "<media:title>M</media:title>", "<guid/>",
     "<link/>", "<pubDate>Mon, 02 Mar 2026 09:00:00 GMT</pubDate>", "<x>y</x>"]
)
# fmt: on


@given(st.lists(st.lists(ODD, max_size=5), min_size=8, max_size=14))
def test_the_baseline_knows_odd_entries(items: list[list[str]]):
    """However items write their title, link and identifier, the quick reading gives feedparser's or gives way."""
    spaces = "xmlns:dc='http://purl.org/dc/elements/1.1/' xmlns:atom='http://www.w3.org/2005/Atom'"
    inner = "".join(f"<item>{''.join(parts).format(n=n)}</item>" for n, parts in enumerate(items))
    data = channel(inner).replace(b"<rss ", f"<rss xmlns:media='http://search.yahoo.com/mrss/' {spaces} ".encode())
    full = read_feed(data, URL)
    quick = read_feed(data, URL, baseline=True)
    assert [e.keys for e in quick.parsed.entries] == [e.keys for e in full.parsed.entries]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<slash:comments>3</slash:comments>", "<slash:comments>14</slash:comments>"),
        ("<thr:total>3</thr:total>", "<thr:total>4</thr:total>"),
        ("<media:statistics views='10'/>", "<media:statistics views='2000'/>"),
    ],
)
def test_an_item_whose_counts_alone_changed_is_the_one_that_is_known(before: str, after: str):
    """Another comment or reader is no edit: the item is neither parsed nor read again; other words are."""

    def body(counts: str, title: str = "One") -> bytes:
        spaces = "xmlns:slash='s' xmlns:thr='t' xmlns:media='http://search.yahoo.com/mrss/'"
        item = f"<item><guid>1</guid><title>{title}</title>{counts}</item><item><guid>2</guid><title>Two</title></item>"
        return f"<rss version='2.0' {spaces}><channel><title>T</title>{item}</channel></rss>".encode()

    known = frozenset(read_feed(body(before), URL).items)
    assert read_feed(body(after), URL, None, known).parsed.entries == ()
    (edited,) = read_feed(body(after, "Won"), URL, None, known).parsed.entries
    assert edited.title == "Won"
