"""What an article says about its event in words: its terms, names and numbers; knows no vectors.

Everything works on the title and the first sentences: there news is told first, and a headline alone must do.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urlsplit

from digestbot.domain.news import Article
from digestbot.editorial.cluster.lexicon import PLACES, STOP_WORDS, WEAK_WORDS
from digestbot.editorial.text import sentences

_LEAD_SENTENCES = 2
_LEAD_WINDOW = 800
"""Characters in which the first sentences are looked for."""
_LEAD_LENGTH = 400
"""Characters of the first sentences that are used: more would drown the headline."""
_WORD = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*")
_SERIAL = re.compile(r"^(?:UPDATE|WRAPUP|RPT|CORRECTED|REFILE|EXCLUSIVE|BREAKING|LIVE|WATCH|VIDEO)\b[\s\d]*[-:–—|]\s*")
_CUT_OFF = re.compile(r"\s*(?:\.{2,}|…)\s*$")
_TAIL = re.compile(r"\s*\((?:\d+|\+?video|\+?photos?|update[ds]?|poll|graphic)\)\s*$", re.IGNORECASE)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_TRACKING = re.compile(r"^(?:utm_\w+|fbclid|gclid|ref|cmp|cmpid|ftag|smid|ocid|at_\w+|ns_\w+|partner|source|src)$")
_SHORTEST_PLURAL = 4
_OPENS = re.compile(r"(?:^|[.!?:;–—|]\s*)[\"'“‘«(\[]?$")
"""What stands before the first word of a sentence, or of a headline's part."""
_LONG_WORD = 4
_MOST_CAPITALS = 0.6
"""Share of capitalised words of four letters or more above which a headline is in title case."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words of one article that speak for its event.

    ``terms`` are its content words with their counts. ``names`` are the terms that are written with a capital
    or hold a digit, common words and places left out; ``places`` are the countries and capitals among them.
    ``proper`` are the names and places that have their capital for sure: not from standing at a sentence's start,
    nor from a headline that writes Every Word So.
    """

    terms: tuple[tuple[str, int], ...]
    names: frozenset[str]
    places: frozenset[str]
    proper: frozenset[str]

    def contradicts(self, other: "Evidence") -> bool:
        """Tell whether both name somebody or some place, and neither what the other names."""
        if not self.proper or not other.proper:
            return False
        ours, theirs = {term for term, _ in self.terms}, {term for term, _ in other.terms}
        return self.proper.isdisjoint(theirs) and other.proper.isdisjoint(ours)


def event_text(title: str, text: str) -> str:
    """Return what an article's vector is made from: its title and first sentences."""
    head = text[:_LEAD_WINDOW]
    spans = sentences(head)[:_LEAD_SENTENCES]
    lead = head[spans[0][0] : spans[-1][1]][:_LEAD_LENGTH] if spans else ""
    clean = clean_title(title)
    if not lead or lead.casefold().startswith(clean.casefold()):
        return lead or clean
    return f"{clean}. {lead}"


def clean_title(title: str) -> str:
    """Return a headline without the marks of a news wire ("UPDATE 1-", "(+video)", "..." where it was cut)."""
    return _TAIL.sub("", _CUT_OFF.sub("", _SERIAL.sub("", " ".join(title.split()))))


def title_key(title: str) -> str:
    """Return what two headlines share when they are the same but for case, marks and spacing; may be empty."""
    return " ".join(_fold(word) for word in _WORD.findall(clean_title(title)))


def url_key(url: str) -> str:
    """Return what two addresses of one page share: no scheme, no ``www.``, no tracking, no fragment."""
    parts = urlsplit(url)
    query = urlencode(sorted(pair for pair in parse_qsl(parts.query) if not _TRACKING.match(pair[0].lower())))
    host = (parts.hostname or "").removeprefix("www.").removeprefix("m.").removeprefix("amp.")
    return f"{host}{parts.path.rstrip('/')}{'?' + query if query else ''}"


def evidence_of(article: Article) -> Evidence:
    """Return the evidence of an article."""
    return _evidence(article.title, article.text[:_LEAD_WINDOW])


@lru_cache(maxsize=16_384)
def _evidence(title: str, head: str) -> Evidence:
    """Return the evidence in a headline and the start of a body."""
    counts: dict[str, int] = {}
    names: set[str] = set()
    for word in _WORD.findall(event_text(title, head)):
        for term in _terms(word):
            counts[term] = counts.get(term, 0) + 1
            if term not in WEAK_WORDS and (word[:1].isupper() or any(c.isdigit() for c in word)):
                names.add(term)
    places = frozenset(names & PLACES)
    proper = frozenset(names & (_proper(clean_title(title)) | _proper(head)))
    return Evidence(tuple(sorted(counts.items())), frozenset(names - PLACES), places, proper)


def _proper(text: str) -> set[str]:
    """Return the terms of a text that are capitalised within a sentence, in a text that is not all capitals."""
    found = [(match.group(), match.start()) for match in _WORD.finditer(text)]
    long = [word for word, start in found if len(word) >= _LONG_WORD and start]
    if not long or sum(word[0].isupper() for word in long) > _MOST_CAPITALS * len(long):
        return set()
    inner = [word for word, start in found if word[0].isupper() and not _OPENS.search(text[max(0, start - 4) : start])]
    return {term for word in inner for term in _terms(word)}


def _terms(word: str) -> list[str]:
    """Return the terms in one written word: none for a stop word, pairs of signs for Chinese or Japanese."""
    if _CJK.search(word):
        return [word[i : i + 2] for i in range(max(1, len(word) - 1))]
    folded = _fold(word)
    if folded in STOP_WORDS or (len(folded) == 1 and not folded.isdigit()):
        return []
    return [_singular(folded)]


def _fold(word: str) -> str:
    """Return a word without case, accents, possessive or inner marks: ``Beyoncé’s`` → ``beyonce``, ``J.C`` → ``jc``."""
    plain = unicodedata.normalize("NFKD", word.casefold().replace("’", "'")).removesuffix("'s")
    return "".join(c for c in plain if c.isalnum())


def _singular(term: str) -> str:
    """Return a term without the plural's ``s``; crude, but the same for both sides of a comparison."""
    plural = len(term) >= _SHORTEST_PLURAL and term.endswith("s") and not term.endswith("ss")
    return term[:-1] if plural else term


def headline_terms(title: str) -> list[str]:
    """Return the content words of a headline as terms, in order."""
    return [term for word in _WORD.findall(clean_title(title)) for term in _terms(word)]
