"""Bytes → UTF-8 XML, whatever the header and the prolog claim; knows no feed format.

Order: byte order mark, then UTF-8 if the bytes are valid UTF-8 (text in another encoding hardly ever is), then the
claims of the prolog and the HTTP header; where these disagree, the one under which the text reads like text.
"""

import codecs
import re
from collections.abc import Iterable
from html.entities import html5

from charset_normalizer import from_bytes

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
MARKLESS = ((b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"), (b"<\0\0\0", "utf-32-le"), (b"\0\0\0<", "utf-32-be"))
"""How a prolog starts in the wide encodings when there is no mark (XML 1.0, appendix F)."""
SAMPLE = 64 * 1024
_PROLOG = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_DECLARATION = re.compile(r"^\s*<\?xml[^>]{0,400}\?>")
_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
# What XML 1.0 allows (production 2) leaves these out; a feed with one of them is otherwise not well formed.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_AMPERSAND = re.compile(rb"&(?:(\w{1,32});|#\d{1,7};|#[xX][0-9a-fA-F]{1,6};)?")
_ODD_CASE = re.compile(r"[a-zа-яёіїє][A-ZА-ЯЁІЇЄ]")
_ODD_SIGN = re.compile("[\x80-\x9f\u2500-\u259f¤¦¨¬¯±¶¸¼½¾ÐÑÂÃ]")


def charset_of(content_type: str | None) -> str | None:
    """Return the charset a Content-Type header names, or None."""
    found = _HEADER.search(content_type or "")
    return found[1] if found else None


def decoded(data: bytes, charset: str | None = None) -> str:
    """Return bytes as text without mark or forbidden characters; undecodable bytes become U+FFFD.

    ``charset`` is what the HTTP header claims.
    """
    text = _decode(data, charset)
    return _FORBIDDEN.sub("", text) if _FORBIDDEN.search(text) else text


def as_utf8_xml(data: bytes, charset: str | None = None) -> bytes:
    """Return an XML document as UTF-8 without its declaration, so that no claim is left to mislead a parser."""
    text = decoded(data, charset).lstrip()
    return _DECLARATION.sub("", text, count=1).lstrip().encode("utf-8")


def mended(xml: bytes) -> bytes:
    """Return XML that is not well formed with its commonest faults mended: HTML's entities and loose ampersands.

    CDATA sections are left as they are: an ampersand is at home there.
    """
    pieces: list[bytes] = []
    at = 0
    while (start := xml.find(b"<![CDATA[", at)) >= 0:
        end = xml.find(b"]]>", start)
        end = len(xml) if end < 0 else end
        pieces += [_AMPERSAND.sub(_reference, xml[at:start]), xml[start:end]]
        at = end
    pieces.append(_AMPERSAND.sub(_reference, xml[at:]))
    return b"".join(pieces)


def _reference(found: re.Match[bytes]) -> bytes:
    """Return an ampersand and what follows as XML knows it."""
    name = (found[1] or b"").decode("ascii")
    if name in {"amp", "lt", "gt", "quot", "apos"} or found[0].startswith(b"&#"):
        return found[0]
    char = html5.get(f"{name};")
    if not char:
        return b"&amp;" + found[0][1:]
    return "".join(f"&#{ord(one)};" for one in char).encode()


def _decode(data: bytes, charset: str | None) -> str:
    """Choose the encoding, and decode."""
    for mark, name in MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    for start, name in MARKLESS:
        if data.startswith(start):
            return data.decode(name, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    claims = list(_known(_claims(data, charset)))
    readings = [(_oddness(data[:SAMPLE].decode(name, "replace")), name) for name in claims]
    if len(readings) > 1 or (readings and readings[0][0] > 0.02):  # noqa: PLR2004 - two odd signs in a hundred
        guess = from_bytes(data[:SAMPLE]).best()
        if guess is not None and guess.encoding not in claims:
            # A detector's guess needs to be clearly better than what the document says of itself.
            readings.append((_oddness(data[:SAMPLE].decode(guess.encoding, "replace")) * 2 + 0.002, guess.encoding))
    if not readings:
        guess = from_bytes(data[:SAMPLE]).best()
        readings = [(0.0, guess.encoding if guess else "cp1252")]
    return data.decode(min(readings, key=lambda reading: reading[0])[1], "replace")


def _claims(data: bytes, charset: str | None) -> Iterable[str]:
    """Yield the encodings that the document and its header name."""
    for pattern in (_PROLOG, _META):
        if found := pattern.search(data[:2048]):
            yield found[1].decode("ascii")
    if charset:
        yield charset


def _known(names: Iterable[str]) -> Iterable[str]:
    """Yield Python's names of the encodings it knows, each once; Latin-1 is read as browsers do, as Windows-1252."""
    seen: set[str] = set()
    for name in names:
        try:
            known = codecs.lookup(name).name
        except LookupError:
            continue
        known = {"iso8859-1": "cp1252", "ascii": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(known, known)
        # Codecs like "rot13" and "zip" are no text encodings.
        if known not in seen and getattr(codecs.lookup(name), "_is_text_encoding", True):
            seen.add(known)
            yield known


def _oddness(text: str) -> float:
    """Return how unlike writing a text is, 0 and up: signs that stand in no prose, capitals within words.

    A Cyrillic text read under the wrong Cyrillic code page swaps its cases; under a Latin one it is all accents.
    """
    letters = [char for char in text if ord(char) > 127]  # noqa: PLR2004 - beyond ASCII
    if not letters:
        return 0.0
    odd = len(_ODD_CASE.findall(text)) + len(_ODD_SIGN.findall(text)) + 4 * text.count("\ufffd")
    latin = sum("À" <= char <= "ÿ" for char in letters)
    # In Latin scripts accents are sprinkled among ASCII letters; here they stand side by side.
    runs = len(re.findall("[À-ÿ]{3,}", text)) if latin > len(letters) / 2 else 0
    return (odd + runs) / len(letters)
