"""Turns a mention next to a quote into the name it stands for: surnames to full forms, pronouns to people."""

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import exp

from digestbot.editorial.quotes.cast import Member
from digestbot.editorial.quotes.lexicon import DATA
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.scene import Scene

_LOOK_BACK = 40


@dataclass(frozen=True, slots=True)
class Antecedent:
    """The mention a pronoun stands for, and how surely, 0 to 1."""

    mention: Mention
    probability: float


@cache
def weights() -> Mapping[str, float]:
    """Return the weights by feature."""
    loaded: dict[str, float] = json.loads((DATA / "weights.json").read_text(encoding="utf-8"))["resolver"]
    return loaded


def antecedent(
    scene: Scene, pronoun: Mention, speakers: Sequence[Mention], table: Mapping[str, float] | None = None
) -> Antecedent | None:
    """Return what a pronoun stands for, or None when nothing fits.

    ``speakers`` are the resolved speakers of the quotes before, the latest last.
    """
    table = weights() if table is None else table
    answers = antecedents(scene, pronoun, speakers)
    if not answers:
        return None
    scores = [sum([table.get(name, 0.0) for name in names]) for _, names in answers]
    top = max(range(len(scores)), key=scores.__getitem__)
    total = sum(exp(score - scores[top]) for score in scores)
    return Antecedent(answers[top][0], 1.0 / total)


def antecedents(scene: Scene, pronoun: Mention, speakers: Sequence[Mention]) -> list[tuple[Mention, list[str]]]:
    """Return the latest mention of each possible antecedent with its features."""
    at = bisect_left(scene.starts, pronoun.i)
    latest: dict[object, list[Mention]] = {}
    for mention in reversed(scene.mentions[max(0, at - _LOOK_BACK) : at]):
        if mention.kind in "RL" or not _fits(scene, pronoun, mention):
            continue
        latest.setdefault(_identity(mention), []).append(mention)
    for mention in speakers[-3:]:
        if mention.i < pronoun.i and _fits(scene, pronoun, mention):
            latest.setdefault(_identity(mention), []).append(mention)
    answers = []
    for rank, mentions in enumerate(latest.values()):
        answers.append((mentions[0], _describe(scene, pronoun, mentions, rank, speakers)))
    return answers


def _identity(mention: Mention) -> object:
    """Return what two mentions of one person share."""
    return mention.entity if mention.entity >= 0 else (mention.text.lower(),)


def sex_of(scene: Scene, mention: Mention) -> str:
    """Return the sex known of a mention: of its member if it has one, else its own."""
    if mention.entity >= 0:
        member = scene.cast[mention.entity]
        return "n" if member.kind == "O" else member.sex
    return mention.sex


def _fits(scene: Scene, pronoun: Mention, mention: Mention) -> bool:
    """Tell whether a pronoun of this kind can stand for a mention."""
    sex = sex_of(scene, mention)
    if pronoun.sex in "mf":
        return sex in (pronoun.sex, "", "u")
    if pronoun.sex == "n":
        return sex in ("n", "") and mention.kind in "ODN"
    if pronoun.sex == "p":
        return mention.kind in "ODN" and sex in ("p", "n", "")
    return True


def _describe(
    scene: Scene, pronoun: Mention, mentions: Sequence[Mention], rank: int, speakers: Sequence[Mention]
) -> list[str]:
    """Return the features of one possible antecedent; ``mentions`` are its mentions, latest first."""
    latest, group = mentions[0], {"m": "h", "f": "h", "n": "n", "p": "p"}.get(pronoun.sex, "u")
    sentences = min(pronoun.sentence - latest.sentence, 6)
    lines = min(pronoun.line - latest.line, 5)
    sex = sex_of(scene, latest)
    knows = "=" if sex == pronoun.sex else "?"
    classes = scene.classes
    after = classes[latest.j] if latest.j < len(classes) else ""
    before = classes[latest.i - 1] if latest.i else "|"
    subject = _is_subject(classes, latest)
    out = [
        f"{group}{knows}{latest.kind}",
        f"{group}ds{sentences}{'S' if subject else ''}",
        f"{group}dl{lines}",
        f"{group}rank{min(rank, 4)}",
        f"{group}n{min(len(mentions), 4)}",
        f"{group}before{before}",
        f"{group}after{after}",
    ]
    if any(_is_subject(classes, m) and pronoun.sentence - m.sentence <= 3 for m in mentions):
        out.append(f"{group}subject")
    if any(m.sentence < pronoun.sentence and _opens(scene, m) and pronoun.line - m.line <= 2 for m in mentions):
        out.append(f"{group}opens")
    identity = _identity(latest)
    if speakers:
        recent = [_identity(m) for m in speakers[-3:]]
        gap = min(pronoun.line - speakers[-1].line, 4)
        if recent[-1] == identity:
            out.append(f"{group}speaker{gap}")
        elif identity in recent:
            out.append(f"{group}spoke")
        else:
            out.append(f"{group}silent{gap}")
    if latest.entity >= 0:
        member: Member = scene.cast[latest.entity]
        out.append(f"{group}words{min(member.words, 2)}")
        out.append(f"{group}cast{min(len(member.mentions), 5)}")
    return out


def _is_subject(classes: Sequence[str], mention: Mention) -> bool:
    """Tell whether a mention looks like the subject of its clause."""
    before = classes[mention.i - 1] if mention.i else "|"
    after = classes[mention.j] if mention.j < len(classes) else "|"
    return before not in "piCRs" and after in "CRbax,w"


def _opens(scene: Scene, mention: Mention) -> bool:
    """Tell whether a mention is the first of its sentence."""
    return (
        mention.i == 0
        or scene.tokens[mention.i - 1].sentence < mention.sentence
        or scene.classes[mention.i - 1] in ".|"
    )
