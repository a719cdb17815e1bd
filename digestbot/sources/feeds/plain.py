"""Markup → plain text, in one pass over its tags; knows no feed format.

Linear in the length of the input whatever it holds: no tree is built, so neither depth nor broken nesting matters.
"""

import re
from html import unescape

BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "dd", "details", "dialog", "div", "dl", "dt"}
    | {"fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li"}
    | {"main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul"}
)
SILENT = frozenset({"script", "style", "template", "noscript", "iframe", "object", "svg", "math", "head", "title"})
# Every branch stops at the next "<", so no start scans further than that: linear, even for unclosed quotes.
_TAG = re.compile(
    r"<(/?)([a-zA-Z][\w:-]*)(?:[^<>\"']|\"[^<\"]*\"|'[^<']*')*+>|<(/?)([a-zA-Z][\w:-]*)[^<>]*>|<[!?][^<>]*>"
)
_COMMENT = "<!--"
_SPACE = re.compile(r"[^\S\n]+")
_GAP = re.compile(r"\s*\n\s*\n\s*")
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
"""Soft hyphen, zero-width space, word joiner, byte order mark: they are not seen and break comparisons."""
LONGEST_LINE = 400
"""Characters of a title or name that are kept: three times the longest headlines; pages and lists show them whole."""
NEAR = 30
"""How far back from there a space is looked for, in characters."""


def plain_line(markup: str) -> str:
    """Return markup as one line of plain text: tags gone, references resolved, white space folded."""
    return _one_line(plain_text(markup))


def plain_text(markup: str) -> str:
    """Return markup as plain text; its blocks become paragraphs parted by a blank line, ``<br>`` a line's end."""
    if "<" not in markup and "&" not in markup:
        return _tidied(markup)
    pieces: list[str] = []
    silent, at = "", 0
    text = _without_comments(markup)
    last_close: dict[str, int] = {}
    for match in _TAG.finditer(text):
        if not silent:
            pieces.append(" ".join(text[at : match.start()].split("\n")))
        at = match.end()
        closing, name = match[1] or match[3], (match[2] or match[4] or "").lower()
        if silent:
            silent = "" if closing and name == silent else silent
        elif name in SILENT:
            # Only one that is closed somewhere swallows what follows it.
            if name not in last_close:
                last_close[name] = text.lower().rfind(f"</{name}")
            silent = name if not closing and last_close[name] >= at else ""
        elif name == "br":
            # XHTML's empty element reaches us as "<br></br>": one break, not two.
            pieces.append("" if closing else "\n")
        elif name in BLOCKS:
            pieces.append("\n\n")
    if not silent:
        pieces.append(" ".join(text[at:].split("\n")))
    return _tidied(unescape("".join(pieces)))


def folded(text: str) -> str:
    """Return text that is not markup as one line."""
    return _one_line(text.translate(_INVISIBLE))


def _one_line(text: str) -> str:
    """Return text with white space folded; a whole article in the place of a title or name is cut, at a word's end."""
    line = " ".join(text.split())
    if len(line) <= LONGEST_LINE:
        return line
    space = line.rfind(" ", LONGEST_LINE - NEAR, LONGEST_LINE)
    return line[: space if space > 0 else LONGEST_LINE - 1] + "…"


def _without_comments(markup: str) -> str:
    """Cut out comments; one that is never closed ends the text, as in HTML."""
    if _COMMENT not in markup:
        return markup
    pieces: list[str] = []
    at = 0
    while (start := markup.find(_COMMENT, at)) >= 0:
        pieces.append(markup[at:start])
        end = markup.find("-->", start + len(_COMMENT))
        if end < 0:
            return "".join(pieces)
        at = end + 3
    pieces.append(markup[at:])
    return "".join(pieces)


def _tidied(text: str) -> str:
    """Fold white space, keep line ends, make every gap between paragraphs one blank line."""
    text = _SPACE.sub(" ", text.translate(_INVISIBLE).replace("\r\n", "\n").replace("\r", "\n"))
    paragraphs = _GAP.split(text.strip())
    return "\n\n".join("\n".join(line.strip() for line in part.split("\n")) for part in paragraphs).strip()
