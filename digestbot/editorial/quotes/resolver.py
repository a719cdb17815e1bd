"""Tells whom a pronoun of the narrative stands for, one after the other through the article; invents nobody.

A log-linear model over the people and bodies named before it, by recency, syntax, sex, the running speaker and what
the quote itself says. Pronouns resolved earlier count as mentions of their antecedent, so a chain of them holds.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp

from digestbot.editorial.quotes.mentions import Mention
from digestbot.editorial.quotes.model import resolver_weights
from digestbot.editorial.quotes.scene import Scene

_LOOK_BACK = 50
_CHAIN_LINES = 3
_CHAIN_LENGTH = 12
_NEAR_QUOTE = 10
_RECENT = 4
_CLAUSE = 8
"""Mentions before a possessive in which the subject of its sentence is looked for."""
_BOUND = 0.9
_BEHIND = 4
"""Mentions looked at behind a pronoun."""
_ASKING = frozenset(("asked", "asks", "pressed", "questioned", "interviewed", "ask"))
_LEAD = 3
"""Sentences after which it no longer counts whom one was about."""

Identity = int | str


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

    def antecedent(self, pronoun: Mention) -> Antecedent | None:
        """Return what a pronoun stands for, or None when nothing fits."""
        if pronoun.i in self._known:
            return self._known[pronoun.i]
        for earlier in self._chain(pronoun):
            if earlier.i not in self._known:
                self._known[earlier.i] = self._decide(earlier)
        self._known[pronoun.i] = self._decide(pronoun)
        return self._known[pronoun.i]

    def options(self, pronoun: Mention) -> list[tuple[Mention, list[str]]]:
        """Return the possible antecedents of a pronoun, each by its latest name, with its features."""
        for earlier in self._chain(pronoun):
            if earlier.i not in self._known:
                self._known[earlier.i] = self._decide(earlier)
        return self._options(pronoun)

    def settle(self, pronoun: Mention, mention: Mention) -> None:
        """Fix what a pronoun stands for (in fitting, where the truth is known)."""
        self._known[pronoun.i] = Antecedent(mention, 1.0)

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

    def _decide(self, pronoun: Mention) -> Antecedent | None:
        """Weigh the possible antecedents of one pronoun."""
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
        return Antecedent(answers[top][0], 1.0 / total)

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
            leads = mention.i in roles.leaders or mention.i in roles.sayers
            sex = sex_of(scene, mention)
            if leads and (sex == pronoun.sex or (mention.kind == "P" and not sex)):
                return Antecedent(mention, _BOUND)
        return None

    def _options(self, pronoun: Mention) -> list[tuple[Mention, list[str]]]:
        """Gather the possible antecedents with all their mentions in reach."""
        scene = self.scene
        at = bisect_left(scene.starts, pronoun.i)
        groups: dict[Identity, list[Mention]] = {}
        names: dict[Identity, Mention] = {}
        for mention in reversed(scene.mentions[max(0, at - _LOOK_BACK) : at]):
            target = mention
            if mention.kind == "R":
                known = self._known.get(mention.i)
                if known is None or mention.sex != pronoun.sex:
                    continue
                target = known.mention
            elif mention.kind == "L" or mention.apposed:
                continue
            if mention.j <= pronoun.i and self._fits(pronoun, target):
                identity = identify(target)
                groups.setdefault(identity, []).append(mention)
                names.setdefault(identity, target)
        for speaker in self.speakers[-3:]:
            if speaker.i < pronoun.i and self._fits(pronoun, speaker) and identify(speaker) not in groups:
                groups[identify(speaker)] = [speaker]
                names[identify(speaker)] = speaker
        certain = sum(sex_of(scene, name) == pronoun.sex for name in names.values())
        said = self._words_near(pronoun)
        return [
            (names[identity], self._describe(pronoun, mentions, names[identity], rank=rank, certain=certain, said=said))
            for rank, (identity, mentions) in enumerate(groups.items())
        ]

    def _fits(self, pronoun: Mention, mention: Mention) -> bool:
        """Tell whether a pronoun of this kind can stand for a mention."""
        sex = sex_of(self.scene, mention)
        if pronoun.sex in "mf":
            if sex in ("m", "f") and sex != pronoun.sex:
                return mention.entity >= 0 and not self.scene.cast[mention.entity].titled
            return sex in (pronoun.sex, "", "u") and mention.kind != "O"
        if pronoun.sex == "n":
            return sex in ("n", "") and mention.kind in "ODN"
        if pronoun.sex == "p":
            return mention.kind in "ODN" and sex in ("p", "n", "", "u")
        return True

    def _words_near(self, pronoun: Mention) -> str:
        """Return what the quote beside a pronoun says: nobody speaks of himself by his name."""
        scene, tokens = self.scene, self.scene.tokens
        for step in range(1, _NEAR_QUOTE):
            for index in (pronoun.i - step, pronoun.i + step):
                if 0 <= index < len(tokens) and tokens[index].quote >= 0 and tokens[index].line == pronoun.line:
                    span = scene.spans[tokens[index].quote]
                    return scene.text[span.start : min(span.end, span.start + 600)].lower()
        return ""

    def _describe(
        self,
        pronoun: Mention,
        mentions: Sequence[Mention],
        name: Mention,
        *,
        rank: int,
        certain: int,
        said: str,
    ) -> list[str]:
        """Return the features of one possible antecedent; ``mentions`` are in reach, latest first."""
        scene = self.scene
        group = {"m": "h", "f": "h", "n": "n", "p": "p"}.get(pronoun.sex, "u")
        latest = mentions[0]
        sex = sex_of(scene, name)
        tie = "=" if sex == pronoun.sex else "#" if sex in ("m", "f") and group == "h" else "?"
        if tie == "=" and name.entity >= 0 and scene.cast[name.entity].learnt:
            tie = "~"
        roles = scene.subjects
        if tie == "?" and name.entity >= 0 and any(m.i in roles.sayers for m in scene.cast[name.entity].mentions):
            tie = "!"
        before, after = roles.before(latest), roles.after(latest)
        subjects = [m for m in mentions if roles.is_subject(m)]
        sayers = [m for m in mentions if m.i in roles.sayers]
        leaders = [m for m in mentions if m.i in roles.leaders]
        out = [
            f"{group}{tie}{name.kind}{min(certain, 3)}",
            f"{group}ds{min(pronoun.sentence - latest.sentence, 6)}",
            f"{group}dl{min(pronoun.line - latest.line, 5)}",
            f"{group}rank{min(rank, 4)}",
            f"{group}n{min(len(mentions), 5)}",
            f"{group}before{before}",
            f"{group}after{after}",
            f"{group}ba{before}{after}",
            f"{group}{'he' if latest.kind == 'R' else 'name'}",
            f"{group}sub{min(pronoun.sentence - subjects[0].sentence, 6) if subjects else '-'}",
            f"{group}say{min(pronoun.sentence - sayers[0].sentence, 6) if sayers else '-'}",
            f"{group}lead{_steps(pronoun, leaders)}",
        ]
        out.append(f"{group}{tie}{name.kind}lead{_steps(pronoun, leaders)}")
        near = min(pronoun.sentence - latest.sentence, 3)
        role = "s" if roles.is_subject(latest) else "o"
        out.append(f"{group}{role}{near}{min(rank, 2)}{min(certain, 2)}")
        if name.entity >= 0 and scene.cast[name.entity].mentions[0] is latest:
            out.append(f"{group}new{role}{near}")
        if any(_opens(scene, m) and pronoun.sentence - m.sentence in (1, 2) for m in mentions):
            out.append(f"{group}opens")
        if any(_opens(scene, m) and m.line == pronoun.line for m in mentions):
            out.append(f"{group}opensline")
        if self._is_object(pronoun, name):
            out.append(f"{group}object")
        if any(_is_asked(scene, m) and pronoun.sentence - m.sentence in (1, 2) for m in mentions):
            out.append(f"{group}asked")
        if said and name.kind in "PNO" and name.key in said:
            out.append(f"{group}selfsaid")
        self._describe_running(pronoun, name, group, out)
        return out

    def _is_object(self, pronoun: Mention, name: Mention) -> bool:
        """Tell whether somebody is named behind a pronoun in its clause: "he told Lee" is not Lee."""
        classes = self.scene.classes
        at = bisect_left(self.scene.starts, pronoun.j)
        for other in self.scene.mentions[at : at + _BEHIND]:
            if any(kind in ".|Q,;" for kind in classes[pronoun.j : other.i]):
                return False
            if other.kind in "PNO" and identify(other) == identify(name):
                return True
        return False

    def _place(self, pronoun: Mention) -> str:
        """Tell where in its line a pronoun stands: after a quote that opens the line, first, or further on."""
        first = pronoun.i
        while first > 0 and self.scene.tokens[first - 1].line == pronoun.line:
            first -= 1
        return "Q" if self.scene.classes[first] == "Q" else "^" if pronoun.i - first < _RECENT else "-"

    def _describe_running(self, pronoun: Mention, name: Mention, group: str, out: list[str]) -> None:
        """Add how the antecedent stands to the speakers so far and to the whole article."""
        if self.speakers:
            recent = [identify(m) for m in self.speakers[-3:]]
            identity = identify(name)
            gap = min(pronoun.line - self.speakers[-1].line, 4)
            tie = "last" if recent[-1] == identity else "late" if identity in recent else "mute"
            out.append(f"{group}{tie}{gap}")
            out.append(f"{group}{tie}{gap}{self._place(pronoun)}")
        if name.entity >= 0:
            member = self.scene.cast[name.entity]
            out.append(f"{group}w{min(member.words, 2)}")
            out.append(f"{group}cast{min(len(member.mentions), 6)}")


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


def _steps(pronoun: Mention, leaders: Sequence[Mention]) -> str:
    """Return how many sentences ago a sentence was about somebody, where it was not long ago."""
    steps = pronoun.sentence - leaders[0].sentence if leaders else _LEAD + 1
    return str(steps) if steps <= _LEAD else "-"


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
