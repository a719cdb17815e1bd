"""Cuts text into paragraphs, sentences and words by typography and rule; knows no language model and no news.

All spans are half-open Python character offsets into the text given, in order, never overlapping, never empty.
Every function is linear in the length of the text.
"""

import re

Span = tuple[int, int]

_LINE = re.compile(r"[^\r\n\u2028\u2029]+")
_WORD = re.compile(r"\w+(?:[’'\-\u00ad.](?=\w)\w+)*")
_STOP = re.compile(r"""[.!?…。！？]+["'”’»›」』)\]\u200b]*(?:[“‘](?=\s|$))?(?=\s|[A-Z“"]|$)|[。！？]["”」』]*""")

_LAST_WORD = re.compile(r"[^\s\"'“”‘’«»()\[\]—–/]+$")
_NEXT_WORD = re.compile(r"\s*[\"'“‘«‹„(\[「『¿¡]*([^\s\"'”’)\]]*)")
_ATTRIBUTION = re.compile(
    r"\s+(?:(?:[A-Z][\w.’'-]*|the|a|an|one|de|van|von|al|bin)\s+){1,4}?"
    r"(?:said|says|say|asked|asks|told|tells|wrote|writes|added|adds|tweeted|replied|exclaimed|shouted|yelled|cried|"
    r"demanded|wondered|recalled|joked|continued|posted|insisted|declared|concluded|quipped|responded|answered)\b"
)

# Abbreviations that a name or a number follows: the stop after them never ends a sentence.
_BEFORE_NAME_WORDS = """
mr mrs ms mx dr prof rev fr hon gov lt sgt cpl pvt capt cmdr col gen maj adm sen sens rep reps pres supt det
insp messrs mme mlle st ste mt ft vs v no nos art arts fig figs pp vol ch sec bros cf ca approx e.g i.e dept
asst assoc hr frau herr sr. sra srta m bzw z.b d.h nr
"""
_BEFORE_NAME = frozenset(_BEFORE_NAME_WORDS.split())
# Abbreviations that may also end a sentence: they do when the next word looks like a sentence's first.
_EITHER_WORDS = """
jr sr inc ltd co corp llc plc jan feb mar apr jun jul aug sept sep oct nov dec a.m p.m am pm u.s u.k u.n e.u
d.c ph.d m.d b.a m.a etc al ave blvd rd dr mass conn calif fla ariz ill mich minn wis pa va md ga tex tenn ala
ky la miss okla ore wash colo ind kan mo neb nev n.y n.j n.c s.c n.h n.m n.d s.d w.va r.i vt del est dist ed
eds
"""
_EITHER = frozenset(_EITHER_WORDS.split())
_STARTERS_WORDS = """
the a an in on at by he she it they we i you this that these those but and so or if when while after before
for from as his her their its our my there here what who how why where yet still also however although though
since under with without no not all both each some many most one two three last next now then to meanwhile
according mr mrs ms dr asked until during because despite even only just more other another such
"""
_STARTERS = frozenset(_STARTERS_WORDS.split())


def paragraphs(text: str) -> list[Span]:
    """Return the spans of the paragraphs: lines that hold more than white space, without the space around them."""
    spans = []
    for line in _LINE.finditer(text):
        found = line.group()
        if stripped := found.strip():
            start = line.start() + found.index(stripped[0])
            spans.append((start, start + len(stripped)))
    return spans


def sentences(text: str) -> list[Span]:
    """Return the spans of the sentences, closing quotation marks included; no sentence crosses a line's end."""
    spans: list[Span] = []
    for start, end in paragraphs(text):
        begin = start
        for stop in _STOP.finditer(text, start, end):
            if stop.end() < end and begin < stop.start() and _ends_sentence(text, stop, begin, end):
                spans.append((begin, stop.end()))
                begin = stop.end()
                while begin < end and text[begin].isspace():
                    begin += 1
        if begin < end:
            spans.append((begin, end))
    return spans


def words(text: str) -> list[str]:
    """Return the words as they stand; ``don’t``, ``20-time`` and ``U.S`` are one word each."""
    return _WORD.findall(text)


def word_spans(text: str) -> list[Span]:
    """Return the spans of the words that :func:`words` returns."""
    return [match.span() for match in _WORD.finditer(text)]


def _ends_sentence(text: str, stop: re.Match[str], begin: int, end: int) -> bool:
    """Tell whether the marks at ``stop`` end a sentence that began at ``begin``."""
    mark = stop.group()
    if mark[0] in "。！？":
        return True
    following = _NEXT_WORD.match(text, stop.end(), end)
    after = following.group(1) if following else ""
    glued = not text[stop.end()].isspace()
    if glued:
        return _ends_glued(text, stop, mark)
    if after[:1].islower():
        return False
    if mark[0] != "." or mark.startswith(".."):
        return _ends_loud(text, stop, mark, end)
    if len(mark) > 1 and mark[-1] != ".":
        return True
    last = _LAST_WORD.search(text, max(begin, stop.start() - 24), stop.start())
    return last is None or _ends_after(last.group(), after)


def _ends_glued(text: str, stop: re.Match[str], mark: str) -> bool:
    """Tell whether a stop with no blank behind it ends a sentence: only a mark glued to a capital by mistake does."""
    if mark[-1] in "\"'" and text[stop.end()].isalpha():
        return False
    return len(mark) > 1 and mark[-1] in "”’»" and text[stop.end()] in '“"‘«'


def _ends_loud(text: str, stop: re.Match[str], mark: str, end: int) -> bool:
    """Tell whether ``!``, ``?`` or an ellipsis ends a sentence: not when '"Really?" Smith said' goes on."""
    return mark[-1] not in "\"'”’»“" or _ATTRIBUTION.match(text, stop.end(), end) is None


def _ends_after(last: str, after: str) -> bool:
    """Tell whether a full stop between the words ``last`` and ``after`` ends a sentence."""
    bare = last.lower().lstrip("([{“\"'")
    if bare in _BEFORE_NAME:
        return False
    initial = len(last) == 1 and last.isupper() and last != "I"
    acronym = "." in last and all(len(part) <= 1 for part in last.split("."))
    if initial or acronym or bare in _EITHER:
        return after.lower().rstrip(",.;:") in _STARTERS and not (initial and not acronym)
    return not after[:1].isdigit() or not bare.isdigit()
