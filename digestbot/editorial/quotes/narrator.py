"""Tells who "I" is in an article's own words, where the page says who wrote it; guesses nobody."""

from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.scene import Scene
from digestbot.editorial.quotes.tokens import WORD

_FIRST_LINES, _LAST_LINES = 4, 3
_TELLS = frozenset(("is", "was", "writes", "covers", "reports", "teaches", "runs", "lives", "served", "works"))
"""What follows an author's name in the note at the end: "Ann Lee is editor of the page."."""


def narrator(scene: Scene) -> Mention | None:
    """Return the author as a byline, the note at the end or the signature names one, or None."""
    if not scene.tokens:
        return None
    last = scene.tokens[-1].line
    named = [m for m in scene.mentions if m.kind in "PN" and " " in m.text]
    for mention in named:
        if mention.line < _FIRST_LINES and _has_byline(scene, mention):
            return mention
    return next((m for m in named if m.line > last - _LAST_LINES and _has_note(scene, m)), None)


def _has_byline(scene: Scene, mention: Mention) -> bool:
    """Tell whether a name stands after the "By" that begins its line."""
    before = mention.i - 1
    return before >= 0 and scene.tokens[before].text in ("By", "BY") and _begins_line(scene, before)


def _has_note(scene: Scene, mention: Mention) -> bool:
    """Tell whether a name begins a line that is a note about its bearer, or is all of the line."""
    if not _begins_line(scene, mention.i):
        return False
    rest = [t for t in scene.tokens[mention.j :] if t.line == mention.line and t.kind == WORD]
    return not rest or rest[0].lower in _TELLS


def _begins_line(scene: Scene, index: int) -> bool:
    """Tell whether a token is the first of its line."""
    return index == 0 or scene.classes[index - 1] == "|"
