"""Learns from an article's own pronouns whether people whose names do not tell it are men or women.

"Cruz said that his pick was political" tells it of Cruz. Only plain evidence counts: a pronoun whose sentence, or the
one before where it opens its own, names one person that it can stand for.
"""

from collections import Counter
from collections.abc import Sequence

from digestbot.editorial.quotes.cast import Member
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.subjects import Subjects
from digestbot.editorial.quotes.tokens import Token

_LOOK_BACK = 14
_MAJORITY = 2
"""How many times more pronouns must say one sex than the other."""
_TO_CONTRADICT = 2
"""Pronouns that it takes to outweigh what a given name says."""
_TO_CONFIRM = 2
"""Pronouns, and none of the other sex, that make what a given name says as certain as a title does."""
_FEWEST_OF_WORD = 2
"""Mentions of a single capitalised word that may be no name at all."""
_OTHER = {"m": "f", "f": "m"}


def learn_sexes(
    mentions: Sequence[Mention],
    tokens: Sequence[Token],
    classes: Sequence[str],
    cast: Sequence[Member],
    subjects: Subjects,
) -> None:
    """Set the sex of the members of the cast that their titles do not tell; ``mentions`` are in order."""
    votes: dict[int, Counter[str]] = {}
    for place, mention in enumerate(mentions):
        if mention.kind == "R" and mention.sex in _OTHER and not _is_object(mention, tokens, classes):
            number = _only_person(mentions, place, cast, subjects)
            if number is not None:
                votes.setdefault(number, Counter())[mention.sex] += 1
    for number, counted in votes.items():
        member = cast[number]
        sex, most = counted.most_common(1)[0]
        if member.sex == _OTHER[sex] and _has_namesake(cast, number):
            continue  # "Ebeling … she" is no word on Tom Ebeling
        least = _TO_CONTRADICT if member.sex == _OTHER[sex] else 1
        is_word = member.kind == "N" and member.words == 1 and len(member.mentions) < _FEWEST_OF_WORD
        if is_word or member.name.isupper() or member.sex not in ("", *_OTHER):
            continue
        if not member.titled and most >= least and most >= _MAJORITY * counted[_OTHER[sex]]:
            member.learnt = member.learnt or member.sex != sex
            member.titled = not member.learnt and most >= _TO_CONFIRM and counted[_OTHER[sex]] == 0
            member.sex = sex


def _has_namesake(cast: Sequence[Member], number: int) -> bool:
    """Tell whether the cast has two bearers of a surname."""
    member = cast[number]
    return any(other.last == member.last and other.words > 1 for n, other in enumerate(cast) if n != number)


def _is_object(pronoun: Mention, tokens: Sequence[Token], classes: Sequence[str]) -> bool:
    """Tell whether a pronoun is an object, which the subject of its clause is not: "sent her a leaflet", "saw him"."""
    low = tokens[pronoun.i].lower
    return low == "him" or (low == "her" and "".join(classes[pronoun.j : pronoun.j + 1]) not in ("x", "u", "n", "v"))


def _only_person(mentions: Sequence[Mention], place: int, cast: Sequence[Member], subjects: Subjects) -> int | None:
    """Return the one member of the cast for whom the pronoun at ``place`` can stand, or None."""
    pronoun = mentions[place]
    before = mentions[max(0, place - _LOOK_BACK) : place]
    near = [m for m in before if m.sentence == pronoun.sentence and m.j <= pronoun.i]
    if not near and pronoun.i in subjects.leaders:
        near = [m for m in before if pronoun.sentence - m.sentence == 1 and pronoun.line - m.line <= 1]
    found: set[int] = set()
    leads = False
    for mention in near:
        if mention.kind == "R":
            goes_on = mention.sentence < pronoun.sentence and mention.sex == pronoun.sex
            if mention.sex in ("u", *_OTHER) and not goes_on and mention.text.lower() not in ("who", "which"):
                return None
        elif mention.kind in "PND" and mention.entity >= 0:
            member = cast[mention.entity]
            if not (member.titled and member.sex == _OTHER[pronoun.sex]):
                found.add(mention.entity)
                leads = leads or mention.i in subjects.leaders or mention.i in subjects.sayers
        elif mention.kind == "D" and mention.sex in ("u", pronoun.sex) and mention.entity < 0:
            return None
    if len(found) > 1:
        found = {number for number in found if cast[number].sex != _OTHER[pronoun.sex]}
    return found.pop() if len(found) == 1 and leads else None
