"""Tells who "I" is in an article's own words, where the page says who wrote it; guesses nobody."""

from digestbot.editorial.quotes.lexicon import is_trade
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.scene import Scene
from digestbot.editorial.quotes.tokens import WORD

_FIRST_LINES, _LAST_LINES = 4, 3
_WRITES = frozenset(("writes", "covers", "reports", "teaches", "served", "serves", "works", "runs"))
_IS = frozenset(("is", "was"))
_NOTE = 12
"""Words in which a note says what somebody is: "Ann Lee is a senior political columnist"."""


def narrator(scene: Scene) -> Mention | None:
    """Return the author as a byline, the note at the end or the signature names one, or None."""
    if not scene.tokens:
        return None
    last = scene.tokens[-1].line
    named = [m for m in scene.mentions if m.kind in "PN" and " " in m.text]
    for mention in named:
        if mention.line < _FIRST_LINES and _has_byline(scene, mention):
            return mention
    # Without a byline, whom the text speaks of elsewhere is its subject, not its author.
    strange = [m for m in named if m.line > last - _LAST_LINES and len(scene.cast[m.entity].mentions) == 1]
    return next((m for m in strange if _has_note(scene, m)), None)


def _has_byline(scene: Scene, mention: Mention) -> bool:
    """Tell whether a name stands after the "By" that begins its line."""
    before = mention.i - 1
    return before >= 0 and scene.tokens[before].text in ("By", "BY") and _begins_line(scene, before)


def _has_note(scene: Scene, mention: Mention) -> bool:
    """Tell whether a name is all of the last line, or begins a line that says what its bearer does.

    "Ann Lee is editor of the page." is such a note, "Ann Lee is expected on Monday." none.
    """
    if not _begins_line(scene, mention.i):
        return False
    rest = [t.lower for t in scene.tokens[mention.j :] if t.line == mention.line and t.kind == WORD]
    if not rest:
        return mention.line == scene.tokens[-1].line
    trade = any(is_trade(word.partition("-")[0], scene.words) for word in rest[1:_NOTE])
    return rest[0] in _WRITES or (rest[0] in _IS and trade)


def _begins_line(scene: Scene, index: int) -> bool:
    """Tell whether a token is the first of its line."""
    return index == 0 or scene.classes[index - 1] == "|"
