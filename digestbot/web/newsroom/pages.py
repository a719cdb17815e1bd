"""An outlet's HTML pages with the furniture of a real news site around the words; knows nothing of HTTP.

The furniture (navigation, captions, bylines, links to more, a newsletter form, a cookie notice) is what an extractor
has to lose, so it is here on purpose.
"""

import json
from collections.abc import Sequence
from html import escape

from digestbot.web.newsroom.folder import Newsroom, Outlet, Paragraph, Piece

SECTIONS = ("News", "Business", "Science", "Sport", "Opinion")


def body_html(piece: Piece) -> str:
    """Return the article proper as HTML paragraphs, without furniture: what goes into a full-text feed."""
    return "\n".join(f"<p>{escape(p.text, quote=False)}</p>" for p in piece.paragraphs if p.kind == "text")


def article_page(piece: Piece, more: Sequence[Piece], base: str) -> str:
    """Return a piece's page; ``more`` are the outlet's other pieces, for its lists of links."""
    head = f"""<title>{escape(piece.title)} | {escape(piece.outlet.name)}</title>
<link rel="canonical" href="{escape(base + piece.path)}">
<meta name="description" content="{escape(piece.summary)}">
<meta name="author" content="{escape(piece.author)}">
<meta property="og:type" content="article">
<meta property="og:title" content="{escape(piece.title)}">
<meta property="og:site_name" content="{escape(piece.outlet.name)}">
<meta property="article:published_time" content="{piece.published.isoformat()}">
<script type="application/ld+json">{_linked_data(piece, base)}</script>"""
    main = f"""<article>
<h1>{escape(piece.title)}</h1>
{_furniture_html(piece)}
<div class="article-body">
{_body_with_asides(piece, more)}
</div>
</article>
{_related(more)}"""
    return _page(piece.outlet, head, main)


def home_page(outlet: Outlet, pieces: Sequence[Piece]) -> str:
    """Return an outlet's front page: headlines, and the feed as a link that readers discover."""
    rows = "\n".join(f'<li><a href="{escape(p.path)}">{escape(p.title)}</a></li>' for p in pieces)
    return _page(
        outlet, f"<title>{escape(outlet.title)}</title>", f"<h1>{escape(outlet.name)}</h1>\n<ul>\n{rows}\n</ul>"
    )


def index_page(newsroom: Newsroom) -> str:
    """Return the server's first page: every outlet and its feed."""
    rows = "\n".join(
        f'<li><a href="/{o.slug}/">{escape(o.name)}</a> (<a href="{o.feed_path}">{o.format}</a>)</li>'
        for o in newsroom.outlets
    )
    return f"""<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sample newsroom</title></head>
<body>
<h1>Sample newsroom</h1>
<ul>
{rows}
</ul>
</body>
</html>
"""


def _page(outlet: Outlet, head: str, main: str) -> str:
    title, kind = escape(outlet.title), outlet.content_type
    feed_link = f'<link rel="alternate" type="{kind}" title="{title}" href="{outlet.feed_path}">'
    sections = "".join(f'<li><a href="/{outlet.slug}/">{section}</a></li>' for section in SECTIONS)
    return f"""<!doctype html>
<html lang="{escape(outlet.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{head}
{feed_link}
</head>
<body>
<header class="site-header">
<a class="logo" href="/{outlet.slug}/">{escape(outlet.name)}</a>
<nav aria-label="Sections"><ul>{sections}</ul></nav>
</header>
<div class="cookie-notice" role="dialog">We use cookies to remember that you closed this. <button>OK</button></div>
<main>
{main}
</main>
<footer class="site-footer">
<form class="newsletter" action="/{outlet.slug}/"><label>Get the morning newsletter <input type="email"></label></form>
<p>About us · Contact · Corrections · Terms and conditions</p>
<p>© {escape(outlet.name)}. All rights reserved.</p>
</footer>
</body>
</html>
"""


def _furniture_html(piece: Piece) -> str:
    """Return what stands between the headline and the first paragraph: byline, time, picture and caption."""
    bylines = [f'<p class="byline">{escape(text)}</p>' for text in piece.furniture("byline")]
    time = f'<time datetime="{piece.published.isoformat()}">{piece.published:%d %B %Y, %H:%M} UTC</time>'
    return "\n".join([*bylines, time])


def _body_with_asides(piece: Piece, more: Sequence[Piece]) -> str:
    target = more[0].path if more else f"/{piece.outlet.slug}/"
    return "\n".join(_paragraph_html(p, target) for p in piece.paragraphs if p.kind != "byline")


def _paragraph_html(paragraph: Paragraph, target: str) -> str:
    words = escape(paragraph.text, quote=False)
    if paragraph.kind == "caption":
        return f'<figure><img src="/picture.svg" alt=""><figcaption>{words}</figcaption></figure>'
    if paragraph.kind == "readmore":
        return f'<aside class="read-more"><a href="{escape(target)}">{words}</a></aside>'
    return f"<p>{words}</p>"


def _related(more: Sequence[Piece]) -> str:
    if not more:
        return ""
    rows = "".join(f'<li><a href="{escape(p.path)}">{escape(p.title)}</a></li>' for p in more)
    return f'<aside class="related"><h2>More from us</h2><ul>{rows}</ul></aside>'


def _linked_data(piece: Piece, base: str) -> str:
    """Return the page's schema.org description; “<” is escaped so that no title can end the script."""
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": piece.title,
        "author": {"@type": "Person", "name": piece.author},
        "publisher": {"@type": "Organization", "name": piece.outlet.name},
        "datePublished": piece.published.isoformat(),
        "url": base + piece.path,
    }
    return json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
