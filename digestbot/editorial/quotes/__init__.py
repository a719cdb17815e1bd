"""Key quotes: verbatim by construction, the right speaker, the ones that matter.

``find_quotes`` returns every quoted span of speech of an article with its speaker, ``key_quotes`` those to show for
a story; ``examine`` and ``choose`` return the same and count, by reason, what was left out;
``left_out`` says of each why. Pure judgement: the same articles give the same quotes.
"""

from digestbot.editorial.quotes.finding import Found, examine, find_quotes
from digestbot.editorial.quotes.selection import THRESHOLD, Chosen, choose, key_quotes, left_out

__all__ = ["THRESHOLD", "Chosen", "Found", "choose", "examine", "find_quotes", "key_quotes", "left_out"]
