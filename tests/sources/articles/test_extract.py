"""Pages in, articles out: the text exactly as published, nothing of what stands around it."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digestbot.domain.errors import NothingToRead, SourceError, TooLarge
from digestbot.sources.articles import extract_article
from digestbot.sources.articles.boilerplate import is_cut_short, kind_of, without_dateline, without_furniture
from digestbot.sources.articles.language import language_of

URL = "https://www.paper.example/news/law?utm_source=rss"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LEAD = "The government said on Monday it would “love” to change the law, but critics doubt that it can."
PARAGRAPHS = (
    LEAD,
    '“I don’t know what the law says on that,” said John Smith, the minister. "It\'s hard," he added [sic].',
    "„Das ist so“, sagte er. «C’est ainsi», dit-elle, and the ministry declined to say more about the plan.",
    "“The first paragraph of a quotation goes on in the next one, and has no closing mark of its own.",
    "“Only the last one closes,” she said in a long statement about everything that matters in this story.",
)


def page(*body: str, head: str = "") -> bytes:
    """Return a page around an article's HTML."""
    return (
        "<!doctype html><html lang='en-GB'><head><title>Law to change - The Paper</title>"
        "<meta property='og:title' content='Law to change'><meta property='og:site_name' content='The Paper'>"
        "<meta name='author' content='Jane Doe'><link rel='canonical' href='/news/law'>"
        f"<meta property='article:published_time' content='2026-03-01T23:30:00-05:00'>{head}</head><body>"
        "<nav><a href='/'>Home</a> <a href='/world'>World</a></nav><article><h1>Law to change</h1>"
        f"{''.join(body)}</article><footer>© The Paper</footer></body></html>"
    ).encode()


def paragraphs(*texts: str) -> str:
    """Return texts as HTML paragraphs."""
    return "".join(f"<p>{text}</p>" for text in texts)


def test_text_is_exact():
    """Paragraphs are parted by blank lines, and every quotation mark is the page's own."""
    article = extract_article(page(paragraphs(*PARAGRAPHS)), URL, NOW)
    assert article.text == "\n\n".join(PARAGRAPHS)


def test_what_the_page_says_of_itself():
    """Title, outlet, authors, time, canonical address and language are kept."""
    article = extract_article(page(paragraphs(*PARAGRAPHS[:2])), URL, NOW)
    assert (article.title, article.outlet, article.authors) == ("Law to change", "The Paper", ("Jane Doe",))
    assert article.published == datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
    assert (article.url, article.language) == ("https://www.paper.example/news/law", "en")


FURNITURE = [
    ("By Jane Doe and John Smith, Political Editor", "byline"),
    ("Published 2 March 2026, 09:00 GMT", "byline"),
    ("Reporting by Jane Doe; Editing by John Smith", "byline"),
    ("Von Maria Müller", "byline"),
    ("President Smith speaks to reporters in Washington, Monday. (AP Photo/Evan Vucci, File)", "caption"),
    ("Photo: Getty Images", "caption"),
    ("FILE PHOTO: A man walks past a shop in Paris, France, March 1, 2026", "caption"),
    ("A man walks past a shop. Photograph: Jane Doe/The Paper", "caption"),
    ("Image source, Reuters", "caption"),
    ("Read more: Ten things to know about the law", "read_more"),
    ("Related stories", "read_more"),
    ("Lesen Sie auch: Das neue Gesetz", "read_more"),
    ("À lire aussi : La nouvelle loi", "read_more"),
    ("Sign up for our newsletter to get the latest news.", "newsletter"),
    ("Get the morning briefing delivered to your inbox.", "newsletter"),
    ("Advertisement", "notice"),
    ("Share this article", "notice"),
    ("* * *", "notice"),
]


@pytest.mark.parametrize(("text", "kind"), FURNITURE)
def test_furniture_is_recognised(text: str, kind: str):
    """Captions, bylines, "Read more", newsletter boxes and notices are told for what they are."""
    assert kind_of(text) == kind


@pytest.mark.parametrize(
    "text",
    [
        *PARAGRAPHS,
        "By Monday the law had passed both houses.",
        "By 2030, the city wants to be neutral.",
        "The photo shows the minister at his desk.",
        "He signed up for the newsletter in May, and regretted it.",
        "Read more books, the minister told the children of the school.",
        "Related companies in France and Germany said on Monday that they would close their plants in the spring.",
        "Updated rules will apply from 2027, the ministry said in a statement.",
        "“Sign up for our newsletter and you will see what we mean,” the editor told the crowd.",
        "No.",
    ],
)
def test_what_belongs_to_the_article_stays(text: str):
    """Sentences that only look like furniture stay."""
    assert kind_of(text) is None


def test_furniture_leaves_the_article():
    """A caption as lead, boxes between paragraphs and the headline repeated are not in the text."""
    around = [text for text, _ in FURNITURE]
    html = page(
        "<figure><img src='x'><figcaption>A man walks past a shop. (AP Photo/X)</figcaption></figure>",
        paragraphs(around[4], PARAGRAPHS[0], around[9], PARAGRAPHS[1], around[13], PARAGRAPHS[2], around[2]),
    )
    assert extract_article(html, URL, NOW).text == "\n\n".join(PARAGRAPHS[:3])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("PARIS (AP) — The law", "The law"),
        ("WASHINGTON (Reuters) - The law", "The law"),
        ("BERLIN, March 3 (Reuters) - The law", "The law"),
        ("KYIV, Ukraine (AP) — The law", "The law"),
        ("Paris (AFP) – The law", "The law"),
        ("LONDON — The law", "The law"),
        ("Trump — who said no — left", "Trump — who said no — left"),
        ("The plan - a big one - failed", "The plan - a big one - failed"),
        ("US - China talks", "US - China talks"),
        ("NEW YORK: Stocks fell", "NEW YORK: Stocks fell"),
    ],
)
def test_datelines(text: str, rest: str):
    """A dateline at the start is taken off, and nothing that is none."""
    assert without_dateline(text) == rest


