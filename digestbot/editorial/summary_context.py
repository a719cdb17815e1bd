"""Tells what a sentence needs from those before it once it is cut out of its article; knows no weights, no model.

A pronoun needs the sentence that names whom it means, a bare surname the one that names the person in full, words
inside a long quotation the whole of it, and a sentence that only announces a quotation needs that quotation.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from digestbot.editorial.quotes.spans import find_spans
from digestbot.editorial.summary_signs import leans, leans_on_topic
from digestbot.editorial.text import Span

_WALK = 4
"""Sentences a chain of pronouns is followed back."""
_TOPIC = 2
"""Sentences before it in which "the company" or "the study" may be named, beside the article's first."""
_ANNOUNCING = 8
"""A sentence of so many words at most before a quotation announces it ("Her rival was more forthcoming.")."""
_BARE = 7
"""A sentence of so many words at most, without number, name or plan, only fills up ("Farmers have long memories.")."""
_NEWS = re.compile(r"\d|\b(?:that|would|will|could|may|might)\b")
_QUOTES = re.compile(r"\s*[\"“‘«„]")
_TITLE_WORDS = (
    "President Prime Minister Secretary Senator Sen Rep Representative Gov Governor Mayor Judge Justice Sir Lord Lady "
    "Dame King Queen Prince Princess Pope Dr Prof Professor Captain Coach General Gen Colonel Sgt Councillor"
)
_NO_NAME_WORDS = (
    "The A An In On At It He She They But And As For From When While After Before If Mr Mrs Ms Miss His Her Their This "
    "That These Those Both Its No Not By To Of With Since Under Over One Two Three Another Monday Tuesday Wednesday "
    "Thursday Friday Saturday Sunday January February March April May June July August September October November "
    "December"
)
_TITLES = frozenset(_TITLE_WORDS.split())
_NO_NAME = frozenset(_NO_NAME_WORDS.split())
_CAPITALS = re.compile(r"(?<![\w'’-])[A-Z][\w'’-]*[a-z](?:\.(?= [A-Z]))?(?: (?:[A-Z]\. )?[A-Z][\w'’-]*[a-z])*")


@dataclass(frozen=True, slots=True)
class Context:
    """What one sentence needs, and gives to others.

    ``after`` holds the numbers of the sentences of which one must go before it; empty when it stands alone, only -1
    when nothing can help it. ``surnames`` are names it gives in part, ``introduces`` those it gives in full. A sentence
    is ``quoted`` when a quotation around it is cut, ``announces`` another one, or is too ``bare`` to say anything.
    """

    after: frozenset[int] = frozenset()
    surnames: frozenset[str] = frozenset()
    introduces: frozenset[str] = frozenset()
    quoted: bool = False
    announces: bool = False
    bare: bool = False


ALONE = Context()
"""The context of a sentence that needs nothing."""


def contexts(text: str, spans: Sequence[Span]) -> list[Context]:
    """Return the context of each sentence of an article, whose sentences' spans are given."""
    texts = [" ".join(text[start:end].split()) for start, end in spans]
    quotations = [(span.opened, span.closed) for span in find_spans(text)]
    named = [_names(one) for one in texts]
    found: list[Context] = []
    known: set[str] = set()
    for number, ((start, end), one) in enumerate(zip(spans, texts, strict=True)):
        full = frozenset(run[-1] for run in named[number] if len(run) > 1)
        bare = {run[0] for run in named[number] if len(run) == 1 and not _titled(run[0], one)}
        following = texts[number + 1] if number + 1 < len(texts) else ""
        context = Context(
            _antecedents(number, texts, named),
            frozenset(bare & known) - full,
            full,
            any(a < start < b or (start <= a < end < b) for a, b in quotations),
            _announces(one, following),
            _is_bare(one, named[number]),
        )
        found.append(context)
        known |= full
    return found


def _antecedents(number: int, texts: Sequence[str], named: Sequence[Sequence[Sequence[str]]]) -> frozenset[int]:
    """Return the sentences that may name what a sentence leans on; none when it leans on nothing."""
    if leans_on_topic(texts[number]):
        near = range(max(0, number - _TOPIC), number)
        return frozenset({0, *near}) - {number} or frozenset({-1})
    if not leans(texts[number]):
        return frozenset()
    chain = [-1]
    for before in range(number - 1, max(-1, number - 1 - _WALK), -1):
        chain.append(before)
        if named[before] or not leans(texts[before]):
            break
    return frozenset(chain)


def _announces(text: str, following: str) -> bool:
    """Tell whether a sentence says little but that somebody speaks, in the next one."""
    short = len(text.split()) <= _ANNOUNCING
    return short and _QUOTES.match(following) is not None and _NEWS.search(text) is None


def _is_bare(text: str, named: Sequence[Sequence[str]]) -> bool:
    """Tell whether a sentence is too short to say anything by itself; its first word's capital makes no name."""
    telling = any(len(run) > 1 or not text.startswith(run[0]) for run in named)
    return len(text.split()) <= _BARE and not telling and _NEWS.search(text) is None


def _names(text: str) -> list[list[str]]:
    """Return the names in a sentence, each as its words without titles; months, days and openers are none."""
    runs = []
    for found in _CAPITALS.finditer(text):
        words = [word.removesuffix("’s").removesuffix("'s") for word in found.group().split()]
        while words and (words[0] in _NO_NAME or words[0].rstrip(".") in _TITLES):
            words = words[1:]
        if words and words[0] not in _NO_NAME and not text[: found.start()].endswith("the "):
            runs.append(words)
    return runs


def _titled(surname: str, text: str) -> bool:
    """Tell whether a surname stands behind an office, which says well enough who it is: "Mayor Calder"."""
    before = text[: text.find(surname)].split()
    return bool(before) and before[-1].rstrip(".") in _TITLES
