"""Tells sentences that can stand in a summary from captions, bylines and stage directions; knows no model.

Each sign costs a sentence some of its weight; a sentence that costs ``UNFIT`` or more is never chosen. The
weights are set by reason (is it a sentence, does it say news, does it stand alone), not fitted to any data.
"""

import re

from digestbot.editorial.text import Span, paragraphs, sentences

UNFIT = 1.0
"""The cost at which a sentence is not chosen at all."""

_ONLY_SCENE = 12
"""A sentence of so many words at most that sets a scene tells nothing else."""

_ENDS = re.compile(r"[.!?…。！？]['\"”’»)\]]*$")
_OPENS_QUOTED = re.compile(r"[\"“«„]|['‘](?!\d\ds?\b)")
_ONLY_QUOTED = re.compile(r"^[\"“«„‘'].*[\"”»’'][^\"”»’']{0,60}$")
_CAPTION = re.compile(
    r"\b(?:scroll down|pictured|file (?:photo|picture|image)|"
    r"(?:photo|image|picture|video)s?(?: (?:by|courtesy|credit))?:|getty images|\((?:left|right|above|centre|center)\)|"
    r"from left|seen here|in this (?:photo|image|picture))",
    re.IGNORECASE,
)
_BOILERPLATE = re.compile(
    r"\b(?:click here|read more|sign up|subscribe|follow us|newsletter|all rights reserved|"
    r"contributed to this (?:report|story|article)|"
    r"for confidential|this (?:story|article) (?:was|has been) (?:updated|corrected|first published)|"
    r"advertisement|cookies?\b.{0,20}\bpolicy|watch (?:the|this) video|share this)\b|https?://|^READ\b|^(?:Source|Via)s?:",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"^(?:(?:Reporting |Written |Editing |Compiled |Posted )?[Bb]y|Updated?|Published|Last (?:updated|modified))\b:?"
    r"(?=[^.]{0,80}$|.*\b\d{1,2}:\d\d\b)"
)
_CREDIT = re.compile(r"^By [A-Z][\w.'’-]+ (?:[A-Z][\w.'’-]+ ?){1,3}(?:,| and | for |\.)[^.]{0,60}\.?$")
_DATELINE = re.compile(r"^(?:[A-Z][A-Z.' -]{2,}(?:, [A-Z][\w. ]+)?)? ?(?:\([A-Z][\w/ ]+\)|—|–|--)?\s*$")
_CAPS = r"[A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’-]+(?: [A-ZÀ-ÖØ-Þ][A-ZÀ-ÖØ-Þ.'’-]+){0,3}"
_PLACE = r"[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*){0,2}"
_AGENCY = r"\([A-Z][\w/ .]{1,30}\)"
_DASH = r"(?: ?— ?| – | ?-- ?| - )"
_DATED = re.compile(
    rf"(?:{_CAPS}(?:, {_PLACE})?(?:,? [A-Z][a-z]{{2,8}}\.? \d{{1,2}})?(?: ?{_AGENCY})?{_DASH}|"
    rf"(?:{_PLACE}(?:, {_PLACE})? ?)?{_AGENCY}{_DASH}|\((?:CNN|AP|AFP|Reuters)\) ?)(?=[\"“‘'A-Z0-9])"
)
"""A dateline with its sentence behind it: a place in capitals, a place with an agency, or an agency alone."""
_LABEL = re.compile(r"^(?:[A-Z]{2,}[A-Z.'’ -]{0,30}|[QA]):\s")
_SCENE = re.compile(
    r"\b(?:speaking|spoke|talking|talked|chatting|took questions|answering questions|addressing) "
    r"(?:(?:to|with|from) )?(?:a group of )?(?:reporters|journalists|the press|newsmen)\b|"
    r"\b(?:aboard|on) Air Force One\b|\bwas asked (?:by|about|whether)\b",
    re.IGNORECASE,
)
_TOLD = re.compile(
    r"\b(?:told|tells) (?:reporters|journalists|the press)\b|\bin an? (?:interview|statement)\.?$", re.IGNORECASE
)
_EMPTY_TALK = re.compile(
    r"\b(?:shared|gave|offered|voiced) (?:his|her|their) (?:thoughts?|views?|opinions?|take)\b", re.IGNORECASE
)
_SEAM = re.compile(
    r"[a-z0-9'’)] (?:The|An?|It|He|She|They|This|These|But|And|In|His|Her|There|When|After|While|On|At|As|For|With|If|"
    r"We|One|Some|By|Police) [a-z]"
)
_NO_SEAM_AFTER = re.compile(
    r"\b(?:of|in|on|at|the|an?|to|by|for|from|and|or|with|is|was|called|titled|film|movie|show|series|album|song|says?)$"
)
_PERSONAL = re.compile(r"\b(?:I|I'm|I’m|we|We|my|My|our|Our|you|You|your|Your)\b")
_LEANS = re.compile(
    r"^[\"'“‘]?(?:he|she|it|they|his|her|its|their|this|that|these|those|such|both|neither)\b|"
    r"^the (?:latter|former|other|second|two|move|decision|incident|men|man|woman|women)\b|"
    r"^(?:and|so|or|yet|also|then|instead|meanwhile|though|nevertheless|moreover|furthermore)\b|"
    r"^(?:in addition|as a result|on the other hand|for (?:example|instance)|another|other|one such|one of them|"
    r"(?:within|an?|two|three|some|several|\d+) (?:minutes|hours?|days?|weeks?|months?|years?) (?:earlier|later))\b",
    re.IGNORECASE,
)
_TOPIC = re.compile(
    r"^the (?:company|firm|group|team|club|side|report|study|paper|survey|agency|airline|bank|school|hospital|"
    r"university|film|book|song|show|plan|scheme|project|bill|law|deal|offer|proposal|pair|couple|suspects?|victims?|"
    r"\d\d?-year-old)\b(?! (?:of|in|at|for|from|that|who|which|behind)\b|,? (?-i:[A-Z]))",
    re.IGNORECASE,
)
_UNSAID = re.compile(
    r"^(?:For|In|At|On|With|Taken|After|By|From|Under|When|While|As|If|Until|Since|Among|Despite|Without|Of|All|Even)\b"
    r"(?:(?!\b(?:said|says|that|which|who)\b|[A-Z]|[\"“]).)*?\b(?:it|they)\b"
)
_WORD = re.compile(r"[\"“‘«„]|\w+")
_PERSONAL_WORDS = "he she his her him himself herself"
_NAMING_WORDS = "the a an every each who one two three four five six my our your"
_OPENER_WORDS = (
    "When While After Before As If Until Since In On At For With From By Under Over During Despite Without Of All Even "
    "Then There Here What How Why Where Later Earlier Now Today Yesterday Asked Because Although Though Once"
)
_PERSONAL_PRONOUNS = frozenset(_PERSONAL_WORDS.split())
_NAMING = frozenset(_NAMING_WORDS.split())
_OPENERS = frozenset(_OPENER_WORDS.split())
_CONTRAST = re.compile(r"^(?:However|But|Still),? ")
_DOUBTS = re.compile(
    r"^(?:However|But)\b|\b(?:doubts?|doubted|disputed?|den(?:y|ies|ied)|reject(?:s|ed)|critics?|opponents?|opposes?|"
    r"opposed|experts (?:say|said|have|warn)|unclear|not (?:clear|sure)|no (?:authority|evidence)|illegal|unlawful|"
    r"unconstitutional|breach(?:es)?|legal challenges?|lawsuits?|sue[sd]?|disagree[sd]?|refused|go to court)\b",
)
_ORDERS = re.compile(
    r"\b(?:ignore|disregard|forget|override) (?:all |any |the |your )*"
    r"(?:previous|prior|above|earlier|other|system)\b[^.\n]{0,40}"
    r"\b(?:instructions?|rules?|prompts?|orders?|text)\b|\b(?:respond|reply|answer|output) (?:only )?with(?: only)?:|"
    r"\b(?:you are|as) an? (?:AI|large language model|language model|chatbot|assistant)\b|\bsystem prompt\b|"
    r"\bdo not summari[sz]e\b|\bin your (?:summary|response|answer),|<\|?(?:system|im_start|assistant)\b|\[/?INST\]",
    re.IGNORECASE,
)


