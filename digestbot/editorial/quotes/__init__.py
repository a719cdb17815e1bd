"""Key quotes: verbatim by construction, the right speaker, the ones that matter.

``find_quotes`` returns every quoted span of speech of an article with its speaker, ``key_quotes`` those to show for
a story. Pure judgement: the same articles give the same quotes.
"""

from digestbot.editorial.quotes.finding import find_quotes
from digestbot.editorial.quotes.selection import THRESHOLD, key_quotes

__all__ = ["THRESHOLD", "find_quotes", "key_quotes"]
