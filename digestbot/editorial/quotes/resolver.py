"""Tells whom a pronoun of the narrative stands for, one after the other through the article; invents nobody.

A log-linear model over the people and bodies named before it, by recency, syntax, sex, the running speaker and what
the quote itself says. Pronouns resolved earlier count as mentions of their antecedent, so a chain of them holds; so do
noun phrases that take up somebody named before ("the senator").
"""

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import exp

from digestbot.editorial.quotes.antecedents import Candidate, Identity, Question, describe, identify, sex_of, words_near
from digestbot.editorial.quotes.lexicon import is_trade
from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.model import resolver_weights
from digestbot.editorial.quotes.narrator import narrator
from digestbot.editorial.quotes.nominals import AGED
from digestbot.editorial.quotes.roles import is_definite
from digestbot.editorial.quotes.scene import Scene

_LOOK_BACK = 50
_CHAIN_LINES = 3
_CHAIN_LENGTH = 12
_CLAUSE = 8
"""Mentions before or behind a possessive in which the subject of its sentence is looked for."""
_BOUND = 0.9
_SURE = 0.5
"""How surely a noun phrase must take up a person named before, to count as a mention of that person."""


@dataclass(frozen=True, slots=True)
class Antecedent:
    """The mention a pronoun stands for, and how surely, 0 to 1."""

    mention: Mention
    probability: float


