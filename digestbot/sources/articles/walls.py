"""Pages that show a wall instead of an article: pay walls, cookie walls, challenges; knows no network."""

import re

_I = re.IGNORECASE
_FREE_FALSE = re.compile(r"[\"']isAccessibleForFree[\"']\s*:\s*(?:\"|')?false", _I)
_PAY = re.compile(
    r"subscribe (?:now )?to (?:continue|keep|read|unlock|access)|(?:to|and) (?:continue|keep) reading|"
    r"already (?:a|an) (?:\w+ )?(?:subscriber|member)|(?:this|the) (?:article|story|content|post) is (?:reserved )?"
    r"(?:only )?(?:available )?(?:for|to|exclusive to) (?:\w+ )?(?:paid |paying |premium )?(?:subscribers|members)|"
    r"(?:subscribers?|members?)[- ]only|unlock (?:this|the) (?:article|story)|start your (?:free )?trial|"
    r"you(?:'|’)?ve (?:reached|read) your (?:\w+ )?(?:limit|free)|register (?:for free )?to (?:continue|read)|"
    r"jetzt weiterlesen|nur für abonnenten|mit abo weiterlesen|réservé aux abonnés|la suite est réservée|"
    r"il vous reste .{1,20} de cet article|solo para suscriptores|contenido exclusivo|riservato agli abbonati",
    _I,
)
_COOKIE = re.compile(
    r"we (?:and our (?:\d+ )?partners )?(?:use|store|value).{0,60}(?:cookies|privacy)|accept (?:all )?(?:cookies|all)|"
    r"cookie (?:settings|preferences|policy|consent)|manage (?:your )?(?:consent|choices|preferences)|"
    r"before you continue|legitimate interest|personali[sz]ed ads|wir (?:und unsere .{0,20}partner )?verwenden cookies|"
    r"nous utilisons des cookies|utilizamos cookies|utilizziamo i cookie",
    _I,
)
_CHALLENGE = re.compile(
    r"checking your browser|enable javascript and cookies|verify(?:ing)? (?:that )?you are (?:a )?human|"
    r"are you a robot|just a moment\.\.\.|unusual (?:traffic|activity) from|please complete the (?:captcha|security)|"
    r"access (?:to this page has been )?denied|attention required! \| cloudflare|request unsuccessful\. incapsula|"
    r"ddos protection by|why have i been blocked|pardon our interruption",
    _I,
)
STUB = 700
"""Characters: an article shorter than this beside a sign of a pay wall is its stub."""
SHORT = 1500


def wall_before(text: str, page: str) -> str | None:
    """Say what stands before an article, or None when the text is the article.

    Args:
        text: What was taken for the article.
        page: The whole page, its tags included.

    """
    head = page[:200_000]
    if len(text) < SHORT and _CHALLENGE.search(text or _start(head)):
        return "asks whether its visitor is a robot"
    if len(text) < SHORT and _share(_COOKIE, text) > 0.3:  # noqa: PLR2004 - a third of the lines
        return "shows a cookie wall"
    if len(text) < STUB and (_FREE_FALSE.search(head) or _PAY.search(text) or _PAY.search(_start(head))):
        return "is behind a pay wall"
    if len(text) < SHORT and _PAY.search(text[-400:]) and _FREE_FALSE.search(head):
        return "is behind a pay wall"
    return None


def without_wall(paragraphs: list[str]) -> list[str]:
    """Return the paragraphs without those that ask to subscribe or to accept cookies."""
    return [text for text in paragraphs if len(text) > 300 or not (_PAY.search(text) or _COOKIE.search(text))]  # noqa: PLR2004


def _share(pattern: re.Pattern[str], text: str) -> float:
    """Return the share of lines in which a pattern stands."""
    lines = [line for line in text.split("\n") if line.strip()]
    return sum(bool(pattern.search(line)) for line in lines) / len(lines) if lines else 0.0


def _start(page: str) -> str:
    """Return the words of a page's visible part, tags cut away roughly."""
    return re.sub(r"<(?:script|style)\b.*?</(?:script|style)>|<[^<>]*>", " ", page, flags=re.DOTALL | _I)[:20_000]
