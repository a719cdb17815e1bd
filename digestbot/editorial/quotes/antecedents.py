"""Describes whom a pronoun may stand for in words the resolver has weights for; decides nothing."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.scene import Scene
from digestbot.editorial.quotes.subjects import OWNED

_NEAR_QUOTE = 10
_RECENT = 4
_BEHIND = 4
"""Mentions looked at behind a pronoun."""
_ASKING = frozenset(("asked", "asks", "pressed", "questioned", "interviewed", "ask"))
_ASKED_BY = 6
"""Words before somebody in which it stands that one is asked by him."""
_LEAD = 3
"""Sentences after which it no longer counts whom one was about."""
_JUST = 2
"""Sentences and lines within which a question asks for what is said."""
_OTHERS = {"m": re.compile(r"\b(?:he|him|his)\b"), "f": re.compile(r"\b(?:she|her)\b")}
"""How a quotation speaks of somebody of this sex who is not its speaker."""

Identity = int | str


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody a pronoun may stand for: under the latest name, with all mentions in reach, the latest first.

    ``trust`` is how surely the latest of them, if it is a pronoun or a noun phrase itself, is one of this candidate.
    """

    name: Mention
    mentions: list[Mention]
    trust: float = 1.0


@dataclass(frozen=True, slots=True)
class Question:
    """What all candidates of one pronoun share: what the quote beside it says, how many are of its sex for certain."""

    pronoun: Mention
    said: str
    certain: int
    speakers: Sequence[Mention]


def words_near(scene: Scene, pronoun: Mention) -> str:
    """Return what the quote beside a pronoun says: nobody speaks of himself by his name."""
    tokens = scene.tokens
    for step in range(1, _NEAR_QUOTE):
        for index in (pronoun.i - step, pronoun.i + step):
            if 0 <= index < len(tokens) and tokens[index].quote >= 0 and tokens[index].line == pronoun.line:
                span = scene.spans[tokens[index].quote]
                return scene.text[span.start : min(span.end, span.start + 600)].lower()
    return ""


def describe(scene: Scene, question: Question, candidate: Candidate, rank: int) -> list[str]:
    """Return the features of one candidate; ``rank`` counts those mentioned later."""
    pronoun, name, roles = question.pronoun, candidate.name, scene.subjects
    group = "h" if pronoun.kind == "D" else {"m": "h", "f": "h", "n": "n", "p": "p"}.get(pronoun.sex, "u")
    tie = _tie(scene, pronoun, name, group)
    number = name.entity if name.entity >= 0 else name.alias
    kind = scene.cast[number].kind if number >= 0 else name.kind
    latest = candidate.mentions[0]
    free = [m for m in candidate.mentions if m.text.lower() not in OWNED]
    subjects = [m for m in free if roles.is_subject(m)]
    sayers = [m for m in free if m.i in roles.sayers and not _asks(scene, m)]
    lead = _steps(pronoun, [m for m in free if m.i in roles.leaders])
    before, after = roles.before(latest), roles.after(latest)
    near, certain = min(distance(pronoun, latest), 3), question.certain
    role = "s" if roles.is_subject(latest) else "o"
    out = [
        f"{tie}{kind}{min(certain, 3)}",
        f"ds{min(distance(pronoun, latest), 6)}",
        f"dl{min(pronoun.line - latest.line, 5)}",
        f"rank{min(rank, 4)}",
        f"n{min(len(candidate.mentions), 5)}",
        f"before{before}",
        f"after{after}",
        f"ba{before}{after}",
        "name" if latest.kind != "R" else "he" if role == "s" else "him",
        f"sub{min(distance(pronoun, subjects[0]), 6) if subjects else '-'}",
        f"say{min(distance(pronoun, sayers[0]), 6) if sayers else '-'}",
        f"lead{lead}",
        f"{tie}{kind}lead{lead}",
        f"{role}{near}{min(rank, 2)}{min(certain, 2)}",
    ]
    if name.entity >= 0 and scene.cast[name.entity].mentions[0] is latest:
        out.append(f"new{role}{near}")
    if pronoun.kind == "D" and number >= 0 and scene.cast[number].roles:
        out.append("bears" if scene.tokens[pronoun.head].lower in scene.cast[number].roles else "other")
    if any(_opens(scene, m) and distance(pronoun, m) in (1, 2) for m in free):
        out.append("opens")
    if any(m.sentence == pronoun.sentence and roles.is_topic(m) for m in free):
        out.append("topic")
    if any(_opens(scene, m) and m.line == pronoun.line for m in free):
        out.append("opensline")
    _describe_words(scene, question, candidate, sayers, out)
    _describe_running(scene, question, name, out)
    return [group + feature for feature in out]


def _tie(scene: Scene, pronoun: Mention, name: Mention, group: str) -> str:
    """Tell how a candidate's sex fits: "=" it does, "~" as was learnt, "#" not, "!" not known, of one who speaks."""
    sex = sex_of(scene, name)
    if sex == pronoun.sex or (pronoun.kind == "D" and sex in ("m", "f")):
        return "~" if name.entity >= 0 and scene.cast[name.entity].learnt else "="
    if sex in ("m", "f") and group == "h":
        return "#"
    speaks = name.entity >= 0 and any(m.i in scene.subjects.sayers for m in scene.cast[name.entity].mentions)
    return "!" if speaks else "?"


