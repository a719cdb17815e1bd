"""Puts a speaker to every quoted span of an article: the ranker's verdict, resolved to the name as it stands there."""

import re
from dataclasses import dataclass

from digestbot.domain.news import Speaker, SpeakerKind
from digestbot.editorial.quotes import ranker
from digestbot.editorial.quotes.cues import cue_of
from digestbot.editorial.quotes.descriptions import describe
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.model import calibrated
from digestbot.editorial.quotes.resolver import Resolver
from digestbot.editorial.quotes.scene import Scene
from digestbot.editorial.quotes.spans import Marked

_RELATIVE_REACH = 12
_RELATIVE_SURETY = 0.9
_NARRATOR_SURETY = 0.8
"""How surely whoever wrote the page is its "I": a letter in it can have another."""
_NAMESAKES = 0.9
"""Share of the confidence left where the article has two bearers of one surname."""


@dataclass(frozen=True, slots=True)
class Attributed:
    """A span of speech with its speaker (None: not known) and the probability that the speaker is right.

    ``plain`` tells, in languages read by a cue table alone, that the attribution is of the surest form.
    """

    span: Marked
    place: int
    speaker: Speaker | None
    probability: float
    mention: Mention | None
    plain: bool = False


def attribute(scene: Scene) -> list[Attributed]:
    """Return the spans of speech of a scene in order; titles, terms and scare quotes are left out."""
    found: list[Attributed] = []
    resolver = Resolver(scene)
    resolved: dict[int, tuple[Mention | None, float]] = {}
    for number, verdict in enumerate(ranker.judge(scene)):
        if verdict.mention is None:
            continue
        mention = verdict.mention
        if id(mention) not in resolved:
            resolved[id(mention)] = resolve(resolver, mention)
        target, share = resolved[id(mention)]
        cue = cue_of(scene, scene.places[number], mention)
        speaker = None if target is None else speaker_of(scene, target, mention, cue)
        if target is not None:
            resolver.speakers.append(target)
        pronoun = share if mention.kind == "R" else None
        full = speaker is not None and " " in speaker.name
        probability = 0.0 if speaker is None else calibrated(verdict.probability, pronoun, full_name=full)
        if speaker is not None and target is not None and _is_ambiguous(scene, target, mention):
            probability *= _NAMESAKES
        found.append(Attributed(scene.spans[number], scene.places[number], speaker, probability, mention))
    return found


def resolve(resolver: Resolver, mention: Mention) -> tuple[Mention | None, float]:
    """Return the mention that names who is meant (None when nobody can be named), and how surely."""
    if mention.kind != "R":
        return mention, 1.0
    low = mention.text.lower()
    if low == "i":
        author = resolver.narrator
        return author, _NARRATOR_SURETY if author is not None else 0.0
    if low == "we":
        return None, 0.0
    if low in ("who", "which"):
        return _relative(resolver.scene, mention)
    found = resolver.antecedent(mention)
    return (None, 0.0) if found is None else (found.mention, found.probability)


def _is_ambiguous(scene: Scene, target: Mention, mention: Mention) -> bool:
    """Tell whether the article names two people who could both be meant: namesakes, or a pronoun of the other sex."""
    if target.entity < 0:
        return False
    member = scene.cast[target.entity]
    if mention.kind == "R" and {member.sex, mention.sex} == {"m", "f"}:
        return True
    if " " in mention.text:
        return False
    return any(other is not member and other.last == member.last and other.words > 1 for other in scene.cast)


def _relative(scene: Scene, pronoun: Mention) -> tuple[Mention | None, float]:
    """Return what "who" belongs to: the name or noun phrase just before it."""
    best: Mention | None = None
    for mention in scene.mentions:
        if mention.i >= pronoun.i:
            break
        if mention.kind == "D" and mention.i < pronoun.i < mention.j:
            return mention, _RELATIVE_SURETY
        if mention.kind != "R" and mention.sentence == pronoun.sentence and pronoun.i - mention.j < _RELATIVE_REACH:
            best = mention if best is None or mention.j >= best.j or mention.kind in "PN" else best
    return best, _RELATIVE_SURETY if best is not None else 0.0


def speaker_of(scene: Scene, target: Mention, mention: Mention, cue: tuple[int, int] | None = None) -> Speaker:
    """Return the speaker under the first full form of the name in the article."""
    name, start, end = target.text, target.start, target.end
    description = ""
    kind = _kind(scene, target)
    number = target.entity if target.entity >= 0 or target is mention else target.alias
    if number >= 0:
        kind = "organisation" if scene.cast[number].kind in "OL" else "person"
        member = scene.cast[number]
        name, start, end = member.name, member.start, member.end
        if member.words == 1 and member.kind != "O":
            if name not in scene.fuller:
                scene.fuller[name] = _fuller(scene, name, start, end)
            name, start, end = scene.fuller[name]
        if kind == "person":
            description = describe(scene.text, member, scene.words)
    beside = (mention.start, mention.end)
    return Speaker(name, start, end, kind=kind, mention=beside, cue=cue, description=description)


def _fuller(scene: Scene, name: str, start: int, end: int) -> tuple[str, int, int]:
    """Look for the full form of a single name inside the quotations, where the narrative has none."""
    pattern = re.compile(rf"\b[A-Z][\w’'-]+ (?:[A-Z]\. )?{re.escape(name)}\b")
    for found in pattern.finditer(scene.text):
        first = found.group().split()[0].lower()
        if first not in scene.words["common"] and first not in scene.words["titles"]:
            return found.group(), found.start(), found.end()
    return name, start, end


def _kind(scene: Scene, target: Mention) -> SpeakerKind:
    """Return what kind of source a mention is."""
    if target.kind in "PN":
        return "person"
    if target.kind in "OL":
        return "organisation"
    head = scene.tokens[target.head].lower
    if head in scene.words["documents"]:
        return "document"
    return "organisation" if head in scene.words["orgs"] else "unnamed"
