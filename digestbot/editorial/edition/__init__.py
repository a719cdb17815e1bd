"""Makes an edition: which stories, in which order, and what their cards say; the same input gives the same digest.

``choose`` ranks and caps, ``compose`` writes the document, ``choose_headline`` picks among the outlets' own. It knows
no clock, no store, no platform and no markup.
"""

from digestbot.editorial.edition.choose import Chosen, LeftOut, Selection, choose
from digestbot.editorial.edition.compose import compose
from digestbot.editorial.edition.headline import choose_headline
from digestbot.editorial.edition.merge import merged
from digestbot.editorial.edition.novelty import novelty
from digestbot.editorial.edition.score import Score

__all__ = ["Chosen", "LeftOut", "Score", "Selection", "choose", "choose_headline", "compose", "merged", "novelty"]
