"""Guesses the subject of an attribution from token classes, the nearest thing to a parse; ranks nobody.

Works on the classes of ``syntax``: it walks from the verb of saying to where its subject should stand, over adverbs,
appositions, relative clauses, joined verbs and participles.
"""

from collections.abc import Sequence

_NOUNISH = "uxPonsT"
_FINITE = "CRbv"
_PHRASE = "uxdmsna-"
_REACH = 40
_DEPTH = 3


def subject_before(classes: Sequence[str], place: int) -> tuple[int, str]:
    """Return the token inside the subject of the nearest verb of saying before a quote, and the verb's class.

    (-1, "") where there is none in the sentence.
    """
    verb = place - 1
    floor = max(0, place - _REACH)
    while verb >= floor and classes[verb] not in ".|Q":
        if classes[verb] == "A":
            return min(verb + 3, place - 1), "A"
        if classes[verb] in "CG":
            return subject_left(classes, verb), classes[verb]
        verb -= 1
    verb = place - 1
    while verb >= floor and classes[verb] not in ".|Q":
        if classes[verb] in "Rbv":
            return subject_left(classes, verb), classes[verb]
        verb -= 1
    return -1, ""


def nearest_subject(classes: Sequence[str], place: int) -> tuple[int, str]:
    """Return the token inside the subject of the nearest verb that can report, and its class ("a study had found")."""
    verb = place - 1
    floor = max(0, place - _REACH)
    while verb >= floor and classes[verb] not in ".|Q":
        if classes[verb] in "CGR":
            return subject_left(classes, verb), classes[verb]
        verb -= 1
    return -1, ""


def subject_after(classes: Sequence[str], place: int) -> tuple[int, str]:
    """Return the token inside the subject of the attribution after a quote, and its kind."""
    count = len(classes)
    first = place + 1
    while first < count and classes[first] in ",-a":
        first += 1
    if first >= count or classes[first] in ".|Q":
        return -1, ""
    if classes[first] == "A":
        return min(first + 2, count - 1), "A"
    if classes[first] == "C" and first + 1 < count and classes[first + 1] not in ".,|":
        start = first + 1
        while start + 1 < count and classes[start] in "da":
            start += 1
        return start, "I"
    verb = first
    while verb < min(count, first + _REACH) and classes[verb] not in ".|Q":
        if classes[verb] == "C":
            found = subject_left(classes, verb)
            return (found, "C") if found > place else (-1, "")
        verb += 1
    return -1, ""


def subject_left(classes: Sequence[str], verb: int, depth: int = 0) -> int:
    """Return a token inside the subject of the verb at ``verb``, or -1."""
    p = verb - 1
    while p >= 0 and classes[p] in "ab":
        p -= 1
    if p < 0 or depth > _DEPTH:
        return -1
    if classes[verb] == "G":
        return _main_subject(classes, p, depth)
    if classes[p] == "c":
        return _joined(classes, p, depth)
    return _end_of_subject(classes, p)


def _end_of_subject(classes: Sequence[str], p: int) -> int:
    """Return the last token of the subject that ends at or before ``p``, relative words and brackets left out."""
    kind = classes[p]
    if kind in ",-":
        return _over_apposition(classes, p)
    if kind == "w":
        p -= 1
        while p >= 0 and classes[p] in ",p":
            p -= 1
        return p
    if kind == ")":
        return _before_brackets(classes, p)
    return p if kind in _NOUNISH or kind in "dm" else -1


def _before_brackets(classes: Sequence[str], p: int) -> int:
    """Return the token before the brackets that close at ``p``."""
    while p >= 0 and classes[p] != "(":
        p -= 1
    return p - 1


def _main_subject(classes: Sequence[str], p: int, depth: int) -> int:
    """Return the subject of the clause a participle hangs on: "X confirmed it, adding"."""
    floor = max(0, p - _REACH)
    first = -1
    while p >= floor and classes[p] not in ".|Q":
        if classes[p] in _FINITE and p > 0 and classes[p - 1] not in "ti":
            first = p
        if classes[p] == "w" or classes[p] == "k":
            first = -1
        p -= 1
    return subject_left(classes, first, depth + 1) if first > 0 else -1


def _joined(classes: Sequence[str], p: int, depth: int) -> int:
    """Return the subject of the verb that ``and`` joins to this one."""
    floor = max(0, p - _REACH)
    k = p - 1
    while k >= floor and classes[k] not in ".|Q":
        if classes[k] in _FINITE:
            found = subject_left(classes, k, depth + 1)
            if found >= 0:
                return found
        k -= 1
    return -1


def _leading(classes: Sequence[str], p: int) -> int:
    """Return the last token of the noun phrase that opens a sentence with a comma or brackets behind it, or -1.

    "Lee of York (R), who won, said": what the comma before the verb closes is told of York's Lee.
    """
    first = p
    while first > 0 and p - first < _REACH and classes[first - 1] not in "|Q" and not _is_stop(classes, first - 1):
        first -= 1
    end = first
    while end < p and (classes[end] in _PHRASE or (classes[end] in "p." and end > first)):
        end += 1
    named = any(kind == "u" for kind in classes[first:end])
    return end - 1 if named and end < p and classes[end] in ",(" else -1


def _is_stop(classes: Sequence[str], place: int) -> bool:
    """Tell whether a stop ends a sentence, and is no abbreviation's: "Lee (Mich.), who"."""
    return classes[place] == "." and "".join(classes[place + 1 : place + 2]) not in (")", ",")


def _over_apposition(classes: Sequence[str], p: int) -> int:
    """Return the token before the comma that opens what the comma at ``p`` closes."""
    leading = _leading(classes, p)
    if leading >= 0:
        return leading
    k = p - 1
    floor = max(0, p - _REACH)
    while k >= floor and classes[k] not in ".|Q":
        if classes[k] in ",-" and k > 0 and classes[k - 1] in "uoP)":
            return k - 1 if classes[k - 1] != ")" else _before_brackets(classes, k - 1)
        k -= 1
    # No comma before it: "In an interview, said" has no subject here, "Smith, said" has it just before the comma.
    return p - 1 if p and classes[p - 1] in "uP" else -1
