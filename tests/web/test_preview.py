"""The preview page: what it shows, that it loads and runs nothing, and that hostile words stay words."""

import re
import subprocess
import sys
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digestbot.chat.discord.components import render as discord_messages
from digestbot.chat.slack.blocks import render as slack_messages
from digestbot.domain.digest import Digest, Message, Quotation
from digestbot.web.preview import preview_page
from digestbot.web.preview.markdown import markdown
from digestbot.web.preview.slack import mrkdwn, written
from tests.chat.slack import making
from tests.web.sample import AT, TITLE, sample


def words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAGS = words(
    "html head meta title style body header div p h1 h2 h3 h4 h5 h6 fieldset legend input label main section article "
    "span strong em code pre a br hr time blockquote ul ol li details summary svg rect g path footer"
)
ATTRIBUTES = words(
    "lang charset http-equiv content name class dir type id checked for aria-label aria-hidden viewbox width height "
    "fill d rx x y preserveaspectratio href target rel datetime title start"
)


class Page(HTMLParser):
    """Reads a page back: its text, its tags with their attributes, and what was left open."""

    VOID = frozenset({"meta", "input", "br", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.text = ""
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.crossed: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data):
        if "style" not in self.open:
            self.text += data


def show(digest: Digest) -> str:
    return preview_page(digest.title, slack_messages(digest), discord_messages(digest))


def text_of(html: str) -> str:
    return Page(html).text


def test_both_windows_show_every_headline_summary_and_quotation():
    """Each headline, each quotation and each speaker of the digest is read in both windows."""
    digest = sample()
    slack = text_of(preview_page(TITLE, slack_messages(digest), []))
    discord = text_of(preview_page(TITLE, [], discord_messages(digest)))
    quotations = [block for card in digest.cards for block in card.blocks if isinstance(block, Quotation)]
    for said in [q.text for q in quotations] + [q.speaker for q in quotations]:
        assert said in slack
        assert said in discord
    for window in (slack, discord):
        assert "Night trains return to the <coast> line & its *tunnel*" in window
        assert "Report a problem" in window
        assert "since" in window


def test_replies_are_an_opened_thread():
    """The Slack window shows the parent, then a thread that counts and holds the replies."""
    messages = slack_messages(sample())
    page = preview_page(TITLE, messages, [])
    assert sum(message.reply for message in messages) == 3
    assert "3 replies" in text_of(page)
    assert page.index('class="thread"') > page.index('class="header"')
    assert "1 reply" in text_of(preview_page(TITLE, messages[:2], []))


def test_nothing_to_show_is_said():
    """A digest without messages gives a page that says so, in both windows."""
    assert text_of(preview_page("Empty", [], [])).count("there was nothing to say") == 2


def test_time_beside_the_name():
    """The time of posting stands beside the app's name when it is given, and nowhere otherwise."""
    messages = discord_messages(sample())
    assert '<span class="stamp">07:00</span>' in preview_page(TITLE, [], messages, at=AT)
    assert 'class="stamp"' not in preview_page(TITLE, [], messages)


def test_the_page_loads_and_runs_nothing():
    """The policy allows one style sheet, by its true hash; no script, no outside file, no inline style."""
    page = show(sample())
    style = re.search(r"<style>(.*)</style>", page, re.DOTALL)
    assert style is not None
    assert "url(" not in style[1]
    assert "@import" not in style[1]
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in page
    for tag, attributes in Page(page).tags:
        assert tag not in {"script", "iframe", "img", "link", "object"}
        assert not {"style", "src"} & attributes.keys()
        assert not [name for name in attributes if name.startswith("on")]


def test_a_reader_can_find_the_way_around():
    """The page has a language, a viewport, one h1, named regions and labelled switches."""
    page = Page(show(sample()))
    names = [tag for tag, _ in page.tags]
    assert names.count("h1") == 1
    assert ("html", {"lang": "en"}) in page.tags
    assert any(attributes.get("name") == "viewport" for _, attributes in page.tags)
    assert {a["aria-label"] for tag, a in page.tags if tag == "section"} == {"Slack", "Thread", "Discord"}
    ids = {attributes["id"] for tag, attributes in page.tags if tag == "input"}
    assert ids == {attributes["for"] for tag, attributes in page.tags if tag == "label"}


def test_colours_follow_the_reader_and_a_switch():
    """Both colour schemes are there, chosen by the reader's system or by a switch without script."""
    page = show(sample())
    assert "color-scheme: light dark" in page
    assert ":has(#theme-dark:checked)" in page
    assert 'id="theme-auto" checked' in page


def test_markdown_shows_what_discord_shows():
    """Escapes, links, times, headings, small print and quotations become what a reader of Discord sees."""
    html = markdown(
        "### [A \\*b\\* \\[c\\]](<https://x.example/1>)\n-# since <t:1763967600:t>\n> “q”\n> — **N**\nend\n# T"
    )
    assert text_of(html) == "A *b* [c]since 07:00“q”— NendT"
    assert '<a href="https://x.example/1"' in html
    assert html.count("<blockquote>") == 1
    assert "<h4" in html


def test_mrkdwn_shows_what_slack_shows():
    """Entities, links, dates and bold become what a reader of Slack sees; nothing else is markup."""
    html = mrkdwn("a &lt;b&gt; &amp;amp; <https://x.example/?a=1&amp;b|L> <!date^0^{time}|08:00> *bold* <!here>")
    assert text_of(html) == "a <b> &amp; L 12:00 AM bold @here"
    assert 'href="https://x.example/?a=1&amp;b"' in html


@pytest.mark.parametrize(
    ("form", "shown"),
    [
        ("{date_short_pretty} at {time}", "Nov 30, 2026 at 8:05 AM"),
        ("{date_long_pretty}", "Monday, November 30th, 2026"),
        ("{date}", "November 30th, 2026"),
        ("{date_num} {time_secs}", "2026-11-30 8:05:09 AM"),
        ("{ago}", "the fallback"),
        ("{moon}", "the fallback"),
        ("", "the fallback"),
    ],
)
def test_times_are_as_slack_writes_them(form, shown):
    """A time's tokens become what Slack writes for them; where it cannot be known, the fallback stands."""
    at = int(datetime(2026, 11, 30, 8, 5, 9, tzinfo=UTC).timestamp())
    assert written(at, form, "the fallback") == shown
    assert text_of(mrkdwn(f"<!date^{at}^{form or 'x'}|the fallback>")) == shown
    assert written(10**18, form, "the fallback") == "the fallback"


@pytest.mark.parametrize(
    ("day", "shown"), [(1, "1st"), (2, "2nd"), (3, "3rd"), (11, "11th"), (12, "12th"), (23, "23rd")]
)
def test_days_have_their_endings(day, shown):
    """Days are counted as Slack counts them."""
    assert written(int(datetime(2026, 11, day, tzinfo=UTC).timestamp()), "{date}", "") == f"November {shown}, 2026"


def test_only_web_addresses_become_links():
    """An address that is not http(s) is never a link, whoever wrote the payload."""
    element = {"type": "link", "url": "javascript:alert(1)", "text": "press"}
    section = {"type": "rich_text_section", "elements": [element]}
    slack = Message({"blocks": [{"type": "rich_text", "elements": [section]}]}, "")
    discord = Message({"components": [{"type": 10, "content": "[press](<javascript:alert(1)>)"}]}, "")
    assert "<a " not in preview_page("T", [slack], [discord])


@settings(max_examples=25, deadline=None)
@given(making.digests)
def test_hostile_words_stay_words(digest: Digest):
    """Whatever a feed writes, the page has only our tags, closed in order, our attributes, and web addresses."""
    page = Page(show(digest))
    assert page.crossed == []
    assert page.open == []
    for tag, attributes in page.tags:
        assert tag in TAGS
        assert attributes.keys() <= ATTRIBUTES
        assert re.match(r"https?://", attributes.get("href", "https://"))


KINDS = [
    "rich_text",
    "rich_text_section",
    "rich_text_list",
    "section",
    "context",
    "actions",
    "button",
    "overflow",
    "date",
]
NAMES = ["text", "elements", "style", "components", "content", "url", "label", "options", "timestamp", "accent_color"]
json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.builds(
            lambda kind, rest: {"type": kind} | rest,
            st.sampled_from([*KINDS, 1, 2, 9, 10, 14, 17]),
            st.dictionaries(st.sampled_from(NAMES), inner),
        )
    ),
    max_leaves=20,
)


@settings(max_examples=60, deadline=None)
@given(st.lists(json, max_size=4))
def test_any_payload_gives_a_page(found: list[object]):
    """A payload of an unknown kind is shown as far as it can be; the page is always whole."""
    message = Message({"blocks": found, "components": found, "embeds": found, "content": "x"}, "")
    page = Page(preview_page("T", [message], [message]))
    assert page.open == []
    assert page.crossed == []


def test_the_page_needs_no_chat_library():
    """Importing the preview loads neither discord.py nor slack_sdk, nor the chat room."""
    code = (
        "import sys, digestbot.web.preview; found = {'.'.join(name.split('.')[:2]) for name in sys.modules}; "
        "sys.exit(bool(found & {'discord', 'slack_sdk', 'digestbot.chat'}))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