PAY = "Subscribe to continue reading this article. Already a subscriber? Log in."
NOT_FREE = '<script type="application/ld+json">{"isAccessibleForFree": false}</script>'
CONSENT = (
    "We and our 842 partners use cookies to store and access personal data on your device.",
    "Accept all cookies",
    "Manage your choices in the cookie settings at any time.",
)
CHALLENGE = b"""<html><head><title>Just a moment...</title></head><body>
<p>Enable JavaScript and cookies to continue</p></body></html>"""


@pytest.mark.parametrize(
    ("html", "says"),
    [
        (page(paragraphs(LEAD, PAY)), "pay wall"),
        (page(paragraphs(LEAD), head=NOT_FREE), "pay wall"),
        (page(paragraphs(*CONSENT)), "cookie wall"),
        (CHALLENGE, "robot"),
        (b"<html><body></body></html>", "no article text"),
        (b"", "no article text"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "paper.example"),
    ],
)
def test_walls_are_told(html: bytes, says: str):
    """A pay-wall stub, a cookie wall, a challenge and an empty page are NothingToRead, each with its reason."""
    with pytest.raises(NothingToRead, match=says):
        extract_article(html, URL, NOW)


def test_a_whole_article_with_a_subscribe_box_is_read():
    """A box that asks to subscribe does not hide a whole article, and does not get into its text."""
    many = [f"{text} It was paragraph {n}." for n, text in enumerate(PARAGRAPHS * 3)]
    article = extract_article(page(paragraphs(*many, PAY)), URL, NOW)
    assert article.text == "\n\n".join(many)


def test_one_sentence_is_an_article():
    """An article of one sentence is read."""
    assert extract_article(page(paragraphs(LEAD)), URL, NOW).text == LEAD


def test_a_page_larger_than_the_cap_is_refused():
    """10 MB is the most that is read."""
    with pytest.raises(TooLarge):
        extract_article(b" " * (10 * 1024 * 1024 + 1), URL, NOW)


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-8"])
def test_encodings(encoding: str):
    """A page in an old encoding under a lying header reads right, and its language is told."""
    text = "Президент заявил в Москве, что парламент примет закон до конца весны, сообщило министерство в понедельник."
    head = f"<html><head><meta charset='{encoding}'><title>Закон</title></head>"
    html = f"{head}<body><article><p>{text}</p><p>{text} {text}</p></article></body></html>"
    article = extract_article(html.encode(encoding), URL, NOW, "text/html; charset=iso-8859-1")
    assert article.text.startswith(text)
    assert article.language == "ru"


def test_the_canonical_address_is_believed_within_reason():
    """A page that names its site's front as its address is not moved there; other schemes are no addresses."""
    for wrong in ("https://www.paper.example/", "javascript:x", "", "http://["):
        html = page(paragraphs(*PARAGRAPHS)).replace(b"href='/news/law'", f"href='{wrong}'".encode())
        assert extract_article(html, URL, NOW).url == URL


@pytest.mark.parametrize(
    ("text", "claimed", "language"),
    [
        (LEAD, "", "en"),
        ("Die Regierung hat am Montag erklärt, dass sie das Gesetz ändern will.", "en", "de"),
        ("Le gouvernement a déclaré lundi qu’il voulait changer la loi.", "", "fr"),
        ("Ja.", "nl-NL", "nl"),
        ("Ja.", "nonsense claim", ""),
    ],
)
def test_languages(text: str, claimed: str, language: str):
    """The text tells its language; a claim stands where it is too short."""
    assert language_of(text, claimed) == language


@pytest.mark.parametrize("end", ["…", "...", "[…]", "Read more", "Continue reading →", "[+1234 chars]"])
def test_texts_that_break_off(end: str):
    """A feed's text that ends in an ellipsis or "Read more" is not whole."""
    assert is_cut_short(f"{LEAD} {end}")
    assert not is_cut_short(LEAD)


@given(st.lists(st.text(max_size=300), max_size=8), st.text(max_size=50))
def test_paragraphs_are_kept_whole_or_not_at_all(texts: list[str], title: str):
    """But for a first dateline, every paragraph kept is one of the page's, in order."""
    kept = without_furniture(texts, title)
    given_ = [text.strip() for text in texts]
    assert all(text in given_ or any(one.endswith(text) for one in given_) for text in kept)


@given(st.binary(max_size=3000))
def test_any_bytes_give_an_article_or_a_typed_error(data: bytes):
    """No bytes raise anything but a SourceError."""
    try:
        extract_article(data, URL, NOW)
    except SourceError:
        return


# fmt: off
TAGS = st.sampled_from(
    ["<p>", "</p>", "<article>", "</article>", "<div", ">", "<!--", "-->", "<script>", "</script>", "<table><tr><td>",
     "&#0;", "&nbsp;", "<svg>", "<style>", LEAD, "<a href='http://['>", "<meta charset='utf-7'>", "\x00", "<html>",
     "<head>", "“", "</html>", "<script type='application/ld+json'>{\"datePublished\": [1]}</script>",
     "<time datetime='9999-99-99'>", "<base href='//['>", "<link rel=canonical href='http://['>"]
)
# fmt: on


@given(st.lists(TAGS, max_size=50))
def test_any_pieces_of_a_page_give_an_article_or_a_typed_error(pieces: list[str]):
    """Nor does any shuffling of a page's own parts."""
    try:
        extract_article("".join(pieces).encode(), URL, NOW)
    except SourceError:
        return
