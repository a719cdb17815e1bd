"""Finds the word that tells who speaks: the verb of saying, or "according to"; ranks nobody."""

from collections.abc import Sequence

from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.scene import Scene
from digestbot.editorial.quotes.tokens import Token

_SAYS = "CAG"
_BESIDE = 4
"""Words between a name and its verb, where no quote shows the way: "she later said"."""
_REACH = 40


def cue_of(scene: Scene, place: int, mention: Mention) -> tuple[int, int] | None:
    """Return where the cue stands that gives the quote at token ``place`` to a mention; None where nothing says so.

    Between the mention and its quote the verb of saying nearest to the verb's own side is taken ("Lee, who left in
    May, said"; "said the mayor, Ann Lee"), then one right beside the mention. A quote that only follows another of
    the same speaker, a transcript's "LEE:" and a signature have none.
    """
    after = mention.i > place
    between = (
        range(mention.i - 1, max(place, mention.i - _REACH), -1)
        if after
        else range(place - 1, max(mention.j - 1, place - _REACH), -1)
    )
    beside = [*range(mention.j, mention.j + _BESIDE), *range(mention.i - 1, mention.i - 1 - _BESIDE, -1)]
    for kinds in (_SAYS, "R"):
        for index in (*between, *beside):
            if _is_cue(scene, index, mention, kinds):
                return _span(scene.tokens, index)
    return None


def _is_cue(scene: Scene, index: int, mention: Mention, kinds: str) -> bool:
    """Tell whether a token is a verb of saying in the mention's own sentence."""
    if not 0 <= index < len(scene.tokens) or mention.i <= index < mention.j:
        return False
    return scene.classes[index] in kinds and scene.tokens[index].sentence == mention.sentence


def _span(tokens: Sequence[Token], index: int) -> tuple[int, int]:
    """Return where a cue starts and ends, "to" included after "according"."""
    last = index
    if tokens[index].lower == "according" and index + 1 < len(tokens) and tokens[index + 1].lower == "to":
        last = index + 1
    return tokens[index].start, tokens[last].end