class Resolver:
    """Resolves the pronouns of one scene; each is decided once."""

    def __init__(self, scene: Scene, table: Mapping[str, float] | None = None) -> None:
        self.scene = scene
        self.table = resolver_weights() if table is None else table
        self.speakers: list[Mention] = []
        """The resolved speakers of the quotes so far, the latest last."""
        self._known: dict[int, Antecedent | None] = {}
        self._phrases = [m for m in scene.mentions if self.may_take_up(m)]
        self._next = 0
        self._taken_up: dict[int, Antecedent] = {}

    @cached_property
    def narrator(self) -> Mention | None:
        """Whoever "I" is in the article's own words, where the page tells."""
        return narrator(self.scene)

    def antecedent(self, pronoun: Mention) -> Antecedent | None:
        """Return what a pronoun stands for, or None when nothing fits."""
        if pronoun.i not in self._known:
            self._prepare(pronoun)
            self._known[pronoun.i] = self._decide(pronoun)
        return self._known[pronoun.i]

    def options(self, pronoun: Mention) -> list[tuple[Mention, list[str]]]:
        """Return the possible antecedents of a pronoun, each by its latest name, with its features."""
        self._prepare(pronoun)
        return [(candidate.name, names) for candidate, names in self._options(pronoun)]

    def settle(self, pronoun: Mention, mention: Mention) -> None:
        """Fix what a pronoun or a noun phrase stands for (in fitting, where the truth is known)."""
        known = self._known if pronoun.kind == "R" else self._taken_up
        known[pronoun.i] = Antecedent(mention, 1.0)

    def _prepare(self, pronoun: Mention) -> None:
        """Decide, in order, the noun phrases and pronouns before this one that may lead to its antecedent."""
        while self._next < len(self._phrases) and self._phrases[self._next].i < pronoun.i:
            phrase = self._phrases[self._next]
            self._next += 1
            found = self._decide(phrase)
            if found is not None and found.probability >= _SURE:
                self._taken_up[phrase.i] = found
        for earlier in self._chain(pronoun):
            if earlier.i not in self._known:
                self._known[earlier.i] = self._decide(earlier)

    def _chain(self, pronoun: Mention) -> list[Mention]:
        """Return the pronouns of the same sex in the lines before, in order."""
        found: list[Mention] = []
        at = bisect_left(self.scene.starts, pronoun.i)
        for mention in reversed(self.scene.mentions[max(0, at - _LOOK_BACK) : at]):
            if pronoun.line - mention.line > _CHAIN_LINES or len(found) >= _CHAIN_LENGTH:
                break
            if mention.kind == "R" and mention.sex == pronoun.sex and mention.i < pronoun.i:
                if mention.i in self._known:
                    break
                found.append(mention)
        return found[::-1]

    def may_take_up(self, phrase: Mention) -> bool:
        """Tell whether a definite noun phrase that a sentence is about may be somebody named before: "the senator"."""
        tokens, words, roles = self.scene.tokens, self.scene.words, self.scene.subjects
        if phrase.kind != "D" or phrase.entity >= 0 or phrase.alias >= 0 or phrase.inside:
            return False
        head = tokens[phrase.head].lower
        person = phrase.sex in ("m", "f", "u", "") and (is_trade(head, words) or head.endswith(AGED))
        return is_definite(phrase, tokens) and person and (phrase.i in roles.sayers or phrase.i in roles.leaders)

    # ── deciding ─────────────────────────────────────────────────────────────

    def _decide(self, pronoun: Mention) -> Antecedent | None:
        """Weigh the possible antecedents of one pronoun or noun phrase."""
        bound = self._bound(pronoun)
        if bound is not None:
            return bound
        answers = self._options(pronoun)
        if not answers:
            return None
        get = self.table.get
        scores = [sum([get(name, 0.0) for name in names]) for _, names in answers]
        top = max(range(len(scores)), key=scores.__getitem__)
        total = sum(exp(score - scores[top]) for score in scores)
        return Antecedent(answers[top][0].name, answers[top][0].trust / total)

    def _bound(self, pronoun: Mention) -> Antecedent | None:
        """Return whom a possessive is bound to: the subject of its own sentence, "the coach shook his head"."""
        if pronoun.text.lower() not in ("his", "her"):
            return None
        scene, roles = self.scene, self.scene.subjects
        at = bisect_left(scene.starts, pronoun.i)
        for mention in reversed(scene.mentions[max(0, at - _CLAUSE) : at]):
            if mention.sentence != pronoun.sentence:
                return None
            if mention.kind == "R" and mention.sex == pronoun.sex:
                return self._known.get(mention.i)
            if (mention.i in roles.leaders or mention.i in roles.sayers) and self._agrees(pronoun, mention):
                return Antecedent(mention, _BOUND)
        return self._ahead(pronoun)

    def _ahead(self, pronoun: Mention) -> Antecedent | None:
        """Return whom a possessive before its sentence's subject is bound to: "After his win, Lee said"."""
        scene = self.scene
        if scene.classes[self._first_of_sentence(pronoun)] not in "pkvxaAi":
            return None
        at = bisect_left(scene.starts, pronoun.j)
        for mention in scene.mentions[at : at + _CLAUSE]:
            if mention.sentence != pronoun.sentence:
                return None
            if scene.classes[scene.subjects.edge(mention) - 1] != "," or not scene.subjects.is_subject(mention):
                continue
            if mention.kind == "R" and mention.sex == pronoun.sex:
                self._known[pronoun.i] = None
                return self.antecedent(mention)
            return Antecedent(mention, _BOUND) if mention.kind in "PN" and self._agrees(pronoun, mention) else None
        return None

    def _agrees(self, pronoun: Mention, mention: Mention) -> bool:
        """Tell whether a mention is of a pronoun's sex, or a person whose sex is not known."""
        sex = sex_of(self.scene, mention)
        return sex == pronoun.sex or (mention.kind == "P" and not sex)

    def _first_of_sentence(self, mention: Mention) -> int:
        """Return the first token of a mention's sentence."""
        first, tokens = mention.i, self.scene.tokens
        while first > 0 and tokens[first - 1].sentence == mention.sentence and self.scene.classes[first - 1] != "|":
            first -= 1
        return first

    # ── candidates ───────────────────────────────────────────────────────────

    def _options(self, pronoun: Mention) -> list[tuple[Candidate, list[str]]]:
        """Return the possible antecedents with their features."""
        scene = self.scene
        found = self._candidates(pronoun)
        certain = sum(sex_of(scene, candidate.name) == pronoun.sex for candidate in found)
        question = Question(pronoun, words_near(scene, pronoun), certain, self.speakers)
        return [(candidate, describe(scene, question, candidate, rank)) for rank, candidate in enumerate(found)]

    def _candidates(self, pronoun: Mention) -> list[Candidate]:
        """Gather the possible antecedents with all their mentions in reach, those mentioned last first."""
        scene = self.scene
        at = bisect_left(scene.starts, pronoun.i)
        found: dict[Identity, Candidate] = {}
        for mention in reversed(scene.mentions[max(0, at - _LOOK_BACK) : at]):
            known = self._stands_for(mention)
            if mention.kind == "R" and (known is None or mention.sex != pronoun.sex):
                continue
            if mention.kind == "L" or mention.apposed or mention.j > pronoun.i:
                continue
            target, trust = (mention, 1.0) if known is None else (known.mention, known.probability)
            if self._fits(pronoun, target):
                found.setdefault(identify(target), Candidate(target, [], trust)).mentions.append(mention)
        for speaker in self.speakers[-3:]:
            if speaker.i < pronoun.i and self._fits(pronoun, speaker) and identify(speaker) not in found:
                found[identify(speaker)] = Candidate(speaker, [speaker])
        return list(found.values())

    def _may_be_person(self, pronoun: Mention, mention: Mention, sex: str) -> bool:
        """Tell whether he or she can stand for a mention of this sex: what only a given name told may be wrong."""
        if sex in ("m", "f") and sex != pronoun.sex:
            return mention.entity >= 0 and not self.scene.cast[mention.entity].titled
        thing = " " in mention.text and mention.key in self.scene.words["things"]  # "the Carrow Prize"
        return sex in (pronoun.sex, "", "u") and mention.kind != "O" and not thing

    def _stands_for(self, mention: Mention) -> Antecedent | None:
        """Return whom a pronoun or a noun phrase was found to stand for."""
        if mention.kind == "R":
            return self._known.get(mention.i)
        return self._taken_up.get(mention.i) if mention.kind == "D" else None

    def _fits(self, pronoun: Mention, mention: Mention) -> bool:
        """Tell whether a pronoun of this kind can stand for a mention."""
        sex = sex_of(self.scene, mention)
        if pronoun.kind == "D":
            return mention.kind in "PN" and (sex in ("", "u") or pronoun.sex in ("u", sex))
        if pronoun.sex in "mf":
            return self._may_be_person(pronoun, mention, sex)
        if pronoun.sex == "n":
            return sex in ("n", "") and mention.kind in "ODN"
        if pronoun.sex == "p":
            return mention.kind in "ODN" and sex in ("p", "n", "", "u")
        return True