def orders(text: str) -> list[Span]:
    """Return the spans in which a text speaks to the machine that reads it: from the order to its paragraph's end.

    Nothing there is news: it is neither summarized nor does it support a summary. What an attacker states in plain
    sentences elsewhere cannot be told from reporting, and is reported as such.
    """
    found: list[Span] = []
    for start, end in paragraphs(text):
        if order := _ORDERS.search(text, start, end):
            begins = max((a for a, _ in sentences(text[start:end]) if start + a <= order.start()), default=0)
            found.append((start + begins, end))
    return found


def cost(sentence: str, words: int) -> float:
    """Return what a sentence's signs cost it: 0 for a plain news sentence, ``UNFIT`` or more for none at all."""
    if not is_sentence(sentence, words):
        return UNFIT
    total = 0.0
    if _CAPTION.search(sentence) or re.search(r"\w \.$", sentence):
        total += 0.5
    if has_seam(sentence):
        total += 0.3
    if _OPENS_QUOTED.match(sentence):
        total += 0.3
    if sentence.rstrip("\"'”’»)").endswith("?") or _LABEL.match(sentence):
        total += 0.5
    if _SCENE.search(sentence):
        total += 0.8 if words > _ONLY_SCENE else UNFIT
    if _TOLD.search(sentence):
        total += 0.15
    if _EMPTY_TALK.search(sentence):
        total += 0.1
    if _PERSONAL.search(_outside_quotes(sentence)):
        total += 0.2
    return total