def _describe_words(
    scene: Scene, question: Question, candidate: Candidate, sayers: Sequence[Mention], out: list[str]
) -> None:
    """Add what the words around the pronoun and those of the quote beside it tell."""
    pronoun, name, said = question.pronoun, candidate.name, question.said
    if _is_object(scene, pronoun, name):
        out.append("object")
    just = [m for m in candidate.mentions if distance(pronoun, m) <= _JUST]
    if any(_is_asked(scene, m) for m in just):
        out.append("asked")
    if any(_asks(scene, m) for m in just):
        out.append("asks")
    if said and name.kind in "PNO" and name.key in said:
        out.append("selfsaid")
    if pronoun.sex in _OTHERS and _OTHERS[pronoun.sex].search(said):
        out.append(f"third{int(any(distance(pronoun, m) <= _JUST for m in sayers[:1]))}")
        if name.entity >= 0:
            out.append(f"thirdcast{min(len(scene.cast[name.entity].mentions), 6)}")


def _describe_running(scene: Scene, question: Question, name: Mention, out: list[str]) -> None:
    """Add how the candidate stands to the speakers so far and to the whole article."""
    pronoun, speakers = question.pronoun, question.speakers
    if speakers:
        recent = [identify(m) for m in speakers[-3:]]
        identity = identify(name)
        gap = min(pronoun.line - speakers[-1].line, 4)
        tie = "last" if recent[-1] == identity else "late" if identity in recent else "mute"
        out.append(f"{tie}{gap}")
        out.append(f"{tie}{gap}{_place(scene, pronoun)}")
    if name.entity >= 0:
        member = scene.cast[name.entity]
        out.append(f"w{min(member.words, 2)}")
        out.append(f"cast{min(len(member.mentions), 6)}")


def _place(scene: Scene, pronoun: Mention) -> str:
    """Tell where in its line a pronoun stands: after a quote that opens the line, first, or further on."""
    first = pronoun.i
    while first > 0 and scene.tokens[first - 1].line == pronoun.line:
        first -= 1
    return "Q" if scene.classes[first] == "Q" else "^" if pronoun.i - first < _RECENT else "-"


def identify(mention: Mention) -> Identity:
    """Return what two mentions of one person share."""
    if mention.entity >= 0:
        return mention.entity
    return mention.alias if mention.alias >= 0 else mention.text.lower()


def sex_of(scene: Scene, mention: Mention) -> str:
    """Return the sex known of a mention: of its member if it has one, else its own."""
    number = mention.entity if mention.entity >= 0 else mention.alias
    if number >= 0:
        member = scene.cast[number]
        return "n" if member.kind == "O" else member.sex
    return mention.sex


def distance(pronoun: Mention, mention: Mention) -> int:
    """Return how many sentences and lines a mention lies before a pronoun: a new line counts as one more."""
    return pronoun.sentence - mention.sentence + pronoun.line - mention.line


def _steps(pronoun: Mention, leaders: Sequence[Mention]) -> str:
    """Return how many sentences ago a sentence was about somebody, where it was not long ago."""
    steps = distance(pronoun, leaders[0]) if leaders else _LEAD + 1
    return str(steps) if steps <= _LEAD else "-"


def _is_object(scene: Scene, pronoun: Mention, name: Mention) -> bool:
    """Tell whether somebody is named behind a pronoun in its clause: "he told Lee" is not Lee."""
    at = bisect_left(scene.starts, pronoun.j)
    for other in scene.mentions[at : at + _BEHIND]:
        if any(kind in ".|Q,;" for kind in scene.classes[pronoun.j : other.i]):
            return False
        if other.kind in "PNO" and identify(other) == identify(name):
            return True
    return False


def _asks(scene: Scene, mention: Mention) -> bool:
    """Tell whether somebody asks, or one is asked by him: the answer is another's."""
    tokens, edge = scene.tokens, scene.subjects.edge(mention)
    if edge and tokens[edge - 1].lower == "by":
        return any(token.lower in _ASKING for token in tokens[max(0, edge - _ASKED_BY) : edge])
    return mention.j < len(tokens) and tokens[mention.j].lower in _ASKING


def _is_asked(scene: Scene, mention: Mention) -> bool:
    """Tell whether somebody is asked: what follows is the answer."""
    edge = scene.subjects.edge(mention)
    return edge > 0 and scene.tokens[edge - 1].lower in _ASKING and mention.i not in scene.subjects.sayers


def _opens(scene: Scene, mention: Mention) -> bool:
    """Tell whether a mention is the first of its sentence, its titles taken in."""
    first = scene.subjects.edge(mention)
    return mention.i not in scene.subjects.modifiers and (
        first == 0 or scene.classes[first - 1] in ".|" or scene.tokens[first - 1].sentence < mention.sentence
    )