def is_sentence(sentence: str, words: int) -> bool:
    """Tell whether it is a whole sentence of an article's own text: not a caption, byline, dateline or advert."""
    if words < 5 or not _ENDS.search(sentence):  # noqa: PLR2004  # a heading or a cry
        return False
    if sentence[0].islower() or not any(c.isalpha() for c in sentence):
        return False
    if _DATELINE.match(sentence) or _BYLINE.match(sentence) or _CREDIT.match(sentence) or _BOILERPLATE.search(sentence):
        return False
    return _ONLY_QUOTED.match(sentence) is None and is_balanced(sentence)


def is_balanced(sentence: str) -> bool:
    """Tell whether every quotation mark and bracket it opens is closed in it: cut out, it says what it said."""
    curly = sentence.count("“") == sentence.count("”") and sentence.count("(") == sentence.count(")")
    return curly and sentence.count('"') % 2 == 0 and sentence.count("«") == sentence.count("»")


def has_seam(sentence: str) -> bool:
    """Tell whether a caption or heading without a full stop seems to be glued before a sentence."""
    return any(not _NO_SEAM_AFTER.search(sentence[: found.start() + 1]) for found in _SEAM.finditer(sentence))


def leans(sentence: str) -> bool:
    """Tell whether it leans on the sentence before it: opens with a pronoun, or tells of an "it" not named so far."""
    bare = _CONTRAST.sub("", sentence)
    return _LEANS.match(bare) is not None or _UNSAID.match(bare) is not None or _speaks_of_nobody(bare)


def _speaks_of_nobody(sentence: str) -> bool:
    """Tell whether a "she" or "his" comes before anybody it could mean: before any name and any "the …" or "a …"."""
    for number, word in enumerate(_WORD.findall(sentence)):
        if word in _PERSONAL_PRONOUNS:
            return True
        named = word[0].isupper() and (number > 0 or word not in _OPENERS)
        if named or word[0] in '"“‘«„' or word.lower() in _NAMING:
            return False
    return False


def leans_on_topic(sentence: str) -> bool:
    """Tell whether it opens with what the article is about, by its kind alone: "the company", "the study"."""
    return _TOPIC.match(_CONTRAST.sub("", sentence)) is not None


def dateline(sentence: str) -> int:
    """Return how many characters of a sentence are its dateline ("LEEDS, England (Reuters) — "), 0 without one."""
    found = _DATED.match(sentence)
    return found.end() if found else 0


def doubts(sentence: str) -> bool:
    """Tell whether it gives a doubt, the other side or a refusal."""
    return _DOUBTS.search(sentence) is not None


def _outside_quotes(sentence: str) -> str:
    """Return the sentence without what stands in double quotation marks."""
    return re.sub(r"“[^”]*”|\"[^\"]*\"|«[^»]*»", " ", sentence)
